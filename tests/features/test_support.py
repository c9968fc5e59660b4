"""A guest wrote to the shop, and staff makes the way to a normal account."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import attrs
import pytest
from pydantic import SecretStr, ValidationError

from customer_accounts.account import AccountRecord, RegistrationRecord
from customer_accounts.actors import Agent
from customer_accounts.features.email_confirmation import (
    Confirmed,
    ConfirmEmail,
    InspectLink,
    LinkView,
    Needs,
)
from customer_accounts.features.password_reset import ResetPassword
from customer_accounts.features.registration import Register
from customer_accounts.features.support import ConversionOutcome, ConvertGuest, GuestConversion
from customer_accounts.outbox import EventKind, MailPurpose, MailRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose, TokenRecord
from tests.orders import GUEST, SYSTEM, place, stored_order
from tests.shop import ELSEWHERE, PASSWORD, Shop

AGENT = Agent("17", name="Susi Support")
ANNA = "anna@mail.example"


def _convert(shop: Shop, email: str = GUEST, **more: Any) -> GuestConversion | Refused:
    given: dict[str, Any] = {"reason": "letter of 3 November", "locale": "de"}
    return shop.handle(ConvertGuest(email=email, **given | more), by=AGENT)


def _invitations(shop: Shop) -> list[MailRecord]:
    return shop.mails(MailPurpose.SET_PASSWORD)


def _confirm(shop: Shop, mail: MailRecord, **how: Any) -> Confirmed | Refused:
    return shop.handle(ConfirmEmail(token=shop.link(mail), **how), by=shop.visitor(ELSEWHERE))


class TestConvertGuest:
    """ConvertGuest."""

    def test_mails_a_link_to_the_stored_address(self, shop: Shop) -> None:
        """F16, GM-03, EM-05: the mail goes to the address that the orders store, not as staff typed it."""
        place(shop, email="Gerda@Mail.example")
        outcome = _convert(shop, "GERDA@mail.EXAMPLE")
        (mail,) = shop.mails()
        (token,) = shop.stored(TokenRecord)
        week = shop.clock() + timedelta(days=7)
        assert outcome == GuestConversion(ConversionOutcome.INVITED, 1, 0, week)
        assert (mail.purpose, mail.to, mail.locale) == (MailPurpose.SET_PASSWORD, "Gerda@Mail.example", "de")
        assert (token.purpose, token.email, token.expires_at) == (Purpose.SET_PASSWORD, mail.to, week)
        assert (mail.account_id, token.account_id) == (None, None)

    def test_no_account_begins_by_it(self, shop: Shop) -> None:
        """GM-01, PH-02: until the mailbox is proven there is no account, and the orders stay a guest's."""
        place(shop)
        _convert(shop)
        assert shop.stored(AccountRecord) == []
        assert stored_order(shop).owner is None

    def test_strangers_who_register_the_address_do_not_push_the_link_out(self, shop: Shop) -> None:
        """GM-03, PH-09: what staff began for a customer is not the oldest of too many."""
        place(shop)
        _convert(shop)
        for number in range(6):
            stranger = shop.visitor(f"browser number {number} of many", ip=f"203.0.113.{number}")
            shop.clock.forward(hours=1)
            shop.require(Register(email=GUEST, password=PASSWORD), by=stranger)
        confirmed = _confirm(shop, _invitations(shop)[0], generate_password=True)
        assert isinstance(confirmed, Confirmed)

    @pytest.mark.parametrize("browser", [None, ELSEWHERE])
    def test_the_link_opens_the_account(self, shop: Shop, browser: str | None) -> None:
        """F16, GM-01: with a password of the customer's own, and past guest orders come along."""
        old = shop.clock() - timedelta(days=1000)
        place(shop, "ref-1")
        place(shop, "ref-2")
        place(shop, "old", placed_at=old)
        assert _convert(shop) == GuestConversion(
            ConversionOutcome.INVITED, 2, 1, shop.clock() + timedelta(days=7)
        )
        text = shop.link(_invitations(shop)[0])
        visitor = shop.visitor(browser)
        view = shop.require(InspectLink(token=text), by=visitor)
        assert view == LinkView(
            Purpose.SET_PASSWORD, Needs.NEW_PASSWORD, "g***@mail.example", opens_account=True
        )
        confirmed = shop.require(ConfirmEmail(token=text, new_password=SecretStr(PASSWORD)), by=visitor)
        account = shop.account(confirmed.account_id)
        assert (confirmed.claimed, confirmed.wishes_dropped) == (2, ())
        assert (account.email, account.locale, account.name) == (GUEST, "de", "")
        assert account.email_verified_at == shop.clock()
        assert stored_order(shop, "ref-2").owner == account.id
        assert stored_order(shop, "old").owner is None

    def test_the_link_opens_it_with_a_generated_password(self, shop: Shop) -> None:
        """F03, GEN-02: the customer may let the system make the password, and sees it alone."""
        place(shop)
        _convert(shop)
        confirmed = _confirm(shop, _invitations(shop)[0], generate_password=True)
        assert isinstance(confirmed, Confirmed)
        assert confirmed.generated_password

    def test_the_link_alone_is_not_enough(self, shop: Shop) -> None:
        """GM-03, PW-12, HS-06: a password is needed; a bad one, or one typed as if known, is refused."""
        place(shop)
        _convert(shop)
        (mail,) = _invitations(shop)
        for how, reason in (
            ({}, Reason.PASSWORD_REQUIRED),
            ({"password": PASSWORD}, Reason.PASSWORD_WRONG),
            ({"password": ""}, Reason.PASSWORD_WRONG),
            ({"new_password": ""}, Reason.PASSWORD_EMPTY),
            ({"new_password": "short"}, Reason.PASSWORD_TOO_SHORT),
        ):
            refused = _confirm(shop, mail, **how)
            assert isinstance(refused, Refused)
            assert refused.reason is reason
        assert shop.stored(AccountRecord) == []

    def test_the_link_works_once_and_a_week(self, shop: Shop) -> None:
        """TK-04, TK-05: used it says so, expired it says so."""
        place(shop)
        _convert(shop)
        (mail,) = _invitations(shop)
        shop.clock.forward(days=7)
        _confirm(shop, mail, new_password=PASSWORD)
        assert _confirm(shop, mail, new_password=PASSWORD) == Refused(Reason.ALREADY_DONE)
        place(shop, "other", email="other@mail.example")
        _convert(shop, "other@mail.example")
        shop.clock.forward(days=7, seconds=1)
        assert _confirm(shop, _invitations(shop)[1], new_password=PASSWORD) == Refused(Reason.LINK_EXPIRED)

    def test_the_link_does_not_reset_a_password(self, shop: Shop) -> None:
        """TK-03: without an account there is nothing to reset."""
        place(shop)
        _convert(shop)
        text = shop.link(_invitations(shop)[0])
        refused = shop.handle(ResetPassword(token=text, new_password=SecretStr(PASSWORD)), by=shop.visitor())
        assert refused == Refused(Reason.LINK_INVALID)
        assert shop.stored(AccountRecord) == []

    def test_staff_sees_no_password_and_no_link(self, shop: Shop) -> None:
        """PW-13, LG-01: no answer, event or mail row holds anything that opens the account."""
        place(shop)
        outcome = _convert(shop)
        assert isinstance(outcome, GuestConversion)
        (mail,) = _invitations(shop)
        (token,) = shop.stored(TokenRecord)
        seen = repr((outcome, attrs.asdict(outcome), attrs.asdict(mail), shop.announced))
        assert shop.link(mail) not in seen
        assert token.token_id not in seen
        (pending,) = shop.registrations()
        assert (pending.password_hash, pending.generate_password) == (None, False)
        assert "password" not in ConvertGuest.model_fields

    def test_says_who_did_it_and_why(self, shop: Shop) -> None:
        """GM-03, LG-02: the agent's id and the reason stand in the audit trail."""
        place(shop)
        _convert(shop)
        (event,) = shop.events(EventKind.GUEST_CONVERTED)
        assert (event.actor, event.email) == ("agent:17", "g***@mail.example")
        assert event.detail == "letter of 3 November"

    def test_without_an_order_there_is_no_guest(self, shop: Shop) -> None:
        """F16: agents may know that an address is unknown; nothing is mailed."""
        place(shop)
        assert _convert(shop, "other@mail.example") == Refused(Reason.NOT_FOUND, field="email")
        assert shop.mails() == []
        assert shop.registrations() == []

    def test_an_order_of_an_account_makes_no_guest(self, shop: Shop) -> None:
        """AZ-01: what a customer ordered under another address is no guest's order."""
        anna = shop.open_account(ANNA)
        place(shop, by=shop.customer(anna.session))
        assert _convert(shop) == Refused(Reason.NOT_FOUND, field="email")

    def test_an_unreadable_address_is_refused(self, shop: Shop) -> None:
        """F06: with the correction."""
        refused = _convert(shop, "gerda@gmail,com")
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "gerda@gmail.com")

    def test_a_customer_is_told_so(self, shop: Shop) -> None:
        """F16: the owner is told how to sign in, the agent learns it, nothing else changes."""
        anna = shop.open_account(ANNA, locale="fr")
        place(shop, email=ANNA)
        wanted = ConvertGuest(email=ANNA, reason="letter")
        for _ in range(2):
            outcome = shop.require(wanted, by=AGENT)
            assert outcome == GuestConversion(ConversionOutcome.ALREADY_CUSTOMER, 1, 0, None)
        (mail,) = shop.mails(MailPurpose.ALREADY_REGISTERED)
        assert (mail.to, mail.account_id, mail.locale) == (ANNA, anna.account_id, "fr")
        assert shop.events(EventKind.GUEST_CONVERTED) == []
        events = shop.events(EventKind.REGISTRATION_FOR_KNOWN_ADDRESS)
        assert {(one.actor, one.account_id, one.detail) for one in events} == {
            ("agent:17", anna.account_id, "letter")
        }
        assert stored_order(shop).owner is None

    def test_the_same_command_again_does_nothing_more(self, shop: Shop) -> None:
        """RL-08: a repeat after a lost answer gets the same answer, also after the customer has come."""
        place(shop)
        wanted = ConvertGuest(id=uuid4(), email=GUEST, reason="letter")
        first = shop.require(wanted, by=AGENT)
        before = shop.storage._tables
        assert shop.require(wanted, by=AGENT) == first
        assert shop.storage._tables is before
        _confirm(shop, _invitations(shop)[0], new_password=PASSWORD)
        again = shop.require(wanted, by=AGENT)
        assert (again.outcome, again.link_expires_at) == (first.outcome, first.link_expires_at)

    def test_the_same_id_of_another_agent_is_another_conversion(self, shop: Shop) -> None:
        """RL-08: ids are unique for each actor."""
        place(shop)
        wanted = ConvertGuest(email=GUEST, reason="letter")
        shop.require(wanted, by=AGENT)
        shop.require(wanted, by=Agent("18"))
        assert len(_invitations(shop)) == 2

    def test_an_earlier_link_keeps_working(self, shop: Shop) -> None:
        """Truth 2: a slow first mail works after a second one; of more than three the oldest goes."""
        place(shop)
        for _ in range(4):
            _convert(shop)
            shop.clock.forward(minutes=1)
        assert len(shop.registrations()) == len(shop.stored(TokenRecord)) == 3
        texts = {one.digest for one in shop.stored(TokenRecord)}
        gone, second, _, last = _invitations(shop)
        never_used = shop.link(last)
        assert gone.token not in texts
        confirmed = _confirm(shop, second, new_password=PASSWORD)
        assert isinstance(confirmed, Confirmed)
        late = ConfirmEmail(token=never_used, new_password=SecretStr(PASSWORD))
        assert shop.handle(late, by=shop.visitor()) == Refused(Reason.LINK_INVALID)

    def test_a_registration_of_a_stranger_dies_with_the_proof(self, shop: Shop) -> None:
        """PH-01, PH7: what somebody set up for the address goes when its owner uses the invitation."""
        place(shop)
        shop.require(Register(email=GUEST, password=PASSWORD), by=shop.visitor())
        _convert(shop)
        assert len(shop.registrations()) == 2
        confirmed = _confirm(shop, _invitations(shop)[0], new_password="quite another long one")
        assert isinstance(confirmed, Confirmed)
        assert shop.registrations() == []
        assert [one.confirmed_at for one in shop.stored(RegistrationRecord)] == [shop.clock()]

    def test_a_customers_own_registration_is_not_pushed_out(self, shop: Shop) -> None:
        """PH-09: conversions count among themselves only."""
        place(shop)
        shop.require(Register(email=GUEST, password=PASSWORD), by=shop.visitor())
        for _ in range(5):
            _convert(shop)
        own = [one for one in shop.registrations() if one.browser == shop.visitor().browser_digest]
        assert len(own) == 1
        assert len(shop.registrations()) == 4

    def test_is_an_agents(self, shop: Shop) -> None:
        """GM-03: neither visitors nor customers nor the system convert guests."""
        anna = shop.open_account(ANNA)
        place(shop)
        wanted: Any = ConvertGuest(email=GUEST, reason="letter")
        for actor in (shop.visitor(), shop.customer(anna.session), SYSTEM):
            assert shop.handle(wanted, by=actor) == Refused(Reason.NOT_ALLOWED)

    @pytest.mark.parametrize(
        "wrong", [{"reason": ""}, {"reason": "x" * 201}, {"reason": "a\nb"}, {"password": PASSWORD}]
    )
    def test_a_reason_is_needed_and_a_password_is_not_accepted(self, wrong: dict[str, Any]) -> None:
        """GM-03, PW-13, AZ-02: one line of reason, no field for a password."""
        with pytest.raises(ValidationError):
            ConvertGuest(**{"email": GUEST, "reason": "letter"} | wrong)
