"""What an answer means for orders that were charged because the register had not answered (G06).

VIES knows only today.  Its yes is taken for the day of supply if it comes within ``Settings.late_valid_within``; a
registration is seldom younger than a few days.  Later, or after a no, VAT stays charged, until an agent adds evidence
for that day (`customer_accounts.features.vat_evidence`).

The treatment keeps the day of supply, the amount to pay back is the VAT that was charged.  Nothing is told to the
customer and nothing is paid back by this: a correction waits for approval.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from attrs import evolve, field, frozen

from customer_accounts.actors import Actor
from customer_accounts.changes import Change, update
from customer_accounts.command import Env
from customer_accounts.evidence import OrderVatRecord, OrderVatState, VatEvidenceRecord
from customer_accounts.facts import Facts
from customer_accounts.issue import record_event
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind
from customer_accounts.vat import Amounts, Correction, OrderDecision, VatAnswer, VatStatus
from customer_accounts.vat.late import corrected_record, decisions_in


@frozen
class LateVatConfirmation:
    """An order that is exempt after all, for its own day of supply.

    Args:
        reference: the order's.
        order_number: the number printed for the customer, or empty if the order is not recorded.
        vat_number: the customer's number, in compact form.
        supplied_on: the day of supply; the treatment is of that day.
        confirmed_at: when the evidence was given, UTC.
        evidence_id: that evidence.
        charged_net, charged_vat: what was charged for the lines that waited.
        record: the decisions after the confirmation, to be kept with the order.
        currency: ISO 4217 code of the amounts.
    """

    reference: str
    order_number: str
    vat_number: str
    supplied_on: date
    confirmed_at: datetime
    evidence_id: UUID
    charged_net: Decimal
    charged_vat: Decimal
    currency: str
    record: str = field(repr=False)

    @property
    def decision(self) -> OrderDecision:
        """The decisions of all lines after the confirmation."""
        return decisions_in(self.record)

    @property
    def correction(self) -> Correction:
        """What was charged for the lines that waited, and what is due without VAT; the net price stays."""
        net, vat = self.charged_net, self.charged_vat
        return Correction(Amounts(net, vat, net + vat), Amounts(net, Decimal(0), net))

    @property
    def refund(self) -> Decimal:
        """The amount to pay back."""
        return self.correction.refund


def confirmation_of(taxed: OrderVatRecord, order: OrderRecord | None) -> LateVatConfirmation:
    """Give the late confirmation of an order whose VAT is confirmed late or corrected.

    Args:
        taxed: the VAT of the order.
        order: the order, if it is recorded.
    """
    assert taxed.corrected_decision is not None  # what the state says
    assert taxed.corrected_evidence_id is not None
    assert taxed.confirmed_at is not None
    return LateVatConfirmation(
        reference=taxed.reference,
        order_number=order.number if order else "",
        vat_number=taxed.number or "",
        supplied_on=taxed.supplied_on,
        confirmed_at=taxed.confirmed_at,
        evidence_id=taxed.corrected_evidence_id,
        charged_net=taxed.charged_net,
        charged_vat=taxed.charged_vat,
        currency=taxed.currency,
        record=taxed.corrected_decision,
    )


def confirmed_late(taxed: OrderVatRecord, evidence: VatEvidenceRecord) -> OrderVatRecord:
    """Give the VAT of an order with evidence that its number was valid on the day of supply."""
    return evolve(
        taxed,
        state=OrderVatState.CONFIRMED_LATE,
        corrected_decision=corrected_record(taxed.decision),
        corrected_evidence_id=evidence.id,
        confirmed_at=evidence.checked_at,
    )


def is_in_time(taxed: OrderVatRecord, at: datetime, env: Env) -> bool:
    """Whether a yes of this time counts for the day of supply."""
    return at.date() <= taxed.supplied_on + env.settings.late_valid_within


def orders_after(
    answer: VatAnswer, evidence: VatEvidenceRecord, facts: Facts, env: Env, actor: Actor, *, doubted: bool
) -> tuple[list[Change], list[LateVatConfirmation]]:
    """Give what an answer changes about the orders that wait for it.

    Args:
        answer: what the register said.
        evidence: what is kept of it.
        facts: with the VAT of the orders that wait for this number.
        env: the surroundings of the command.
        actor: who records it.
        doubted: a no that is asked once more first.
    """
    changes: list[Change] = []
    late: list[LateVatConfirmation] = []
    for taxed in _waiting(facts):
        new = _after(taxed, answer, evidence, env, doubted=doubted)
        if new is None:
            continue
        order = facts.order(taxed.reference)
        owner = order.owner if order else None
        is_late = new.state is OrderVatState.CONFIRMED_LATE
        kind = EventKind.VAT_CONFIRMED_LATE if is_late else EventKind.VAT_STAYS_CHARGED
        event = record_event(env, actor, kind, account_id=owner, detail=taxed.reference)
        changes += [update(taxed, new), event]
        late += [confirmation_of(new, order)] if is_late else []
    return changes, late


def _waiting(facts: Facts) -> Sequence[OrderVatRecord]:
    return [one for one in facts.order_vat if one.state is OrderVatState.PROVISIONAL]


def _after(
    taxed: OrderVatRecord, answer: VatAnswer, evidence: VatEvidenceRecord, env: Env, *, doubted: bool
) -> OrderVatRecord | None:
    in_time = is_in_time(taxed, answer.checked_at, env)
    if answer.status is VatStatus.VALID and in_time:
        return confirmed_late(taxed, evidence)
    if (answer.status is VatStatus.UNVERIFIED and in_time) or doubted:
        return None
    return evolve(taxed, state=OrderVatState.CHARGED)
