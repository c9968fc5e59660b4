"""Registration: anyone, at any time, with a password of their own or one that the system makes (F01–F06).

* `Register` makes a *pending registration*; the account begins when the mailbox is proven
  (`customer_accounts.features.email_confirmation`).  The answer is the same for every address: known, unknown,
  waiting or closed (EN-01), with the same reads, writes and hashes (EN-03, EN-07).
* A known address gets "you already have an account" by mail, to its owner (EN-02).  The registering browser keeps a
  pending registration all the same, one that no link exists for; otherwise `InspectRegistration` would tell.
* The same browser registering the same address again replaces its own registration; older mails keep working.
* The typo warning comes with the answer (F06); `CorrectRegistrationAddress` puts it right from the same browser.
"""

from enum import StrEnum
from functools import lru_cache
from typing import ClassVar
from uuid import UUID, uuid4

from attrs import evolve, frozen
from pydantic import Field, SecretStr
from pydantic_core import PydanticCustomError

from customer_accounts.account import Consent, RegistrationRecord
from customer_accounts.actors import Actor, Visitor
from customer_accounts.changes import Change, Remove, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress, suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.delivery_address import address_refusal
from customer_accounts.features.new_password import password_refusal, two_passwords
from customer_accounts.features.pending_registration import (
    begin,
    confirmation_mail,
    registration_id,
    room_for_one_more,
    waiting_for,
    waiting_in,
)
from customer_accounts.features.revocation import link_to_nobody
from customer_accounts.features.typed_email import email_key_of, mailing, read_email, registering
from customer_accounts.inputs import (
    AddressInput,
    CompanyInput,
    Line,
    Locale,
    NewsletterInput,
    RelativePath,
    TypedEmail,
)
from customer_accounts.issue import record_event
from customer_accounts.limiting import Hit
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose
from customer_accounts.wording import wording

_PARTS = frozenset({Part.ACCOUNTS, Part.REGISTRATIONS, Part.TOKENS})


@frozen
class Registered:
    """What anybody who registers is told.

    Args:
        email: the address as it was understood.
        email_suggestion: the address that was probably meant, or None (F06).
        advice: where to look if no mail comes, and whom to ask (F05).
        contact: the shop's contact address.
    """

    email: str
    email_suggestion: str | None
    advice: str
    contact: str


class RegistrationState(StrEnum):
    """What a browser can be told of the registration it began."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"


@frozen
class RegistrationView:
    """How far the registration of this browser is."""

    state: RegistrationState
    email: str
    email_suggestion: str | None


def answer(env: Env, actor: Actor, email: str, locale: str) -> Registered:
    """Make the answer that is the same for every address."""
    shop = env.settings.storefront_at(actor.storefront) or env.settings.storefront
    return Registered(email, suggest_correction(email), _advice(locale, shop.contact), shop.contact)


# A shop has a few languages and contacts.
@lru_cache(maxsize=256)
def _advice(locale: str, contact: str) -> str:
    return wording("registration", "advice", locale, contact=contact)


class Register(Command):
    """Register an account (F01): with *password*, or with *generate_password* (F02, F03)."""

    actors: ClassVar = (Visitor,)
    hashes: ClassVar = True

    id: UUID = Field(default_factory=uuid4)
    email: TypedEmail
    password: SecretStr | None = None
    generate_password: bool = False
    name: Line = ""
    locale: Locale = "en"
    company: CompanyInput | None = None
    address: AddressInput | None = None
    newsletter: NewsletterInput | None = None
    continue_to: RelativePath = ""

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        return two_passwords(self.password, generate=self.generate_password)

    def password_to_set(self) -> str | None:
        """See `Command.password_to_set`."""
        return None if self.password is None else self.password.get_secret_value()

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return registering(self.email, actor)

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        key = email_key_of(self.email)
        return Scope(parts=_PARTS, email_keys=(key,), browser=actor.browser_digest, narrow=True)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[Registered] | Refusal:
        """See `Command.decide`."""
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        refusal = None if self.address is None else address_refusal(self.address.postal_address())
        if refusal is not None:
            return refusal
        password_hash = None
        if not self.generate_password:
            password = self.password_to_set() or ""
            refusal = password_refusal(password, facts, env, email=email.original, names=(self.name,))
            if refusal is not None:
                return refusal
            password_hash = env.hasher.hash(password)
        changes = begin(facts, env, actor, self._record(email, password_hash, env, actor))
        return Decision(answer(env, actor, email.original, self.locale), changes)

    def _record(
        self, email: EmailAddress, password_hash: str | None, env: Env, actor: Visitor
    ) -> RegistrationRecord:
        wish = self.newsletter
        return RegistrationRecord(
            id=registration_id(actor, self.id, email),
            email=email.original,
            email_key=email.key,
            browser=actor.browser_digest or env.random(32).hex(),
            created_at=env.now,
            expires_at=env.now + env.settings.registration_lifetime,
            password_hash=password_hash,
            generate_password=self.generate_password,
            name=self.name,
            locale=self.locale,
            storefront=actor.storefront,
            continue_to=self.continue_to,
            consent=None if wish is None else Consent(wish.text_version, env.now, "registration"),
            company=None if self.company is None else self.company.company(),
            address=None if self.address is None else self.address.postal_address(),
        )


class ResendConfirmation(Command):
    """Send the confirmation mail again (F05), for the browser's own registration of *email* if it has one."""

    actors: ClassVar = (Visitor,)

    email: TypedEmail
    locale: Locale = "en"

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return mailing(self.email, actor)

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, email_keys=(email_key_of(self.email),), alike=True)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[Registered] | Refusal:
        """See `Command.decide`."""
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        changes: list[Change] = [
            record_event(env, actor, EventKind.CONFIRMATION_RESENT, email=email.original)
        ]
        waiting = waiting_for(facts, actor, env)
        if waiting is not None:
            changes += confirmation_mail(facts, env, actor, waiting)
            if facts.account_at(email.key) is not None:
                changes += link_to_nobody(email, Purpose.CONFIRM_REGISTRATION, facts, env)
        return Decision(answer(env, actor, email.original, self.locale), changes)


