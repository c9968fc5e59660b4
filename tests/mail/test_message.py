"""Headers and parts of the finished message."""

import re
from email.message import EmailMessage

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from customer_accounts.arguments import NO_LINE
from customer_accounts.mail import compose
from customer_accounts.order import Parcel, Shipment
from customer_accounts.outbox import Detail, MailPurpose
from customer_accounts.settings import Storefront
from tests.mail.reading import sent, with_link, with_mail
from tests.mail.samples import (
    NOW,
    SETTINGS,
    SHOP,
    TO,
    key_of,
    order,
    usual,
)

HEADERS = {
    "Message-ID", "Date", "From", "Reply-To", "To", "Subject", "Content-Language", "Content-Type",
    "Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version",
}  # fmt: skip


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
    front = evolve(SHOP, name=NO_LINE.sub("!", shop), postal=shop)
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
