"""Engines: how they are made and closed, several processes on one file, and which faults are lost races."""

import asyncio
import subprocess
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import StaticPool

from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage, connecting
from customer_accounts.adapters.sql.faults import is_taken_key
from customer_accounts.changes import insert
from customer_accounts.errors import SettingsError, StaleWriteError
from customer_accounts.facts import Part, Scope
from customer_accounts.outbox import Queue
from customer_accounts.testing import records
from customer_accounts.testing.records import NOW, later, stored
from tests.postgres import Database


def test_a_host_keeps_its_engine() -> None:
    """Closing a storage closes the engine that was made for a URL, and never the host's own."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    pool = engine.pool
    storage = SqlStorage(engine)
    storage.close()
    storage.within(engine.connect()).close()
    assert engine.pool is pool
    own = SqlStorage("sqlite:///:memory:")
    assert own._own is not None
    pool = own._own.pool
    own.close()
    assert own._own.pool is not pool


def test_sqlite_is_set_up(tmp_path: Path) -> None:
    """RL-01: engines made here use WAL, full synchronisation and foreign keys, wait for others, and keep more pages."""
    engine = connecting.engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode", "foreign_keys", "busy_timeout", "synchronous", "cache_size", "wal_autocheckpoint"
            )
        }  # fmt: skip
    engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": connecting.BUSY_SECONDS * 1000,
        "synchronous": 2,
        "cache_size": -connecting.CACHE_KIB,
        "wal_autocheckpoint": connecting.WAL_PAGES,
    }


def test_other_databases_are_reached_by_their_url() -> None:
    """LG-01: another database's engine hides values too; its reads are single statements without a transaction."""
    engine = connecting.engine_for("postgresql+psycopg://shop@db.example/shop")
    transactions: Any = connecting.OwnTransactions(engine)
    assert engine.hide_parameters
    assert transactions._reader.get_execution_options() == {"isolation_level": "AUTOCOMMIT"}


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_connections_of_a_busy_moment_stay(postgres: Database, driver: str) -> None:
    """Those that were opened for many at once serve the next ones; fifteen at most, each for half an hour."""
    url = postgres.url if driver == "psycopg" else postgres.asyncpg_url
    options = connecting.engine_options(url)

    async def asked() -> int:
        """Use a dozen at once, twice over, and give how many were opened."""
        engine = create_async_engine(postgres.asyncpg_url, **options)
        opened = _counted(engine.sync_engine)
        for _ in range(2):
            held = [await engine.connect() for _ in range(12)]
            for one in held:
                await one.close()
        await engine.dispose()
        return len(opened)

    def asked_by_threads() -> int:
        """Do the same without a loop."""
        engine = connecting.engine_for(url)
        opened = _counted(engine)
        for _ in range(2):
            held = [engine.connect() for _ in range(12)]
            for one in held:
                one.close()
        engine.dispose()
        return len(opened)

    assert (asyncio.run(asked()) if driver == "asyncpg" else asked_by_threads()) == 12
    assert options["pool_size"] + options["max_overflow"] == connecting.MOST_CONNECTIONS == 15
    assert options["pool_recycle"] == connecting.RENEWED_AFTER_SECONDS == 1_800


def _counted(engine: Engine) -> list[object]:
    opened: list[object] = []
    event.listen(engine, "connect", lambda connection, _: opened.append(connection))
    return opened


WORKER = """
import sys
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.errors import StaleWriteError
from customer_accounts.testing import records
storage = SqlStorage(sys.argv[1])
storage.create_schema()
lost = 0
for number in range(30):
    account = records.an_account(email_key=f"{sys.argv[2]}-{number}@mail.example")
    storage.write(records.stored(account, records.a_mail()))
    try:
        storage.write(records.stored(records.an_account(email_key=f"{number}@mail.example")))
    except StaleWriteError:
        lost += 1
storage.close()
print(lost)
"""


