"""Numbers that wait are found in the order in which they are leased."""

from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.indexes import create_index

revision = "0009"
down_revision = "0008"


def upgrade(op: Operations) -> None:
    """Add the number to the index: after an outage many are due at the same time, and each lease sorted them all."""
    op.drop_index("ix_ca_vat_checks_due_at", "ca_vat_checks")
    create_index(op, "ca_vat_checks", ["due_at", "number"])
