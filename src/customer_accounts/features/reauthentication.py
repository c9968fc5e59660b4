"""Proof that the customer is still the one at the keyboard, asked again before a way in is changed.

An account with a password asks for that password, each time (PW-10; ASVS 6.2.3, 7.5.1).  An account without
one asks for a session that has just begun: the customer signs in once more at the identity provider.
"""

from pydantic import SecretStr

from customer_accounts.account import AccountRecord
from customer_accounts.actors import SignedInCustomer
from customer_accounts.command import Env, Refusal, is_fresh, refuse
from customer_accounts.issue import event_of
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason, Refused


def password_check(actor: SignedInCustomer) -> tuple[Hit, ...]:
    """Count a question for the current password, by account (AB-01)."""
    return hits((Limit.PASSWORD_CHECK, str(actor.account_id)))


def not_fresh(env: Env, actor: SignedInCustomer) -> Refusal | None:
    """Refuse a session that has not just begun, whatever the account has."""
    return None if is_fresh(actor.authenticated_at, env) else refuse(Reason.REAUTHENTICATE)


def not_proven(
    account: AccountRecord, current_password: SecretStr | None, env: Env, actor: SignedInCustomer
) -> Refusal | None:
    """Refuse whoever does not know the account's password, or for lack of one has not just signed in."""
    if account.password_hash is None:
        return not_fresh(env, actor)
    typed = "" if current_password is None else current_password.get_secret_value()
    answer = env.hasher.verify(typed, account.password_hash)
    if answer.ok:
        return None
    kinds = (EventKind.PASSWORD_WRONG, *(() if answer.recognised else (EventKind.HASH_NOT_RECOGNISED,)))
    told = tuple(event_of(env, actor, kind, email=account.email) for kind in kinds)
    return Refusal(Refused(Reason.PASSWORD_WRONG, field="current_password"), announce=told)
