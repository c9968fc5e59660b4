"""Turning a supply, a buyer and a seller into the few answers that the decision table asks for.

Rules: codes of countries and numbers are compared here, never in the table; a status that does not fit the number is
read the careful way (VALID without a number is no number; a number without an answer is pending).
"""

from typing import NamedTuple

from customer_accounts.vat.circumstances import Answers
from customer_accounts.vat.parties import Buyer, Seller, Supply, SupplyKind
from customer_accounts.vat.places import Place, Territory, resolve
from customer_accounts.vat.status import VatStatus

_NUMBER_STATE = {
    VatStatus.NOT_GIVEN: "pending",
    VatStatus.PENDING: "pending",
    VatStatus.VALID: "valid",
    VatStatus.INVALID: "invalid",
    VatStatus.UNVERIFIED: "unverified",
}
_PROBLEM_STATE = {
    None: "none",
    "empty": "none",
    "malformed": "malformed",
    "checksum_failed": "malformed",
    "wrong_kind": "wrong_kind",
}


class Situation(NamedTuple):
    """The answers, and the places behind them."""

    answers: Answers
    origin: Territory
    destination: Territory


def situation_of(supply: Supply, buyer: Buyer, seller: Seller) -> Situation:
    """Answer every question of the table for one supply."""
    origin, destination, known = _ends(supply, buyer, seller)
    home = seller.country
    number = buyer.number
    issued_in = number.iso_country if number else ""
    answers = (
        supply.kind.value,
        origin.area,
        "collected" if supply.pickup and supply.kind is SupplyKind.GOODS else "shipped",
        "same" if origin.state == destination.state else destination.area,
        "business" if buyer.is_business else "consumer",
        _NUMBER_STATE[buyer.status] if number else _PROBLEM_STATE[buyer.problem],
        _issuer(issued_in, origin, destination) if issued_in else "none",
        _scheme(seller, destination.state),
        seller.unverified_business,
        seller.at_enclave if destination.switch else "origin",
        "home" if origin.state == home else "registered" if origin.state in seller.registered_in else "unregistered",
        "known" if known else "unknown",
    )
    return Situation(answers, origin, destination)


def home_of(buyer: Buyer, destination: Territory) -> str:
    """Give the id of the territory where the buyer deducts VAT: of the number, else of the address."""
    if buyer.number:
        return buyer.number.iso_country
    return buyer.place.territory.id if buyer.place else destination.id


def _ends(supply: Supply, buyer: Buyer, seller: Seller) -> tuple[Territory, Territory, bool]:
    if supply.kind is SupplyKind.GOODS:
        # `Supply` refuses goods without places; the second halves are for the type checker.
        start = supply.ships_from or Place(seller.country)
        end = start if supply.pickup else supply.ships_to or start
        return (
            resolve(start.country, start.postcode, start.city, start.region),
            resolve(end.country, end.postcode, end.city, end.region),
            True,
        )
    origin = resolve(seller.country, None, None, None)
    place = buyer.place or supply.ships_to
    if place is not None:
        return origin, place.territory, True
    if buyer.number:
        return origin, resolve(buyer.number.iso_country, None, None, None), True
    return origin, origin, False


def _issuer(issued_in: str, origin: Territory, destination: Territory) -> str:
    if issued_in == origin.state:
        return "origin"
    if issued_in == destination.state:
        return "destination"
    area = resolve(issued_in, None, None, None).area
    return "third_member" if area == "member" else area


def _scheme(seller: Seller, state: str) -> str:
    if seller.oss or state in seller.registered_in:
        return "destination"
    return "below_threshold" if seller.below_threshold else "unregistered"
