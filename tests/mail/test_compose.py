"""Which mails are sent, and what is in them."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from customer_accounts.errors import SettingsError
from customer_accounts.mail import Letter, MailTexts, Stale, StaleReason, compose
from customer_accounts.mail.staleness import ABOUT_ORDERS, NEEDED, OFFERED
from customer_accounts.order import OrderStatus, Parcel, Shipment
from customer_accounts.outbox import Detail, MailPurpose, MailRecord, MailTask
from customer_accounts.settings import LINK_OF, Settings, Storefront
from customer_accounts.token import Purpose, TokenRecord, link_text, short_code
from tests.mail.samples import (
    NOW,
    ONE,
    OWNER,
    SECRET,
    SETTINGS,
    SHOP,
    TO,
    key_of,
    order,
    shipment,
    task,
    token,
    usual,
)

HEADERS = {
    "Message-ID", "Date", "From", "Reply-To", "To", "Subject", "Content-Language", "Content-Type",
    "Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version",
}  # fmt: skip


def sent(one: MailTask, settings: Settings = SETTINGS, now: datetime = NOW) -> EmailMessage:
    """Give a mail that is sent, as its reader's mailbox parses it."""
    message = compose(one, settings, now)
    assert isinstance(message, EmailMessage), message
    return message_from_bytes(message.as_bytes(), policy=default)


def text(one: MailTask, settings: Settings = SETTINGS, now: datetime = NOW) -> str:
    """Give the text part of a mail that is sent, without its line breaks."""
    part = sent(one, settings, now).get_body(("plain",))
    assert part is not None
    return re.sub(r"\s+", " ", part.get_content())


def reason(one: MailTask, settings: Settings = SETTINGS, now: datetime = NOW) -> StaleReason:
    """Say why a mail is not sent."""
    stale = compose(one, settings, now)
    assert isinstance(stale, Stale)
    return stale.reason


def with_link(one: MailTask, **changes: Any) -> MailTask:
    """Change the link of a mail."""
    assert one.token is not None
    return evolve(one, token=evolve(one.token, **changes))


def with_mail(one: MailTask, **changes: Any) -> MailTask:
    """Change the row of a mail."""
    return evolve(one, mail=evolve(one.mail, **changes))


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


def test_guest_gets_the_number_and_a_quiet_offer() -> None:
    """F13, F14: a guest gets the tracking number and may open an account; a customer is not asked to."""
    guest = text(usual(MailPurpose.TRACKING))
    customer = text(task(MailPurpose.TRACKING, about=order(OWNER, shipment(*ONE))))
    assert "RR123456785AT" in guest
    assert SHOP.url("register") in guest
    assert SHOP.url("account") not in guest.replace(SHOP.url("register"), "")
    assert SHOP.url("register") not in customer
    assert SHOP.url("account") in customer
    closed = with_mail(task(MailPurpose.TRACKING, about=order(OWNER, shipment(*ONE))), account_id=None)
    assert text(closed) == text(with_link(usual(MailPurpose.TRACKING), used_at=NOW))


def test_parcel_without_number_or_page() -> None:
    """A parcel shows what is known of it; a page that is no web address is left out."""
    parcels = (Parcel("DPD", ""), Parcel("", "42"), Parcel("", ""), Parcel("GLS", "7", "javascript:alert(1)"))
    shown = text(task(MailPurpose.TRACKING, about=order(None, shipment(*parcels))))
    assert "- DPD - 42 - … - GLS \u2013 7 " in shown
    assert "javascript" not in shown


def test_code_is_shown_while_it_works() -> None:
    """TK-09: the short code is in the confirmation mail, grouped, for as long as it works and no longer."""
    one = usual(MailPurpose.CONFIRM_REGISTRATION)
    assert one.token is not None
    code = short_code(SECRET, one.token.token_id)
    grouped = f"{code[:4]}-{code[4:]}"
    last = one.token.created_at + SETTINGS.code_lifetime
    assert f" {grouped} " in text(one)
    assert grouped in text(one, now=last)
    late = text(one, now=last + timedelta(seconds=1))
    assert grouped not in late
    assert "code" not in late
    assert link_text(SECRET, Purpose.CONFIRM_REGISTRATION, one.token.token_id) in late


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


