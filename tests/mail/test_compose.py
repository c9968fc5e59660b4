"""What stands in the mails."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from attrs import evolve

from customer_accounts.mail import Letter, MailTexts, compose
from customer_accounts.order import OrderStatus, Parcel
from customer_accounts.outbox import MailPurpose
from customer_accounts.token import Purpose, link_text, short_code
from tests.mail.reading import sent, text, with_link, with_mail
from tests.mail.samples import (
    NOW,
    ONE,
    OWNER,
    SECRET,
    SETTINGS,
    SHOP,
    order,
    shipment,
    task,
    usual,
)


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


def test_dates_are_told_in_words() -> None:
    """The day of an order is written out, in UTC."""
    about = evolve(order(None), placed_at=datetime(2026, 10, 1, 23, 59, tzinfo=UTC))
    assert "du 1er octobre 2026" in text(task(MailPurpose.ORDER_RECEIVED, about=about))
