"""One gate for every password that is set: at registration, confirmation, change, reset and conversion (PW-12)."""

from collections.abc import Iterable
from operator import attrgetter

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from customer_accounts.command import Env, Refusal
from customer_accounts.facts import Facts
from customer_accounts.password_policy import PasswordFault
from customer_accounts.refusals import Reason, Refused

_REASONS = {
    PasswordFault.EMPTY: Reason.PASSWORD_EMPTY,
    PasswordFault.TOO_SHORT: Reason.PASSWORD_TOO_SHORT,
    PasswordFault.TOO_LONG: Reason.PASSWORD_TOO_LONG,
    PasswordFault.TOO_COMMON: Reason.PASSWORD_TOO_COMMON,
    PasswordFault.CONTAINS_CONTEXT: Reason.PASSWORD_CONTAINS_CONTEXT,
    PasswordFault.MALFORMED: Reason.PASSWORD_MALFORMED,
    PasswordFault.BREACHED: Reason.PASSWORD_BREACHED,
}

_NAME_OF = attrgetter("name")


def two_passwords(new_password: SecretStr | None, *, generate: bool) -> PydanticCustomError | None:
    """Say that a password cannot be both given and generated."""
    if generate and new_password is not None:
        return PydanticCustomError("password_twice", "give a password or let one be generated, not both")
    return None


def password_refusal(
    password: str, facts: Facts, env: Env, *, email: str, names: Iterable[str] = (), about: str = "password"
) -> Refusal | None:
    """Say what is wrong with a new password, or None.

    Args:
        email: its local part and domain are words that the password may not be built on (PW-07).
        names: further such words, such as the customer's name.
        about: the field that the refusal names.
    """
    shops = (env.settings.storefront.name, *map(_NAME_OF, env.settings.storefronts.values()))
    problem = env.settings.password_policy.problem(password, (email, *names, *shops), breach=facts.breach)
    if problem is None:
        return None
    values = (("minimum", str(problem.minimum)),)
    return Refusal(Refused(_REASONS[problem.code], field=about, detail=problem.code.value, values=values))
