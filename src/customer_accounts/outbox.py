"""The records of the outbox and of the audit trail, and the tasks that workers lease.

A mail row carries no text and no raw token: purpose, recipient and references are enough to render it when it is
sent (EN-06, TK-02).  An event row says who did what, when and with which outcome; the address in it is masked.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from customer_accounts.order import OrderRecord
from customer_accounts.token import TokenRecord


class MailPurpose(StrEnum):
    """Every mail there is; each has its texts in French, German and English."""

    CONFIRM_REGISTRATION = "confirm_registration"
    ALREADY_REGISTERED = "already_registered"
    ACCOUNT_OPENED = "account_opened"
    RESET_PASSWORD = "reset_password"
    NO_ACCOUNT = "no_account"
    PASSWORD_CHANGED = "password_changed"
    CONFIRM_EMAIL_CHANGE = "confirm_email_change"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    ACCOUNT_CLOSED = "account_closed"
    SET_PASSWORD = "set_password"
    REQUEST_QUESTION = "request_question"
    REQUEST_REFUSED = "request_refused"
    CONFIRM_MERGE = "confirm_merge"
    ACCOUNTS_MERGED = "accounts_merged"
    MERGE_UNDONE = "merge_undone"
    CONFIRM_NEWSLETTER = "confirm_newsletter"
    NEWSLETTER_WELCOME = "newsletter_welcome"
    ORDER_RECEIVED = "order_received"
    ORDER_STATUS = "order_status"
    TRACKING = "tracking"
    VAT_CORRECTED = "vat_corrected"
    GUEST_ORDERS_CLAIMED = "guest_orders_claimed"
    CLAIM_UNDONE = "claim_undone"


class MailStatus(StrEnum):
    """Where a mail row stands; DROPPED ones were stale before they were sent, DEAD ones failed for good."""

    QUEUED = "queued"
    SENT = "sent"
    DROPPED = "dropped"
    DEAD = "dead"


class BounceKind(StrEnum):
    """What became of a mail that came back: a SOFT failure may pass by itself, a HARD one is final (RFC 3463)."""

    SOFT = "soft"
    HARD = "hard"


@frozen
class Detail:
    """One fact that a mail's text needs and that stands in no other record, such as ``provider`` = ``google``."""

    name: str
    value: str = field(repr=False)


@frozen(kw_only=True)
class MailRecord:
    """A mail to be sent after the commit, at least once, always under the same Message-ID (made from ``id``).

    Args:
        to: the stored address it goes to; blanked once it is sent.
        token: digest of the link in it; a mail whose link is used, dead or gone is dropped (RL-05).
        extra_token: digest of a second link, such as the way to unsubscribe.
        masked_to: the address in the form that logs may show; stays.
        to_digest: what the address is found by (`customer_accounts.address_digest`); stays.
        bounce: whether it came back after it was handed over, and how; None for all that is known to have arrived.
        bounced_at: when it came back, UTC.
        bounce_reason: what the mail provider said, on one line, without the address.
    """

    id: UUID
    purpose: MailPurpose
    to: str = field(repr=False)
    masked_to: str
    locale: str
    storefront: str
    queued_at: datetime
    due_at: datetime
    account_id: UUID | None = None
    token: str | None = None
    extra_token: str | None = None
    order_reference: str | None = None
    shipment_id: str | None = None
    details: tuple[Detail, ...] = ()
    status: MailStatus = MailStatus.QUEUED
    attempts: int = 0
    leased_until: datetime | None = None
    finished_at: datetime | None = None
    reply: str = ""
    bounce: BounceKind | None = None
    bounced_at: datetime | None = None
    bounce_reason: str = ""
    to_digest: str | None = field(default=None, repr=False)
    version: int = 1

    def detail(self, name: str) -> str:
        """Give one of the details, or an empty text."""
        return next((one.value for one in self.details if one.name == name), "")


