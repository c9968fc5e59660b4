"""The fixtures of PostgreSQL: one server for a whole run of the tests, a fresh database for each test."""

import os
from collections.abc import Iterator
from itertools import count

import pytest

from tests.postgres.database import Database
from tests.postgres.emptied import Emptied
from tests.postgres.server import Server
from tests.postgres.sharing import shared_server

_numbers = count(1)


@pytest.fixture(name="postgres_server", scope="session")
def _postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that all workers of the run share; nobody restarts it (see `running_server` for one's own)."""
    own = tmp_path_factory.getbasetemp()
    with shared_server(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) as server:
        yield server


@pytest.fixture(name="postgres")
def _postgres(postgres_server: Server) -> Iterator[Database]:
    """A fresh and empty database."""
    database = postgres_server.create(f"test_{os.getpid()}_{next(_numbers)}")
    yield database
    postgres_server.drop(database.name)


@pytest.fixture(name="postgres_url")
def _postgres_url(postgres: Database) -> str:
    """The URL of a fresh and empty database, for psycopg; `postgres` has the names for the other drivers."""
    return postgres.url


@pytest.fixture(name="postgres_template", scope="session")
def _postgres_template(postgres_server: Server) -> Iterator[str]:
    """A database with the tables of the library, to be copied."""
    from customer_accounts.adapters.sql import SqlStorage

    database = postgres_server.create(f"template_{os.getpid()}")
    storage = SqlStorage(database.url)
    storage.create_schema()
    storage.close()
    yield database.name
    postgres_server.drop(database.name)


@pytest.fixture(name="postgres_emptied", scope="session")
def _postgres_emptied(postgres_server: Server, postgres_template: str) -> Iterator[Emptied]:
    """What gives this worker's database with empty tables."""

    def make() -> Database:
        return postgres_server.create(f"shop_{os.getpid()}_{next(_numbers)}", template=postgres_template)

    emptied = Emptied(make, postgres_server.drop)
    yield emptied
    emptied.close()


@pytest.fixture(name="postgres_shop")
def _postgres_shop(postgres_emptied: Emptied) -> Iterator[Database]:
    """A database with the empty tables of the library."""
    yield postgres_emptied.take()
    postgres_emptied.give_back()
