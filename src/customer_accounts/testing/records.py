"""Records for the contract of storages: one of each kind, bare or with every field filled.

Each call makes a record that shares no key with any other; what a test needs to be so it names itself.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from attrs import evolve

from customer_accounts.account import (
    AccountRecord,
    AccountStatus,
    Company,
    Consent,
    IdentityRecord,
    PostalAddress,
    RegistrationRecord,
)
from customer_accounts.belongings import (
    AddressRecord,
    SubscriptionRecord,
    SubscriptionStatus,
    WishItem,
    WishListRecord,
)
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord, RequestState
from customer_accounts.changes import Change, QueueMail, Record, RecordEvent, insert
from customer_accounts.claim import Carried, ClaimCause, ClaimedAddress, ClaimRecord, Grade
from customer_accounts.evidence import (
    EvidenceSource,
    OrderVatRecord,
    OrderVatState,
    TraderMatches,
    VatEvidenceRecord,
    VatPauseRecord,
)
from customer_accounts.merge import MergeRecord, Moved, MovedKind
from customer_accounts.order import OrderRecord, OrderStatus, Parcel, Shipment
from customer_accounts.outbox import (
    BounceKind,
    Detail,
    EventKind,
    EventRecord,
    MailPurpose,
    MailRecord,
    VatCheckRecord,
)
from customer_accounts.permissions import AgentTask
from customer_accounts.token import Purpose, TokenRecord
from customer_accounts.vat import VatStatus

#: The time of all records unless a test says otherwise.
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
#: A time with every digit set, so that a storage that rounds is found out.
EXACT = datetime(2026, 11, 23, 23, 59, 58, 123457, tzinfo=UTC)

_HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA"
_numbers = count(1)


def some_id() -> UUID:
    """Give an id that nothing else has."""
    return uuid4()


def later(**by: float) -> datetime:
    """Give a time after `NOW`, such as ``minutes=10``; negative numbers lie before it."""
    return NOW + timedelta(**by)


def some_key() -> str:
    """Give an address key that nobody else has."""
    return f"customer{next(_numbers)}@mail.example"


def some_number() -> str:
    """Give a VAT number that nobody else has; its check digits are of no matter here."""
    return f"DE{next(_numbers):09}"


def an_account(**values: Any) -> AccountRecord:
    """Make an account with its defaults."""
    key = values.pop("email_key", some_key())
    record = AccountRecord(
        id=some_id(), email=key or "gone@mail.example", email_key=key, email_verified_at=NOW, created_at=NOW
    )
    return evolve(record, **values)


def a_full_account() -> AccountRecord:
    """Make an account with a value in every field."""
    return an_account(
        email_verified_at=EXACT, status=AccountStatus.CLOSED, name="Żółć Ångström 北京", locale="de",
        storefront="second", password_hash=_HASH, password_generated=True,
        must_change_password=True, password_changed_at=EXACT, session_epoch=41, company=a_company(),
        default_address=some_id(), default_wish_list=some_id(), closed_at=EXACT, version=7,
    )  # fmt: skip


def a_company() -> Company:
    """Make a company with a value in every field."""
    return Company(
        "Müller & Fils S.à r.l.", "de 136 695 976", "DE136695976", VatStatus.UNVERIFIED,
        "wrong_kind", "MS_UNAVAILABLE", EXACT, "WAPIAAAAYZ", some_id(),
    )  # fmt: skip


def an_address() -> PostalAddress:
    """Make a postal address with a value in every field."""
    return PostalAddress(
        "Anna Müller", "Grüne Gasse 5", "Graz", "AT", "8010", "Stiege 2", "Steiermark", "+43 1"
    )


def a_registration(**values: Any) -> RegistrationRecord:
    """Make a pending registration with its defaults."""
    key = values.pop("email_key", some_key())
    record = RegistrationRecord(
        id=some_id(),
        email=key,
        email_key=key,
        browser=some_id().hex,
        created_at=NOW,
        expires_at=later(days=2),
    )
    return evolve(record, **values)


def a_full_registration() -> RegistrationRecord:
    """Make a pending registration with a value in every field."""
    return a_registration(
        password_hash=_HASH, generate_password=True, name="Anna", locale="fr", storefront="second",
        continue_to="/basket?step=2", consent=Consent("2026-05", EXACT, "registration"), company=a_company(),
        address=an_address(), identity_provider="google", identity_subject=some_id().hex, code_tries=3,
        confirmed_at=EXACT, expires_at=EXACT, version=2,
    )  # fmt: skip


def an_identity(**values: Any) -> IdentityRecord:
    """Make an identity of some account."""
    record = IdentityRecord(provider="google", subject=some_id().hex, account_id=some_id(), linked_at=NOW)
    return evolve(record, **values)


def a_token(**values: Any) -> TokenRecord:
    """Make a link with its defaults."""
    key = values.pop("email_key", some_key())
    record = TokenRecord(
        digest=some_id().hex * 2, token_id=some_id().hex, key_id="key1", purpose=Purpose.RESET_PASSWORD,
        email=key, email_key=key, created_at=NOW, expires_at=later(hours=1),
    )  # fmt: skip
    return evolve(record, **values)


def a_full_token() -> TokenRecord:
    """Make a link with a value in every field."""
    return a_token(
        account_id=some_id(), registration_id=some_id(), order_reference="order", claim_id=some_id(), used_at=EXACT,
        version=2, browser=some_id().hex,
    )  # fmt: skip


def an_order(**values: Any) -> OrderRecord:
    """Make a guest's order with its defaults."""
    key = values.pop("email_key", some_key())
    reference = f"order-{next(_numbers):06}"
    record = OrderRecord(
        reference=reference, number=reference.upper(), placed_at=NOW, status=OrderStatus.PLACED,
        email=key, email_key=key, status_at=NOW,
    )  # fmt: skip
    return evolve(record, **values)


