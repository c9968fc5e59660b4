"""What happened is found by account, by address and by order, newest first."""

from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.indexes import create_index
from customer_accounts.adapters.sql.migrations.types import TEXT, column

revision = "0010"
down_revision = "0009"

#: Indexes without the rows whose first column is empty.
_PARTIAL = (
    ("ca_mails", "account_id", "queued_at"),
    ("ca_mails", "to_digest", "queued_at"),
    ("ca_mails", "order_reference", "queued_at"),
    ("ca_events", "account_id", "at"),
    ("ca_events", "email_digest", "at"),
)
_WHOLE = (
    ("ca_orders", "email_key", "placed_at", "reference"),
    ("ca_claims", "email_key"),
    ("ca_merges", "absorbed_email_key"),
)


def upgrade(op: Operations) -> None:
    """Add the digests, which mails and events that are there do not have, and the indexes."""
    op.add_column("ca_mails", column("to_digest", TEXT, null=True))
    op.add_column("ca_events", column("email_digest", TEXT, null=True))
    op.drop_index("ix_ca_events_account_id", "ca_events")
    op.drop_index("ix_ca_orders_email_key", "ca_orders")
    for table, first, *others in _PARTIAL:
        create_index(op, table, [first, *others], where=f"{first} IS NOT NULL")
    for table, *columns in _WHOLE:
        create_index(op, table, columns)
