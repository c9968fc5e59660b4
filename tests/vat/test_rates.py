"""Rates: dates, regions, age, the host's own, and a comparison with two maintained collections."""

from datetime import date, timedelta
from decimal import Decimal

import eu_vat_rates_data
import pytest
from duty27_eu_vat import get_rate_history, get_standard_rate
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.vat import HostRates, RateSource, packaged_rates
from customer_accounts.vat.countries import countries, prefixes
from customer_accounts.vat.rates import is_old

MEMBERS = sorted(code for code, country in countries().items() if country.area == "member")


def percent(country: str, on: date, region: str | None = None) -> Decimal | None:
    """The packaged standard rate."""
    found = packaged_rates().rate(country, region or country, on, "standard")
    return found.percent if found else None


@pytest.mark.parametrize("country", MEMBERS)
def test_our_rates_agree_with_the_commissions_database(country: str) -> None:
    """Differential: eu-vat-rates-data, fetched from the Taxes in Europe Database, on its day."""
    on = date.fromisoformat(eu_vat_rates_data.data_version)
    assert percent(country, on) == Decimal(str(eu_vat_rates_data.get_standard_rate(country)))


@given(st.sampled_from(MEMBERS), st.dates(date(2021, 1, 1), date(2026, 10, 4)))
def test_our_rates_agree_with_a_dated_history(country: str, on: date) -> None:
    """Differential: duty27-eu-vat, on any day since 2021."""
    assert percent(country, on) == get_standard_rate(country, on)


@pytest.mark.parametrize("country", MEMBERS)
def test_every_change_since_2021_is_ours_on_the_same_day(country: str) -> None:
    """Differential: day by day where our table changes, one day before and after."""
    for known in packaged_rates()._by_key[country]:
        assert known.since is not None
        for on in (known.since, known.since + timedelta(days=1), known.since - timedelta(days=1)):
            if on >= date(2021, 1, 1):
                assert percent(country, on) == get_standard_rate(country, on)


@pytest.mark.parametrize("country", MEMBERS)
def test_our_changes_are_all_there_are(country: str) -> None:
    """Differential: the history of duty27-eu-vat since 2021 has the same rates from the same days, no more, no less."""
    first = date(2021, 1, 1)
    history = get_rate_history(country)
    theirs = {(window.effective_from, window.rate) for window in history if window.effective_from > first}
    theirs.add((first, get_standard_rate(country, first)))
    ours = {(known.since, known.percent) for known in packaged_rates()._by_key[country]}
    assert ours == theirs


@pytest.mark.parametrize(
    ("country", "region", "on", "expected"),
    [
        ("EE", "EE", date(2026, 11, 22), "24"),
        ("FI", "FI", date(2026, 11, 22), "25.5"),
        ("RO", "RO", date(2025, 7, 31), "19"),
        ("RO", "RO", date(2025, 8, 1), "21"),
        ("SK", "SK", date(2025, 1, 1), "23"),
        ("IE", "IE", date(2021, 2, 28), "21"),
        ("LU", "LU", date(2023, 6, 1), "16"),
        ("XI", "XI", date(2026, 11, 22), "20"),
        ("PT", "PT-20", date(2021, 6, 30), "18"),
        ("PT", "PT-20", date(2026, 11, 22), "16"),
        ("PT", "PT-30", date(2026, 11, 22), "22"),
        ("AT", "AT-JM", date(2026, 11, 22), "19"),
        ("GR", "GR-ISL", date(2026, 11, 22), "24"),
        ("FR", "MC", date(2026, 11, 22), "20"),
    ],
)
def test_rates_other_libraries_have_wrong(country: str, region: str, on: date, expected: str) -> None:
    """The rates that pyvat and vat-doctor still have wrong, regions, and regions without a rate of their
    own.
    """
    assert percent(country, on, region) == Decimal(expected)


def test_what_is_not_known_has_no_rate() -> None:
    """Days before 2021, countries outside and reduced rates: None, never a guess."""
    assert percent("AT", date(2020, 12, 31)) is None
    assert percent("CH", date(2026, 11, 22)) is None
    assert packaged_rates().rate("AT", "AT", date(2026, 11, 22), "books") is None


def test_every_state_with_numbers_has_a_rate_and_says_where_from() -> None:
    """28 states and the regions; each rate with its day, its source and when it was checked."""
    assert set(prefixes().values()) <= packaged_rates().keys()
    for known in packaged_rates()._by_key.values():
        for rate in known:
            assert rate.source
            assert rate.as_of == packaged_rates().as_of
            assert rate.region.startswith(rate.country)


def test_rates_grow_old() -> None:
    """A rate checked longer ago than the setting is old; one that does not say when it was checked is not."""
    rate = RateSource("AT", Decimal(20), date(2021, 1, 1), as_of=date(2026, 1, 1))
    assert not is_old(rate, date(2026, 6, 30), 180)
    assert is_old(rate, date(2026, 7, 1), 180)
    assert not is_old(RateSource("AT", Decimal(20), None), date(2099, 1, 1), 1)


def test_a_host_brings_its_own_rates_and_the_package_fills_the_rest() -> None:
    """Reduced rates and fresher data come first; what the host does not know is the package's."""

    class Books:
        def rate(self, country: str, region: str, on: date, category: str) -> RateSource | None:
            known = category == "books" and country == "AT"
            return RateSource("AT", Decimal(10), date(2016, 1, 1), category="books") if known else None

    rates = HostRates(Books(), packaged_rates())
    on = date(2026, 11, 22)
    books, standard = rates.rate("AT", "AT", on, "books"), rates.rate("AT", "AT", on, "standard")
    assert books is not None
    assert standard is not None
    assert (books.percent, standard.percent) == (Decimal(10), Decimal(20))
    assert rates.rate("DE", "DE", on, "books") is None
