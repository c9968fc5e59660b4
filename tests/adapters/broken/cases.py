"""Storages that do wrong with what waits at the support desk."""

from typing import Any

from attrs import evolve

from customer_accounts.casework import ConversionRequestRecord, ProposalRecord, RequestState
from customer_accounts.changes import Change, Kept, Purge, Remove
from customer_accounts.facts import Facts, Scope
from tests.adapters.broken.storage import Broken, Reading, Updating, Writing, breaks


@breaks("test_requests_come_back_as_they_were")
class ForgetsTheNote(Updating):
    """Keeps no note of what a customer was asked."""

    kind = ConversionRequestRecord

    def record(self, record: Any) -> ConversionRequestRecord:
        """Drop the note."""
        changed: ConversionRequestRecord = evolve(record, note="")
        return changed


@breaks("test_proposals_come_back_as_they_were")
class KeepsProposals(Writing):
    """Removes no proposal."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Leave out what removes one."""
        return [
            one for one in changes if not (isinstance(one, Remove) and isinstance(one.record, ProposalRecord))
        ]


@breaks("test_requests_are_found_by_address")
class ShowsOnlyOpenRequests(Reading):
    """Finds by address only what is open."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Leave out what is closed."""
        if scope.case is not None or scope.cases is not None:
            return facts
        return evolve(facts, requests=tuple(one for one in facts.requests if one.state is RequestState.OPEN))


@breaks("test_requests_come_in_pages_by_state")
class SkipsAfterThePage(Reading):
    """Skips a request where a page follows another."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Leave out the first of a further page."""
        further = scope.cases is not None and scope.cases.after is not None
        return evolve(facts, requests=facts.requests[1:]) if further else facts


@breaks("test_proposals_come_in_pages")
class ShowsProposalsBackwards(Reading):
    """Shows the newest proposal first."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Turn the page round."""
        return evolve(facts, proposals=facts.proposals[::-1])


@breaks("test_cases_are_purged_when_they_end")
class KeepsCases(Broken):
    """Purges no request, and counts none."""

    def write(self, changes: Any, /) -> Any:
        """Write without what purges them."""
        kept = [one for one in changes if not (isinstance(one, Purge) and one.kind is Kept.REQUESTS)]
        return super().write(kept)


@breaks("test_merges_are_found_by_both_accounts")
class ForgetsWhatEnded(Reading):
    """Finds merges by the surviving account only."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Leave out those of an account that ended."""
        named = {scope.account_id, *scope.account_ids}
        return evolve(facts, merges=tuple(one for one in facts.merges if one.surviving in named))


@breaks("test_merges_come_back_as_they_were")
class ForgetsTheDoubles(Reading):
    """Keeps no address that both accounts had."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Leave them out."""
        return evolve(facts, merges=tuple(evolve(one, doubles=()) for one in facts.merges))
