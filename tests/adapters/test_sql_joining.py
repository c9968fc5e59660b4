"""Async hosts decide alone; and a transaction whose snapshot stays is tried once."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import SignedInCustomer
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.adapters.sql.faults import NoTransactionError
from customer_accounts.changes import Remove, update
from customer_accounts.errors import ConflictError, StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.sign_in import SignOutEverywhere
from customer_accounts.outbox import Queue
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import NOW, later, stored
from tests.adapters.sql_hosts import INSERT, AsyncSqlHost, DjangoHost, SqlHost
from tests.postgres import Database
from tests.sqlite import shop_in

LEVELS = pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])


class NoStockError(Exception):
    """What makes the host roll back."""


@pytest.mark.parametrize("level", [None, "AUTOCOMMIT"])
def test_who_joins_has_to_commit(tmp_path: Path, level: str | None) -> None:
    """RL-01: nothing is committed for a host that begins nothing, and what it commits is kept, at any level."""
    options = {} if level is None else {"isolation_level": level}
    engine = create_engine(shop_in(tmp_path), **options)
    storage, account = SqlStorage(engine), records.an_account()
    with engine.connect() as connection:
        storage.within(connection).write(stored(account))
    assert storage.read(person(account)) == Facts()
    with engine.begin() as connection:
        storage.within(connection).write(stored(account))
    assert storage.read(person(account)).accounts == (account,)
    engine.dispose()


def person(account: AccountRecord) -> Scope:
    """Give the scope that reads an account."""
    return Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)


@pytest.fixture(name="async_url", params=["aiosqlite", "asyncpg", "psycopg"])
def _async_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database for each async driver."""
    if request.param == "aiosqlite":
        shop_in(tmp_path)
        return f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"
    database: Database = request.getfixturevalue("postgres_shop")
    return database.asyncpg_url if request.param == "asyncpg" else database.url


@pytest.mark.parametrize("kind", [AsyncConnection, AsyncSession])
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize("commits", [True, False], ids=["commit", "rollback"])
def test_an_async_host_decides(async_url: str, kind: type, warm: bool, commits: bool) -> None:
    """RL-01: both stay or both go; until the end nobody else sees either; an overtaken write undoes itself alone."""
    one, two = records.an_account(), records.an_account()

    async def work() -> tuple[int, list[str]]:
        """Sell something, and count what is left."""
        engine, elsewhere = create_async_engine(async_url), AsyncSqlStorage(async_url)
        storage, host = AsyncSqlStorage(engine), AsyncSqlHost(engine)
        await host.create()
        with suppress(NoStockError):
            async with kind(engine) as opened, opened.begin():
                joined = storage.within(opened)
                if warm:
                    await opened.execute(INSERT, {"name": "before"})
                await joined.write(stored(one))
                assert (await joined.read(person(one))).accounts == (one,)
                with pytest.raises(StaleWriteError):
                    await joined.write([*stored(two), Remove(records.a_token())])
                await joined.write(stored(two))
                await opened.execute(INSERT, {"name": "after"})
                assert await elsewhere.read(person(one)) == Facts()
                if not commits:
                    raise NoStockError
        found = await elsewhere.read(person(two)), await host.notes()
        await elsewhere.close()
        await engine.dispose()
        return len(found[0].accounts), found[1]

    rows = ["after", "before"][: 1 + warm]
    assert asyncio.run(work()) == ((1, rows) if commits else (0, []))


def test_what_a_host_leases_is_free_again_when_it_rolls_back(tmp_path: Path) -> None:
    """RL-01: work for queues in a host's transaction is the host's, too."""
    engine = create_engine(shop_in(tmp_path))
    storage = SqlStorage(engine)
    mail = records.a_mail(leased_until=None)
    storage.write(stored(mail))
    with suppress(NoStockError), engine.begin() as connection:
        (task,) = storage.within(connection).lease(
            Queue.MAIL, limit=9, now=later(hours=1), until=later(hours=2)
        )
        assert task.mail.id == mail.id
        raise NoStockError
    (again,) = storage.lease(Queue.MAIL, limit=9, now=later(hours=1), until=later(hours=2))
    assert again.mail.id == mail.id
    engine.dispose()


class Shop:
    """A shop on PostgreSQL with one account, and somebody elsewhere who changes it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.elsewhere = SqlStorage(database.url)
        self.account = records.an_account()
        self.elsewhere.write(stored(self.account))

    def change(self) -> AccountRecord:
        """Change the account, elsewhere."""
        (old,) = self.elsewhere.read(person(self.account)).accounts
        self.elsewhere.write([update(old, evolve(old, name=f"{old.name}!"))])
        return old


@pytest.fixture(name="shop")
def _shop(postgres_shop: Database) -> Any:
    """The shop."""
    shop = Shop(postgres_shop)
    yield shop
    shop.elsewhere.close()


@LEVELS
def test_a_snapshot_that_stays_is_tried_once(shop: Shop, level: str) -> None:
    """CC-05: above READ COMMITTED a command is decided once, and a conflict is ours; the host's rows are untouched."""
    engine = create_engine(shop.database.url, isolation_level=level)
    SqlHost(engine)
    storage = SqlStorage(engine)
    accounts = Accounts(storage, cheap_settings())
    customer = SignedInCustomer(shop.account.id, shop.account.session_epoch, authenticated_at=NOW)
    asked: list[str] = []
    with engine.begin() as connection:
        connection.execute(INSERT, {"name": "before"})
        assert storage.within(connection).read(person(shop.account)).accounts
        shop.change()
        event.listen(connection, "before_cursor_execute", lambda *sent: asked.append(sent[2]))
        with pytest.raises(ConflictError, match="begin anew"):
            accounts.within(connection).handle(SignOutEverywhere(), by=customer)
        connection.execute(INSERT, {"name": "after"})
    assert sum(one.startswith(("SELECT", "WITH")) for one in asked) == 1
    with engine.begin() as connection:
        accounts.within(connection).require(SignOutEverywhere(), by=customer)
    engine.dispose()