def test_queued_status_is_told() -> None:
    """Two mails in a row do not both tell the latest status; a status that does not exist is not told."""
    about = order(OWNER, status=OrderStatus.DELIVERED)
    assert "payée" not in str(sent(task(MailPurpose.ORDER_STATUS, about=about))["Subject"])
    assert sent(task(MailPurpose.ORDER_STATUS, about=about, status="paid"))["Subject"].endswith(
        "paiement reçu"
    )
    assert sent(task(MailPurpose.ORDER_STATUS, about=about, status="x"))["Subject"].endswith("livrée")


@pytest.mark.parametrize(
    ("claimed", "words"),
    [
        ("", None),
        ("0", None),
        ("-1", None),
        ("9" * 5000, None),
        ("1", "Une commande"),
        ("12", "12 commandes"),
    ],
)
def test_orders_that_joined_are_counted(claimed: str, words: str | None) -> None:
    """F16: the mail says how many guest orders came along, if any did."""
    shown = text(task(MailPurpose.ACCOUNT_OPENED, claimed=claimed))
    assert words in shown if words else "invité" not in shown


def test_providers_have_their_names() -> None:
    """F18: Google+ is Google, each is named once, and what is not known is shown as it is."""
    shown = text(task(MailPurpose.PASSWORD_CHANGED, identities="google+, google ,facebook,, okta"))
    assert "- Google - Facebook - okta " in shown
    assert "… est maintenant associé" in str(sent(task(MailPurpose.IDENTITY_LINKED))["Subject"])


def test_only_the_owner_approves() -> None:
    """PH-03: the approval button is there only with a link that works."""
    one = usual(MailPurpose.PASSWORD_CHANGED)
    assert "Approuver ces connexions" in text(one)
    assert "approuvez" not in text(with_link(one, used_at=NOW))


def test_already_registered_holds_no_secret() -> None:
    """EN-02: the owner is led to the pages to sign in and to ask for a password, by no one-time link."""
    shown = text(usual(MailPurpose.ALREADY_REGISTERED))
    assert SHOP.url("sign_in") in shown
    assert SHOP.url("forgotten") in shown
    assert not re.search(r"[A-Za-z0-9_-]{43}", shown)


def test_local_part_that_is_not_ascii() -> None:
    """RFC 6532: such an address makes a message in UTF-8; the domain travels as its A-label."""
    to = "jürgen@bücher.example"
    one = with_link(with_mail(usual(MailPurpose.RESET_PASSWORD), to=to), email=to, email_key=key_of(to))
    message = compose(one, SETTINGS, NOW)
    assert isinstance(message, EmailMessage)
    assert "To: jürgen@xn--bcher-kva.example\r\n".encode() in message.as_bytes()
    assert sent(usual(MailPurpose.RESET_PASSWORD)).as_bytes().isascii()


def test_domain_that_is_not_ascii_needs_no_extension() -> None:
    """EM-06: an address with an international domain is written with its A-label, in plain ASCII."""
    message = compose(with_mail(usual(MailPurpose.ACCOUNT_CLOSED), to="anna@bücher.example"), SETTINGS, NOW)
    assert isinstance(message, EmailMessage)
    assert message.as_bytes().isascii()
    assert message["To"] == "anna@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://bücher.example/shop", "xn--bcher-kva.example"),
        ("http://localhost:8000", "localhost"),
        ("http://[::1]:8000", "[IPv6:::1]"),
    ],
)
def test_message_id_names_the_host(base_url: str, host: str) -> None:
    """RFC 5322: the Message-ID is one word in ASCII, whatever the shop's address."""
    shop = Storefront(name="Shop", base_url=base_url, contact="help@shop.example")
    one = usual(MailPurpose.ACCOUNT_CLOSED)
    message = sent(one, evolve(SETTINGS, storefront=shop))
    assert message["Message-ID"] == f"<{one.mail.id}@{host}>"
    assert not message["Message-ID"].defects


@pytest.mark.parametrize("field", ["contact", "sender"])
def test_sender_that_is_no_address_is_the_operators_fault(field: str) -> None:
    """A storefront whose address cannot be written to is told so."""
    changes: dict[str, Any] = {field: "Help <help@shop.example>"}
    shop = evolve(SHOP, **changes)
    with pytest.raises(SettingsError, match="sender and contact"):
        compose(usual(MailPurpose.ACCOUNT_CLOSED), evolve(SETTINGS, storefront=shop), NOW)


