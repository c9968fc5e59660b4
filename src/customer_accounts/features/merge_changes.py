"""The changes that merge two accounts: all of one write, each noted so that it can be taken back."""

from collections.abc import Collection
from uuid import UUID

from attrs import evolve

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Actor, Agent
from customer_accounts.belongings import SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import (
    Change,
    Mark,
    MoveOrders,
    OrderSelection,
    Remove,
    insert,
    key_of,
    update,
)
from customer_accounts.claim import Carried, ClaimCause, ClaimRecord, Grade
from customer_accounts.command import Env, name_of
from customer_accounts.facts import Facts
from customer_accounts.features.merge_rules import MergePlan, as_absorbed, as_survivor
from customer_accounts.features.revocation import LASTING
from customer_accounts.issue import issue_token, mail_to_account, masked, record_event
from customer_accounts.merge import MergeRecord, Moved, MovedKind
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.token import Purpose

#: What stands in `Moved.was` of an identity that signed in before.
APPROVED = "approved"


def merge_changes(
    plan: MergePlan,
    merge_id: UUID,
    reason: str,
    facts: Facts,
    env: Env,
    actor: Actor,
    *,
    used: Collection[str] = (),
) -> list[Change]:
    """Give everything that a merge writes.

    Args:
        plan: what it does.
        merge_id: its id, under which the moved orders are told.
        reason: an agent's, for the audit trail.
        facts: with all that both accounts have.
        env: the surroundings of the call.
        actor: who merges.
        used: digests of links that the caller deals with.
    """
    own, other = plan.surviving, plan.absorbed
    by_staff = isinstance(actor, Agent)
    record = _record(plan, merge_id, reason, facts, env, actor)
    ended = evolve(as_absorbed(other), closed_at=env.now)
    # Always in one order, so that merges the other way round wait for each other instead of blocking each other.
    accounts = sorted(
        (update(other, ended), update(own, as_survivor(plan))), key=lambda one: str(key_of(one.record))
    )
    return [
        *accounts,
        *(update(one, evolve(one, account_id=own.id)) for one in plan.addresses),
        *map(Remove, plan.doubles),
        *(update(one, evolve(one, account_id=own.id, name=name)) for one, name in plan.lists),
        *(
            update(one, evolve(one, account_id=own.id, approved=one.approved and not by_staff))
            for one in plan.identities
        ),
        *_newsletter(plan, env),
        *_links_ended(other, facts, used),
        # Before the orders: an order that is given to the absorbed account through an earlier merge holds its record.
        *_earlier_merges(plan, facts),
        *_orders(plan, merge_id, facts, env, actor, reason),
        insert(record),
        *_told(plan, record, env, actor),
    ]


def _earlier_merges(plan: MergePlan, facts: Facts) -> list[Change]:
    """Hand on what the absorbed account absorbed before, so that it can still be undone."""
    names = {str(one.id): name for one, name in plan.lists}
    return [
        update(one, one.handed_on(plan.surviving.id, names))
        for one in facts.merges
        if one.surviving == plan.absorbed.id
    ]


def _record(
    plan: MergePlan, merge_id: UUID, reason: str, facts: Facts, env: Env, actor: Actor
) -> MergeRecord:
    by_staff = isinstance(actor, Agent)
    moved = [
        *(Moved(MovedKind.ADDRESS, str(one.id)) for one in plan.addresses),
        *(Moved(MovedKind.WISH_LIST, str(one.id), one.name, name) for one, name in plan.lists),
        *(
            Moved(
                MovedKind.IDENTITY, f"{one.provider} {one.subject}", APPROVED if one.approved else "",
                APPROVED if one.approved and not by_staff else "",
            )
            for one in plan.identities
        ),
        *(Moved(MovedKind.MERGE, str(one.id)) for one in facts.merges if one.surviving == plan.absorbed.id),
    ]  # fmt: skip
    return MergeRecord(
        id=merge_id,
        surviving=plan.surviving.id,
        absorbed=plan.absorbed,
        at=env.now,
        undo_until=env.now + env.settings.merge_undo_within,
        by=name_of(actor),
        reason=reason,
        conflicts=" ".join(plan.conflicts),
        took_name=plan.takes_name,
        took_company=plan.takes_company,
        took_address=plan.takes_address,
        took_wish_list=plan.takes_wish_list,
        subscription=plan.subscription,
        surviving_subscription=plan.own_subscription if plan.ends_newsletter else None,
        doubles=plan.doubles,
        moved=tuple(moved),
    )


def ended_with(subscription: SubscriptionRecord, env: Env) -> SubscriptionRecord:
    """Give a subscription ended, its consent kept as evidence."""
    return evolve(subscription, status=SubscriptionStatus.ENDED, ended_at=env.now)


def _newsletter(plan: MergePlan, env: Env) -> list[Change]:
    changes: list[Change] = [] if plan.subscription is None else [Remove(plan.subscription)]
    if plan.ends_newsletter and plan.own_subscription is not None:
        changes.append(update(plan.own_subscription, ended_with(plan.own_subscription, env)))
    return changes


def _links_ended(account: AccountRecord, facts: Facts, used: Collection[str]) -> list[Change]:
    """Remove the links of the absorbed account, and those to its mailbox that asked for a merge."""
    return [
        Remove(one)
        for one in facts.tokens
        if one.digest not in used
        and one.purpose not in LASTING
        and (
            one.account_id == account.id
            or (one.purpose is Purpose.CONFIRM_MERGE and one.email_key == account.email_key)
        )
    ]


def _orders(
    plan: MergePlan, merge_id: UUID, facts: Facts, env: Env, actor: Actor, reason: str
) -> list[Change]:
    """Move the orders: those that no claim moved get this one's id, the others keep theirs with their claim."""
    own, other = plan.surviving.id, plan.absorbed.id
    merge = ClaimRecord(
        id=merge_id,
        account_id=own,
        at=env.now,
        by=name_of(actor),
        cause=ClaimCause.MERGE,
        grade=Grade.SUPPORT if isinstance(actor, Agent) else Grade.MAILBOX,
        reason=reason,
        from_account=other,
    )
    return [
        MoveOrders(OrderSelection(owner=other, claimed=False), own, merge_id),
        MoveOrders(OrderSelection(owner=other, claimed=True), own, merge_id, Mark.KEEP),
        *(
            update(one, evolve(one, account_id=own, carried=(*one.carried, Carried(merge_id, other))))
            for one in facts.claims
            if one.account_id == other
        ),
        insert(merge),
    ]


def _told(plan: MergePlan, record: MergeRecord, env: Env, actor: Actor) -> list[Change]:
    own, other = plan.surviving, plan.absorbed
    token = issue_token(
        env,
        Purpose.UNDO_MERGE,
        email=other.email,
        email_key=other.email_key or "",
        account_id=other.id,
        expires_at=record.undo_until,
    )
    token = evolve(token, claim_id=record.id)
    purpose = MailPurpose.ACCOUNTS_MERGED
    return [
        insert(token),
        mail_to_account(env, purpose, own, new_address=masked(other.email), audience="surviving"),
        mail_to_account(env, purpose, other, token=token, new_address=masked(own.email), audience="absorbed"),
        record_event(
            env, actor, EventKind.ACCOUNTS_MERGED, email=own.email, account_id=own.id,
            detail=f"{record.id} {record.reason}".rstrip(),
        ),
        record_event(
            env, actor, EventKind.ACCOUNT_CLOSED, email=other.email, account_id=other.id,
            detail=f"merged: {record.id}",
        ),
    ]  # fmt: skip
