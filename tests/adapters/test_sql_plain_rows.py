"""On PostgreSQL rows come as the driver gives them; who watches or meets a fault notices nothing."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.adapters.sql.connecting import OwnTransactions
from customer_accounts.adapters.sql.plain_rows import PlainRows
from customer_accounts.facts import Part, Scope
from customer_accounts.testing import records
from customer_accounts.testing.records import stored
from tests.postgres import Database

DRIVERS = ["asyncpg_url", "url"]
ACCOUNTS = frozenset({Part.ACCOUNTS})


def test_whoever_listens_hears_everything(postgres_shop: Database) -> None:
    """An engine with listeners or a log sends as SQLAlchemy does, from the moment somebody listens."""
    engine, sent = create_engine(postgres_shop.url), list[str]()
    storage, account = SqlStorage(engine), records.an_account()
    with OwnTransactions(engine).sending(together=False) as sends:
        assert isinstance(sends, PlainRows)
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    storage.write(stored(account))
    assert storage.read(Scope(parts=ACCOUNTS, account_id=account.id)).accounts == (account,)
    assert [one.split()[0] for one in sent] == ["WITH", "SELECT"]
    engine.dispose()


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_lost_connection_is_replaced(postgres_shop: Database, driver: str) -> None:
    """A server that ended the connections is one fault of SQLAlchemy, after which all of the pool are new."""

    async def work() -> tuple[bool, int]:
        """Read, lose all connections, and read again."""
        engine = create_async_engine(getattr(postgres_shop, driver), hide_parameters=True)
        storage, account = AsyncSqlStorage(engine), records.an_account()
        scope = Scope(parts=ACCOUNTS, account_id=account.id)
        await asyncio.gather(*(storage.read(scope) for _ in range(3)))
        await _all_ended(postgres_shop)
        with pytest.raises(DBAPIError) as lost:
            await storage.read(scope)
        await storage.write(stored(account))
        found = await asyncio.gather(*(storage.read(scope) for _ in range(3)))
        await engine.dispose()
        return lost.value.connection_invalidated, sum(len(one.accounts) for one in found)

    assert asyncio.run(work()) == (True, 3)


async def _all_ended(database: Database) -> None:
    other: AsyncEngine = create_async_engine(database.asyncpg_url)
    ended = text(
        "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with other.connect() as connection:
        assert all((await connection.execute(ended)).scalars())
    await other.dispose()


@pytest.mark.parametrize("driver", DRIVERS)
def test_faults_are_those_of_sqlalchemy(postgres_shop: Database, driver: str) -> None:
    """LG-01: a fault tells its statement and no value, as ever, and the connection goes on."""

    async def work() -> Any:
        """Read while the table has another name, and afterwards."""
        engine = create_async_engine(getattr(postgres_shop, driver))
        async with engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE ca_accounts RENAME TO somewhere_else")
        storage = AsyncSqlStorage(engine)
        with pytest.raises(ProgrammingError) as missing:
            await storage.read(Scope(parts=ACCOUNTS, email_keys=("anna@mail.example",)))
        async with engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE somewhere_else RENAME TO ca_accounts")
        found = await storage.read(Scope(parts=ACCOUNTS, email_keys=("anna@mail.example",)))
        await engine.dispose()
        return missing.value, found.accounts

    error, accounts = asyncio.run(work())
    assert "FROM ca_accounts" in error.statement
    assert "anna@mail.example" not in str(error)
    assert "customer-accounts db upgrade" in error.__notes__[0]
    assert accounts == ()
