"""A guest mistyped the e-mail address of an order, and notices before it leaves."""

from typing import Any
from uuid import uuid4

import pytest

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent
from customer_accounts.changes import insert
from customer_accounts.features.guest_address import (
    CorrectGuestAddress,
    GuestAddressCorrected,
    NearMiss,
    PreviewGuestAddress,
)
from customer_accounts.features.guest_claim import ClaimGuestOrders
from customer_accounts.features.guest_order_page import ViewGuestOrder
from customer_accounts.features.order_tracking import ParcelInput, RecordOrderStatus, RecordShipment
from customer_accounts.features.privacy import CloseAccount
from customer_accounts.mail.staleness import Stale, StaleReason, examine
from customer_accounts.order import OrderStatus
from customer_accounts.outbox import EventKind, MailPurpose, MailTask
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing.records import a_token
from customer_accounts.token import Purpose, TokenRecord
from tests.orders import GUEST, SYSTEM, place, stored_order
from tests.shop import Shop

AGENT = Agent("17")
TYPO = "gerdda@mail.example"


def _correct(shop: Shop, email: str = GUEST, **more: Any) -> GuestAddressCorrected | Refused:
    given: dict[str, Any] = {"reference": "ref-1", "reason": "phoned", "email": email}
    return shop.handle(CorrectGuestAddress(**given | more), by=AGENT)


def _ship(shop: Shop) -> None:
    parcel = ParcelInput(tracking_number="AT-1")
    shipment = RecordShipment(
        reference="ref-1", shipment_id="s-1", parcels=(parcel,), shipped_at=shop.clock.now
    )
    shop.require(shipment, by=SYSTEM)


@pytest.fixture(name="mistyped")
def _mistyped(shop: Shop) -> Shop:
    """A shop with an order under a mistyped address, whose acknowledgement waits in the outbox."""
    place(shop, email=TYPO, acknowledge=True)
    return shop


class TestCorrectGuestAddress:
    """CorrectGuestAddress."""

    def test_tracking_goes_to_the_right_place(self, mistyped: Shop) -> None:
        """F17: the parcel's mail goes to the new address, and the order is otherwise as it was placed."""
        before = stored_order(mistyped)
        result = _correct(mistyped)
        assert result == GuestAddressCorrected("ref-1", "N-ref-1", "g***@mail.example", "g***@mail.example")
        after = stored_order(mistyped)
        assert (after.email, after.email_key, after.email_corrected_at) == (GUEST, GUEST, mistyped.clock())
        assert (after.number, after.name, after.postcode, after.placed_at, after.status) == (
            before.number, before.name, before.postcode, before.placed_at, before.status,
        )  # fmt: skip
        _ship(mistyped)
        (mail,) = mistyped.mails(MailPurpose.TRACKING)
        assert mail.to == GUEST

    def test_the_old_address_is_told_nothing(self, mistyped: Shop) -> None:
        """F17: no mail is queued for it, and what waits for it is dropped before it is sent (RL-05)."""
        (waiting,) = mistyped.mails()
        _correct(mistyped)
        assert mistyped.mails() == [waiting]
        task = MailTask(waiting, order=stored_order(mistyped))
        stale = examine(task, mistyped.settings, mistyped.clock())
        assert stale == Stale(StaleReason.ADDRESS_CORRECTED)

    def test_the_old_link_is_dead(self, mistyped: Shop) -> None:
        """GM-05: a link to the order's page that somebody else may have shows nothing, and the next one is new."""
        old = a_token(purpose=Purpose.VIEW_ORDER, email_key=TYPO, order_reference="ref-1")
        other = a_token(purpose=Purpose.VIEW_ORDER, email_key=TYPO, order_reference="ref-2")
        mistyped.storage.write([insert(old), insert(other)])
        _correct(mistyped)
        assert [one.digest for one in mistyped.stored(TokenRecord)] == [other.digest]
        _ship(mistyped)
        (mail,) = mistyped.mails(MailPurpose.TRACKING)
        view = mistyped.require(ViewGuestOrder(reference_token=mistyped.link(mail)), by=mistyped.visitor())
        assert view.shipped

    def test_both_stand_masked_in_the_trail(self, mistyped: Shop) -> None:
        """LG-02: agent, reason, and both addresses as logs may show them."""
        _correct(mistyped, "berta@post.example", evidence="invoice")
        (event,) = mistyped.events(EventKind.GUEST_ADDRESS_CORRECTED)
        assert (event.actor, event.email) == ("agent:17", "g***@mail.example")
        assert event.detail == "ref-1 to b***@post.example: phoned; evidence: invoice"

    def test_another_address_wants_evidence(self, mistyped: Shop) -> None:
        """Two slips are a typo; what is further apart is another address."""
        assert isinstance(_correct(mistyped, "gerde@mail.example"), GuestAddressCorrected)
        refused = _correct(mistyped, "berta@mail.example")
        assert refused == Refused(Reason.EVIDENCE_NEEDED, field="evidence")
        assert _correct(mistyped, "berta@mail.example", evidence=" ") == refused
        assert stored_order(mistyped).email == "gerde@mail.example"

    def test_again_it_does_nothing_more(self, mistyped: Shop) -> None:
        """RL-08: the same correction once more writes nothing."""
        first = _correct(mistyped)
        before = mistyped.storage._tables
        again = _correct(mistyped)
        assert isinstance(first, GuestAddressCorrected)
        assert isinstance(again, GuestAddressCorrected)
        assert again.after == first.after
        assert mistyped.storage._tables is before

    def test_the_checkout_may_repeat_the_order(self, mistyped: Shop) -> None:
        """RL-08: the host that tells of the order once more, with the typo, gets the same answer."""
        _correct(mistyped)
        place(mistyped, email=TYPO)
        assert stored_order(mistyped).email == GUEST

    def test_nothing_joins_an_account_by_it(self, mistyped: Shop) -> None:
        """GM-01: the corrected order stays a guest's until the customer claims it."""
        anna = mistyped.open_account(GUEST)
        _correct(mistyped)
        assert stored_order(mistyped).owner is None
        claimed = mistyped.require(ClaimGuestOrders(), by=mistyped.customer(anna.session))
        assert claimed.claimed == 1

    def test_what_has_left_stays(self, mistyped: Shop) -> None:
        """Truth 6: after the shipment nothing of the order is rewritten."""
        _ship(mistyped)
        assert _correct(mistyped) == Refused(Reason.ALREADY_SHIPPED, field="reference")
        assert stored_order(mistyped).email == TYPO

    def test_what_arrived_without_a_shipment_stays(self, mistyped: Shop) -> None:
        """Truth 6: also where nobody told of a parcel."""
        arrived = RecordOrderStatus(reference="ref-1", status=OrderStatus.DELIVERED, at=mistyped.clock.now)
        mistyped.require(arrived, by=SYSTEM)
        assert _correct(mistyped) == Refused(Reason.ALREADY_SHIPPED, field="reference")

    def test_a_customers_order_goes_by_the_account(self, shop: Shop) -> None:
        """AZ-01: the address of an account is its owner's to change."""
        anna = shop.open_account()
        place(shop, by=shop.customer(anna.session), email=TYPO)
        assert _correct(shop) == Refused(Reason.ORDER_OWNED, field="reference")

    def test_what_does_not_exist_is_not_found(self, mistyped: Shop) -> None:
        """An order that nobody placed, an address that nobody can read."""
        assert _correct(mistyped, reference="ref-2") == Refused(Reason.NOT_FOUND, field="reference")
        refused = _correct(mistyped, "gerda@gmail,com")
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "gerda@gmail.com")

    def test_two_agents_where_the_shop_wants_it(self) -> None:
        """The first proposes, the second corrects."""
        shop = Shop(four_eyes={AgentTask.CORRECT_ADDRESS})
        place(shop, email=TYPO)
        wish = CorrectGuestAddress(id=uuid4(), reference="ref-1", email=GUEST, reason="phoned")
        assert shop.handle(wish, by=AGENT) == Refused(Reason.SECOND_AGENT_NEEDED)
        assert stored_order(shop).email == TYPO
        shop.require(wish, by=Agent("1", may=frozenset({"approve"})))
        assert stored_order(shop).email == GUEST

    def test_is_an_agents(self, mistyped: Shop) -> None:
        """GM-05: nobody else corrects the address of an order."""
        wish: Any = CorrectGuestAddress(reference="ref-1", email=GUEST, reason="mine")
        for actor in (mistyped.visitor(), SYSTEM):
            assert mistyped.handle(wish, by=actor) == Refused(Reason.NOT_ALLOWED)


