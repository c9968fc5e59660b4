"""A merge is found by the account that ended, too, and claims by their time."""

from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.indexes import create_index

revision = "0011"
down_revision = "0010"


def upgrade(op: Operations) -> None:
    """Make the indexes by which orders follow a merge, and by which old claims are forgotten."""
    create_index(op, "ca_merges", ["absorbed_id"])
    create_index(op, "ca_claims", ["at"])
