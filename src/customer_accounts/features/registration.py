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
from hashlib import sha1
from typing import ClassVar
from uuid import UUID, uuid4

from attrs import evolve, frozen
from pydantic import Field, SecretStr
from pydantic_core import PydanticCustomError

from customer_accounts.account import Consent, RegistrationRecord
from customer_accounts.actors import Actor, SignedInCustomer, Visitor, network_of
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress, EmailAddressError, suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.delivery_address import address_refusal
from customer_accounts.features.new_password import password_refusal, two_passwords
from customer_accounts.inputs import (
    AddressInput,
    CompanyInput,
    Line,
    Locale,
    NewsletterInput,
    RelativePath,
    TypedEmail,
)
from customer_accounts.issue import issue_token, mail_to_account, queue_mail, record_event, with_token
from customer_accounts.limiting import Hit, Limit, hits, seen_from
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose
from customer_accounts.wording import wording

_PARTS = frozenset({Part.ACCOUNTS, Part.REGISTRATIONS, Part.TOKENS})
_NAMESPACE = UUID("2f1c1a52-6a0e-4b53-8f0e-6f2d1c8f0b11").bytes

#: Stands where the digest of a browser would in what staff began; no digest has this shape, so no browser matches.
BY_STAFF = "conversion:"


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


def read_email(typed: str) -> EmailAddress | Refusal:
    """Read an address as typed, or refuse it with the likely correction (F06; EM-02)."""
    try:
        return EmailAddress.parse(typed)
    except EmailAddressError as error:
        return refuse(
            Reason.EMAIL_INVALID, suggestion=error.suggestion, about="email", detail=str(error.reason.value)
        )


def email_key_of(typed: str) -> str:
    """Give the key for counting and reading; an unreadable address has a key that nobody owns."""
    try:
        return EmailAddress.parse(typed).key
    except EmailAddressError:
        return ""


def registering(typed: str, actor: Visitor) -> tuple[Hit, ...]:
    """Give the counts of a try to register an address."""
    key, network = email_key_of(typed) or None, network_of(actor.ip)
    return hits(
        (Limit.REGISTER_NETWORK, network),
        (Limit.REGISTER_ADDRESS, seen_from(key, network)),
        (Limit.REGISTER_ADDRESS_EVERYWHERE, key),
    )


def mailing(typed: str, actor: Visitor | SignedInCustomer) -> tuple[Hit, ...]:
    """Give the counts of a mail that anybody can cause to an address."""
    key, network = email_key_of(typed) or None, network_of(actor.ip)
    return hits(
        (Limit.MAIL_NETWORK, network),
        (Limit.MAIL_ADDRESS, seen_from(key, network)),
        (Limit.MAIL_ADDRESS_EVERYWHERE, key),
    )


def answer(env: Env, actor: Actor, email: str, locale: str) -> Registered:
    """Make the answer that is the same for every address."""
    shop = env.settings.storefront_at(actor.storefront) or env.settings.storefront
    advice = wording("registration", "advice", locale, contact=shop.contact)
    return Registered(email, suggest_correction(email), advice, shop.contact)


def registration_id(actor: Visitor, command_id: UUID, email: EmailAddress) -> UUID:
    """Give the id of what a command creates: the client's id, unique for each actor (RL-08).

    The address is part of it: a form that is sent again with the address put right asks for something else.
    """
    # What `uuid.uuid5` makes, which imports its hash anew each time.
    name = f"{actor.browser_digest}:{command_id}:{email.key}".encode()
    return UUID(bytes=sha1(_NAMESPACE + name, usedforsecurity=False).digest()[:16], version=5)


def begin(facts: Facts, env: Env, actor: Actor, wanted: RegistrationRecord) -> list[Change]:
    """Store a pending registration and queue the mail that belongs to the address.

    It replaces the one that the same browser has for the same address, or that a repeat finds (RL-08); of too
    many, the oldest goes (PH-09).
    """
    pending = [
        one for one in facts.registrations if one.email_key == wanted.email_key and not one.confirmed_at
    ]
    own = next((one for one in pending if one.id == wanted.id or one.browser == wanted.browser), None)
    if own is not None:
        wanted = evolve(wanted, id=own.id, version=own.version, code_tries=own.code_tries)
        return [update(own, wanted), *confirmation_mail(facts, env, actor, wanted)]
    if facts.registration(wanted.id) is not None:  # a repeat after the proof; that one stays with its account
        wanted = evolve(wanted, id=env.new_id())
    return [
        *_room_for_one_more(wanted, facts, env),
        insert(wanted),
        *confirmation_mail(facts, env, actor, wanted),
    ]


