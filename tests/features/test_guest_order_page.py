"""The page on which a guest follows a parcel."""

from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.actors import Agent
from customer_accounts.changes import Remove, Save
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_order_page import (
    AccountOffered,
    GuestOrderView,
    OpenAccountFromOrder,
    ViewGuestOrder,
)
from customer_accounts.features.order_tracking import ParcelInput, RecordOrderStatus, RecordShipment
from customer_accounts.features.registration import CorrectRegistrationAddress, InspectRegistration, Register
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.order import OrderStatus, Parcel, Shipment
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import TokenRecord
from tests.orders import GUEST, SYSTEM, place, stored_order
from tests.shop import ELSEWHERE, PASSWORD, Shop


def _link(shop: Shop) -> str:
    """Place an order as a guest, ship it, and give the link of the tracking mail."""
    place(shop)
    parcel = ParcelInput(carrier="Post", tracking_number="AT-1")
    shop.require(
        RecordShipment(reference="ref-1", shipment_id="s-1", parcels=(parcel,), shipped_at=shop.clock()),
        by=SYSTEM,
    )
    return shop.link(shop.mails(MailPurpose.TRACKING)[0])


def _view(shop: Shop, text: str) -> GuestOrderView | Refused:
    return shop.handle(ViewGuestOrder(reference_token=text), by=shop.visitor(ELSEWHERE))


def test_shows_the_parcels_and_nothing_of_the_person(shop: Shop) -> None:
    """F14, DP-03: number and parcels; no name, no address, no postcode."""
    view = _view(shop, _link(shop))
    assert view == GuestOrderView(
        "N-ref-1", True, (Shipment("s-1", shop.clock(), (Parcel("Post", "AT-1"),)),)
    )
    shown = repr(view)
    found = stored_order(shop)
    assert all(one not in shown for one in (found.name, found.postcode, found.email))


def test_shows_nothing_of_the_progress(shop: Shop) -> None:
    """F14: a delivered order looks like a shipped one."""
    text = _link(shop)
    shipped = _view(shop, text)
    shop.require(
        RecordOrderStatus(reference="ref-1", status=OrderStatus.DELIVERED, at=shop.clock()), by=SYSTEM
    )
    assert _view(shop, text) == shipped


def test_looking_uses_nothing_up(shop: Shop) -> None:
    """Truth 2: the page can be opened as often as its guest wants, and nothing is written."""
    text = _link(shop)
    before = shop.storage._tables
    assert _view(shop, text) == _view(shop, text)
    assert shop.storage._tables is before


def test_the_link_ends(shop: Shop) -> None:
    """TK-04: it works up to the second of its expiry, then it says that it has expired."""
    text = _link(shop)
    shop.clock.forward(days=180)
    assert isinstance(_view(shop, text), GuestOrderView)
    shop.clock.forward(seconds=1)
    assert _view(shop, text) == Refused(Reason.LINK_EXPIRED)


def test_a_link_that_was_made_worthless_is_invalid(shop: Shop) -> None:
    """TK-06: there is no "already done" on a page that only shows."""
    text = _link(shop)
    (token,) = shop.stored(TokenRecord)
    shop.storage.write([Save(attrs.evolve(token, used_at=shop.clock(), version=2), 1)])
    assert _view(shop, text) == Refused(Reason.LINK_INVALID)


def test_a_link_of_an_order_that_is_gone_is_invalid(shop: Shop) -> None:
    """GM-05: without its order a link shows nothing."""
    text = _link(shop)
    shop.storage.write([Remove(stored_order(shop))])
    assert _view(shop, text) == Refused(Reason.LINK_INVALID)


def test_a_link_shows_only_the_address_it_was_mailed_to(shop: Shop) -> None:
    """TK-03: once the order's address is put right, the link that went to the wrong one is dead."""
    text = _link(shop)
    found = stored_order(shop)
    right = attrs.evolve(found, email="g@mail.example", email_key="g@mail.example", version=found.version + 1)
    shop.storage.write([Save(right, found.version)])
    assert _view(shop, text) == Refused(Reason.LINK_INVALID)


def test_a_link_for_something_else_shows_no_order(shop: Shop) -> None:
    """TK-03: a link of another purpose never opens the page."""
    shop.require(Register(email="anna@mail.example", password=PASSWORD), by=shop.visitor())
    assert _view(shop, shop.link(shop.mails()[0])) == Refused(Reason.LINK_INVALID)


@pytest.mark.parametrize("text", ["", " ", "ref-1", "N-ref-1", "A" * 43, "é" * 43, "\x00" * 43])
def test_what_is_no_link_shows_nothing(shop: Shop, text: str) -> None:
    """GM-05, TK-08: neither the reference nor the number nor anything of the wrong shape opens the page."""
    _link(shop)
    assert _view(shop, text) == Refused(Reason.LINK_INVALID)


@given(text=st.text(max_size=200))
def test_no_text_opens_a_page_by_chance(text: str) -> None:
    """GM-05, TK-08: whatever is sent, the answer is a refusal and never a fault."""
    assert _view(Shop(), text) == Refused(Reason.LINK_INVALID)


