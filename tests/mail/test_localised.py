"""Dates, durations and typography."""

from datetime import UTC, datetime, timedelta

import pytest

from customer_accounts.mail.localised import date_text, duration_text
from customer_accounts.wording import typeset


@pytest.mark.parametrize(
    ("language", "first", "other"),
    [
        ("fr", "1er mars 2026", "31 décembre 2026"),
        ("de", "1. März 2026", "31. Dezember 2026"),
        ("en", "1 March 2026", "31 December 2026"),
    ],
)
def test_dates(language: str, first: str, other: str) -> None:
    """A date is written as the language writes it, the first of a month included."""
    assert date_text(datetime(2026, 3, 1, tzinfo=UTC), language) == first
    assert date_text(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), language) == other


@pytest.mark.parametrize("language", ["fr", "de", "en"])
def test_every_month_has_its_name(language: str) -> None:
    """Twelve different months."""
    months = {date_text(datetime(2026, month, 2, tzinfo=UTC), language) for month in range(1, 13)}
    assert len(months) == 12


@pytest.mark.parametrize(
    ("duration", "french", "german", "english"),
    [
        (timedelta(minutes=1), "1 minute", "1 Minute", "1 minute"),
        (timedelta(minutes=10), "10 minutes", "10 Minuten", "10 minutes"),
        (timedelta(hours=1), "1 heure", "1 Stunde", "1 hour"),
        (timedelta(minutes=90), "90 minutes", "90 Minuten", "90 minutes"),
        (timedelta(hours=24), "24 heures", "24 Stunden", "24 hours"),
        (timedelta(hours=36), "36 heures", "36 Stunden", "36 hours"),
        (timedelta(days=2), "2 jours", "2 Tage", "2 days"),
        (timedelta(minutes=150), "2 heures", "2 Stunden", "2 hours"),
        (timedelta(days=7, minutes=-1), "6 jours", "6 Tage", "6 days"),
        (timedelta(seconds=5), "1 minute", "1 Minute", "1 minute"),
    ],
)
def test_durations(duration: timedelta, french: str, german: str, english: str) -> None:
    """A lifetime is told in a unit that is easy to read, never longer than it is."""
    assert duration_text(duration, "fr") == french
    assert duration_text(duration, "de") == german
    assert duration_text(duration, "en") == english


def test_french_typography() -> None:
    """French double punctuation and guillemets get blanks that never break; other languages stay."""
    assert typeset("Oui ! Non ? Si ; « là » :", "fr") == (
        "Oui\u202f! Non\u202f? Si\u202f; «\u00a0là\u00a0»\u00a0:"
    )
    assert typeset("a : b !", "en") == "a : b !"
