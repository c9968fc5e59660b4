"""Records in an SQL database, with SQLAlchemy Core: one SQLite file, or PostgreSQL; sync and async."""

from typing import TYPE_CHECKING

from customer_accounts.adapters.sql.host_orders import HostOrders
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.adapters.sql.storage import SqlStorage

if TYPE_CHECKING:
    from customer_accounts.adapters.sql.async_storage import AsyncSqlStorage

__all__ = ["AsyncSqlStorage", "HostOrders", "SqlStorage", "metadata"]


def __getattr__(name: str) -> type:
    """Import the async storage when it is first asked for: a sync host does not pay for SQLAlchemy's async half."""
    if name == "AsyncSqlStorage":
        from customer_accounts.adapters.sql.async_storage import AsyncSqlStorage  # noqa: PLC0415 - see above

        return AsyncSqlStorage
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
