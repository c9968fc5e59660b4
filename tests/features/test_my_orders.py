"""The orders of an account."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from customer_accounts.actors import SignedInCustomer
from customer_accounts.features.my_orders import MyOrder, MyOrders, OrderPage, OrderView
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.order import OrderStatus, Parcel, Shipment
from customer_accounts.refusals import Reason, Refused
from tests.orders import SYSTEM, place
from tests.shop import Shop

ANNA = "anna@mail.example"


def _with_orders(shop: Shop, count: int, email: str = ANNA) -> SignedInCustomer:
    """Open an account with so many orders; two of them each placed at the same time."""
    customer = shop.customer(shop.open_account(email).session)
    for number in range(count):
        at = shop.clock() + timedelta(minutes=number // 2)
        place(shop, f"{email}-{number:03}", by=customer, email="", placed_at=at)
    return customer


def _pages(shop: Shop, customer: SignedInCustomer, limit: int) -> list[OrderPage]:
    pages = [shop.require(MyOrders(limit=limit), by=customer)]
    while pages[-1].next is not None:
        pages.append(shop.require(MyOrders(limit=limit, after=pages[-1].next), by=customer))
    return pages


class TestMyOrders:
    """MyOrders."""

    @pytest.mark.parametrize(
        ("count", "limit", "sizes"),
        [(0, 20, [0]), (5, 2, [2, 2, 1]), (4, 2, [2, 2]), (3, 20, [3]), (20, 20, [20]), (3, 1, [1, 1, 1])],
    )
    def test_go_from_the_newest_on(self, shop: Shop, count: int, limit: int, sizes: list[int]) -> None:
        """F08: page by page every order comes once, the newest first, also where two have the same time."""
        pages = _pages(shop, _with_orders(shop, count), limit)
        shown = [one.reference for page in pages for one in page.orders]
        assert shown == [f"{ANNA}-{number:03}" for number in reversed(range(count))]
        assert [len(page.orders) for page in pages] == sizes

    def test_the_largest_page_has_a_hundred(self, shop: Shop) -> None:
        """F08: a list is never read whole; a full page of a hundred may be followed by an empty one."""
        customer = _with_orders(shop, 101)
        assert [len(page.orders) for page in _pages(shop, customer, 100)] == [100, 1]
        assert [len(page.orders) for page in _pages(shop, customer, 99)] == [99, 2]

    def test_an_order_that_arrives_meanwhile_moves_nothing(self, shop: Shop) -> None:
        """F08: pages go by key, so that a new order neither repeats nor hides one."""
        customer = _with_orders(shop, 4)
        first = shop.require(MyOrders(limit=2), by=customer)
        place(shop, "new", by=customer, email="", placed_at=shop.clock() + timedelta(days=1))
        second = shop.require(MyOrders(limit=2, after=first.next), by=customer)
        assert [one.reference for one in second.orders] == [f"{ANNA}-001", f"{ANNA}-000"]

    def test_only_the_accounts_own_are_shown(self, shop: Shop) -> None:
        """AZ-01: neither guest orders of the same address nor orders of others, with any cursor."""
        customer = _with_orders(shop, 3)
        bob = _with_orders(shop, 3, "bob@mail.example")
        place(shop, "guest", email=ANNA)
        first = shop.require(MyOrders(limit=1), by=bob)
        for after in (None, first.next):
            shown = shop.require(MyOrders(after=after), by=customer).orders
            assert all(one.reference.startswith(ANNA) for one in shown)

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "x",
            "!!!!",
            "é",
            base64.urlsafe_b64encode(b"yesterday ref").decode(),
            base64.urlsafe_b64encode(b"123").decode(),
            base64.urlsafe_b64encode(b"123 ").decode(),
            base64.urlsafe_b64encode(b"123 a\x00b").decode(),
            base64.urlsafe_b64encode(b"123456789012345678 ref").decode(),
            base64.urlsafe_b64encode(b"-1 ref").decode(),
            base64.urlsafe_b64encode(b"1 \xff").decode(),
        ],
    )
    def test_what_is_no_cursor_is_not_found(self, shop: Shop, cursor: str) -> None:
        """AZ-01: a cursor that was tampered with is refused, never a fault."""
        refused = shop.handle(MyOrders(after=cursor), by=_with_orders(shop, 1))
        assert refused == Refused(Reason.NOT_FOUND, field="after")

    @given(
        cursor=st.text(max_size=60)
        | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    )
    @hypothesis_settings(max_examples=80)
    def test_no_cursor_is_a_fault(self, cursor: str) -> None:
        """AZ-01: whatever comes back as a cursor, the answer is a page or a refusal."""
        shop = Shop()
        outcome = shop.handle(MyOrders(after=cursor), by=_with_orders(shop, 1))
        assert isinstance(outcome, OrderPage) or outcome == Refused(Reason.NOT_FOUND, field="after")

    def test_any_reference_makes_a_cursor(self, shop: Shop) -> None:
        """F08: references of any script and length, with blanks, lead to the next page."""
        customer = shop.customer(shop.open_account(ANNA).session)
        for reference in ("é 1", "x" * 200, "漢" * 200, "a b  c"):
            place(shop, reference, by=customer, email="", number="N")
        assert len(_pages(shop, customer, 1)) == 4

    @pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 101}, {"after": "x" * 1201}, {"offset": 3}])
    def test_input_is_bounded(self, wrong: dict[str, Any]) -> None:
        """AZ-02: pages of 1 to 100, cursors of bounded length, nothing else."""
        with pytest.raises(ValidationError):
            MyOrders(**wrong)


class TestMyOrder:
    """MyOrder."""

    def test_shows_status_and_parcels(self, shop: Shop) -> None:
        """F07: how far the order is and what has left."""
        customer = _with_orders(shop, 1)
        reference = f"{ANNA}-000"
        placed = shop.clock()
        shop.clock.forward(days=1)
        parcel = ParcelInput(carrier="Post", tracking_number="AT-1")
        shop.require(
            RecordShipment(
                reference=reference, shipment_id="s-1", parcels=(parcel,), shipped_at=shop.clock()
            ),
            by=SYSTEM,
        )
        shipment = Shipment("s-1", shop.clock(), (Parcel("Post", "AT-1"),))
        assert shop.require(MyOrder(reference=reference), by=customer) == OrderView(
            reference, f"N-{reference}", placed, OrderStatus.SHIPPED, shop.clock(), (shipment,)
        )

    def test_foreign_and_missing_are_alike(self, shop: Shop) -> None:
        """AZ-01: an order of somebody else, a guest's order of the same address, and none: one answer."""
        customer = _with_orders(shop, 1)
        _with_orders(shop, 1, "bob@mail.example")
        place(shop, "guest", email=ANNA)
        answers = {
            shop.handle(MyOrder(reference=reference), by=customer)
            for reference in ("bob@mail.example-000", "guest", "missing")
        }
        assert answers == {Refused(Reason.NOT_FOUND, field="reference")}
