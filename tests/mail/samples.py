"""One sample of every mail there is, in all forms that its text takes: what the snapshots show."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from attrs import evolve, frozen

from customer_accounts.email_syntax import Mailbox, read_mailbox
from customer_accounts.features.conversion_answers import (
    Question,
    WhyRefused,
)
from customer_accounts.mail.staleness import ABOUT_ORDERS, NEEDED, OFFERED
from customer_accounts.order import OrderRecord, OrderStatus, Parcel, Shipment
from customer_accounts.outbox import Detail, MailPurpose, MailRecord, MailTask
from customer_accounts.settings import LIFETIMES, Settings, Storefront
from customer_accounts.testing.settings import cheap_settings
from customer_accounts.token import Purpose, TokenRecord, link_digest, link_text

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = b"0123456789abcdef0123456789abcdef"
SHOP = Storefront(
    name="Demo Shop",
    base_url="https://shop.example",
    contact="help@shop.example",
    sender="mail@shop.example",
    postal="Demo Shop GmbH\nRingstraße 1\n1010 Wien",
)
SETTINGS = cheap_settings(secret=SECRET, storefront=SHOP)
TO = "anna@mail.example"
OWNER = UUID(int=7)

_NAMESPACE = UUID(int=1)

ONE = (Parcel("Post AT", "RR123456785AT", "https://track.post.example/RR123456785AT"),)
TWO = (*ONE, Parcel("DPD", "09981122334455"))


@frozen
class Sample:
    """One mail in one form; *name* is the name of its snapshot without the language."""

    name: str
    task: MailTask


def key_of(address: str) -> str:
    """Give the comparing form of an address."""
    mailbox = read_mailbox(address)
    assert isinstance(mailbox, Mailbox)
    return mailbox.key


def token(
    purpose: Purpose, *, to: str = TO, token_id: str = "00" * 16, settings: Settings = SETTINGS
) -> TokenRecord:
    """Make the record of a link that was made a minute ago."""
    digest = link_digest(link_text(settings.secret, purpose, token_id))
    assert digest is not None
    made = NOW - timedelta(minutes=1)
    return TokenRecord(
        digest=digest,
        token_id=token_id,
        key_id=settings.secret_id,
        purpose=purpose,
        email=to,
        email_key=key_of(to),
        created_at=made,
        expires_at=made + LIFETIMES[purpose],
    )


def order(
    owner: UUID | None = None, *shipments: Shipment, status: OrderStatus = OrderStatus.SHIPPED
) -> OrderRecord:
    """Make an order of the first of the month."""
    return OrderRecord(
        reference="ref-4711",
        number="2026-4711",
        placed_at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
        status=status,
        email=TO,
        email_key=TO,
        name="Anna Typed-By-Hand",
        owner=owner,
        shipments=shipments,
        status_at=NOW,
    )


def shipment(*parcels: Parcel, corrected: int = 0) -> Shipment:
    """Make the shipment that `task` names."""
    return Shipment("s1", datetime(2026, 11, 22, 16, 0, tzinfo=UTC), parcels, corrected)


def task(
    purpose: MailPurpose,
    *,
    locale: str = "fr",
    link: TokenRecord | None = None,
    way_out: TokenRecord | None = None,
    about: OrderRecord | None = None,
    **details: str,
) -> MailTask:
    """Make a leased mail with what belongs to it."""
    mail = MailRecord(
        id=uuid5(_NAMESPACE, purpose.value),
        purpose=purpose,
        to=TO,
        masked_to="a***@mail.example",
        locale=locale,
        storefront="default",
        queued_at=NOW,
        due_at=NOW,
        account_id=about.owner if about else None,
        token=link.digest if link else None,
        extra_token=way_out.digest if way_out else None,
        order_reference=about.reference if about else None,
        shipment_id="s1" if purpose is MailPurpose.TRACKING else None,
        details=tuple(Detail(name, value) for name, value in details.items()),
    )
    return MailTask(mail, link, way_out, about)


def usual(purpose: MailPurpose) -> MailTask:
    """Make the most usual mail of a purpose."""
    expected = NEEDED.get(purpose) or OFFERED.get(purpose)
    newsletter = purpose in (MailPurpose.CONFIRM_NEWSLETTER, MailPurpose.NEWSLETTER_WELCOME)
    about_order = purpose in ABOUT_ORDERS
    details = {
        MailPurpose.EMAIL_CHANGE_REQUESTED: {"new_address": "a***@other.example"},
        MailPurpose.PASSWORD_CHANGED: {"identities": "google, facebook"},
        MailPurpose.IDENTITY_LINKED: {"provider": "google"},
        MailPurpose.IDENTITY_UNLINKED: {"provider": "facebook"},
        MailPurpose.EMAIL_CHANGED: {"audience": "old"},
        MailPurpose.GUEST_ORDERS_CLAIMED: {"claimed": "3"},
        MailPurpose.CLAIM_UNDONE: {"claimed": "3"},
        MailPurpose.VAT_CORRECTED: {"refund": "19.50 EUR", "vat_number": "DE136695976"},
        MailPurpose.CONFIRM_MERGE: {"new_address": "a***@other.example"},
        MailPurpose.ACCOUNTS_MERGED: {"audience": "absorbed", "new_address": "a***@other.example"},
        MailPurpose.MERGE_UNDONE: {"new_address": "a***@other.example"},
    }
    return task(
        purpose,
        link=token(expected) if expected else None,
        way_out=token(Purpose.UNSUBSCRIBE) if newsletter else None,
        about=order(None, shipment(*ONE)) if about_order else None,
        **details.get(purpose, {}),
    )


def samples() -> Iterator[Sample]:
    """Give every mail in every form."""
    for purpose in MailPurpose:
        yield Sample(purpose.value, usual(purpose))
    for count in ("1", "3"):
        yield Sample(f"account_opened-claimed-{count}", task(MailPurpose.ACCOUNT_OPENED, claimed=count))
    for count in ("", "1"):
        name = count or "none"
        for purpose in (MailPurpose.GUEST_ORDERS_CLAIMED, MailPurpose.CLAIM_UNDONE):
            yield Sample(f"{purpose}-{name}", task(purpose, claimed=count))
    yield Sample("password_changed-plain", task(MailPurpose.PASSWORD_CHANGED))
    yield Sample("email_changed-new", task(MailPurpose.EMAIL_CHANGED, audience="new"))
    yield Sample("order_received-account", task(MailPurpose.ORDER_RECEIVED, about=order(OWNER)))
    owned = evolve(usual(MailPurpose.VAT_CORRECTED), order=order(OWNER))
    yield Sample("vat_corrected-account", evolve(owned, mail=evolve(owned.mail, account_id=OWNER)))
    part = task(
        MailPurpose.VAT_CORRECTED,
        about=order(None),
        variant="part",
        refund="19.50 EUR",
        vat_number="DE136695976",
    )
    yield Sample("vat_corrected-part", part)
    for status in OrderStatus:
        about = order(OWNER, status=status)
        yield Sample(f"order_status-{status}", task(MailPurpose.ORDER_STATUS, about=about))
    yield Sample(
        "accounts_merged-surviving",
        task(MailPurpose.ACCOUNTS_MERGED, audience="surviving", new_address="a***@other.example"),
    )
    link = token(Purpose.SET_PASSWORD)
    yield Sample("set_password-imported", task(MailPurpose.SET_PASSWORD, link=link, variant="imported"))
    for question in Question:
        yield Sample(f"request_question-{question}", task(MailPurpose.REQUEST_QUESTION, variant=question))
    for why in (WhyRefused.NO_ORDER, WhyRefused.NOT_PROVEN):
        yield Sample(f"request_refused-{why}", task(MailPurpose.REQUEST_REFUSED, variant=why))
    yield from _trackings()


def _trackings() -> Iterator[Sample]:
    forms = {
        "several": order(OWNER, shipment(*TWO)),
        "corrected": order(None, shipment(*ONE, corrected=1)),
        "none": order(None, shipment()),
    }
    for form, about in forms.items():
        yield Sample(f"tracking-{form}", task(MailPurpose.TRACKING, about=about))


def in_language(one: MailTask, locale: str) -> MailTask:
    """Give the same mail in another language."""
    return evolve(one, mail=evolve(one.mail, locale=locale))
