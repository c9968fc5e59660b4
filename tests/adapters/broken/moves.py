"""Storages that move the wrong orders, or count the wrong ones."""

from typing import Any

from attrs import evolve

from customer_accounts.changes import Change, Mark, MoveOrders
from customer_accounts.facts import Facts, Scope
from customer_accounts.order import OrderRecord
from tests.adapters.broken.scopes import Asking
from tests.adapters.broken.storage import Reading, Writing, breaks


@breaks("test_guest_orders_move_by_predicate", "test_orders_are_selected_by_every_condition")
class MovesOldOrders(Writing):
    """Moves guest orders of any age."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, MoveOrders):
            return evolve(change, selection=evolve(change.selection, since=None))
        return change


@breaks("test_a_disputed_guest_order_stays")
class MovesDisputes(Writing):
    """Moves guest orders that are under dispute."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, MoveOrders) and change.selection.owner is None:
            rows: dict[Any, Any] = self._tables.records.get(OrderRecord, {})
            rows |= {key: evolve(row, disputed=False) for key, row in rows.items()}
        return change


@breaks("test_orders_are_selected_by_every_condition")
class ForgetsConditions(Writing):
    """Moves orders in any name."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, MoveOrders):
            return evolve(change, selection=evolve(change.selection, names=None))
        return change


@breaks("test_a_move_sets_keeps_or_clears_the_claim")
class MarksAnew(Writing):
    """Marks orders that a merge carries along."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, MoveOrders) and change.mark is Mark.KEEP:
            return evolve(change, mark=Mark.SET)
        return change


@breaks("test_orders_go_back_to_nobody")
class KeepsTheOwner(Writing):
    """Does not give orders back to nobody."""

    def one(self, change: Change) -> Change:
        """Do it as the class says."""
        if isinstance(change, MoveOrders) and change.to is None:
            return evolve(change, to=change.selection.owner)
        return change


@breaks("test_groups_tell_disputed_orders_apart")
class CountsWithoutDisputes(Reading):
    """Counts orders under dispute with the others."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        return evolve(facts, guest_orders=tuple(evolve(one, disputed=False) for one in facts.guest_orders))


@breaks("test_groups_by_name")
class NamesNobody(Asking):
    """Counts guest orders of all names together."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        return evolve(scope, by_name=False)


@breaks("test_groups_of_owned_orders")
class HidesOwners(Asking):
    """Counts guest orders only."""

    def asked(self, scope: Scope) -> Scope:
        """Do it as the class says."""
        return evolve(scope, owned=False)
