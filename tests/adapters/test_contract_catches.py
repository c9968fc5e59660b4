"""Each clause of the contract catches the fault that it is for: a storage broken in one way fails that clause alone."""

import inspect
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import sleep
from typing import Any

import pytest
from attrs import evolve, fields

from customer_accounts.account import AccountRecord
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.changes import Change, Counts, Kept, Mark, MoveOrders, Purge, QueueMail, Save, UseToken
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailTask, VatTask
from customer_accounts.testing import StorageContract
from customer_accounts.token import TokenRecord


class KeepsMails(MemoryStorage):
    """Queues the mails of a write that is overtaken (RL-02)."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        try:
            return super().write(changes)
        except StaleWriteError:
            super().write([change for change in changes if isinstance(change, QueueMail)])
            raise


class SharesAddresses(MemoryStorage):
    """Lets two accounts be stored for one address, if they are inserted."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        for change in changes:
            if isinstance(change, Save) and isinstance(change.record, AccountRecord):
                for other in self._tables.all(AccountRecord):
                    if other.email_key == change.record.email_key and other.id != change.record.id:
                        self._tables.records[AccountRecord][other.id] = evolve(other, email_key=None)
        return super().write(changes)


class ForgetsVersions(MemoryStorage):
    """Updates a record whatever its version."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        return super().write([self._fitting(change) for change in changes])

    def _fitting(self, change: Change) -> Change:
        if not isinstance(change, Save) or change.expected_version is None:
            return change
        if not isinstance(change.record, AccountRecord):
            return change
        stored = self._tables.records.get(AccountRecord, {}).get(change.record.id)
        return change if stored is None else evolve(change, expected_version=stored.version)


class UsesLinksTwice(MemoryStorage):
    """Lets a used link be used again."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        kept = [change for change in changes if not (isinstance(change, UseToken) and self._is_used(change))]
        return super().write(kept)

    def _is_used(self, change: UseToken) -> bool:
        return any(one.digest == change.digest and one.used_at for one in self._tables.all(TokenRecord))


class MovesOldOrders(MemoryStorage):
    """Moves guest orders of any age."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        return super().write([
            evolve(one, selection=evolve(one.selection, since=None)) if isinstance(one, MoveOrders) else one
            for one in changes
        ])  # fmt: skip


class QueuesAgain(MemoryStorage):
    """Queues a mail again that was sent already."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        for change in changes:
            known = self._tables.mails.get(change.mail.id) if isinstance(change, QueueMail) else None
            if known is not None and known.finished_at is not None:
                del self._tables.mails[known.id]
        return super().write(changes)


class LooksBeforeItUses(MemoryStorage):
    """Looks whether a link is unused, and uses it a moment later (TK-05)."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        uses = [change for change in changes if isinstance(change, UseToken)]
        if any(self._is_used(use) for use in uses):
            raise StaleWriteError("TokenRecord")
        if uses:
            sleep(0.05)
        return super().write(
            [one for one in changes if not (isinstance(one, UseToken) and self._is_used(one))]
        )

    def _is_used(self, change: UseToken) -> bool:
        return any(one.digest == change.digest and one.used_at for one in self._tables.all(TokenRecord))


class NeverRetakes(MemoryStorage):
    """Leaves a mail to a worker that died."""

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """Do it as the class says."""
        for mail in list(self._tables.mails.values()):
            if mail.leased_until is not None and mail.leased_until < now:
                self._tables.mails[mail.id] = evolve(mail, leased_until=datetime.max.replace(tzinfo=UTC))
        return super().lease(queue, limit=limit, now=now, until=until)


class ForgetsTries(MemoryStorage):
    """Gives a failed mail back without keeping the reason."""

    def fail(self, task: MailTask | VatTask, /, *, retry_at: Any, reason: str) -> None:
        """Do it as the class says."""
        super().fail(task, retry_at=retry_at, reason="")


class FillsMore(MemoryStorage):
    """Fills a part that was not asked for."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        more = {Part.TOKENS} if scope.parts == {Part.REGISTRATIONS} else set()
        return super().read(evolve(scope, parts=scope.parts | more))


class PurgesTheEdge(MemoryStorage):
    """Purges audit entries of the very time that was named."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        later = [
            evolve(one, before=one.before.replace(microsecond=1))
            if isinstance(one, Purge) and one.kind is Kept.EVENTS
            else one
            for one in changes
        ]
        return super().write(later)


class MixesSubjects(MemoryStorage):
    """Finds an identity by its subject at any provider."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        if scope.identity == ("facebook", scope.identity and scope.identity[1]):
            scope = evolve(scope, identity=("google", scope.identity[1]))
        return super().read(scope)


class LosesThePage(MemoryStorage):
    """Begins every page at the beginning of its hour."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        if scope.page is not None and scope.page.after is not None:
            scope = evolve(scope, page=evolve(scope.page, after=(scope.page.after[0], "")))
        return super().read(scope)


class CountsTheFutureOnly(MemoryStorage):
    """Does not count an order of the very cut-off as recent."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        since = scope.recent_since
        return super().read(evolve(scope, recent_since=since and since.replace(microsecond=1)))


class MovesDisputes(MemoryStorage):
    """Moves guest orders that are under dispute."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        rows = self._tables.records.get(OrderRecord, {})
        if any(isinstance(one, MoveOrders) and one.selection.owner is None for one in changes):
            rows |= {key: evolve(row, disputed=False) for key, row in rows.items()}  # type: ignore[arg-type]
        return super().write(changes)


class ForgetsConditions(MemoryStorage):
    """Moves orders in any name."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        return super().write([
            evolve(one, selection=evolve(one.selection, names=None)) if isinstance(one, MoveOrders) else one
            for one in changes
        ])  # fmt: skip