def test_host_brings_its_own_texts_and_layout() -> None:
    """A host may put its own words and its own HTML in place of ours."""

    def layout(letter: Letter) -> str:
        return f"<!DOCTYPE html><title>{letter.subject}</title><p>{letter.foot.shop}"

    own = MailTexts({"account_closed": {"fr": {"subject": "Au revoir"}}})
    message = compose(usual(MailPurpose.ACCOUNT_CLOSED), SETTINGS, NOW, texts=own, layout=layout)
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == "Au revoir"
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<!DOCTYPE html><title>Au revoir</title><p>Demo Shop"


def test_secrets_stay_out_of_reprs() -> None:
    """LG-01: neither a reason nor a letter on its way shows a link."""
    seen: list[Letter] = []

    def layout(letter: Letter) -> str:
        seen.append(letter)
        return ""

    one = usual(MailPurpose.CONFIRM_REGISTRATION)
    compose(one, SETTINGS, NOW, layout=layout)
    assert one.token is not None
    assert link_text(SECRET, one.token.purpose, one.token.token_id) not in repr(seen)
    code = short_code(SECRET, one.token.token_id)
    assert code[:4] not in repr(seen)


nasty = st.text(st.characters() | st.sampled_from("\r\n\x00\u2028\x85=?<>{}&\"'"), max_size=40)
EVIL = (
    "x\r\nBcc: evil@evil.example\r\n\r\n<script>alert(1)</script>{shop.__class__}=?utf-8?q?=0D=0ABcc=3A_e?="
)


@given(
    purpose=st.sampled_from(MailPurpose),
    shop=nasty,
    number=nasty,
    carrier=nasty,
    url=nasty,
    detail=nasty,
    locale=nasty,
)
@example(MailPurpose.TRACKING, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL)
@example(MailPurpose.EMAIL_CHANGE_REQUESTED, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL)
@example(MailPurpose.IDENTITY_LINKED, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL)
def test_nothing_in_a_record_adds_a_header_or_markup(
    purpose: MailPurpose, shop: str, number: str, carrier: str, url: str, detail: str, locale: str
) -> None:
    """EM-01, CVE-2022-35924: whatever the records hold, a mail has its own headers, parts and markup only."""
    front = evolve(SHOP, name=re.sub(r"[\r\n]", "\x0b", shop), postal=shop)
    about = evolve(order(None, Shipment("s1", NOW, (Parcel(carrier, number, url),))), number=number)
    names = ("new_address", "provider", "identities", "claimed", "audience", "status")
    mail = evolve(usual(purpose).mail, locale=locale, details=tuple(Detail(name, detail) for name in names))
    one = evolve(usual(purpose), mail=mail, order=about)
    message = sent(one, evolve(SETTINGS, storefront=front))
    assert set(message.keys()) <= HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert [box.addr_spec for box in message["To"].addresses] == [TO]
    assert [box.addr_spec for box in message["From"].addresses] == ["mail@shop.example"]
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    html = message.get_body(("html",))
    assert html is not None
    assert set(re.findall(r"<([a-z0-9]+)", html.get_content())) <= {
        "html", "head", "meta", "title", "style", "body", "div", "p", "br", "span", "a", "hr", "ul", "li",
        "table", "tbody", "tr", "td",
    }  # fmt: skip
    assert set(re.findall(r'href="([a-z]+):', html.get_content())) <= {"http", "https", "mailto"}


def test_dates_are_told_in_words() -> None:
    """The day of an order is written out, in UTC."""
    about = evolve(order(None), placed_at=datetime(2026, 10, 1, 23, 59, tzinfo=UTC))
    assert "du 1er octobre 2026" in text(task(MailPurpose.ORDER_RECEIVED, about=about))


def test_samples_are_what_the_features_store() -> None:
    """The sample links are found under the digest that their mails name."""
    one = usual(MailPurpose.RESET_PASSWORD)
    assert isinstance(one.token, TokenRecord)
    assert isinstance(one.mail, MailRecord)
    assert isinstance(one.mail.id, UUID)
    assert one.mail.token == one.token.digest
