"""Links that show an order are found by the order, and those of an address without them."""

from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.indexes import create_index

revision = "0008"
down_revision = "0007"


def upgrade(op: Operations) -> None:
    """Make two indexes of the one by address, which had a row for every order that was shipped to it."""
    op.drop_index("ix_ca_tokens_email_key", "ca_tokens")
    own = "order_reference IS NULL"
    create_index(op, "ca_tokens", ["email_key"], where=own, name="ix_ca_tokens_of_address")
    create_index(op, "ca_tokens", ["order_reference"], where="order_reference IS NOT NULL")
