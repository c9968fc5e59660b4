"""Later guest orders join the account on demand (F16, truth 6).

The proof of the mailbox brings the guest orders of its address along when the account begins.  What is
ordered as a guest afterwards stays a guest's order (F11) until its customer asks for it here.

* Only orders that nobody owns, placed under the account's own proven address, join (GM-01); another address
  never.
* Only those that are young enough for the proof of the mailbox alone, `Settings.claim_within`: addresses
  are given to other people (RFC 7293).  Older ones stay and are counted.
* A placed order is not rewritten: its owner and the claim's id are all that changes.  Asking again moves
  nothing twice (GM-02), and what is told is what the write moved, also while orders arrive.

Refusals: NOT_ALLOWED for an account whose address is not proven.
"""

from typing import ClassVar

from attrs import frozen

from customer_accounts.actors import SignedInCustomer
from customer_accounts.changes import Change, MoveOrders, OrderSelection, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_opening import recent_since
from customer_accounts.features.acting import acting, write_of
from customer_accounts.issue import record_event
from customer_accounts.limiting import Hit
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings


@frozen
class Claimed:
    """What a claim did.

    Args:
        claimed: how many guest orders joined the account.
        remaining: how many of the same address are too old for the proof of the mailbox alone.
    """

    claimed: int
    remaining: int


class ClaimGuestOrders(Command):
    """Bring the guest orders that were placed under the account's own address into the account."""

    actors: ClassVar = (SignedInCustomer,)

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(
            parts=frozenset({Part.ACCOUNTS, Part.GUEST_ORDERS}),
            account_id=actor.account_id,
            recent_since=recent_since(env),
        )

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[Claimed] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        if account.email_verified_at is None or account.email_key is None:
            return refuse(Reason.NOT_ALLOWED)
        own = [one for one in facts.guest_orders if one.email_key == account.email_key]
        remaining = sum(one.count for one in own if not one.recent)
        if not any(one.recent for one in own):
            return Decision(Claimed(0, remaining))
        claim_id = env.new_id()
        changes: list[Change] = [
            # The address must still be the account's own when the orders move.
            update(account, account),
            MoveOrders(OrderSelection(account.email_key, recent_since(env)), account.id, claim_id),
            record_event(
                env, actor, EventKind.GUEST_ORDERS_CLAIMED, email=account.email, detail=str(claim_id)
            ),
        ]
        return Decision(
            Claimed(0, remaining),
            changes,
            counted=lambda counts: Claimed(counts.moved.get(claim_id, 0), remaining),
        )
