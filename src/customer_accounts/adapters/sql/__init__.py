"""Records in an SQL database, with SQLAlchemy Core: one SQLite file, or PostgreSQL."""

from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.adapters.sql.storage import SqlStorage

__all__ = ["SqlStorage", "metadata"]
