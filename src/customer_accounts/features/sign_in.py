"""Signing in with address and password, and ending all sessions.

Who may ask: `SignIn` any visitor, `SignOutEverywhere` a signed-in customer.

* One answer for every failure: SIGN_IN_FAILED, whether the address is unknown, waits for its confirmation
  (PH-02), signs in only through Google or Facebook, belongs to a closed account, or the password is wrong
  (EN-01).  Always one read of the same parts, no write, and one hash computation on today's parameters
  (EN-03, EN-04, EN-07).
* A success writes nothing, unless the stored hash is on old parameters: then the new hash is written on its
  own after the sign-in, against the version that was read, so that a change of the password meanwhile wins
  (HS-03) and a fault of that write fails nobody (HS-04).
* A stored hash that cannot be read is a failure like any other, and HASH_NOT_RECOGNISED for the host (HS-07).
* Tries are counted by address and by network before anything is read; a success resets nothing (AB-03).
  Whoever guesses too often has to wait, and not the owner, who comes from another network (AB-06).
* An address that cannot be read is EMAIL_INVALID with the likely correction: it tells of the typing, not of
  accounts.
* `SignOutEverywhere` ends every session, this one too: whoever is not sure who else is signed in wants
  exactly that. Changes of the address that were asked for in one of them end as well; other links that wait
  in the mailbox stay.

No mails.  Events: SIGNED_IN, SIGN_IN_FAILED and HASH_NOT_RECOGNISED are announced and not stored;
PASSWORD_REHASHED and SIGNED_OUT_EVERYWHERE are stored.
"""

from typing import ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic import SecretStr

from customer_accounts.account import AccountRecord, Session
from customer_accounts.actors import SignedInCustomer, Visitor, network_of
from customer_accounts.changes import Change, RecordEvent, update
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.revocation import changes_of_address_ended, sessions_ended
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.inputs import TypedEmail
from customer_accounts.issue import event_of, record_event
from customer_accounts.limiting import Hit, Limit, hits, seen_from
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings


@frozen
class SignedIn:
    """A customer who has just signed in.

    Args:
        session: for the host to keep.
        must_change_password: the password was made by the system and the shop wants it replaced (GEN-03).
        email: the account's address, in its own spelling.
    """

    account_id: UUID
    session: Session
    must_change_password: bool
    email: str


@frozen
class SignedOutEverywhere:
    """All sessions of an account have ended, the one that asked for it included."""

    account_id: UUID


def signed_in(account: AccountRecord, env: Env) -> SignedIn:
    """Give the result of a sign-in to an account, whatever proved it."""
    session = Session(account.id, account.session_epoch, env.now)
    return SignedIn(account.id, session, account.must_change_password, account.email)


class SignIn(Command):
    """Sign in with address and password."""

    actors: ClassVar = (Visitor,)
    hashes: ClassVar = True

    email: TypedEmail
    password: SecretStr

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        key, network = email_key_of(self.email) or None, network_of(actor.ip)
        return hits(
            (Limit.SIGN_IN_NETWORK, network),
            (Limit.SIGN_IN_ADDRESS, seen_from(key, network)),
            (Limit.SIGN_IN_ADDRESS_EVERYWHERE, key),
        )

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=(email_key_of(self.email),))

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[SignedIn] | Refusal:
        """See `Command.decide`."""
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        account = facts.account_at(email.key)
        stored = None if account is None else account.password_hash
        password = self.password.get_secret_value()
        answer = env.hasher.verify(password, stored)
        if account is None or not answer.ok:
            garbage = stored is not None and not answer.recognised
            return _failed(env, actor, email.original, account if garbage else None)
        again = _rehashed(account, password, env, actor) if answer.needs_rehash else ()
        success = event_of(
            env, actor, EventKind.SIGNED_IN, email=account.email, account_id=account.id, detail="password"
        )
        return Decision(signed_in(account, env), afterwards=again, announce=(success,))


def _failed(env: Env, actor: Visitor, email: str, unreadable: AccountRecord | None) -> Refusal:
    told = [event_of(env, actor, EventKind.SIGN_IN_FAILED, email=email)]
    if unreadable is not None:
        kind = EventKind.HASH_NOT_RECOGNISED
        told.append(event_of(env, actor, kind, email=email, account_id=unreadable.id))
    return Refusal(Refused(Reason.SIGN_IN_FAILED), announce=told)


def _rehashed(account: AccountRecord, password: str, env: Env, actor: Visitor) -> tuple[Change, RecordEvent]:
    anew = evolve(account, password_hash=env.hasher.hash(password))
    kind = EventKind.PASSWORD_REHASHED
    return update(account, anew), record_event(env, actor, kind, email=account.email, account_id=account.id)


class SignOutEverywhere(Command):
    """End all sessions of the account, this one included."""

    actors: ClassVar = (SignedInCustomer,)

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ACCOUNTS, Part.TOKENS}))

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[SignedOutEverywhere] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        changes = (
            update(account, sessions_ended(account)),
            *changes_of_address_ended(facts, account),
            record_event(env, actor, EventKind.SIGNED_OUT_EVERYWHERE, email=account.email),
        )
        return Decision(SignedOutEverywhere(account.id), changes)