def a_full_order() -> OrderRecord:
    """Make an order with a value in every field; its shipments come in no order but their own."""
    one, two = Parcel("DHL", "00340", "https://dhl.example/00340"), Parcel("Post", "1")
    return an_order(
        placed_at=EXACT, status=OrderStatus.SHIPPED, name="Anna", postcode="8010", locale="fr",
        storefront="second", owner=some_id(), claim_id=some_id(), disputed=True, status_at=EXACT, version=3,
        email_corrected_at=EXACT,
        shipments=(
            Shipment("2", EXACT, (two, one, two), 1), Shipment("1", NOW, ()), Shipment("3", NOW, (one,)),
        ),
    )  # fmt: skip


def a_delivery_address(**values: Any) -> AddressRecord:
    """Make a delivery address of some account."""
    return evolve(
        AddressRecord(id=some_id(), account_id=some_id(), address=an_address(), created_at=NOW), **values
    )


def a_wish_list(*products: str, **values: Any) -> WishListRecord:
    """Make a wish list of some account with these products in this order."""
    items = tuple(WishItem(product, 1 + place, EXACT) for place, product in enumerate(products))
    record = WishListRecord(
        id=some_id(), account_id=some_id(), name="Geburtstag", created_at=NOW, items=items
    )
    return evolve(record, **values)


def a_subscription(**values: Any) -> SubscriptionRecord:
    """Make a pending newsletter subscription of some account."""
    key = values.pop("email_key", some_key())
    record = SubscriptionRecord(
        account_id=some_id(), email=key, email_key=key, consent=Consent("2026-05", NOW, "account")
    )
    return evolve(record, **values)


def a_full_subscription() -> SubscriptionRecord:
    """Make a subscription with a value in every field."""
    return a_subscription(
        status=SubscriptionStatus.ENDED, confirmed_at=EXACT, proof="f" * 64, ended_at=EXACT, version=4
    )


