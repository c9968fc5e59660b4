"""Storages that write half, twice, out of order or too much."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from customer_accounts.account import AccountRecord
from customer_accounts.casework import ConversionRequestRecord
from customer_accounts.changes import (
    Change,
    Counts,
    Kept,
    Purge,
    QueueMail,
    RecordEvent,
    Remove,
    Save,
    key_of,
)
from customer_accounts.claim import ClaimRecord
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.testing.clauses.writes import BrokenOffError
from customer_accounts.token import TokenRecord
from tests.adapters.broken.storage import Broken, Writing, breaks


@breaks("test_a_write_without_changes_does_nothing")
class WantsChanges(Writing):
    """Cannot write nothing."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        if not changes:
            raise ValueError("nothing to write")
        return changes


@breaks("test_a_failing_last_change_leaves_nothing")
class KeepsLinks(Broken):
    """Stores the links of a write that is overtaken."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        try:
            return super().write(changes)
        except StaleWriteError:
            super().write(
                [one for one in changes if isinstance(one, Save) and isinstance(one.record, TokenRecord)]
            )
            raise


@breaks("test_a_write_that_fails_leaves_no_trace")
class KeepsTheTrail(Broken):
    """Writes the trail of a write that is overtaken."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        try:
            return super().write(changes)
        except StaleWriteError:
            super().write([change for change in changes if isinstance(change, RecordEvent)])
            raise


@breaks("test_a_write_that_fails_queues_no_mail")
class KeepsMails(Broken):
    """Queues the mails of a write that is overtaken (RL-02)."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        try:
            return super().write(changes)
        except StaleWriteError:
            super().write([change for change in changes if isinstance(change, QueueMail)])
            raise


@breaks("test_a_write_that_breaks_off_leaves_nothing")
class CommitsFaults(Broken):
    """Commits what was done before an exception."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        done: list[Change] = []
        try:
            for change in changes:
                done.append(change)  # noqa: PERF402  # the iteration breaks off
        except BrokenOffError:
            super().write(done)
            raise
        return super().write(done)


@breaks("test_a_failed_write_can_be_followed_by_another")
class KeepsLocks(Broken):
    """Never again writes an account that a write inserted which was overtaken."""

    def __init__(self) -> None:
        super().__init__()
        self._locked: set[object] = set()

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        saves = [one for one in changes if isinstance(one, Save) and one.expected_version is None]
        new = {key_of(one.record) for one in saves if isinstance(one.record, AccountRecord)}
        if new & self._locked:
            raise TimeoutError("locked")
        try:
            return super().write(changes)
        except StaleWriteError:
            self._locked |= new
            raise


@breaks("test_the_other_instance_sees_what_was_written")
class RemembersAnswers(Broken):
    """Its second instance gives the facts of a scope as they were when it was first asked, until it writes."""

    def second(self) -> Broken:
        """Do it as the class says."""
        return _Remembering(self)


class _Remembering(Broken):
    def __init__(self, first: Broken) -> None:
        super().__init__()
        self._first = first
        self._answers: dict[Scope, Facts] = {}
        self.lease, self.finish, self.fail = first.lease, first.finish, first.fail  # type: ignore[method-assign]  # passed on

    def read(self, scope: Scope, /) -> Facts:
        return self._answers.setdefault(scope, self._first.read(scope))

    def write(self, changes: Sequence[Change], /) -> Counts:
        self._answers.clear()
        return self._first.write(changes)


@breaks("test_changes_happen_in_their_order")
class SavesFirst(Writing):
    """Saves links before it removes some."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        saves = [one for one in changes if isinstance(one, Save) and isinstance(one.record, TokenRecord)]
        return [*saves, *(one for one in changes if one not in saves)]


@breaks("test_guest_orders_move_once")
class CountsWhatMoved(Broken):
    """Does not count a move that found nothing beside one that did."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        counts = super().write(changes)
        if any(counts.moved.values()):
            return evolve(counts, moved={claim: number for claim, number in counts.moved.items() if number})
        return counts


@breaks("test_expired_rows_are_purged")
class PurgesExpiringLinks(Writing):
    """Purges links that expire at the very time that was named."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        return _a_moment_later(change, Kept.TOKENS)


@breaks("test_old_events_are_purged")
class PurgesTheEdge(Writing):
    """Purges audit entries of the very time that was named."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        return _a_moment_later(change, Kept.EVENTS)


@breaks("test_old_claims_are_forgotten")
class RemembersReasons(Writing):
    """Forgets no claim, and says that it did."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        kept = [one for one in changes if not (isinstance(one, Purge) and one.kind is Kept.CLAIMS)]
        counts: Counts = super().write(kept)
        if len(kept) == len(changes):
            return counts
        told = int(bool(self._tables.all(ClaimRecord)))
        return evolve(counts, purged={**counts.purged, Kept.CLAIMS: told})


def _a_moment_later(change: Change, kind: Kept) -> Change:
    if isinstance(change, Purge) and change.kind is kind:
        return evolve(change, before=change.before.replace(microsecond=1))
    return change


@breaks("test_a_record_with_elements_can_be_removed")
class KeepsShipments(Writing):
    """Leaves the shipments of an order that is removed."""

    def __init__(self) -> None:
        super().__init__()
        self._left: dict[str, Any] = {}

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        record = getattr(change, "record", None)
        if isinstance(record, OrderRecord) and isinstance(change, Remove):
            self._left[record.reference] = record.shipments
        if isinstance(record, OrderRecord) and isinstance(change, Save):
            return evolve(
                change, record=evolve(record, shipments=self._left.get(record.reference, record.shipments))
            )
        return change


@breaks("test_what_is_kept_is_purged_in_one_write")
class HasNoTableForRequests(Writing):
    """Cannot purge requests before there is one: it makes their table with the first."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, Purge) and change.kind is Kept.REQUESTS:
            assert self._tables.all(ConversionRequestRecord)
        return change
