"""On PostgreSQL a write is one statement, and means what its steps mean one by one."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage, metadata
from customer_accounts.adapters.sql.at_once import MOST_ROWS, _overtaken, fits_one_statement
from customer_accounts.adapters.sql.writing import plan
from customer_accounts.changes import (
    Change,
    Kept,
    MoveOrders,
    OrderSelection,
    Purge,
    QueueMail,
    Remove,
    UseToken,
    insert,
    update,
)
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Part, Scope
from customer_accounts.outbox import MailRecord, MailStatus, Queue
from customer_accounts.testing import records
from customer_accounts.testing.records import NOW, later, stored
from tests.adapters import test_sql_agreement as town
from tests.postgres import Database, Server


class Watched(SqlStorage):
    """A storage that remembers what it sent, and how often it began a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.sent: list[str] = []
        self.begun = 0
        event.listen(engine, "before_cursor_execute", self._remember)
        event.listen(engine, "commit", self._count)

    def _remember(self, *arguments: Any) -> None:
        self.sent.append(arguments[2])

    def _count(self, connection: Any) -> None:
        self.begun += connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT"


@pytest.fixture(name="storage")
def _storage(postgres_shop: Database) -> Iterator[Watched]:
    engine = create_engine(postgres_shop.url)
    yield Watched(engine)
    engine.dispose()


@pytest.fixture(name="emptied", scope="module")
def _emptied(postgres_server: Server, postgres_template: str) -> Iterator[Callable[[], SqlStorage]]:
    """Give one database again and again, empty each time."""
    database = postgres_server.create("at_once", template=postgres_template)
    storage = SqlStorage(database.url)

    def empty() -> SqlStorage:
        with storage._transactions.writing() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        return storage

    yield empty
    storage.close()
    postgres_server.drop(database.name)


@settings(max_examples=25)
@given(data=st.data())
def test_one_statement_means_what_the_storage_in_memory_says(
    emptied: Callable[[], SqlStorage], data: st.DataObject
) -> None:
    """CC-05: any short history of writes has equal outcomes, counts and facts, whether it fits a statement or not."""
    memory, sql = MemoryStorage(), emptied()
    for _ in range(data.draw(st.integers(1, 5))):
        changes = [town._some_change(data, memory) for _ in range(data.draw(st.integers(1, 4)))]
        assert town._outcome(memory, changes) == town._outcome(sql, changes)
    everything = Scope(
        parts=frozenset(Part), email_keys=("a@mail.example", "b@mail.example"), account_id=UUID(int=0)
    )
    assert town._comparable(sql.read(everything)) == town._comparable(memory.read(everything))


def _registration() -> list[Change]:
    registration = records.a_registration()
    token = records.a_token(registration_id=registration.id)
    made = records.a_full_mail(), records.an_event(None)
    return [*stored(registration, token, *made)]


def test_a_registration_is_one_read_and_one_write(storage: Watched) -> None:
    """Everything that a registration writes goes in one statement that commits by itself."""
    storage.read(Scope(parts=frozenset({Part.ACCOUNTS, Part.REGISTRATIONS}), email_keys=("a@mail.example",)))
    storage.write(_registration())
    assert len(storage.sent) == 2
    assert storage.begun == 0
    (task,) = storage.lease(Queue.MAIL, limit=9, now=records.later(days=9), until=records.later(days=10))
    assert task.mail.details == records.a_full_mail().details


def test_a_mail_that_is_there_keeps_its_details(storage: Watched) -> None:
    """RL-08: the details of a mail that was left alone are not written either."""
    mail = records.a_full_mail()
    storage.write([QueueMail(mail)])
    storage.write([QueueMail(mail), insert(records.an_account())])
    with storage._transactions.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM ca_mail_details")).scalar() == len(mail.details)


OVERTAKEN: dict[str, Callable[[Any, Any], list[Change]]] = {
    "AccountRecord": lambda account, _: [update(evolve(account, version=7), account)],
    "TokenRecord": lambda _, token: [UseToken(token.digest, records.NOW)],
    "RegistrationRecord": lambda *_: [Remove(records.a_registration())],
}


@pytest.mark.parametrize(
    ("kind", "record"), [(Kept.MERGES, records.a_full_merge), (Kept.MAILS, records.a_full_mail)]
)
def test_what_a_write_makes_it_may_purge(storage: Watched, kind: Kept, record: Callable[[], Any]) -> None:
    """DP-01: what is below a new record that is purged in the same write goes before it; nothing is left alone."""
    made = record()
    if isinstance(made, MailRecord):
        made = evolve(made, status=MailStatus.SENT, finished_at=NOW)
    assert storage.write([insert(made), Purge(kind, later(days=3650))]).purged == {kind: 1}


