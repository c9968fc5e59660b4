"""What is kept about VAT for as long as an invoice is kept: answers of registers, and the VAT of each order.

What lives here: frozen values as they are stored.  They belong to a number and to an order, not to an account, so
that a company that orders as a guest has them too, and closing an account takes none of them away (Art. 369k
Directive 2006/112/EC: ten years from the end of the year of the supply).

A piece of evidence is added and never changed.  The VAT of an order keeps the decision of its day; a correction
stands beside it.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from customer_accounts.vat import VatStatus


class EvidenceSource(StrEnum):
    """Who says so."""

    REGISTER = "register"
    AGENT = "agent"


@frozen
class TraderMatches:
    """What the register said about each thing that the customer told of the business: VALID, INVALID or
    NOT_PROCESSED; None where nothing was asked.
    """

    name: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    company_type: str | None = None


@frozen(kw_only=True)
class VatEvidenceRecord:
    """One answer about one VAT number, complete; never changed.

    Args:
        number: what was asked, in compact form.
        as_typed: what the customer typed, where it is known.
        status: VALID, INVALID or UNVERIFIED.
        code: the register's code, or ours where it gave none.
        checked_at: time of the answer, UTC.
        source: a register, or an agent who has a document.
        endpoint: address that was asked; empty for an agent's evidence.
        requester: the shop's own number, on whose behalf it was asked, or None.
        requester_refused: the register refused the shop's number first.
        http_status: status of the HTTP answer, or None if none came.
        raw: body of the answer (see `customer_accounts.vat.VatAnswer`).
        raw_sha256: SHA-256 of that body, hexadecimal.
        consultation_number: the register's proof that it was asked, or None.
        name, address: of the business; None where the state withholds them.
        added_by: the agent, as the audit trail names one; empty for a register.
        document: for an agent's evidence, which document says so.
        document_sha256: SHA-256 of the document, if the host has given it.
        library_version, data_version: what asked, and which meaning of the codes it knew.
    """

    id: UUID
    number: str
    as_typed: str = field(default="", repr=False)
    status: VatStatus
    code: str
    checked_at: datetime
    source: EvidenceSource = EvidenceSource.REGISTER
    endpoint: str = ""
    requester: str | None = None
    requester_refused: bool = False
    http_status: int | None = None
    raw: str = field(default="", repr=False)
    raw_sha256: str = ""
    consultation_number: str | None = None
    name: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    matches: TraderMatches = TraderMatches()
    added_by: str = ""
    document: str = ""
    document_sha256: str = ""
    library_version: str = ""
    data_version: str = ""
    version: int = 1


class OrderVatState(StrEnum):
    """Where the VAT of an order stands."""

    #: Decided for good.
    FINAL = "final"
    #: VAT was charged because the register had not answered; it is asked on.
    PROVISIONAL = "provisional"
    #: VAT stays charged: the register said no, or its yes came too late; an agent may have other evidence.
    CHARGED = "charged"
    #: Exempt after all; the correction waits for approval.
    CONFIRMED_LATE = "confirmed_late"
    #: The correction was approved, and the customer was told.
    CORRECTED = "corrected"


@frozen(kw_only=True)
class OrderVatRecord:
    """The VAT of one order: the decision of its day, the evidence for it, and what became of it.

    Args:
        reference: the order's.
        number: the customer's VAT number in compact form, or None.
        supplied_on: day of the supply, where the tax is due.
        decision: the decision of that day, as `customer_accounts.vat.OrderDecision.to_json` or that of one supply
            wrote it.
        currency: ISO 4217 code of the amounts.
        charged_net, charged_vat: what the lines that wait for the register came to; zero where none waits.
        evidence_id: the evidence that the decision was made with, or None.
        corrected_decision: the decision after a late confirmation, for the same day, or None.
        corrected_evidence_id: the evidence for it.
        confirmed_at: when that evidence was given, UTC.
        approved_by, approved_at: who approved the correction, and when.
    """

    reference: str
    number: str | None
    state: OrderVatState
    supplied_on: date
    recorded_at: datetime
    decision: str = field(repr=False)
    currency: str = "EUR"
    charged_net: Decimal = Decimal(0)
    charged_vat: Decimal = Decimal(0)
    evidence_id: UUID | None = None
    corrected_decision: str | None = field(default=None, repr=False)
    corrected_evidence_id: UUID | None = None
    confirmed_at: datetime | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    version: int = 1


@frozen(kw_only=True)
class VatPauseRecord:
    """A register that is not asked for now, by no process.

    Args:
        register: its name.
        code: why: the register is full for everybody, or blocks the shop.
        until: asked again from then on, UTC; None waits for somebody who resumes it.
    """

    register: str
    code: str
    since: datetime
    until: datetime | None = None
    attempts: int = 1
    version: int = 1
