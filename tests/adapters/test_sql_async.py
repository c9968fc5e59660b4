"""The async SQL storage keeps the contract with each of its drivers."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from customer_accounts.adapters import sql
from customer_accounts.adapters.sql import AsyncSqlStorage
from customer_accounts.facts import Part, Scope
from customer_accounts.testing import AsyncStorageContract, Feature, records
from customer_accounts.testing.records import stored
from customer_accounts.testing.storage_contract import InLoop
from tests.adapters.sql_hosts import AsyncSqlHost
from tests.postgres import Database
from tests.sqlite import shop_in

IN_MEMORY = "sqlite+aiosqlite://"


def opened(url: str, in_loop: InLoop) -> Iterator[AsyncSqlStorage]:
    """Open a database for a test; a copy of the template has its tables, and what is in memory gets them."""
    storage = AsyncSqlStorage(url)
    if url == IN_MEMORY:
        in_loop(storage.create_schema())
    yield storage
    in_loop(storage.close())


def host_at(url: str, in_loop: InLoop) -> Iterator[AsyncSqlHost]:
    """Give a host in the same database, with an engine of its own."""
    engine = create_async_engine(url)
    host = AsyncSqlHost(engine)
    in_loop(host.create())
    yield host
    in_loop(engine.dispose())


class TestAiosqliteFile(AsyncStorageContract):
    """The contract of storages, on one SQLite file through aiosqlite, with two engines."""

    @pytest.fixture
    def async_storage(self, tmp_path: Path, in_loop: InLoop) -> Iterator[AsyncSqlStorage]:
        """An empty file."""
        shop_in(tmp_path)
        yield from opened(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}", in_loop)

    @pytest.fixture
    def second_async_storage(
        self, async_storage: AsyncSqlStorage, tmp_path: Path, in_loop: InLoop
    ) -> Iterator[AsyncSqlStorage]:
        """The same file, opened again."""
        yield from opened(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}", in_loop)

    @pytest.fixture
    def async_host(
        self, async_storage: AsyncSqlStorage, tmp_path: Path, in_loop: InLoop
    ) -> Iterator[AsyncSqlHost]:
        """A host whose rows are in the same database."""
        yield from host_at(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}", in_loop)


class TestAiosqliteMemory(AsyncStorageContract):
    """The contract of storages, on SQLite in memory through aiosqlite: one connection, one task at a time."""

    left_out = frozenset({Feature.HOST_TRANSACTION})

    @pytest.fixture
    def async_storage(self, in_loop: InLoop) -> Iterator[AsyncSqlStorage]:
        """An empty database."""
        yield from opened(IN_MEMORY, in_loop)


class TestAsyncpg(AsyncStorageContract):
    """The contract of storages, on PostgreSQL through asyncpg."""

    @pytest.fixture
    def async_storage(self, postgres_shop: Database, in_loop: InLoop) -> Iterator[AsyncSqlStorage]:
        """An empty database."""
        yield from opened(postgres_shop.asyncpg_url, in_loop)

    @pytest.fixture
    def async_host(
        self, async_storage: AsyncSqlStorage, postgres_shop: Database, in_loop: InLoop
    ) -> Iterator[AsyncSqlHost]:
        """A host whose rows are in the same database."""
        yield from host_at(postgres_shop.asyncpg_url, in_loop)


class TestPsycopgAsync(AsyncStorageContract):
    """The contract of storages, on PostgreSQL through psycopg in an event loop."""

    @pytest.fixture
    def async_storage(self, postgres_shop: Database, in_loop: InLoop) -> Iterator[AsyncSqlStorage]:
        """An empty database."""
        yield from opened(postgres_shop.url, in_loop)

    @pytest.fixture
    def async_host(
        self, async_storage: AsyncSqlStorage, postgres_shop: Database, in_loop: InLoop
    ) -> Iterator[AsyncSqlHost]:
        """A host whose rows are in the same database."""
        yield from host_at(postgres_shop.url, in_loop)


DRIVERS = ["asyncpg_url", "url"]


@pytest.mark.parametrize("driver", DRIVERS)
def test_no_thread_is_started(postgres_shop: Database, driver: str) -> None:
    """Reads and writes, also many at once, run in the thread of the event loop and in no other."""

    async def work() -> set[str]:
        """Write, and name the threads."""
        storage = AsyncSqlStorage(getattr(postgres_shop, driver))
        await asyncio.gather(*(storage.write(stored(records.an_account())) for _ in range(8)))
        threads = {one.name for one in threading.enumerate()}
        await storage.close()
        return threads

    before = {one.name for one in threading.enumerate()}
    assert asyncio.run(work()) == before


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_cancelled_write_leaves_nothing(postgres_shop: Database, driver: str) -> None:
    """RL-01: a task that is cancelled while it waits for a lock has written nothing, and its storage goes on."""
    account = records.an_account()
    scope = Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=(str(account.email_key),))

    async def work() -> int:
        """Cancel a write, write again, and count."""
        url = getattr(postgres_shop, driver)
        storage, other = AsyncSqlStorage(url), create_async_engine(url)
        async with other.begin() as connection:
            await connection.exec_driver_sql("LOCK TABLE ca_accounts")
            writing = asyncio.create_task(storage.write(stored(records.an_event(account.id), account)))
            await _waits_for_a_lock(other)
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
        assert await storage.read(scope) == await storage.read(Scope())
        await storage.write(stored(account))
        found = await storage.read(scope)
        await storage.close()
        await other.dispose()
        return len(found.accounts)

    assert asyncio.run(work()) == 1


async def _waits_for_a_lock(engine: Any) -> None:
    waiting = "wait_event_type = 'Lock' AND datname = current_database()"
    # Within one transaction the server shows the sessions of its first look, for ever.
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with asyncio.timeout(60), alone.connect() as connection:
        while True:
            found = await connection.exec_driver_sql(f"SELECT 1 FROM pg_stat_activity WHERE {waiting}")
            if found.first():
                return


def test_a_host_keeps_its_async_engine() -> None:
    """Closing a storage closes the engine that was made for a URL, and never the host's own."""
    engine = create_async_engine("sqlite+aiosqlite://")
    pool = engine.pool
    storage, own = AsyncSqlStorage(engine), AsyncSqlStorage("sqlite+aiosqlite://")

    async def work() -> None:
        """Close what is to be closed."""
        await storage.close()
        async with engine.connect() as connection:
            await storage.within(connection).close()
        assert engine.pool is pool
        assert own._own is not None
        own_pool = own._own.pool
        await own.close()
        assert own._own.pool is not own_pool
        await engine.dispose()

    asyncio.run(work())


def test_what_cannot_be_joined_is_named() -> None:
    """A sync connection and one that was not started are refused, with what to give instead."""
    engine = create_async_engine("sqlite+aiosqlite://")
    storage = AsyncSqlStorage(engine)
    plain = create_engine("sqlite://").connect()
    for host in (plain, engine.connect()):
        with pytest.raises(TypeError, match="AsyncConnection"):
            storage.within(host)  # type: ignore[arg-type]  # what is refused
    plain.close()
    with pytest.raises(AttributeError, match="SyncStorage"):
        sql.SyncStorage  # noqa: B018 - asked for on purpose
