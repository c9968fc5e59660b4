"""A late confirmation is approved, and only then the customer is told (F24, F25).

Who may ask: an agent of the shop, or the system where the host approves by rules of its own.

* What is approved is a `LateVatConfirmation`: the treatment keeps the day of supply, the VAT that was charged is to be
  paid back.  The host writes the correcting invoice and pays; this library does neither.
* The mail goes to the address that the order stores (EM-05), in the order's language, to guests and customers alike.
  It says whether the whole order is free of VAT or a part of it.  Where nothing was paid, as for a free order, nothing
  is paid back, and nobody is told that it would be.
* A repeat gets the same answer and mails nothing more (RL-08).  Who approved stands with the order's VAT and in the
  audit trail.

Refusals: NOT_FOUND (no VAT is kept for that order), VAT_NOT_CORRECTABLE, PERMISSION_MISSING.
Mails: VAT_CORRECTED.
"""

from typing import ClassVar

from attrs import evolve

from customer_accounts.actors import Agent, System
from customer_accounts.changes import Change, update
from customer_accounts.command import Command, Decision, Env, Refusal, name_of, refuse
from customer_accounts.evidence import OrderVatRecord, OrderVatState
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.four_eyes import not_permitted
from customer_accounts.features.late_confirmation import LateVatConfirmation, confirmation_of
from customer_accounts.features.order_notices import mail_about
from customer_accounts.inputs import Reference
from customer_accounts.issue import record_event
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason
from customer_accounts.vat.late import decisions_in
from customer_accounts.vat.wording import money_text


class ApproveVatCorrection(Command):
    """Approve that the VAT of an order is paid back, and tell the customer."""

    actors: ClassVar = (Agent, System)

    reference: Reference

    def scope(self, actor: Agent | System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.ORDERS, Part.ORDER_VAT})
        return Scope(parts=parts, order=self.reference)

    def decide(
        self, facts: Facts, env: Env, actor: Agent | System, /
    ) -> Decision[LateVatConfirmation] | Refusal:
        """See `Command.decide`."""
        refusal = not_permitted(AgentTask.CORRECT_VAT, env, actor) if isinstance(actor, Agent) else None
        if refusal is not None:
            return refusal
        taxed, order = facts.vat_of(self.reference), facts.order(self.reference)
        if taxed is None or order is None:
            return refuse(Reason.NOT_FOUND, about="reference")
        if taxed.state is OrderVatState.CORRECTED:
            return Decision(confirmation_of(taxed, order))
        if taxed.state is not OrderVatState.CONFIRMED_LATE:
            return refuse(Reason.VAT_NOT_CORRECTABLE, about="reference", detail=taxed.state)
        approved = evolve(
            taxed, state=OrderVatState.CORRECTED, approved_by=name_of(actor), approved_at=env.now
        )
        late = confirmation_of(approved, order)
        kind = EventKind.VAT_CORRECTION_APPROVED
        event = record_event(env, actor, kind, account_id=order.owner, detail=taxed.reference)
        told = (_told(late, order, facts, env, whole=_is_whole(taxed, late)),) if late.refund else ()
        return Decision(late, (update(taxed, approved), *told, event))


def _is_whole(taxed: OrderVatRecord, late: LateVatConfirmation) -> bool:
    """Whether every line of the order is corrected, or only a part of it."""
    before = decisions_in(taxed.decision)
    return not any(then == now for then, now in zip(before, late.decision, strict=True))


def _told(late: LateVatConfirmation, order: OrderRecord, facts: Facts, env: Env, *, whole: bool) -> Change:
    amount, variant = money_text(late.refund, late.currency, order.locale), "whole" if whole else "part"
    purpose, owner = MailPurpose.VAT_CORRECTED, facts.account(order.owner)
    return mail_about(env, purpose, order, owner, refund=amount, vat_number=late.vat_number, variant=variant)