@pytest.mark.parametrize("what", OVERTAKEN)
def test_a_step_that_was_overtaken_takes_the_others_with_it(storage: Watched, what: str) -> None:
    """CC-05, TK-05: the statement fails as a whole, and the error names the record and nothing of its values."""
    account, token = records.an_account(), records.a_token(used_at=records.NOW)
    storage.write(stored(account, token))
    storage.sent.clear()
    other = records.a_registration()
    with pytest.raises(StaleWriteError, match=what) as caught:
        storage.write([insert(other), *OVERTAKEN[what](account, token)])
    assert len(storage.sent) == 1
    assert caught.value.__suppress_context__
    found = storage.read(Scope(parts=frozenset({Part.REGISTRATIONS}), email_keys=(other.email_key,)))
    assert found.registrations == ()


def test_a_taken_key_is_named_with_each_driver(storage: Watched, postgres_shop: Database) -> None:
    """CC-01: who was second at a unique key is told which record it was about, and writes nothing."""
    account = records.an_account()
    changes = stored(account, records.a_registration())
    storage.write(changes)
    rival = [insert(records.a_registration()), insert(records.an_account(email_key=account.email_key))]
    with pytest.raises(StaleWriteError, match="AccountRecord"):
        storage.write(rival)

    async def lose() -> None:
        """Write the same key again, and be told."""
        asynchronous = AsyncSqlStorage(postgres_shop.asyncpg_url)
        try:
            await asynchronous.write(rival)
        finally:
            await asynchronous.close()

    with pytest.raises(StaleWriteError, match="AccountRecord"):
        asyncio.run(lose())


def test_a_fault_that_nobody_else_caused_passes(storage: Watched) -> None:
    """A broken database is no lost race: its error comes through."""
    with storage._transactions.writing() as connection:
        connection.execute(text("DROP TABLE ca_events"))
    with pytest.raises(ProgrammingError, match="ca_events"):
        storage.write(_registration())


def _order() -> Any:
    return records.an_order(email_key="a@mail.example")


STEP_BY_STEP: dict[str, Callable[[], Sequence[Change]]] = {
    "nothing": list,
    "more rows than a statement may have values": lambda: [
        insert(records.a_token()) for _ in range(MOST_ROWS + 1)
    ],
    "a purge": lambda: [Purge(Kept.EVENTS, records.NOW)],
    "elements written anew": lambda: [update(one := records.a_wish_list("a"), one)],
    "two changes of one row": lambda: [Remove(one := records.a_token()), insert(one)],
    "an address given up and taken": lambda: [
        update(one := records.an_account(), evolve(one, email_key=None)),
        insert(records.an_account(email_key=one.email_key)),
    ],
    "a move beside a new order": lambda: [
        insert(_order()),
        MoveOrders(OrderSelection("a@mail.example"), records.some_id(), records.some_id()),
    ],
}
TOGETHER: dict[str, Callable[[], Sequence[Change]]] = {
    "a registration": _registration,
    "a record with elements": lambda: [insert(records.a_full_order()), insert(records.a_wish_list("a", "b"))],
    "one move": lambda: [MoveOrders(OrderSelection("a"), records.some_id(), records.some_id())],
    "rows of one table": lambda: [insert(records.a_token()), Remove(records.a_token())],
    "one account": lambda: [update(one := records.an_account(), one), *_registration()],
}


@pytest.mark.parametrize("what", STEP_BY_STEP)
def test_what_needs_an_order_is_taken_step_by_step(what: str) -> None:
    """The parts of one statement do not see each other: what would need it does not become one."""
    assert not fits_one_statement(plan(STEP_BY_STEP[what](), "postgresql"))


@pytest.mark.parametrize("what", TOGETHER)
def test_what_stands_apart_goes_together(what: str) -> None:
    """Rows that cannot meet are written by one statement."""
    assert fits_one_statement(plan(TOGETHER[what](), "postgresql"))


@pytest.mark.parametrize("marks", ['""', "»«", "“”", "«»"])
def test_what_was_overtaken_is_read_in_every_language(marks: str) -> None:
    """A server may tell its errors in the language of its settings, with the quotation marks of that."""
    told = f"type integer: {marks[0]}overtaken: TokenRecord{marks[1]}\nCONTEXT: ..."
    assert _overtaken(DBAPIError("", None, Exception(told)), ()) == "TokenRecord"
