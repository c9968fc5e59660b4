"""The way out of the newsletter: one click, no sign-in, no end (F13)."""

from datetime import timedelta

import pytest
from attrs import evolve

from customer_accounts.account import AccountStatus
from customer_accounts.accounts import Accounts
from customer_accounts.actors import SignedInCustomer, System
from customer_accounts.belongings import SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import update
from customer_accounts.features.newsletter import ConfirmNewsletter, MyNewsletter, SubscribeNewsletter
from customer_accounts.features.privacy import CloseAccount
from customer_accounts.features.unsubscription import (
    IssueUnsubscribeLink,
    Unsubscribe,
    Unsubscribed,
    UnsubscribeNewsletter,
)
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose, TokenRecord
from customer_accounts.wording import LOCALES
from tests.shop import PASSWORD, Shop

ASK = SubscribeNewsletter(text_version="2026-11")
DONE = Unsubscribed("a***@mail.example")


@pytest.fixture(name="anna")
def _anna(shop: Shop) -> SignedInCustomer:
    """A customer who is signed in and gets the newsletter."""
    anna = shop.customer(shop.open_account().session)
    subscribe(shop, anna)
    return anna


def subscribe(shop: Shop, customer: SignedInCustomer) -> None:
    """Ask and confirm."""
    shop.require(ASK, by=customer)
    link = shop.link(shop.mails(MailPurpose.CONFIRM_NEWSLETTER)[-1])
    shop.require(ConfirmNewsletter(token=link), by=shop.visitor())


def ways_out(shop: Shop) -> list[TokenRecord]:
    """Give the stored links to unsubscribe."""
    return [one for one in shop.stored(TokenRecord) if one.purpose is Purpose.UNSUBSCRIBE]


def click(shop: Shop, token: TokenRecord) -> Unsubscribe:
    """Give the click on a link."""
    return Unsubscribe(token=f" {shop.text_of(token)} ")


def status(shop: Shop) -> SubscriptionStatus:
    """Give how the one subscription stands."""
    (one,) = shop.stored(SubscriptionRecord)
    assert isinstance(one, SubscriptionRecord)
    return one.status


