"""Sellers, buyers and supplies cannot be built wrong."""

from datetime import UTC, datetime

import pytest

from customer_accounts.vat import Buyer, Place, Seller, Supply, SupplyKind, VatNumber, VatStatus
from tests.vat.cases import ON


def test_codes_are_canonical() -> None:
    """A Greek seller may be written EL, its registrations too."""
    seller = Seller("el", registered_in=["EL", "de"])
    assert (seller.country, seller.registered_in) == ("GR", frozenset({"GR", "DE"}))
    assert Seller().country == "AT"


@pytest.mark.parametrize("country", ["CH", "GB", "IC"])
def test_a_seller_is_established_in_the_union(country: str) -> None:
    """The table is made for sellers in a member state or Northern Ireland."""
    with pytest.raises(ValueError, match="member state"):
        Seller(country)


def test_policies_are_checked() -> None:
    """A mistyped policy is refused, not ignored."""
    with pytest.raises(ValueError, match="origin"):
        Seller(unverified_business="refuse")  # type: ignore[arg-type]  # what this test is about
    with pytest.raises(ValueError, match="origin"):
        Seller(at_enclave="19")  # type: ignore[arg-type]  # what this test is about


def test_monaco_counts_as_france() -> None:
    """A shop in Monaco is one in France, and so is a registration there; islands outside the area are no seats."""
    assert (Seller("MC").country, Seller(registered_in=["MC"]).is_registered_in("FR")) == ("FR", True)
    own = VatNumber.parse("ATU13585627")
    assert Seller("AT", other_numbers=[own]).number_in("AT") == own


def test_a_number_in_another_state_is_a_registration_there() -> None:
    """A seller with a German number is registered in Germany, also without saying so twice."""
    seller = Seller("AT", other_numbers=[VatNumber.parse("DE136695976")], registered_in=["FR"])
    assert [seller.is_registered_in(state) for state in ("DE", "FR", "IT")] == [True, True, False]
    assert seller.number_in("DE") == VatNumber.parse("DE136695976")
    assert (seller.number_in("AT"), seller.number_in("FR")) == (None, None)
    with pytest.raises(TypeError, match="VatNumbers"):
        Seller(other_numbers=["DE136695976"])  # type: ignore[list-item]  # what this test is about


def test_the_own_number_is_of_the_own_state() -> None:
    """A foreign one in its place would be noticed at the first exempt invoice: it is refused when the shop starts."""
    with pytest.raises(ValueError, match="other_numbers"):
        Seller("AT", number=VatNumber.parse("DE136695976"))
    for country, number in (("MC", "FR53000004605"), ("EL", "EL094259216"), ("XI", "XI110305878")):
        own = VatNumber.parse(number)
        assert Seller(country, number=own).number == own


def test_places_may_be_given_as_codes() -> None:
    """A country code alone is a place."""
    supply = Supply(ships_from="AT", ships_to="EL", on=ON)
    assert (supply.ships_from, supply.ships_to, supply.kind) == (Place("AT"), Place("GR"), SupplyKind.GOODS)
    assert Buyer(place="DE", status="valid").place == Place("DE")
    assert Buyer(status="valid").status is VatStatus.VALID


def test_goods_come_from_and_go_somewhere() -> None:
    """Goods need a warehouse and a destination, unless they are collected; services need neither."""
    with pytest.raises(ValueError, match="ships_from"):
        Supply(ships_to="AT", on=ON)
    with pytest.raises(ValueError, match="ships_to"):
        Supply(ships_from="AT", on=ON)
    assert Supply(ships_from="AT", on=ON, pickup=True).pickup
    assert Supply(kind="service", on=ON).ships_from is None


def test_the_day_of_supply_is_a_date() -> None:
    """A datetime has no day without a zone, so it is refused."""
    with pytest.raises(TypeError, match="day of supply"):
        Supply(ships_from="AT", ships_to="AT", on=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))


def test_unknown_kinds_and_statuses_are_refused() -> None:
    """Mistyped words are errors of the host."""
    with pytest.raises(ValueError, match="kind must be one of goods"):
        Supply(kind="gods", ships_from="AT", ships_to="AT", on=ON)
    with pytest.raises(ValueError, match="status must be one of"):
        Buyer(status="maybe")


@pytest.mark.parametrize("states", ["DE", 17])
def test_registrations_are_several_codes(states: object) -> None:
    """One text would be read as its letters, so it is refused."""
    with pytest.raises(TypeError, match="registered_in"):
        Seller(registered_in=states)  # type: ignore[arg-type]  # what this test is about
