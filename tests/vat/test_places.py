"""Territories: every special one, both postcode systems, and the gaps other lists have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.vat import Place
from customer_accounts.vat.countries import countries
from customer_accounts.vat.places import territory, territory_version

FOUND = [
    (Place("ES", "35001"), "ES-CN"),
    (Place("ES", "38001"), "ES-CN"),
    (Place("IC"), "ES-CN"),
    (Place("ES", "28001"), "ES"),
    (Place("ES", "51001"), "ES-CE"),
    (Place("EA", "51001"), "ES-CE"),
    (Place("EA", "52001"), "ES-ML"),
    (Place("EA"), "ES-EA"),
    (Place("ES", "52001"), "ES-ML"),
    (Place("AX", "22100"), "FI-01"),
    (Place("FI", "22100", "Mariehamn"), "FI-01"),
    (Place("FI", "00100"), "FI"),
    (Place("DE", "78266", "Büsingen"), "DE-BUS"),
    (Place("CH", "8238", "Büsingen"), "DE-BUS"),
    (Place("CH", "CH-8238"), "DE-BUS"),
    (Place("CH", "8001"), "CH"),
    (Place("DE", "27498"), "DE-HEL"),
    (Place("DE", "D-27498"), "DE-HEL"),
    (Place("DE", "87491", "Jungholz"), "AT-JM"),
    (Place("DE", "87567", "Riezlern"), "AT-JM"),
    (Place("DE", "87568", "Hirschegg"), "AT-JM"),
    (Place("DE", "87569", "Mittelberg"), "AT-JM"),
    (Place("DE", "87566"), "DE"),
    (Place("AT", "6691"), "AT-JM"),
    (Place("AT", "6991", "Riezlern"), "AT-JM"),
    (Place("AT", "A-6992", "Hirschegg"), "AT-JM"),
    (Place("AT", "6993"), "AT-JM"),
    (Place("AT", "6900", "Bregenz"), "AT"),
    (Place("IT", "23041"), "IT-LIV"),
    (Place("IT", "23030", "Livigno (SO)"), "IT-LIV"),
    (Place("IT", "23030", "Valdisotto"), "IT"),
    (Place("IT", "23030"), "IT"),
    (Place("IT", "22061", "CAMPIONE D'ITALIA"), "IT-CAM"),
    (Place("IT", "22060", "Cabiate"), "IT"),
    (Place("GR", "63086"), "GR-69"),
    (Place("EL", "630 87"), "GR-69"),
    (Place("GR", "10431"), "GR"),
    (Place("FR", "97110"), "FR-DOM"),
    (Place("FR", "97400"), "FR-DOM"),
    (Place("FR", "97600"), "FR-DOM"),
    (Place("RE", "97400"), "FR-DOM"),
    (Place("FR", "97133", "Saint-Barthélemy"), "FR-COM"),
    (Place("FR", "97150", "Saint-Martin"), "FR-DOM"),
    (Place("FR", "98800"), "FR-COM"),
    (Place("NC"), "FR-COM"),
    (Place("FR", "98000"), "MC"),
    (Place("MC", "98000"), "MC"),
    (Place("FR", "20000", "Ajaccio"), "FR"),
    (Place("GB", "BT1 1AA"), "XI"),
    (Place("UK", "bt71 4aa"), "XI"),
    (Place("XI"), "XI"),
    (Place("GB", "B1 1AA"), "GB"),
    (Place("GB", "BS1 1AA"), "GB"),
    (Place("GB", "IM1 1AA"), "IM"),
    (Place("IM"), "IM"),
    (Place("GB", "JE2 3AB"), "CI"),
    (Place("GG"), "CI"),
    (Place("GB", "BFPO 57"), "CY-SBA"),
    (Place("GB", "BF1 2AT"), "CY-SBA"),
    (Place("GB", "BFPO 61"), "GB"),
    (Place("CY", "1010"), "CY"),
    (Place("CY", region="CY-N"), "CY-N"),
    (Place("PT", "9500-150"), "PT-20"),
    (Place("PT", "9000-001", "Funchal"), "PT-30"),
    (Place("PT", "1000-001"), "PT"),
    (Place("GR", "85100", "Rhodos"), "GR"),
    (Place("GR", region="GR-ISL"), "GR-ISL"),
    (Place("IT", "47890"), "SM"),
    (Place("SM"), "SM"),
    (Place("IT", "00120"), "VA"),
    (Place("AD"), "AD"),
    (Place("GI"), "GI"),
    (Place("DK", "3900", "Nuuk"), "FO-GL"),
    (Place("GL"), "FO-GL"),
    (Place("AW"), "NL-C"),
    (Place("SJ"), "SJ"),
    (Place("NO", "0150"), "NO"),
    (Place("DE", "\uff17\uff18\uff12\uff16\uff16"), "DE-BUS"),
    (Place("DE", "1" * 5000, "x" * 5000), "DE"),
]


@pytest.mark.parametrize(("place", "expected"), FOUND)
def test_places_are_found_by_code_and_postcode(place: Place, expected: str) -> None:
    """The territories of Directive 2006/112/EC, and the addresses other lists miss."""
    assert place.territory.id == expected


@pytest.mark.parametrize(
    ("place", "state", "area"),
    [
        (Place("MC"), "FR", "member"),
        (Place("DE", "87567"), "AT", "member"),
        (Place("GB", "BFPO 57"), "CY", "member"),
        (Place("GB", "BT1 1AA"), "XI", "northern_ireland"),
        (Place("IM"), "GB", "united_kingdom"),
        (Place("GB", "SW1A 1AA"), "GB", "united_kingdom"),
        (Place("PT", "9500-150"), "PT", "member"),
        (Place("ES", "35001"), "ES-CN", "outside"),
        (Place("CY", region="CY-N"), "CY-N", "suspended"),
        (Place("CH"), "CH", "outside"),
    ],
)
def test_the_state_whose_vat_applies(place: Place, state: str, area: str) -> None:
    """Monaco counts as France, Mittelberg as Austria, the bases as Cyprus; territories as themselves."""
    assert (place.territory.state, place.territory.area) == (state, area)


def test_places_cannot_be_built_wrong() -> None:
    """An unknown country or region is refused at once."""
    with pytest.raises(ValueError, match="ISO 3166-1"):
        Place("Germany")
    with pytest.raises(ValueError, match="territory"):
        Place("CY", region="north")


def test_every_territory_is_named_and_founded_in_law() -> None:
    """Names in three languages and the article; ordinary countries are named too, or by their code."""
    for place in (Place("IC"), Place("CY", region="CY-N"), Place("GB", "BT1 1AA")):
        assert place.territory.basis
        assert {place.territory.name(language) for language in ("fr", "de", "en")}
    assert Place("AT").territory.name("fr") == "Autriche"
    assert Place("JP").territory.name("fr") == "JP"
    assert territory_version()


def test_territories_are_found_again_by_their_id() -> None:
    """A stored decision names territories by id; one that is gone lies nowhere and is named by its id."""
    assert territory("ES-CN") == Place("IC").territory
    assert territory("AT") == Place("AT").territory
    gone = territory("XX-GONE")
    assert (gone.state, gone.area, gone.name("fr")) == ("XX-GONE", "outside", "XX-GONE")


@given(
    st.sampled_from(sorted(countries())),
    st.one_of(st.none(), st.text(max_size=12), st.from_regex(r"[0-9]{4,5}", fullmatch=True)),
    st.one_of(st.none(), st.text(max_size=12)),
)
def test_every_address_lies_somewhere(country: str, postcode: str | None, city: str | None) -> None:
    """No postcode or town breaks the search; the area is one of the five."""
    place = Place(country, postcode, city)
    assert place.territory.area in {"member", "northern_ireland", "united_kingdom", "outside", "suspended"}
    assert place == Place(country, postcode, city)


@pytest.mark.parametrize("told", [{"postcode": 10115}, {"city": 7}])
def test_a_postcode_is_a_text(told: dict[str, str]) -> None:
    """A number has lost its zeros, so it is refused."""
    with pytest.raises(TypeError, match=next(iter(told))):
        Place("DE", **told)