class CorrectRegistrationAddress(Command):
    """Put a mistyped address right, from the browser that registered it (F06); the old address hears nothing more."""

    actors: ClassVar = (Visitor,)

    email: TypedEmail

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return registering(self.email, actor)

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        key = email_key_of(self.email)
        return Scope(parts=_PARTS, email_keys=(key,), browser=actor.browser_digest, narrow=True)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[Registered] | Refusal:
        """See `Command.decide`."""
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        own = [one for one in waiting_in(facts, actor, env) if not one.confirmed_at]
        if not own:
            return refuse(Reason.NOTHING_WAITING)
        old = own[0]
        links = [one for one in facts.tokens if one.registration_id == old.id]
        others = [one for one in own if one.email_key == email.key and one.id != old.id]
        gone = {one.id for one in others}
        stale = [one for one in facts.tokens if one.registration_id in gone]
        strangers = tuple(one for one in facts.registrations if one.id not in {old.id, *gone})
        corrected = evolve(
            old, email=email.original, email_key=email.key, version=old.version + 1,
            expires_at=env.now + env.settings.registration_lifetime,
        )  # fmt: skip
        left = evolve(facts, tokens=tuple(one for one in facts.tokens if one not in links))
        changes: list[Change] = [
            *(Remove(one) for one in others),
            *(Remove(one) for one in (*links, *stale)),
            *room_for_one_more(corrected, evolve(facts, registrations=strangers), env),
            update(old, corrected),
            *confirmation_mail(left, env, actor, corrected),
            record_event(env, actor, EventKind.REGISTRATION_CORRECTED, email=email.original),
        ]
        return Decision(answer(env, actor, email.original, old.locale), changes)


class InspectRegistration(Command):
    """Tell the registering browser how far its registration is: waiting, or confirmed (elsewhere)."""

    actors: ClassVar = (Visitor,)

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.REGISTRATIONS}), browser=actor.browser_digest, narrow=True)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[RegistrationView] | Refusal:
        """See `Command.decide`."""
        own = waiting_in(facts, actor, env)
        if actor.browser is None or not own:
            return refuse(Reason.NOTHING_WAITING)
        state = RegistrationState.CONFIRMED if own[0].confirmed_at else RegistrationState.WAITING
        return Decision(RegistrationView(state, own[0].email, suggest_correction(own[0].email)))
