"""How often something may be tried: allowances as data, and the question a command asks of the limiter.

Limits count by address and by network (AB-01).  The narrow count of an address is that of one network, so that a
stranger who tries an address over and over closes it for himself and not for its owner; the count of an address
over all networks and that of a network over all addresses are wide brakes.  The network is counted first: one
that is over its limit uses up nobody's address.  Limits back off, they never lock: after the period everything is
open again, and asking for a password reset never closes sign-in (AB-06).
"""

from datetime import timedelta
from enum import StrEnum

from attrs import field, frozen

from customer_accounts.arguments import must_be


class Limit(StrEnum):
    """What is limited."""

    REGISTER_ADDRESS = "register_address"
    REGISTER_ADDRESS_EVERYWHERE = "register_address_everywhere"
    REGISTER_NETWORK = "register_network"
    SIGN_IN_ADDRESS = "sign_in_address"
    SIGN_IN_ADDRESS_EVERYWHERE = "sign_in_address_everywhere"
    SIGN_IN_NETWORK = "sign_in_network"
    MAIL_ADDRESS = "mail_address"
    MAIL_ADDRESS_EVERYWHERE = "mail_address_everywhere"
    MAIL_NETWORK = "mail_network"
    CODE = "code"
    LINK_NETWORK = "link_network"
    PASSWORD_CHECK = "password_check"
    ORDER_NETWORK = "order_network"
    REQUEST_ADDRESS = "request_address"
    REQUEST_NETWORK = "request_network"
    CLAIM_ACCOUNT = "claim_account"
    CLAIM_NUMBER = "claim_number"
    ACCOUNT = "account"


@frozen
class Allowance:
    """So many tries in a period; when the limiter itself is down, the try passes only if *open_on_outage*.

    Raises:
        ValueError: not a single try is allowed, or the period is no time at all.
        TypeError: an argument of another kind.
    """

    tries: int = field(validator=must_be(int))
    period: timedelta = field(validator=must_be(timedelta))
    open_on_outage: bool = field(default=True, validator=must_be(bool))

    def __attrs_post_init__(self) -> None:
        if self.tries < 1 or self.period <= timedelta(0):
            raise ValueError("an allowance must have at least one try and a period")


#: The `shop` profile's limits, each with its reason.
ALLOWANCES: dict[Limit, Allowance] = {
    # A person who mistypes and tries again needs three or four; five mails an hour bomb nobody (AB-08).
    Limit.REGISTER_ADDRESS: Allowance(5, timedelta(hours=1)),
    # Over all networks: strangers need four to keep an owner out, and twenty mails an hour still bomb nobody.
    Limit.REGISTER_ADDRESS_EVERYWHERE: Allowance(20, timedelta(hours=1)),
    # A school or an office behind one address may open a class of accounts.
    Limit.REGISTER_NETWORK: Allowance(60, timedelta(hours=1)),
    # Ten guesses in a quarter of an hour are a thousand a day, far below the blocklist (ASVS 2.4.1).
    Limit.SIGN_IN_ADDRESS: Allowance(10, timedelta(minutes=15)),
    # Over all networks; NIST SP 800-63B 5.2.2 names 100 tries as the most before a verifier must slow down.
    Limit.SIGN_IN_ADDRESS_EVERYWHERE: Allowance(100, timedelta(hours=1)),
    Limit.SIGN_IN_NETWORK: Allowance(200, timedelta(minutes=15)),
    # Mails that anybody can cause to one address, over all purposes but registration.
    Limit.MAIL_ADDRESS: Allowance(5, timedelta(hours=1)),
    Limit.MAIL_ADDRESS_EVERYWHERE: Allowance(20, timedelta(hours=1)),
    Limit.MAIL_NETWORK: Allowance(60, timedelta(hours=1)),
    # On top of the five tries that the registration itself counts (TK-09); closed when the limiter is down.
    Limit.CODE: Allowance(10, timedelta(minutes=10), open_on_outage=False),
    Limit.LINK_NETWORK: Allowance(300, timedelta(minutes=15)),
    # The current password asked again inside a session.
    Limit.PASSWORD_CHECK: Allowance(10, timedelta(minutes=15)),
    Limit.ORDER_NETWORK: Allowance(120, timedelta(hours=1)),
    # What is written in the contact form is read by people.
    Limit.REQUEST_ADDRESS: Allowance(3, timedelta(hours=1)),
    Limit.REQUEST_NETWORK: Allowance(20, timedelta(hours=1)),
    # Orders by number and postcode: a household types a few; a postcode has ten thousand values and more.
    Limit.CLAIM_ACCOUNT: Allowance(10, timedelta(hours=1), open_on_outage=False),
    # Over all accounts: nobody finds a postcode by opening accounts.
    Limit.CLAIM_NUMBER: Allowance(5, timedelta(hours=1), open_on_outage=False),
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
    return tuple([Hit(limit, subject) for limit, subject in pairs if subject is not None])


def seen_from(address_key: str | None, network: str | None) -> str | None:
    """Give the subject of the narrow count of an address: that address from that network.

    A host that knows no ip counts the address alone.
    """
    return address_key if address_key is None or network is None else f"{address_key} {network}"
