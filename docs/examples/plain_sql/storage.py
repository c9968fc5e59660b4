"""`PlainSqlStorage`: the records in one SQLite file, with `sqlite3` and nothing else.

* A write is one transaction that begins with BEGIN IMMEDIATE: writers wait for each other at its beginning, so
  nothing that a write compares can change before it ends.
* A read is one transaction too: all its queries see the same snapshot.
* Joined to the host's connection, a write is a savepoint.  A savepoint outside of a transaction would be one itself
  and end it, so one is begun first; the host ends it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, assert_never
from uuid import UUID

from customer_accounts.account import AccountRecord
from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Page, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailOutcome, MailStatus, MailTask, Queue, VatTask
from examples.packing import packed
from examples.plain_sql.tables import MAILS, ORDERS, TABLES, TOKENS, VAT_CHECKS, Table, marks
from examples.plain_sql.writing import Written, applied
from examples.reading import facts_of

#: A leased mail or check, unless somebody else has leased it meanwhile.
_HELD_MAIL = "id = ? AND leased_until = ? AND status = 'queued'"
_HELD_CHECK = "number = ? AND leased_until = ?"


class PlainSqlStorage:
    """A storage in one file, for threads and processes of one machine.

    Args:
        path: the file; made if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._host: sqlite3.Connection | None = None

    def create_tables(self) -> None:
        """Make the tables."""
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # readers never wait for the writer
        with self._transaction("BEGIN IMMEDIATE") as connection:
            for table in TABLES.values():
                for statement in table.statements:
                    connection.execute(statement)

    def within(self, connection: sqlite3.Connection) -> "PlainSqlStorage":
        """Give the same storage inside the host's open transaction, which the host alone ends."""
        joined = PlainSqlStorage(self._path)
        joined._host = connection
        return joined

    def read(self, scope: Scope, /) -> Facts:
        """See `customer_accounts.ports.Storage.read`."""
        with self._transaction("BEGIN") as connection:
            return facts_of(scope, _Rows(connection))

    def write(self, changes: Sequence[Change], /) -> Counts:
        """See `customer_accounts.ports.Storage.write`."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            written = Written()
            for change in changes:
                applied(change, connection, written)
            return written.counts()

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """See `customer_accounts.ports.Storage.lease`."""
        table, where = (MAILS, "status = 'queued' AND") if queue is Queue.MAIL else (VAT_CHECKS, "")
        due = table.select(
            f"{where} due_at <= ?1 AND (leased_until IS NULL OR leased_until < ?1) ORDER BY due_at LIMIT ?2"
        )
        lease = f'UPDATE "{table.name}" SET leased_until = ? WHERE {table.key[0]} = ? RETURNING *'
        with self._transaction("BEGIN IMMEDIATE") as connection:
            rows = _Rows(connection)
            chosen = [row[table.key[0]] for row in connection.execute(due, (packed(now), limit))]
            leased = [connection.execute(lease, (packed(until), key)).fetchone() for key in chosen]
            return [rows.task(table.record(row)) for row in leased]

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `customer_accounts.ports.Storage.finish`."""
        values = packed(outcome.status), packed(outcome.at), outcome.reply, *_held(task)
        with self._transaction("BEGIN IMMEDIATE") as connection:
            connection.execute(
                "UPDATE mails SET status = ?, finished_at = ?, reply = ?, attempts = attempts + 1,"
                f" leased_until = NULL, \"to\" = '', details = '[]' WHERE {_HELD_MAIL}",
                values,
            )

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `customer_accounts.ports.Storage.fail`."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            match task:
                case MailTask():
                    status = MailStatus.DEAD if retry_at is None else MailStatus.QUEUED
                    connection.execute(
                        "UPDATE mails SET status = ?, due_at = coalesce(?, due_at), reply = ?,"
                        f" attempts = attempts + 1, leased_until = NULL WHERE {_HELD_MAIL}",
                        (packed(status), packed(retry_at), reason, *_held(task)),
                    )
                case VatTask():
                    if retry_at is None:
                        connection.execute(f"DELETE FROM vat_checks WHERE {_HELD_CHECK}", _held(task))
                    else:
                        connection.execute(
                            "UPDATE vat_checks SET due_at = ?, attempts = attempts + 1, leased_until = NULL"
                            f" WHERE {_HELD_CHECK}",
                            (packed(retry_at), *_held(task)),
                        )
                case _:
                    assert_never(task)

    def release(self, task: MailTask | VatTask, /) -> None:
        """See `customer_accounts.ports.Storage.release`."""
        table, held = ("mails", _HELD_MAIL) if isinstance(task, MailTask) else ("vat_checks", _HELD_CHECK)
        with self._transaction("BEGIN IMMEDIATE") as connection:
            connection.execute(f"UPDATE {table} SET leased_until = NULL WHERE {held}", _held(task))

    def _transaction(self, begin: str) -> AbstractContextManager[sqlite3.Connection]:
        return self._own(begin) if self._host is None else self._joined(self._host)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        # Without isolation level the driver begins and commits nothing by itself.
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _own(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._connected() as connection:
            connection.execute(begin)
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _joined(self, host: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        before, host.row_factory = host.row_factory, sqlite3.Row
        if not host.in_transaction:
            host.execute("BEGIN IMMEDIATE")
        host.execute("SAVEPOINT customer_accounts")
        try:
            yield host
        except BaseException:
            host.execute("ROLLBACK TO customer_accounts")
            raise
        finally:
            host.execute("RELEASE customer_accounts")
            host.row_factory = before


class _Rows:
    """Finds records on a connection (see `examples.reading.Finder`)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, kind: type, field: str, values: Iterable[Any]) -> list[Any]:
        table, wanted = TABLES[kind], [packed(one) for one in values if one is not None]
        return self._records(table, f'"{field}" IN ({marks(wanted)})', wanted)

    def holders(self, number: str | None) -> list[AccountRecord]:
        """See `examples.reading.Finder.holders`."""
        where = "json_extract(company, '$.vat_number') = ?"
        return self._records(TABLES[AccountRecord], where, [number])

    def page(self, owner: UUID | None, page: Page) -> list[OrderRecord]:
        at, reference = page.after or (None, None)
        where = "owner = ?1 AND (?2 IS NULL OR (placed_at, reference) < (?2, ?3))"
        order = "ORDER BY placed_at DESC, reference DESC LIMIT ?4"
        return self._records(ORDERS, f"{where} {order}", [packed(owner), packed(at), reference, page.limit])

    def task(self, record: Any) -> MailTask | VatTask:
        """Give a leased record with what its text needs."""
        if TABLES[type(record)] is VAT_CHECKS:
            return VatTask(record)
        link, second = (self._one(TOKENS, digest) for digest in (record.token, record.extra_token))
        return MailTask(record, link, second, self._one(ORDERS, record.order_reference))

    def _one(self, table: Table, key: str | None) -> Any:
        return next(iter(self._records(table, f"{table.key[0]} = ?", [key])), None)

    def _records(self, table: Table, where: str, values: Sequence[Any]) -> list[Any]:
        return [table.record(row) for row in self._connection.execute(table.select(where), values)]


def _held(task: MailTask | VatTask) -> Sequence[Any]:
    if isinstance(task, MailTask):
        return packed(task.mail.id), packed(task.mail.leased_until)
    return task.check.number, packed(task.check.leased_until)