class MarksAnew(MemoryStorage):
    """Marks orders that a merge carries along."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        return super().write([
            evolve(one, mark=Mark.SET) if isinstance(one, MoveOrders) and one.mark is Mark.KEEP else one
            for one in changes
        ])  # fmt: skip


class CountsWithoutDisputes(MemoryStorage):
    """Counts orders under dispute with the others."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        facts = super().read(scope)
        return evolve(facts, guest_orders=tuple(evolve(one, disputed=False) for one in facts.guest_orders))


class NamesNobody(MemoryStorage):
    """Counts guest orders of all names together."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        return super().read(evolve(scope, by_name=False))


class HidesOwners(MemoryStorage):
    """Counts guest orders only."""

    def read(self, scope: Scope, /) -> Facts:
        """Do it as the class says."""
        return super().read(evolve(scope, owned=False))


#: A storage with one fault, and the clause that it breaks; some have the same clause again for sixteen at once.
CAUGHT_BY: dict[type[MemoryStorage], set[str]] = {
    MemoryStorage: set(),
    KeepsMails: {"test_a_failing_last_change_leaves_nothing"},
    SharesAddresses: {"test_an_address_has_one_account", "test_one_of_sixteen_gets_an_address"},
    ForgetsVersions: {"test_only_the_expected_version_is_replaced", "test_one_of_sixteen_replaces_a_version"},
    UsesLinksTwice: {"test_a_link_is_used_once", "test_one_of_sixteen_uses_a_link"},
    LooksBeforeItUses: {"test_one_of_sixteen_uses_a_link"},
    MovesOldOrders: {"test_guest_orders_move_by_predicate", "test_orders_are_selected_by_every_condition"},
    QueuesAgain: {"test_a_sent_mail_is_not_queued_again"},
    NeverRetakes: {"test_an_expired_lease_is_retaken"},
    ForgetsTries: {"test_a_failed_mail_is_tried_again_at_its_time"},
    FillsMore: {"test_only_parts_that_are_named_are_filled"},
    PurgesTheEdge: {"test_old_events_are_purged"},
    MixesSubjects: {"test_an_identity_leads_to_its_account"},
    LosesThePage: {"test_orders_come_in_pages"},
    CountsTheFutureOnly: {"test_guest_orders_come_as_groups"},
    MovesDisputes: {"test_a_disputed_guest_order_stays"},
    ForgetsConditions: {"test_orders_are_selected_by_every_condition"},
    MarksAnew: {"test_a_move_sets_keeps_or_clears_the_claim"},
    CountsWithoutDisputes: {"test_groups_tell_disputed_orders_apart"},
    NamesNobody: {"test_groups_by_name"},
    HidesOwners: {"test_groups_of_owned_orders"},
}


@pytest.mark.parametrize("broken", CAUGHT_BY, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_clause(broken: type[MemoryStorage]) -> None:
    """A storage with one fault fails the clause that forbids it and no other; one without a fault fails none."""
    assert failing(broken) == CAUGHT_BY[broken]


def test_a_host_leaves_out_what_its_shop_does_not_use() -> None:
    """Clauses that need a part which is left out are no tests of the subclass; all others stay."""

    class WithoutExtras(StorageContract):
        left_out = frozenset({Part.WISH_LISTS, Part.VAT_CHECKS})

    gone = {name for name, _ in clauses() if getattr(WithoutExtras, name) is None}
    assert gone == {
        "test_wish_lists_come_back_as_they_were",
        "test_vat_checks_come_back_as_they_were",
        "test_belongings_come_with_their_account",
        "test_vat_checks_are_leased",
        "test_a_failed_vat_check_waits_for_its_next_try",
        "test_a_lease_is_no_change_of_a_vat_check",
        "test_a_slow_worker_leaves_the_new_number_alone",
    }


def test_every_part_has_its_place() -> None:
    """Each part that a scope can name is a field of the facts."""
    assert {part.value for part in Part} == {one.name for one in fields(Facts)} - {"breach"}


def clauses() -> list[tuple[str, Callable[..., None]]]:
    """Give all clauses with their names."""
    return [
        one for one in inspect.getmembers(StorageContract, inspect.isfunction) if one[0].startswith("test_")
    ]


def failing(storage: type[MemoryStorage]) -> set[str]:
    """Give the names of the clauses that a storage does not keep."""
    failed: set[str] = set()
    for name, clause in clauses():
        if not all(_keeps(clause, storage(), values) for values in _cases(clause)):
            failed.add(name)
    return failed


def _cases(clause: Callable[..., None]) -> list[dict[str, Any]]:
    marks = [mark for mark in getattr(clause, "pytestmark", ()) if mark.name == "parametrize"]
    return [{mark.args[0]: value} for mark in marks for value in mark.args[1]] or [{}]


def _keeps(clause: Callable[..., None], storage: MemoryStorage, values: dict[str, Any]) -> bool:
    given: dict[str, Any] = {"storage": storage, "second_storage": storage, **values}
    wanted = {name: value for name, value in given.items() if name in inspect.signature(clause).parameters}
    try:
        clause(StorageContract(), **wanted)
    except (AssertionError, StaleWriteError, pytest.fail.Exception, ValueError):
        return False
    return True
