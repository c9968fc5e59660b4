"""What a decision wants written, in verbs: a new feature adds a record or nothing, never a verb.

A storage applies all changes of one decision in one transaction, or none (truth 9).  A change that was overtaken by
somebody else (another version, a taken unique key, a used token) makes the whole write fail with `StaleWriteError`.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from attrs import evolve, field, frozen

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import BounceKind, EventRecord, MailRecord, VatCheckRecord
from customer_accounts.token import TokenRecord

Record = (
    AccountRecord
    | RegistrationRecord
    | IdentityRecord
    | TokenRecord
    | OrderRecord
    | AddressRecord
    | WishListRecord
    | SubscriptionRecord
    | VatCheckRecord
    | ClaimRecord
    | ConversionRequestRecord
    | ProposalRecord
    | VatEvidenceRecord
    | OrderVatRecord
    | VatPauseRecord
    | MergeRecord
)


@frozen
class Save:
    """Store a record: as a new one if *expected_version* is None, else over that very version."""

    record: Record
    expected_version: int | None


@frozen
class Remove:
    """Delete a record, if it still has the version that was read."""

    record: Record


@frozen
class UseToken:
    """Use a one-time token: fails unless it is unused at this moment; nobody else can use it afterwards.

    Args:
        account_id: the account that the use concerned, kept with the token for the second click.
    """

    digest: str
    at: datetime
    account_id: UUID | None = None


@frozen
class OrderSelection:
    """Which orders to move: all that meet every condition that is given.

    Args:
        email_key: placed under this address.
        since: placed at or after this time.
        reference: this very order.
        names: placed in one of these names, compared as stored; None for any name.
        owner: owned by this account; None selects guest orders, which nobody owns, and of these only such as
            are not under dispute.
        claim: moved by this claim last.
        claimed: True for orders that some claim moved, False for those that came to their owner without one.

    Raises:
        ValueError: nothing tells whose orders are meant, or there is no name among *names*.
    """

    email_key: str | None = None
    since: datetime | None = None
    reference: str | None = field(default=None, kw_only=True)
    names: tuple[str, ...] | None = field(default=None, kw_only=True, repr=False)
    owner: UUID | None = field(default=None, kw_only=True)
    claim: UUID | None = field(default=None, kw_only=True)
    claimed: bool | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse to select the orders of everybody."""
        if self.email_key is None and self.reference is None and self.owner is None:
            raise ValueError("a selection of orders names an address, an order or an owner")
        if self.names == ():
            raise ValueError("a selection by name names one")


class Mark(StrEnum):
    """What becomes of the claim id of orders that move: that of the move, the one they have, or none."""

    SET = "set"
    KEEP = "keep"
    CLEAR = "clear"


@frozen
class MoveOrders:
    """Give all selected orders to an account, or back to nobody, in one update; only owner and claim id change.

    Args:
        to: the new owner, or None to make guest orders of them again.
        claim_id: the claim, under which the number of moved orders is told (several moves of one claim add up).
        mark: what becomes of the orders' own claim id.
    """

    selection: OrderSelection
    to: UUID | None
    claim_id: UUID
    mark: Mark = Mark.SET


@frozen
class QueueMail:
    """Put a mail into the outbox of the same transaction; one whose id is already there is left alone (RL-08)."""

    mail: MailRecord


@frozen
class BounceMail:
    """Note on a mail that it came back, however it stands; fails if it is gone or its bounce is not *known* any more.

    Nothing else of the mail changes, so that a worker which holds it is not disturbed.

    Args:
        known: the bounce that was read with it.
    """

    mail_id: UUID
    known: BounceKind | None
    bounce: BounceKind
    at: datetime
    reason: str = field(repr=False)


@frozen
class RecordEvent:
    """Put an entry into the audit trail in the same transaction."""

    event: EventRecord


class Kept(StrEnum):
    """Kinds of rows with a retention period (DP-01)."""

    REGISTRATIONS = "registrations"
    TOKENS = "tokens"
    MAILS = "mails"
    EVENTS = "events"
    REQUESTS = "requests"
    PROPOSALS = "proposals"
    ORDER_VAT = "order_vat"
    VAT_EVIDENCE = "vat_evidence"
    MERGES = "merges"
    CLAIMS = "claims"


@frozen
class Purge:
    """Delete rows of one kind that ended before a time: expired registrations, tokens, requests and
    proposals, finished mails, events.

    The VAT of an order ends with the day of supply; evidence when it is given and no VAT of an order names it.
    Claims of before that time are not deleted but forgotten (`ClaimRecord.forgotten`), each once: those that name who
    asked are meant and counted.
    """

    kind: Kept
    before: datetime


Change = Save | Remove | UseToken | MoveOrders | QueueMail | BounceMail | RecordEvent | Purge

R = TypeVar("R", bound=Record)


def insert(record: Record) -> Save:
    """Store a new record; its key must be free."""
    return Save(record, None)


def update(old: R, new: R) -> Save:
    """Store *new* over *old*, if nobody changed it meanwhile."""
    return Save(evolve(new, version=old.version + 1), old.version)


def unchanged(record: Record) -> Save:
    """Store a record as it was read: fails if somebody changed it meanwhile.

    Its version stays, so any number of writes may want the same at once.
    """
    return Save(record, record.version)


@frozen
class Counts:
    """What a write did: orders moved by claim id, rows purged by kind."""

    moved: Mapping[UUID, int] = field(factory=dict)
    purged: Mapping[Kept, int] = field(factory=dict)


def key_of(record: Record) -> object:
    """Give the key under which a kind of record is stored; two records of one kind never share it."""
    match record:
        case IdentityRecord():
            return record.provider, record.subject
        case TokenRecord():
            return record.digest
        case OrderRecord() | OrderVatRecord():
            return record.reference
        case SubscriptionRecord():
            return record.account_id
        case VatCheckRecord():
            return record.number
        case VatPauseRecord():
            return record.register
        case _:
            return record.id
