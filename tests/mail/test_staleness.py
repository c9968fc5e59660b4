"""Which mails are sent, and which are dropped before."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from attrs import evolve

from customer_accounts.mail import StaleReason, compose
from customer_accounts.mail.staleness import ABOUT_ORDERS, NEEDED, OFFERED
from customer_accounts.order import Parcel, Shipment
from customer_accounts.outbox import MailPurpose
from customer_accounts.settings import LINK_OF, Storefront
from customer_accounts.token import Purpose, link_text
from tests.mail.reading import reason, sent, text, with_link, with_mail
from tests.mail.samples import (
    NOW,
    ONE,
    SECRET,
    SETTINGS,
    SHOP,
    order,
    shipment,
    task,
    token,
    usual,
)


@pytest.mark.parametrize("purpose", NEEDED)
def test_mail_of_a_dead_link_is_dropped(purpose: MailPurpose) -> None:
    """RL-05: used, expired, gone, or made by a secret that is kept no longer."""
    one = usual(purpose)
    assert reason(with_link(one, used_at=NOW)) is StaleReason.LINK_USED
    assert reason(with_link(one, expires_at=NOW - timedelta(seconds=1))) is StaleReason.LINK_EXPIRED
    assert reason(with_link(one, key_id="0")) is StaleReason.SECRET_GONE
    assert reason(evolve(one, token=None)) is StaleReason.LINK_GONE
    assert isinstance(compose(with_link(one, expires_at=NOW), SETTINGS, NOW), EmailMessage)


@pytest.mark.parametrize("purpose", OFFERED)
def test_report_goes_out_without_its_dead_link(purpose: MailPurpose) -> None:
    """LG-04, F14: a fact is told in any case; only the link is left out."""
    one = usual(purpose)
    assert one.token is not None
    link = SHOP.url(LINK_OF[one.token.purpose], link_text(SECRET, one.token.purpose, one.token.token_id))
    assert link in text(one)
    for dead in (with_link(one, used_at=NOW), with_link(one, key_id="0"), evolve(one, token=None)):
        assert link not in text(dead)


@pytest.mark.parametrize("purpose", MailPurpose)
def test_no_mail_carries_a_link_of_another_purpose(purpose: MailPurpose) -> None:
    """TK-03: a link for one purpose is in no mail of another."""
    expected = NEEDED.get(purpose) or OFFERED.get(purpose)
    for other in set(Purpose) - {expected}:
        assert reason(evolve(usual(purpose), token=token(other))) is StaleReason.LINK_WRONG
        if other is not Purpose.UNSUBSCRIBE:
            assert reason(evolve(usual(purpose), extra_token=token(other))) is StaleReason.LINK_WRONG


@pytest.mark.parametrize("purpose", NEEDED)
def test_link_goes_to_no_other_mailbox(purpose: MailPurpose) -> None:
    """TK-03: a link goes only to the address that it was made for, in whatever spelling."""
    one = usual(purpose)
    assert reason(with_mail(one, to="mallory@mail.example")) is StaleReason.LINK_WRONG
    assert sent(with_mail(one, to="ANNA@Mail.Example"))["To"].addresses[0].addr_spec == "ANNA@mail.example"


def test_link_of_an_old_secret_still_works() -> None:
    """A mail that waited while the secret was changed carries the link that was stored."""
    one = usual(MailPurpose.RESET_PASSWORD)
    newer = evolve(SETTINGS, secret=b"f" * 32, secret_id="2", old_secrets={"1": SECRET})
    assert one.token is not None
    assert link_text(SECRET, Purpose.RESET_PASSWORD, one.token.token_id) in text(one, newer)
    assert reason(one, evolve(newer, old_secrets={})) is StaleReason.SECRET_GONE


def test_mail_to_nobody_is_dropped() -> None:
    """RL-07: a row whose recipient was blanked is never sent again."""
    for to in ("", "anna", "anna@mail.example, b@mail.example", "anna@mail.example\r\nBcc: b@mail.example"):
        assert reason(with_mail(usual(MailPurpose.ACCOUNT_CLOSED), to=to)) is StaleReason.RECIPIENT_GONE


def test_mail_of_a_storefront_that_is_gone_is_dropped() -> None:
    """TK-10: no customer of one shop gets links to another."""
    one = with_mail(usual(MailPurpose.ACCOUNT_CLOSED), storefront="swiss")
    assert reason(one) is StaleReason.STOREFRONT_GONE
    swiss = Storefront(name="Swiss Shop", base_url="https://shop.ch.example", contact="help@shop.ch.example")
    message = sent(one, evolve(SETTINGS, storefronts={"swiss": swiss}))
    assert message["From"].addresses[0].display_name == "Swiss Shop"
    assert message["Message-ID"].endswith("@shop.ch.example>")
    assert message["Reply-To"] is None


@pytest.mark.parametrize("purpose", sorted(ABOUT_ORDERS))
def test_mail_of_an_order_that_is_gone_is_dropped(purpose: MailPurpose) -> None:
    """RL-05: nothing is told about an order that no longer exists."""
    assert reason(evolve(usual(purpose), order=None)) is StaleReason.ORDER_GONE


def test_mail_of_a_shipment_that_is_gone_is_dropped() -> None:
    """A tracking mail needs its shipment, also among several."""
    one = usual(MailPurpose.TRACKING)
    assert reason(evolve(one, order=order(None))) is StaleReason.SHIPMENT_GONE
    other = Shipment("s0", NOW, (Parcel("GLS", "999"),))
    both = text(evolve(one, order=order(None, other, shipment(*ONE))))
    assert "RR123456785AT" in both
    assert "999" not in both


def test_tracking_mail_that_was_corrected_meanwhile_is_dropped() -> None:
    """F14: wrong numbers are not sent any more once the right ones wait behind them."""
    about = order(None, shipment(*ONE, corrected=1))
    assert reason(task(MailPurpose.TRACKING, about=about, corrected="0")) is StaleReason.SUPERSEDED
    assert "inexacts" in text(task(MailPurpose.TRACKING, about=about, corrected="1"))
    assert "inexacts" not in text(usual(MailPurpose.TRACKING))


@pytest.mark.parametrize("purpose", [MailPurpose.CONFIRM_NEWSLETTER, MailPurpose.NEWSLETTER_WELCOME])
def test_newsletter_has_a_way_out(purpose: MailPurpose) -> None:
    """RFC 8058: one click without signing in; whoever took it already gets no such mail."""
    message = sent(usual(purpose))
    link = SHOP.url("unsubscribe", link_text(SECRET, Purpose.UNSUBSCRIBE, "00" * 16))
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    gone = evolve(token(Purpose.UNSUBSCRIBE), used_at=NOW)
    assert reason(evolve(usual(purpose), extra_token=gone)) is StaleReason.LINK_USED
    assert reason(evolve(usual(purpose), extra_token=None)) is StaleReason.LINK_GONE


def test_other_mails_have_no_way_out() -> None:
    """What must be told has nothing to unsubscribe from, and a question without a way out is still asked."""
    assert sent(usual(MailPurpose.PASSWORD_CHANGED))["List-Unsubscribe"] is None
    asked = task(MailPurpose.CONFIRM_NEWSLETTER, link=token(Purpose.CONFIRM_NEWSLETTER))
    assert sent(asked)["List-Unsubscribe"] is None
    assert reason(task(MailPurpose.NEWSLETTER_WELCOME)) is StaleReason.LINK_GONE


def test_samples_are_what_the_features_store() -> None:
    """The sample links are found under the digest that their mails name."""
    one = usual(MailPurpose.RESET_PASSWORD)
    assert one.token is not None
    assert one.mail.token == one.token.digest
