"""Clauses: what waits at the support desk, by its id, by address and in pages."""

from attrs import evolve

from customer_accounts.casework import RequestState
from customer_accounts.changes import Counts, Kept, Purge
from customer_accounts.facts import CasePage, Part, Scope
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.records import NOW, later, stored

_REQUESTS = frozenset({Part.REQUESTS})
_PROPOSALS = frozenset({Part.PROPOSALS})


class CaseClauses(Clauses):
    """Requests and proposals."""

    @needs(Part.REQUESTS)
    def test_requests_are_found_by_address(self, storage: Storage) -> None:
        """By address: all its requests in any state, the oldest first, and nobody else's."""
        key = records.some_key()
        old, new = (records.a_request(email_key=key, created_at=later(hours=n)) for n in (-1, 0))
        new = evolve(new, state=RequestState.REFUSED)
        storage.write(stored(new, old, records.a_request(), records.a_request(email_key="")))
        found = storage.read(Scope(parts=_REQUESTS, email_keys=(key, "")))
        assert found.requests == (old, new)

    @needs(Part.REQUESTS)
    def test_requests_come_in_pages_by_state(self, storage: Storage) -> None:
        """The queue of one state, the oldest first, by key: none is skipped and none comes twice."""
        queue = sorted(
            (records.a_request(created_at=later(hours=n // 2)) for n in range(5)),
            key=lambda one: (one.created_at, one.id),
        )
        done = records.a_request(state=RequestState.DONE)
        storage.write(stored(*reversed(queue), done))
        page, found = CasePage(limit=2), list[object]()
        while rows := storage.read(Scope(parts=_REQUESTS, cases=page)).requests:
            found += rows
            page = evolve(page, after=(rows[-1].created_at, rows[-1].id))
        assert found == queue
        page = CasePage(state=RequestState.DONE)
        assert storage.read(Scope(parts=_REQUESTS, cases=page)).requests == (done,)

    @needs(Part.PROPOSALS)
    def test_proposals_come_in_pages(self, storage: Storage) -> None:
        """What waits for a second agent, the oldest first, by key."""
        first, second, third = (records.a_proposal(created_at=later(hours=n)) for n in range(3))
        storage.write(stored(third, first, second))
        scope = Scope(parts=_PROPOSALS, cases=CasePage(limit=2))
        assert storage.read(scope).proposals == (first, second)
        after = CasePage(after=(second.created_at, second.id))
        assert storage.read(evolve(scope, cases=after)).proposals == (third,)

    @needs(Part.REQUESTS, Part.PROPOSALS, Part.MERGES, Feature.RETENTION)
    def test_cases_are_purged_when_they_end(self, storage: Storage) -> None:
        """DP-01: what expired before the time is deleted and counted, what ends at that very time stays."""
        ends = (later(seconds=-1), NOW)
        cases = [make(expires_at=at) for make in (records.a_request, records.a_proposal) for at in ends]
        account = records.an_account()
        merges = [records.a_merge(surviving=account.id, undo_until=at) for at in ends]
        storage.write(stored(account, *cases, *merges))
        purged = {Kept.REQUESTS: 1, Kept.PROPOSALS: 1, Kept.MERGES: 1}
        assert storage.write([Purge(one, NOW) for one in purged]) == Counts(purged=purged)
        scope = Scope(parts=_REQUESTS | _PROPOSALS, cases=CasePage())
        assert [*storage.read(scope).requests, *storage.read(scope).proposals] == [cases[1], cases[3]]
        scope = Scope(parts=frozenset({Part.MERGES}), account_id=account.id)
        assert storage.read(scope).merges == (merges[1],)
