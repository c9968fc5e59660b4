"""Engines, and transactions of the library's own (those of a host: `joining`).  On SQLite:

* an engine made here uses WAL (readers never wait for the writer), waits `BUSY_SECONDS` for another process,
  and checks foreign keys; ``:memory:`` is one connection, used by one thread at a time;
* a write begins with BEGIN IMMEDIATE: whoever waits, waits at the beginning and never in the middle, so that
  two processes cannot block each other;
* a savepoint needs a transaction around it that the host ends; the driver begins none by itself, so it is
  begun here.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from threading import RLock
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, Pool, StaticPool
from sqlalchemy.util import await_only

from customer_accounts.adapters.sql.at_hand import AtHand
from customer_accounts.adapters.sql.direct import DirectConnection, Sends, is_unheard
from customer_accounts.adapters.sql.faults import explained
from customer_accounts.adapters.sql.plain_rows import PlainRows
from customer_accounts.errors import SettingsError

#: How long a write waits for another process before the driver says "database is locked".
BUSY_SECONDS = 30

#: How much of a database a connection to SQLite keeps; by default it is 2,000 KiB, and a shop has more in use.
CACHE_KIB = 8_000

#: After how many pages the WAL of SQLite goes into the file: a registration writes some twenty, many of them again
#: and again.  By default 1,000; these are 16 MB, and fit into the first part of the WAL's index.
WAL_PAGES = 4_000

#: To a server, for each process.  All are kept: what a pool lets overflow is closed after each use, and to open another
#: one takes longer than a registration.
MOST_CONNECTIONS = 15

#: After so long a connection is made anew: what is seldom used may have been dropped on the way to the server.
RENEWED_AFTER_SECONDS = 1_800

_POOL = {
    "pool_size": MOST_CONNECTIONS,
    "max_overflow": 0,
    "pool_use_lifo": True,  # those used last have their statements prepared and the server's caches warm
    "pool_recycle": RENEWED_AFTER_SECONDS,
}

#: Any number, the same in every process: who changes the tables on PostgreSQL holds this lock until the commit.
TABLES_LOCK = 7_203_594_418_026

_locks: WeakKeyDictionary[Pool, AbstractContextManager[Any]] = WeakKeyDictionary()


class Transactions(Protocol):
    """Gives connections to read and to write with."""

    @property
    def dialect(self) -> str:
        """The name of the database's dialect."""
        ...

    @property
    def commits_statements(self) -> bool:
        """Whether one statement on a `reading` connection is a transaction of its own, on one round trip."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a connection for one statement."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """Give a connection whose changes all stay, or none if an exception passes."""
        ...

    def working(self) -> AbstractContextManager[Connection]:
        """Give a connection as `writing` does, for what is right whatever others commit meanwhile: work for queues."""
        ...

    def sending(self, *, together: bool) -> AbstractContextManager[Sends]:
        """Give what sends compiled statements: one, or several that stay *together*."""
        ...


def engine_for(url: str | URL) -> Engine:
    """Make an engine for a URL; its errors never show the values of a statement (LG-01).

    Raises:
        SettingsError: the URL names an async driver.
    """
    engine = create_engine(url, **engine_options(url))
    if engine.dialect.is_async:
        raise SettingsError(f"{engine.driver} is an async driver: AsyncSqlStorage takes such a URL")
    set_up(engine)
    return engine


def engine_options(url: str | URL) -> dict[str, Any]:
    """Give the options of an engine for a URL, sync or async."""
    url = make_url(url)
    options: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() != "sqlite":
        return options | _POOL
    if url.database in (None, "", ":memory:"):
        return options | {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    return options | {"connect_args": {"timeout": BUSY_SECONDS}}


def set_up(engine: Engine) -> None:
    """Have each new connection of an engine set up."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite)


def _on_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # no transaction but those that are begun here
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    # Another process may be switching at this moment; the mode belongs to the file and holds for all.
    with suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


class TaskLock:
    """A lock between the tasks of an event loop, for code that runs in a greenlet of one of them."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    def __enter__(self) -> None:
        await_only(self._lock.acquire())

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class OwnTransactions:
    """Transactions of the library's own on an engine.

    Args:
        alone: whether nobody else has the engine.
    """

    def __init__(self, engine: Engine, *, alone: bool = False) -> None:
        self.engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        # One statement needs no transaction; without it a server is asked once instead of three times.
        self._reader = engine if self._sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        # A worker skips what others hold; at a higher level it would be given up because of them all the same.
        self._worker = engine if self._sqlite else engine.execution_options(isolation_level="READ COMMITTED")
        shared = isinstance(engine.pool, StaticPool)
        lock = TaskLock if engine.dialect.is_async else RLock
        self._alone = _locks.setdefault(engine.pool, lock()) if shared else nullcontext()
        self._at_hand = AtHand(engine) if alone and self._sqlite and not shared else None
        self._may_be_direct = engine.dialect.driver == "pysqlite"
        self._alone_if_shared = self._alone if shared else None

    @property
    def dialect(self) -> str:
        """See `Transactions.dialect`."""
        return self.engine.dialect.name

    @property
    def commits_statements(self) -> bool:
        """See `Transactions.commits_statements`; SQLite has no round trips to save, and no writing in a WITH."""
        return self.dialect == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See `Transactions.reading`."""
        with explained(), self._alone, self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """See `Transactions.writing`; a deadlock and a serialization failure are lost races."""
        with self._begun(self.engine) as connection:
            yield connection

    @contextmanager
    def working(self) -> Iterator[Connection]:
        """See `Transactions.working`."""
        with self._begun(self._worker) as connection:
            yield connection

    @contextmanager
    def _begun(self, engine: Engine) -> Iterator[Connection]:
        with explained(), self._alone, engine.begin() as connection:
            if self._sqlite:
                begin_immediate(connection)
            yield connection

    def sending(self, *, together: bool) -> AbstractContextManager[Sends]:
        """See `Transactions.sending`."""
        if self._may_be_direct and is_unheard(self.engine):
            return DirectConnection(
                self.engine, self._alone_if_shared, together=together, at_hand=self._at_hand
            )
        return self.writing() if together else self._one_statement()

    @contextmanager
    def _one_statement(self) -> Iterator[Sends]:
        with self.reading() as connection:
            plain = self.commits_statements and is_unheard(self.engine)
            yield PlainRows(connection) if plain else connection

    def close(self) -> None:
        """Close all connections; the next use makes new ones."""
        if self._at_hand is not None:
            self._at_hand.close()
        self.engine.dispose()


def begin_immediate(connection: Connection) -> None:
    """Begin a writing transaction on SQLite, unless the connection is in one."""
    if not connection.in_transaction():
        connection.begin()  # a host's engine may begin one of its own at this moment
    raw: Any = connection.connection.driver_connection
    if not raw.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def change_tables_alone(connection: Connection) -> None:
    """Wait until nobody else makes or changes the tables, and keep others waiting until the transaction ends."""
    if connection.dialect.name == "sqlite":
        begin_immediate(connection)
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TABLES_LOCK})")