class TestPreviewGuestAddress:
    """PreviewGuestAddress."""

    def test_shows_near_misses(self, mistyped: Shop) -> None:
        """F17: known addresses that one slip leads to, with what they have; nothing is changed."""
        mistyped.open_account(GUEST)
        place(mistyped, "ref-2", email="greda@mail.example")
        place(mistyped, "ref-3", email="far@mail.example")
        before = stored_order(mistyped)
        preview = mistyped.require(PreviewGuestAddress(reference="ref-1", email=GUEST), by=AGENT)
        assert preview.near == (NearMiss(GUEST, True, 0), NearMiss("greda@mail.example", False, 1))
        assert (preview.email, preview.errors, preview.evidence_needed) == (TYPO, 1, False)
        assert stored_order(mistyped) == before

    def test_says_what_another_address_wants(self, mistyped: Shop) -> None:
        """The agent knows before that evidence is needed, and of a typing error in the new address."""
        preview = mistyped.require(PreviewGuestAddress(reference="ref-1", email="b@gmial.com"), by=AGENT)
        assert (preview.evidence_needed, preview.suggestion) == (True, "b@gmail.com")

    def test_closed_accounts_are_not_shown(self, mistyped: Shop) -> None:
        """DP-03: whoever left is unknown."""
        anna = mistyped.open_account(GUEST)
        mistyped.require(CloseAccount(account_id=anna.account_id, reason="left"), by=AGENT)
        preview = mistyped.require(PreviewGuestAddress(reference="ref-1", email=GUEST), by=AGENT)
        assert preview.near == ()
        assert not mistyped.stored(AccountRecord)[0].is_open

    def test_each_look_is_in_the_trail(self, mistyped: Shop) -> None:
        """LG-02: who looked, at which order, with which address, both masked; no repr shows more."""
        preview = mistyped.require(PreviewGuestAddress(reference="ref-1", email=GUEST), by=AGENT)
        (event,) = mistyped.events(EventKind.GUEST_ADDRESS_PREVIEWED)
        assert (event.actor, event.email) == ("agent:17", "g***@mail.example")
        assert event.detail == "ref-1: g***@mail.example"
        assert TYPO not in repr(preview)

    def test_refuses_what_cannot_be_corrected(self, mistyped: Shop) -> None:
        """The same refusals as the correction itself."""
        unreadable = mistyped.handle(PreviewGuestAddress(reference="ref-1", email="gerda"), by=AGENT)
        assert isinstance(unreadable, Refused)
        assert unreadable.reason is Reason.EMAIL_INVALID
        missing = mistyped.handle(PreviewGuestAddress(reference="ref-9", email=GUEST), by=AGENT)
        assert missing == Refused(Reason.NOT_FOUND, field="reference")
