"""Who sells, who buys, and what: the three values that a decision is made from.

Rules: they cannot be built wrong (unknown countries, goods that come from nowhere, times in place of days are
refused at once); nothing in them is a price, so no price can depend on them but through the treatment.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

import attrs

from customer_accounts.arguments import Check, check_kinds, member
from customer_accounts.vat.countries import OUTSIDE, countries
from customer_accounts.vat.number import VatNumber
from customer_accounts.vat.number_kinds import NumberProblem
from customer_accounts.vat.places import Place
from customer_accounts.vat.rates import STANDARD
from customer_accounts.vat.status import VatStatus


class SupplyKind(StrEnum):
    """What is supplied."""

    GOODS = "goods"
    #: Any service that is not electronic.
    SERVICE = "service"
    #: Telecommunications, broadcasting, electronic services (Art. 58).
    ELECTRONIC_SERVICE = "electronic_service"


def _place(value: Place | str | None) -> Place | None:
    return Place(value) if isinstance(value, str) else value


def _kind(value: SupplyKind | str) -> SupplyKind:
    return value if type(value) is SupplyKind else member("kind", SupplyKind, value)


def _status(value: VatStatus | str) -> VatStatus:
    return value if type(value) is VatStatus else member("status", VatStatus, value)


def _problem(value: NumberProblem | str | None) -> NumberProblem | None:
    return None if value is None else member("problem", NumberProblem, value)


def _one_of(*names: str) -> Check:
    def check(_: object, attribute: "attrs.Attribute[str]", value: object) -> None:
        if not isinstance(value, str) or value not in names:
            raise ValueError(f"{attribute.name} must be one of {', '.join(names)}")

    return check


def _day(value: date) -> date:
    if isinstance(value, datetime):
        raise TypeError(
            "on is the day of supply where the tax is due, a date; a datetime has no day without a zone"
        )
    return value


def _seat(code: str) -> str:
    """Give the state whose VAT law holds in a country: France in Monaco."""
    return Place(code).territory.state


def _states(codes: Iterable[str]) -> frozenset[str]:
    if isinstance(codes, str) or not isinstance(codes, Iterable):
        raise TypeError("registered_in must be the codes of countries")
    return frozenset(_seat(code) for code in codes)


def _numbers(values: Iterable[VatNumber]) -> tuple[VatNumber, ...]:
    numbers = tuple(values)
    if not all(isinstance(one, VatNumber) for one in numbers):
        raise TypeError("other_numbers must be VatNumbers")
    return numbers


def _member(_: object, __: object, code: str) -> None:
    known = countries().get(code)
    if known is None or known.area == OUTSIDE or not known.vat_prefix:
        raise ValueError("the seller is established in a member state or in Northern Ireland (XI)")


@attrs.frozen(cache_hash=True)  # a seller is part of what every decision is remembered by
class Seller:
    """The shop, as far as VAT needs it.

    Args:
        country: state where it is established, Northern Ireland as ``XI``; Monaco counts as France.
        oss: it declares sales to consumers in other states through the One Stop Shop (Art. 369a-369k).
        below_threshold: its sales to consumers in other states stay below EUR 10,000 in this and the last
            calendar year, and it did not opt out (Art. 59c); without effect when *oss* is set.
        registered_in: other states where it is registered for VAT, those of foreign warehouses included.
        unverified_business: ``origin`` taxes a business without a confirmed number where the goods are,
            which it gets back under Directive 2008/9/EC; ``consumer`` taxes it like a consumer.
        at_enclave: rate for goods sent to Jungholz and Mittelberg from elsewhere in Austria: that of the
            dispatch (20 %) or of the ``destination`` (19 %); sales from other states always have the
            destination's.
        number: its VAT number in its own state, for invoices and as requester.
        other_numbers: its VAT numbers in other states; goods that are sent from there are invoiced under that
            state's number (Art. 226(3)), and it is registered there.
        rates_max_age_days: rates checked longer ago than this get a warning.
    """

    country: str = attrs.field(default="AT", converter=_seat, validator=_member)
    oss: bool = False
    below_threshold: bool = False
    registered_in: frozenset[str] = attrs.field(default=frozenset(), converter=_states)
    unverified_business: Literal["origin", "consumer"] = attrs.field(
        default="origin", validator=_one_of("origin", "consumer")
    )
    at_enclave: Literal["origin", "destination"] = attrs.field(
        default="origin", validator=_one_of("origin", "destination")
    )
    number: VatNumber | None = None
    other_numbers: tuple[VatNumber, ...] = attrs.field(default=(), converter=_numbers)
    rates_max_age_days: int = 180  # half a year: several member states change rates each January and July

    def __attrs_post_init__(self) -> None:
        """Refuse arguments of another kind, and a number of another state."""
        check_kinds(self)
        if self.number is not None and self.number.iso_country != self.country:
            raise ValueError(f"number is the one of {self.country}; those of other states are other_numbers")

    def is_registered_in(self, state: str) -> bool:
        """Say whether it is registered for VAT in another state than its own."""
        return state in self.registered_in or any(one.iso_country == state for one in self.other_numbers)

    def number_in(self, state: str) -> VatNumber | None:
        """Give its VAT number in a state, or None."""
        own = () if self.number is None else (self.number,)
        return next((one for one in (*own, *self.other_numbers) if one.iso_country == state), None)


@attrs.frozen
class Buyer:
    """The customer, as far as VAT needs it.

    Args:
        is_business: the customer buys as a business.
        number: the VAT number, if one could be read.
        status: what the register says about it.
        place: where a customer of services is established or lives, and the home state for reclaim advice;
            for goods only the destination counts.
        problem: why a number that was typed could not be read, so that the reasons can say it.
    """

    is_business: bool = False
    number: VatNumber | None = None
    status: VatStatus = attrs.field(default=VatStatus.NOT_GIVEN, converter=_status)
    place: Place | None = attrs.field(default=None, converter=_place)
    problem: NumberProblem | None = attrs.field(default=None, converter=_problem)

    def __attrs_post_init__(self) -> None:
        """Refuse arguments of another kind: what only looks true makes nobody a business."""
        check_kinds(self)


@attrs.frozen(kw_only=True)
class Supply:
    """One line of an order, as far as VAT needs it.

    Args:
        kind: goods, or a service.
        ships_from: where the transport begins: the warehouse, not the seller's seat. Needed for goods.
        ships_to: where it ends. Needed for goods unless they are collected.
        on: day of supply.
        pickup: goods are handed over where they lie.
        rate_category: ``standard``, or a category of the host's `RateTable`.

    Raises:
        ValueError: goods come from or go nowhere.
        TypeError: *on* is a datetime, or an argument of another kind.
    """

    kind: SupplyKind = attrs.field(default=SupplyKind.GOODS, converter=_kind)
    ships_from: Place | None = attrs.field(default=None, converter=_place)
    ships_to: Place | None = attrs.field(default=None, converter=_place)
    on: date = attrs.field(converter=_day)
    pickup: bool = False
    rate_category: str = STANDARD

    def __attrs_post_init__(self) -> None:
        """Refuse goods that come from or go nowhere, and arguments of another kind."""
        check_kinds(self)
        if self.kind is not SupplyKind.GOODS:
            return
        if self.ships_from is None:
            raise ValueError("goods need ships_from, the place of the warehouse")
        if self.ships_to is None and not self.pickup:
            raise ValueError("goods need ships_to, unless they are collected (pickup=True)")
