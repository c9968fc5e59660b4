"""The newsletter: asked for in an account, confirmed from the mailbox (F13)."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from attrs import evolve

from customer_accounts.account import Consent
from customer_accounts.actors import Agent, SignedInCustomer, System
from customer_accounts.belongings import SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import update
from customer_accounts.features.newsletter import ConfirmNewsletter, MyNewsletter, SubscribeNewsletter
from customer_accounts.features.newsletter_state import NewsletterView
from customer_accounts.features.unsubscription import Unsubscribe, UnsubscribeNewsletter
from customer_accounts.inputs import NewsletterInput
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose, TokenRecord
from customer_accounts.wording import LOCALES
from tests.shop import Shop

ASK = SubscribeNewsletter(text_version="2026-11")


class Outgoing:
    """A mailer that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    def send(self, message: EmailMessage, /) -> str:
        """Take a message."""
        self.messages.append(message)
        return "250 OK"


@pytest.fixture(name="anna")
def _anna(shop: Shop) -> SignedInCustomer:
    """A customer who is signed in."""
    return shop.customer(shop.open_account(locale="fr").session)


def confirmation(shop: Shop) -> ConfirmNewsletter:
    """Give the click on the latest link."""
    return ConfirmNewsletter(token=shop.link(shop.mails(MailPurpose.CONFIRM_NEWSLETTER)[-1]))


def subscribed(shop: Shop, customer: SignedInCustomer) -> NewsletterView:
    """Ask and confirm."""
    shop.require(ASK, by=customer)
    return shop.require(confirmation(shop), by=shop.visitor())


def stored(shop: Shop) -> SubscriptionRecord:
    """Give the one subscription."""
    (one,) = shop.stored(SubscriptionRecord)
    assert isinstance(one, SubscriptionRecord)
    return one


def moved(shop: Shop, customer: SignedInCustomer, email: str) -> None:
    """Change the address of an account behind the back of its newsletter."""
    account = shop.account(customer.account_id)
    shop.storage.write([update(account, evolve(account, email=email, email_key=email))])


