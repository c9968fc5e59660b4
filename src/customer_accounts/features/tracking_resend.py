"""The customer says that the tracking mail never came, and staff sends it again (F14, F17).

* `ResendTracking` mails the parcels of an order anew, of all its shipments or of a named one, to the address
  that the order stores and to no other (EM-05): whoever calls learns nothing by it.  A mistyped address is
  corrected first (`customer_accounts.features.guest_address`), which is possible until something has left.
* It is the mail of `customer_accounts.features.order_tracking`: a guest's has the link to the order's page, a
  customer's the way to the account.
* The same command again queues nothing more (RL-08).  Who did it and why stands in the audit trail.

Refusals: NOT_FOUND, NOTHING_SHIPPED, PERMISSION_MISSING.
Mails: TRACKING.
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID, uuid4, uuid5

from attrs import evolve, frozen
from pydantic import Field

from customer_accounts.actors import Agent
from customer_accounts.changes import Change, QueueMail
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.four_eyes import not_permitted
from customer_accounts.features.guest_order_page import link_to_order
from customer_accounts.features.order_notices import OrderEvent, audience_of, mail_about, order_mails
from customer_accounts.inputs import Reference
from customer_accounts.issue import masked, record_event
from customer_accounts.order import OrderRecord, Shipment
from customer_accounts.outbox import EventKind
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason

_NAMESPACE = UUID("0c4b2f57-3a1f-4f57-8a0a-6f0e9a7d2c35")


@frozen
class TrackingResent:
    """What was mailed again; ``to`` is masked.

    Args:
        shipments: the names of the shipments whose parcels were mailed.
    """

    reference: str
    to: str
    shipments: tuple[str, ...]


class ResendTracking(Command):
    """Mail the tracking numbers of an order again, to the address that it stores.

    Args:
        id: chosen by the host; the same id again mails nothing more.
        shipment_id: one shipment; None for all of them.
        reason: why, for the audit trail; one line.
    """

    actors: ClassVar = (Agent,)

    id: UUID = Field(default_factory=uuid4)
    reference: Reference
    shipment_id: Reference | None = None
    reason: Reference

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.TOKENS, Part.ORDERS})
        return Scope(parts=parts, order=self.reference)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[TrackingResent] | Refusal:
        """See `Command.decide`."""
        refusal = not_permitted(AgentTask.RESEND_TRACKING, env, actor)
        if refusal is not None:
            return refusal
        order = facts.order(self.reference)
        if order is None:
            return refuse(Reason.NOT_FOUND, about="reference")
        wanted = [one for one in order.shipments if self.shipment_id in (None, one.id)]
        if not wanted:
            missing = self.shipment_id is not None and order.shipments
            return refuse(Reason.NOT_FOUND if missing else Reason.NOTHING_SHIPPED, about="shipment_id")
        changes = self._mails(order, wanted, facts, env, actor)
        names = tuple(one.id for one in wanted)
        detail = f"{order.reference}: {self.reason}"
        kind = EventKind.TRACKING_RESENT
        event = record_event(env, actor, kind, email=order.email, account_id=order.owner, detail=detail)
        return Decision(TrackingResent(order.reference, masked(order.email), names), [*changes, event])

    def _mails(
        self, order: OrderRecord, wanted: Sequence[Shipment], facts: Facts, env: Env, actor: Agent
    ) -> list[Change]:
        owner = facts.account(order.owner)
        token, changes = (None, list[Change]()) if owner else link_to_order(order, facts, env)
        for purpose in order_mails(audience_of(owner), OrderEvent.SHIPPED):
            for one in wanted:
                told = {"shipment_id": one.id, "corrected": str(one.corrected)}
                mail = mail_about(env, purpose, order, owner, token=token, **told).mail
                # A repeat of the command gives the mail the same id again.
                own_id = uuid5(_NAMESPACE, f"{actor.id}:{self.id}:{one.id}")
                changes.append(QueueMail(evolve(mail, id=own_id)))
        return changes
