"""The storage on Django's models that the documentation shows keeps the contract, on SQLite and on PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import current_thread, main_thread
from typing import Any

import django
import pytest
from django.conf import settings
from django.db import connections, transaction

from customer_accounts.accounts import Accounts
from customer_accounts.changes import Remove
from customer_accounts.facts import Part
from customer_accounts.testing import Feature, StorageContract, cheap_settings, records
from customer_accounts.testing.clauses.transactions import InTransaction
from customer_accounts.testing.records import stored
from tests.postgres import Server

if not settings.configured:
    settings.configure(DATABASES={}, USE_TZ=True)
    django.setup()

from examples.django_orm.models import MODELS  # models want the settings
from examples.django_orm.storage import DjangoStorage  # models want the settings

_numbers = count(1)


class DjangoHost:
    """A host with a table of its own in the same database."""

    def __init__(self, using: str) -> None:
        self._using = using

    @contextmanager
    def begin(self) -> Iterator[InTransaction]:
        """Open a transaction; what is written in it joins by itself."""
        with transaction.atomic(self._using), connections[self._using].cursor() as cursor:
            yield InTransaction(
                DjangoStorage(self._using).within(),
                lambda name: cursor.execute("INSERT INTO host_rows VALUES (%s)", [name]),
            )

    def notes(self) -> list[str]:
        """Give the rows of the host's own table."""
        with connections[self._using].cursor() as cursor:
            cursor.execute("SELECT name FROM host_rows")
            return [name for (name,) in cursor.fetchall()]


@contextmanager
def database(**entry: Any) -> Iterator[str]:
    """Give the name of a database with the tables of the models and one of the host."""
    using = f"shop{next(_numbers)}"
    connections.databases[using] = connections.configure_settings({"default": {}, using: entry})[using]
    with connections[using].schema_editor() as editor:
        for model, _ in MODELS.values():
            editor.create_model(model)
    with connections[using].cursor() as cursor:
        cursor.execute("CREATE TABLE host_rows (name TEXT)")
    yield using
    connections[using].close()


def emptied(using: str) -> str:
    """Delete all rows of a database."""
    with transaction.atomic(using), connections[using].cursor() as cursor:
        for table in ("host_rows", *(model._meta.db_table for model, _ in MODELS.values())):
            cursor.execute(f"DELETE FROM {table}")
    return using


class EndOfRequest(DjangoStorage):
    """The storage, in threads that close their connection after each call, as Django does after each request."""

    def __getattribute__(self, name: str) -> Any:
        """Give a method that closes the connection of the thread."""
        found = super().__getattribute__(name)
        if name not in {"read", "write", "lease"} or current_thread() is main_thread():
            return found

        def closing(*given: Any, **named: Any) -> Any:
            try:
                return found(*given, **named)
            finally:
                connections.close_all()

        return closing


class DjangoContract(StorageContract):
    """The contract of storages on Django; every thread has a connection of its own there."""

    left_out = frozenset({Feature.OUTBOX, Part.REQUESTS, Part.PROPOSALS, Part.MERGES})

    @pytest.fixture
    def storage(self, using: str) -> DjangoStorage:
        """Empty tables."""
        return EndOfRequest(using)

    @pytest.fixture
    def host(self, using: str) -> DjangoHost:
        """A host whose rows are in the same database."""
        return DjangoHost(using)

    def test_what_the_shop_does_without_is_named(self, storage: DjangoStorage) -> None:
        """A command that needs what is left out fails with its name, and the daily purge does not."""
        with pytest.raises(NotImplementedError, match="does without ConversionRequestRecord"):
            storage.write(stored(records.a_request()))
        with pytest.raises(NotImplementedError, match="does without MergeRecord"):
            storage.write([Remove(records.a_merge())])
        Accounts(storage, cheap_settings()).purge()


@pytest.fixture(name="on_sqlite", scope="module")
def _on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One SQLite file."""
    file = tmp_path_factory.mktemp("django") / "shop.db"
    options = {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": "PRAGMA journal_mode = WAL"}
    with database(ENGINE="django.db.backends.sqlite3", NAME=file, OPTIONS=options) as using:
        yield using


@pytest.fixture(name="on_postgres", scope="module")
def _on_postgres(postgres_server: Server) -> Iterator[str]:
    """One database on PostgreSQL."""
    made = postgres_server.create(f"django_{os.getpid()}")
    with database(**made.django) as using:
        yield using
    postgres_server.drop(made.name)


class TestSqlite(DjangoContract):
    """On one SQLite file."""

    @pytest.fixture
    def using(self, on_sqlite: str) -> str:
        """The name of the database."""
        return emptied(on_sqlite)


class TestPostgres(DjangoContract):
    """On PostgreSQL."""

    @pytest.fixture
    def using(self, on_postgres: str) -> str:
        """The name of the database."""
        return emptied(on_postgres)
