"""Texts: complete in three languages, and what stands for numbers and days."""

import string
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from customer_accounts.vat import NumberKind, ReclaimKind, Treatment, packaged_table
from customer_accounts.vat.circumstances import ANSWERS
from customer_accounts.vat.files import load
from customer_accounts.vat.wording import day_text, language_of, money_text, percent_text, wording


def texts(found: Mapping[str, object], path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every text with its path."""
    for name, cell in found.items():
        assert isinstance(cell, dict)
        if "en" in cell:
            yield f"{path}.{name}", cell
        else:
            yield from texts(cell, f"{path}.{name}")


ALL = list(texts(load("texts")))


@pytest.mark.parametrize(("name", "by_language"), ALL, ids=[name for name, _ in ALL])
def test_every_text_exists_in_three_languages_with_the_same_places(
    name: str, by_language: Mapping[str, str]
) -> None:
    """French, German and English say the same, with the same placeholders."""
    assert {"fr", "de", "en"} <= set(by_language)
    places = [
        {field for _, field, _, _ in string.Formatter().parse(text) if field} for text in by_language.values()
    ]
    assert all(place == places[0] for place in places)


@pytest.mark.parametrize(("name", "by_language"), ALL, ids=[name for name, _ in ALL])
def test_texts_are_typographically_right(name: str, by_language: Mapping[str, str]) -> None:
    """No straight apostrophes; in French a no-break space before double punctuation; 'vous' and 'Sie'."""
    for language, text in by_language.items():
        assert "'" not in text
        assert "  " not in text
        if language == "fr":
            assert not any(f" {sign}" in text for sign in ":?!")
            assert " ; " not in text
            assert not any(f" {word} " in f" {text.lower()} " for word in ("tu", "ton", "ta", "tes"))
        if language.startswith("de"):
            assert not any(f" {word} " in f" {text} " for word in ("du", "dein", "deine"))


def test_everything_that_can_be_said_has_a_text() -> None:
    """Every answer, rule, treatment, warning, note, way to reclaim and sort of number is worded."""
    wanted = {f".answer.{question}.{answer}" for question, answers in ANSWERS.items() for answer in answers}
    table = packaged_table()
    wanted |= {f".rule.{row.rule}" for row in table.rows}
    wanted |= {f".note.{row.note}" for row in table.rows if row.note}
    wanted |= {f".warning.{remark.name}" for remark in table.warnings}
    wanted |= {f".treatment.{treatment}" for treatment in Treatment}
    wanted |= {f".reclaim.{kind}" for kind in ReclaimKind}
    wanted |= {f".kind.{kind}" for kind in NumberKind}
    assert wanted <= {name for name, _ in ALL}
    assert {remark.name for remark in table.reclaims} == set(ReclaimKind)


def test_every_placeholder_of_the_facts_can_be_filled() -> None:
    """The facts use no other name than the four that every decision has."""
    known = {"origin": "a", "destination": "b", "issuer": "c", "number": "d"}
    for (question, answers), locale in product(ANSWERS.items(), ("fr", "de", "en")):
        for answer in answers:
            assert "{" not in wording(f"answer.{question}", answer, locale, **known)


def test_locales_are_read_generously() -> None:
    """A region keeps its language, an unknown language gets English, a seller's state its own words."""
    assert [language_of(locale) for locale in ("fr", "de-AT", "EN_gb", "it", "")] == [
        "fr",
        "de",
        "en",
        "en",
        "en",
    ]
    assert wording("line", "seller_number", "de", number="1") == "Unsere USt-IdNr.: 1"
    assert wording("line", "seller_number", "de_AT", number="1") == "Unsere UID-Nummer: 1"
    assert wording("line", "seller_number", "de", seller="AT", number="1") == "Unsere UID-Nummer: 1"


def test_a_text_that_is_missing_in_english_is_an_error() -> None:
    """A host's misspelt name is a KeyError."""
    with pytest.raises(KeyError):
        wording("line", "unknown", "en")


def test_rates_and_days_are_written_as_people_read_them() -> None:
    """Comma and no-break space in French and German; days in the order of the language."""
    assert [percent_text(Decimal("25.50"), locale) for locale in ("en", "de", "fr")] == [
        "25.5%",
        "25,5\u00a0%",
        "25,5\u00a0%",
    ]
    assert percent_text(Decimal(20), "en") == "20%"
    on = date(2025, 7, 1)
    assert [day_text(on, locale) for locale in ("en", "de", "fr")] == [
        "2025-07-01",
        "01.07.2025",
        "01/07/2025",
    ]


def test_money_is_written_as_people_read_it() -> None:
    """A comma in German and French, and no cents where the currency has none and none were charged."""
    assert [money_text(Decimal("63.875"), "EUR", locale) for locale in ("en", "de", "fr")] == [
        "63.88 EUR", "63,88 EUR", "63,88 EUR",
    ]  # fmt: skip
    assert (money_text(Decimal("22.0000"), "JPY", "de"), money_text(Decimal("2658.5"), "HUF", "de")) == (
        "22 JPY", "2658,50 HUF",
    )  # fmt: skip
    assert money_text(Decimal(20), "EUR", "en") == "20.00 EUR"
