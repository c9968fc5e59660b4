"""A merge is found by the account that ended, too, and claims by their time."""

from alembic.operations import Operations

revision = "0011"
down_revision = "0010"


def upgrade(op: Operations) -> None:
    """Make the indexes by which orders follow a merge, and by which old claims are forgotten."""
    op.create_index("ix_ca_merges_absorbed_id", "ca_merges", ["absorbed_id"])
    op.create_index("ix_ca_claims_at", "ca_claims", ["at"])
