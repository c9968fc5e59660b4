"""Storages that break one clause and keep those that say nearly the same."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from customer_accounts.account import AccountRecord, IdentityRecord
from customer_accounts.changes import Change, MoveOrders, Remove, Save
from customer_accounts.errors import StaleWriteError
from customer_accounts.outbox import VatCheckRecord
from tests.adapters.broken.storage import Broken, Writing, breaks


@breaks("test_an_expired_lease_is_retaken")
class PutsTheRetakenLast(Broken):
    """Lets a mail lose its place if the worker that had it died."""

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """Do it as the class says."""
        for mail in list(self._tables.mails.values()):
            if mail.leased_until is not None and mail.leased_until < now:
                self._tables.mails[mail.id] = evolve(mail, due_at=now)
        return super().lease(queue, limit=limit, now=now, until=until)


class _NamesNoRecord(Broken):
    """Does not say of what kind a record was that was overtaken."""

    def write(self, changes: Sequence[Change], /) -> Any:
        """Do it as the class says."""
        try:
            return super().write(changes)
        except StaleWriteError:
            if any(isinstance(one, Save) and self.hides(one) for one in changes):
                raise StaleWriteError("a record") from None
            raise

    def hides(self, change: Save) -> bool:
        """Whether it is one of these."""
        raise NotImplementedError


@breaks("test_an_identity_is_stored_once")
class NamesNoIdentity(_NamesNoRecord):
    """Does not say that it was an identity which somebody else has."""

    def hides(self, change: Save) -> bool:
        """Do it as the class says."""
        return isinstance(change.record, IdentityRecord) and change.expected_version is None


@breaks("test_only_the_expected_version_is_replaced")
class NamesNoAccount(_NamesNoRecord):
    """Does not say that it was an account whose new name came too late."""

    def hides(self, change: Save) -> bool:
        """Do it as the class says."""
        return isinstance(change.record, AccountRecord) and bool(change.record.name)


@breaks("test_a_lease_is_no_change_of_a_vat_check")
class LeavesItToTheWorker(Writing):
    """Removes no VAT check that a worker has; it is gone when the worker gives it up."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        return [one for one in changes if not (isinstance(one, Remove) and self._is_leased(one.record))]

    def _is_leased(self, record: Any) -> bool:
        return isinstance(record, VatCheckRecord) and self.stored(record).leased_until is not None


@breaks("test_guest_orders_move_by_predicate")
class MovesFromTheNextMoment(Writing):
    """Leaves a guest's order of the very moment since which they move."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, MoveOrders) and change.selection.owner is None and change.selection.since:
            later = change.selection.since + timedelta(microseconds=1)
            return evolve(change, selection=evolve(change.selection, since=later))
        return change
