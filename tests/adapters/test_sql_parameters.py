"""No statement has more parameters the more it is asked or told: a database takes only so many."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text

from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage, metadata
from customer_accounts.adapters.sql.at_once import MOST_ROWS
from customer_accounts.adapters.sql.connecting import engine_for
from customer_accounts.adapters.sql.mapping import NODES
from customer_accounts.adapters.sql.statements import update_of
from customer_accounts.changes import MoveOrders, OrderSelection, Remove
from customer_accounts.facts import Part, Scope
from customer_accounts.history import History
from customer_accounts.order import Parcel, Shipment
from customer_accounts.outbox import Queue
from customer_accounts.testing import records
from customer_accounts.testing.records import NOW, later, some_id, stored
from tests.postgres import Database

#: So few that what grows meets it soon; the widest row has fewer columns.  SQLite's own number is 32,766.
FEW = 150
MANY = 2 * FEW
#: As many as the protocol of PostgreSQL counts.
OF_POSTGRESQL = 65_535


@pytest.fixture(name="scarce")
def _scarce(tmp_path: Path) -> Iterator[SqlStorage]:
    """A storage on a SQLite that takes few parameters."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    event.listen(engine, "connect", lambda raw, _: raw.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, FEW))
    storage = SqlStorage(engine)
    storage.create_schema()
    yield storage
    engine.dispose()


def test_this_sqlite_counts(scarce: SqlStorage) -> None:
    """The tests below would notice one parameter too many."""
    with (
        scarce._transactions.reading() as connection,
        pytest.raises(Exception, match="too many SQL variables"),
    ):
        connection.exec_driver_sql(f"SELECT {', '.join('?' * (FEW + 1))}", (1,) * (FEW + 1))


def test_a_worker_leases_as_many_mails_as_it_wants(scarce: SqlStorage) -> None:
    """RL-04: mails come with their links, whatever the limit is, and each is leased."""
    links = [records.a_token() for _ in range(MANY)]
    mails = [records.a_mail(token=link.digest) for link in links]
    scarce.write(stored(*links, *mails))
    until = later(minutes=5)
    tasks = scarce.lease(Queue.MAIL, limit=2**40, now=NOW, until=until)
    assert {(one.mail.id, one.token) for one in tasks} == {
        (mail.id, link) for mail, link in zip(mails, links, strict=True)
    }
    assert scarce.lease(Queue.MAIL, limit=1, now=NOW, until=until) == []


def test_a_worker_leases_as_many_checks_as_it_wants(scarce: SqlStorage) -> None:
    """RL-04: the same for VAT checks."""
    checks = [records.a_vat_check() for _ in range(MANY)]
    scarce.write(stored(*checks))
    until = later(minutes=5)
    tasks = scarce.lease(Queue.VAT, limit=2**40, now=NOW, until=until)
    assert {one.check.number for one in tasks} == {one.number for one in checks}
    assert scarce.lease(Queue.VAT, limit=1, now=NOW, until=until) == []


def test_a_question_may_name_as_many_values_as_it_wants(scarce: SqlStorage) -> None:
    """Addresses, accounts, orders and numbers at once, and the history of all of them."""
    account, check, order = records.an_account(), records.a_vat_check(), records.an_order()
    scarce.write(stored(account, check, order))
    ids = (*(some_id() for _ in range(MANY)), account.id)
    names = tuple(f"nothing{number}" for number in range(MANY))
    found = scarce.read(
        Scope(
            parts=frozenset(Part), account_ids=ids, email_keys=names,
            vat_numbers=(*names, check.number), references=(*names, order.reference),
            history=History(
                account_ids=ids, email_keys=names, digests=names, references=(*names, order.reference),
                vat_numbers=names,
            ),
        )
    )  # fmt: skip
    assert (found.accounts, found.vat_checks, found.orders) == ((account,), (check,), (order,))
    assert found.history == (order,)


def test_a_write_may_have_as_many_rows_as_it_wants(scarce: SqlStorage) -> None:
    """New rows, rows below one record, rows that go, and orders selected by many names."""
    parcels = tuple(Parcel("carrier", f"{number}") for number in range(MANY))
    long = records.an_order(name="name 7", shipments=(Shipment("A", NOW, parcels),))
    orders = [records.an_order(email_key=long.email_key, name=f"name {number}") for number in range(MANY)]
    lists = [records.a_wish_list("a") for _ in range(MANY)]
    scarce.write(stored(long, *orders, *lists))
    names = tuple(f"name {number}" for number in range(MANY))
    account = records.an_account()
    moved = MoveOrders(OrderSelection(email_key=long.email_key, names=names), account.id, some_id())
    counts = scarce.write([*stored(account), moved, *map(Remove, lists)])
    assert counts.moved == {moved.claim_id: MANY + 1}
    (found,) = scarce.read(Scope(parts=frozenset({Part.ORDERS}), order=long.reference)).orders
    assert (found.owner, found.shipments) == (account.id, long.shipments)


def test_a_write_in_one_statement_has_room() -> None:
    """Not even with the most rows of the widest table are there more parameters than PostgreSQL takes."""
    widest = max(
        *(len(table.columns) for table in metadata.sorted_tables),
        *(len(update_of(node).compile().params) for node in NODES.values()),
    )
    assert MOST_ROWS * widest < OF_POSTGRESQL


@pytest.fixture(name="crowded")
def _crowded(postgres_shop: Database) -> Database:
    """A database where more checks wait than a statement may have parameters."""
    engine = create_engine(postgres_shop.url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO ca_vat_checks (number, due_at, as_typed, doubted, attempts, version) "
                "SELECT 'DE' || one, '2026-11-01', '', false, 0, 1 FROM generate_series(0, :number) AS one"
            ),
            {"number": OF_POSTGRESQL},
        )
    engine.dispose()
    return postgres_shop


def test_a_server_is_asked_for_more_than_it_takes_parameters(crowded: Database) -> None:
    """RL-04: a lease may be of more rows than PostgreSQL takes parameters."""
    storage = SqlStorage(crowded.url)
    assert len(storage.lease(Queue.VAT, limit=2**40, now=NOW, until=later(minutes=5))) == OF_POSTGRESQL + 1
    storage.close()


def test_an_async_driver_takes_fewer_parameters_still(crowded: Database) -> None:
    """RL-04: asyncpg counts to 32,767 only, and leases as many rows."""

    async def lease() -> int:
        """Lease all that is due, and count it."""
        storage = AsyncSqlStorage(crowded.asyncpg_url)
        tasks = await storage.lease(Queue.VAT, limit=2**40, now=NOW, until=later(minutes=5))
        await storage.close()
        return len(tasks)

    assert asyncio.run(lease()) == OF_POSTGRESQL + 1