def test_processes_share_one_file(tmp_path: Path) -> None:
    """EM-03: processes that write one file at once lose nothing, none hears "locked", each key goes to one."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, url, str(number)], stdout=subprocess.PIPE)
        for number in range(3)
    ]
    answers = [worker.communicate(timeout=300)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert sum(int(answer) for answer in answers) == 2 * 30
    storage = SqlStorage(url)
    mails = storage.lease(Queue.MAIL, limit=500, now=NOW, until=later(hours=1))
    keys = tuple(f"{worker}-{number}@mail.example" for worker in range(3) for number in range(30))
    found = storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=keys)).accounts
    storage.close()
    assert (len(mails), len(found)) == (90, 90)


def test_only_a_taken_key_is_a_lost_race() -> None:
    """CC-05: a broken constraint that is no unique key is a fault, and is raised as it is."""
    storage = SqlStorage("sqlite://")
    storage.create_schema()
    nameless = records.an_account(name=None)
    with pytest.raises(IntegrityError, match="NOT NULL") as caught:
        storage.write([insert(nameless)])
    assert nameless.email not in str(caught.value)
    storage.write(stored(records.an_account()))
    storage.close()


@pytest.mark.parametrize(
    ("cause", "taken"),
    [
        (SimpleNamespace(sqlite_errorcode=1555), True),
        (SimpleNamespace(sqlite_errorcode=2067), True),
        (SimpleNamespace(sqlite_errorcode=1299), False),
        (SimpleNamespace(sqlstate="23505"), True),
        (SimpleNamespace(sqlstate="23502"), False),
        (SimpleNamespace(), False),
    ],
)
def test_a_taken_key_is_known_by_its_code(cause: Any, taken: bool) -> None:
    """CC-05: unique violations of SQLite and PostgreSQL are told from all other faults by their codes."""
    assert is_taken_key(DBAPIError("INSERT", None, cause)) is taken


def test_a_broken_constraint_shows_no_values_on_a_server(postgres_shop: Database) -> None:
    """LG-01: what PostgreSQL tells about a row that it refuses is in no error and in none behind it."""
    nameless = records.an_account(name=None, password_hash="$argon2id$secret")

    async def work() -> None:
        """Try each async driver."""
        for url in (postgres_shop.url, postgres_shop.asyncpg_url):
            storage = AsyncSqlStorage(url)
            with pytest.raises(IntegrityError, match="not-null") as caught:
                await storage.write([insert(nameless)])
            await storage.close()
            told.append(caught.value)

    storage = SqlStorage(postgres_shop.url)
    with pytest.raises(IntegrityError, match="not-null") as caught:
        storage.write([insert(nameless)])
    storage.close()
    told: list[BaseException] = [caught.value]
    asyncio.run(work())
    for error in told:
        text = "".join(traceback.format_exception(error))
        assert "IntegrityError" in text
        assert nameless.email not in text
        assert "$argon2id$secret" not in text


def test_a_fault_on_a_hosts_engine_shows_no_values(postgres_shop: Database, tmp_path: Path) -> None:
    """LG-01: an engine of the host shows what its own statements hold; of ours it shows no hash and no address."""
    file = f"sqlite:///{tmp_path / 'shop.db'}"
    there = SqlStorage(file)
    there.create_schema()
    there.close()
    nameless = records.an_account(name=None, password_hash="$argon2id$secret")
    for url in (file, postgres_shop.url):
        engine = create_engine(url)
        storage = SqlStorage(engine)
        with engine.connect() as connection:
            for one in (storage, storage.within(connection)):
                with pytest.raises(IntegrityError) as caught:
                    one.write([insert(nameless)])
                text = "".join(traceback.format_exception(caught.value))
                assert nameless.email not in text
                assert "$argon2id$secret" not in text
                assert caught.value.params is None
        engine.dispose()


def test_a_lost_race_shows_no_values() -> None:
    """LG-01: the error of a lost race has neither values nor a cause that would show them in a log."""
    storage, account = SqlStorage("sqlite://"), records.an_account(password_hash="$argon2id$secret")
    storage.create_schema()
    storage.write(stored(account))
    with pytest.raises(StaleWriteError) as caught:
        storage.write(stored(account))
    storage.close()
    assert (str(caught.value), caught.value.__cause__) == ("AccountRecord", None)
    assert caught.value.__suppress_context__


def test_a_fault_of_the_database_is_no_lost_race(tmp_path: Path) -> None:
    """A database without tables fails as it is, and nothing is mistaken for a lost race."""
    storage = SqlStorage(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(OperationalError, match="no such table") as caught:
        storage.write(stored(records.an_account()))
    storage.close()
    assert "customer-accounts db upgrade" in caught.value.__notes__[0]


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "postgresql+asyncpg://127.0.0.1/shop"])
def test_the_url_of_an_async_driver_is_refused(url: str) -> None:
    """Whoever takes the wrong class is told which is right, before anything is asked."""
    with pytest.raises(SettingsError, match="AsyncSqlStorage takes such a URL"):
        SqlStorage(url)


def test_missing_tables_are_explained(postgres_url: str, tmp_path: Path) -> None:
    """Where the tables are missing or of an earlier version, the error says how they are made, in reading as well."""
    for url in (postgres_url, f"sqlite:///{tmp_path / 'empty.db'}"):
        storage = SqlStorage(url)
        assert storage._own is not None
        with pytest.raises(DBAPIError) as missing:
            storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=("anna@mail.example",)))
        storage.create_schema()
        with storage._own.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE ca_accounts DROP COLUMN name")
        with pytest.raises(DBAPIError) as older:
            storage.write(stored(records.an_account()))
        storage.close()
        for caught in (missing, older):
            assert "create_schema()" in caught.value.__notes__[0]
