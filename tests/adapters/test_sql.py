"""The SQL storage keeps the contract on SQLite: in a file, in memory, and inside a host's transactions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Scope
from customer_accounts.outbox import MailOutcome, MailTask, VatTask
from customer_accounts.testing import Feature, StorageContract
from customer_accounts.testing.clauses.transactions import InTransaction


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    """The URL of a new SQLite file."""
    return f"sqlite:///{tmp_path / 'shop.db'}"


class SqlHost:
    """A host with a table of its own in the database of a storage.

    Args:
        engine: that of the host; the storage may have another one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._storage = SqlStorage(engine)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE host_rows (name TEXT)"))

    @contextmanager
    def begin(self) -> Iterator[InTransaction]:
        """Open a transaction and join it."""
        insert = text("INSERT INTO host_rows VALUES (:name)")
        with self._engine.begin() as connection:
            yield InTransaction(
                self._storage.within(connection), lambda name: connection.execute(insert, {"name": name})
            )

    def notes(self) -> list[str]:
        """Give the rows of the host's own table."""
        with self._engine.connect() as connection:
            return list(connection.execute(text("SELECT name FROM host_rows")).scalars())


class TestSqliteFile(StorageContract):
    """The contract of storages, on one SQLite file with two engines."""

    @pytest.fixture
    def storage(self, url: str) -> Iterator[SqlStorage]:
        """An empty file."""
        storage = SqlStorage(url)
        storage.create_schema()
        yield storage
        storage.close()

    @pytest.fixture
    def second_storage(self, storage: SqlStorage, url: str) -> Iterator[SqlStorage]:
        """The same file, opened again."""
        second = SqlStorage(url)
        yield second
        second.close()

    @pytest.fixture
    def host(self, storage: SqlStorage, url: str) -> Iterator[SqlHost]:
        """A host whose rows are in the same file."""
        engine = create_engine(url)
        yield SqlHost(engine)
        engine.dispose()


class TestSqliteMemory(StorageContract):
    """The contract of storages, on SQLite in memory, where nobody else can have a transaction."""

    left_out = frozenset({Feature.HOST_TRANSACTION})

    @pytest.fixture
    def storage(self) -> Iterator[SqlStorage]:
        """An empty database."""
        storage = SqlStorage("sqlite:///:memory:")
        storage.create_schema()
        yield storage
        storage.close()


class InHostTransactions:
    """A host that opens a transaction around every call, and commits it unless an exception passes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._storage = SqlStorage(engine)

    def read(self, scope: Scope, /) -> Facts:
        """Read within a transaction."""
        with self._engine.begin() as connection:
            return self._storage.within(connection).read(scope)

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write within a transaction."""
        with self._engine.begin() as connection:
            return self._storage.within(connection).write(changes)

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """Lease within a transaction."""
        with self._engine.begin() as connection:
            return self._storage.within(connection).lease(queue, limit=limit, now=now, until=until)

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """Finish within a transaction."""
        with self._engine.begin() as connection:
            self._storage.within(connection).finish(task, outcome)

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """Fail within a transaction."""
        with self._engine.begin() as connection:
            self._storage.within(connection).fail(task, retry_at=retry_at, reason=reason)


class TestSqliteWithin(StorageContract):
    """The contract of storages, with every call inside a transaction of the host."""

    # Every clause is about joining here.
    left_out = frozenset({Feature.HOST_TRANSACTION})

    @pytest.fixture
    def storage(self, url: str) -> Iterator[InHostTransactions]:
        """An empty file."""
        engine = create_engine(url)
        SqlStorage(engine).create_schema()
        yield InHostTransactions(engine)
        engine.dispose()
