"""Later guest orders join the account on demand (F16, truth 6), seen before it is done and undone if it was wrong.

The proof of the mailbox brings the guest orders of its address along when the account begins.  What is
ordered as a guest afterwards stays a guest's order (F11) until its customer asks for it here; with
`Settings.claim_automatically` it joins as it is placed, if the account has proven the address.

* Only orders that nobody owns, placed under the account's own proven address, join (GM-01); another address
  never.  Only those that the proof of the mailbox covers (`Settings.claim_coverage`): addresses are given to
  other people (RFC 7293).  For the others there is `ClaimOrder`.
* A placed order is not rewritten: its owner and the claim's id are all that changes.  Asking again moves
  nothing twice (GM-02), and what is told is what the write moved, also while orders arrive.
* Guest orders keep no delivery address here (F12).  A host that keeps them hands them over in ``addresses``;
  one that waits in a registration of the same browser for the same address comes along too.  What is known
  already, typed otherwise, is not added twice.
* `PreviewClaim` says what would happen, and writes nothing.  A customer is told of what the proof covers and of
  nothing else: that older orders exist under an address is not the business of whoever has it now.  An agent
  sees everything that stays and why, the names, and the guest orders of addresses that are one slip away.
* The owner gets a mail with the link that undoes the claim (`customer_accounts.features.claim_undo`).

Refusals: NOT_ALLOWED for an account whose address is not proven, ADDRESS_INVALID, EMAIL_INVALID.
Mails: GUEST_ORDERS_CLAIMED.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic import Field
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord, PostalAddress
from customer_accounts.actors import Agent, SignedInCustomer, browser_digest
from customer_accounts.changes import update
from customer_accounts.claim import ClaimCause
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.claim_plan import (
    Claimant,
    ClaimPlan,
    NotInherited,
    OrdersThatStay,
    plan_claim,
)
from customer_accounts.features.claiming import (
    claim_by_mailbox,
    claimant_of,
    claiming_scope,
    covered_by_mailbox,
    groups_of,
    recent_since,
)
from customer_accounts.features.delivery_address import address_refusal
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.inputs import AddressInput, TypedEmail
from customer_accounts.limiting import Hit
from customer_accounts.near_miss import mistyped_forms
from customer_accounts.order import GuestOrderGroup
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings

_PARTS = frozenset({Part.ACCOUNTS, Part.GUEST_ORDERS, Part.ADDRESSES})

Addresses = Annotated[tuple[AddressInput, ...], Field(max_length=50, fail_fast=True)]


@frozen
class Claimed:
    """What a claim did.

    Args:
        claimed: how many guest orders joined the account.
        claim_id: names the claim, to undo it; None if nothing was to be done.
        addresses: how many delivery addresses were added.
    """

    claimed: int
    claim_id: UUID | None = None
    addresses: int = 0


@frozen
class ClaimPreview:
    """What a claim would do, for its customer: only what the proof covers.

    Args:
        orders: how many guest orders would join.
        oldest, newest: when the first and the last of them was placed, UTC.
        addresses: the delivery addresses that would be added.
        not_inherited: what never comes along with orders.
    """

    orders: int
    oldest: datetime | None
    newest: datetime | None
    addresses: tuple[PostalAddress, ...]
    not_inherited: tuple[NotInherited, ...]


@frozen
class ClaimInspection:
    """What support sees of an address and its guest orders.

    Args:
        account_id: the account that owns the address, or None.
        plan: what would join with the proof of the mailbox, and what stays and why.
        near: guest orders under addresses that are one slip of the finger away.
    """

    account_id: UUID | None
    plan: ClaimPlan
    near: tuple[GuestOrderGroup, ...]

    @property
    def stays(self) -> tuple[OrdersThatStay, ...]:
        """The groups that stay, and why."""
        return self.plan.stays


class ClaimGuestOrders(Command):
    """Bring the guest orders that were placed under the account's own address into the account.

    Args:
        addresses: delivery addresses of these orders, from the host's own order table.
    """

    actors: ClassVar = (SignedInCustomer,)

    addresses: Addresses = ()

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _scope_of(actor, env)

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[Claimed] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        if not claimant_of(account, facts, env).proven:
            return refuse(Reason.NOT_ALLOWED)
        offered = _offered(self.addresses, account, facts, actor)
        if isinstance(offered, Refusal):
            return offered
        claiming = claim_by_mailbox(account, facts, env, actor, ClaimCause.CUSTOMER, offered)
        if claiming.claim_id is None:
            return Decision(Claimed(0))
        # The address must still be the account's own when the orders move.
        changes = (update(account, claiming.account), *claiming.changes)
        result = Claimed(claiming.planned, claiming.claim_id, claiming.addresses)
        return Decision(
            result, changes, counted=lambda counts: evolve(result, claimed=claiming.moved(counts))
        )


class PreviewClaim(Command):
    """Say what a claim would do, and do nothing.

    Args:
        email: the address that support asks about; a customer asks about the own account.
        addresses: as in `ClaimGuestOrders`.
    """

    actors: ClassVar = (SignedInCustomer, Agent)

    email: TypedEmail = ""
    addresses: Addresses = ()

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if self.email and self.addresses:
            return PydanticCustomError("email_or_addresses", "addresses go with the own account only")
        return None

    def scope(self, actor: SignedInCustomer | Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        if isinstance(actor, SignedInCustomer):
            return _scope_of(actor, env)
        own = email_key_of(self.email)
        return Scope(
            parts=_PARTS,
            email_keys=(own, *mistyped_forms(own)),
            recent_since=recent_since(env),
            by_name=True,
            owned=True,
        )

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer | Agent, /
    ) -> Decision[ClaimPreview | ClaimInspection] | Refusal:
        """See `Command.decide`."""
        if isinstance(actor, Agent):
            return self._inspected(facts, env)
        if self.email:
            return refuse(Reason.NOT_ALLOWED, about="email")
        account = acting(facts, actor)
        claimant = claimant_of(account, facts, env)
        if not claimant.proven:
            return refuse(Reason.NOT_ALLOWED)
        offered = _offered(self.addresses, account, facts, actor)
        if isinstance(offered, Refusal):
            return offered
        groups = groups_of(account, facts)
        plan = plan_claim(claimant, groups, covered_by_mailbox(env), addresses=offered)
        return Decision(
            ClaimPreview(
                orders=plan.orders,
                oldest=min((one.oldest for one in plan.joins), default=None),
                newest=max((one.newest for one in plan.joins), default=None),
                addresses=plan.addresses,
                not_inherited=plan.not_inherited,
            )
        )

    def _inspected(self, facts: Facts, env: Env) -> Decision[ClaimPreview | ClaimInspection] | Refusal:
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        owner = facts.account_at(email.key)
        # Without an account the plan is for the one that begins with the proof of this mailbox.
        claimant = Claimant(email_key=email.key, proven=True)
        if owner is not None:
            claimant = claimant_of(owner, facts, env)
        own = [one for one in facts.guest_orders if one.email_key == email.key]
        near = tuple(one for one in facts.guest_orders if one.email_key != email.key and one.owner is None)
        plan = plan_claim(claimant, own, covered_by_mailbox(env))
        return Decision(ClaimInspection(owner.id if owner else None, plan, near))


def _scope_of(actor: SignedInCustomer, env: Env) -> Scope:
    parts = _PARTS | {Part.REGISTRATIONS}
    browser = None if actor.browser is None else browser_digest(actor.browser)
    return claiming_scope(Scope(parts=parts, account_id=actor.account_id, browser=browser), env)


def _offered(
    given: Sequence[AddressInput], account: AccountRecord, facts: Facts, actor: SignedInCustomer
) -> list[PostalAddress] | Refusal:
    """Give the addresses that could come along, or refuse one of the host's that cannot be used."""
    addresses = [one.postal_address() for one in given]
    refusal = next(filter(None, map(address_refusal, addresses)), None)
    return refusal or [*addresses, *_waiting(account, facts, actor)]


def _waiting(account: AccountRecord, facts: Facts, actor: SignedInCustomer) -> list[PostalAddress]:
    """Give the addresses that wait in this browser's own registrations for the account's address."""
    browser = None if actor.browser is None else browser_digest(actor.browser)
    return [
        one.address
        for one in facts.registrations
        if one.address is not None and one.browser == browser and one.email_key == account.email_key
    ]