def a_vat_check(**values: Any) -> VatCheckRecord:
    """Make a check of a VAT number that is due now."""
    return evolve(VatCheckRecord(number=some_number(), due_at=NOW), **values)


def a_full_vat_check(**values: Any) -> VatCheckRecord:
    """Make a check of a VAT number with a value in every field that a free one may have."""
    full = a_vat_check(as_typed="at u 1358 5627", wanted_until=EXACT, doubted=True, attempts=3, version=2)
    return evolve(full, **values)


def vat_evidence(**values: Any) -> VatEvidenceRecord:
    """Make the evidence of one answer with its defaults."""
    record = VatEvidenceRecord(
        id=some_id(), number=some_number(), status=VatStatus.VALID, code="VALID", checked_at=NOW
    )
    return evolve(record, **values)


def full_vat_evidence(**values: Any) -> VatEvidenceRecord:
    """Make evidence with a value in every field."""
    full = vat_evidence(
        as_typed="de 136 695 976", status=VatStatus.UNVERIFIED, code="MS_UNAVAILABLE", checked_at=EXACT,
        source=EvidenceSource.AGENT, endpoint="https://vies.example", requester="ATU13585627",
        requester_refused=True, http_status=500, raw='{"größe": "北京"}', raw_sha256="a" * 64,
        consultation_number="WAPI1", name="Müller & Fils", address="Weg 1\n1010 Wien", added_by="agent:7",
        matches=TraderMatches("VALID", "INVALID", "NOT_PROCESSED", "VALID", "INVALID"), document="letter 17",
        document_sha256="b" * 64, library_version="1.2", data_version="3", version=2,
    )  # fmt: skip
    return evolve(full, **values)


def order_vat(**values: Any) -> OrderVatRecord:
    """Make the VAT of some order with its defaults."""
    record = OrderVatRecord(
        reference=f"taxed-{next(_numbers):06}", number=None, state=OrderVatState.FINAL,
        supplied_on=NOW.date(), recorded_at=NOW, decision="[]",
    )  # fmt: skip
    return evolve(record, **values)


def full_order_vat(**values: Any) -> OrderVatRecord:
    """Make the VAT of some order with a value in every field."""
    full = order_vat(
        number=some_number(), state=OrderVatState.CORRECTED, supplied_on=date(2024, 2, 29), recorded_at=EXACT,
        decision='[{"grün": 1}]', currency="SEK", charged_net=Decimal("1234567890123.4500"),
        charged_vat=Decimal("-0.01"), evidence_id=some_id(), corrected_decision="[]",
        corrected_evidence_id=some_id(), confirmed_at=EXACT, approved_by="agent:7", approved_at=EXACT,
        version=3,
    )  # fmt: skip
    return evolve(full, **values)


def a_vat_pause(**values: Any) -> VatPauseRecord:
    """Make the pause of a register, until somebody resumes it."""
    record = VatPauseRecord(register=f"register{next(_numbers)}", code="IP_BLOCKED", since=NOW)
    return evolve(record, **values)


def a_mail(**values: Any) -> MailRecord:
    """Make a queued mail that is due now."""
    record = MailRecord(
        id=some_id(), purpose=MailPurpose.PASSWORD_CHANGED, to="anna@mail.example",
        masked_to="a***@mail.example", locale="en", storefront="default", queued_at=NOW, due_at=NOW,
    )  # fmt: skip
    return evolve(record, **values)


def a_full_mail() -> MailRecord:
    """Make a queued mail with a value in every field that a queued one may have."""
    return a_mail(
        account_id=some_id(), token="t" * 64, extra_token="u" * 64, order_reference="order", shipment_id="2",
        details=(Detail("provider", "google"), Detail("browser", "Größe"), Detail("at", "")),
        reply="451 later", attempts=2, bounce=BounceKind.SOFT, bounced_at=EXACT, bounce_reason="4.2.2 ü full",
        to_digest="d" * 32,
        version=3,
    )  # fmt: skip


