"""Single orders that join an account on a fact or on evidence: whether they may, and how.

An order that somebody owns and one under dispute join by nothing.  An address that has an account of its own is
nobody's slip, and its orders are merged or claimed there.
"""

from collections.abc import Iterable

from attrs import evolve

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent, SignedInCustomer, System
from customer_accounts.changes import OrderSelection, update
from customer_accounts.claim import Coverage, OrderAddresses
from customer_accounts.command import Decision, Env
from customer_accounts.facts import Facts
from customer_accounts.features.claim_plan import plan_claim
from customer_accounts.features.claiming import Ground, claim, claimant_of
from customer_accounts.features.guest_claim import Claimed
from customer_accounts.near_miss import is_near_miss
from customer_accounts.order import GuestOrderGroup, OrderRecord


def may_join(order: OrderRecord, account: AccountRecord, coverage: Coverage, facts: Facts, env: Env) -> bool:
    """Whether a proof of this coverage brings one order into an account.

    Args:
        facts: with the account of the order's address, if there is one.
    """
    young = coverage.within is None or order.placed_at >= env.now - coverage.within
    free = order.owner is None and not order.disputed
    return free and young and is_address_covered(order.email_key, account, coverage, facts)


def is_address_covered(email_key: str, account: AccountRecord, coverage: Coverage, facts: Facts) -> bool:
    """Whether a proof of this coverage reaches orders under an address, for this account."""
    if email_key == account.email_key:
        return True
    if facts.account_at(email_key) is not None:
        return False
    if coverage.addresses is OrderAddresses.NEAR:
        return is_near_miss(email_key, account.email_key or "")
    return coverage.addresses is OrderAddresses.ANY


def orders_joined(
    account: AccountRecord, orders: Iterable[OrderRecord], selection: OrderSelection, ground: Ground,
    facts: Facts, env: Env, actor: SignedInCustomer | Agent | System,
) -> Decision[Claimed]:  # fmt: skip
    """Write the claim of single orders, all of which may join."""
    groups = [
        GuestOrderGroup(one.email_key, True, 1, one.placed_at, one.placed_at, one.email) for one in orders
    ]
    plan = plan_claim(
        evolve(claimant_of(account, facts, env), proven=True), groups, Coverage(None, OrderAddresses.ANY)
    )
    claiming = claim(account, plan, selection, ground, facts, env, actor)
    result = Claimed(claiming.planned, claiming.claim_id)
    return Decision(
        result,
        [update(account, claiming.account), *claiming.changes],
        counted=lambda counts: evolve(result, claimed=claiming.moved(counts)),
    )
