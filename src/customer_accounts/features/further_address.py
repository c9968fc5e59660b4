"""What begins alike where a signed-in customer names a further address of their own: a change of address, a merge.

The address is read, the person at the keyboard proves to be the customer still, and the address is another one.  In
that order, so that nobody learns from a refusal what a wrong password hides.
"""

from pydantic import SecretStr

from customer_accounts.account import AccountRecord
from customer_accounts.actors import SignedInCustomer
from customer_accounts.command import Env, Refusal, refuse
from customer_accounts.email_address import EmailAddress
from customer_accounts.facts import Facts
from customer_accounts.features.acting import acting
from customer_accounts.features.reauthentication import not_proven
from customer_accounts.features.typed_email import read_email
from customer_accounts.refusals import Reason


def further_address(
    typed: str, current_password: SecretStr | None, facts: Facts, env: Env, actor: SignedInCustomer
) -> tuple[AccountRecord, EmailAddress] | Refusal:
    """Give the customer's account and the address that was typed, or refuse."""
    account = acting(facts, actor)
    email = read_email(typed)
    if isinstance(email, Refusal):
        return email
    refusal = not_proven(account, current_password, env, actor)
    if refusal is not None:
        return refusal
    if email.key == account.email_key:
        return refuse(Reason.SAME_ADDRESS, about="email")
    return account, email