def test_one_click_ends_it(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: the link ends the newsletter without a session or a browser; the consent stays on record."""
    shop.clock.forward(days=400)
    (way_out,) = ways_out(shop)
    assert shop.require(click(shop, way_out), by=shop.visitor(browser=None, ip=None)) == DONE
    view = shop.require(MyNewsletter(), by=anna)
    assert (view.status, view.ended_at) == (SubscriptionStatus.ENDED, shop.clock.now)
    assert view.consent is not None
    assert view.confirmed_at is not None
    (event,) = shop.events(EventKind.NEWSLETTER_ENDED)
    assert (event.actor, event.account_id, event.email) == ("visitor", anna.account_id, "a***@mail.example")


@pytest.mark.usefixtures("anna")
def test_the_link_works_again_and_again(shop: Shop) -> None:
    """RL-08, TK-05: every click gets the same answer, and only the first one writes."""
    (way_out,) = ways_out(shop)
    assert shop.require(click(shop, way_out), by=shop.visitor()) == DONE
    before = (shop.stored(SubscriptionRecord), shop.stored(TokenRecord))
    for _ in range(3):
        shop.clock.forward(days=1)
        assert shop.require(click(shop, way_out), by=shop.visitor()) == DONE
    assert (shop.stored(SubscriptionRecord), shop.stored(TokenRecord)) == before
    assert len(shop.events(EventKind.NEWSLETTER_ENDED)) == 1


@pytest.mark.usefixtures("anna")
def test_two_clicks_at_once(shop: Shop) -> None:
    """CC-02: two clicks in the same moment end it once and are answered alike."""
    (way_out,) = ways_out(shop)
    shop.overtaken_by(click(shop, way_out), by=shop.visitor())
    assert shop.require(click(shop, way_out), by=shop.visitor()) == DONE
    assert len(shop.events(EventKind.NEWSLETTER_ENDED)) == 1


def test_an_old_link_ends_a_newer_subscription(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: whoever clicks in an old issue wants no newsletter, also after having subscribed again."""
    (old,) = ways_out(shop)
    shop.require(click(shop, old), by=shop.visitor())
    subscribe(shop, anna)
    assert status(shop) is SubscriptionStatus.ACTIVE
    assert shop.require(click(shop, old), by=shop.visitor()) == DONE
    assert status(shop) is SubscriptionStatus.ENDED


def test_a_link_is_bound_to_its_address(shop: Shop, anna: SignedInCustomer) -> None:
    """TK-03: a link for the old address is answered alike, and leaves that of the new one alone."""
    (old,) = ways_out(shop)
    account = shop.account(anna.account_id)
    moved = evolve(account, email="new@mail.example", email_key="new@mail.example")
    shop.storage.write([update(account, moved)])
    assert shop.handle(IssueUnsubscribeLink(account_id=account.id), by=System()) == Refused(Reason.NOT_FOUND)
    subscribe(shop, anna)
    assert shop.require(click(shop, old), by=shop.visitor()) == DONE
    assert status(shop) is SubscriptionStatus.ACTIVE
    new = next(one for one in ways_out(shop) if one != old)
    assert shop.require(click(shop, new), by=shop.visitor()) == Unsubscribed("n***@mail.example")
    assert status(shop) is SubscriptionStatus.ENDED


def test_a_closed_account_answers_alike(shop: Shop, anna: SignedInCustomer) -> None:
    """EN-01: the answer does not tell what became of the account, nor of its subscription."""
    (way_out,) = ways_out(shop)
    account = shop.account(anna.account_id)
    shop.storage.write([update(account, evolve(account, status=AccountStatus.CLOSED, email_key=None))])
    assert shop.require(click(shop, way_out), by=shop.visitor()) == DONE
    shop.storage._tables.records[SubscriptionRecord].clear()
    assert shop.require(click(shop, way_out), by=shop.visitor()) == DONE
    assert shop.handle(IssueUnsubscribeLink(account_id=account.id), by=System()) == Refused(Reason.NOT_FOUND)


def test_an_account_that_its_owner_closed_answers_alike(shop: Shop, anna: SignedInCustomer) -> None:
    """F13, DP-01: a click in an old issue is answered for years, and names nobody to the shop any more."""
    (way_out,) = ways_out(shop)
    link = click(shop, way_out)
    shop.require(CloseAccount(current_password=PASSWORD), by=anna)
    assert shop.require(link, by=shop.visitor()) == DONE
    (kept,) = shop.stored(TokenRecord)
    assert (kept.email, kept.email_key) == ("a***@mail.example", "")
    again = shop.open_account()
    assert shop.require(link, by=shop.visitor()) == DONE
    assert shop.account(again.account_id).is_open


@pytest.mark.parametrize("token", ["", "  ", "x", "A" * 43])
@pytest.mark.usefixtures("anna")
def test_what_is_no_link(shop: Shop, token: str) -> None:
    """TK-08: empty, short and invented texts end nothing."""
    assert shop.handle(Unsubscribe(token=token), by=shop.visitor()) == Refused(Reason.LINK_INVALID)
    assert status(shop) is SubscriptionStatus.ACTIVE


def test_links_for_something_else(shop: Shop, anna: SignedInCustomer) -> None:
    """TK-03: no other link ends the newsletter."""
    link = shop.link(shop.mails(MailPurpose.CONFIRM_NEWSLETTER)[-1])
    assert shop.handle(Unsubscribe(token=link), by=shop.visitor()) == Refused(Reason.LINK_INVALID)
    assert shop.require(MyNewsletter(), by=anna).status is SubscriptionStatus.ACTIVE


def test_mail_providers_click_for_many() -> None:
    """RFC 8058: clicks from one network are not counted, so that nobody is kept on the list by a limit."""
    shop = Shop(limits={**ALLOWANCES, Limit.LINK_NETWORK: Allowance(2, timedelta(hours=1))})
    anna = shop.customer(shop.open_account().session)
    shop.require(ASK, by=anna)
    link = shop.link(shop.mails(MailPurpose.CONFIRM_NEWSLETTER)[-1])
    shop.require(ConfirmNewsletter(token=link), by=shop.visitor())
    for _ in range(5):
        assert shop.require(click(shop, ways_out(shop)[0]), by=shop.visitor()) == DONE


def test_ending_it_from_the_account(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: in the account it ends with one command, which answers the same when it is repeated."""
    first = shop.require(UnsubscribeNewsletter(), by=anna)
    assert (first.status, first.ended_at) == (SubscriptionStatus.ENDED, shop.clock.now)
    shop.clock.forward(days=1)
    assert shop.require(UnsubscribeNewsletter(), by=anna) == first
    assert len(shop.events(EventKind.NEWSLETTER_ENDED)) == 1


def test_ending_what_never_began(shop: Shop) -> None:
    """RL-08: without a subscription there is nothing to end, and nothing is written."""
    anna = shop.customer(shop.open_account().session)
    assert shop.require(UnsubscribeNewsletter(), by=anna).status is None
    assert shop.require(MyNewsletter(), by=anna).status is None
    assert shop.stored(SubscriptionRecord) == []
    assert shop.handle(IssueUnsubscribeLink(account_id=anna.account_id), by=System()) == Refused(
        Reason.NOT_FOUND
    )


def test_a_campaign_asks_before_it_writes(shop: Shop, anna: SignedInCustomer) -> None:
    """F13: the system gets address, link and headers of an active subscription, and never of an ended one."""
    issued = shop.require(IssueUnsubscribeLink(account_id=anna.account_id), by=System())
    assert (issued.account_id, issued.email) == (anna.account_id, "anna@mail.example")
    assert issued.url.startswith("https://shop.example/newsletter/unsubscribe/")
    assert issued.headers == {
        "List-Unsubscribe": f"<{issued.url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    token = issued.url.rpartition("/")[2]
    assert token not in repr(issued)
    assert shop.require(Unsubscribe(token=token), by=shop.visitor()) == DONE
    assert shop.handle(IssueUnsubscribeLink(account_id=anna.account_id), by=System()) == Refused(
        Reason.NOT_FOUND
    )


def test_all_issues_share_one_link(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-08: a campaign stores nothing; a link past half its life gets a successor, and goes on working."""
    issue = IssueUnsubscribeLink(account_id=anna.account_id)
    first = shop.require(issue, by=System())
    assert shop.require(issue, by=System()) == first
    assert len(ways_out(shop)) == 1
    shop.clock.forward(days=1826)
    assert shop.require(issue, by=System()) != first
    assert len(ways_out(shop)) == 2
    assert shop.require(Unsubscribe(token=first.url.rpartition("/")[2]), by=shop.visitor()) == DONE


def test_a_link_survives_a_new_secret(shop: Shop, anna: SignedInCustomer) -> None:
    """TK-02: under a new secret, links of a kept one stay; where it is gone, another one is made."""
    issue = IssueUnsubscribeLink(account_id=anna.account_id)
    first = shop.require(issue, by=System())
    old = {shop.settings.secret_id: shop.settings.secret}
    rotated = evolve(
        shop.settings, secret="another secret, long enough for a shop", secret_id="2", old_secrets=old
    )
    assert Accounts(shop.storage, rotated, clock=shop.clock).require(issue, by=System()) == first
    forgotten = Accounts(shop.storage, evolve(rotated, old_secrets={}), clock=shop.clock)
    second = forgotten.require(issue, by=System())
    assert second != first
    for link in (first, second):
        assert forgotten.require(Unsubscribe(token=link.url.rpartition("/")[2]), by=shop.visitor()) == DONE


@pytest.mark.parametrize("locale", LOCALES)
def test_the_answer_has_a_text(locale: str) -> None:
    """F13: the page says for which address it has ended, masked."""
    text = DONE.text(locale)
    assert "a***@mail.example" in text
    assert text.endswith(".")
