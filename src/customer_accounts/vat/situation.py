"""Turning who, what and where into the few answers that the decision table asks for.

Rules: codes of countries and numbers are compared here, never in the table; a status that does not fit the
number is read the careful way (VALID without a number is no number; a number without an answer is pending).
"""

import attrs

from customer_accounts.vat.circumstances import Answers
from customer_accounts.vat.countries import prefixes
from customer_accounts.vat.number_kinds import NumberProblem
from customer_accounts.vat.parties import Buyer, Seller, Supply, SupplyKind
from customer_accounts.vat.places import Territory, territory
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
    NumberProblem.EMPTY: "none",
    NumberProblem.MALFORMED: "malformed",
    NumberProblem.CHECKSUM_FAILED: "malformed",
    NumberProblem.WRONG_KIND: "wrong_kind",
}


@attrs.frozen
class Situation:
    """Everything about a supply that counts, with addresses and numbers reduced to states and territories.

    Args:
        seller: who sells.
        kind: what is supplied.
        collected: goods are handed over where they lie.
        origin: id of the territory where the supply starts.
        destination: id of the territory where it goes.
        place_known: whether it is known where the customer is.
        is_business: the customer buys as a business.
        prefix: prefix of the customer's number, or empty.
        status: what the register says about it.
        problem: why a number could not be read.
        home: id of the territory where the customer deducts VAT.
    """

    seller: Seller
    kind: SupplyKind
    collected: bool
    origin: str
    destination: str
    place_known: bool
    is_business: bool
    prefix: str
    status: VatStatus
    problem: NumberProblem | None
    home: str


#: The values of a `Situation`, in its order: what the decision is remembered by.
SituationKey = tuple[
    Seller, SupplyKind, bool, str, str, bool, bool, str, VatStatus, NumberProblem | None, str
]


def situation_key(supply: Supply, buyer: Buyer, seller: Seller) -> SituationKey:
    """Reduce a supply to what counts; on the path of every decision, so it builds nothing but one tuple."""
    known = True
    if supply.kind is SupplyKind.GOODS:
        collected = supply.pickup
        start = supply.ships_from.territory.id if supply.ships_from else seller.country
        end = supply.ships_to.territory.id if supply.ships_to and not collected else start
    else:
        collected, start, end = False, seller.country, ""
    number = buyer.number
    prefix = number.compact[:2] if number else ""
    home = prefixes()[prefix] if prefix else buyer.place.territory.id if buyer.place else end
    if not end:
        end = _customer_place(supply, buyer, home)
        known, end = bool(end), end or start
    return (
        seller,
        supply.kind,
        collected,
        start,
        end,
        known,
        buyer.is_business,
        prefix,
        buyer.status,
        buyer.problem,
        home or end,
    )


def _customer_place(supply: Supply, buyer: Buyer, home: str) -> str:
    """Give the territory where the customer of a service is, or nothing.

    A business is where it is established, and without better knowledge its number says where (Art. 20 Regulation
    282/2011); an address of delivery is the last hint.
    """
    if buyer.place:
        return buyer.place.territory.id
    if buyer.is_business and home:
        return home
    return supply.ships_to.territory.id if supply.ships_to else home


def answers_for(situation: Situation) -> Answers:
    """Answer every question of the table, in the order of `Question`."""
    origin, destination = territory(situation.origin), territory(situation.destination)
    seller = situation.seller
    return (
        situation.kind.value,
        origin.area,
        "collected" if situation.collected else "shipped",
        "same" if origin.state == destination.state else destination.area,
        "business" if situation.is_business else "consumer",
        _NUMBER_STATE[situation.status] if situation.prefix else _PROBLEM_STATE[situation.problem],
        _issuer(situation.prefix, origin, destination),
        _scheme(seller, destination.state),
        seller.unverified_business,
        seller.at_enclave if destination.switch else "origin",
        _stock(seller, origin.state),
        "known" if situation.place_known else "unknown",
    )


def _issuer(prefix: str, origin: Territory, destination: Territory) -> str:
    if not prefix:
        return "none"
    issued_in = territory(prefixes()[prefix])
    if issued_in.state == origin.state:
        return "origin"
    if issued_in.state == destination.state:
        return "destination"
    return "third_member" if issued_in.area == "member" else issued_in.area


def _scheme(seller: Seller, state: str) -> str:
    # Its own state is one of those where it declares: goods may go home from a foreign warehouse.
    if seller.oss or state == seller.country or seller.is_registered_in(state):
        return "destination"
    return "below_threshold" if seller.below_threshold else "unregistered"


def _stock(seller: Seller, state: str) -> str:
    if state == seller.country:
        return "home"
    return "registered" if seller.is_registered_in(state) else "unregistered"
