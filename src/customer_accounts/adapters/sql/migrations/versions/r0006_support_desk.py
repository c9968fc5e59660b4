"""The support desk: customers' written requests, what two agents do together, corrected addresses, merges."""

import sqlalchemy as sa
from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.types import FLAG, ID, NUMBER, TEXT, TIME, column

revision = "0006"
down_revision = "0005"


def upgrade(op: Operations) -> None:
    """Make the tables, and the column that tells when an order's address was put right."""
    op.add_column("ca_orders", column("email_corrected_at", TIME, null=True))
    _desk(op)
    _merges(op)


def _desk(op: Operations) -> None:
    op.create_table(
        "ca_requests",
        column("id", ID),
        column("email", TEXT),
        column("email_key", TEXT),
        column("name", TEXT),
        column("order_number", TEXT),
        column("message", TEXT),
        column("locale", TEXT),
        column("storefront", TEXT),
        column("state", TEXT),
        column("agent", TEXT),
        column("note", TEXT),
        column("created_at", TIME),
        column("changed_at", TIME),
        column("expires_at", TIME),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("id", name="pk_ca_requests"),
    )
    op.create_index("ix_ca_requests_email_key", "ca_requests", ["email_key"])
    op.create_index("ix_ca_requests_expires_at", "ca_requests", ["expires_at"])
    op.create_index("ix_ca_requests_state_created_at_id", "ca_requests", ["state", "created_at", "id"])
    op.create_table(
        "ca_proposals",
        column("id", ID),
        column("task", TEXT),
        column("command", TEXT),
        column("fields", TEXT),
        column("proposed_by", TEXT),
        column("reason", TEXT),
        column("created_at", TIME),
        column("expires_at", TIME),
        column("version", NUMBER),
        sa.PrimaryKeyConstraint("id", name="pk_ca_proposals"),
    )
    op.create_index("ix_ca_proposals_created_at_id", "ca_proposals", ["created_at", "id"])
    op.create_index("ix_ca_proposals_expires_at", "ca_proposals", ["expires_at"])


def _merges(op: Operations) -> None:
    op.create_table(
        "ca_merges",
        column("id", ID),
        column("surviving", ID),
        column("at", TIME),
        column("undo_until", TIME),
        column("by", TEXT),
        column("reason", TEXT),
        column("conflicts", TEXT),
        column("took_name", FLAG),
        column("took_company", FLAG),
        column("took_address", FLAG),
        column("took_wish_list", FLAG),
        column("version", NUMBER),
        column("absorbed_id", ID),
        column("absorbed_email", TEXT),
        column("absorbed_email_key", TEXT, null=True),
        column("absorbed_email_verified_at", TIME, null=True),
        column("absorbed_created_at", TIME),
        column("absorbed_version", NUMBER),
        column("absorbed_status", TEXT),
        column("absorbed_name", TEXT),
        column("absorbed_locale", TEXT),
        column("absorbed_storefront", TEXT),
        column("absorbed_password_hash", TEXT, null=True),
        column("absorbed_password_generated", FLAG),
        column("absorbed_must_change_password", FLAG),
        column("absorbed_password_changed_at", TIME, null=True),
        column("absorbed_session_epoch", NUMBER),
        column("absorbed_default_address", ID, null=True),
        column("absorbed_default_wish_list", ID, null=True),
        column("absorbed_closed_at", TIME, null=True),
        column("absorbed_company_name", TEXT, null=True),
        column("absorbed_company_vat_as_typed", TEXT, null=True),
        column("absorbed_company_vat_number", TEXT, null=True),
        column("absorbed_company_vat_status", TEXT, null=True),
        column("absorbed_company_vat_problem", TEXT, null=True),
        column("absorbed_company_vat_code", TEXT, null=True),
        column("absorbed_company_vat_checked_at", TIME, null=True),
        column("absorbed_company_vat_consultation_number", TEXT, null=True),
        column("absorbed_company_vat_evidence_id", ID, null=True),
        column("subscription_account_id", ID, null=True),
        column("subscription_email", TEXT, null=True),
        column("subscription_email_key", TEXT, null=True),
        column("subscription_status", TEXT, null=True),
        column("subscription_confirmed_at", TIME, null=True),
        column("subscription_proof", TEXT, null=True),
        column("subscription_ended_at", TIME, null=True),
        column("subscription_version", NUMBER, null=True),
        column("subscription_consent_text_version", TEXT, null=True),
        column("subscription_consent_at", TIME, null=True),
        column("subscription_consent_source", TEXT, null=True),
        column("surviving_subscription_account_id", ID, null=True),
        column("surviving_subscription_email", TEXT, null=True),
        column("surviving_subscription_email_key", TEXT, null=True),
        column("surviving_subscription_status", TEXT, null=True),
        column("surviving_subscription_confirmed_at", TIME, null=True),
        column("surviving_subscription_proof", TEXT, null=True),
        column("surviving_subscription_ended_at", TIME, null=True),
        column("surviving_subscription_version", NUMBER, null=True),
        column("surviving_subscription_consent_text_version", TEXT, null=True),
        column("surviving_subscription_consent_at", TIME, null=True),
        column("surviving_subscription_consent_source", TEXT, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_ca_merges"),
    )
    op.create_index("ix_ca_merges_surviving", "ca_merges", ["surviving"])
    op.create_index("ix_ca_merges_undo_until", "ca_merges", ["undo_until"])
    op.create_table(
        "ca_merge_doubles",
        column("merge_id", ID),
        column("position", NUMBER),
        column("id", ID),
        column("account_id", ID),
        column("created_at", TIME),
        column("version", NUMBER),
        column("address_name", TEXT),
        column("address_street", TEXT),
        column("address_city", TEXT),
        column("address_country", TEXT),
        column("address_postcode", TEXT),
        column("address_extra", TEXT),
        column("address_region", TEXT),
        column("address_phone", TEXT),
        sa.PrimaryKeyConstraint("merge_id", "position", name="pk_ca_merge_doubles"),
        sa.ForeignKeyConstraint(["merge_id"], ["ca_merges.id"], name="fk_ca_merge_doubles_ca_merges"),
    )
    op.create_table(
        "ca_merge_moved",
        column("merge_id", ID),
        column("position", NUMBER),
        column("kind", TEXT),
        column("key", TEXT),
        column("was", TEXT),
        column("became", TEXT),
        sa.PrimaryKeyConstraint("merge_id", "position", name="pk_ca_merge_moved"),
        sa.ForeignKeyConstraint(["merge_id"], ["ca_merges.id"], name="fk_ca_merge_moved_ca_merges"),
    )
