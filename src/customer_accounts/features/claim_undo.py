"""A claim is undone: "this was not me", by the mailbox, by the customer who is signed in, or by support.

* The link of the mail (`GUEST_ORDERS_CLAIMED`) needs no sign-in, works once, and outlives a change of password or
  address: whoever took an account over must not be able to bury it.  It takes orders out of the account and
  gives them to nobody, so it cannot be used to get hold of them.  Since somebody else acted in the account, all
  its sessions end.
* Signed in, a customer sees the own claims (`MyClaims`) and undoes them; a claim of somebody else does not exist
  (AZ-01).  Staff names the reason.  All of it within `Settings.claim_undo_within`.
* What goes back (three-way rule; *before* the claim, *by* the claim, *since* the claim): an order becomes a guest's
  again if owner and claim are still those of this claim; a delivery address is removed if nobody has changed it or
  chosen it as the default since.  Everything that came since stays: the order's status, parcels and dispute, orders
  placed while signed in, addresses that were edited.  Later claims are not touched.
* A merge of accounts carries claims along, and then they are undone where their orders are.  The merge itself is
  undone by its own command: NOT_ALLOWED here.

Refusals: LINK_INVALID, LINK_EXPIRED, ALREADY_DONE, NOT_FOUND, NOT_ALLOWED, REASON_NEEDED, TOO_LATE.
Mails: CLAIM_UNDONE.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic import StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent, SignedInCustomer, Visitor, network_of
from customer_accounts.belongings import AddressRecord
from customer_accounts.changes import Change, Mark, MoveOrders, OrderSelection, Remove, UseToken, update
from customer_accounts.claim import ClaimCause, ClaimedAddress, ClaimRecord
from customer_accounts.command import Command, Decision, Env, Refusal, name_of, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_links import digest_of
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.delivery_address import default_among
from customer_accounts.features.live_links import live_token
from customer_accounts.features.revocation import changes_of_address_ended, sessions_ended
from customer_accounts.inputs import Line, OptionalToken
from customer_accounts.issue import mail_to_account, record_event, spent
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose, TokenRecord

_PARTS = frozenset({Part.ACCOUNTS, Part.CLAIMS, Part.ADDRESSES, Part.TOKENS})

Undoer = Visitor | SignedInCustomer | Agent


@frozen
class ClaimUndone:
    """A claim that was undone.

    Args:
        orders: how many orders are a guest's again.
        addresses: how many delivery addresses were removed.
    """

    claim_id: UUID
    orders: int
    addresses: int


@frozen
class ClaimView:
    """A claim as its customer sees it.

    Args:
        email: the account's own address; the claimed orders may have been placed under another.
        orders: how many orders were to move when it was made.
        undo_until: until when it can be undone, UTC; None if that is over.
    """

    claim_id: UUID
    email: str
    at: datetime
    cause: ClaimCause
    orders: int
    addresses: int
    undone_at: datetime | None
    undo_until: datetime | None


@frozen
class ClaimViews:
    """All claims of an account, the oldest first."""

    claims: tuple[ClaimView, ...]


class MyClaims(Command):
    """Show what joined the account by claims, and until when it can be undone."""

    actors: ClassVar = (SignedInCustomer,)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ACCOUNTS, Part.CLAIMS}), account_id=actor.account_id)

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[ClaimViews] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        own = [one for one in facts.claims if one.account_id == account.id]
        return Decision(ClaimViews(tuple(_view(one, account, env) for one in own)))


class UndoClaim(Command):
    """Take out of an account what a claim brought.

    Args:
        token: of the link in the mail; the only way without signing in.
        claim_id: which claim, for a signed-in customer or staff.
        reason: why, for the record; staff must say it.
    """

    actors: ClassVar = (Visitor, SignedInCustomer, Agent)

    token: OptionalToken = None
    claim_id: UUID | None = None
    reason: Annotated[Line, StringConstraints(max_length=200)] = ""

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if (self.token is None) == (self.claim_id is None):
            return PydanticCustomError("token_or_claim", "give a token or a claim_id")
        return None

    def limits(self, actor: Undoer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        if isinstance(actor, Agent):
            return ()
        link = hits((Limit.LINK_NETWORK, network_of(actor.ip))) if self.token is not None else ()
        return (*link, *write_of(actor)) if isinstance(actor, SignedInCustomer) else link

    def scope(self, actor: Undoer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        if self.token is not None:
            return Scope(parts=_PARTS, token=digest_of(self.token))
        return Scope(parts=_PARTS, claim=self.claim_id)

    def decide(self, facts: Facts, env: Env, actor: Undoer, /) -> Decision[ClaimUndone] | Refusal:
        """See `Command.decide`."""
        token = None if self.token is None else live_token(facts, self.token, env, Purpose.UNDO_CLAIM)
        if isinstance(token, Refusal):
            return token
        claim = self._claim(token, facts, env, actor)
        if isinstance(claim, Refusal):
            return claim
        account = next((one for one in facts.accounts if one.id == claim.account_id), None)
        gone = _unchanged_addresses(claim, account, facts)
        undone = evolve(
            claim, undone_at=env.now, undone_by=name_of(actor), undone_reason=self.reason or _by_link(token)
        )
        selection = OrderSelection(owner=claim.account_id, claim=claim.id)
        changes: list[Change] = [
            *_used(token, facts, env),
            update(claim, undone),
            MoveOrders(selection, claim.from_account, claim.id, Mark.CLEAR),
            *map(Remove, gone),
            *_account_changes(account, gone, facts, by_link=token is not None),
            *_default_passed_on(claim, account, gone, facts),
            *_told(account, undone, env, actor),
        ]
        result = ClaimUndone(claim.id, claim.orders, len(gone))
        return Decision(
            result, changes, counted=lambda counts: evolve(result, orders=counts.moved.get(claim.id, 0))
        )

    def _claim(
        self, token: TokenRecord | None, facts: Facts, env: Env, actor: Undoer
    ) -> ClaimRecord | Refusal:
        if token is not None:
            claim = facts.claim(token.claim_id)
            if claim is None:
                return refuse(Reason.LINK_INVALID)
            return refuse(Reason.ALREADY_DONE) if claim.undone_at else claim
        claim = facts.claim(self.claim_id)
        if isinstance(actor, Visitor):
            return refuse(Reason.NOT_ALLOWED, about="claim_id")
        if isinstance(actor, Agent) and not self.reason.strip():
            return refuse(Reason.REASON_NEEDED, about="reason")
        if claim is None or (isinstance(actor, SignedInCustomer) and claim.account_id != actor.account_id):
            return refuse(Reason.NOT_FOUND, about="claim_id")
        if claim.cause is ClaimCause.MERGE:
            return refuse(Reason.NOT_ALLOWED, about="claim_id")
        if claim.undone_at is not None:
            return refuse(Reason.ALREADY_DONE)
        if env.now > claim.at + env.settings.claim_undo_within:
            return refuse(Reason.TOO_LATE)
        return claim


def _view(claim: ClaimRecord, account: AccountRecord, env: Env) -> ClaimView:
    until = claim.at + env.settings.claim_undo_within
    over = claim.undone_at is not None or claim.cause is ClaimCause.MERGE or env.now > until
    return ClaimView(
        claim_id=claim.id,
        email=account.email,
        at=claim.at,
        cause=claim.cause,
        orders=claim.orders,
        addresses=len(claim.addresses),
        undone_at=claim.undone_at,
        undo_until=None if over else until,
    )


def _by_link(token: TokenRecord | None) -> str:
    return "" if token is None else "link"


def _used(token: TokenRecord | None, facts: Facts, env: Env) -> list[Change]:
    if token is None:
        return []
    siblings = [one for one in facts.tokens if one.claim_id == token.claim_id and one.digest != token.digest]
    return [UseToken(token.digest, env.now), *spent(siblings, env)]


def _unchanged_addresses(
    claim: ClaimRecord, account: AccountRecord | None, facts: Facts
) -> list[AddressRecord]:
    """Give the addresses that the claim added and that nobody has changed or chosen since."""
    chosen = None if account is None else account.default_address
    added = {one.address_id for one in claim.addresses if one.made_default or one.address_id != chosen}
    return [one for one in facts.addresses if one.id in added and one.version == 1]


def _account_changes(
    account: AccountRecord | None, gone: Sequence[AddressRecord], facts: Facts, *, by_link: bool
) -> list[Change]:
    if account is None or not account.is_open:
        return []
    left = [one for one in facts.addresses if one.account_id == account.id and one not in gone]
    new = evolve(account, default_address=default_among(left, account.default_address))
    ended = changes_of_address_ended(facts, account) if by_link else []
    # The version of the account guards its default address, too.
    return [update(account, sessions_ended(new) if by_link else new), *ended]


def _default_passed_on(
    claim: ClaimRecord, account: AccountRecord | None, gone: Sequence[AddressRecord], facts: Facts
) -> list[Change]:
    """Note with a later claim that its address is the default because none was left, and not by a choice."""
    if account is None or account.default_address not in {one.id for one in gone}:
        return []
    left = [one for one in facts.addresses if one.account_id == account.id and one not in gone]
    default = default_among(left, account.default_address)
    return [
        update(other, evolve(other, addresses=_with_default(other, default)))
        for other in facts.claims
        if other.id != claim.id and any(one.address_id == default for one in other.addresses)
    ]


def _with_default(claim: ClaimRecord, default: UUID | None) -> tuple[ClaimedAddress, ...]:
    return tuple(
        evolve(one, made_default=one.made_default or one.address_id == default) for one in claim.addresses
    )


def _told(account: AccountRecord | None, claim: ClaimRecord, env: Env, actor: Undoer) -> list[Change]:
    detail = f"{claim.id} {claim.undone_reason}"
    email = "" if account is None else account.email
    event = record_event(
        env, actor, EventKind.CLAIM_UNDONE, email=email, account_id=claim.account_id, detail=detail
    )
    if account is None or not account.is_open:
        return [event]
    return [mail_to_account(env, MailPurpose.CLAIM_UNDONE, account, claimed=str(claim.orders)), event]