def _room_for_one_more(wanted: RegistrationRecord, facts: Facts, env: Env) -> list[Change]:
    """Remove the oldest where too many wait, for one address (PH-09) or in one browser, with their links.

    What staff began for a customer is not counted: strangers must not push it out.
    """
    if not facts.registrations:
        return []
    others = sorted(facts.registrations, key=lambda one: one.created_at)
    here = [one for one in others if one.browser == wanted.browser]
    waiting = [
        one
        for one in others
        if one.email_key == wanted.email_key and not one.confirmed_at and not one.browser.startswith(BY_STAFF)
    ]
    surplus = {
        one.id: one
        for one in (
            *waiting[: max(0, len(waiting) - env.settings.registrations_per_address + 1)],
            *here[: max(0, len(here) - env.settings.registrations_per_browser + 1)],
        )
    }
    links = [one for one in facts.tokens if one.registration_id in surplus and one.used_at is None]
    return [*map(Remove, surplus.values()), *map(Remove, links)]


def confirmation_mail(facts: Facts, env: Env, actor: Actor, registration: RegistrationRecord) -> list[Change]:
    """Queue the link and code; where the address has an account, its owner is told so instead (EN-02)."""
    owner = facts.account_at(registration.email_key)
    if owner is not None:
        kind = EventKind.REGISTRATION_FOR_KNOWN_ADDRESS
        return [
            mail_to_account(env, MailPurpose.ALREADY_REGISTERED, owner),
            record_event(env, actor, kind, email=registration.email),
        ]
    token = issue_token(
        env,
        Purpose.CONFIRM_REGISTRATION,
        email=registration.email,
        email_key=registration.email_key,
        registration_id=registration.id,
    )
    return [
        *with_token(token, facts.tokens),
        queue_mail(
            env,
            MailPurpose.CONFIRM_REGISTRATION,
            to=registration.email,
            locale=registration.locale,
            storefront=registration.storefront,
            token=token,
        ),
        record_event(env, actor, EventKind.REGISTRATION_REQUESTED, email=registration.email),
    ]


def waiting_for(facts: Facts, actor: Visitor, env: Env) -> RegistrationRecord | None:
    """Give the registration to remind of: this browser's, else the newest; a proof elsewhere completes it."""
    waiting = [one for one in facts.registrations if not one.confirmed_at and env.now <= one.expires_at]
    return max(waiting, key=lambda one: (one.browser == actor.browser_digest, one.created_at), default=None)


def waiting_in(facts: Facts, actor: Visitor, env: Env) -> list[RegistrationRecord]:
    """Give the browser's own registrations that have not expired, the newest first."""
    own = [
        one
        for one in facts.registrations
        if one.browser == actor.browser_digest and env.now <= one.expires_at
    ]
    return sorted(own, key=lambda one: one.created_at, reverse=True)


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
        return Scope(parts=_PARTS, email_keys=(email_key_of(self.email),), browser=actor.browser_digest)

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
        return Scope(parts=_PARTS, email_keys=(email_key_of(self.email),), browser=actor.browser_digest)

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
            *_room_for_one_more(corrected, evolve(facts, registrations=strangers), env),
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
        return Scope(parts=frozenset({Part.REGISTRATIONS}), browser=actor.browser_digest)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[RegistrationView] | Refusal:
        """See `Command.decide`."""
        own = waiting_in(facts, actor, env)
        if actor.browser is None or not own:
            return refuse(Reason.NOTHING_WAITING)
        state = RegistrationState.CONFIRMED if own[0].confirmed_at else RegistrationState.WAITING
        return Decision(RegistrationView(state, own[0].email, suggest_correction(own[0].email)))
