"""An order as this library sees it: a reference, who placed it, how far it is.

Lines and amounts stay the host's.  A placed order is never rewritten: its status and shipments go on, and its
owner may change from nobody to the account that proved the address (and back, where that is undone), nothing
else (truth 6).  The one exception is an agent's correction of a mistyped address before anything has left
(`features.guest_address`).
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen


class OrderStatus(StrEnum):
    """How far an order is."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@frozen
class Parcel:
    """One parcel of a shipment; ``url`` leads to the carrier's tracking page or is empty."""

    carrier: str
    tracking_number: str
    url: str = ""


@frozen
class Shipment:
    """Parcels that left together; ``corrected`` counts the times their numbers were put right."""

    id: str
    shipped_at: datetime
    parcels: tuple[Parcel, ...]
    corrected: int = 0


@frozen(kw_only=True)
class OrderRecord:
    """A placed order.

    Args:
        reference: the host's unguessable or internal key, unique.
        number: the number printed for the customer.
        email: the address typed with the order; the tracking mail goes there.
        owner: the account the order belongs to, or None for a guest's.
        claim_id: the claim that moved it into its owner's account, or None.
        disputed: whether its payment or delivery is contested; a guest's order then stays where it is.
        email_corrected_at: when an agent put ``email`` right, UTC, or None.
    """

    reference: str
    number: str
    placed_at: datetime
    status: OrderStatus
    email: str = field(repr=False)
    email_key: str = field(repr=False)
    name: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    locale: str = "en"
    storefront: str = "default"
    owner: UUID | None = None
    claim_id: UUID | None = None
    disputed: bool = False
    email_corrected_at: datetime | None = None
    shipments: tuple[Shipment, ...] = ()
    status_at: datetime
    version: int = 1


@frozen
class GuestOrderGroup:
    """How many guest orders one address has of one kind; never the orders themselves.

    Args:
        recent: placed at or after the cut-off that the scope named.
        count: number of orders, at least 1.
        email: the address as these orders store it, the first of its spellings in code point order; mail about
            them goes there, never to what somebody types later (EM-05).
        disputed: whether they are under dispute.
        name: the name they were placed in, where the scope asked by name, else empty.
        owner: who owns them already, where the scope asked for these too; else None.
    """

    email_key: str
    recent: bool
    count: int
    oldest: datetime
    newest: datetime
    email: str = field(repr=False)
    disputed: bool = False
    name: str = field(default="", repr=False)
    owner: UUID | None = None


def number_spellings(typed: str) -> tuple[str, ...]:
    """Give the numbers that somebody may mean who types this one: with or without a "#", in capitals or small letters.

    Args:
        typed: as it was typed; blanks around it do not count.
    """
    plain = bare_number(typed)
    if not plain:
        return (typed.strip(),)
    spelled = (plain, plain.upper(), plain.lower())
    return tuple(dict.fromkeys((typed.strip(), *spelled, *(f"#{one}" for one in spelled))))


def bare_number(typed: str) -> str:
    """Give a number without the mark that many type before it."""
    return typed.strip().lstrip("#").strip()


def best_spelled(orders: Sequence[OrderRecord], typed: str) -> Sequence[OrderRecord]:
    """Give the orders whose number is just what was typed, or that without its "#"; all of them if there are none.

    Args:
        orders: that have one of the `number_spellings`.
        typed: as it was typed.
    """
    for spelling in (typed.strip(), bare_number(typed)):
        exact = [one for one in orders if one.number == spelling]
        if exact:
            return exact
    return orders
