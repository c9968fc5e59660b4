"""Indexes leave out the rows that no lookup is for."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"

_SMALLER = {
    "ca_tokens": (["account_id"], ["registration_id"]),
    "ca_orders": (["owner", "placed_at", "reference"],),
    "ca_mails": (["finished_at"],),
    "ca_events": (["account_id"],),
}


def upgrade(op: Operations) -> None:
    """Make each index anew, without the rows whose first column is empty."""
    for table, indexes in _SMALLER.items():
        for columns in indexes:
            name = "_".join(["ix", table, *columns])
            there = sa.text(f"{columns[0]} IS NOT NULL")
            op.drop_index(name, table)
            op.create_index(name, table, columns, sqlite_where=there, postgresql_where=there)
