"""What staff does about a VAT number: asks again, adds a document, gives the evidence to an auditor (F25).

* `RecheckVat` lets a number be asked at once, because the customer says that the tax office has activated it.
* `AddVatEvidence` is for what the register cannot say: it knows only today.  An agent who holds a document that the
  number was valid on the day of supply (a letter of a tax office, the answer of another register) names it; the order
  then is a late confirmation like one of the register, and waits for approval.  It makes no number valid for other
  orders.  The same again changes nothing (RL-08).
* `ExportVatEvidence` gives all that is kept about a number or an order, the raw answers with their hashes included, as
  plain data; a name or address that the state withholds is named so.  The look is in the audit trail.

Evidence belongs to the invoice: closing an account does not take it away; `Accounts.purge` removes it ten years
after the end of its year (``Settings.vat_evidence_kept``; Art. 369k Directive 2006/112/EC), and what an order still
names stays as long as that order's VAT.

Refusals: NOT_FOUND, VAT_NOT_CORRECTABLE, EVIDENCE_OF_OTHER_DAY, PERMISSION_MISSING.  No mails.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID, uuid5

import attrs
from attrs import field, frozen
from pydantic import StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.actors import Agent, System
from customer_accounts.changes import Change, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, name_of, refuse
from customer_accounts.evidence import EvidenceSource, OrderVatState, VatEvidenceRecord
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.features.four_eyes import not_permitted
from customer_accounts.features.late_confirmation import (
    LateVatConfirmation,
    confirmation_of,
    confirmed_late,
)
from customer_accounts.features.privacy import Json
from customer_accounts.features.vat_answer import number_scope
from customer_accounts.features.vat_keeping import library_version
from customer_accounts.features.vat_pause import is_paused
from customer_accounts.features.vat_queue import is_wanted, queued
from customer_accounts.inputs import Line, Reference
from customer_accounts.issue import record_event
from customer_accounts.outbox import EventKind
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason
from customer_accounts.vat import VatNumber, VatNumberError, VatStatus
from customer_accounts.vat.answer import codes_version

_NAMESPACE = UUID("9b1f9c55-6a0f-5e43-8a26-6d2f0c8a9f11")
#: The code of evidence that is a document.
DOCUMENT = "DOCUMENT"
_CORRECTABLE = (OrderVatState.PROVISIONAL, OrderVatState.CHARGED)

Sha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


@frozen
class VatRecheck:
    """A number that is asked again.

    Args:
        due_at: not before this time, UTC.
        paused: the register is not asked by anybody now (see `ResumeVatChecks`).
    """

    number: str
    due_at: datetime
    paused: bool


@frozen
class VatEvidenceExport:
    """All that is kept about a number or an order."""

    data: Mapping[str, Json] = field(repr=False)

    def to_json(self) -> str:
        """Give the data as a JSON text."""
        return json.dumps(self.data, ensure_ascii=False, indent=2)


class RecheckVat(Command):
    """Let the register be asked about a number at once; NOT_FOUND if nobody waits for it."""

    actors: ClassVar = (Agent,)

    number: Line

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.VAT_CHECKS, Part.ORDER_VAT, Part.VAT_PAUSES})
        return number_scope(compact_number(self.number), parts)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[VatRecheck] | Refusal:
        """See `Command.decide`."""
        number = compact_number(self.number)
        waiting = facts.vat_check(number)
        if not number or not (is_wanted(facts, number, env.now) or waiting is not None):
            return refuse(Reason.NOT_FOUND, about="number")
        changes = queued(number, "", facts, env)
        recheck = VatRecheck(
            number, min(waiting.due_at, env.now) if waiting else env.now, is_paused(facts, env.now)
        )
        event = record_event(env, actor, EventKind.VAT_RECHECK_ASKED, detail=number)
        return Decision(recheck, (*changes, event) if changes else ())


class AddVatEvidence(Command):
    """Add a document which says that the number of an order was valid on the day of supply.

    Args:
        reference: the order's.
        valid_on: the day that the document speaks of; it must be the day of supply.
        document: what it is and where it is kept, on one line.
        document_sha256: its SHA-256, hexadecimal, if the host keeps the file.
        consultation_number: that of another register, if it gave one.
    """

    actors: ClassVar = (Agent,)

    reference: Reference
    valid_on: date
    document: Reference
    document_sha256: Sha256 = ""
    consultation_number: Line = ""

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ORDERS, Part.ORDER_VAT, Part.VAT_EVIDENCE})
        return Scope(parts=parts, order=self.reference)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[LateVatConfirmation] | Refusal:
        """See `Command.decide`."""
        refusal = not_permitted(AgentTask.CORRECT_VAT, env, actor)
        if refusal is not None:
            return refusal
        taxed, order = facts.vat_of(self.reference), facts.order(self.reference)
        if taxed is None or order is None or taxed.number is None:
            return refuse(Reason.NOT_FOUND, about="reference")
        evidence = self._evidence(taxed.number, env, actor)
        if taxed.corrected_evidence_id == evidence.id:
            return Decision(confirmation_of(taxed, order))
        if taxed.state not in _CORRECTABLE:
            return refuse(Reason.VAT_NOT_CORRECTABLE, about="reference", detail=taxed.state)
        if self.valid_on != taxed.supplied_on:
            return refuse(Reason.EVIDENCE_OF_OTHER_DAY, about="valid_on", detail=str(taxed.supplied_on))
        corrected = confirmed_late(taxed, evidence)
        known = any(one.id == evidence.id for one in facts.vat_evidence)
        new: list[Change] = [] if known else [insert(evidence)]
        kind = EventKind.VAT_EVIDENCE_ADDED
        event = record_event(env, actor, kind, account_id=order.owner, detail=self.reference)
        return Decision(confirmation_of(corrected, order), (*new, update(taxed, corrected), event))

    def _evidence(self, number: str, env: Env, actor: Agent) -> VatEvidenceRecord:
        said = (self.reference, number, self.document, self.document_sha256, self.consultation_number)
        return VatEvidenceRecord(
            id=uuid5(_NAMESPACE, "\n".join(said)),
            number=number,
            status=VatStatus.VALID,
            code=DOCUMENT,
            checked_at=env.now,
            source=EvidenceSource.AGENT,
            consultation_number=self.consultation_number or None,
            added_by=name_of(actor),
            document=self.document,
            document_sha256=self.document_sha256,
            library_version=library_version(),
            data_version=codes_version(),
        )


class ExportVatEvidence(Command):
    """Give all that is kept about a VAT number, or about the VAT of an order.

    Args:
        number: as typed, or None.
        reference: the order's, or None; one of the two is given.
    """

    actors: ClassVar = (Agent, System)

    number: Line | None = None
    reference: Reference | None = None

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if (self.number is None) == (self.reference is None):
            return PydanticCustomError("number_or_reference", "give the number or the reference of an order")
        return None

    def scope(self, actor: Agent | System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.VAT_EVIDENCE, Part.ORDER_VAT})
        if self.reference is not None:
            return Scope(parts=parts, order=self.reference)
        return Scope(parts=parts, vat_number=compact_number(self.number or ""), page=Page(limit=100))

    def decide(
        self, facts: Facts, env: Env, actor: Agent | System, /
    ) -> Decision[VatEvidenceExport] | Refusal:
        """See `Command.decide`."""
        if not facts.vat_evidence and not facts.order_vat:
            return refuse(Reason.NOT_FOUND)
        data = {"evidence": plain(facts.vat_evidence), "orders": plain(facts.order_vat)}
        detail = self.reference or compact_number(self.number or "")
        event = record_event(env, actor, EventKind.VAT_EVIDENCE_EXPORTED, detail=detail)
        return Decision(VatEvidenceExport(data), (event,))


def plain(records: Sequence[Any]) -> Json:
    """Give records as plain data, ready for JSON; what the state withholds is named so."""
    rows: list[Json] = []
    for one in records:
        row = attrs.asdict(one, value_serializer=lambda _, __, value: _plain(value))
        withheld = {name for name in ("name", "address") if name in row and row[name] is None}
        rows.append(row | dict.fromkeys(withheld, "withheld"))
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return (
        value
        if value is None or isinstance(value, bool | int | str) or attrs.has(type(value))
        else str(value)
    )


def compact_number(typed: str) -> str:
    """Give a number in compact form, also one whose check digits fail; "" for what is none."""
    try:
        return VatNumber.parse(typed).compact
    except VatNumberError as error:
        return error.number.compact if error.number is not None else ""
