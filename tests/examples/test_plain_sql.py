"""The storage in plain SQL that the documentation shows keeps the contract, and a shop works on it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from examples.plain_sql.storage import PlainSqlStorage

from customer_accounts.accounts import Accounts
from customer_accounts.changes import Remove
from customer_accounts.facts import Part
from customer_accounts.testing import Feature, StorageContract, cheap_settings, records
from customer_accounts.testing.clauses.transactions import InTransaction
from customer_accounts.testing.records import stored


class PlainHost:
    """A host with a table of its own in the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE host_rows (name TEXT)")

    @contextmanager
    def begin(self) -> Iterator[InTransaction]:
        """Open a transaction and join it."""
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            yield InTransaction(
                PlainSqlStorage(self._path).within(connection),
                lambda name: connection.execute("INSERT INTO host_rows VALUES (?)", [name]),
            )

    def notes(self) -> list[str]:
        """Give the rows of the host's own table."""
        with closing(sqlite3.connect(self._path)) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM host_rows")]


class TestPlainSql(StorageContract):
    """The contract of storages, on one file with two instances."""

    left_out = frozenset({Feature.OUTBOX, Part.REQUESTS, Part.PROPOSALS, Part.MERGES})

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """The file."""
        return tmp_path / "shop.db"

    @pytest.fixture
    def storage(self, path: Path) -> PlainSqlStorage:
        """Empty tables."""
        storage = PlainSqlStorage(path)
        storage.create_tables()
        return storage

    @pytest.fixture
    def second_storage(self, storage: PlainSqlStorage, path: Path) -> PlainSqlStorage:
        """The same file again."""
        return PlainSqlStorage(path)

    @pytest.fixture
    def host(self, storage: PlainSqlStorage, path: Path) -> PlainHost:
        """A host whose rows are in the same file."""
        return PlainHost(path)

    def test_what_the_shop_does_without_is_named(self, storage: PlainSqlStorage) -> None:
        """A command that needs what is left out fails with its name, and the daily purge does not."""
        with pytest.raises(NotImplementedError, match="does without ConversionRequestRecord"):
            storage.write(stored(records.a_request()))
        with pytest.raises(NotImplementedError, match="does without MergeRecord"):
            storage.write([Remove(records.a_merge())])
        Accounts(storage, cheap_settings()).purge()
