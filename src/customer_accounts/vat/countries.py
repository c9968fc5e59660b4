"""Countries as the VAT rules see them: codes, VAT prefixes, names, and whether Union VAT law reaches them.

Rules: addresses use ISO 3166-1 (Greece is ``GR``), VAT numbers and VIES use their own prefixes (``EL``); both
are read as input.  A code that no country has is refused, for a mistyped country would otherwise look like an
export.
"""

from collections.abc import Mapping
from functools import cache

import attrs

from customer_accounts.vat.files import load, table, text

#: Two letters, and room for blanks around them.
_LONGEST_CODE = 16

#: Area of every country that `countries.toml` does not name.
OUTSIDE = "outside"


@attrs.frozen
class Country:
    """One country.

    Args:
        code: ISO 3166-1 code, or ``XI`` for Northern Ireland.
        vat_prefix: what its VAT numbers begin with, empty if they are not for trade inside the Union.
        area: ``member``, ``northern_ireland``, ``united_kingdom`` or ``outside``.
        names: name by language.
        portal: name of its portal for refunds under Directive 2008/9/EC, or empty.
    """

    code: str
    vat_prefix: str
    area: str
    names: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    portal: str = ""


@cache
def countries() -> Mapping[str, Country]:
    """Give every known country by its code."""
    data = load("countries")
    found = {code: Country(code, "", OUTSIDE) for code in text(data["iso"]).split()}
    for code, cell in table(data["names"]).items():
        found[code] = Country(code, "", OUTSIDE, _names(cell))
    for code, cell in table(data["states"]).items():
        row = table(cell)
        prefix = text(row.get("vat")) or (code if "portal" in row else "")
        found[code] = Country(code, prefix, text(row["area"]), _names(row), text(row.get("portal")))
    return found


@cache
def prefixes() -> Mapping[str, str]:
    """Give the country of every VAT prefix that the Union's register knows: ``EL`` to ``GR``, ``DE`` to
    ``DE``.
    """
    return {country.vat_prefix: code for code, country in countries().items() if country.vat_prefix}


@cache
def _aliases() -> Mapping[str, str]:
    return {code: text(cell) for code, cell in table(load("countries")["aliases"]).items()}


def canonical_country(code: str) -> str:
    """Give the ISO code of a country, whichever code was written.

    >>> canonical_country("el"), canonical_country("UK")
    ('GR', 'GB')

    Raises:
        ValueError: no country has that code.
    """
    is_code = isinstance(code, str) and len(code) <= _LONGEST_CODE
    written = code.strip().upper() if is_code else ""
    found = _aliases().get(written, written)
    if found not in countries():
        raise ValueError("a country is named by its ISO 3166-1 code of two letters, such as AT")
    return found


def vat_prefix(code: str) -> str:
    """Give what VAT numbers of a country begin with; empty where the Union's register knows none.

    >>> vat_prefix("GR"), vat_prefix("CH")
    ('EL', '')
    """
    return countries()[canonical_country(code)].vat_prefix


def number_prefix(code: str) -> str:
    """Give what a number typed without its prefix begins with, by the country of an address.

    Monaco and the overseas departments have French numbers, the Isle of Man those of the United Kingdom: its own code
    would read as that of the Import One Stop Shop.  Countries outside give their code.

    >>> number_prefix("MC"), number_prefix("GR"), number_prefix("CH")
    ('FR', 'EL', 'CH')
    """
    country = canonical_country(code)
    issuer = _issuers().get(country, country)
    return countries()[issuer].vat_prefix or issuer


@cache
def _issuers() -> Mapping[str, str]:
    return {code: text(cell) for code, cell in table(load("countries")["numbers_of"]).items()}


def _names(cell: object) -> Mapping[str, str]:
    row = table(cell)
    return {language: text(row[language]) for language in ("en", "de", "fr")}
