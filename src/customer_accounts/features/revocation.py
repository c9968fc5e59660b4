"""What ends when a password or an address changes: sessions by the epoch, links by removal (truths 1 and 5;
TK-06).

Three kinds of links outlive every change, because they give no power over the account: the way out of the
newsletter, the view of one order, and the one that takes claimed orders out again, which somebody who took the
account over must not be able to bury.  A fourth one outlives it in one case only: "this was not me" in the
mailbox that an account *had*.  Whoever took an account over and moved its address would otherwise bury the
owner's way back by changing the password once more.  The same link in the mailbox that the account still has
belongs to a change that is only asked for; it goes with that change.
"""

from collections.abc import Collection
from uuid import UUID

from attrs import evolve

from customer_accounts.account import AccountRecord
from customer_accounts.address_digest import keyed_digest
from customer_accounts.changes import Change, Remove
from customer_accounts.command import Env
from customer_accounts.email_address import EmailAddress
from customer_accounts.facts import Facts
from customer_accounts.issue import issue_token, spent, with_token
from customer_accounts.token import Purpose, TokenRecord

#: Links that give no power over an account and outlive every change of it.
LASTING = frozenset({Purpose.UNSUBSCRIBE, Purpose.VIEW_ORDER, Purpose.UNDO_CLAIM})


def sessions_ended(account: AccountRecord) -> AccountRecord:
    """Give the account with all its sessions ended (SE-01)."""
    return evolve(account, session_epoch=account.session_epoch + 1)


def dies_with_change(token: TokenRecord, account: AccountRecord) -> bool:
    """Whether a link of *account*, as it will be, ends with a change of its password or address."""
    if token.account_id != account.id or token.used_at is not None or token.purpose in LASTING:
        return False
    way_back = token.purpose is Purpose.CANCEL_EMAIL_CHANGE and token.email_key != account.email_key
    return not way_back


def links_ended(facts: Facts, account: AccountRecord, *, but: Collection[str] = ()) -> list[Change]:
    """Remove the unused links of an account that end with a change.

    Args:
        account: the account as it will be.
        but: digests of links that the caller deals with.
    """
    dying = (one for one in facts.tokens if dies_with_change(one, account))
    return [Remove(one) for one in dying if one.digest not in but]


def changes_of_address_ended(facts: Facts, account: AccountRecord) -> list[Change]:
    """Remove what was asked for inside a session that ends: another address for the account (PH-06).

    The link works in the browser that asked, without the session; it must not bring back what was ended.
    """
    return [
        Remove(one)
        for one in facts.tokens
        if one.purpose is Purpose.CONFIRM_EMAIL_CHANGE
        and one.account_id == account.id
        and one.used_at is None
    ]


def links_after_use(facts: Facts, account: AccountRecord, used: TokenRecord, env: Env) -> list[Change]:
    """End the other links of an account after one was used; its siblings answer "already done" (truth 2).

    Args:
        account: the account as it will be.
        used: the link that the caller uses.
    """
    siblings = siblings_of(used, facts)
    handled = {used.digest, *(one.digest for one in siblings)}
    return [*spent(siblings, env, account.id), *links_ended(facts, account, but=handled)]


def nobody_at(email_key: str, env: Env) -> UUID:
    """Give whose the links are that open nothing: of an address that has no account, always the same."""
    return UUID(keyed_digest(env.settings.secret, "nobody", email_key))


def link_to_nobody(email: EmailAddress, purpose: Purpose, facts: Facts, env: Env) -> list[Change]:
    """Store a link that is mailed to nobody and opens nothing: without it, the time it takes would tell (EN-05).

    It is always the same nobody's, so that there are as few of them as of others' (TK-06).
    """
    nobody = nobody_at(email.key, env)
    link = issue_token(env, purpose, email=email.original, email_key=email.key, account_id=nobody)
    return with_token(link, facts.tokens)


def siblings_of(used: TokenRecord, facts: Facts) -> list[TokenRecord]:
    """Give the other unused links of the same kind, account and mailbox."""
    return [one for one in facts.tokens if one.digest != used.digest and _sibling(one, used)]


def _sibling(one: TokenRecord, used: TokenRecord) -> bool:
    same = (one.purpose, one.account_id, one.email_key) == (used.purpose, used.account_id, used.email_key)
    return same and one.used_at is None
