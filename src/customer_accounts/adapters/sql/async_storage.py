"""`AsyncSqlStorage`: the same storage for async hosts, on aiosqlite, asyncpg and psycopg.

SQLAlchemy's async engine is its sync one, run in a greenlet that gives way to the event loop whenever the driver
waits.  So each call here crosses once, with all its statements and its transaction, into the code of `SqlStorage`:
there is no second copy of it that could differ, no crossing for each statement, and no thread.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self, overload
from uuid import UUID

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.util import greenlet_spawn

from customer_accounts.adapters.sql.connecting import engine_options, set_up
from customer_accounts.adapters.sql.host_orders import HostOrders
from customer_accounts.adapters.sql.storage import SqlStorage
from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Scope
from customer_accounts.outbox import (
    Backlog,
    EventRecord,
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    Queue,
    VatTask,
)


class AsyncSqlStorage:
    """A storage on an SQL database for the tasks of one event loop; several loops and processes may share a database.

    Args:
        url_or_engine: an SQLAlchemy URL such as ``postgresql+asyncpg://shop@db.example/shop``, or the host's own
            async engine.  What is made from a URL keeps at most fifteen connections to a server.
        orders: the host's own table of orders, if they are kept there.

    .. versionadded:: 0.1.0
    """

    def __init__(self, url_or_engine: str | URL | AsyncEngine, *, orders: HostOrders | None = None) -> None:
        self._own = None if isinstance(url_or_engine, AsyncEngine) else async_engine_for(url_or_engine)
        engine = url_or_engine if isinstance(url_or_engine, AsyncEngine) else self._own
        assert engine is not None  # one of the two
        self._storage = SqlStorage(engine.sync_engine, orders=orders)

    async def create_schema(self) -> None:
        """Make the tables that are missing, for tests and first steps; a living shop uses migrations."""
        await greenlet_spawn(self._storage.create_schema)

    def within(self, connection: AsyncConnection | AsyncSession) -> Self:
        """Give the same storage inside the host's open transaction.

        Every write is a savepoint; the host alone commits, rolls back and closes.

        Args:
            connection: an SQLAlchemy connection, or a session, whose connection is joined.

        Raises:
            TypeError: it is neither, or the connection was not started.
        """
        joined = object.__new__(type(self))
        joined._own = None
        joined._storage = self._storage.within(_sync(connection))
        return joined

    async def close(self) -> None:
        """Close the connections of the engine that was made for a URL; a host's own engine is left alone."""
        if self._own is not None:
            await self._own.dispose()

    async def read(self, scope: Scope, /) -> Facts:
        """See `customer_accounts.ports.Storage.read`; always one statement."""
        return await greenlet_spawn(self._storage.read, scope)

    async def write(self, changes: Sequence[Change], /) -> Counts:
        """See `customer_accounts.ports.Storage.write`."""
        return await greenlet_spawn(self._storage.write, changes)

    @overload
    async def lease(
        self, queue: Literal[Queue.MAIL], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask]: ...
    @overload
    async def lease(
        self, queue: Literal[Queue.VAT], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[VatTask]: ...
    async def lease(
        self, queue: Queue, /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask] | Sequence[VatTask]:
        """See `customer_accounts.ports.Storage.lease`."""
        return await greenlet_spawn(self._storage.lease, queue, limit=limit, now=now, until=until)

    async def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `customer_accounts.ports.Storage.finish`."""
        await greenlet_spawn(self._storage.finish, task, outcome)

    async def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `customer_accounts.ports.Storage.fail`."""
        await greenlet_spawn(self._storage.fail, task, retry_at=retry_at, reason=reason)

    async def release(self, task: MailTask | VatTask, /) -> None:
        """See `customer_accounts.ports.Storage.release`."""
        await greenlet_spawn(self._storage.release, task)

    async def backlog(self) -> Backlog:
        """See `customer_accounts.ports.Outbox.backlog`."""
        return await greenlet_spawn(self._storage.backlog)

    async def mails(
        self, status: MailStatus, /, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> Sequence[MailRecord]:
        """See `customer_accounts.ports.Outbox.mails`."""
        return await greenlet_spawn(self._storage.mails, status, after=after, limit=limit)

    async def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """See `customer_accounts.ports.Outbox.requeue`."""
        return await greenlet_spawn(self._storage.requeue, mail_id, due_at=due_at, event=event)


def async_engine_for(url: str | URL) -> AsyncEngine:
    """Make an async engine for a URL; its errors never show the values of a statement (LG-01)."""
    engine = create_async_engine(url, **engine_options(url))
    set_up(engine.sync_engine)
    return engine


def _sync(host: AsyncConnection | AsyncSession) -> Connection | Session:
    match host:
        case AsyncSession():
            return host.sync_session
        case AsyncConnection(sync_connection=Connection() as connection):
            return connection
        case _:
            raise TypeError(
                f"cannot join {type(host).__name__}: give a started AsyncConnection or an AsyncSession"
            )
