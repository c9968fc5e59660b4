"""A guest's order joins the account that has proven its address as it is placed, where the shop wants that.

The rules are those of a claim by the proof of the mailbox (`customer_accounts.features.guest_claim`): what the grade
covers joins, in the write that records the order, and the owner gets the mail with the way back.
"""

from collections.abc import Sequence

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Actor
from customer_accounts.changes import Change, OrderSelection, update
from customer_accounts.claim import ClaimCause, Grade
from customer_accounts.command import Env
from customer_accounts.facts import Facts
from customer_accounts.features.claim_plan import plan_claim
from customer_accounts.features.claiming import Ground, claim, claimant_of, covered_by_mailbox
from customer_accounts.order import GuestOrderGroup, OrderRecord


def joining_at_once(
    order: OrderRecord, owner: AccountRecord | None, facts: Facts, env: Env, actor: Actor
) -> Sequence[Change]:
    """Give the changes by which an order joins the account of its address, or none.

    Args:
        owner: whose order it is already; None if it is a guest's.
        facts: with the account of its address, if there is one.
    """
    account = facts.account_at(order.email_key)
    if owner is not None or account is None or not env.settings.claim_automatically:
        return ()
    coverage = covered_by_mailbox(env)
    young = coverage.within is None or order.placed_at >= env.now - coverage.within
    group = GuestOrderGroup(
        order.email_key, young, 1, order.placed_at, order.placed_at, order.email, name=order.name
    )
    plan = plan_claim(claimant_of(account, facts, env), [group], coverage)
    if not plan.joins:
        return ()
    ground = Ground(cause=ClaimCause.AUTOMATIC, grade=Grade.MAILBOX)
    claiming = claim(account, plan, OrderSelection(reference=order.reference), ground, facts, env, actor)
    # The address must still be the account's own when the order joins.
    return [update(account, account), *claiming.changes]
