"""A guest mistyped the e-mail address of an order, and notices before it leaves (F17).

* `PreviewGuestAddress` shows an agent what a correction would meet: how many typing errors lie between the
  two addresses, and which addresses that one slip leads to are known to the shop, with their orders.  That an
  address is known proves nothing: it may be a stranger's.  Each look is in the audit trail.
* `CorrectGuestAddress` is the one explicit exception to "a placed order is never rewritten" (truth 6): an
  agent, with a reason, before anything has left, for an order that nobody owns.  More than
  `TYPING_ERRORS` errors apart it is another address and no typo, and wants evidence: EVIDENCE_NEEDED.
* From then on all mail about the order goes to the new address.  The old address is told nothing, it may be
  a stranger's: what waits in the outbox for it is dropped before it is sent, and its link to the order's
  page is dead at once.  The link in the next mail is a new one.
* Both addresses stand masked in the audit trail.  The same correction again does nothing more (RL-08).
* Nothing joins an account by it: the new mailbox must be proven like any other (GM-01).

Refusals: NOT_FOUND, EMAIL_INVALID, ORDER_OWNED, ALREADY_SHIPPED, EVIDENCE_NEEDED, PERMISSION_MISSING,
SECOND_AGENT_NEEDED, PROPOSAL_DIFFERS.
"""

from typing import ClassVar
from uuid import UUID, uuid4

from attrs import evolve, field, frozen
from pydantic import Field

from customer_accounts.actors import Agent
from customer_accounts.changes import Change, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress, suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.four_eyes import agreed, not_permitted
from customer_accounts.features.guest_order_page import LEFT, links_ended
from customer_accounts.features.support import because
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.inputs import Line, Reference, TypedEmail
from customer_accounts.issue import masked, record_event
from customer_accounts.near_miss import neighbours, typing_errors
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason

#: Two slips happen in one address; what is further away is another one.
TYPING_ERRORS = 2


@frozen
class NearMiss:
    """A known address that one slip of the keyboard leads to.

    Args:
        has_account: whether it belongs to an account.
        orders: how many guest orders were placed under it.
    """

    email: str = field(repr=False)
    has_account: bool
    orders: int


@frozen
class GuestAddressPreview:
    """What an agent sees before correcting the address of an order.

    Args:
        email: the address that the order stores.
        suggestion: the address that was probably meant, or None (F06).
        errors: typing errors between it and the new one.
        evidence_needed: whether the correction wants evidence.
        near: the new address and those that one slip leads to from it, as far as they are known.
    """

    reference: str
    number: str
    email: str = field(repr=False)
    suggestion: str | None = field(repr=False)
    errors: int
    evidence_needed: bool
    near: tuple[NearMiss, ...]


@frozen
class GuestAddressCorrected:
    """An order whose mail goes to another address now; both are masked."""

    reference: str
    number: str
    before: str
    after: str


class PreviewGuestAddress(Command):
    """Show what correcting the address of a guest's order would meet; nothing is changed.

    Args:
        email: the new address, as the customer says it.
    """

    actors: ClassVar = (Agent,)

    reference: Reference
    email: TypedEmail

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        key = email_key_of(self.email)
        parts = frozenset({Part.ACCOUNTS, Part.ORDERS, Part.GUEST_ORDERS})
        return Scope(parts=parts, order=self.reference, email_keys=(key, *neighbours(key)) if key else ())

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[GuestAddressPreview] | Refusal:
        """See `Command.decide`."""
        found = _correctable(self.reference, self.email, facts, env, actor)
        if isinstance(found, Refusal):
            return found
        order, email = found
        errors = typing_errors(order.email_key, email.key)
        known = {one.email_key: one.email for one in facts.guest_orders}
        known |= {one.email_key: one.email for one in facts.accounts if one.email_key and one.is_open}
        preview = GuestAddressPreview(
            reference=order.reference,
            number=order.number,
            email=order.email,
            suggestion=suggest_correction(email.original),
            errors=errors,
            evidence_needed=errors > TYPING_ERRORS,
            near=tuple(_near(key, known[key], facts) for key in sorted(known) if key != order.email_key),
        )
        detail = f"{order.reference}: {masked(email.original)}"
        kind = EventKind.GUEST_ADDRESS_PREVIEWED
        return Decision(preview, (record_event(env, actor, kind, email=order.email, detail=detail),))


def _near(key: str, email: str, facts: Facts) -> NearMiss:
    orders = sum(one.count for one in facts.guest_orders if one.email_key == key)
    return NearMiss(email, facts.account_at(key) is not None, orders)


def _correctable(
    reference: str, typed: str, facts: Facts, env: Env, actor: Agent
) -> tuple[OrderRecord, EmailAddress] | Refusal:
    """Give the order and the new address, or refuse what no agent may correct."""
    email = not_permitted(AgentTask.CORRECT_ADDRESS, env, actor) or read_email(typed)
    if isinstance(email, Refusal):
        return email
    order = facts.order(reference)
    if order is None:
        return refuse(Reason.NOT_FOUND, about="reference")
    if order.owner is not None:
        return refuse(Reason.ORDER_OWNED, about="reference")
    if order.shipments or order.status in LEFT:
        return refuse(Reason.ALREADY_SHIPPED, about="reference")
    return order, email


class CorrectGuestAddress(Command):
    """Put the address of a guest's order right before anything has left.

    Args:
        id: chosen by the host; a second agent who must agree gives the same.
        email: the right address.
        reason: why, for the audit trail; one line.
        evidence: what shows that the writer placed the order; needed where it is more than a typing error.
    """

    actors: ClassVar = (Agent,)

    id: UUID = Field(default_factory=uuid4)
    reference: Reference
    email: TypedEmail
    reason: Reference
    evidence: Line = ""

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.TOKENS, Part.ORDERS, Part.PROPOSALS})
        return Scope(parts=parts, order=self.reference, case=self.id)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[GuestAddressCorrected] | Refusal:
        """See `Command.decide`."""
        found = _correctable(self.reference, self.email, facts, env, actor)
        if isinstance(found, Refusal):
            return found
        order, email = found
        before, after = masked(order.email), masked(email.original)
        result = GuestAddressCorrected(order.reference, order.number, before, after)
        if order.email == email.original:
            return Decision(result)
        if typing_errors(order.email_key, email.key) > TYPING_ERRORS and not self.evidence.strip():
            return refuse(Reason.EVIDENCE_NEEDED, about="evidence")
        same = self.model_copy(update={"email": email.original})
        together = agreed(same, AgentTask.CORRECT_ADDRESS, facts, env, actor)
        if isinstance(together, Refusal):
            return together
        return Decision(result, [*together, *self._corrected(order, email, facts, env, actor)])

    def _corrected(
        self, order: OrderRecord, email: EmailAddress, facts: Facts, env: Env, actor: Agent
    ) -> list[Change]:
        right = evolve(order, email=email.original, email_key=email.key, email_corrected_at=env.now)
        detail = f"{order.reference} to {masked(email.original)}: {because(self.reason, self.evidence)}"
        kind = EventKind.GUEST_ADDRESS_CORRECTED
        event = record_event(env, actor, kind, email=order.email, detail=detail)
        return [update(order, right), *links_ended(order, facts), event]
