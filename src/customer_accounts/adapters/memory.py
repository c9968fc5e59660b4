"""Storage in memory: for tests, for trying things out, and as the executable specification of `ports.Storage`.

Everything a storage owes the rules is here in plain Python, without cleverness: one lock, one dictionary for each
kind of record, and a copy that replaces the old state only when every change of a write went through.  What a read
finds is said in `memory_read`, what a change does in `memory_write`, what a lease is in `memory_queues`.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from threading import RLock
from typing import Literal, overload
from uuid import UUID

from attrs import evolve

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.adapters import memory_queues
from customer_accounts.adapters.memory_read import read
from customer_accounts.adapters.memory_write import Tables, write
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord
from customer_accounts.changes import Change, Counts
from customer_accounts.claim import ClaimRecord
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
            tables = self._tables.copy()
            counts = write(tables, changes)
            self._tables = tables
            return counts

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
            lease = memory_queues.lease_mails if queue is Queue.MAIL else memory_queues.lease_checks
            return lease(self._tables, limit, now, until)

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `customer_accounts.ports.Storage.finish`."""
        with self._lock:
            memory_queues.finish(self._tables, task, outcome)

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `customer_accounts.ports.Storage.fail`."""
        with self._lock:
            memory_queues.fail(self._tables, task, retry_at, reason)

    def release(self, task: MailTask | VatTask, /) -> None:
        """See `customer_accounts.ports.Storage.release`."""
        with self._lock:
            memory_queues.release(self._tables, task)

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
