"""Where a place lies for VAT: its member state, or outside the Union's VAT area.

Rules:

* The country of an address is not enough.  Islands, enclaves and Northern Ireland are found by their own ISO
  code or by the postcode, in both postcode systems where a village has two.
* Only goods are decided by these places alone; for services Northern Ireland counts as outside (`table.toml`
  says so).
* A postcode that says nothing leaves the place in its country, that is, taxed: doubt never exempts.
* A territory that no postcode tells (the northern part of Cyprus, some Greek islands) is named by the host as
  region.

The list is data: ``data/territories.toml``, with the article of law for each.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

import attrs

from customer_accounts.vat.countries import canonical_country, countries
from customer_accounts.vat.files import load, rows, table, text, texts

_NOT_POSTCODE = re.compile(r"[^0-9A-Z]+")
#: Letters before the digits, such as ``D-78266`` or ``AT 6991``.
_COUNTRY_LETTERS = re.compile(r"[A-Z]{1,2}(?=\d{3,}$)")
#: Longer texts are no postcode and no town; they are not looked at.
_LONGEST = 200


@attrs.frozen
class Territory:
    """Where a place lies for VAT.

    Args:
        id: country code, or the id in ``territories.toml``.
        state: the state whose VAT applies there; places with the same state are domestic to each other.
        area: ``member``, ``northern_ireland``, ``united_kingdom``, ``outside`` or ``suspended``.
        rate_key: key of its rate in ``rates.toml``.
        switch: the seller's setting that says whose rate counts inside the state, or empty.
        names: name by language.
        basis: where the law says so, or empty for an ordinary country.
    """

    id: str
    state: str
    area: str
    rate_key: str
    switch: str = ""
    names: Mapping[str, str] = attrs.field(factory=dict[str, str], eq=False)
    basis: str = ""

    def name(self, language: str) -> str:
        """Give its name in ``fr``, ``de`` or ``en``, or its code."""
        return self.names.get(language, self.id)


@attrs.frozen
class _Rule:
    country: str
    postcode: re.Pattern[str]
    city: str
    territory: Territory


@lru_cache(maxsize=65536)
def resolve(country: str, postcode: str | None, city: str | None, region: str | None) -> Territory:
    """Find the territory of an address; the country is an ISO code, as `Place` keeps it."""
    if region:
        return _territories()[region]
    codes = _postcodes(postcode)
    for rule in _rules().get(country, ()):
        if any(rule.postcode.fullmatch(code) for code in codes) and rule.city in _plain(city):
            return rule.territory
    return _by_iso().get(country) or _ordinary(country)


@cache
def territory(territory_id: str) -> Territory:
    """Give a territory by its id: a country code or an id of ``territories.toml``; an unknown one lies
    nowhere.
    """
    known = _territories().get(territory_id)
    if known:
        return known
    return (
        _ordinary(territory_id)
        if territory_id in countries()
        else Territory(territory_id, territory_id, "outside", "")
    )


def territory_version() -> str:
    """Give the version of the list."""
    return text(load("territories")["version"])


@cache
def _territories() -> Mapping[str, Territory]:
    found = {}
    for row in rows(load("territories")["territory"]):
        name, state = text(row["id"]), text(row.get("state")) or text(row["id"])
        found[name] = Territory(
            id=name,
            state=state,
            area=text(row["area"]),
            rate_key=text(row.get("region")) or state,
            switch=text(row.get("switch")),
            names={language: text(cell) for language, cell in table(row["names"]).items()},
            basis=text(row["basis"]),
        )
    return found


@cache
def _by_iso() -> Mapping[str, Territory]:
    return {
        code: _territories()[text(row["id"])]
        for row in rows(load("territories")["territory"])
        for code in texts(row.get("iso"))
    }


@cache
def _rules() -> Mapping[str, list[_Rule]]:
    found: dict[str, list[_Rule]] = {}
    for row in rows(load("territories")["territory"]):
        for match in rows(row.get("match")):
            country = text(match["country"])
            pattern = re.compile(text(match["postcode"]), re.ASCII)
            rule = _Rule(country, pattern, text(match.get("city")), _territories()[text(row["id"])])
            found.setdefault(country, []).append(rule)
    return found


@cache
def _ordinary(country: str) -> Territory:
    known = countries()[country]
    return Territory(known.code, known.code, known.area, known.code, names=known.names)


def _postcodes(postcode: str | None) -> tuple[str, ...]:
    if not postcode or len(postcode) > _LONGEST:
        return ()
    compact = _NOT_POSTCODE.sub("", unicodedata.normalize("NFKC", postcode).upper())
    return compact, _COUNTRY_LETTERS.sub("", compact)


def _plain(city: str | None) -> str:
    if not city or len(city) > _LONGEST:
        return ""
    return unicodedata.normalize("NFKC", city).casefold()


def _region(value: str | None) -> str | None:
    if value is not None and not (isinstance(value, str) and value in _territories()):
        raise ValueError("region is the id of a territory, such as CY-N")
    return value


def _located(place: "Place") -> Territory:
    for name, value in (("postcode", place.postcode), ("city", place.city)):
        if not (value is None or isinstance(value, str)):
            raise TypeError(f"{name} must be str or None")
    return resolve(place.country, place.postcode, place.city, place.region)


@attrs.frozen
class Place:
    """An address as far as VAT needs it.

    >>> Place("EL").country
    'GR'

    Args:
        country: ISO 3166-1 code; ``EL``, ``UK``, ``XI`` and the codes of islands such as ``IC`` are read too.
        postcode: as on the parcel.
        city: as on the parcel; needed for towns that share their postcode.
        region: id of a territory of ``territories.toml``, where the host knows better than any postcode.

    Raises:
        ValueError: no country has that code, or no territory that id.
        TypeError: a postcode or city that is no text.
    """

    country: str = attrs.field(converter=canonical_country)
    postcode: str | None = None
    city: str | None = None
    region: str | None = attrs.field(default=None, converter=_region)
    #: Where it lies for VAT, found once when the place is made.
    territory: Territory = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_located, takes_self=True)
    )
