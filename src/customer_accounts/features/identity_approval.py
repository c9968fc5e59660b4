"""Sign-ins that wait for their owner's approval after the password was reset (PH3, PH-03).

Whoever held an account for a while may have linked a sign-in of their own to it.  A reset by way of the
mailbox tells its owner of every linked sign-in, and those linked within `Settings.identity_quarantine` do
nothing until the owner approves them with the link in that mail.

Who may ask: any visitor with the link (`ApproveIdentities`).  It is sent to the account's own address and
dies with the next change of password or address; a customer who missed it links the same identity again while
signed in. Refusals: LINK_INVALID, LINK_EXPIRED, ALREADY_DONE.
"""

from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from attrs import evolve, frozen

from customer_accounts.account import AccountRecord, IdentityRecord
from customer_accounts.actors import Visitor, network_of
from customer_accounts.changes import Change, UseToken, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_links import digest_of, link_to_own_address
from customer_accounts.inputs import TypedToken
from customer_accounts.issue import issue_token, mail_to_account, record_event, spent
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose


@frozen
class IdentitiesApproved:
    """Sign-ins that can be used again; ``providers`` names those that waited."""

    account_id: UUID
    providers: tuple[str, ...]


def identities_of(facts: Facts, account: AccountRecord) -> list[IdentityRecord]:
    """Give the sign-ins that are linked to an account, approved or not."""
    return [one for one in facts.identities if one.account_id == account.id]


def disarmed(linked: Iterable[IdentityRecord], env: Env) -> list[Change]:
    """Put off the sign-ins that were linked within the quarantine."""
    since = env.now - env.settings.identity_quarantine
    return [
        update(one, evolve(one, approved=False)) for one in linked if one.approved and one.linked_at >= since
    ]


def password_changed_mail(account: AccountRecord, facts: Facts, env: Env) -> list[Change]:
    """Put off what was linked shortly before a reset; tell the owner of the reset and of every sign-in."""
    linked = identities_of(facts, account)
    names = ", ".join(one.provider for one in linked)
    young = disarmed(linked, env)
    if not young and all(one.approved for one in linked):
        return [mail_to_account(env, MailPurpose.PASSWORD_CHANGED, account, identities=names)]
    token = issue_token(
        env,
        Purpose.APPROVE_IDENTITIES,
        email=account.email,
        email_key=account.email_key or "",
        account_id=account.id,
    )
    mail = mail_to_account(env, MailPurpose.PASSWORD_CHANGED, account, token=token, identities=names)
    return [*young, insert(token), mail]


class ApproveIdentities(Command):
    """Approve the sign-ins that a reset of the password put off, with the link from its mail."""

    actors: ClassVar = (Visitor,)

    token: TypedToken

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return hits((Limit.LINK_NETWORK, network_of(actor.ip)))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.TOKENS, Part.IDENTITIES})
        return Scope(parts=parts, token=digest_of(self.token))

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[IdentitiesApproved] | Refusal:
        """See `Command.decide`."""
        link = link_to_own_address(facts, self.token, env, Purpose.APPROVE_IDENTITIES)
        if isinstance(link, Refusal):
            return link
        account = link.account
        waiting = [one for one in identities_of(facts, account) if not one.approved]
        siblings = [
            one
            for one in facts.tokens
            if one.purpose is Purpose.APPROVE_IDENTITIES
            and one.account_id == account.id
            and one.digest != link.token.digest
        ]
        providers = tuple(one.provider for one in waiting)
        kind = EventKind.IDENTITIES_APPROVED
        changes = (
            UseToken(link.token.digest, env.now, account.id),
            *spent(siblings, env),
            *(update(one, evolve(one, approved=True)) for one in waiting),
            record_event(
                env, actor, kind, email=account.email, account_id=account.id, detail=", ".join(providers)
            ),
        )
        return Decision(IdentitiesApproved(account.id, providers), changes)
