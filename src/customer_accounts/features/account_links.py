"""A link of an account, as it comes back from a mailbox: who holds it, and why it may not work.

A link proves the mailbox that it was sent to.  It is worth nothing once the account is closed (truth 5), and
a link that speaks for the account's address is worth nothing once the account has another one (TK-03).
"""

from attrs import frozen

from customer_accounts.account import AccountRecord
from customer_accounts.command import Env, Refusal, refuse
from customer_accounts.facts import Facts
from customer_accounts.features.live_links import live_token
from customer_accounts.refusals import Reason
from customer_accounts.token import Purpose, TokenRecord, link_digest


@frozen
class AccountLink:
    """A link that can be used, and its open account."""

    token: TokenRecord
    account: AccountRecord


def digest_of(text: str) -> str:
    """Give the digest to read a link by; what cannot be a link has one that nobody stores (TK-08)."""
    return link_digest(text.strip()) or ""


def account_link(facts: Facts, text: str, env: Env, *purposes: Purpose) -> AccountLink | Refusal:
    """Give a link for one of the purposes, whichever address it was sent to."""
    token = live_token(facts, text, env, *purposes)
    if isinstance(token, Refusal):
        return token
    account = facts.account(token.account_id)
    return refuse(Reason.LINK_INVALID) if account is None else AccountLink(token, account)


def link_to_own_address(facts: Facts, text: str, env: Env, *purposes: Purpose) -> AccountLink | Refusal:
    """Give a link that was sent to the address that its account still has."""
    link = account_link(facts, text, env, *purposes)
    if isinstance(link, AccountLink) and link.token.email_key != link.account.email_key:
        return refuse(Reason.LINK_INVALID)
    return link
