"""Who asks: a visitor, a signed-in customer, an agent of the shop, or the shop's own system.

The host builds the actor from what it knows (cookie, session, staff login); a command carries no claim about it.
``ip`` comes from the host as a parsed value, no header is ever read here (AB-04).
"""

from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

from attrs import Attribute, field, frozen

from customer_accounts.arguments import must_be, must_be_line, must_be_moment

#: Far above any cookie's secret, session's name or storefront's key.
_LONGEST = 1_000
#: Of a browser's secret.
_SHORTEST_SECRET = 16


def _parsed_ip(text: str | None) -> str | None:
    """Refuse what is no address, keep its normal form: IPv4 as such, and without the zone of an interface."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise TypeError("ip must be str or None")
    return _read_ip(text)


# One client asks several times in a row.
@lru_cache(maxsize=1024)
def _read_ip(text: str) -> str:
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        raise ValueError("ip does not appear to be an IPv4 or IPv6 address") from None
    return str((ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip)


def browser_digest(browser: str) -> str:
    """Digest of a browser's secret, the only form in which it is stored."""
    return sha256(b"browser\x00" + browser.encode()).hexdigest()


def network_of(ip: str | None) -> str | None:
    """Give the network whose counter an address shares: itself for IPv4, its /64 for IPv6."""
    if ip is None or ":" not in ip:
        return ip
    return str(ip_network(f"{ip}/64", strict=False).network_address)


@frozen
class Visitor:
    """Anybody, signed in or not known at all.

    Args:
        ip: the client's address as the host knows it, or None.
        browser: one random secret of at least 16 characters that the host keeps in a cookie; it ties
            registration, social sign-in and guest checkout to the browser that began them.
        storefront: key of the storefront the visitor is on.

    Raises:
        ValueError: *ip* is no address, or *browser* is too short to be a secret.
        TypeError: an argument of another kind.
    """

    ip: str | None = field(default=None, converter=_parsed_ip)
    browser: str | None = field(default=None, repr=False, validator=must_be_line(_LONGEST, or_none=True))
    storefront: str = field(default="default", validator=must_be_line(_LONGEST))
    #: Digest of the browser's secret, or None without one.
    browser_digest: str | None = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if self.browser is not None and len(self.browser) < _SHORTEST_SECRET:
            raise ValueError(f"browser must be a random secret of at least {_SHORTEST_SECRET} characters")
        digest = None if self.browser is None else browser_digest(self.browser)
        object.__setattr__(self, "browser_digest", digest)


@frozen
class SignedInCustomer:
    """A customer whose session the host has checked.

    Args:
        account_id: the account that the session belongs to.
        session_epoch: the number given with the session at sign-in; another number on the account ends it.
        session_id: the host's own name of the session; ties sign-in tickets to it.
        authenticated_at: when the customer last proved who they are, UTC.

    Raises:
        ValueError: *ip* is no address, or *authenticated_at* has no zone.
        TypeError: an argument of another kind.
    """

    account_id: UUID = field(validator=must_be(UUID))
    session_epoch: int = field(validator=must_be(int))
    session_id: str | None = field(default=None, repr=False, validator=must_be_line(_LONGEST, or_none=True))
    authenticated_at: datetime | None = field(default=None, validator=must_be_moment(or_none=True))
    ip: str | None = field(default=None, converter=_parsed_ip)
    browser: str | None = field(default=None, repr=False, validator=must_be_line(_LONGEST, or_none=True))
    storefront: str = field(default="default", validator=must_be_line(_LONGEST))


def _must_name(_: object, attribute: "Attribute[str]", value: str) -> None:
    if not value.strip():
        raise ValueError(f"{attribute.name} must say who it is")


@frozen
class Agent:
    """A member of the shop's staff; ``may`` names what the host lets them do beyond the usual.

    Raises:
        ValueError: *id* is empty, and the audit trail would name nobody.
        TypeError: an argument of another kind.
    """

    id: str = field(validator=[must_be(str), _must_name])
    name: str = field(default="", validator=must_be(str))
    may: frozenset[str] = field(default=frozenset(), validator=must_be(AbstractSet))
    storefront: str = field(default="default", validator=must_be_line(_LONGEST))


@frozen
class System:
    """The shop's own machinery: order intake, shipping, workers."""

    name: str = field(default="system", validator=must_be(str))
    storefront: str = field(default="default", validator=must_be_line(_LONGEST))


Actor = Visitor | SignedInCustomer | Agent | System
