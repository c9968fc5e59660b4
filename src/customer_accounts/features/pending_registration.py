"""A pending registration: how it begins, what it takes the place of, and the mail that belongs to its address."""

from hashlib import sha1
from uuid import UUID

from attrs import evolve

from customer_accounts.account import RegistrationRecord
from customer_accounts.actors import Actor, Visitor
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Env
from customer_accounts.email_address import EmailAddress
from customer_accounts.facts import Facts
from customer_accounts.issue import issue_token, mail_to_account, queue_mail, record_event, with_token
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.token import Purpose

_NAMESPACE = UUID("2f1c1a52-6a0e-4b53-8f0e-6f2d1c8f0b11")
# Where `uuid.uuid5` begins anew for each name (RFC 9562 section 5.5), with 3 % of the time of a registration.
_IN_NAMESPACE = sha1(_NAMESPACE.bytes, usedforsecurity=False)

#: Stands where the digest of a browser would in what staff began; no digest has this shape, so no browser matches.
BY_STAFF = "conversion:"


def registration_id(actor: Visitor, command_id: UUID, email: EmailAddress) -> UUID:
    """Give the id of what a command creates: the client's id, unique for each actor (RL-08).

    The address is part of it: a form that is sent again with the address put right asks for something else.
    """
    made = _IN_NAMESPACE.copy()
    made.update(f"{actor.browser_digest}:{command_id}:{email.key}".encode())
    return UUID(bytes=made.digest()[:16], version=5)


def begin(facts: Facts, env: Env, actor: Actor, wanted: RegistrationRecord) -> list[Change]:
    """Store a pending registration and queue the mail that belongs to the address.

    It replaces the one that the same browser has for the same address, or that a repeat finds (RL-08); of too
    many, the oldest goes (PH-09).
    """
    own = one_to_replace(wanted, facts)
    if own is not None:
        wanted = evolve(wanted, id=own.id, version=own.version, code_tries=own.code_tries)
        return [update(own, wanted), *confirmation_mail(facts, env, actor, wanted)]
    if facts.registration(wanted.id) is not None:  # a repeat after the proof; that one stays with its account
        wanted = evolve(wanted, id=env.new_id())
    return [
        *room_for_one_more(wanted, facts, env),
        insert(wanted),
        *confirmation_mail(facts, env, actor, wanted),
    ]


def one_to_replace(wanted: RegistrationRecord, facts: Facts) -> RegistrationRecord | None:
    """Give the one that the same browser has for the same address, or that a repeat finds, unless it was confirmed."""
    return next(
        (
            one
            for one in facts.registrations
            if one.email_key == wanted.email_key
            and not one.confirmed_at
            and (one.id == wanted.id or one.browser == wanted.browser)
        ),
        None,
    )


def room_for_one_more(wanted: RegistrationRecord, facts: Facts, env: Env) -> list[Change]:
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
