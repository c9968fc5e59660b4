"""What an agent sees of what happened: one value for each kind of record, masked, with the fewest fields that help.

* Addresses are masked.  A name, a postal address, a phone number, what a customer wrote, a link or a hash is in none.
* Words that people or mail servers wrote (`detail`, `reply`, `reason` …) come as they are kept, any address in them
  masked.
* The fields are part of the public interface; a test holds the list (DP-03).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from attrs import frozen

from customer_accounts.account import AccountRecord, AccountStatus, RegistrationRecord
from customer_accounts.casework import ConversionRequestRecord, RequestState
from customer_accounts.claim import ClaimCause, ClaimRecord, Grade
from customer_accounts.evidence import EvidenceSource, OrderVatRecord, OrderVatState, VatEvidenceRecord
from customer_accounts.history import HistoryRecord
from customer_accounts.issue import masked, masked_within
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import (
    BounceKind,
    EventKind,
    EventRecord,
    MailPurpose,
    MailRecord,
    MailStatus,
    VatCheckRecord,
)
from customer_accounts.vat import VatStatus


@frozen
class FoundAccount:
    """An account that was found; ``email`` is masked, and empty once the account is closed."""

    id: UUID
    email: str
    status: AccountStatus
    created_at: datetime
    closed_at: datetime | None
    vat_number: str | None
    vat_status: VatStatus


@frozen
class WaitingVatCheck:
    """A VAT number that the register has not answered for; asked again at ``due_at``."""

    number: str
    due_at: datetime
    attempts: int


@frozen
class RegistrationEntry:
    """Somebody began to open an account; ``email`` is masked."""

    at: datetime
    id: UUID
    email: str
    expires_at: datetime
    confirmed_at: datetime | None


@frozen
class EventEntry:
    """An entry of the audit trail; ``email`` is masked."""

    at: datetime
    id: UUID
    event: EventKind
    by: str
    account_id: UUID | None
    email: str
    detail: str


@frozen
class MailEntry:
    """A mail: where it stands, what the mail server said, and whether it came back; ``to`` is masked."""

    at: datetime
    id: UUID
    purpose: MailPurpose
    to: str
    status: MailStatus
    attempts: int
    finished_at: datetime | None
    reply: str
    bounce: BounceKind | None
    bounced_at: datetime | None
    bounce_reason: str
    account_id: UUID | None
    order_reference: str | None


@frozen
class OrderEntry:
    """An order, and whose it is; ``email`` is masked, ``shipments`` counts what has left."""

    at: datetime
    reference: str
    number: str
    status: OrderStatus
    status_at: datetime
    email: str
    account_id: UUID | None
    claim_id: UUID | None
    disputed: bool
    shipments: int


@frozen
class ClaimEntry:
    """Orders that joined an account, on which proof, and whether that was undone."""

    at: datetime
    id: UUID
    account_id: UUID
    cause: ClaimCause
    grade: Grade
    by: str
    orders: int
    facts: str
    reason: str
    undone_at: datetime | None
    undone_by: str
    undone_reason: str


@frozen
class MergeEntry:
    """Two accounts that became one; ``account_id`` goes on, ``absorbed_id`` ended."""

    at: datetime
    id: UUID
    account_id: UUID
    absorbed_id: UUID
    by: str
    reason: str
    undo_until: datetime


@frozen
class RequestEntry:
    """A customer wrote and asked for an account; ``email`` is masked, the words are in the queue."""

    at: datetime
    id: UUID
    state: RequestState
    email: str
    agent: str
    note: str
    changed_at: datetime


@frozen
class VatEvidenceEntry:
    """An answer about a VAT number."""

    at: datetime
    id: UUID
    number: str
    status: VatStatus
    code: str
    source: EvidenceSource
    consultation_number: str | None
    by: str


@frozen
class OrderVatEntry:
    """The VAT of an order was decided; ``state`` is where it stands now."""

    at: datetime
    reference: str
    number: str | None
    state: OrderVatState
    supplied_on: date


TimelineEntry = (
    RegistrationEntry
    | EventEntry
    | MailEntry
    | OrderEntry
    | ClaimEntry
    | MergeEntry
    | RequestEntry
    | VatEvidenceEntry
    | OrderVatEntry
)


def entry_of(record: HistoryRecord) -> TimelineEntry:
    """Give what an agent sees of a record."""
    return _SHOWN[type(record)](record)


def found_account(one: AccountRecord) -> FoundAccount:
    """Give what an agent sees of an account."""
    number, status = (
        (None, VatStatus.NOT_GIVEN)
        if one.company is None
        else (one.company.vat_number, one.company.vat_status)
    )
    return FoundAccount(one.id, _hidden(one.email), one.status, one.created_at, one.closed_at, number, status)


def waiting_check(one: VatCheckRecord) -> WaitingVatCheck:
    """Give what an agent sees of a number that waits for the register."""
    return WaitingVatCheck(one.number, one.due_at, one.attempts)


def _hidden(email: str) -> str:
    return masked(email) if email else ""


def _registration(one: RegistrationRecord) -> RegistrationEntry:
    return RegistrationEntry(one.created_at, one.id, _hidden(one.email), one.expires_at, one.confirmed_at)


def _event(one: EventRecord) -> EventEntry:
    return EventEntry(
        one.at, one.id, one.kind, one.actor, one.account_id, _hidden(one.email), masked_within(one.detail)
    )


def _mail(one: MailRecord) -> MailEntry:
    return MailEntry(
        one.queued_at, one.id, one.purpose, _hidden(one.masked_to), one.status, one.attempts, one.finished_at,
        masked_within(one.reply), one.bounce, one.bounced_at, masked_within(one.bounce_reason),
        one.account_id, one.order_reference,
    )  # fmt: skip


def _order(one: OrderRecord) -> OrderEntry:
    return OrderEntry(
        one.placed_at, one.reference, one.number, one.status, one.status_at, _hidden(one.email), one.owner,
        one.claim_id, one.disputed, len(one.shipments),
    )  # fmt: skip


def _claim(one: ClaimRecord) -> ClaimEntry:
    return ClaimEntry(
        one.at, one.id, one.account_id, one.cause, one.grade, one.by, one.orders, masked_within(one.facts),
        masked_within(one.reason), one.undone_at, one.undone_by, masked_within(one.undone_reason),
    )  # fmt: skip


def _merge(one: MergeRecord) -> MergeEntry:
    reason = masked_within(one.reason)
    return MergeEntry(one.at, one.id, one.surviving, one.absorbed.id, one.by, reason, one.undo_until)


def _request(one: ConversionRequestRecord) -> RequestEntry:
    email = _hidden(one.email)
    return RequestEntry(one.created_at, one.id, one.state, email, one.agent, one.note, one.changed_at)


def _vat_evidence(one: VatEvidenceRecord) -> VatEvidenceEntry:
    return VatEvidenceEntry(
        one.checked_at, one.id, one.number, one.status, one.code, one.source, one.consultation_number,
        one.added_by,
    )  # fmt: skip


def _order_vat(one: OrderVatRecord) -> OrderVatEntry:
    return OrderVatEntry(one.recorded_at, one.reference, one.number, one.state, one.supplied_on)


_SHOWN: Mapping[type, Callable[[Any], TimelineEntry]] = MappingProxyType(
    {
        RegistrationRecord: _registration,
        EventRecord: _event,
        MailRecord: _mail,
        OrderRecord: _order,
        ClaimRecord: _claim,
        MergeRecord: _merge,
        ConversionRequestRecord: _request,
        VatEvidenceRecord: _vat_evidence,
        OrderVatRecord: _order_vat,
    }
)
