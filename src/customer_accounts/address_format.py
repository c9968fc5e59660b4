"""What a delivery address needs in its country (F10), and when two are the same one.

Rules:

- The data say which fields a country requires, whether it has postcodes, and how they look. What they do
  not know passes: this finds slips before a parcel is lost, and refuses nothing that the post would deliver.
- Nothing is changed. Names and postcodes stay as typed; blanks, hyphens, dots, case and the prefix of the
  country (F-75001, A-8010, LV-1010) are put aside for the comparison only.
- A country without postcodes accepts any or none. The name of a region is asked for where the country
  requires one, but never checked against a list.
- Two addresses are one only if they differ in nothing but case, blanks, Unicode form and punctuation. A mark
  between two digits counts (5/3 is not 53), and so do accents and abbreviations: a double is better
  than a loss.

The data are in `data/address_formats.json`, with their source and licence. This module reads them once, on
first use; nothing else here is I/O.
"""

import enum
import functools
import json
import re
import unicodedata
from collections.abc import Iterator
from importlib.resources import files

import attrs

from customer_accounts.wording import wording

LONGEST_FIELD = 200
"""Characters in one field: far more than a label holds, and little enough to compare at once."""

LONGEST_POSTCODE = 20
"""Characters in a postcode with its blanks and its prefix; the longest in the data has ten."""

_SEPARATORS = re.compile(r"[\s.\u2010-\u2015\u2212〒-]+")


class AddressField(enum.StrEnum):
    """A field of a delivery address."""

    COUNTRY = "country"
    NAME = "name"
    STREET = "street"
    POSTCODE = "postcode"
    CITY = "city"
    REGION = "region"


class AddressProblemCode(enum.StrEnum):
    """What is wrong with a field."""

    UNKNOWN_COUNTRY = "unknown_country"
    REQUIRED = "required"
    POSTCODE_FORMAT = "postcode_format"
    TOO_LONG = "too_long"


@attrs.frozen
class AddressProblem:
    """One thing to put right in an address; it holds nothing that was typed.

    Args:
        field: Where it is.
        code: What it is.
        example: A postcode of that country, or "".
    """

    field: AddressField
    code: AddressProblemCode
    example: str = ""

    def text(self, locale: str) -> str:
        """Say it to the customer.

        Args:
            locale: A language tag; English where the language is unknown.
        """
        by_field = self.code is AddressProblemCode.REQUIRED
        name = f"{self.field}_required" if by_field else str(self.code)
        return wording("address_format", name, locale, example=self.example)


@attrs.frozen
class AddressFormat:
    """What one country wants in an address.

    Args:
        required: The fields that must not be empty; a name always is one.
        uses_postcode: Whether the country has postcodes at all.
        postcode_pattern: How one looks without blanks and hyphens, as a regular expression, or "".
        examples: Postcodes of the country as they are written there.
        prefixes: What may stand before a postcode.
    """

    required: frozenset[AddressField]
    uses_postcode: bool = False
    postcode_pattern: str = ""
    examples: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()


_ELSEWHERE = AddressFormat(frozenset({AddressField.NAME, AddressField.STREET}))


@functools.cache
def _formats() -> dict[str, AddressFormat]:
    text = files("customer_accounts").joinpath("data", "address_formats.json").read_text(encoding="utf-8")
    return {
        code: AddressFormat(
            required=frozenset(map(AddressField, ("name", *row["required"]))),
            uses_postcode="postcode" in row,
            postcode_pattern=row.get("postcode", ""),
            examples=tuple(row.get("examples", ())),
            prefixes=(*row.get("prefixes", ()), code),
        )
        for code, row in json.loads(text)["countries"].items()
    }


def address_format(country: str) -> AddressFormat | None:
    """Give what a country wants in an address, for a form to show, or None if the country is unknown.

    Args:
        country: An ISO 3166-1 code of two letters, in any case.
    """
    return _formats().get(country.strip().upper()) if len(country) <= LONGEST_FIELD else None