def test_read_committed_decides_again(shop: Shop) -> None:
    """CC-05: at READ COMMITTED a joined command that was overtaken sees what is new, and succeeds."""
    engine = create_engine(shop.database.url)
    storage = SqlStorage(engine)
    accounts = Accounts(storage, cheap_settings())
    customer = SignedInCustomer(shop.account.id, shop.account.session_epoch, authenticated_at=NOW)
    once = [shop.change]

    def overtake(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "UPDATE" in statement and once:
            once.pop()()

    with engine.begin() as connection:
        event.listen(connection, "before_cursor_execute", overtake)
        accounts.within(connection).require(SignOutEverywhere(), by=customer)
    engine.dispose()
    (now,) = shop.elsewhere.read(person(shop.account)).accounts
    assert (now.session_epoch, now.version) == (shop.account.session_epoch + 1, 3)


@LEVELS
def test_a_taken_key_is_a_conflict_too(shop: Shop, level: str) -> None:
    """CC-05: a key that somebody takes whom the snapshot does not show is a conflict, and not decided again."""
    engine = create_engine(shop.database.url, isolation_level=level)
    storage, account = SqlStorage(engine), records.an_account()
    with engine.begin() as connection:
        joined = storage.within(connection)
        assert joined.read(person(account)) == Facts()
        shop.elsewhere.write(stored(account))
        with pytest.raises(ConflictError):
            joined.write(stored(account))
    engine.dispose()


@LEVELS
def test_an_async_snapshot_is_tried_once(shop: Shop, level: str) -> None:
    """CC-05: with asyncpg a serialization failure in the host's transaction is our conflict as well."""

    async def work() -> None:
        """Read, be overtaken, and write."""
        engine = create_async_engine(shop.database.asyncpg_url, isolation_level=level)
        async with engine.connect() as connection:
            joined = AsyncSqlStorage(engine).within(connection)
            (old,) = (await joined.read(person(shop.account))).accounts
            await asyncio.to_thread(shop.change)
            with pytest.raises(ConflictError):
                await joined.write([update(old, old)])
            assert (await joined.read(person(shop.account))).accounts == (old,)
            await connection.rollback()
        await engine.dispose()

    asyncio.run(work())


def test_a_django_snapshot_is_tried_once(shop: Shop) -> None:
    """CC-05: in a Django transaction above READ COMMITTED a conflict is ours, and the host's row stays."""
    from psycopg import IsolationLevel

    database: dict[str, Any] = {
        **shop.database.django,
        "OPTIONS": {"isolation_level": IsolationLevel.SERIALIZABLE},
    }
    host = DjangoHost(database, shop.database.url)
    with host.connected() as connection, host.atomic():
        joined = host.storage.within(connection)
        host.note(connection, "before")
        (old,) = joined.read(person(shop.account)).accounts
        shop.change()
        with pytest.raises(ConflictError):
            joined.write([update(old, old)])
    assert host.notes() == ["before"]


def test_a_stale_snapshot_of_sqlite_is_a_conflict(tmp_path: Path) -> None:
    """CC-05: on SQLite a host that read before others wrote cannot write; that is our conflict and no fault."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    elsewhere, engine = SqlStorage(url), create_engine(url)
    elsewhere.create_schema()
    account = records.an_account()
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        joined = SqlStorage(engine).within(connection)
        assert joined.read(person(account)) == Facts()
        elsewhere.write(stored(account))
        with pytest.raises(ConflictError):
            joined.write(stored(records.an_account()))
        with pytest.raises(StaleWriteError):
            elsewhere.write(stored(account))
    engine.dispose()
    elsewhere.close()


def test_a_connection_without_a_transaction_is_refused(shop: Shop) -> None:
    """RL-01: a connection that commits each statement by itself has no transaction to join."""
    engine = create_engine(shop.database.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, pytest.raises(NoTransactionError):
        SqlStorage(engine).within(connection).write(stored(records.an_account()))
    engine.dispose()


def test_what_cannot_be_joined_is_named() -> None:
    """A host that gives something else hears what can be joined."""
    storage, async_engine = SqlStorage("sqlite://"), create_async_engine("sqlite+aiosqlite://")
    for host in (object(), async_engine.connect(), AsyncSession(async_engine)):
        with pytest.raises(TypeError, match=r"django\.db\.connection"):
            storage.within(host)  # type: ignore[arg-type]  # what is refused
    storage.close()


def test_a_read_that_cannot_be_serialized_is_a_conflict(shop: Shop) -> None:
    """CC-05: in a host's transaction a reading that the server gives up is our conflict too, and not tried again."""
    from psycopg.errors import SerializationFailure

    asked: list[str] = []

    def give_up(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)
        raise SerializationFailure

    engine = create_engine(shop.database.url)
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", give_up)
        with pytest.raises(ConflictError):
            SqlStorage(engine).within(connection).read(person(shop.account))
    engine.dispose()
    assert len(asked) == 1
