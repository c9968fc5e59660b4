"""The VAT of an order: the decision of its day, kept with it, and what it waits for (F24, F25, F26).

Who may ask: the system, that is the host's checkout, after the order is recorded and best in the same transaction
(`Accounts.within`).  Amounts and decisions come from the host's own code, never from a customer's browser.

* What is kept is the record of `decide_vat` or `decide_order`, with the day of supply, the customer's number and the
  evidence that it was made with: "why did I pay VAT in March?" is answered from it years later.
* A decision that charges VAT only because the register has not answered makes the order PROVISIONAL: the number waits
  in the queue, with an account or without one, and what was charged for those lines is kept for the correction.
  Every other decision is FINAL.
* Those amounts are what the rates of the lines that wait come to, within rounding; others are refused, for they would
  be paid back (`order_vat_amounts`).
* The reference is the natural key (RL-08): the same again gets the same answer; another decision for the same order is
  refused, for the decision of the day is never rewritten.
* `FindVatOrders` lists orders by where their VAT stands, newest first: the provisional ones, the late confirmations
  that wait for approval, those that stay charged.

Refusals: NOT_FOUND (no such order or evidence), ORDER_CONFLICT, VAT_AMOUNTS_MISSING, VAT_AMOUNTS_UNEXPLAINED.  No
mails.
"""

from datetime import UTC
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from attrs import frozen
from pydantic import Field, StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.actors import Agent, System
from customer_accounts.changes import Change, insert
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.evidence import OrderVatRecord, OrderVatState
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.features.my_orders import cursor_at, place_of
from customer_accounts.features.order_vat_amounts import refused_amounts
from customer_accounts.features.order_vat_view import VatOrderPage, view_of
from customer_accounts.features.vat_queue import queued_for_order
from customer_accounts.inputs import NAMED, Reference
from customer_accounts.issue import record_event
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason
from customer_accounts.vat import DataError, OrderDecision, VatDecision, waits_for_register
from customer_accounts.vat.late import decisions_in

#: Decisions of a hundred lines fit; each has some five kilobytes.
_LONGEST_RECORD = 1_000_000

