"""The customer says that the tracking mail never came, and staff sends it again."""

from typing import Any
from uuid import uuid4

import pytest

from customer_accounts.actors import Agent
from customer_accounts.features.guest_order_page import ViewGuestOrder
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.features.tracking_resend import ResendTracking, TrackingResent
from customer_accounts.outbox import EventKind, MailPurpose, MailRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import TokenRecord
from tests.orders import GUEST, SYSTEM, place
from tests.shop import Shop

AGENT = Agent("17")


def _ship(shop: Shop, shipment_id: str, number: str = "AT-1") -> None:
    parcels = (ParcelInput(tracking_number=number),)
    shipment = RecordShipment(
        reference="ref-1", shipment_id=shipment_id, parcels=parcels, shipped_at=shop.clock.now
    )
    shop.require(shipment, by=SYSTEM)


def _again(shop: Shop, **more: Any) -> TrackingResent | Refused:
    return shop.handle(ResendTracking(**{"reference": "ref-1", "reason": "never came"} | more), by=AGENT)


def _sent(shop: Shop) -> list[MailRecord]:
    return shop.mails(MailPurpose.TRACKING)


@pytest.fixture(name="shipped")
def _shipped(shop: Shop) -> Shop:
    """A shop that shipped a guest's order in two parcels and mailed both numbers."""
    place(shop)
    _ship(shop, "s-1")
    _ship(shop, "s-2", "AT-2")
    return shop


def test_goes_to_the_stored_address(shipped: Shop) -> None:
    """EM-05, F14: both parcels once more, with one working link to the order's page."""
    assert _again(shipped) == TrackingResent("ref-1", "g***@mail.example", ("s-1", "s-2"))
    mails = _sent(shipped)[2:]
    assert [(one.to, one.shipment_id) for one in mails] == [(GUEST, "s-1"), (GUEST, "s-2")]
    assert "email" not in ResendTracking.model_fields
    for mail in mails:
        seen = shipped.require(ViewGuestOrder(reference_token=shipped.link(mail)), by=shipped.visitor())
        assert seen.shipped
    assert len(shipped.stored(TokenRecord)) == 1


def test_makes_one_new_link_where_the_old_one_ends(shipped: Shop) -> None:
    """GM-05: a link that ends soon is followed by one other, for all the mails."""
    shipped.clock.forward(days=120)
    _again(shipped)
    assert len(shipped.stored(TokenRecord)) == 2
    assert len({one.token for one in _sent(shipped)[2:]}) == 1


def test_one_shipment(shipped: Shop) -> None:
    """A named one only; a wrong name finds nothing."""
    assert _again(shipped, shipment_id="s-2") == TrackingResent("ref-1", "g***@mail.example", ("s-2",))
    assert _again(shipped, shipment_id="s-3") == Refused(Reason.NOT_FOUND, field="shipment_id")


def test_a_correction_is_told_as_such(shipped: Shop) -> None:
    """The number of the correction goes along, so that a later one overtakes the mail (RL-05)."""
    _ship(shipped, "s-1", "AT-9")
    _again(shipped, shipment_id="s-1")
    assert _sent(shipped)[-1].detail("corrected") == "1"


def test_a_customer_gets_it_too(shop: Shop) -> None:
    """F07: a customer's mail leads to the account and has no link of its own."""
    anna = shop.open_account()
    place(shop, by=shop.customer(anna.session), email="")
    _ship(shop, "s-1")
    _again(shop)
    mail = _sent(shop)[-1]
    assert (mail.account_id, mail.token, mail.to) == (anna.account_id, None, "anna@mail.example")


def test_a_repeat_mails_nothing_more(shipped: Shop) -> None:
    """RL-08: the same id once more; another one is another wish."""
    wish = {"id": uuid4()}
    _again(shipped, **wish)
    _again(shipped, **wish)
    assert len(_sent(shipped)) == 4
    _again(shipped)
    assert len(_sent(shipped)) == 6


def test_nothing_has_left(shop: Shop) -> None:
    """There is nothing to track, or no such order."""
    place(shop)
    assert _again(shop) == Refused(Reason.NOTHING_SHIPPED, field="shipment_id")
    assert _again(shop, reference="ref-2") == Refused(Reason.NOT_FOUND, field="reference")


def test_says_who_and_why(shipped: Shop) -> None:
    """LG-02: agent, order and reason stand in the trail."""
    _again(shipped)
    (event,) = shipped.events(EventKind.TRACKING_RESENT)
    assert (event.actor, event.email, event.detail) == (
        "agent:17", "g***@mail.example", "ref-1: never came",
    )  # fmt: skip


def test_is_an_agents(shipped: Shop) -> None:
    """GM-05: with a number alone nobody causes a mail."""
    wish: Any = ResendTracking(reference="ref-1", reason="mine")
    for actor in (shipped.visitor(), SYSTEM):
        assert shipped.handle(wish, by=actor) == Refused(Reason.NOT_ALLOWED)
