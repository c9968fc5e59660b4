"""What becomes of an invitation to a guest: sent again, taken back, or it ends by itself (F16).

* `ResendInvitation` mails a new link for the newest invitation of an address that waits, and lets it wait
  anew; an earlier link keeps working, of more than three the oldest goes (TK-06).  It goes to the address
  that the invitation stores (EM-05), whatever spelling staff typed.  Within a minute of the last link it
  sends nothing more: a repeat after a lost answer, or a double click, bombs nobody (RL-08).
* `CancelInvitation` takes back all invitations of an address that wait; their links are dead at once.  What
  the customer has begun meanwhile, by a registration or by using the link, stays.  Asked again it takes back
  nothing more.
* An invitation that nobody uses ends after `Settings.lifetimes`, and `purge` deletes it; a customer who
  comes later is converted anew.
* Who did it and why stands in the audit trail.

Refusals: EMAIL_INVALID, NOTHING_WAITING, PERMISSION_MISSING.
Mails: SET_PASSWORD.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from attrs import evolve, frozen

from customer_accounts.account import RegistrationRecord
from customer_accounts.actors import Agent
from customer_accounts.changes import Change, Remove, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.four_eyes import not_permitted
from customer_accounts.features.pending_registration import BY_STAFF
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.inputs import Reference, TypedEmail
from customer_accounts.issue import issue_token, queue_mail, record_event, with_token
from customer_accounts.outbox import Detail, EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason
from customer_accounts.token import Purpose

_PARTS = frozenset({Part.REGISTRATIONS, Part.TOKENS})
#: A second mail sooner than this is a double click or a repeat.
_PAUSE = timedelta(minutes=1)


@frozen
class InvitationResent:
    """An invitation that waits again; ``link_expires_at`` is when its newest link ends, UTC."""

    link_expires_at: datetime


@frozen
class InvitationCancelled:
    """How many invitations were taken back."""

    cancelled: int


def invitations(facts: Facts, email_key: str) -> list[RegistrationRecord]:
    """Give the invitations of an address that nobody has used, the oldest first."""
    waiting = [
        one
        for one in facts.registrations
        if one.email_key == email_key and one.browser.startswith(BY_STAFF) and not one.confirmed_at
    ]
    return sorted(waiting, key=lambda one: one.created_at)


def invitation_link(guest: RegistrationRecord, facts: Facts, env: Env, *, variant: str = "") -> list[Change]:
    """Make the link of an invitation and queue its mail, to the address that the invitation stores.

    Args:
        variant: names another beginning of the mail, such as ``imported``.
    """
    token = issue_token(
        env, Purpose.SET_PASSWORD, email=guest.email, email_key=guest.email_key, registration_id=guest.id
    )
    mail = queue_mail(
        env,
        MailPurpose.SET_PASSWORD,
        to=guest.email,
        locale=guest.locale,
        storefront=guest.storefront,
        token=token,
    )
    if variant:
        mail = evolve(mail, mail=evolve(mail.mail, details=(Detail("variant", variant),)))
    return [*with_token(token, facts.tokens), mail]


class ResendInvitation(Command):
    """Mail a guest another link to the account that waits.

    Args:
        email: the guest's address, in any spelling of it.
        reason: why, for the audit trail; one line.
    """

    actors: ClassVar = (Agent,)

    email: TypedEmail
    reason: Reference

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, email_keys=(email_key_of(self.email),))

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[InvitationResent] | Refusal:
        """See `Command.decide`."""
        email = _read(self.email, env, actor)
        if isinstance(email, Refusal):
            return email
        waiting = [one for one in invitations(facts, email.key) if env.now <= one.expires_at]
        if not waiting:
            return refuse(Reason.NOTHING_WAITING, about="email")
        guest = waiting[-1]
        made = [one.created_at for one in facts.tokens if one.registration_id == guest.id and not one.used_at]
        if any(env.now - at < _PAUSE for at in made):
            return Decision(InvitationResent(guest.expires_at))
        further = evolve(guest, expires_at=env.now + env.settings.lifetimes[Purpose.SET_PASSWORD])
        event = record_event(env, actor, EventKind.INVITATION_RESENT, email=guest.email, detail=self.reason)
        changes = [update(guest, further), *invitation_link(further, facts, env), event]
        return Decision(InvitationResent(further.expires_at), changes)


class CancelInvitation(Command):
    """Take back what was sent to a guest; the links in the mails are dead."""

    actors: ClassVar = (Agent,)

    email: TypedEmail
    reason: Reference

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, email_keys=(email_key_of(self.email),))

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[InvitationCancelled] | Refusal:
        """See `Command.decide`."""
        email = _read(self.email, env, actor)
        if isinstance(email, Refusal):
            return email
        waiting = invitations(facts, email.key)
        if not waiting:
            return Decision(InvitationCancelled(0))
        gone = {one.id for one in waiting}
        links = [one for one in facts.tokens if one.registration_id in gone]
        event = record_event(
            env, actor, EventKind.INVITATION_CANCELLED, email=waiting[0].email, detail=self.reason
        )
        return Decision(
            InvitationCancelled(len(waiting)), [*map(Remove, waiting), *map(Remove, links), event]
        )


def _read(typed: str, env: Env, actor: Agent) -> EmailAddress | Refusal:
    return not_permitted(AgentTask.CONVERT_GUEST, env, actor) or read_email(typed)