def test_subscribing_takes_two_steps(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: the wish is recorded with its wording and waits; the click in the mail makes it active."""
    asked = shop.require(SubscribeNewsletter(text_version="2026-11", source="footer"), by=anna)
    assert asked.status is SubscriptionStatus.PENDING
    assert asked.consent == Consent("2026-11", shop.clock.now, "footer")
    (mail,) = shop.mails(MailPurpose.CONFIRM_NEWSLETTER)
    assert (mail.to, mail.locale, mail.account_id) == ("anna@mail.example", "fr", anna.account_id)
    shop.clock.forward(hours=3)
    active = shop.require(confirmation(shop), by=shop.visitor("a browser that nobody has seen"))
    assert (active.status, active.confirmed_at) == (SubscriptionStatus.ACTIVE, shop.clock.now)
    assert active.consent == asked.consent
    assert stored(shop).proof == mail.token
    assert shop.require(MyNewsletter(), by=anna) == active
    assert [one.actor for one in shop.events(EventKind.NEWSLETTER_REQUESTED)] == [
        f"signedincustomer:{anna.account_id}"
    ]
    (event,) = shop.events(EventKind.NEWSLETTER_CONFIRMED)
    assert (event.account_id, event.email) == (anna.account_id, "a***@mail.example")


def test_the_welcome_shows_the_way_out(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: the welcome carries a link that ends the newsletter, also for the mail program's button."""
    subscribed(shop, anna)
    (mail,) = shop.mails(MailPurpose.NEWSLETTER_WELCOME)
    assert (mail.to, mail.token, mail.locale) == ("anna@mail.example", None, "fr")
    outgoing = Outgoing()
    shop.accounts.deliver_mail(outgoing)
    (welcome,) = [one for one in outgoing.messages if one["List-Unsubscribe"]]
    token = welcome["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    assert welcome["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    shop.require(Unsubscribe(token=token), by=shop.visitor(browser=None))
    assert stored(shop).status is SubscriptionStatus.ENDED


def test_asking_again_sends_again(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: while it waits, the mail is sent again, the wording shown last counts, and each link works."""
    shop.require(ASK, by=anna)
    first = confirmation(shop)
    shop.require(SubscribeNewsletter(text_version="2026-12"), by=anna)
    active = shop.require(first, by=shop.visitor())
    assert active.consent is not None
    assert active.consent.text_version == "2026-12"
    assert shop.handle(confirmation(shop), by=shop.visitor()) == Refused(Reason.ALREADY_DONE)
    assert len(shop.mails(MailPurpose.NEWSLETTER_WELCOME)) == 1


def test_at_most_three_links_wait(shop: Shop, anna: SignedInCustomer) -> None:
    """TK-06: the oldest link goes when a fourth one is made."""
    links = []
    for _ in range(4):
        shop.clock.forward(minutes=1)
        shop.require(ASK, by=anna)
        links.append(confirmation(shop))
    assert shop.handle(links[0], by=shop.visitor()) == Refused(Reason.LINK_INVALID)
    assert shop.require(links[1], by=shop.visitor()).status is SubscriptionStatus.ACTIVE


def test_an_active_subscription_is_left_alone(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-08: a repeat answers the same, mails nothing and writes nothing."""
    active = subscribed(shop, anna)
    before = (stored(shop), len(shop.mails()))
    assert shop.require(SubscribeNewsletter(text_version="2027-01"), by=anna) == active
    assert (stored(shop), len(shop.mails())) == before


def test_a_second_click_is_told_that_it_is_done(shop: Shop, anna: SignedInCustomer) -> None:
    """TK-05, TK-07: the link is used once; the second click changes nothing."""
    subscribed(shop, anna)
    before = stored(shop)
    assert shop.handle(confirmation(shop), by=shop.visitor()) == Refused(Reason.ALREADY_DONE)
    assert stored(shop) == before


def test_two_clicks_at_once_have_one_effect(shop: Shop, anna: SignedInCustomer) -> None:
    """CC-02: of two clicks in the same moment one confirms, the other is told so."""
    shop.require(ASK, by=anna)
    shop.overtaken_by(confirmation(shop), by=shop.visitor())
    assert shop.handle(confirmation(shop), by=shop.visitor()) == Refused(Reason.ALREADY_DONE)
    assert len(shop.mails(MailPurpose.NEWSLETTER_WELCOME)) == 1


@pytest.mark.parametrize("token", ["", "  ", "x", "A" * 43, "é" * 43])
def test_what_is_no_link(shop: Shop, anna: SignedInCustomer, token: str) -> None:
    """TK-08: empty, short and invented texts confirm nothing."""
    shop.require(ASK, by=anna)
    assert shop.handle(ConfirmNewsletter(token=token), by=shop.visitor()) == Refused(Reason.LINK_INVALID)


def test_links_for_something_else(shop: Shop, anna: SignedInCustomer) -> None:
    """TK-03: a link to unsubscribe confirms nothing."""
    subscribed(shop, anna)
    shop.require(UnsubscribeNewsletter(), by=anna)
    shop.require(ASK, by=anna)
    way_out = next(one for one in shop.stored(TokenRecord) if one.purpose is Purpose.UNSUBSCRIBE)
    refused = shop.handle(ConfirmNewsletter(token=shop.text_of(way_out)), by=shop.visitor())
    assert refused == Refused(Reason.LINK_INVALID)


def test_links_expire(shop: Shop, anna: SignedInCustomer) -> None:
    """TK-04: a link to confirm works up to and including its last second."""
    shop.require(ASK, by=anna)
    click = confirmation(shop)
    shop.clock.forward(days=7, seconds=1)
    assert shop.handle(click, by=shop.visitor()) == Refused(Reason.LINK_EXPIRED)
    shop.clock.forward(seconds=-1)
    assert shop.require(click, by=shop.visitor()).status is SubscriptionStatus.ACTIVE


def test_a_link_of_the_old_address_confirms_nothing(shop: Shop, anna: SignedInCustomer) -> None:
    """PH-08: the proof of one mailbox is no consent for another."""
    shop.require(ASK, by=anna)
    moved(shop, anna, "new@mail.example")
    assert shop.handle(confirmation(shop), by=shop.visitor()) == Refused(Reason.LINK_INVALID)
    assert stored(shop).status is SubscriptionStatus.PENDING


def test_a_subscription_ends_with_its_address(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: the consent covers one address; for a new one it is asked for again."""
    subscribed(shop, anna)
    moved(shop, anna, "new@mail.example")
    assert shop.require(MyNewsletter(), by=anna).status is SubscriptionStatus.ENDED
    assert shop.require(ASK, by=anna).status is SubscriptionStatus.PENDING
    assert shop.mails(MailPurpose.CONFIRM_NEWSLETTER)[-1].to == "new@mail.example"
    assert shop.require(confirmation(shop), by=shop.visitor()).email == "new@mail.example"


def test_subscribing_again_is_a_new_consent(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: after the end everything is asked for anew; nothing of the old consent is left in force."""
    subscribed(shop, anna)
    shop.require(UnsubscribeNewsletter(), by=anna)
    shop.clock.forward(days=30)
    again = shop.require(SubscribeNewsletter(text_version="2027-01"), by=anna)
    assert (again.status, again.confirmed_at, again.ended_at) == (SubscriptionStatus.PENDING, None, None)
    assert stored(shop).proof is None
    active = shop.require(confirmation(shop), by=shop.visitor())
    assert active.consent is not None
    assert (active.consent.text_version, active.confirmed_at) == ("2027-01", shop.clock.now)


def test_nothing_is_confirmed_after_the_end(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: a confirmation opened after the end revives nothing, and one that still waits is dropped."""
    shop.require(ASK, by=anna)
    click = confirmation(shop)
    shop.require(UnsubscribeNewsletter(), by=anna)
    assert shop.handle(click, by=shop.visitor()) == Refused(Reason.LINK_INVALID)
    outgoing = Outgoing()
    shop.accounts.deliver_mail(outgoing)
    assert all(one["To"] and "newsletter" not in one["Subject"].lower() for one in outgoing.messages)


def test_the_wish_of_a_registration_is_active_with_its_proof(shop: Shop) -> None:
    """F04, F13: the proof of the mailbox is the second step for a wish that was uttered at registration."""
    anna = shop.customer(shop.open_account(newsletter=NewsletterInput(text_version="2026-10")).session)
    view = shop.require(MyNewsletter(), by=anna)
    assert view.status is SubscriptionStatus.ACTIVE
    assert view.consent is not None
    assert (view.consent.text_version, view.consent.source) == ("2026-10", "registration")
    assert stored(shop).proof == shop.mails(MailPurpose.CONFIRM_REGISTRATION)[-1].token


def test_guests_cannot_subscribe(shop: Shop) -> None:
    """F13, GM-04: visitors and guests, agents and the system cannot subscribe; nothing is written."""
    command: Any = ASK
    for actor in (shop.visitor(), Agent("17"), System()):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
    assert shop.stored(SubscriptionRecord) == []
    assert shop.mails() == []


def test_nobody_is_bombed_with_mails(shop: Shop, anna: SignedInCustomer) -> None:
    """AB-08: one account causes five of these mails an hour."""
    for _ in range(5):
        shop.require(ASK, by=anna)
    refused = shop.handle(ASK, by=anna)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.TOO_MANY_ATTEMPTS
    assert len(shop.mails(MailPurpose.CONFIRM_NEWSLETTER)) == 5


def test_links_are_counted_by_network() -> None:
    """AB-01: nobody tries links without end."""
    shop = Shop(limits={**ALLOWANCES, Limit.LINK_NETWORK: Allowance(1, timedelta(minutes=15))})
    answers = [shop.handle(ConfirmNewsletter(token="x"), by=shop.visitor()) for _ in range(2)]
    reasons = [one.reason for one in answers if isinstance(one, Refused)]
    assert reasons == [Reason.LINK_INVALID, Reason.TOO_MANY_ATTEMPTS]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("status", [None, *SubscriptionStatus])
def test_every_state_has_a_text(locale: str, status: SubscriptionStatus | None) -> None:
    """F13: the page says in the customer's language how the newsletter stands."""
    text = NewsletterView(status, "anna@mail.example").text(locale)
    assert text.endswith(".")
    assert ("anna@mail.example" in text) == (status is not None)


def test_a_view_hides_the_address(shop: Shop, anna: SignedInCustomer) -> None:
    """LG-01: what is logged of a view shows no address."""
    assert "anna@" not in repr(subscribed(shop, anna))
