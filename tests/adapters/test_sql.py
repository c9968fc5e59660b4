"""The SQL storage keeps the contract on SQLite: in a file, in memory, and inside a host's transactions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.testing import Feature, StorageContract
from tests.adapters.sql_hosts import DjangoHost, InHostTransactions, SqlHost
from tests.sqlite import shop_in, shop_in_memory


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    """The URL of a SQLite file with empty tables."""
    return shop_in(tmp_path)


class TestSqliteFile(StorageContract):
    """The contract of storages, on one SQLite file with two engines."""

    @pytest.fixture
    def storage(self, url: str) -> Iterator[SqlStorage]:
        """An empty file."""
        storage = SqlStorage(url)
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
        storage = shop_in_memory()
        yield storage
        storage.close()


class TestSqliteWithin(StorageContract):
    """The contract of storages, with every call inside a transaction of the host."""

    # Every clause is about joining here.
    left_out = frozenset({Feature.HOST_TRANSACTION})

    @pytest.fixture
    def storage(self, url: str) -> Iterator[InHostTransactions]:
        """An empty file."""
        engine = create_engine(url)
        yield InHostTransactions(SqlHost(engine))
        engine.dispose()


class TestSqliteDjango(StorageContract):
    """The contract of storages, with every call inside a transaction of a Django host on SQLite."""

    left_out = frozenset({Feature.HOST_TRANSACTION})

    @pytest.fixture
    def storage(self, tmp_path: Path, url: str) -> InHostTransactions:
        """An empty file."""
        # Two that read and then write would each wait for the other; Django says how to begin instead.
        database = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": tmp_path / "shop.db",
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30},
        }
        return InHostTransactions(DjangoHost(database, url))
