"""How an account begins: always by the first proof of a mailbox, always in the same way.

Whoever proves the mailbox gets it clean (PH-01, PH-03): everything that others set up for the address goes in
the same write, that is every other pending registration, every link to them, and every pending change of
another account's address to this one.  Only the view of an order and the way out of a newsletter stay.  Guest
orders of the address that the proof covers join (GM-01); older ones stay and are offered.  Wishes of a
registration (newsletter, company, address) come along only if the proving party is the one that uttered them;
a stranger's delivery address must not wait in the owner's account.
"""

from collections.abc import Sequence
from uuid import UUID

from attrs import evolve, field, frozen

from customer_accounts.account import (
    AccountRecord,
    Company,
    Consent,
    IdentityRecord,
    RegistrationRecord,
    Session,
)
from customer_accounts.actors import Actor
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import Change, Counts, Remove, insert, update
from customer_accounts.claim import ClaimCause
from customer_accounts.command import Env
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.claiming import Claiming, claim_by_mailbox, claiming_scope
from customer_accounts.features.revocation import LASTING, nobody_at
from customer_accounts.features.vat_queue import queued
from customer_accounts.issue import record_event
from customer_accounts.outbox import EventKind
from customer_accounts.token import TokenRecord
from customer_accounts.vat import VatStatus

#: What must be known before an account may begin.
PARTS = frozenset(
    {
        Part.ACCOUNTS,
        Part.REGISTRATIONS,
        Part.TOKENS,
        Part.IDENTITIES,
        Part.GUEST_ORDERS,
        Part.VAT_CHECKS,
    }
)


def opening_scope(scope: Scope, env: Env) -> Scope:
    """Give a scope with all that `open_account` needs."""
    return claiming_scope(evolve(scope, parts=scope.parts | PARTS), env)


@frozen(kw_only=True)
class Opening:
    """Who proved which mailbox, and what the account begins with.

    Args:
        registration: the pending registration that the proof completes, or None.
        wishes: whether the proving party is the registering one, so that its wishes count.
        proof: what proved the mailbox: the digest of a link, or ``provider:subject``.
    """

    email: str
    email_key: str
    locale: str
    storefront: str
    proof: str
    registration: RegistrationRecord | None = None
    wishes: bool = False
    name: str = ""
    password_hash: str | None = field(default=None, repr=False)
    password_generated: bool = False
    identity: tuple[str, str] | None = None


@frozen
class Opened:
    """A new account and the changes that make it; ``claimed`` reads the number of orders off the counts."""

    account: AccountRecord
    changes: Sequence[Change]
    claiming: Claiming
    wishes_dropped: tuple[str, ...] = ()

    @property
    def planned(self) -> int:
        """How many guest orders are known to join."""
        return self.claiming.planned

    def claimed(self, counts: Counts) -> int:
        """Give how many guest orders joined."""
        return self.claiming.moved(counts)

    def session(self, env: Env) -> Session:
        """Give the first session."""
        return Session(self.account.id, self.account.session_epoch, env.now)


def open_account(opening: Opening, facts: Facts, env: Env, actor: Actor) -> Opened:
    """Make the account and all that goes with the first proof; the address must have no account yet."""
    taken = opening.registration if opening.wishes else None
    belongings, account = _with_belongings(_new_account(opening, env), taken, facts, env, opening.proof)
    claiming = claim_by_mailbox(account, facts, env, actor, ClaimCause.FIRST_PROOF)
    rivals = without_rivals(opening.email_key, facts, env, actor, account, winner=opening.registration)
    emptied_one = () if opening.registration is None else (_emptying(opening.registration, env),)
    changes: list[Change] = [
        insert(account),
        *belongings,
        *_identity(opening, facts, env, account),
        *rivals,
        *emptied_one,
        *claiming.changes,
        record_event(env, actor, EventKind.ACCOUNT_OPENED, email=account.email, account_id=account.id),
    ]
    return Opened(account, changes, claiming, _dropped(opening))


def _new_account(opening: Opening, env: Env) -> AccountRecord:
    has_password = opening.password_hash is not None
    return AccountRecord(
        id=env.new_id(),
        email=opening.email,
        email_key=opening.email_key,
        email_verified_at=env.now,
        created_at=env.now,
        name=opening.name,
        locale=opening.locale,
        storefront=opening.storefront,
        password_hash=opening.password_hash,
        password_generated=opening.password_generated,
        must_change_password=opening.password_generated and env.settings.must_change_generated,
        password_changed_at=env.now if has_password else None,
    )


