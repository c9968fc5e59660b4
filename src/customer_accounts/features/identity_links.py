"""Linking a sign-in at Google or Facebook to an account, and removing it (F18).

Who may ask: a signed-in customer, who has just signed in; an older session is REAUTHENTICATE (SO-05; ASVS
7.5.1).

* `LinkIdentity` takes a `VerifiedIdentity` that was begun in this very session for linking (SO-04); any other
  is IDENTITY_STALE.  No address is compared: the customer has both sign-ins in hand.
* Linked to this account already, the answer is the same and nothing changes (RL-08); one that waited for
  approval after a reset is approved by that, since whoever links it has signed in with the new password.
* Linked to another account, or a second one of the same provider: IDENTITY_IN_USE, without saying where
  (SO-08).
* `UnlinkIdentity` removes one by its provider; one that is not linked is IDENTITY_UNKNOWN.  The last way in
  stays: without a password and another usable sign-in it is LAST_WAY_IN (SO-07).  All sessions end but the
  one that asked, which goes on under a new epoch (SE-01).
* Both are guarded by the version of the account, so that two removals at once cannot take the last two ways
  in.
* The owner is told by mail (IDENTITY_LINKED, IDENTITY_UNLINKED; LG-04).
"""

from typing import ClassVar

from attrs import evolve, frozen
from pydantic import Field, InstanceOf

from customer_accounts.account import AccountRecord, IdentityRecord, Session
from customer_accounts.actors import SignedInCustomer
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.identity import (
    IdentityUse,
    VerifiedIdentity,
    canonical_provider,
    not_from_here,
)
from customer_accounts.features.identity_approval import identities_of
from customer_accounts.features.reauthentication import not_fresh
from customer_accounts.features.revocation import changes_of_address_ended, sessions_ended
from customer_accounts.inputs import Reference
from customer_accounts.issue import mail_to_account, record_event
from customer_accounts.limiting import Hit
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings

_PARTS = frozenset({Part.ACCOUNTS, Part.IDENTITIES})


@frozen
class IdentityLinked:
    """A sign-in that opens the account from now on."""

    provider: str


@frozen
class IdentityUnlinked:
    """A sign-in that opens the account no more; ``session`` is the one that goes on."""

    provider: str
    session: Session


class LinkIdentity(Command):
    """Link a sign-in at an identity provider to the account; *identity* cannot be given as JSON."""

    actors: ClassVar = (SignedInCustomer,)

    identity: InstanceOf[VerifiedIdentity] = Field(repr=False)

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, identity=self.identity.key)

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[IdentityLinked] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        refusal = not_fresh(env, actor) or not_from_here(self.identity, IdentityUse.LINK, env, actor)
        if refusal is not None:
            return refusal
        provider, subject = self.identity.key
        known = next(
            (one for one in facts.identities if (one.provider, one.subject) == (provider, subject)), None
        )
        if known is None:
            if any(one.provider == provider for one in identities_of(facts, account)):
                return refuse(Reason.IDENTITY_IN_USE)
            new = IdentityRecord(provider=provider, subject=subject, account_id=account.id, linked_at=env.now)
            return _told(account, insert(new), provider, env, actor)
        if known.account_id != account.id:
            return refuse(Reason.IDENTITY_IN_USE)
        if known.approved:
            return Decision(IdentityLinked(provider))
        return _told(account, update(known, evolve(known, approved=True)), provider, env, actor)


def _told(
    account: AccountRecord, change: Change, provider: str, env: Env, actor: SignedInCustomer
) -> Decision[IdentityLinked]:
    kind = EventKind.IDENTITY_LINKED
    changes = (
        change,
        update(account, account),
        mail_to_account(env, MailPurpose.IDENTITY_LINKED, account, provider=provider),
        record_event(env, actor, kind, email=account.email, detail=provider),
    )
    return Decision(IdentityLinked(provider), changes)


class UnlinkIdentity(Command):
    """Remove the sign-in at a provider, unless it is the last way in."""

    actors: ClassVar = (SignedInCustomer,)

    provider: Reference

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS | {Part.TOKENS})

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[IdentityUnlinked] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        refusal = not_fresh(env, actor)
        if refusal is not None:
            return refusal
        provider = canonical_provider(self.provider)
        linked = identities_of(facts, account)
        going = [one for one in linked if one.provider == provider]
        if not going:
            return refuse(Reason.IDENTITY_UNKNOWN, about="provider")
        others = any(one.approved for one in linked if one.provider != provider)
        if account.password_hash is None and not others:
            return refuse(Reason.LAST_WAY_IN)
        new = sessions_ended(account)
        kind = EventKind.IDENTITY_UNLINKED
        changes: tuple[Change, ...] = (
            *map(Remove, going),
            update(account, new),
            *changes_of_address_ended(facts, new),
            mail_to_account(env, MailPurpose.IDENTITY_UNLINKED, new, provider=provider),
            record_event(env, actor, kind, email=account.email, detail=provider),
        )
        session = Session(new.id, new.session_epoch, actor.authenticated_at or env.now)
        return Decision(IdentityUnlinked(provider, session), changes)
