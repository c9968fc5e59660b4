"""How often something may be tried: allowances as data, and the question a command asks of the limiter.

Limits count by address first and by network as a wide brake (AB-01).  They back off, they never lock: after the
period everything is open again, and asking for a password reset never closes sign-in (AB-06).
"""

from datetime import timedelta
from enum import StrEnum

from attrs import frozen


class Limit(StrEnum):
    """What is limited."""

    REGISTER_ADDRESS = "register_address"
    REGISTER_NETWORK = "register_network"
    SIGN_IN_ADDRESS = "sign_in_address"
    SIGN_IN_NETWORK = "sign_in_network"
    MAIL_ADDRESS = "mail_address"
    MAIL_NETWORK = "mail_network"
    CODE = "code"
    LINK_NETWORK = "link_network"
    PASSWORD_CHECK = "password_check"
    ORDER_NETWORK = "order_network"
    ACCOUNT = "account"


@frozen
class Allowance:
    """So many tries in a period; when the limiter itself is down, the try passes only if *open_on_outage*."""

    tries: int
    period: timedelta
    open_on_outage: bool = True


#: The `shop` profile's limits, each with its reason.
ALLOWANCES: dict[Limit, Allowance] = {
    # A person who mistypes and tries again needs three or four; five mails an hour bomb nobody (AB-08).
    Limit.REGISTER_ADDRESS: Allowance(5, timedelta(hours=1)),
    # A school or an office behind one address may open a class of accounts.
    Limit.REGISTER_NETWORK: Allowance(60, timedelta(hours=1)),
    # Ten guesses in a quarter of an hour are a thousand a day, far below the blocklist (ASVS 2.4.1).
    Limit.SIGN_IN_ADDRESS: Allowance(10, timedelta(minutes=15)),
    Limit.SIGN_IN_NETWORK: Allowance(200, timedelta(minutes=15)),
    # Mails that anybody can cause to one address, over all purposes but registration.
    Limit.MAIL_ADDRESS: Allowance(5, timedelta(hours=1)),
    Limit.MAIL_NETWORK: Allowance(60, timedelta(hours=1)),
    # On top of the five tries that the registration itself counts (TK-09); closed when the limiter is down.
    Limit.CODE: Allowance(10, timedelta(minutes=10), open_on_outage=False),
    Limit.LINK_NETWORK: Allowance(300, timedelta(minutes=15)),
    # The current password asked again inside a session.
    Limit.PASSWORD_CHECK: Allowance(10, timedelta(minutes=15)),
    Limit.ORDER_NETWORK: Allowance(120, timedelta(hours=1)),
    # Writes of one signed-in customer; a person never comes near.
    Limit.ACCOUNT: Allowance(600, timedelta(minutes=15)),
}


@frozen
class Hit:
    """One count to make: which limit, and for whom (an e-mail key, a network, an account id)."""

    limit: Limit
    subject: str

    @property
    def key(self) -> str:
        """The limiter's key; the subject is an address's canonical key, so its spelling does not matter (AB-02)."""
        return f"{self.limit}:{self.subject}"


def hits(*pairs: tuple[Limit, str | None]) -> tuple[Hit, ...]:
    """Give the counts whose subject is known; a host that knows no ip is not limited by network."""
    return tuple(Hit(limit, subject) for limit, subject in pairs if subject is not None)