def _with_belongings(
    account: AccountRecord, registration: RegistrationRecord | None, facts: Facts, env: Env, proof: str
) -> tuple[list[Change], AccountRecord]:
    """Turn the wishes of a registration into records of the account."""
    if registration is None:
        return [], account
    changes: list[Change] = []
    if registration.address is not None:
        address = AddressRecord(
            id=env.new_id(), account_id=account.id, address=registration.address, created_at=env.now
        )
        changes.append(insert(address))
        account = evolve(account, default_address=address.id)
    if registration.consent is not None:
        changes.append(insert(subscription_by_proof(account, registration.consent, env, proof)))
    if registration.company is not None:
        account = evolve(account, company=registration.company)
        changes += vat_check(registration.company, facts, env)
    return changes, account


def vat_check(company: Company, facts: Facts, env: Env) -> list[Change]:
    """Ask for a check of a company's number, if it is one that a register can know."""
    if company.vat_number is None or company.vat_status is not VatStatus.PENDING:
        return []
    return queued(company.vat_number, company.vat_as_typed, facts, env)


def subscription_by_proof(
    account: AccountRecord, consent: Consent, env: Env, proof: str
) -> SubscriptionRecord:
    """Make the subscription of a new account; the proof of its mailbox proves the consent (double opt-in)."""
    return SubscriptionRecord(
        account_id=account.id,
        email=account.email,
        email_key=account.email_key or "",
        consent=consent,
        status=SubscriptionStatus.ACTIVE,
        confirmed_at=env.now,
        proof=proof,
    )


def _identity(opening: Opening, facts: Facts, env: Env, account: AccountRecord) -> list[Change]:
    """Link the identity that the account begins with, unless another account has it meanwhile (SO-01)."""
    if opening.identity is None:
        return []
    if any((one.provider, one.subject) == opening.identity for one in facts.identities):
        return []
    provider, subject = opening.identity
    return [
        insert(IdentityRecord(provider=provider, subject=subject, account_id=account.id, linked_at=env.now))
    ]


def without_rivals(
    email_key: str,
    facts: Facts,
    env: Env,
    actor: Actor,
    account: AccountRecord,
    *,
    winner: RegistrationRecord | None = None,
) -> list[Change]:
    """Remove what others set up for an address that *account* has just proven: registrations and links.

    Args:
        winner: the registration that the proof completes; it and its links are the caller's.
    """
    won = None if winner is None else winner.id
    rivals = [one for one in facts.registrations if one.email_key == email_key and one.id != won]
    stale = [one for one in facts.tokens if one.email_key == email_key and _of_rival(one, account, won, env)]
    changes: list[Change] = [*map(Remove, rivals), *map(Remove, stale)]
    if changes:
        detail = f"{len(rivals)} registrations, {len(stale)} links"
        kind = EventKind.RIVALS_DELETED
        changes.append(
            record_event(env, actor, kind, email=account.email, account_id=account.id, detail=detail)
        )
    return changes


def _of_rival(token: TokenRecord, account: AccountRecord, won: UUID | None, env: Env) -> bool:
    # The view of an order and the way out of a newsletter give nobody power over the account; some links open nothing.
    if token.purpose in LASTING or token.account_id in (account.id, nobody_at(token.email_key, env)):
        return False
    return won is None or token.registration_id != won


def _emptying(registration: RegistrationRecord, env: Env) -> Change:
    """Keep the winner's registration, emptied, for its browser."""
    return update(registration, emptied(registration, env))


def emptied(registration: RegistrationRecord, env: Env) -> RegistrationRecord:
    """Give a confirmed registration without anything that it held."""
    return evolve(
        registration, password_hash=None, name="", consent=None, company=None, address=None,
        identity_provider=None, identity_subject=None, confirmed_at=env.now,
    )  # fmt: skip


def _dropped(opening: Opening) -> tuple[str, ...]:
    """Name the wishes that a proof by somebody else left behind, so that the host can ask again."""
    registration = opening.registration
    if registration is None or opening.wishes:
        return ()
    wishes = {
        "name": registration.name,
        "newsletter": registration.consent,
        "company": registration.company,
        "address": registration.address,
        "identity": registration.identity_provider,
    }
    return tuple(name for name, value in wishes.items() if value)
