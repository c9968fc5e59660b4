"""What all features share that begin with a sign-in: the account of the customer who asks, and the count of writes."""

from customer_accounts.account import AccountRecord
from customer_accounts.actors import SignedInCustomer
from customer_accounts.facts import Facts
from customer_accounts.limiting import Hit, Limit, hits


def acting(facts: Facts, actor: SignedInCustomer) -> AccountRecord:
    """Give the account behind a session; the runner has read it and compared its epoch before (SE-01)."""
    account = facts.account(actor.account_id)
    assert account is not None, (
        "the runner refuses sessions without an open account before anything is decided"
    )
    return account


def write_of(actor: SignedInCustomer) -> tuple[Hit, ...]:
    """Give the count of one write of a signed-in customer, by account (AB-01)."""
    return hits((Limit.ACCOUNT, str(actor.account_id)))
