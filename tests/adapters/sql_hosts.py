"""Hosts with a table of their own in the database of a storage, whose transactions the storage joins."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Scope
from customer_accounts.outbox import (
    Backlog,
    EventRecord,
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    VatTask,
)
from customer_accounts.testing.clauses.outbox import outbox_of
from customer_accounts.testing.clauses.transactions import Host, InTransaction
from customer_accounts.testing.storage_contract import InAsyncTransaction

CREATE = text("CREATE TABLE IF NOT EXISTS host_rows (name TEXT)")
INSERT = text("INSERT INTO host_rows VALUES (:name)")
SELECT = text("SELECT name FROM host_rows ORDER BY name")


class SqlHost:
    """A host with SQLAlchemy.

    Args:
        engine: that of the host; the storage may have another one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._storage = SqlStorage(engine)
        with engine.begin() as connection:
            connection.execute(CREATE)

    @contextmanager
    def begin(self) -> Iterator[InTransaction]:
        """Open a transaction and join it."""
        with self._engine.begin() as connection:
            yield InTransaction(
                self._storage.within(connection), lambda name: connection.execute(INSERT, {"name": name})
            )

    def notes(self) -> list[str]:
        """Give the rows of the host's own table."""
        with self._engine.connect() as connection:
            return list(connection.execute(SELECT).scalars())


class AsyncSqlHost:
    """A host with async SQLAlchemy."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._storage = AsyncSqlStorage(engine)

    async def create(self) -> None:
        """Make the host's own table."""
        async with self._engine.begin() as connection:
            await connection.execute(CREATE)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[InAsyncTransaction]:
        """Open a transaction and join it."""
        async with self._engine.begin() as connection:
            yield InAsyncTransaction(
                self._storage.within(connection), lambda name: connection.execute(INSERT, {"name": name})
            )

    async def notes(self) -> list[str]:
        """Give the rows of the host's own table."""
        async with self._engine.connect() as connection:
            return list((await connection.execute(SELECT)).scalars())


_aliases = count(1)


class DjangoHost:
    """A host with Django, where each transaction has a connection of its own that was never used before.

    Args:
        database: an entry of Django's DATABASES.
        url: the same database for the storage, which opens no connection to it.
    """

    def __init__(self, database: dict[str, Any], url: str) -> None:
        import django
        from django.conf import settings
        from django.db import connections

        if not settings.configured:
            settings.configure(DATABASES={}, USE_TZ=True)
            django.setup()
        self.url = url
        self.alias = f"host_{next(_aliases)}"
        self.storage = SqlStorage(url)
        self._all: Any = connections
        self._all.settings[self.alias] = self._all.configure_settings({"default": database})["default"]
        with self.connected() as connection, connection.cursor() as cursor:
            cursor.execute(str(CREATE))

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Give this thread's ``django.db.connection``, and close it at the end."""
        connection = self._all[self.alias]
        try:
            yield connection
        finally:
            connection.close()
            del self._all[self.alias]

    def atomic(self) -> AbstractContextManager[None]:
        """Give Django's own transaction."""
        from django.db import transaction

        atomic: AbstractContextManager[None] = transaction.atomic(using=self.alias)
        return atomic

    @contextmanager
    def begin(self) -> Iterator[InTransaction]:
        """Open a transaction and join it."""
        with self.connected() as connection, self.atomic():
            yield InTransaction(self.storage.within(connection), partial(self.note, connection))

    @staticmethod
    def note(connection: Any, name: str) -> None:
        """Write a row through Django."""
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO host_rows VALUES (%s)", [name])

    def notes(self) -> list[str]:
        """Give the rows of the host's own table."""
        with self.connected() as connection, connection.cursor() as cursor:
            cursor.execute(str(SELECT))
            return [name for (name,) in cursor.fetchall()]


class InHostTransactions:
    """A storage each of whose calls is in a transaction of a host, which commits it unless an exception passes."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self, scope: Scope, /) -> Facts:
        """Read within a transaction."""
        with self._host.begin() as opened:
            return opened.storage.read(scope)

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write within a transaction."""
        with self._host.begin() as opened:
            return opened.storage.write(changes)

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """Lease within a transaction."""
        with self._host.begin() as opened:
            return opened.storage.lease(queue, limit=limit, now=now, until=until)

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """Finish within a transaction."""
        with self._host.begin() as opened:
            opened.storage.finish(task, outcome)

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """Fail within a transaction."""
        with self._host.begin() as opened:
            opened.storage.fail(task, retry_at=retry_at, reason=reason)

    def release(self, task: MailTask | VatTask, /) -> None:
        """Release within a transaction."""
        with self._host.begin() as opened:
            opened.storage.release(task)

    def backlog(self) -> Backlog:
        """Count within a transaction."""
        with self._host.begin() as opened:
            return outbox_of(opened.storage).backlog()

    def mails(self, status: MailStatus, /, **page: Any) -> Sequence[MailRecord]:
        """List within a transaction."""
        with self._host.begin() as opened:
            return outbox_of(opened.storage).mails(status, **page)

    def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """Queue again within a transaction."""
        with self._host.begin() as opened:
            return outbox_of(opened.storage).requeue(mail_id, due_at=due_at, event=event)
