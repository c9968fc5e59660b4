"""`SqlStorage`: records in an SQL database, from one SQLite file to PostgreSQL, for sync hosts."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import Literal, Self, TypeVar, overload
from uuid import UUID

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.sql import ClauseElement

from customer_accounts.adapters.sql import outbox, queues
from customer_accounts.adapters.sql.answering import answer
from customer_accounts.adapters.sql.at_once import fits_one_statement, run_at_once
from customer_accounts.adapters.sql.compiled import compiled
from customer_accounts.adapters.sql.connecting import (
    OwnTransactions,
    Transactions,
    change_tables_alone,
    engine_for,
)
from customer_accounts.adapters.sql.direct import Sends
from customer_accounts.adapters.sql.faults import LostTransactionError
from customer_accounts.adapters.sql.host_orders import HostOrders
from customer_accounts.adapters.sql.joining import DjangoConnection, HasConnection, joined
from customer_accounts.adapters.sql.lending import Lender
from customer_accounts.adapters.sql.locking import lock_rows
from customer_accounts.adapters.sql.reading import question
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.adapters.sql.schema import orders as our_orders
from customer_accounts.adapters.sql.shape import shape_of, values_of
from customer_accounts.adapters.sql.stand_in import read_link_instead
from customer_accounts.adapters.sql.step import Step
from customer_accounts.adapters.sql.straight import few_new_records, insert_each
from customer_accounts.adapters.sql.writing import plan, run
from customer_accounts.changes import Change, Counts
from customer_accounts.errors import ConflictError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.outbox import (
    Backlog,
    EventRecord,
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    Queue,
    VatTask,
)

C = TypeVar("C")
T = TypeVar("T")
S = TypeVar("S", bound=ClauseElement)

#: How often a transaction is tried that the database gives up because of others.
TRIES = 5


class SqlStorage:
    """A storage on an SQL database, safe for threads and for several processes.

    Args:
        url_or_engine: an SQLAlchemy URL such as ``sqlite:///shop.db``, or the host's own engine.  What is made
            from a URL keeps at most fifteen connections to a server.
        orders: the host's own table of orders, if they are kept there.
    """

    def __init__(self, url_or_engine: str | URL | Engine, *, orders: HostOrders | None = None) -> None:
        self._own = None if isinstance(url_or_engine, Engine) else engine_for(url_or_engine)
        engine = url_or_engine if isinstance(url_or_engine, Engine) else self._own
        assert engine is not None  # one of the two
        self._own_transactions = OwnTransactions(engine, alone=self._own is not None)
        self._transactions: Transactions = self._own_transactions
        self._lender = Lender(engine.dialect)
        self._orders = orders

    def create_schema(self) -> None:
        """Make the tables that are missing, for tests and first steps; a living shop uses migrations.

        Raises:
            SettingsError: the host's own table of orders lacks a column, or cannot hold orders.
        """
        with self._transactions.writing() as connection:
            change_tables_alone(connection)
            if self._orders is None:
                metadata.create_all(connection)
            else:
                self._orders.check(connection)
                metadata.create_all(
                    connection, [one for one in metadata.sorted_tables if one is not our_orders]
                )

    def within(self, connection: Connection | HasConnection | DjangoConnection) -> Self:
        """Give the same storage inside the host's open transaction.

        Every write is a savepoint; the host alone commits, rolls back and closes.  Where the host's transaction
        keeps its snapshot (REPEATABLE READ, SERIALIZABLE), a lost race raises `ConflictError` at once.

        Args:
            connection: an SQLAlchemy connection; or a session, whose connection is joined; or
                ``django.db.connection`` inside of ``transaction.atomic()``.

        Raises:
            TypeError: it is none of these.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._own = None
        other._transactions = joined(connection, self._lender)
        return other

    def close(self) -> None:
        """Close the connections of the engine that was made for a URL; a host's own engine is left alone."""
        if self._own is not None:
            self._own_transactions.close()

    def read(self, scope: Scope, /) -> Facts:
        """See `customer_accounts.ports.Storage.read`; always one statement."""
        asked = question(shape_of(scope))
        if asked is None:
            return Facts()
        statement, values = self._translated(asked.statement), values_of(scope)
        begin = partial(self._transactions.sending, together=False)
        rows, dialect = _persistently(
            begin, lambda it: (compiled(statement, it.dialect).rows(it, values), it.dialect)
        )
        facts = answer(asked, rows, scope.history)
        if scope.alike and facts.registrations and not facts.tokens and Part.TOKENS in scope.parts:
            read_link_instead(asked, compiled(statement, dialect), dialect)
        return facts

    def write(self, changes: Sequence[Change], /) -> Counts:
        """See `customer_accounts.ports.Storage.write`.

        What the database gave up because of others had no effect; each step compares again, so it is written again.
        """
        dialect = self._transactions.dialect
        new = few_new_records(changes) if dialect == "sqlite" else None
        if new is not None:
            _persistently(partial(self._transactions.sending, together=True), partial(insert_each, new))
            return Counts()
        steps = plan(changes, dialect)
        self._translate(steps)
        if self._transactions.commits_statements and fits_one_statement(steps):
            alone = partial(self._transactions.sending, together=False)
            return _persistently(alone, lambda it: run_at_once(steps, it))

        def in_order(connection: Sends) -> Counts:
            lock_rows(steps, connection)
            return run(steps, connection)

        return _persistently(partial(self._transactions.sending, together=True), in_order)

    @overload
    def lease(
        self, queue: Literal[Queue.MAIL], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask]: ...
    @overload
    def lease(
        self, queue: Literal[Queue.VAT], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[VatTask]: ...
    def lease(
        self, queue: Queue, /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask] | Sequence[VatTask]:
        """See `customer_accounts.ports.Storage.lease`."""
        begin = self._transactions.working
        if queue is Queue.MAIL:
            return _persistently(
                begin, lambda it: queues.lease_mails(it, limit, now, until, self._translated)
            )
        return _persistently(begin, lambda it: queues.lease_checks(it, limit, now, until))

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `customer_accounts.ports.Storage.finish`."""
        _persistently(self._transactions.working, lambda it: queues.finish(it, task, outcome))

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `customer_accounts.ports.Storage.fail`."""
        _persistently(self._transactions.working, lambda it: queues.fail(it, task, retry_at, reason))

    def release(self, task: MailTask | VatTask, /) -> None:
        """See `customer_accounts.ports.Storage.release`."""
        _persistently(self._transactions.working, lambda it: queues.release(it, task))

    def backlog(self) -> Backlog:
        """See `customer_accounts.ports.Outbox.backlog`."""
        with self._transactions.reading() as connection:
            return outbox.backlog(connection)

    def mails(
        self, status: MailStatus, /, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> Sequence[MailRecord]:
        """See `customer_accounts.ports.Outbox.mails`."""
        with self._transactions.reading() as connection:
            return outbox.page_of_mails(connection, status, after, limit)

    def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """See `customer_accounts.ports.Outbox.requeue`."""
        return _persistently(
            self._transactions.writing, lambda it: outbox.requeue(it, mail_id, due_at, event)
        )

    def _translated(self, statement: S) -> S:
        return statement if self._orders is None else self._orders.on_host(statement)

    def _translate(self, steps: Iterable[Step]) -> None:
        if self._orders is not None:
            for step in steps:
                step.statement = self._orders.on_host(step.statement)
                self._translate(step.then)


def _persistently(begin: Callable[[], AbstractContextManager[C]], work: Callable[[C], T]) -> T:
    """Work in a transaction, and again if it was given up because of others; for what is right whoever was first."""
    for _ in range(TRIES):
        try:
            with begin() as connection:
                return work(connection)
        except LostTransactionError:
            continue
    raise ConflictError(f"a transaction was given up {TRIES} times because of others")
