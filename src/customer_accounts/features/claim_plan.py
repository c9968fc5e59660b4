"""What a claim would do, said before it is done: pure, on groups of orders and never on the orders themselves.

* A group of guest orders joins if its grade of proof covers it (`Settings.claim_coverage`), else it stays, and
  the plan says why: the address is not proven, the orders are too old for this proof, under dispute, in another
  person's name, or somebody owns them.
* Another person's name is a hint for support.  It keeps orders back only where the shop's coverage says so.
* A delivery address that differs from a known one in case, blanks or punctuation only is the same address.
  Guest orders keep none here (F12): those come along that the host hands over from its own orders, and the
  one that waits in a registration of the same browser.
* Consent, company, VAT number and wish lists never come along with orders: the customer gives them with
  the commands made for that.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum

from attrs import frozen

from customer_accounts.account import PostalAddress
from customer_accounts.claim import Coverage
from customer_accounts.features.delivery_address import address_refusal, comparing_key
from customer_accounts.order import GuestOrderGroup


class Stays(StrEnum):
    """Why guest orders stay where they are."""

    NOT_PROVEN = "not_proven"
    OWNED = "owned"
    DISPUTED = "disputed"
    TOO_OLD = "too_old"
    OTHER_NAME = "other_name"


class NotInherited(StrEnum):
    """What a claim never brings along."""

    NEWSLETTER_CONSENT = "newsletter_consent"
    COMPANY = "company"
    VAT_NUMBER = "vat_number"
    WISH_LISTS = "wish_lists"


@frozen(kw_only=True)
class Claimant:
    """Whose account the orders would join.

    Args:
        email_key: the account's address.
        proven: whether the account has proven that very address.
        addresses: the delivery addresses that it has.
        room: how many more it may have.
    """

    email_key: str
    proven: bool
    name: str = ""
    addresses: tuple[PostalAddress, ...] = ()
    room: int = 0


@frozen
class OrdersThatStay:
    """A group that does not join, and why."""

    group: GuestOrderGroup
    why: Stays


@frozen
class ClaimPlan:
    """What a claim would do.

    Args:
        joins: the groups that would join.
        stays: those that would not.
        addresses: the delivery addresses that would be added.
        known_addresses: how many were there already, in whatever spelling.
        other_names: names of joining orders that are not the account's; a hint for support.
    """

    joins: tuple[GuestOrderGroup, ...]
    stays: tuple[OrdersThatStay, ...]
    addresses: tuple[PostalAddress, ...] = ()
    known_addresses: int = 0
    other_names: tuple[str, ...] = ()
    not_inherited: tuple[NotInherited, ...] = tuple(NotInherited)

    @property
    def orders(self) -> int:
        """How many orders would join."""
        return sum(one.count for one in self.joins)


def plan_claim(
    claimant: Claimant,
    groups: Iterable[GuestOrderGroup],
    coverage: Coverage,
    *,
    addresses: Sequence[PostalAddress] = (),
) -> ClaimPlan:
    """Say what a claim would do.

    Args:
        claimant: whose account the orders would join.
        groups: the orders of the claimed address; by name, where the coverage asks for the name.
        coverage: what the grade of proof covers.
        addresses: delivery addresses of these orders.
    """
    judged = [(one, _why_not(one, claimant, coverage)) for one in groups]
    joins = tuple(one for one, why in judged if why is None)
    new, known = _new_addresses(claimant, addresses)
    own = comparing_name(claimant.name)
    names = dict.fromkeys(one.name for one in joins if one.name and comparing_name(one.name) != own)
    return ClaimPlan(
        joins=joins,
        stays=tuple(OrdersThatStay(one, why) for one, why in judged if why is not None),
        addresses=new,
        known_addresses=known,
        other_names=tuple(names),
    )


def comparing_name(name: str) -> str:
    """Give a text that is the same for one name typed in two ways: case and blanks are put aside."""
    return " ".join(unicodedata.normalize("NFC", name).lower().split())


def _why_not(group: GuestOrderGroup, claimant: Claimant, coverage: Coverage) -> Stays | None:
    if not claimant.proven:
        return Stays.NOT_PROVEN
    if group.owner is not None:
        return Stays.OWNED
    if group.disputed:
        return Stays.DISPUTED
    if coverage.within is not None and not group.recent:
        return Stays.TOO_OLD
    if not coverage.other_names and comparing_name(group.name) != comparing_name(claimant.name):
        return Stays.OTHER_NAME
    return None


def _new_addresses(
    claimant: Claimant, offered: Sequence[PostalAddress]
) -> tuple[tuple[PostalAddress, ...], int]:
    """Give the addresses that are new, each once, and how many were known; one that cannot be used is neither."""
    known = {comparing_key(one) for one in claimant.addresses}
    usable = [one for one in offered if address_refusal(one) is None]
    new = {comparing_key(one): one for one in reversed(usable) if comparing_key(one) not in known}
    first_come = sorted(new.values(), key=usable.index)
    return tuple(first_come[: claimant.room]), len(usable) - len(new)
