"""Storages that look first and act a moment later, and that block each other."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from threading import Lock
from time import sleep
from typing import Any

from attrs import evolve

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.changes import (
    Change,
    Counts,
    MoveOrders,
    QueueMail,
    Remove,
    Save,
    UseToken,
    key_of,
)
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailStatus, Queue, VatCheckRecord
from customer_accounts.token import TokenRecord
from tests.adapters.broken.storage import Broken, breaks

#: Long enough for the other fifteen to look as well.
MOMENT = 0.03


class _Looks(Broken):
    """Looks whether a change can be made, and makes it a moment later whatever happened meanwhile."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        chosen = [one for one in changes if self.mine(one)]
        if any(self.lost(one) for one in chosen):
            raise StaleWriteError(type(getattr(chosen[0], "record", self)).__name__)
        if chosen:
            sleep(MOMENT)
        return super().write([self.made(one) if one in chosen else one for one in changes])

    def mine(self, change: Change) -> bool:
        """Whether it looks for this kind of change."""
        raise NotImplementedError

    def lost(self, change: Any) -> bool:
        """Whether somebody else was first."""
        return self.stored(change.record) is not None

    def made(self, change: Any) -> Change:
        """Give the change that goes through."""
        there = self.stored(change.record)
        changed: Change = evolve(change, expected_version=there and there.version)
        return changed


@breaks("test_one_of_sixteen_uses_a_link")
class LooksBeforeItUses(Broken):
    """Looks whether a link is unused, and uses it a moment later (TK-05)."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        uses = [change for change in changes if isinstance(change, UseToken)]
        if any(self._is_used(use) for use in uses):
            raise StaleWriteError("TokenRecord")
        if uses:
            sleep(MOMENT)
        return super().write(
            [one for one in changes if not (isinstance(one, UseToken) and self._is_used(one))]
        )

    def _is_used(self, change: UseToken) -> bool:
        return any(one.digest == change.digest and one.used_at for one in self._tables.all(TokenRecord))


@breaks("test_one_of_sixteen_gets_an_address")
class LooksForTheAddress(_Looks):
    """Looks whether an address is free, and inserts that one account a moment later."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        return super().write(changes) if len(list(changes)) == 1 else Broken.write(self, changes)

    def mine(self, change: Change) -> bool:
        """Do it as the class says."""
        return (
            isinstance(change, Save)
            and not change.expected_version
            and isinstance(change.record, AccountRecord)
        )

    def lost(self, change: Any) -> bool:
        """Do it as the class says."""
        return self.stored(change.record) is not None or bool(self._owners(change.record))

    def made(self, change: Any) -> Change:
        """Do it as the class says."""
        for owner in self._owners(change.record):
            self._tables.records[AccountRecord][owner.id] = evolve(owner, email_key=None)
        made: Change = change
        return made

    def _owners(self, record: AccountRecord) -> list[AccountRecord]:
        owners = (one for one in self._tables.all(AccountRecord) if one.email_key == record.email_key)
        return [one for one in owners if one.email_key is not None and one.id != record.id]


