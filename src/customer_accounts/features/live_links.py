"""A link as it comes back from a mailbox: whether it can still be used, and whether this browser asked for it."""

from customer_accounts.actors import SignedInCustomer, Visitor, browser_digest
from customer_accounts.command import Env, Refusal, refuse
from customer_accounts.facts import Facts
from customer_accounts.refusals import Reason
from customer_accounts.token import Purpose, TokenRecord, link_digest


def live_token(facts: Facts, text: str, env: Env, *purposes: Purpose) -> TokenRecord | Refusal:
    """Give the link that can still be used for one of the purposes, or the refusal that says why not."""
    digest = link_digest(text.strip())
    token = None if digest is None else facts.token(digest)
    if token is None or token.purpose not in purposes:
        return refuse(Reason.LINK_INVALID)
    if token.used_at is not None:
        return refuse(Reason.ALREADY_DONE)
    return token if token.is_live(env.now) else refuse(Reason.LINK_EXPIRED)


def asked_in(token: TokenRecord, actor: Visitor | SignedInCustomer) -> bool:
    """Whether the browser is the one that asked for a link."""
    return (
        token.browser is not None
        and actor.browser is not None
        and browser_digest(actor.browser) == token.browser
    )
