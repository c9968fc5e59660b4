"""A guest wrote to the shop, and staff makes the way to a normal account (F16).

* `ConvertGuest` names the guest's address and the reason.  A mail with a link goes to the address that the
  guest's orders store, never to what staff typed (EM-05); the account begins when that link is used,
  because only the mailbox proves who it is (GM-01, GM-03).  The guest orders come along then, as with every
  first proof.
* Staff neither sets nor sees a password, and the answer holds no link (PW-13): the customer chooses one at
  `ConfirmEmail`, or lets it be made.
* Who did it, why, and on which evidence stands in the audit trail (GUEST_CONVERTED).  A shop can demand a
  permission, or that two agents agree (`customer_accounts.features.four_eyes`).
* Without an order under the address there is no guest to convert: NOT_FOUND.  Agents may know (truth 3
  binds visitors only).  Where the address has an account already, the answer says so, and the owner is told
  by mail how to sign in.
* Every conversion has its own link, so an earlier one keeps working; of more than three that wait for one
  address, the oldest goes.  The same command again does nothing more (RL-08).

Sent again or taken back: `customer_accounts.features.conversion_invitation`.

Refusals: EMAIL_INVALID, NOT_FOUND, PERMISSION_MISSING, SECOND_AGENT_NEEDED, PROPOSAL_DIFFERS.
Mails: SET_PASSWORD to the guest, ALREADY_REGISTERED to the owner of an account.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid4, uuid5

from attrs import frozen
from pydantic import Field

from customer_accounts.account import AccountRecord, RegistrationRecord
from customer_accounts.actors import Agent
from customer_accounts.changes import Change, Remove, insert
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.claiming import recent_since
from customer_accounts.features.conversion_invitation import invitation_link, invitations
from customer_accounts.features.four_eyes import agreed, not_permitted
from customer_accounts.features.pending_registration import BY_STAFF
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.inputs import Line, Locale, Reference, TypedEmail
from customer_accounts.issue import queue_mail, record_event
from customer_accounts.order import GuestOrderGroup
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason
from customer_accounts.token import LIVE_TOKENS, Purpose

_PARTS = frozenset({Part.ACCOUNTS, Part.REGISTRATIONS, Part.TOKENS, Part.GUEST_ORDERS, Part.PROPOSALS})
_NAMESPACE = UUID("d3a4f4c2-0a6b-4f0c-9a0a-5b8d6c1e7f42")


class ConversionOutcome(StrEnum):
    """What came of a conversion."""

    INVITED = "invited"
    ALREADY_CUSTOMER = "already_customer"


@frozen
class GuestConversion:
    """What an agent is told; there is no link and no password in it (PW-13).

    Args:
        orders: how many guest orders of the address come along, or can be claimed by the customer.
        older_orders: how many are too old for the proof of the mailbox alone.
        link_expires_at: until when the mailed link works, UTC; None for somebody who is a customer already.
    """

    outcome: ConversionOutcome
    orders: int
    older_orders: int
    link_expires_at: datetime | None = None


class ConvertGuest(Command):
    """Send a guest the link with which a normal account begins.

    Args:
        id: chosen by the host; the same id again does nothing more.
        email: the guest's address, in any spelling of it.
        reason: why, for the audit trail; one line.
        evidence: what shows that the writer is the guest, such as a letter's number, for the audit trail.
        locale: language of the mail and of the account.
    """

    actors: ClassVar = (Agent,)

    id: UUID = Field(default_factory=uuid4)
    email: TypedEmail
    reason: Reference
    evidence: Line = ""
    locale: Locale = "en"

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        key = email_key_of(self.email)
        return Scope(parts=_PARTS, email_keys=(key,), recent_since=recent_since(env), case=self.id)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[GuestConversion] | Refusal:
        """See `Command.decide`."""
        email = read_email(self.email)
        if isinstance(email, Refusal):
            return email
        groups = [one for one in facts.guest_orders if one.email_key == email.key]
        invited = facts.registration(self._own_id(actor))
        if invited is not None:
            return Decision(_conversion(groups, invited.expires_at))
        refusal = not_permitted(AgentTask.CONVERT_GUEST, env, actor)
        if refusal is not None:
            return refusal
        owner = facts.account_at(email.key)
        if owner is not None:
            return Decision(_conversion(groups, None), self._told_to(owner, env, actor))
        if not groups:
            return refuse(Reason.NOT_FOUND, about="email")
        same = self.model_copy(update={"email": email.original})
        together = agreed(same, AgentTask.CONVERT_GUEST, facts, env, actor)
        if isinstance(together, Refusal):
            return together
        guest = self._registration(groups, env, actor)
        invited_now = self._invitation(guest, facts, env, actor)
        changes = [*together, *_without_surplus(guest, facts), *invited_now]
        return Decision(_conversion(groups, guest.expires_at), changes)

    def _own_id(self, actor: Agent) -> UUID:
        return uuid5(_NAMESPACE, f"{actor.id}:{self.id}")

    def _told_to(self, owner: AccountRecord, env: Env, actor: Agent) -> list[Change]:
        """Tell the owner that there is an account, and the audit trail who wanted another one."""
        mail = queue_mail(
            env,
            MailPurpose.ALREADY_REGISTERED,
            mail_id=self._own_id(actor),
            to=owner.email,
            locale=owner.locale,
            storefront=owner.storefront,
            account_id=owner.id,
        )
        kind = EventKind.REGISTRATION_FOR_KNOWN_ADDRESS
        event = record_event(env, actor, kind, email=owner.email, account_id=owner.id, detail=self.reason)
        return [mail, event]

    def _registration(self, groups: Sequence[GuestOrderGroup], env: Env, actor: Agent) -> RegistrationRecord:
        newest = max(groups, key=lambda one: one.newest)
        return RegistrationRecord(
            id=self._own_id(actor),
            email=newest.email,
            email_key=newest.email_key,
            browser=BY_STAFF + env.random(16).hex(),
            created_at=env.now,
            expires_at=env.now + env.settings.lifetimes[Purpose.SET_PASSWORD],
            locale=self.locale,
            storefront=actor.storefront,
        )

    def _invitation(self, guest: RegistrationRecord, facts: Facts, env: Env, actor: Agent) -> list[Change]:
        event = record_event(
            env,
            actor,
            EventKind.GUEST_CONVERTED,
            email=guest.email,
            detail=because(self.reason, self.evidence),
        )
        return [insert(guest), *invitation_link(guest, facts, env), event]


def because(reason: str, evidence: str) -> str:
    """Give reason and evidence as the audit trail has them."""
    return f"{reason}; evidence: {evidence}" if evidence.strip() else reason


def _conversion(groups: Sequence[GuestOrderGroup], expires_at: datetime | None) -> GuestConversion:
    outcome = ConversionOutcome.INVITED if expires_at else ConversionOutcome.ALREADY_CUSTOMER
    orders = sum(one.count for one in groups if one.recent)
    older = sum(one.count for one in groups if not one.recent)
    return GuestConversion(outcome, orders, older, expires_at)


def _without_surplus(guest: RegistrationRecord, facts: Facts) -> list[Change]:
    """Remove the oldest conversions of the address, so that with the new one at most `LIVE_TOKENS` wait."""
    waiting = invitations(facts, guest.email_key)
    surplus = waiting[: max(0, len(waiting) - LIVE_TOKENS + 1)]
    gone = {one.id for one in surplus}
    links = [one for one in facts.tokens if one.registration_id in gone]
    return [*map(Remove, surplus), *map(Remove, links)]
