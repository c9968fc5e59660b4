"""An order under dispute joins no account."""

from typing import Any

import attrs

from customer_accounts.actors import Agent
from customer_accounts.features.guest_claim import ClaimGuestOrders
from customer_accounts.features.order_dispute import DisputeRecorded, RecordDispute
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason, Refused
from tests.orders import SYSTEM, place, stored_order
from tests.shop import Shop

ANNA = "anna@mail.example"


def test_a_disputed_guest_order_waits_until_the_dispute_is_over(shop: Shop) -> None:
    """GM-01: it joins no account meanwhile, and like any other afterwards."""
    customer = shop.customer(shop.open_account(ANNA).session)
    place(shop, email=ANNA)
    assert shop.require(RecordDispute(reference="ref-1"), by=SYSTEM) == DisputeRecorded("ref-1", True)
    assert shop.require(ClaimGuestOrders(), by=customer).claimed == 0
    over = RecordDispute(reference="ref-1", disputed=False)
    assert shop.require(over, by=SYSTEM) == DisputeRecorded("ref-1", False)
    assert shop.require(ClaimGuestOrders(), by=customer).claimed == 1
    details = [one.detail for one in shop.events(EventKind.ORDER_DISPUTED)]
    assert details == ["ref-1 begun", "ref-1 over"]


def test_a_customers_order_stays_with_its_account(shop: Shop) -> None:
    """F08: a dispute takes no order away."""
    anna = shop.open_account(ANNA)
    place(shop, by=shop.customer(anna.session), email="")
    before = stored_order(shop)
    shop.require(RecordDispute(reference="ref-1"), by=SYSTEM)
    assert stored_order(shop) == attrs.evolve(before, disputed=True, version=2)


def test_again_changes_nothing(shop: Shop) -> None:
    """RL-08: told twice, written once."""
    place(shop)
    shop.require(RecordDispute(reference="ref-1"), by=SYSTEM)
    before = shop.storage._tables
    shop.require(RecordDispute(reference="ref-1"), by=SYSTEM)
    assert shop.storage._tables is before


def test_is_the_shops_own(shop: Shop) -> None:
    """AZ-01: an order that is not there is said so, and nobody else tells of a dispute."""
    command: Any = RecordDispute(reference="ref-1")
    assert shop.handle(command, by=SYSTEM) == Refused(Reason.NOT_FOUND, field="reference")
    for actor in (shop.visitor(), Agent("17")):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
