"""Links that show an order are found by the order, and those of an address without them."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0008"
down_revision = "0007"


def upgrade(op: Operations) -> None:
    """Make two indexes of the one by address, which had a row for every order that was shipped to it."""
    op.drop_index("ix_ca_tokens_email_key", "ca_tokens")
    for name, column, condition in (
        ("ix_ca_tokens_of_address", "email_key", "order_reference IS NULL"),
        ("ix_ca_tokens_order_reference", "order_reference", "order_reference IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "ca_tokens", [column], sqlite_where=where, postgresql_where=where)
