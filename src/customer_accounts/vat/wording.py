"""The texts of the VAT rules: ``data/texts.toml``, found by group, name and locale.

Rules: every text exists in French, German and English (a test demands it); a locale such as ``de-AT`` takes
its own wording where there is one, a seller's state counts as such a locale, and an unknown language gets
English.
"""

from datetime import date
from decimal import Decimal

from customer_accounts.vat.amounts import WITHOUT_CENTS, round_half_up
from customer_accounts.vat.files import load, table, text

LANGUAGES = ("fr", "de", "en")


def language_of(locale: str) -> str:
    """Give the language of a locale (``fr``, ``de-AT``, ``en_GB``) if texts exist in it, else ``en``."""
    language = locale[:2].lower()
    return language if language in LANGUAGES else "en"


def wording(group: str, name: str, locale: str, /, *, seller: str = "", **values: str) -> str:
    """Give one text.

    A locale with a region takes that region's wording, else that of the seller's state, else the plain one.

    Args:
        group: table of the text file, dots between its parts.
        name: name in that table.
        locale: a language tag.
        seller: state of the seller, whose own wording is preferred.
        values: what the text's ``{placeholders}`` stand for.
    """
    found = load("texts")
    for part in group.split("."):
        found = table(found[part])
    by_language = table(found[name])
    language = language_of(locale)
    regional = by_language.get(f"{language}-{locale[3:5].upper()}") or by_language.get(f"{language}-{seller}")
    return text(regional or by_language[language]).format(**values)


def percent_text(percent: Decimal, locale: str) -> str:
    """Write a rate as people read it: ``25.5%`` in English, ``25,5 %`` with a no-break space elsewhere."""
    plain = format(percent.normalize(), "f")
    return f"{plain}%" if language_of(locale) == "en" else plain.replace(".", ",") + "\N{NO-BREAK SPACE}%"


def money_text(amount: Decimal, currency: str, locale: str) -> str:
    """Write an amount as people read it: ``63.88 EUR`` in English, ``63,88 EUR`` elsewhere, ``22 JPY``."""
    whole = currency in WITHOUT_CENTS and amount == amount.to_integral_value()
    plain = format(round_half_up(amount, 0 if whole else 2), "f")
    return f"{plain if language_of(locale) == 'en' else plain.replace('.', ',')} {currency}"


def day_text(day: date, locale: str) -> str:
    """Write a day in figures: ``2025-07-01``, ``01.07.2025``, ``01/07/2025``."""
    form = {"de": "%d.%m.%Y", "fr": "%d/%m/%Y"}.get(language_of(locale), "%Y-%m-%d")
    return day.strftime(form)
