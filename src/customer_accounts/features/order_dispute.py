"""An order is under dispute: a payment taken back, a parcel that two people claim to be theirs.

A guest's order under dispute joins no account, whatever the proof, until the dispute is over.  An order that an
account owns stays with it, and goes on as before.

Refusals: NOT_FOUND.
Mails: none.
"""

from typing import ClassVar

from attrs import evolve, frozen

from customer_accounts.actors import System
from customer_accounts.changes import update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.inputs import Reference
from customer_accounts.issue import record_event
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason


@frozen
class DisputeRecorded:
    """Whether an order is under dispute now."""

    reference: str
    disputed: bool


class RecordDispute(Command):
    """Tell that an order is under dispute, or no longer; saying it again changes nothing."""

    actors: ClassVar = (System,)

    reference: Reference
    disputed: bool = True

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ORDERS}), order=self.reference)

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[DisputeRecorded] | Refusal:
        """See `Command.decide`."""
        order = facts.order(self.reference)
        if order is None:
            return refuse(Reason.NOT_FOUND, about="reference")
        result = DisputeRecorded(order.reference, self.disputed)
        if order.disputed == self.disputed:
            return Decision(result)
        event = record_event(
            env, actor, EventKind.ORDER_DISPUTED, email=order.email, account_id=order.owner,
            detail=f"{order.reference} {'begun' if self.disputed else 'over'}",
        )  # fmt: skip
        return Decision(result, [update(order, evolve(order, disputed=self.disputed)), event])
