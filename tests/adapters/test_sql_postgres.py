"""The SQL storage keeps the contract on a real PostgreSQL server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import create_engine

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.testing import Feature, StorageContract, records
from tests.adapters.sql_hosts import DjangoHost, InHostTransactions, SqlHost
from tests.postgres import Database, Server
from tests.postgres.emptied import Emptied


class TestPsycopg(StorageContract):
    """The contract of storages, on PostgreSQL through psycopg, with two engines."""

    @pytest.fixture
    def storage(self, postgres_shop: Database) -> Iterator[SqlStorage]:
        """An empty database."""
        storage = SqlStorage(postgres_shop.url)
        yield storage
        storage.close()

    @pytest.fixture
    def second_storage(self, storage: SqlStorage, postgres_shop: Database) -> Iterator[SqlStorage]:
        """The same database, from another engine."""
        second = SqlStorage(postgres_shop.url)
        yield second
        second.close()

    @pytest.fixture
    def host(self, storage: SqlStorage, postgres_shop: Database) -> Iterator[SqlHost]:
        """A host whose rows are in the same database."""
        engine = create_engine(postgres_shop.url)
        yield SqlHost(engine)
        engine.dispose()


@pytest.fixture(name="emptied", scope="module")
def _emptied(postgres_server: Server, postgres_template: str) -> Iterator[Emptied]:
    """What gives a database with the host's table, empty."""

    def make() -> Database:
        database = postgres_server.create(f"django_{records.some_id()}", template=postgres_template)
        DjangoHost(database.django, database.url)
        return database

    emptied = Emptied(make, postgres_server.drop)
    yield emptied
    emptied.close()


class TestPostgresDjango(StorageContract):
    """The contract of storages, with every call inside a transaction of a Django host on PostgreSQL."""

    # Every clause is about joining here.
    left_out = frozenset({Feature.HOST_TRANSACTION})

    @pytest.fixture
    def storage(self, emptied: Emptied) -> Iterator[InHostTransactions]:
        """An empty database."""
        database = emptied.take()
        yield InHostTransactions(DjangoHost(database.django, database.url))
        emptied.give_back()


def test_tables_are_made_by_several_at_once(postgres: Database) -> None:
    """Servers that start at the same moment and make the tables do not get into each other's way."""
    begin = Barrier(4)

    def make() -> None:
        storage = SqlStorage(postgres.url)
        begin.wait(30)
        try:
            storage.create_schema()
        finally:
            storage.close()

    with ThreadPoolExecutor(4) as threads:
        for made in [threads.submit(make) for _ in range(4)]:
            made.result(60)
