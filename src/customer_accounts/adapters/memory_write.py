"""What a write does to the records in memory, change by change; the rules are those of `ports.Storage.write`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar, assert_never
from uuid import UUID

from attrs import define, evolve, field

from customer_accounts.account import AccountRecord, RegistrationRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord
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
    Record,
    RecordEvent,
    Remove,
    Save,
    UseToken,
    key_of,
)
from customer_accounts.claim import ClaimRecord
from customer_accounts.errors import StaleWriteError
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord, MailStatus
from customer_accounts.token import TokenRecord

R = TypeVar("R", bound=Record)


@define
class Tables:
    """All records, by kind and key; copied for each write, so that a failed one leaves no trace."""

    records: dict[type[Record], dict[object, Record]] = field(factory=dict)
    mails: dict[UUID, MailRecord] = field(factory=dict)
    events: list[EventRecord] = field(factory=list)

    def copy(self) -> "Tables":
        """Give a copy whose dictionaries can be changed."""
        return Tables(
            {kind: dict(rows) for kind, rows in self.records.items()}, dict(self.mails), list(self.events)
        )

    def all(self, kind: type[R]) -> list[R]:
        """Give all records of one kind in the order in which they came."""
        rows: dict[object, Record] = self.records.get(kind, {})  # type: ignore[arg-type]  # a bound of the kinds
        return [row for row in rows.values() if isinstance(row, kind)]


def write(tables: Tables, changes: Sequence[Change]) -> Counts:
    """Make changes in tables that nobody else has yet; where it fails, they are thrown away.

    Raises:
        StaleWriteError: a version, a unique key or a link that works once was lost to somebody else.
    """
    moved, purged = dict[UUID, int](), dict[Kept, int]()
    for change in changes:
        match change:
            case Save():
                _save(tables, change)
            case Remove():
                _remove(tables, change.record)
            case UseToken():
                _use(tables, change)
            case MoveOrders():
                moved[change.claim_id] = moved.get(change.claim_id, 0) + _move(tables, change)
            case QueueMail():
                tables.mails.setdefault(change.mail.id, change.mail)
            case BounceMail():
                _bounce(tables, change)
            case RecordEvent():
                tables.events.append(change.event)
            case Purge():
                purged[change.kind] = _purge(tables, change)
            case _:
                assert_never(change)
    return Counts(moved, purged)


def _save(tables: Tables, change: Save) -> None:
    record = change.record
    rows = tables.records.setdefault(type(record), {})
    stored = rows.get(key_of(record))
    if (None if stored is None else stored.version) != change.expected_version:
        raise StaleWriteError(type(record).__name__)
    if isinstance(record, AccountRecord) and record.email_key is not None:
        owners = [row for row in tables.all(AccountRecord) if row.email_key == record.email_key]
        if any(owner.id != record.id for owner in owners):
            raise StaleWriteError("AccountRecord.email_key")
    rows[key_of(record)] = record


def _remove(tables: Tables, record: Record) -> None:
    rows = tables.records.setdefault(type(record), {})
    stored = rows.get(key_of(record))
    if stored is None or stored.version != record.version:
        raise StaleWriteError(type(record).__name__)
    del rows[key_of(record)]


def _use(tables: Tables, change: UseToken) -> None:
    rows = tables.records.setdefault(TokenRecord, {})
    token = rows.get(change.digest)
    if not isinstance(token, TokenRecord) or token.used_at is not None:
        raise StaleWriteError("TokenRecord")
    account_id = token.account_id or change.account_id
    rows[change.digest] = evolve(token, used_at=change.at, account_id=account_id, version=token.version + 1)


def _bounce(tables: Tables, change: BounceMail) -> None:
    mail = tables.mails.get(change.mail_id)
    if mail is None or mail.bounce is not change.known:
        raise StaleWriteError("MailRecord")
    tables.mails[mail.id] = evolve(
        mail, bounce=change.bounce, bounced_at=change.at, bounce_reason=change.reason
    )


def _move(tables: Tables, change: MoveOrders) -> int:
    rows = tables.records.setdefault(OrderRecord, {})
    chosen = [order for order in tables.all(OrderRecord) if _selected(order, change.selection)]
    for order in chosen:
        marks = {Mark.SET: change.claim_id, Mark.KEEP: order.claim_id, Mark.CLEAR: None}
        rows[order.reference] = evolve(
            order, owner=change.to, claim_id=marks[change.mark], version=order.version + 1
        )
    return len(chosen)


def _selected(order: OrderRecord, wanted: OrderSelection) -> bool:
    return (
        order.owner == wanted.owner
        and not (wanted.owner is None and order.disputed)
        and (wanted.email_key is None or order.email_key == wanted.email_key)
        and (wanted.since is None or order.placed_at >= wanted.since)
        and (wanted.reference is None or order.reference == wanted.reference)
        and (wanted.names is None or order.name in wanted.names)
        and (wanted.claim is None or order.claim_id == wanted.claim)
        and (wanted.claimed is None or (order.claim_id is not None) == wanted.claimed)
    )


def _purge(tables: Tables, change: Purge) -> int:
    before = change.before
    match change.kind:
        case Kept.EVENTS:
            kept = [one for one in tables.events if one.at >= before]
            gone, tables.events = len(tables.events) - len(kept), kept
            return gone
        case Kept.MAILS:
            old = [key for key, one in tables.mails.items() if (at := _ended_at(one)) and at < before]
            for key in old:
                del tables.mails[key]
            return len(old)
        case Kept.CLAIMS:
            over = [one for one in tables.all(ClaimRecord) if one.at < before and one.by]
            tables.records.setdefault(ClaimRecord, {}).update({one.id: one.forgotten() for one in over})
            return len(over)
        case Kept.ORDER_VAT:
            taxed = tables.all(OrderVatRecord)
            return _drop(tables, [one for one in taxed if one.supplied_on < before.astimezone(UTC).date()])
        case Kept.VAT_EVIDENCE:
            kept_by = {
                named
                for one in tables.all(OrderVatRecord)
                for named in (one.evidence_id, one.corrected_evidence_id)
            }
            told = tables.all(VatEvidenceRecord)
            return _drop(tables, [one for one in told if one.checked_at < before and one.id not in kept_by])
        case _:
            return _purge_expired(tables, _EXPIRING[change.kind], before)


def _drop(tables: Tables, records: Sequence[Record]) -> int:
    for one in records:
        del tables.records[type(one)][key_of(one)]
    return len(records)


def _ended_at(mail: MailRecord) -> datetime | None:
    """Give when a mail ended; a dead one when it was last due, since nobody finished it."""
    return mail.due_at if mail.status is MailStatus.DEAD else mail.finished_at


_Expiring = RegistrationRecord | TokenRecord | ConversionRequestRecord | ProposalRecord | MergeRecord
#: What each kind of rows that end by themselves is.
_EXPIRING: dict[Kept, type[_Expiring]] = {
    Kept.REGISTRATIONS: RegistrationRecord,
    Kept.TOKENS: TokenRecord,
    Kept.REQUESTS: ConversionRequestRecord,
    Kept.PROPOSALS: ProposalRecord,
    Kept.MERGES: MergeRecord,
}


def _purge_expired(tables: Tables, kind: type[_Expiring], before: datetime) -> int:
    rows = tables.records.setdefault(kind, {})
    old = [key for key, one in rows.items() if isinstance(one, kind) and _end_of(one) < before]
    for key in old:
        del rows[key]
    return len(old)


def _end_of(one: _Expiring) -> datetime:
    return one.undo_until if isinstance(one, MergeRecord) else one.expires_at
