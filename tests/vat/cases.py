"""Short ways to build supplies and customers, and strategies over all of them."""

from datetime import date

from hypothesis import strategies as st

from customer_accounts.vat import (
    Buyer,
    NumberProblem,
    Place,
    Seller,
    Supply,
    SupplyKind,
    VatDecision,
    VatNumber,
    VatStatus,
    decide_vat,
)

ON = date(2026, 11, 22)
GERMAN = VatNumber.parse("DE136695976")
AUSTRIAN = VatNumber.parse("ATU13585627")
FRENCH = VatNumber.parse("FR40303265045")
NORTHERN_IRISH = VatNumber("XI123456782")

#: One address of every sort that the rules tell apart.
PLACES = (
    Place("AT", "1010", "Wien"),
    Place("AT", "6991", "Riezlern"),
    Place("DE", "10115", "Berlin"),
    Place("FR", "75001", "Paris"),
    Place("PT", "9500-150", "Ponta Delgada"),
    Place("GB", "BT1 1AA", "Belfast"),
    Place("GB", "SW1A 1AA", "London"),
    Place("CH", "8001", "Zürich"),
    Place("ES", "35001", "Las Palmas"),
    Place("CY", region="CY-N"),
)


def goods(start: str | Place, end: str | Place, **changes: object) -> Supply:
    """Goods sent from one place to another."""
    facts = {"kind": "goods", "ships_from": start, "ships_to": end, "on": ON, **changes}
    return Supply(**facts)  # type: ignore[arg-type]  # the attributes are checked by Supply itself


def service(**changes: object) -> Supply:
    """A general service."""
    facts = {"kind": "service", "on": ON, **changes}
    return Supply(**facts)  # type: ignore[arg-type]  # as above


def company(number: VatNumber | None = None, status: str = "valid", **changes: object) -> Buyer:
    """A business with a number in some state."""
    facts = {"is_business": True, "number": number, "status": VatStatus(status), **changes}
    return Buyer(**facts)  # type: ignore[arg-type]  # as above


def decided(supply: Supply, buyer: Buyer | None = None, seller: Seller | None = None) -> VatDecision:
    """The decision about a supply, of an Austrian shop in the One Stop Shop to a consumer unless said."""
    return decide_vat(supply, buyer or Buyer(), seller or Seller("AT", oss=True))


sellers = st.builds(
    Seller,
    country=st.sampled_from(("AT", "DE", "GR", "XI")),
    oss=st.booleans(),
    below_threshold=st.booleans(),
    registered_in=st.sets(st.sampled_from(("DE", "FR", "AT", "XI"))).map(frozenset),
    unverified_business=st.sampled_from(("origin", "consumer")),
    at_enclave=st.sampled_from(("origin", "destination")),
)
numbers = st.sampled_from((None, GERMAN, AUSTRIAN, FRENCH, NORTHERN_IRISH))
buyers = st.builds(
    Buyer,
    is_business=st.booleans(),
    number=numbers,
    status=st.sampled_from(tuple(VatStatus)),
    place=st.sampled_from((None, *PLACES)),
    problem=st.sampled_from((None, *NumberProblem)),
)
supplies = st.builds(
    Supply,
    kind=st.sampled_from(tuple(SupplyKind)),
    ships_from=st.sampled_from(PLACES),
    ships_to=st.sampled_from(PLACES),
    on=st.dates(date(2021, 1, 1), date(2027, 12, 31)),
    pickup=st.booleans(),
)