def address_problems(
    country: str, *, name: str, street: str, postcode: str, city: str, region: str
) -> tuple[AddressProblem, ...]:
    """Find what is missing or mistyped in an address, in the order of the fields of a form.

    Args:
        country: An ISO 3166-1 code of two letters, in any case.
        name: Who receives the parcel.
        street: Street and number, or whatever stands for them.
        postcode: As typed.
        city: As typed.
        region: The province, county, state or emirate.
    """
    typed = {
        AddressField.COUNTRY: country,
        AddressField.NAME: name,
        AddressField.STREET: street,
        AddressField.POSTCODE: postcode,
        AddressField.CITY: city,
        AddressField.REGION: region,
    }
    known = address_format(country)
    return tuple(
        AddressProblem(field, code, _example(field, known))
        for field, text in typed.items()
        for code in _problems_of_field(field, text, known)
    )


def _example(field: AddressField, known: AddressFormat | None) -> str:
    return known.examples[0] if known and known.examples and field is AddressField.POSTCODE else ""


def _problems_of_field(
    field: AddressField, text: str, known: AddressFormat | None
) -> Iterator[AddressProblemCode]:
    wanted = known or _ELSEWHERE
    if len(text) > (LONGEST_POSTCODE if field is AddressField.POSTCODE else LONGEST_FIELD):
        yield AddressProblemCode.TOO_LONG
    elif field is AddressField.COUNTRY:
        if known is None:
            yield AddressProblemCode.UNKNOWN_COUNTRY
    elif _is_blank(text):
        if field in wanted.required:
            yield AddressProblemCode.REQUIRED
    elif field is AddressField.POSTCODE and not _fits(text, wanted):
        yield AddressProblemCode.POSTCODE_FORMAT


def _is_blank(text: str) -> bool:
    return all(unicodedata.category(character)[0] in "CZ" for character in text)


def _fits(postcode: str, wanted: AddressFormat) -> bool:
    if not wanted.postcode_pattern:
        return True
    return any(re.fullmatch(wanted.postcode_pattern, spelling) for spelling in _spellings(postcode, wanted))


def _spellings(postcode: str, wanted: AddressFormat) -> Iterator[str]:
    """Give a postcode without separators: as it is, without a prefix, with one that belongs to it."""
    compact = _SEPARATORS.sub("", postcode).upper()
    yield compact
    for prefix in wanted.prefixes:
        yield compact.removeprefix(prefix)
        if wanted.postcode_pattern.startswith(prefix):
            yield prefix + compact


def same_address_key(
    country: str, *, name: str, street: str, postcode: str, city: str, region: str = "", extra: str = ""
) -> str:
    """Give a text that is the same for one address typed in two ways.

    It serves to notice a double, not to print: case, blanks, punctuation and Unicode form are put aside.

    >>> one = same_address_key("AT", name="Anna M.", street="Ring 5/3", postcode="A-1010", city="Wien")
    >>> one == same_address_key("at", name="anna m", street="RING  5/3,", postcode="1010", city="Wien ")
    True

    Args:
        country: An ISO 3166-1 code of two letters, in any case.
        name: Who receives the parcel.
        street: Street and number.
        postcode: With or without the country's prefix.
        city: As typed.
        region: As typed.
        extra: Floor, building, company and the like.
    """
    fields = (country, name, street, _plain_postcode(country, postcode), city, region, extra)
    return "\n".join(map(_plain, fields))


def _plain_postcode(country: str, postcode: str) -> str:
    known = address_format(country)
    if known is None or len(postcode) > LONGEST_POSTCODE:
        return postcode
    fitting = [s for s in _spellings(postcode, known) if re.fullmatch(known.postcode_pattern, s)]
    return min(fitting, key=len, default=postcode)


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    around = zip(" " + composed, composed, composed[1:] + " ", strict=False)
    return " ".join("".join(" " if _is_soft(*three) else three[1] for three in around).split())


def _is_soft(before: str, mark: str, after: str) -> bool:
    between_digits = before.isdecimal() and after.isdecimal()
    return unicodedata.category(mark)[0] in "PS" and not between_digits
