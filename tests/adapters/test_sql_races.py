"""Transactions of our own that PostgreSQL gives up because of others are lost races, never faults."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine, create_engine, event, text

from customer_accounts.accounts import Accounts
from customer_accounts.actors import System
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import update
from customer_accounts.errors import ConflictError, StaleWriteError
from customer_accounts.facts import Part, Scope
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.order import OrderStatus
from customer_accounts.outbox import MailStatus, Queue
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import NOW, later, stored
from tests.postgres import Database


@pytest.fixture(name="elsewhere")
def _elsewhere(postgres_shop: Database) -> Iterator[SqlStorage]:
    """Another process on the same database."""
    storage = SqlStorage(postgres_shop.url)
    yield storage
    storage.close()


@pytest.fixture(name="engine", params=["REPEATABLE READ", "SERIALIZABLE"])
def _engine(request: pytest.FixtureRequest, postgres_shop: Database) -> Iterator[Engine]:
    """An engine whose transactions keep their snapshot."""
    engine = create_engine(postgres_shop.url, isolation_level=request.param)
    yield engine
    engine.dispose()


def overtaken(engine: Engine, verb: str, table: str, other: Callable[[], object], times: int) -> None:
    """Let something happen elsewhere between a transaction's first look at a table and a statement of it."""
    left = [other] * times

    def overtake(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        if statement.startswith(verb) and table in statement and left:
            cursor.execute(f"SELECT 1 FROM {table}")
            left.pop()()

    event.listen(engine, "before_cursor_execute", overtake)


def test_a_serialization_failure_is_decided_again(engine: Engine, elsewhere: SqlStorage) -> None:
    """CC-05: a command whose transaction fails to serialize is decided again, and succeeds."""
    order = records.a_full_order()
    elsewhere.write(stored(order))
    paid = update(order, evolve(order, status=OrderStatus.PAID))
    overtaken(engine, "UPDATE", "ca_orders", lambda: elsewhere.write([paid]), times=1)
    parcel = ParcelInput(carrier="Post", tracking_number="1Z999")
    shipped = RecordShipment(
        reference=order.reference, shipment_id="another", parcels=(parcel,), shipped_at=later(days=1)
    )
    Accounts(SqlStorage(engine), cheap_settings()).require(shipped, by=System())
    scope = Scope(parts=frozenset({Part.ORDERS}), order=order.reference)
    (now,) = elsewhere.read(scope).orders
    assert (now.version, len(now.shipments)) == (order.version + 2, len(order.shipments) + 1)


def lease(storage: SqlStorage) -> int:
    """Lease what is due until a time that is over, so that it is due again."""
    return len(storage.lease(Queue.MAIL, limit=9, now=later(hours=1), until=NOW))


def test_a_worker_leases_in_spite_of_others(engine: Engine, elsewhere: SqlStorage) -> None:
    """RL-04: a lease has the level that queues need, whatever the engine's is: others may write the same mails."""
    elsewhere.write(stored(records.a_mail(leased_until=None)))
    overtaken(engine, "SELECT", "ca_mails", lambda: touch(elsewhere), times=9)
    assert lease(SqlStorage(engine)) == 1


def test_what_others_end_five_times_is_a_conflict(engine: Engine, elsewhere: SqlStorage) -> None:
    """RL-06: a dead mail is queued again though its transaction fails to serialize, four times and no more."""
    mail = records.a_mail(status=MailStatus.DEAD, leased_until=None)
    elsewhere.write(stored(mail))

    def requeue() -> bool:
        asked = records.an_event(None)
        return SqlStorage(engine).requeue(mail.id, due_at=NOW, event=asked)

    overtaken(engine, "UPDATE", "ca_mails", lambda: touch(elsewhere), times=5)
    with pytest.raises(ConflictError, match="5 times"):
        requeue()
    overtaken(engine, "UPDATE", "ca_mails", lambda: touch(elsewhere), times=4)
    assert requeue()


def touch(storage: SqlStorage) -> None:
    """Write all mails as they are."""
    assert storage._own is not None
    with storage._own.begin() as connection:
        connection.execute(text("UPDATE ca_mails SET attempts = attempts"))


def test_a_deadlock_is_a_lost_race(postgres_shop: Database) -> None:
    """CC-05: of two transactions that wait for each other one is overtaken, and the other is done."""
    one, two = records.an_account(), records.an_account()
    engine = create_engine(postgres_shop.url, connect_args={"options": "-c deadlock_timeout=10ms"})
    storage, both_began = SqlStorage(engine), Barrier(2, timeout=60)
    storage.write(stored(one, two))

    def write(*ids: object) -> str:
        touch_account = text("UPDATE ca_accounts SET name = 'x' WHERE id = :id")
        try:
            with storage._transactions.writing() as connection:
                connection.execute(touch_account, {"id": ids[0]})
                both_began.wait()
                connection.execute(touch_account, {"id": ids[1]})
        except StaleWriteError as lost:
            return lost.what
        return "done"

    with ThreadPoolExecutor(2) as threads:
        outcomes = threads.map(write, (one.id, two.id), (two.id, one.id))
        assert sorted(outcomes) == ["done", "transaction"]
    engine.dispose()