@breaks("test_one_of_sixteen_replaces_a_version")
class LooksForTheVersion(_Looks):
    """Looks for the version of an account, and updates that one account a moment later."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        return super().write(changes) if len(list(changes)) == 1 else Broken.write(self, changes)

    def mine(self, change: Change) -> bool:
        """Do it as the class says."""
        return (
            isinstance(change, Save)
            and change.expected_version == 1
            and isinstance(change.record, AccountRecord)
        )

    def lost(self, change: Any) -> bool:
        """Do it as the class says."""
        there = self.stored(change.record)
        return there is None or there.version != change.expected_version


@breaks("test_one_of_sixteen_removes_a_record")
class LooksBeforeItRemoves(_Looks):
    """Looks for a registration, and removes it a moment later."""

    def mine(self, change: Change) -> bool:
        """Do it as the class says."""
        return isinstance(change, Remove) and isinstance(change.record, RegistrationRecord)

    def lost(self, change: Any) -> bool:
        """Do it as the class says."""
        there = self.stored(change.record)
        return there is None or there.version != change.record.version

    def made(self, change: Any) -> Change:
        """Do it as the class says."""
        self._tables.records[RegistrationRecord].setdefault(key_of(change.record), change.record)
        made: Change = change
        return made


@breaks("test_one_of_sixteen_links_an_identity")
class LooksBeforeItLinks(_Looks):
    """Looks whether an identity is free, and links it a moment later."""

    def mine(self, change: Change) -> bool:
        """Do it as the class says."""
        return (
            isinstance(change, Save)
            and not change.expected_version
            and isinstance(change.record, IdentityRecord)
        )


@breaks("test_sixteen_writers_of_their_own_records_all_succeed")
class OneAtATime(Broken):
    """Turns an account with a mail away while it stores another one."""

    def __init__(self) -> None:
        super().__init__()
        self._busy = Lock()

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        both = any(isinstance(one, Save) for one in changes) and any(
            isinstance(one, QueueMail) for one in changes
        )
        if not both:
            return super().write(changes)
        if not self._busy.acquire(blocking=False):
            raise StaleWriteError("AccountRecord")
        try:
            sleep(MOMENT)
            return super().write(changes)
        finally:
            self._busy.release()


@breaks("test_writers_in_either_order_are_overtaken_at_most")
class LocksInTheOrderOfChanges(Broken):
    """Locks account by account, in the order of the changes, and gives up when that takes long."""

    def __init__(self) -> None:
        super().__init__()
        self._locks: dict[object, Lock] = {}

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        changed = [one.record for one in changes if isinstance(one, Save) and one.expected_version]
        accounts = [one for one in changed if isinstance(one, AccountRecord)]
        if len(accounts) != 2:
            return super().write(changes)
        with ExitStack() as held:
            for one in accounts:
                lock = self._locks.setdefault(one.id, Lock())
                if not lock.acquire(timeout=MOMENT):
                    raise TimeoutError("deadlock")
                held.callback(lock.release)
                sleep(MOMENT)
            return super().write(changes)


@breaks("test_a_mail_that_sixteen_queue_is_there_once")
class LooksBeforeItQueues(Broken):
    """Looks whether a mail is there, and fails if another one comes a moment later."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        alone = changes[0] if len(list(changes)) == 1 else None
        if isinstance(alone, QueueMail) and alone.mail.id not in self._tables.mails:
            sleep(MOMENT)
            if alone.mail.id in self._tables.mails:
                raise StaleWriteError("MailRecord")
        return super().write(changes)


@breaks("test_orders_move_to_one_of_sixteen")
class CountsBeforeItMoves(Broken):
    """Counts the orders, and moves them a moment later."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        moves = [one for one in changes if isinstance(one, MoveOrders) and one.to == one.claim_id]
        if len(moves) != 1:
            return super().write(changes)
        found = [one for one in self._tables.all(OrderRecord) if one.owner is None]
        number = sum(one.email_key == moves[0].selection.email_key for one in found)
        sleep(MOMENT)
        return evolve(super().write(changes), moved={moves[0].claim_id: number})


@breaks("test_sixteen_workers_lease_each_mail_once")
class LooksForDueMails(Broken):
    """Looks for mails that are due, and leases them a moment later; only at first, or it might go on for ever."""

    looked = 0

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """Do it as the class says."""
        if queue is Queue.MAIL and limit == 3 and self.looked < 32:
            self.looked += 1
            free = [key for key, one in self._tables.mails.items() if not one.leased_until][:limit]
            sleep(MOMENT)
            for key in free:
                mail = self._tables.mails[key]
                if mail.status is MailStatus.QUEUED:
                    self._tables.mails[key] = evolve(mail, leased_until=None)
        return super().lease(queue, limit=limit, now=now, until=until)


@breaks("test_sixteen_workers_lease_each_vat_check_once")
class LooksForDueChecks(Broken):
    """Looks for VAT checks that are due, and leases them a moment later; only at first, as above."""

    looked = 0

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """Do it as the class says."""
        if queue is Queue.VAT and limit == 2 and self.looked < 32:
            self.looked += 1
            rows: dict[Any, Any] = self._tables.records.setdefault(VatCheckRecord, {})
            free = [key for key, one in rows.items() if not one.leased_until][:limit]
            sleep(MOMENT)
            for key in free:
                rows[key] = evolve(rows[key], leased_until=None)
        return super().lease(queue, limit=limit, now=now, until=until)


@breaks("test_a_reader_never_sees_half_of_a_write")
class ReadsOneAfterTheOther(Broken):
    """Reads accounts, and subscriptions a moment later."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        if scope.parts != {Part.ACCOUNTS, Part.SUBSCRIPTIONS}:
            return super().read(scope)
        first = super().read(evolve(scope, parts=frozenset({Part.ACCOUNTS})))
        sleep(0.001)
        second = super().read(evolve(scope, parts=frozenset({Part.SUBSCRIPTIONS})))
        return evolve(first, subscriptions=second.subscriptions)
