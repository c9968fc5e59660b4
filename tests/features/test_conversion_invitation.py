"""What becomes of an invitation to a guest: sent again, taken back, or it ends."""

from datetime import timedelta
from typing import Any

import pytest

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent
from customer_accounts.features.conversion_invitation import (
    CancelInvitation,
    InvitationCancelled,
    InvitationResent,
    ResendInvitation,
)
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.registration import Register
from customer_accounts.features.support import ConvertGuest
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import TokenRecord
from tests.orders import GUEST, SYSTEM, place
from tests.shop import PASSWORD, Shop

AGENT = Agent("17")
RESEND = ResendInvitation(email=f" {GUEST.upper()}", reason="never came")
CANCEL = CancelInvitation(email=GUEST, reason="wrong person")


@pytest.fixture(name="invited")
def _invited(shop: Shop) -> Shop:
    """A shop that invited a guest a while ago."""
    place(shop, email="Gerda@mail.example")
    shop.require(ConvertGuest(email=GUEST, reason="letter"), by=AGENT)
    shop.clock.forward(days=5)
    return shop


def _use(shop: Shop, number: int) -> Confirmed | Refused:
    mail = shop.mails(MailPurpose.SET_PASSWORD)[number]
    confirm = ConfirmEmail(token=shop.link(mail), new_password=PASSWORD)
    return shop.handle(confirm, by=shop.visitor())


class TestResendInvitation:
    """ResendInvitation."""

    def test_mails_a_new_link_to_the_stored_address(self, invited: Shop) -> None:
        """EM-05, F16: the link lasts a week from now, and the invitation as long."""
        week = invited.clock() + timedelta(days=7)
        assert invited.require(RESEND, by=AGENT) == InvitationResent(week)
        mails = invited.mails(MailPurpose.SET_PASSWORD)
        assert [one.to for one in mails] == ["Gerda@mail.example"] * 2
        assert invited.registrations()[0].expires_at == week
        invited.clock.forward(days=7)
        assert isinstance(_use(invited, 1), Confirmed)

    def test_the_earlier_link_keeps_working(self, invited: Shop) -> None:
        """TK-06: a slow first mail works after the second one."""
        invited.require(RESEND, by=AGENT)
        assert isinstance(_use(invited, 0), Confirmed)
        assert _use(invited, 1) == Refused(Reason.ALREADY_DONE)

    def test_at_most_three_links_live(self, invited: Shop) -> None:
        """TK-06: of more than three the oldest goes."""
        for _ in range(4):
            invited.require(RESEND, by=AGENT)
            invited.clock.forward(hours=1)
        assert len(invited.stored(TokenRecord)) == 3

    def test_a_repeat_sends_nothing_more(self, invited: Shop) -> None:
        """RL-08, AB-08: within a minute of the last link nothing is sent."""
        first = invited.require(RESEND, by=AGENT)
        before = invited.storage._tables
        assert invited.require(RESEND, by=AGENT) == first
        assert invited.storage._tables is before
        invited.clock.forward(minutes=1)
        invited.require(RESEND, by=AGENT)
        assert len(invited.mails(MailPurpose.SET_PASSWORD)) == 3

    def test_says_who_and_why(self, invited: Shop) -> None:
        """LG-02: agent, masked address and reason."""
        invited.require(RESEND, by=AGENT)
        (event,) = invited.events(EventKind.INVITATION_RESENT)
        assert (event.actor, event.email, event.detail) == ("agent:17", "G***@mail.example", "never came")

    def test_nothing_waits(self, invited: Shop) -> None:
        """An invitation that was used, ended or never was cannot be sent again; a registration is none."""
        invited.require(Register(email="other@mail.example", password=PASSWORD), by=invited.visitor())
        for email in ("other@mail.example", "nobody@mail.example"):
            refused = invited.handle(ResendInvitation(email=email, reason="x"), by=AGENT)
            assert refused == Refused(Reason.NOTHING_WAITING, field="email")
        invited.clock.forward(days=3)
        assert invited.handle(RESEND, by=AGENT) == Refused(Reason.NOTHING_WAITING, field="email")

    def test_an_unreadable_address_is_refused(self, shop: Shop) -> None:
        """F06: with the correction."""
        refused = shop.handle(ResendInvitation(email="gerda@gmail,com", reason="x"), by=AGENT)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "gerda@gmail.com")


class TestCancelInvitation:
    """CancelInvitation."""

    def test_kills_the_links(self, invited: Shop) -> None:
        """GM-03: what was taken back opens nothing any more."""
        invited.require(RESEND, by=AGENT)
        texts = [invited.link(one) for one in invited.mails(MailPurpose.SET_PASSWORD)]
        assert invited.require(CANCEL, by=AGENT) == InvitationCancelled(1)
        assert invited.stored(TokenRecord) == []
        assert invited.registrations() == []
        for text in texts:
            confirm = ConfirmEmail(token=text, new_password=PASSWORD)
            assert invited.handle(confirm, by=invited.visitor()) == Refused(Reason.LINK_INVALID)
        (event,) = invited.events(EventKind.INVITATION_CANCELLED)
        assert (event.actor, event.email, event.detail) == ("agent:17", "G***@mail.example", "wrong person")

    def test_again_it_takes_back_nothing_more(self, invited: Shop) -> None:
        """RL-08: and writes nothing."""
        invited.require(CANCEL, by=AGENT)
        before = invited.storage._tables
        assert invited.require(CANCEL, by=AGENT) == InvitationCancelled(0)
        assert invited.storage._tables is before

    def test_what_the_customer_began_stays(self, invited: Shop) -> None:
        """PH-04: an own registration is not staff's to take back, nor is the account."""
        invited.require(Register(email=GUEST, password=PASSWORD), by=invited.visitor())
        invited.require(CANCEL, by=AGENT)
        assert [one.browser for one in invited.registrations()] == [invited.visitor().browser_digest]

    def test_a_used_invitation_is_an_account(self, invited: Shop) -> None:
        """SE-01: taking back what was used closes no account."""
        _use(invited, 0)
        assert invited.require(CANCEL, by=AGENT) == InvitationCancelled(0)
        (account,) = invited.stored(AccountRecord)
        assert account.is_open

    def test_an_unreadable_address_is_refused(self, shop: Shop) -> None:
        """F06: with the reason."""
        refused = shop.handle(CancelInvitation(email="gerda", reason="x"), by=AGENT)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.EMAIL_INVALID


@pytest.mark.parametrize("command", [RESEND, CANCEL], ids=["resend", "cancel"])
def test_is_an_agents(invited: Shop, command: Any) -> None:
    """GM-03: neither visitors nor the system deal with invitations."""
    for actor in (invited.visitor(), SYSTEM):
        assert invited.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
