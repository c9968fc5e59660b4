"""Undoing a change of the e-mail address: "this was not me", from the mailbox that the account has or had
(EM-12).

Who may ask: any visitor with the link that the old mailbox got when the change was asked for, or when it was
made.

* `CancelEmailChange` ("this was not me") takes the link from the old mailbox.  Before the change it withdraws
  all requests and ends all sessions.  *After* the change, within the link's own life, it puts the old address
  back if it is still free: the exception to truth 5, without which whoever knows the password could carry the
  account away for good.  Then whoever changed the address knew a way in, so none of theirs is left: the
  password is taken away, sign-ins linked lately wait for approval, and the old mailbox gets the link for a
  new password.
* Of several changes in a row the earliest mailbox wins: its link undoes all later ones and ends their links,
  while a link of a later mailbox never ends that of an earlier one.

Refusals: LINK_INVALID (also where the old address has found another account), LINK_EXPIRED, ALREADY_DONE.
Mails after an undone change: RESET_PASSWORD to the restored mailbox, EMAIL_CHANGED to the other one.
"""

from typing import ClassVar
from uuid import UUID

from attrs import evolve, frozen

from customer_accounts.actors import Visitor, network_of
from customer_accounts.changes import Change, Remove, UseToken, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_links import AccountLink, account_link, digest_of
from customer_accounts.features.account_opening import without_rivals
from customer_accounts.features.email_change import subscription_ended, with_address
from customer_accounts.features.identity_approval import disarmed, identities_of
from customer_accounts.features.password_reset import reset_mail
from customer_accounts.features.revocation import (
    changes_of_address_ended,
    links_after_use,
    sessions_ended,
    siblings_of,
)
from customer_accounts.inputs import TypedToken
from customer_accounts.issue import mail_to_account, record_event, spent
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose, TokenRecord

_PARTS = frozenset({Part.ACCOUNTS, Part.REGISTRATIONS, Part.TOKENS, Part.IDENTITIES, Part.SUBSCRIPTIONS})


@frozen
class EmailChangeCancelled:
    """A change of address that was withdrawn or undone.

    Args:
        email: the address that the account has.
        restored: whether the address had been changed already; then a new password comes by the mailbox.
    """

    account_id: UUID
    email: str
    restored: bool


class CancelEmailChange(Command):
    """Withdraw or undo a change of address, with the link from the old mailbox."""

    actors: ClassVar = (Visitor,)

    token: TypedToken

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return hits((Limit.LINK_NETWORK, network_of(actor.ip)))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=_PARTS, token=digest_of(self.token))

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[EmailChangeCancelled] | Refusal:
        """See `Command.decide`."""
        link = account_link(facts, self.token, env, Purpose.CANCEL_EMAIL_CHANGE)
        if isinstance(link, Refusal):
            return link
        account, token = link.account, link.token
        restores = account.email_key != token.email_key
        if restores and facts.account_at(token.email_key) is not None:
            return refuse(Reason.LINK_INVALID)
        event = record_event(
            env,
            actor,
            EventKind.EMAIL_CHANGE_CANCELLED,
            email=token.email,
            account_id=account.id,
            detail="restored" if restores else "withdrawn",
        )
        changes = _restored(link, facts, env, actor) if restores else _withdrawn(link, facts, env)
        result = EmailChangeCancelled(account.id, token.email if restores else account.email, restores)
        return Decision(result, (UseToken(token.digest, env.now, account.id), *changes, event))


def _withdrawn(link: AccountLink, facts: Facts, env: Env) -> list[Change]:
    account = link.account
    return [
        update(account, sessions_ended(account)),
        *changes_of_address_ended(facts, account),
        *spent(siblings_of(link.token, facts), env),
    ]


def _restored(link: AccountLink, facts: Facts, env: Env, actor: Visitor) -> list[Change]:
    old, token = link.account, link.token
    new = evolve(
        with_address(old, token, env),
        password_hash=None,
        password_generated=False,
        must_change_password=False,
    )
    return [
        update(old, new),
        *links_after_use(facts, new, token, env),
        *(Remove(one) for one in facts.tokens if _later_way_back(one, token)),
        *without_rivals(token.email_key, facts, env, actor, new),
        *subscription_ended(new, facts, env, actor),
        *disarmed(identities_of(facts, new), env),
        *reset_mail(new, evolve(facts, tokens=()), env),
        mail_to_account(env, MailPurpose.EMAIL_CHANGED, old, audience="old"),
    ]


def _later_way_back(one: TokenRecord, used: TokenRecord) -> bool:
    """Whether a link leads back to an address that the account had later than the one that is put back."""
    same_kind = one.purpose is used.purpose and one.account_id == used.account_id and one.used_at is None
    return same_kind and one.email_key != used.email_key and one.created_at >= used.created_at
