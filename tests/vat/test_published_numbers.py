"""Differential: numbers that others published, python-stdnum's lists above all, and where the judges disagree."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.eu import vat as stdnum_vat

from customer_accounts.vat import VatNumber, VatNumberError
from customer_accounts.vat.countries import prefixes, vat_prefix

PUBLISHED = tomllib.loads(Path(__file__).with_name("published_numbers.toml").read_text(encoding="utf-8"))


def numbers_of(cell: Mapping[str, str]) -> list[str]:
    """The numbers of a list, each with the prefix of its state."""
    return [vat_prefix(state[:2]) + national for state, line in cell.items() for national in line.split()]


VALID = numbers_of(PUBLISHED["valid"])


def verdict(text: str, country: str | None = None) -> str:
    """What we say to a text."""
    try:
        VatNumber.parse(text, country)
    except VatNumberError as error:
        return str(error)
    return "valid"


def test_every_state_has_published_numbers() -> None:
    """All 27 member states and Northern Ireland are in the lists, with nearly eight hundred numbers."""
    assert {number[:2] for number in VALID} == set(prefixes())
    assert sum(len(numbers_of(PUBLISHED[kind])) for kind in ("valid", "checksum_failed", "malformed")) > 750


@pytest.mark.parametrize("kind", ["valid", "checksum_failed", "malformed"])
def test_published_numbers_come_out_as_published(kind: str) -> None:
    """Right numbers are read, wrong check digits leave a number to ask about, the rest is unreadable."""
    assert [number for number in numbers_of(PUBLISHED[kind]) if verdict(number) != kind] == []


def test_right_numbers_have_stdnums_compact_form() -> None:
    """Differential: what python-stdnum makes of a published number is what we keep."""
    assert [VatNumber.parse(number).compact for number in VALID] == list(map(stdnum_vat.validate, VALID))


def test_wrong_numbers_are_wrong_for_stdnum_too() -> None:
    """Differential: nothing that python-stdnum accepts is refused in these lists, so nobody is taxed for it."""
    wrong = numbers_of(PUBLISHED["checksum_failed"]) + numbers_of(PUBLISHED["malformed"])
    assert [number for number in wrong if stdnum_vat.is_valid(number)] == []


def test_the_country_stands_for_a_missing_prefix() -> None:
    """F21: a company that typed its national number and chose its country has the same number."""
    for number in VALID:
        assert VatNumber.parse(number[2:], prefixes()[number[:2]]) == VatNumber.parse(number)


@pytest.mark.parametrize(("typed", "compact"), PUBLISHED["typed"].items())
def test_numbers_as_people_wrote_them(typed: str, compact: str) -> None:
    """The spellings that were found are read: brackets, colons, lone blanks, missing zeros."""
    assert VatNumber.parse(typed).compact == compact


JUDGED = [(number, case) for case in PUBLISHED["judged"] for number in case["numbers"].split()]


@pytest.mark.parametrize(("number", "case"), JUDGED, ids=[number for number, _ in JUDGED])
def test_where_the_judges_disagree(number: str, case: dict[str, object]) -> None:
    """Each number that libraries differ about has our verdict, and the reason for it."""
    assert verdict(number) == case["ours"]
    assert case["why"]
    assert case["right"]


NOISE = st.sampled_from(
    (
        "",
        "",
        "",
        " ",
        ".",
        "-",
        "\u00a0",
        "\u2009",
        "\u3000",
        "\u200b",
        "\u2060",
        "\ufeff",
        "\u202e",
        "\u2069",
    )
)
#: One sign of a number in the shapes it may be typed in.
SHAPES = (str, str.lower, lambda sign: chr(ord(sign) + 0xFEE0))


@given(st.sampled_from(VALID), st.data())
def test_no_spelling_makes_another_company(number: str, data: st.DataObject) -> None:
    """Case, width, blanks and marks change nothing: one company, one number."""
    typed = "".join(data.draw(st.sampled_from(SHAPES))(sign) + data.draw(NOISE) for sign in number)
    assert VatNumber.parse(typed) == VatNumber.parse(number)
