"""What came back: each mail tells whether it bounced, when and why."""

from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.types import TEXT, TIME, column

revision = "0007"
down_revision = "0006"


def upgrade(op: Operations) -> None:
    """Add the columns; no mail that is there has bounced."""
    op.add_column("ca_mails", column("bounce", TEXT, null=True))
    op.add_column("ca_mails", column("bounced_at", TIME, null=True))
    op.add_column("ca_mails", column("bounce_reason", TEXT, filled=""))
