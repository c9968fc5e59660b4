"""The short code of a confirmation mail, typed in the browser that registered (TK-09).

It is made of the link's own secret, so nothing of it is stored, and works for minutes and a few tries only, over all
requests of that browser.
"""

from attrs import evolve

from customer_accounts.account import RegistrationRecord
from customer_accounts.actors import Visitor
from customer_accounts.changes import update
from customer_accounts.command import Env, Refusal, refuse
from customer_accounts.facts import Facts
from customer_accounts.features.pending_registration import waiting_in
from customer_accounts.issue import event_of
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason
from customer_accounts.token import TokenRecord, same_code, short_code


def link_of_code(code: str, facts: Facts, env: Env, actor: Visitor) -> TokenRecord | Refusal:
    """Find the link whose short code was typed, among those of this browser; every wrong try is counted (TK-09)."""
    own = waiting_in(facts, actor, env)
    if actor.browser is None or not own:
        return refuse(Reason.NOTHING_WAITING)
    waiting = [one for one in own if not one.confirmed_at]
    if not waiting:
        return refuse(Reason.ALREADY_DONE)
    open_to_tries = [one for one in waiting if one.code_tries < env.settings.code_tries]
    for token in facts.tokens:
        if any(is_of_its_address(token, one) for one in open_to_tries) and _code_is(token, code, env):
            return token
    event = event_of(env, actor, EventKind.CODE_WRONG, email=waiting[0].email)
    counted = [update(one, evolve(one, code_tries=one.code_tries + 1)) for one in open_to_tries]
    refusal = refuse(Reason.CODE_WRONG, about="code")
    return Refusal(refusal.refused, changes=counted, announce=(event,))


def _code_is(token: TokenRecord, code: str, env: Env) -> bool:
    secret = env.settings.secret_named(token.key_id)
    young = env.now <= token.created_at + env.settings.code_lifetime
    if secret is None or not young or not token.is_live(env.now):
        return False
    return same_code(short_code(secret, token.token_id), code)


def is_of_its_address(token: TokenRecord, registration: RegistrationRecord) -> bool:
    """Whether a link was mailed to the address that its registration has.

    A mail that overlaps a correction goes to the address before; it must not prove the one after (TK-03).
    """
    return (token.registration_id, token.email_key) == (registration.id, registration.email_key)
