"""Which two accounts a merge is about: by the link of the other mailbox, or by both addresses."""

from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.command import Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_links import account_link, digest_of
from customer_accounts.features.four_eyes import not_permitted
from customer_accounts.features.merge_rules import MergePlan, plan_merge
from customer_accounts.features.typed_email import email_key_of
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason
from customer_accounts.token import Purpose, TokenRecord

Merging = SignedInCustomer | Agent

_PARTS = frozenset(
    {
        *(Part.ACCOUNTS, Part.TOKENS, Part.IDENTITIES, Part.ADDRESSES, Part.WISH_LISTS),
        *(Part.SUBSCRIPTIONS, Part.CLAIMS, Part.MERGES, Part.PROPOSALS),
    }
)


def contradiction_of(token: str | None, surviving: str, absorbed: str) -> PydanticCustomError | None:
    """Say what is wrong where neither the link alone nor both addresses alone are given."""
    by_address = bool(surviving.strip()) and bool(absorbed.strip())
    if not by_address if token is None else bool(surviving or absorbed):
        return PydanticCustomError("token_or_addresses", "give the token or both addresses")
    return None


def limits_of(actor: Merging) -> tuple[Hit, ...]:
    """Count a customer's tries by the account that asks; staff has no limit."""
    return () if isinstance(actor, Agent) else hits((Limit.PASSWORD_CHECK, str(actor.account_id)))


def scope_of(token: str | None, surviving: str, absorbed: str) -> Scope:
    """Read what both accounts have, by the link or by their addresses."""
    if token is not None:
        return Scope(parts=_PARTS, token=digest_of(token))
    return Scope(parts=_PARTS, email_keys=(email_key_of(surviving), email_key_of(absorbed)))


def by_link(
    text: str | None, facts: Facts, env: Env, actor: SignedInCustomer
) -> tuple[TokenRecord, MergePlan] | Refusal:
    """Give the link and the plan, if the link was asked for in this very account."""
    if text is None:
        return refuse(Reason.NOT_FOUND, about="token")
    link = account_link(facts, text, env, Purpose.CONFIRM_MERGE)
    if isinstance(link, Refusal):
        return link
    if link.account.id != actor.account_id:
        return refuse(Reason.REAUTHENTICATE)
    absorbed = facts.account_at(link.token.email_key)
    if absorbed is None or absorbed.id == link.account.id:
        return refuse(Reason.LINK_INVALID)
    return link.token, plan_merge(link.account, absorbed, facts)


def by_address(surviving: str, absorbed: str, facts: Facts, env: Env, actor: Agent) -> MergePlan | Refusal:
    """Give the plan for the accounts of two addresses, for staff that may merge."""
    refusal = not_permitted(AgentTask.MERGE_ACCOUNTS, env, actor)
    if refusal is not None:
        return refusal
    found: list[AccountRecord] = []
    for name, typed in (("surviving", surviving), ("absorbed", absorbed)):
        account = facts.account_at(email_key_of(typed))
        if account is None:
            return refuse(Reason.NOT_FOUND, about=name)
        found.append(account)
    if found[0].id == found[1].id:
        return refuse(Reason.SAME_ADDRESS, about="absorbed")
    return plan_merge(found[0], found[1], facts)
