"""A customer asks to merge another account of their own into this one, and that account's mailbox gets the link.

* Signed in to the account that shall go on, with its password or a session that has just begun, the customer names the
  other address.
* The answer is the same for every address (EN-01); where the address has an account, its mailbox gets a link, in that
  account's language and with the asking address masked.  A mailbox without an account hears nothing.
* The link merges nothing by itself: `customer_accounts.features.account_merge`.

Refusals: EMAIL_INVALID, SAME_ADDRESS, PASSWORD_WRONG, REAUTHENTICATE.
Mails: CONFIRM_MERGE.
"""

from typing import ClassVar

from attrs import frozen
from pydantic import SecretStr

from customer_accounts.account import AccountRecord
from customer_accounts.actors import SignedInCustomer
from customer_accounts.changes import Change, update
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.email_address import suggest_correction
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.further_address import further_address
from customer_accounts.features.reauthentication import password_check
from customer_accounts.features.typed_email import email_key_of, mailing
from customer_accounts.inputs import TypedEmail
from customer_accounts.issue import issue_token, mail_to_account, masked, record_event, with_token
from customer_accounts.limiting import Hit
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose
from customer_accounts.wording import wording


@frozen
class MergeRequested:
    """What a customer is told who names another account's address; the same for every address.

    Args:
        email: the address as it was understood.
        email_suggestion: the address that was probably meant, or None (F06).
        advice: where to look, and where the link works.
    """

    email: str
    email_suggestion: str | None
    advice: str


class RequestMerge(Command):
    """Ask to merge another account of one's own into this one; its mailbox gets the link."""

    actors: ClassVar = (SignedInCustomer,)
    hashes: ClassVar = True

    email: TypedEmail
    current_password: SecretStr | None = None

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return (*password_check(actor), *mailing(self.email, actor))

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.TOKENS})
        return Scope(parts=parts, email_keys=(email_key_of(self.email),))

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[MergeRequested] | Refusal:
        """See `Command.decide`."""
        named = further_address(self.email, self.current_password, facts, env, actor)
        if isinstance(named, Refusal):
            return named
        account, email = named
        other = facts.account_at(email.key)
        changes = [
            # A reset or sign-out meanwhile ends this session; its link must not be left over.
            update(account, account),
            *([] if other is None else _asked(account, other, facts, env)),
            record_event(env, actor, EventKind.MERGE_REQUESTED, email=email.original),
        ]
        advice = wording("account_merge", "advice", account.locale)
        suggestion = suggest_correction(email.original)
        return Decision(MergeRequested(email.original, suggestion, advice), changes)


def _asked(account: AccountRecord, other: AccountRecord, facts: Facts, env: Env) -> list[Change]:
    token = issue_token(
        env,
        Purpose.CONFIRM_MERGE,
        email=other.email,
        email_key=other.email_key or "",
        account_id=account.id,
    )
    mail = mail_to_account(
        env, MailPurpose.CONFIRM_MERGE, other, token=token, new_address=masked(account.email)
    )
    return [*with_token(token, facts.tokens), mail]
