"""Storage in memory: for tests, for trying things out, and as the executable specification of `ports.Storage`.

Everything a storage owes the rules is here in plain Python, without cleverness: one lock, one dictionary for each
kind of record, and a copy that replaces the old state only when every change of a write went through.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from threading import RLock
from typing import Literal, TypeVar, assert_never, overload
from uuid import UUID

from attrs import define, evolve, field

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.adapters.memory_read import read
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
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
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.facts import Facts, Scope
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import (
    Backlog,
    EventRecord,
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    Queue,
    VatCheckRecord,
    VatTask,
)
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


class MemoryStorage:
    """A storage that forgets everything when the process ends; safe for threads."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._lock = RLock()

    def read(self, scope: Scope, /) -> Facts:
        """See `customer_accounts.ports.Storage.read`."""
        with self._lock:
            tables = self._tables
        return read(
            scope,
            accounts=tables.all(AccountRecord),
            registrations=tables.all(RegistrationRecord),
            tokens=tables.all(TokenRecord),
            identities=tables.all(IdentityRecord),
            orders=tables.all(OrderRecord),
            addresses=tables.all(AddressRecord),
            wish_lists=tables.all(WishListRecord),
            subscriptions=tables.all(SubscriptionRecord),
            vat_checks=tables.all(VatCheckRecord),
            vat_evidence=tables.all(VatEvidenceRecord),
            order_vat=tables.all(OrderVatRecord),
            vat_pauses=tables.all(VatPauseRecord),
            events=tables.events,
            claims=tables.all(ClaimRecord),
            requests=tables.all(ConversionRequestRecord),
            proposals=tables.all(ProposalRecord),
            merges=tables.all(MergeRecord),
            mails=list(tables.mails.values()),
        )

    def write(self, changes: Sequence[Change], /) -> Counts:
        """See `customer_accounts.ports.Storage.write`."""
        with self._lock:
            tables, moved, purged = self._tables.copy(), dict[UUID, int](), dict[Kept, int]()
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
            self._tables = tables
            return Counts(moved, purged)

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
        with self._lock:
            return (
                self._lease_mail(limit, now, until)
                if queue is Queue.MAIL
                else self._lease_vat(limit, now, until)
            )

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `customer_accounts.ports.Storage.finish`."""
        with self._lock:
            mail = self._held_mail(task)
            if mail is not None:
                self._tables.mails[mail.id] = evolve(
                    mail, status=outcome.status, finished_at=outcome.at, reply=outcome.reply,
                    to="", details=(), leased_until=None, attempts=mail.attempts + 1,
                )  # fmt: skip

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `customer_accounts.ports.Storage.fail`."""
        with self._lock:
            if isinstance(task, MailTask):
                self._fail_mail(task, retry_at, reason)
            else:
                self._fail_vat(task.check, retry_at)

    def release(self, task: MailTask | VatTask, /) -> None:
        """See `customer_accounts.ports.Storage.release`."""
        with self._lock:
            if isinstance(task, VatTask):
                check = self._held_check(task.check)
                if check is not None:
                    self._tables.records[VatCheckRecord][key_of(check)] = evolve(check, leased_until=None)
            elif (mail := self._held_mail(task)) is not None:
                self._tables.mails[mail.id] = evolve(mail, leased_until=None)

    def backlog(self) -> Backlog:
        """See `customer_accounts.ports.Outbox.backlog`."""
        queued, dead = self._standing(MailStatus.QUEUED), self._standing(MailStatus.DEAD)
        return Backlog(len(queued), len(dead), min((one.queued_at for one in queued), default=None))

    def mails(
        self, status: MailStatus, /, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> Sequence[MailRecord]:
        """See `customer_accounts.ports.Outbox.mails`."""
        rows = [one for one in self._standing(status) if after is None or (one.due_at, one.id) > after]
        return sorted(rows, key=lambda one: (one.due_at, one.id))[:limit]

    def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """See `customer_accounts.ports.Outbox.requeue`."""
        with self._lock:
            mail = self._tables.mails.get(mail_id)
            if mail is None or mail.status is not MailStatus.DEAD:
                return False
            self._tables.mails[mail_id] = evolve(mail, status=MailStatus.QUEUED, due_at=due_at, attempts=0)
            self._tables.events.append(event)
            return True

    def _standing(self, status: MailStatus) -> list[MailRecord]:
        with self._lock:
            return [one for one in self._tables.mails.values() if one.status is status]

    def _held_mail(self, task: MailTask) -> MailRecord | None:
        """Give the row of a leased mail, unless the lease was lost to somebody else."""
        mail = self._tables.mails.get(task.mail.id)
        held = (
            mail is not None
            and mail.status is MailStatus.QUEUED
            and mail.leased_until == task.mail.leased_until
        )
        return mail if held else None

    def _held_check(self, leased: VatCheckRecord) -> VatCheckRecord | None:
        """Give the row of a leased check, unless the lease was lost to somebody else."""
        check = self._tables.records.get(VatCheckRecord, {}).get(leased.number)
        held = isinstance(check, VatCheckRecord) and check.leased_until == leased.leased_until
        return check if isinstance(check, VatCheckRecord) and held else None

    def _lease_mail(self, limit: int, now: datetime, until: datetime) -> list[MailTask]:
        tables = self._tables
        due = [one for one in tables.mails.values() if one.status is MailStatus.QUEUED and one.due_at <= now]
        free = [one for one in due if one.leased_until is None or one.leased_until < now]
        tasks = []
        for mail in sorted(free, key=lambda one: one.due_at)[:limit]:
            leased = tables.mails[mail.id] = evolve(mail, leased_until=until)
            tasks.append(
                MailTask(
                    leased,
                    _found(tables.all(TokenRecord), mail.token),
                    _found(tables.all(TokenRecord), mail.extra_token),
                    _found(tables.all(OrderRecord), mail.order_reference),
                )
            )
        return tasks

    def _lease_vat(self, limit: int, now: datetime, until: datetime) -> list[VatTask]:
        rows = self._tables.all(VatCheckRecord)
        free = [
            one for one in rows if one.due_at <= now and (one.leased_until is None or one.leased_until < now)
        ]
        chosen = [evolve(one, leased_until=until) for one in sorted(free, key=lambda one: one.due_at)[:limit]]
        self._tables.records.setdefault(VatCheckRecord, {}).update({key_of(one): one for one in chosen})
        return [VatTask(one) for one in chosen]

    def _fail_mail(self, task: MailTask, retry_at: datetime | None, reason: str) -> None:
        mail = self._held_mail(task)
        if mail is not None:
            again = evolve(mail, attempts=mail.attempts + 1, leased_until=None, reply=reason)
            dead = evolve(again, status=MailStatus.DEAD)
            self._tables.mails[mail.id] = dead if retry_at is None else evolve(again, due_at=retry_at)

    def _fail_vat(self, failed: VatCheckRecord, retry_at: datetime | None) -> None:
        rows = self._tables.records.get(VatCheckRecord, {})
        check = self._held_check(failed)
        if check is not None:
            if retry_at is None:
                del rows[check.number]
            else:
                rows[check.number] = evolve(
                    check, attempts=check.attempts + 1, leased_until=None, due_at=retry_at
                )


def _found(rows: Iterable[R], key: str | None) -> R | None:
    return next((row for row in rows if key_of(row) == key), None)


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


class AsyncMemoryStorage:
    """The async twin of `MemoryStorage`; gives way to other tasks at every call, as a real one does.

    Args:
        storage: a storage to share, so that sync and async callers see the same records.
    """

    def __init__(self, storage: MemoryStorage | None = None) -> None:
        self._storage = storage or MemoryStorage()

    async def read(self, scope: Scope, /) -> Facts:
        """See `customer_accounts.ports.Storage.read`."""
        await asyncio.sleep(0)
        return self._storage.read(scope)

    async def write(self, changes: Sequence[Change], /) -> Counts:
        """See `customer_accounts.ports.Storage.write`."""
        await asyncio.sleep(0)
        return self._storage.write(changes)

    @overload
    async def lease(
        self, queue: Literal[Queue.MAIL], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask]: ...
    @overload
    async def lease(
        self, queue: Literal[Queue.VAT], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[VatTask]: ...
    async def lease(
        self, queue: Queue, /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask] | Sequence[VatTask]:
        """See `customer_accounts.ports.Storage.lease`."""
        await asyncio.sleep(0)
        if queue is Queue.MAIL:
            return self._storage.lease(Queue.MAIL, limit=limit, now=now, until=until)
        return self._storage.lease(Queue.VAT, limit=limit, now=now, until=until)

    async def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `customer_accounts.ports.Storage.finish`."""
        await asyncio.sleep(0)
        self._storage.finish(task, outcome)

    async def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `customer_accounts.ports.Storage.fail`."""
        await asyncio.sleep(0)
        self._storage.fail(task, retry_at=retry_at, reason=reason)

    async def release(self, task: MailTask | VatTask, /) -> None:
        """See `customer_accounts.ports.Storage.release`."""
        await asyncio.sleep(0)
        self._storage.release(task)

    async def backlog(self) -> Backlog:
        """See `customer_accounts.ports.Outbox.backlog`."""
        await asyncio.sleep(0)
        return self._storage.backlog()

    async def mails(
        self, status: MailStatus, /, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> Sequence[MailRecord]:
        """See `customer_accounts.ports.Outbox.mails`."""
        await asyncio.sleep(0)
        return self._storage.mails(status, after=after, limit=limit)

    async def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """See `customer_accounts.ports.Outbox.requeue`."""
        await asyncio.sleep(0)
        return self._storage.requeue(mail_id, due_at=due_at, event=event)
