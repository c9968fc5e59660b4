"""Rates of VAT, each with the day from which it applies.

Rules: a rate is looked up for the day of supply, never "now"; a day or region without a known rate has none,
for a plausible wrong rate is worse than a missing one; rates age, so every one says as of when it was
checked, and a decision warns when that is long ago.  Reduced rates are the host's, through `RateTable`.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Protocol

import attrs

from customer_accounts.vat.files import day, load, rows, table, text

#: The only category of rates that the package knows.
STANDARD = "standard"


@attrs.frozen
class RateSource:
    """A rate and where it comes from.

    Args:
        country: state whose rate it is, ISO code (``GR``, ``XI``).
        percent: the rate, such as ``Decimal("20")``.
        since: day from which it applies, or None for no tax at all; the first day kept may be later than
            the real one.
        region: region with a rate of its own, such as ``PT-20``, else the country.
        category: ``standard``, or a category of the host's own table.
        source: where it was found.
        as_of: day on which it was last checked, or None if nobody says.
    """

    country: str
    percent: Decimal
    since: date | None
    region: str = ""
    category: str = STANDARD
    source: str = ""
    as_of: date | None = None


class RateTable(Protocol):
    """Where rates come from; a host with reduced rates or fresher data brings its own."""

    def rate(self, country: str, region: str, on: date, category: str) -> RateSource | None:
        """Give the rate on a day, or None if this table does not know it.

        Args:
            country: state whose VAT applies, ISO code.
            region: key of a region with a rate of its own; the same as *country* elsewhere.
            on: day of supply.
            category: ``standard``, or a name the host gave to the supply.
        """
        ...


@attrs.frozen
class PackagedRates:
    """The standard rates in ``data/rates.toml``, newest first for each key."""

    as_of: date
    version: str
    _by_key: Mapping[str, tuple[RateSource, ...]] = attrs.field(repr=False, eq=False)

    def rate(self, country: str, region: str, on: date, category: str) -> RateSource | None:
        """See `RateTable.rate`; a region without a rate of its own has that of its state."""
        if category != STANDARD:
            return None
        for known in self._by_key.get(region) or self._by_key.get(country, ()):
            if known.since is not None and known.since <= on:
                return known
        return None

    def keys(self) -> frozenset[str]:
        """Give the states and regions that have a rate."""
        return frozenset(self._by_key)


@attrs.frozen
class HostRates:
    """A host's table before another one: what the first does not know, the second is asked.

    Args:
        first: the host's own rates.
        then: asked where *first* knows nothing.
    """

    first: RateTable
    then: RateTable

    def rate(self, country: str, region: str, on: date, category: str) -> RateSource | None:
        """See `RateTable.rate`."""
        return self.first.rate(country, region, on, category) or self.then.rate(country, region, on, category)


@cache
def packaged_rates() -> PackagedRates:
    """Give the rates of the package."""
    data = load("rates")
    as_of = day(data["as_of"])
    by_key = {
        key: tuple(sorted((_rate(key, row, as_of) for row in rows(cell)), key=_start, reverse=True))
        for key, cell in table(data["standard"]).items()
    }
    return PackagedRates(as_of, text(data["version"]), by_key)


def is_old(rate: RateSource, on: date, max_age_days: int) -> bool:
    """Say whether a rate was last checked more than *max_age_days* before the day of supply."""
    return rate.as_of is not None and (on - rate.as_of).days > max_age_days


def _rate(key: str, row: Mapping[str, object], as_of: date) -> RateSource:
    source = text(row.get("source")) or f"rates.toml, checked on {as_of.isoformat()}"
    return RateSource(key[:2], Decimal(text(row["percent"])), day(row["from"]), key, STANDARD, source, as_of)


def _start(rate: RateSource) -> date:
    return rate.since or date.min