def test_blanks_around_a_link_do_not_matter(shop: Shop) -> None:
    """A link copied with its blanks works."""
    assert isinstance(_view(shop, f" {_link(shop)}\n"), GuestOrderView)


def test_tries_are_counted_by_network() -> None:
    """AB-01: guessing links is braked."""
    shop = Shop(limits=dict(ALLOWANCES) | {Limit.LINK_NETWORK: Allowance(1, timedelta(hours=1))})
    _view(shop, "x")
    refused = _view(shop, "x")
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.TOO_MANY_ATTEMPTS


def test_it_is_a_visitors_page(shop: Shop) -> None:
    """F14: staff and system have other ways to see an order."""
    command: Any = ViewGuestOrder(reference_token="x")
    for actor in (Agent("17"), SYSTEM):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)


class TestOpenAccount:
    """An account from the page of an order."""

    def _ask(self, shop: Shop, text: str, browser: str = ELSEWHERE) -> Any:
        return shop.handle(OpenAccountFromOrder(reference_token=text), by=shop.visitor(browser))

    def test_the_mail_goes_to_the_stored_address(self, shop: Shop) -> None:
        """F15, EM-05: the account begins with the proof of that mailbox, and the order joins it."""
        text = _link(shop)
        told = self._ask(shop, text)
        assert isinstance(told, AccountOffered)
        assert told.contact == shop.settings.storefront.contact
        (mail,) = shop.mails(MailPurpose.CONFIRM_REGISTRATION)
        assert mail.to == GUEST
        confirmed = shop.require(
            ConfirmEmail(token=shop.link(mail)), by=shop.visitor("the guest's own browser")
        )
        assert (confirmed.email, confirmed.claimed) == (GUEST, 1)
        assert confirmed.generated_password is not None

    def test_the_answer_is_the_same_for_an_address_with_an_account(self, shop: Shop) -> None:
        """EN-01, EN-02: the owner is told by mail that there is an account, the page says what it always says."""
        told = self._ask(shop, _link(shop))
        other = Shop()
        text = _link(other)
        other.open_account(GUEST)
        assert self._ask(other, text) == told
        assert [one.to for one in other.mails(MailPurpose.ALREADY_REGISTERED)] == [GUEST]

    def test_whoever_has_the_link_learns_nothing_of_the_address(self, shop: Shop) -> None:
        """F14, DP-03: the asking browser is told of no registration, cannot correct it, and needs no name."""
        told = self._ask(shop, _link(shop))
        assert GUEST not in str(attrs.asdict(told))
        seen = shop.handle(InspectRegistration(), by=shop.visitor(ELSEWHERE))
        assert seen == Refused(Reason.NOTHING_WAITING)
        corrected = shop.handle(
            CorrectRegistrationAddress(email="m@evil.example"), by=shop.visitor(ELSEWHERE)
        )
        assert corrected == Refused(Reason.NOTHING_WAITING)
        assert [one.name for one in shop.registrations()] == [""]

    def test_takes_nothing_from_the_guests_own_registration(self, shop: Shop) -> None:
        """PH-04: what was begun at the checkout waits beside it, with its own password."""
        place(shop, open_account=True, password=PASSWORD)
        parcel = ParcelInput(carrier="Post", tracking_number="AT-1")
        shop.require(
            RecordShipment(reference="ref-1", shipment_id="s-1", parcels=(parcel,), shipped_at=shop.clock()),
            by=SYSTEM,
        )
        self._ask(shop, shop.link(shop.mails(MailPurpose.TRACKING)[0]))
        assert sorted(one.password_hash is None for one in shop.registrations()) == [False, True]

    def test_again_is_another_mail_for_the_same_registration(self, shop: Shop) -> None:
        """RL-08: asked twice, one registration waits."""
        text = _link(shop)
        assert self._ask(shop, text) == self._ask(shop, text)
        assert len(shop.registrations()) == 1

    @pytest.mark.parametrize("text", ["", "ref-1", "A" * 43])
    def test_needs_the_link(self, shop: Shop, text: str) -> None:
        """GM-05: neither number nor reference."""
        _link(shop)
        assert self._ask(shop, text) == Refused(Reason.LINK_INVALID)
        assert shop.registrations() == []

    def test_is_counted(self) -> None:
        """AB-08: mails to a guest cannot be caused without end, whichever network asks."""
        shop = Shop(limits=dict(ALLOWANCES) | {Limit.REGISTER_ADDRESS: Allowance(1, timedelta(hours=1))})
        text = _link(shop)
        command = OpenAccountFromOrder(reference_token=text)
        outcomes = [shop.handle(command, by=shop.visitor(ip=f"203.0.113.{n}")) for n in (1, 2)]
        assert isinstance(outcomes[0], AccountOffered)
        assert isinstance(outcomes[1], Refused)
        assert outcomes[1].reason is Reason.TOO_MANY_ATTEMPTS
