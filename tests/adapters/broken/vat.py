"""Storages that lose, mix or keep for ever what is known about VAT."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from customer_accounts.changes import Change, Counts, Kept, Purge
from customer_accounts.evidence import OrderVatState, TraderMatches, VatEvidenceRecord
from customer_accounts.facts import EVIDENCE_AT_ONCE, Facts, Part, Scope
from customer_accounts.outbox import MailTask, VatCheckRecord, VatTask
from tests.adapters.broken.storage import Broken, Reading, breaks


@breaks("test_evidence_comes_back_as_it_was")
class ForgetsMatches(Reading):
    """Reads evidence without what the register compared."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        bare = (evolve(one, matches=TraderMatches()) for one in facts.vat_evidence)
        return evolve(facts, vat_evidence=tuple(bare))


@breaks("test_the_vat_of_an_order_comes_back_as_it_was")
class RoundsAmounts(Reading):
    """Reads amounts without the zeros at their end."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        rounded = (evolve(one, charged_net=one.charged_net.normalize()) for one in facts.order_vat)
        return evolve(facts, order_vat=tuple(rounded))


@breaks("test_a_pause_comes_back_as_it_was")
class CountsNoPauses(Reading):
    """Reads a pause as if it were the first one."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, vat_pauses=tuple(evolve(one, attempts=1) for one in facts.vat_pauses))


@breaks("test_a_number_leads_to_its_holders_if_they_are_wanted")
class GivesHoldersUnasked(Broken):
    """Gives the accounts with a number to everybody who names it."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        return super().read(evolve(scope, vat_holders=True))


@breaks("test_many_numbers_give_their_checks")
class KnowsOneNumber(Broken):
    """Finds the check of the first of many numbers only."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        return super().read(evolve(scope, vat_numbers=scope.vat_numbers[:1]))


@breaks("test_a_check_is_found_by_those_who_have_its_number")
class ForgetsChecksOfRegistrations(Reading):
    """Finds no checks of the numbers of registrations."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        people = Broken.read(self, evolve(scope, parts=frozenset({Part.ACCOUNTS}))).accounts
        numbers = {
            scope.vat_number,
            *scope.vat_numbers,
            *(one.company.vat_number for one in people if one.company),
        }
        return evolve(facts, vat_checks=tuple(one for one in facts.vat_checks if one.number in numbers))


@breaks("test_evidence_is_found_by_number_newest_first")
class GivesAllEvidence(Reading):
    """Gives more evidence of a number than is given at once."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if len(facts.vat_evidence) < EVIDENCE_AT_ONCE:
            return facts
        rows: dict[Any, Any] = self._tables.records[VatEvidenceRecord]
        own = (one for one in rows.values() if one.number == scope.vat_number)
        return evolve(facts, vat_evidence=tuple(sorted(own, key=lambda one: one.checked_at, reverse=True)))


@breaks("test_evidence_is_found_by_who_names_it")
class LosesTheCorrection(Reading):
    """Does not find the evidence of a correction."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if scope.vat_number is not None:
            return facts
        lost = {one.corrected_evidence_id for one in facts.order_vat}
        return evolve(facts, vat_evidence=tuple(one for one in facts.vat_evidence if one.id not in lost))


@breaks("test_a_number_leads_to_the_vat_of_its_orders")
class KnowsNoNumbersOfOrders(Reading):
    """Finds the VAT of orders by their reference only."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if not scope.order_numbers:
            return facts
        return evolve(facts, order_vat=tuple(one for one in facts.order_vat if one.reference == scope.order))


@breaks("test_the_vat_of_orders_is_paged_by_number_and_state")
class IgnoresTheState(Broken):
    """Takes the state as no condition where a number is one."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        both = scope.vat_number is not None and scope.order_vat_in is OrderVatState.PROVISIONAL
        return super().read(evolve(scope, order_vat_in=None) if both else scope)


@breaks("test_what_was_kept_long_enough_is_purged")
class PurgesNamedEvidence(Broken):
    """Purges evidence although the VAT of an order names it."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        for change in changes:
            if isinstance(change, Purge) and change.kind is Kept.VAT_EVIDENCE:
                rows: dict[Any, Any] = self._tables.records.get(VatEvidenceRecord, {})
                for one in [one for one in rows.values() if one.checked_at < change.before]:
                    del rows[one.id]
        return super().write(changes)


@breaks("test_a_worker_may_fail_with_a_check_that_is_gone")
class BringsChecksBack(Broken):
    """Puts a check back into the queue that somebody has removed."""

    def fail(self, task: MailTask | VatTask, /, *, retry_at: Any, reason: str) -> None:
        """Do it as the class says."""
        if isinstance(task, VatTask) and self.stored(task.check) is None and retry_at is not None:
            self._tables.records[VatCheckRecord][task.check.number] = evolve(
                task.check, leased_until=None, due_at=retry_at
            )
        super().fail(task, retry_at=retry_at, reason=reason)