class EventKind(StrEnum):
    """What is worth an entry in the audit trail (LG-02)."""

    REGISTRATION_REQUESTED = "registration_requested"
    REGISTRATION_FOR_KNOWN_ADDRESS = "registration_for_known_address"
    REGISTRATION_CORRECTED = "registration_corrected"
    CONFIRMATION_RESENT = "confirmation_resent"
    ACCOUNT_OPENED = "account_opened"
    RIVALS_DELETED = "rivals_deleted"
    CODE_WRONG = "code_wrong"
    PASSWORD_WRONG = "password_wrong"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET_REQUESTED = "password_reset_requested"
    PASSWORD_RESET = "password_reset"
    PASSWORD_REHASHED = "password_rehashed"
    REHASH_FAILED = "rehash_failed"
    HASH_NOT_RECOGNISED = "hash_not_recognised"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"
    EMAIL_CHANGE_CANCELLED = "email_change_cancelled"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    IDENTITIES_APPROVED = "identities_approved"
    ACCOUNT_CLOSED = "account_closed"
    GUEST_CONVERTED = "guest_converted"
    INVITATION_RESENT = "invitation_resent"
    INVITATION_CANCELLED = "invitation_cancelled"
    PROPOSAL_MADE = "proposal_made"
    PROPOSAL_APPROVED = "proposal_approved"
    PROPOSAL_REJECTED = "proposal_rejected"
    CONVERSION_REQUESTED = "conversion_requested"
    REQUEST_TAKEN = "request_taken"
    REQUEST_ANSWERED = "request_answered"
    GUEST_ADDRESS_CORRECTED = "guest_address_corrected"
    GUEST_ADDRESS_PREVIEWED = "guest_address_previewed"
    TRACKING_RESENT = "tracking_resent"
    IMPORTED = "imported"
    MERGE_REQUESTED = "merge_requested"
    ACCOUNTS_MERGED = "accounts_merged"
    MERGE_UNDONE = "merge_undone"
    GUEST_ORDERS_CLAIMED = "guest_orders_claimed"
    CLAIM_UNDONE = "claim_undone"
    CLAIM_REFUSED = "claim_refused"
    ORDER_RECORDED = "order_recorded"
    ORDER_DISPUTED = "order_disputed"
    SHIPMENT_RECORDED = "shipment_recorded"
    NEWSLETTER_REQUESTED = "newsletter_requested"
    NEWSLETTER_CONFIRMED = "newsletter_confirmed"
    NEWSLETTER_ENDED = "newsletter_ended"
    COMPANY_CHANGED = "company_changed"
    VAT_ANSWERED = "vat_answered"
    VAT_REGISTER_BLOCKED = "vat_register_blocked"
    VAT_CHECKS_RESUMED = "vat_checks_resumed"
    VAT_CONFIRMED_LATE = "vat_confirmed_late"
    VAT_STAYS_CHARGED = "vat_stays_charged"
    ORDER_VAT_RECORDED = "order_vat_recorded"
    VAT_EVIDENCE_ADDED = "vat_evidence_added"
    VAT_EVIDENCE_EXPORTED = "vat_evidence_exported"
    VAT_CORRECTION_APPROVED = "vat_correction_approved"
    VAT_RECHECK_ASKED = "vat_recheck_asked"
    RESELLER_PRICING_REFUSED = "reseller_pricing_refused"
    DATA_EXPORTED = "data_exported"
    LIMITED = "limited"
    LIMITER_DOWN = "limiter_down"
    BREACH_CHECK_DOWN = "breach_check_down"
    FACT_CHECK_DOWN = "fact_check_down"
    MAIL_DEAD = "mail_dead"
    MAIL_REQUEUED = "mail_requeued"
    MAIL_BOUNCED = "mail_bounced"
    LOOKED_UP = "looked_up"


@frozen(kw_only=True)
class EventRecord:
    """One entry of the audit trail: who, what, when (UTC), with which outcome.

    Args:
        email: the address concerned, masked.
        email_digest: what it is found by (`customer_accounts.address_digest`), or None.
        actor: kind and name of who asked, such as ``visitor`` or ``agent:17``.
        detail: a short word more, such as a method or a reason; user text is encoded by `one_line` (LG-03).
    """

    id: UUID
    at: datetime
    kind: EventKind
    actor: str
    account_id: UUID | None = None
    email: str = ""
    ip: str | None = None
    detail: str = ""
    email_digest: str | None = field(default=None, repr=False)
    version: int = 1


def one_line(text: str) -> str:
    """Encode text so that it stays on one line of a log, control characters visible (ASVS 16.4.1)."""
    text = text[:500]
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


@frozen(kw_only=True)
class VatCheckRecord:
    """A VAT number that waits to be asked at the register: once, however many accounts and orders have it.

    Args:
        number: the compact number.
        due_at: not asked before this time, UTC.
        as_typed: what a customer typed, for the evidence.
        wanted_until: somebody at the checkout waits for it until then, with or without an account; UTC.
        doubted: a no that is asked once more, because the register of that state was failing meanwhile.
    """

    number: str
    due_at: datetime
    as_typed: str = field(default="", repr=False)
    wanted_until: datetime | None = None
    doubted: bool = False
    attempts: int = 0
    leased_until: datetime | None = None
    version: int = 1


class Queue(StrEnum):
    """What a worker can lease."""

    MAIL = "mail"
    VAT = "vat"


@frozen
class MailTask:
    """A leased mail with what its text needs, read in the same snapshot."""

    mail: MailRecord
    token: TokenRecord | None = None
    extra_token: TokenRecord | None = None
    order: OrderRecord | None = None


@frozen
class VatTask:
    """A leased VAT check."""

    check: VatCheckRecord


@frozen
class MailOutcome:
    """How a mail ended: sent with the server's reply, or dropped with the reason."""

    status: MailStatus
    at: datetime
    reply: str = ""


@frozen
class Backlog:
    """What waits in the outbox at one moment.

    Args:
        queued: mails that are not sent yet, those that wait for another try included.
        dead: mails that were given up.
        oldest: when the mail was queued that waits the longest.
    """

    queued: int
    dead: int
    oldest: datetime | None
