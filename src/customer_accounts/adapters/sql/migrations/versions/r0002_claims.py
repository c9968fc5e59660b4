"""Every claim of guest orders has a record, and an order can be disputed."""

import sqlalchemy as sa
from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.indexes import create_index
from customer_accounts.adapters.sql.migrations.types import FLAG, ID, NUMBER, TEXT, TIME, column

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    """Make the tables of claims, and the columns and indexes that they are found by."""
    op.create_table(
        "ca_claims",
        column("id", ID),
        column("account_id", ID),
        column("at", TIME),
        column("by", TEXT),
        column("cause", TEXT),
        column("grade", TEXT),
        column("email_key", TEXT),
        column("facts", TEXT),
        column("reason", TEXT),
        column("orders", NUMBER),
        column("from_account", ID, null=True),
        column("undone_at", TIME, null=True),
        column("undone_by", TEXT),
        column("undone_reason", TEXT),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("id", name="pk_ca_claims"),
    )
    op.create_index("ix_ca_claims_account_id", "ca_claims", ["account_id"])
    op.create_table(
        "ca_claim_carried",
        column("claim_id", ID),
        column("position", NUMBER),
        column("merge_id", ID),
        column("from_account", ID),
        sa.PrimaryKeyConstraint("claim_id", "position", name="pk_ca_claim_carried"),
        sa.ForeignKeyConstraint(["claim_id"], ["ca_claims.id"], name="fk_ca_claim_carried_ca_claims"),
    )
    op.create_table(
        "ca_claim_addresses",
        column("claim_id", ID),
        column("position", NUMBER),
        column("address_id", ID),
        column("made_default", FLAG),
        sa.PrimaryKeyConstraint("claim_id", "position", name="pk_ca_claim_addresses"),
        sa.ForeignKeyConstraint(["claim_id"], ["ca_claims.id"], name="fk_ca_claim_addresses_ca_claims"),
    )
    op.add_column("ca_orders", column("disputed", FLAG, filled=False))
    op.add_column("ca_tokens", column("claim_id", ID, null=True))
    create_index(op, "ca_orders", ["email_key"])
    create_index(op, "ca_orders", ["number"])
