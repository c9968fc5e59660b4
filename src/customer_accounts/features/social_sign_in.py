"""Signing in through Google or Facebook, and beginning an account that way (F19, F20).

Who may ask: any visitor whose browser began the sign-in; the host's adapter hands over the `VerifiedIdentity`
(`customer_accounts.features.identity`).

* A linked identity signs in to its account, whatever address the provider tells today (SO-01, PH9).  One that
  waits for its owner's approval after a reset is IDENTITY_NOT_APPROVED (PH3).
* An unknown identity with an address that the provider proves (verified, and the provider runs the mailbox):
  without an account the account begins at once, and what others set up for the address goes (PH1); an account
  that has the address is never linked by that, the customer signs in first: SIGN_IN_TO_LINK (SO-02).  The
  owner of the mailbox is here, so telling is no leak.
* An unknown identity with any other address (Facebook; not verified; another provider's mailbox): the
  identity waits in a pending registration of this browser until the mailbox is proven (PH5, PH-07).  The
  answer and the storage calls are the same whether the address has an account, a registration or nothing
  (EN-01).  Confirmed in another browser, the account begins without the identity (PH6).
* No address, or one that cannot be read: IDENTITY_ADDRESS_MISSING; the customer registers with an address.
* Begun in another browser, for linking, or too long ago: IDENTITY_STALE; without a browser secret:
  BROWSER_REQUIRED.

Mails: ACCOUNT_OPENED for an account that begins at once; otherwise those of
`customer_accounts.features.registration`.  Tries are counted by network, and where a mail may follow by
identity, as often as a registration of one address (AB-08).
"""

from typing import ClassVar, TypeAlias
from uuid import UUID, uuid4

from attrs import evolve
from pydantic import Field, InstanceOf

from customer_accounts.account import AccountRecord, Consent, IdentityRecord, RegistrationRecord
from customer_accounts.actors import Visitor, network_of
from customer_accounts.changes import insert
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress
from customer_accounts.facts import Facts, Scope
from customer_accounts.features.account_opening import (
    Opened,
    Opening,
    open_account,
    opening_scope,
    subscription_by_proof,
)
from customer_accounts.features.email_confirmation import Confirmed
from customer_accounts.features.identity import IdentityUse, VerifiedIdentity, not_from_here
from customer_accounts.features.pending_registration import begin, registration_id
from customer_accounts.features.registration import Registered, answer
from customer_accounts.features.sign_in import SignedIn, signed_in
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.inputs import Locale, NewsletterInput, RelativePath
from customer_accounts.issue import event_of, mail_to_account
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings

#: Signed in, an account that has just begun, or a mail to confirm first.
SocialOutcome: TypeAlias = SignedIn | Confirmed | Registered


class SignInWithIdentity(Command):
    """Sign in through an identity provider, or begin an account that way.

    Args:
        identity: what the host's adapter verified; it cannot be given as JSON.
        newsletter: the wish for the newsletter, if an account begins.
    """

    actors: ClassVar = (Visitor,)

    id: UUID = Field(default_factory=uuid4)
    identity: InstanceOf[VerifiedIdentity] = Field(repr=False)
    locale: Locale = "en"
    newsletter: NewsletterInput | None = None
    continue_to: RelativePath = ""

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        # By identity: strangers who register an address must not stop its owner's sign-in (AB-06).
        mailed = None if self.identity.proves_mailbox else ":".join(self.identity.key)
        return hits((Limit.SIGN_IN_NETWORK, network_of(actor.ip)), (Limit.REGISTER_ADDRESS, mailed))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return opening_scope(Scope(identity=self.identity.key, email_keys=(self._key() or "",)), env)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[SocialOutcome] | Refusal:
        """See `Command.decide`."""
        refusal = not_from_here(self.identity, IdentityUse.SIGN_IN, env, actor)
        if refusal is not None:
            return refusal
        linked = next(
            (one for one in facts.identities if (one.provider, one.subject) == self.identity.key), None
        )
        if linked is not None:
            return _enter(linked, facts.account(linked.account_id), env, actor)
        email = read_email(self.identity.email or "")
        if isinstance(email, Refusal):
            return refuse(Reason.IDENTITY_ADDRESS_MISSING)
        if not self.identity.proves_mailbox:
            wanted = self._registration(email, env, actor)
            result = answer(env, actor, email.original, self.locale)
            return Decision(result, begin(facts, env, actor, wanted))
        if facts.account_at(email.key) is not None:
            return refuse(Reason.SIGN_IN_TO_LINK)
        return self._open(email, facts, env, actor)

    def _key(self) -> str | None:
        return email_key_of(self.identity.email or "") or None

    def _consent(self, env: Env) -> Consent | None:
        wish = self.newsletter
        return None if wish is None else Consent(wish.text_version, env.now, "social_sign_in")

    def _registration(self, email: EmailAddress, env: Env, actor: Visitor) -> RegistrationRecord:
        return RegistrationRecord(
            id=registration_id(actor, self.id, email),
            email=email.original,
            email_key=email.key,
            browser=actor.browser_digest or "",
            created_at=env.now,
            expires_at=env.now + env.settings.registration_lifetime,
            name=self.identity.name,
            locale=self.locale,
            storefront=actor.storefront,
            continue_to=self.continue_to,
            consent=self._consent(env),
            identity_provider=self.identity.provider,
            identity_subject=self.identity.subject,
        )

    def _open(self, email: EmailAddress, facts: Facts, env: Env, actor: Visitor) -> Decision[SocialOutcome]:
        proof = ":".join(self.identity.key)
        opening = Opening(
            email=email.original,
            email_key=email.key,
            locale=self.locale,
            storefront=actor.storefront,
            proof=proof,
            name=self.identity.name,
            identity=self.identity.key,
        )
        opened = open_account(opening, facts, env, actor)
        consent = self._consent(env)
        newsletter = (
            () if consent is None else (insert(subscription_by_proof(opened.account, consent, env, proof)),)
        )
        result = _confirmed(opened, env, self.continue_to)
        purpose = MailPurpose.ACCOUNT_OPENED
        changes = (
            *opened.changes,
            *newsletter,
            mail_to_account(env, purpose, opened.account, claimed=str(result.claimed)),
        )
        return Decision(
            result, changes, counted=lambda counts: evolve(result, claimed=opened.claimed(counts))
        )


def _enter(
    linked: IdentityRecord, account: AccountRecord | None, env: Env, actor: Visitor
) -> Decision[SocialOutcome] | Refusal:
    if account is None:
        return refuse(Reason.SIGN_IN_FAILED)
    if not linked.approved:
        return refuse(Reason.IDENTITY_NOT_APPROVED)
    kind = EventKind.SIGNED_IN
    success = event_of(env, actor, kind, email=account.email, account_id=account.id, detail=linked.provider)
    return Decision(signed_in(account, env), announce=(success,))


def _confirmed(opened: Opened, env: Env, continue_to: str) -> Confirmed:
    return Confirmed(
        account_id=opened.account.id,
        email=opened.account.email,
        session=opened.session(env),
        claimed=opened.planned,
        continue_to=continue_to,
    )