Money = Annotated[Decimal, Field(ge=0, le=10**12, max_digits=18, decimal_places=4, allow_inf_nan=False)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


@frozen
class OrderVatRecorded:
    """What is kept of an order's VAT.

    Args:
        state: FINAL, or PROVISIONAL if the register is still asked.
        evidence_id: the evidence that it was made with, or None.
    """

    reference: str
    state: OrderVatState
    evidence_id: UUID | None


class RecordOrderVat(Command):
    """Keep the VAT decision of an order.

    Args:
        reference: the order's.
        decision: what `VatDecision.to_json` or `OrderDecision.to_json` gave.
        charged_net: net of the lines that wait for the register; needed if any does.
        charged_vat: VAT that was charged for those lines; zero or nothing for both where no line waits.
        charged_lines: lines of the invoice that were rounded, or pieces, if they are more than the decisions.
        currency: ISO 4217 code of the amounts.
        evidence_id: the evidence that `check_vat` named; without it the newest about the number.
    """

    actors: ClassVar = (System,)

    reference: Reference
    decision: Annotated[str, StringConstraints(max_length=_LONGEST_RECORD)] = Field(repr=False)
    charged_net: Money | None = None
    charged_vat: Money | None = None
    charged_lines: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 1
    currency: Currency = "EUR"
    evidence_id: UUID | None = None

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        lines = self._lines()
        if lines is None or not len(lines):
            return PydanticCustomError("decision_unreadable", "must be the record of a VAT decision")
        return None

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ORDERS, Part.ORDER_VAT, Part.VAT_EVIDENCE, Part.VAT_CHECKS})
        return Scope(parts=parts, order=self.reference, vat_number=self._number())

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[OrderVatRecorded] | Refusal:
        """See `Command.decide`."""
        order = facts.order(self.reference)
        if order is None:
            return refuse(Reason.NOT_FOUND, about="reference")
        known = facts.vat_of(self.reference)
        evidence = self._evidence(facts)
        if known is not None:
            same = self._content(self._record(evidence, env)) == self._content(known)
            again = OrderVatRecorded(self.reference, known.state, known.evidence_id)
            return Decision(again) if same else refuse(Reason.ORDER_CONFLICT, about="reference")
        if evidence is None and self.evidence_id is not None:
            return refuse(Reason.NOT_FOUND, about="evidence_id")
        refusal = self._amounts_refused()
        return refusal or self._recorded(order, self._record(evidence, env), facts, env, actor)

    def _amounts_refused(self) -> Refusal | None:
        return refused_amounts(
            self._waiting(),
            self.charged_net,
            self.charged_vat,
            currency=self.currency,
            lines=self.charged_lines,
        )

    def _recorded(
        self, order: OrderRecord, taxed: OrderVatRecord, facts: Facts, env: Env, actor: System
    ) -> Decision[OrderVatRecorded]:
        waits = taxed.state is OrderVatState.PROVISIONAL and taxed.number is not None
        queue: list[Change] = queued_for_order(taxed.number, facts, env) if waits and taxed.number else []
        kind, detail = EventKind.ORDER_VAT_RECORDED, f"{taxed.reference}: {taxed.state}"
        event = record_event(env, actor, kind, account_id=order.owner, detail=detail)
        recorded = OrderVatRecorded(taxed.reference, taxed.state, taxed.evidence_id)
        return Decision(recorded, (insert(taxed), *queue, event))

    def _record(self, evidence: UUID | None, env: Env) -> OrderVatRecord:
        lines = self._lines()
        assert lines is not None  # `contradiction` has looked
        return OrderVatRecord(
            reference=self.reference,
            number=self._number(),
            state=OrderVatState.PROVISIONAL if self._waiting() else OrderVatState.FINAL,
            supplied_on=min(line.on for line in lines),
            recorded_at=env.now.astimezone(UTC),
            decision=self.decision,
            currency=self.currency,
            charged_net=self.charged_net or Decimal(0),
            charged_vat=self.charged_vat or Decimal(0),
            evidence_id=evidence,
        )

    def _content(self, taxed: OrderVatRecord) -> tuple[object, ...]:
        return taxed.decision, taxed.currency, taxed.charged_net, taxed.charged_vat

    def _evidence(self, facts: Facts) -> UUID | None:
        number = self._number()
        about = [one.id for one in facts.vat_evidence if one.number == number]
        if self.evidence_id is None:
            return about[0] if about else None
        return self.evidence_id if self.evidence_id in about else None

    def _number(self) -> str | None:
        return next((line.number for line in self._lines() or () if line.number), None)

    def _waiting(self) -> list[VatDecision]:
        return [line for line in self._lines() or () if waits_for_register(line)]

    def _lines(self) -> OrderDecision | None:
        try:
            return decisions_in(self.decision)
        except (DataError, RecursionError):
            return None


class FindVatOrders(Command):
    """List the orders whose VAT stands in one state, a page at a time, the newest first.

    Args:
        state: ``provisional``, ``confirmed_late`` (waits for approval), ``charged``, ``corrected`` or ``final``.
        after: the ``next`` of the page before, or None for the first page.
        limit: orders on a page, 1 to 100; a full page may be followed by an empty one.
    """

    actors: ClassVar = (Agent, System)

    state: Annotated[OrderVatState, NAMED] = OrderVatState.CONFIRMED_LATE
    after: Annotated[str, StringConstraints(max_length=1200)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20

    def scope(self, actor: Agent | System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        page = Page(after=place_of(self.after), limit=self.limit)
        return Scope(parts=frozenset({Part.ORDERS, Part.ORDER_VAT}), order_vat_in=self.state, page=page)

    def decide(self, facts: Facts, env: Env, actor: Agent | System, /) -> Decision[VatOrderPage] | Refusal:
        """See `Command.decide`."""
        if self.after is not None and place_of(self.after) is None:
            return refuse(Reason.NOT_FOUND, about="after")
        orders = {one.reference: one for one in facts.orders}
        shown = tuple(view_of(one, orders) for one in facts.order_vat)
        if len(shown) < self.limit:
            return Decision(VatOrderPage(shown, None))
        last = shown[-1]
        return Decision(VatOrderPage(shown, cursor_at(last.recorded_at, last.reference)))
