"""From changes to the steps of one transaction.

Changes keep their order, as far as it can be told: new records of one kind are gathered into one statement
until a change of the same kind comes.  Each step knows whether every row of it must hit; one that does not
was overtaken. Versions and tokens are compared by the statement that writes, never by a reading before it
(CC-05, TK-05).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any, assert_never
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from customer_accounts.adapters.sql.compiled import compiled
from customer_accounts.adapters.sql.direct import Sends
from customer_accounts.adapters.sql.faults import taken_in
from customer_accounts.adapters.sql.lists import bound, number_of
from customer_accounts.adapters.sql.locking import in_lock_order
from customer_accounts.adapters.sql.mapping import (
    CLAIMS,
    EVENTS,
    MAILS,
    MERGES,
    NODES,
    ORDER_VAT,
    ORDERS,
    PROPOSALS,
    REGISTRATIONS,
    REQUESTS,
    TOKENS,
    VAT_EVIDENCE,
    Node,
    Row,
)
from customer_accounts.adapters.sql.statements import (
    BOUNCE_MAIL,
    USE_TOKEN,
    delete_elements,
    delete_of,
    insert_into,
    insert_mail,
    move_orders,
    new_row,
    old_row,
    purges_of,
    update_of,
)
from customer_accounts.adapters.sql.step import Step, push
from customer_accounts.changes import (
    BounceMail,
    Change,
    Counts,
    Kept,
    Mark,
    MoveOrders,
    Purge,
    QueueMail,
    Record,
    RecordEvent,
    Remove,
    Save,
    UseToken,
)
from customer_accounts.errors import StaleWriteError
from customer_accounts.outbox import MailRecord

_PURGED: dict[Kept, Node] = {
    Kept.REGISTRATIONS: REGISTRATIONS,
    Kept.TOKENS: TOKENS,
    Kept.MAILS: MAILS,
    Kept.EVENTS: EVENTS,
    Kept.REQUESTS: REQUESTS,
    Kept.PROPOSALS: PROPOSALS,
    Kept.ORDER_VAT: ORDER_VAT,
    Kept.VAT_EVIDENCE: VAT_EVIDENCE,
    Kept.MERGES: MERGES,
    Kept.CLAIMS: CLAIMS,
}


class _Plan:
    def __init__(self, dialect: str) -> None:
        self.steps: list[Step] = []
        self._dialect = dialect
        self._new: dict[Node, list[object]] = {}

    def add(self, change: Change) -> None:
        match change:
            case Save():
                self._save(change.record, change.expected_version)
            case QueueMail():
                self._push(self._mail(change.mail))
            case RecordEvent():
                self._new.setdefault(EVENTS, []).append(change.event)
            case Remove():
                self._remove(change.record)
            case UseToken():
                row = {"old_digest": change.digest, "at": change.at, "by": change.account_id}
                self._after_new(TOKENS, Step("TokenRecord", USE_TOKEN, [row], exact=True, together=True))
            case MoveOrders():
                self._move(change)
            case BounceMail():
                self._push(self._bounce(change))
            case Purge():
                self._purge(change)
            case _:
                assert_never(change)

    def flush(self, node: Node) -> None:
        """Write the new records of one kind that wait: their rows, then those of their elements."""
        records = self._new.pop(node, None)
        if records is not None:
            self._push(_insert(node, [node.row(one) for one in records]))
            self._elements(node, records)

    def flush_all(self) -> None:
        for node in list(self._new):
            self.flush(node)

    def _push(self, step: Step) -> None:
        push(self.steps, step)

    def _after_new(self, node: Node, step: Step) -> None:
        self.flush(node)
        self._push(step)

    def _elements(self, node: Node, records: Iterable[object]) -> None:
        if not node.elements:
            return
        rows: dict[Node, list[Row]] = {}
        for one in records:
            for below, row in node.element_rows(one):
                rows.setdefault(below, []).append(row)
        # Parents come before what is below them, whatever record they belong to.
        for below in node.family():
            if below in rows:
                self._push(_insert(below, rows[below], of=node))

    def _save(self, record: Record, expected: int | None) -> None:
        node = NODES[type(record)]
        if expected is None:
            self._new.setdefault(node, []).append(record)
            return
        row = node.row(record)
        row = {**new_row(row), **old_row(node, row, expected)}
        self._after_new(node, Step(type(record).__name__, update_of(node), [row], exact=True, together=True))
        self._without_elements(node, record)
        self._elements(node, [record])

    def _remove(self, record: Record) -> None:
        node = NODES[type(record)]
        self.flush(node)
        self._without_elements(node, record)
        row = old_row(node, node.row(record), record.version)
        self._push(Step(type(record).__name__, delete_of(node), [row], exact=True, together=True))

    def _without_elements(self, node: Node, record: Record) -> None:
        """Delete what is below a record, the deepest first."""
        key = (
            {name: value for name, value in node.row(record).items() if name in node.key}
            if node.elements
            else {}
        )
        for below in reversed(list(node.family())[1:]):
            rows: list[Row] = [{f"old_{name}": value for name, value in key.items()}]
            self._push(Step(type(record).__name__, delete_elements(node, below), rows))

    def _move(self, change: MoveOrders) -> None:
        wanted = change.selection
        conditions = {
            "owner": ("from", wanted.owner),
            "email_key": ("of", wanted.email_key),
            "since": ("since", wanted.since),
            "reference": ("order", wanted.reference),
            "claim": ("of_claim", wanted.claim),
        }
        given = frozenset(name for name, (_, value) in conditions.items() if value is not None)
        row: Row = {bound: value for bound, value in conditions.values() if value is not None}
        names = wanted.names or ()
        row |= bound("name", names)
        row["to"] = change.to
        if change.mark is not Mark.KEEP:
            row["claim"] = change.claim_id if change.mark is Mark.SET else None
        statement = move_orders(given, number_of(names), claimed=wanted.claimed, mark=change.mark)
        self._after_new(ORDERS, Step("OrderRecord", statement, [row], counts=change.claim_id, together=True))

    def _mail(self, mail: MailRecord) -> Step:
        details = [row for _, row in MAILS.element_rows(mail)] if mail.details else []
        then = [_insert(MAILS.elements[0], details, of=MAILS)] if details else []
        row = MAILS.row(mail)
        return Step("MailRecord", insert_mail(self._dialect), [row], then=then, together=True)

    def _bounce(self, change: BounceMail) -> Step:
        row = {
            "old_id": change.mail_id,
            "old_bounce": "" if change.known is None else change.known.value,
            "new_bounce": change.bounce.value,
            "at": change.at,
            "words": change.reason,
        }
        return Step("MailRecord", BOUNCE_MAIL, [row], exact=True)

    def _purge(self, change: Purge) -> None:
        *before, last = purges_of(change.kind)
        row: Row = {"before": change.before}
        if change.kind is Kept.ORDER_VAT:
            row = {"before_day": change.before.astimezone(UTC).date()}
        self.flush(_PURGED[change.kind])  # what is below a new record goes before it, too
        for statement in before:
            self._push(Step(change.kind, statement, [row]))
        self._push(Step(change.kind, last, [row], counts=change.kind))


def plan(changes: Sequence[Change], dialect: str) -> list[Step]:
    """Give the steps that write *changes*, in an order that means the same."""
    made = _Plan(dialect)
    for change in changes:
        made.add(change)
    made.flush_all()
    # A writer on SQLite is alone.
    return made.steps if dialect == "sqlite" else in_lock_order(made.steps)


def run(steps: Iterable[Step], connection: Sends) -> Counts:
    """Take the steps on a connection whose transaction the caller ends.

    Raises:
        StaleWriteError: a step was overtaken; the caller rolls back.
    """
    told: dict[Any, int] = {}
    for step in steps:
        try:
            hit = _run(step, connection)
        except IntegrityError as error:
            if taken_in(error, (step.table.name,)) is not None:
                # Not "from error": its text holds the values of the row.
                raise StaleWriteError(step.what) from None
            raise
        if step.overtaken(hit):
            raise StaleWriteError(step.what)
        if step.counts is not None:
            told[step.counts] = told.get(step.counts, 0) + hit
        if hit > 0 and step.then:
            run(step.then, connection)
    return counts_of(told)


def counts_of(told: dict[Any, int]) -> Counts:
    """Sort the numbers by what they count."""
    return Counts(
        {name: hit for name, hit in told.items() if isinstance(name, UUID)},
        {name: hit for name, hit in told.items() if isinstance(name, Kept)},
    )


def _run(step: Step, connection: Sends) -> int:
    sent = compiled(step.statement, connection.dialect)
    if len(step.rows) == 1:
        return sent.run(connection, step.rows[0])
    if step.exact and not connection.dialect.supports_sane_multi_rowcount:
        return sum(sent.run(connection, row) for row in step.rows)
    return sent.run_each(connection, step.rows)


def _insert(node: Node, rows: list[Row], *, of: Node | None = None) -> Step:
    """Insert rows of a record, or of what is below one: that is overtaken under the name of its record."""
    return Step((of or node).fields.cls.__name__, insert_into(node.table), rows, together=True)
