"""The SQL storage keeps the contract on a real PostgreSQL server."""

from collections.abc import Iterator

import pytest

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.testing import StorageContract
from tests.postgres import Database


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
