"""How guest orders join an account: one write with a record, wherever the claim comes from.

The record, the update that moves the orders, the added addresses, the entry in the audit trail and the mail to
the owner with its way back ("this was not me") go together.  Orders that are placed between the read and the
write move too, if the proof covers them, and are counted; they carry the claim's id like the others.  A claim
that would move nothing writes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from customer_accounts.account import AccountRecord, PostalAddress
from customer_accounts.actors import Actor
from customer_accounts.belongings import AddressRecord
from customer_accounts.changes import Change, Counts, MoveOrders, OrderSelection, insert
from customer_accounts.claim import ClaimCause, ClaimedAddress, ClaimRecord, Coverage, Grade
from customer_accounts.command import Env, name_of
from customer_accounts.facts import Facts, Scope
from customer_accounts.features.claim_plan import Claimant, ClaimPlan, plan_claim
from customer_accounts.features.delivery_address import default_among
from customer_accounts.issue import issue_token, mail_to_account, record_event, with_token
from customer_accounts.order import GuestOrderGroup
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.token import Purpose


def covered_by_mailbox(env: Env) -> Coverage:
    """Give what the proof of the mailbox alone covers."""
    return env.settings.claim_coverage[Grade.MAILBOX]


def recent_since(env: Env) -> datetime | None:
    """Give the time from which on guest orders are covered by the proof of the mailbox alone."""
    within = covered_by_mailbox(env).within
    return None if within is None else env.now - within


def claiming_scope(scope: Scope, env: Env) -> Scope:
    """Give a scope whose groups of guest orders say all that the proof of the mailbox asks."""
    by_name = not covered_by_mailbox(env).other_names
    return evolve(scope, recent_since=recent_since(env), by_name=by_name)


@frozen(kw_only=True)
class Claiming:
    """What a claim writes.

    Args:
        account: the account as it will be; only its default address may differ.
        changes: all but the account itself, which the caller stores; empty where nothing would move.
        claim_id: under which the number of moved orders is told.
        planned: how many orders are known to move.
    """

    account: AccountRecord
    changes: Sequence[Change] = ()
    claim_id: UUID | None = None
    planned: int = 0
    addresses: int = 0

    def moved(self, counts: Counts) -> int:
        """Give how many orders joined."""
        return 0 if self.claim_id is None else counts.moved.get(self.claim_id, 0)


@frozen(kw_only=True)
class Ground:
    """Why orders may join: cause, grade of proof, and what was proven besides the mailbox."""

    cause: ClaimCause
    grade: Grade
    facts: str = ""
    reason: str = ""


def claim_by_mailbox(
    account: AccountRecord,
    facts: Facts,
    env: Env,
    actor: Actor,
    cause: ClaimCause,
    addresses: Sequence[PostalAddress] = (),
) -> Claiming:
    """Take along what the proof of the mailbox covers of the orders under the account's own address."""
    coverage = covered_by_mailbox(env)
    plan = plan_claim(
        claimant_of(account, facts, env), groups_of(account, facts), coverage, addresses=addresses
    )
    # Where names count, exactly the spellings that were compared move.
    names = None if coverage.other_names else tuple(sorted({one.name for one in plan.joins}))
    if not plan.joins and not plan.addresses:
        return Claiming(account=account)
    ground = Ground(cause=cause, grade=Grade.MAILBOX)
    selection = OrderSelection(account.email_key, recent_since(env), names=names) if plan.joins else None
    return claim(account, plan, selection, ground, facts, env, actor)


def claimant_of(account: AccountRecord, facts: Facts, env: Env) -> Claimant:
    """Give what a plan must know of an account."""
    own = [one.address for one in facts.addresses if one.account_id == account.id]
    return Claimant(
        email_key=account.email_key or "",
        proven=account.email_key is not None and account.email_verified_at is not None,
        name=account.name,
        addresses=tuple(own),
        room=max(0, env.settings.addresses_per_account - len(own)),
    )


def groups_of(account: AccountRecord, facts: Facts) -> list[GuestOrderGroup]:
    """Give the groups of the account's own address."""
    return [one for one in facts.guest_orders if one.email_key == account.email_key]


def claim(
    account: AccountRecord,
    plan: ClaimPlan,
    selection: OrderSelection | None,
    ground: Ground,
    facts: Facts,
    env: Env,
    actor: Actor,
) -> Claiming:
    """Write a claim: its record, its orders, its addresses, and word to the owner.

    Args:
        plan: what would move.
        selection: the condition under which it moves; None where only addresses come along.
        facts: with the delivery addresses of the account.
    """
    claim_id = env.new_id()
    added = [
        AddressRecord(id=env.new_id(), account_id=account.id, address=one, created_at=env.now)
        for one in plan.addresses
    ]
    new = _with_default(account, added, facts)
    record = ClaimRecord(
        id=claim_id,
        account_id=account.id,
        at=env.now,
        by=name_of(actor),
        cause=ground.cause,
        grade=ground.grade,
        email_key=(selection and selection.email_key) or account.email_key or "",
        facts=ground.facts,
        reason=ground.reason,
        orders=plan.orders,
        addresses=tuple(ClaimedAddress(one.id, one.id == new.default_address) for one in added),
    )
    moves = [] if selection is None else [MoveOrders(selection, account.id, claim_id)]
    changes: list[Change] = [insert(record), *moves, *map(insert, added), *_told(new, record, env, actor)]
    return Claiming(
        account=new, changes=changes, claim_id=claim_id, planned=plan.orders, addresses=len(added)
    )


def _with_default(account: AccountRecord, added: Sequence[AddressRecord], facts: Facts) -> AccountRecord:
    if not added:
        return account
    own = [one for one in facts.addresses if one.account_id == account.id]
    return evolve(account, default_address=default_among(own, account.default_address) or added[0].id)


def _told(account: AccountRecord, record: ClaimRecord, env: Env, actor: Actor) -> list[Change]:
    """Tell the audit trail, and the owner with the way back."""
    token = issue_token(
        env,
        Purpose.UNDO_CLAIM,
        email=account.email,
        email_key=account.email_key or "",
        account_id=account.id,
        claim_id=record.id,
        expires_at=env.now + env.settings.claim_undo_within,
    )
    mail = mail_to_account(
        env, MailPurpose.GUEST_ORDERS_CLAIMED, account, token=token, claimed=str(record.orders)
    )
    kind = EventKind.GUEST_ORDERS_CLAIMED
    detail = f"{record.id} {record.cause} {record.grade}"
    event = record_event(env, actor, kind, email=account.email, account_id=account.id, detail=detail)
    return [*with_token(token, ()), mail, event]
