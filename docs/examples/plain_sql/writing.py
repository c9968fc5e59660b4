"""One change, as statements of SQL.

Nothing is looked up before it is written: the condition of the statement compares, and the number of rows that it
hit tells who was first.
"""

import sqlite3
from typing import Any, assert_never
from uuid import UUID

from attrs import define, field

from customer_accounts.changes import (
    BounceMail,
    Change,
    Counts,
    Kept,
    Mark,
    MoveOrders,
    OrderSelection,
    Purge,
    QueueMail,
    RecordEvent,
    Remove,
    Save,
    UseToken,
)
from customer_accounts.errors import StaleWriteError
from examples.packing import packed
from examples.plain_sql.tables import EVENTS, MAILS, TABLES, Table, marks

#: What has ended before a time, by the kind of rows.
_ENDED = {
    Kept.REGISTRATIONS: "DELETE FROM registrations WHERE expires_at < ?1",
    Kept.TOKENS: "DELETE FROM tokens WHERE expires_at < ?1",
    Kept.MAILS: "DELETE FROM mails WHERE finished_at < ?1 OR (status = 'dead' AND due_at < ?1)",
    Kept.CLAIMS: "UPDATE claims SET email_key = '', facts = '', \"by\" = '', reason = '', undone_by = '',"
    " undone_reason = '', version = version + 1 WHERE \"at\" < ?1 AND \"by\" <> ''",
    Kept.EVENTS: 'DELETE FROM events WHERE "at" < ?1',
    Kept.ORDER_VAT: "DELETE FROM order_vat WHERE supplied_on < substr(?1, 1, 10)",
    Kept.VAT_EVIDENCE: "DELETE FROM vat_evidence WHERE checked_at < ?1"
    " AND NOT EXISTS (SELECT 1 FROM order_vat WHERE evidence_id = vat_evidence.id)"
    " AND NOT EXISTS (SELECT 1 FROM order_vat WHERE corrected_evidence_id = vat_evidence.id)",
}
_MARKS = {Mark.SET: "?2", Mark.KEEP: "claim_id", Mark.CLEAR: "NULL"}


@define
class Written:
    """What a write has done so far."""

    moved: dict[UUID, int] = field(factory=dict)
    purged: dict[Kept, int] = field(factory=dict)

    def counts(self) -> Counts:
        """Give the numbers."""
        return Counts(self.moved, self.purged)


def applied(change: Change, connection: sqlite3.Connection, written: Written) -> None:
    """Make one change.

    Raises:
        NotImplementedError: it is of a kind that this shop does without.
        StaleWriteError: somebody else was first.
    """
    match change:
        case Save(record, version):
            _save(_table_of(record), record, version, connection)
        case Remove(record):
            table = _table_of(record)
            row = table.row(record)
            old = [row[name] for name in table.key]
            _hit(
                connection,
                f'DELETE FROM "{table.name}" WHERE {_named(table)}',
                [*old, record.version],
                record,
            )
        case UseToken():
            _hit(
                connection,
                "UPDATE tokens SET used_at = ?, account_id = coalesce(account_id, ?), version = version + 1"
                " WHERE digest = ? AND used_at IS NULL",
                [packed(change.at), packed(change.account_id), change.digest],
                "TokenRecord",
            )
        case MoveOrders():
            moved = _move(change, connection)
            written.moved[change.claim_id] = written.moved.get(change.claim_id, 0) + moved
        case QueueMail():
            _insert(MAILS, change.mail, connection, "OR IGNORE ")
        case BounceMail():
            _hit(
                connection,
                "UPDATE mails SET bounce = ?, bounced_at = ?, bounce_reason = ? WHERE id = ? AND bounce IS ?",
                [*map(packed, (change.bounce, change.at, change.reason, change.mail_id, change.known))],
                "MailRecord",
            )
        case RecordEvent():
            _insert(EVENTS, change.event, connection)
        case Purge(kind, before):
            # What this shop does without is never there.
            ended = [packed(before)]
            written.purged[kind] = connection.execute(_ENDED[kind], ended).rowcount if kind in _ENDED else 0
        case _:
            assert_never(change)


def _table_of(record: object) -> Table:
    kind = type(record)
    if kind not in TABLES:
        raise NotImplementedError(f"this shop does without {kind.__name__}: it has no table")
    return TABLES[kind]


def _insert(table: Table, record: object, connection: sqlite3.Connection, how: str = "") -> None:
    row = table.row(record)
    names = ", ".join(f'"{name}"' for name in row)
    try:
        connection.execute(
            f'INSERT {how}INTO "{table.name}" ({names}) VALUES ({marks(list(row))})', list(row.values())
        )
    except sqlite3.IntegrityError as error:
        raise _taken(error, record) from None


def _save(table: Table, record: Any, version: int | None, connection: sqlite3.Connection) -> None:
    if version is None:
        _insert(table, record, connection)
        return
    row = table.row(record)
    columns = ", ".join(f'"{name}" = ?' for name in row)
    old = [row[name] for name in table.key]
    _hit(
        connection,
        f'UPDATE "{table.name}" SET {columns} WHERE {_named(table)}',
        [*row.values(), *old, version],
        record,
    )


def _named(table: Table) -> str:
    return " AND ".join(f'"{name}" = ?' for name in (*table.key, "version"))


def _hit(connection: sqlite3.Connection, statement: str, values: list[Any], what: object) -> None:
    try:
        hit = connection.execute(statement, values).rowcount
    except sqlite3.IntegrityError as error:
        raise _taken(error, what) from None
    if not hit:
        raise StaleWriteError(what if isinstance(what, str) else type(what).__name__)


def _taken(error: sqlite3.IntegrityError, what: object) -> Exception:
    """Give the error of a lost race for a unique key; any other broken constraint is a fault of the program."""
    if error.sqlite_errorname in {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}:
        return StaleWriteError(type(what).__name__)
    return error


def _move(change: MoveOrders, connection: sqlite3.Connection) -> int:
    where, values = _selected(change.selection)
    # Each value is used, whatever becomes of the mark: a statement must not be given more than it names.
    statement = f"UPDATE orders SET owner = ?1, claim_id = {_MARKS[change.mark]}, version = version + 1"
    return connection.execute(
        f"{statement} WHERE ?2 IS NOT NULL AND {where}", [packed(change.to), packed(change.claim_id), *values]
    ).rowcount


def _selected(wanted: OrderSelection) -> tuple[str, list[Any]]:
    """Give the condition of a selection, and its values."""
    conditions: list[tuple[str, list[Any]]] = [("owner IS ?", [packed(wanted.owner)])]
    if wanted.owner is None:
        conditions.append(("NOT disputed", []))
    if wanted.email_key is not None:
        conditions.append(("email_key = ?", [wanted.email_key]))
    if wanted.since is not None:
        conditions.append(("placed_at >= ?", [packed(wanted.since)]))
    if wanted.reference is not None:
        conditions.append(("reference = ?", [wanted.reference]))
    if wanted.names is not None:
        conditions.append((f"name IN ({marks(wanted.names)})", list(wanted.names)))
    if wanted.claim is not None:
        conditions.append(("claim_id = ?", [packed(wanted.claim)]))
    if wanted.claimed is not None:
        conditions.append(("claim_id IS NOT NULL" if wanted.claimed else "claim_id IS NULL", []))
    return " AND ".join(one for one, _ in conditions), [one for _, values in conditions for one in values]
