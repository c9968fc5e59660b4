"""Countries, their codes and their VAT prefixes."""

import pytest
from duty27_eu_vat import list_countries

from customer_accounts.vat import canonical_country, vat_prefix
from customer_accounts.vat.countries import countries, prefixes


def test_the_27_member_states_and_northern_ireland_are_known() -> None:
    """Members as in another maintained list; Northern Ireland has numbers but is no member."""
    members = {code for code, country in countries().items() if country.area == "member"}
    assert members == {"GR" if country.code == "EL" else country.code for country in list_countries()}
    assert set(prefixes().values()) == members | {"XI"}
    assert len(prefixes()) == 28


@pytest.mark.parametrize(
    ("written", "code"),
    [("at", "AT"), (" El ", "GR"), ("GR", "GR"), ("UK", "GB"), ("xi", "XI"), ("IC", "IC")],
)
def test_codes_are_read_as_people_and_programs_write_them(written: str, code: str) -> None:
    """Case, blanks, EL for Greece and UK for the United Kingdom do not matter."""
    assert canonical_country(written) == code


@pytest.mark.parametrize("wrong", ["", "DW", "Germany", "A", "AUT", "A" * 1000, "ÖS"])
def test_a_mistyped_country_is_refused(wrong: str) -> None:
    """It would otherwise look like an export, without tax."""
    with pytest.raises(ValueError, match="ISO 3166-1"):
        canonical_country(wrong)


def test_vat_prefixes_differ_from_iso_codes_for_greece_alone() -> None:
    """EL in VIES and on invoices, GR in addresses; no prefix outside the register."""
    assert {code for prefix, code in prefixes().items() if prefix != code} == {"GR"}
    assert (vat_prefix("GR"), vat_prefix("el"), vat_prefix("CH"), vat_prefix("GB")) == ("EL", "EL", "", "")


def test_every_member_has_names_in_three_languages_and_a_portal() -> None:
    """Reclaim advice names the state and its portal."""
    for code in prefixes().values():
        country = countries()[code]
        assert set(country.names) == {"en", "de", "fr"}
        assert country.portal