def a_request(**values: Any) -> ConversionRequestRecord:
    """Make a customer's written request with its defaults."""
    key = values.pop("email_key", some_key())
    record = ConversionRequestRecord(
        id=some_id(), email=key, email_key=key, created_at=NOW, changed_at=NOW, expires_at=later(days=90)
    )
    return evolve(record, **values)


def a_full_request() -> ConversionRequestRecord:
    """Make a request with a value in every field."""
    return a_request(
        name="Żółć", order_number="2026-1", message="Bitte ein Konto", locale="de", storefront="second",
        state=RequestState.WAITING, agent="17", note="order_number", changed_at=EXACT, version=3,
    )  # fmt: skip


def a_proposal(**values: Any) -> ProposalRecord:
    """Make a proposal of an agent."""
    record = ProposalRecord(
        id=some_id(), task=AgentTask.MERGE_ACCOUNTS, command="MergeAccounts", fields='{"reason": "größer"}',
        proposed_by="17", reason="asked by letter", created_at=NOW, expires_at=later(days=7),
    )  # fmt: skip
    return evolve(record, **values)


def a_merge(**values: Any) -> MergeRecord:
    """Make a merge that moved nothing."""
    record = MergeRecord(
        id=some_id(),
        surviving=some_id(),
        absorbed=an_account(),
        at=NOW,
        undo_until=later(days=14),
        by="agent:1",
    )
    return evolve(record, **values)


def a_full_merge() -> MergeRecord:
    """Make a merge with a value in every field; what moved comes in no order but its own."""
    return a_merge(
        absorbed=a_full_account(), at=EXACT, undo_until=EXACT, reason="two addresses",
        conflicts="email name", took_name=True, took_company=True, took_address=True, took_wish_list=True,
        subscription=a_full_subscription(), surviving_subscription=a_subscription(), version=3,
        doubles=(a_delivery_address(version=4), a_delivery_address()),
        moved=(
            Moved(MovedKind.WISH_LIST, some_id().hex, "Größe", "Größe (2)"),
            Moved(MovedKind.ADDRESS, some_id().hex),
            Moved(MovedKind.IDENTITY, "google 1", "approved", ""),
        ),
    )  # fmt: skip


def an_event(account_id: UUID | None, **values: Any) -> EventRecord:
    """Make an entry of the audit trail."""
    record = EventRecord(
        id=some_id(), at=NOW, kind=EventKind.SIGNED_IN, actor="visitor", account_id=account_id
    )
    return evolve(record, **values)


def a_claim(**values: Any) -> ClaimRecord:
    """Make the record of a claim by some account with its defaults."""
    record = ClaimRecord(
        id=some_id(),
        account_id=some_id(),
        at=NOW,
        by="customer",
        cause=ClaimCause.CUSTOMER,
        grade=Grade.MAILBOX,
    )
    return evolve(record, **values)


def a_full_claim() -> ClaimRecord:
    """Make the record of a claim with a value in every field."""
    return a_claim(
        at=EXACT, by="agent:17", cause=ClaimCause.MERGE, grade=Grade.SUPPORT, email_key=some_key(),
        facts="größer", reason="letter", orders=3, from_account=some_id(),
        carried=(Carried(some_id(), some_id()), Carried(some_id(), some_id())),
        addresses=(ClaimedAddress(some_id(), made_default=True), ClaimedAddress(some_id())),
        undone_at=EXACT, undone_by="visitor", undone_reason="not me", version=4,
    )  # fmt: skip


def stored(*records: Record | MailRecord | EventRecord) -> Sequence[Change]:
    """Give the changes that store these records as new ones."""
    changes: list[Change] = []
    for record in records:
        match record:
            case MailRecord():
                changes.append(QueueMail(record))
            case EventRecord():
                changes.append(RecordEvent(record))
            case _:
                changes.append(insert(record))
    return changes
