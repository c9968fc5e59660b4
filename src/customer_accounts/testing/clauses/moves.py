"""Clauses: orders move by a condition in one update, and back again."""

from typing import Any

from attrs import evolve

from customer_accounts.changes import (
    Mark,
    MoveOrders,
    OrderSelection,
)
from customer_accounts.facts import Part, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, needs
from customer_accounts.testing.records import NOW, later, some_key, stored


def _order(storage: Storage, order: OrderRecord) -> OrderRecord:
    (found,) = storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference)).orders
    return found


class MoveClauses(Clauses):
    """Which orders move, where to, and how they are marked."""

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_guest_orders_move_by_predicate(self, storage: Storage) -> None:
        """GM-01: exactly nobody's orders of that address since that time move, and are counted."""
        key, account, claim, other = some_key(), records.some_id(), records.some_id(), records.some_id()
        edge = records.an_order(email_key=key)
        new = evolve(
            records.a_full_order(),
            owner=None,
            claim_id=None,
            email_key=key,
            placed_at=later(days=1),
            disputed=False,
        )
        old = records.an_order(email_key=key, placed_at=later(seconds=-1))
        owned = records.an_order(email_key=key, owner=other)
        foreign = records.an_order()
        storage.write(stored(edge, new, old, owned, foreign))
        counts = storage.write([MoveOrders(OrderSelection(key, since=NOW), account, claim)])
        assert counts.moved == {claim: 2}
        moved = [evolve(one, owner=account, claim_id=claim, version=one.version + 1) for one in (edge, new)]
        for order in (*moved, old, owned, foreign):
            scope = Scope(parts=frozenset({Part.ORDERS}), order=order.reference)
            assert storage.read(scope).orders == (order,)

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_guest_orders_move_once(self, storage: Storage) -> None:
        """GM-01: without a time all orders of the address move; what moved does not move again."""
        key, first, second = some_key(), records.some_id(), records.some_id()
        storage.write(stored(*(records.an_order(email_key=key, placed_at=later(days=-n)) for n in range(3))))
        selection = OrderSelection(key)
        counts = storage.write([MoveOrders(selection, first, first), MoveOrders(selection, second, second)])
        assert counts.moved == {first: 3, second: 0}

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_a_disputed_guest_order_stays(self, storage: Storage) -> None:
        """GM-01: what is under dispute joins no account, neither by its address nor by its reference."""
        key, claim = some_key(), records.some_id()
        order = records.an_order(email_key=key, disputed=True)
        storage.write(stored(order, records.an_order(email_key=key)))
        by_reference = OrderSelection(reference=order.reference)
        counts = storage.write(
            [MoveOrders(by_reference, claim, claim), MoveOrders(OrderSelection(key), claim, claim)]
        )
        assert counts.moved == {claim: 1}
        scope = Scope(parts=frozenset({Part.ORDERS}), order=order.reference)
        assert storage.read(scope).orders == (order,)

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_orders_are_selected_by_every_condition(self, storage: Storage) -> None:
        """GM-01: an order moves only if it meets each condition of the selection."""
        key, owner, claim, to = some_key(), records.some_id(), records.some_id(), records.some_id()
        right = records.an_order(
            email_key=key, owner=owner, claim_id=claim, name="Anna", placed_at=NOW, disputed=True
        )
        wrong: list[dict[str, Any]] = [
            {"email_key": some_key()}, {"owner": None}, {"owner": records.some_id()},
            {"claim_id": records.some_id()}, {"claim_id": None}, {"name": "anna"}, {"name": ""},
            {"placed_at": later(microseconds=-1)},
        ]  # fmt: skip
        others = [evolve(right, reference=f"{right.reference}-{n}", **one) for n, one in enumerate(wrong)]
        storage.write(stored(right, *others))
        selection = OrderSelection(
            key, NOW, names=("Anna", "Berta", "Zoë"), owner=owner, claim=claim, claimed=True
        )
        assert storage.write([MoveOrders(selection, to, to)]).moved == {to: 1}
        assert _order(storage, right) == evolve(right, owner=to, claim_id=to, version=right.version + 1)
        assert [_order(storage, one) for one in others] == others

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_a_move_sets_keeps_or_clears_the_claim(self, storage: Storage) -> None:
        """GM-02: a merge marks what came without a claim and carries the rest; both go back as they were."""
        first, second, merge, claim = (records.some_id() for _ in range(4))
        own, claimed = (records.an_order(owner=first, claim_id=one) for one in (None, claim))
        foreign = records.an_order(owner=second)
        storage.write(stored(own, claimed, foreign))
        counts = storage.write(
            [
                MoveOrders(OrderSelection(owner=first, claimed=False), second, merge),
                MoveOrders(OrderSelection(owner=first, claimed=True), second, merge, Mark.KEEP),
            ]
        )
        assert counts.moved == {merge: 2}
        assert _order(storage, own) == evolve(own, owner=second, claim_id=merge, version=2)
        assert _order(storage, claimed) == evolve(claimed, owner=second, version=2)
        storage.write(
            [
                MoveOrders(OrderSelection(owner=second, claim=merge), first, merge, Mark.CLEAR),
                MoveOrders(OrderSelection(owner=second, claim=claim), first, merge, Mark.KEEP),
            ]
        )
        assert [evolve(_order(storage, one), version=1) for one in (own, claimed, foreign)] == [
            own, claimed, foreign,
        ]  # fmt: skip

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_orders_go_back_to_nobody(self, storage: Storage) -> None:
        """GM-02: what a claim moved is a guest's order again, and only where owner and claim are still its own."""
        key, account, claim = some_key(), records.some_id(), records.some_id()
        orders = [records.an_order(email_key=key) for _ in range(2)]
        storage.write([*stored(*orders), MoveOrders(OrderSelection(key), account, claim)])
        elsewhere = OrderSelection(owner=records.some_id(), claim=claim)
        back = OrderSelection(owner=account, claim=claim)
        for selection, moved in ((elsewhere, 0), (back, 2), (back, 0)):
            counts = storage.write([MoveOrders(selection, None, claim, Mark.CLEAR)])
            assert counts.moved == {claim: moved}
        assert [evolve(_order(storage, one), version=1) for one in orders] == orders
