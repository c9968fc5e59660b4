"""The texts that customers read, in French, German and English.

Each feature keeps its texts in ``texts/<feature>.toml``, one table per text with the keys ``fr``, ``de`` and ``en``;
a test demands all three.  Reading is lazy: a process that shows no text loads none.
"""

import tomllib
from functools import cache
from importlib.resources import files

LOCALES = ("fr", "de", "en")


def known_locale(text: str) -> str | None:
    """Give the language of *text* (``fr``, ``de-AT``, ``en_GB``) if texts exist in it, else None."""
    language = text.replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else None


@cache
def texts_of(feature: str) -> dict[str, dict[str, str]]:
    """Give all texts of one feature, by name and then by language."""
    path = files("customer_accounts").joinpath("texts", f"{feature}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def wording(feature: str, name: str, locale: str, /, **values: object) -> str:
    """Give one text in the language of *locale*, English where the language is unknown.

    Args:
        feature: name of the text file.
        name: name of the text in it.
        locale: a language tag.
        values: what the text's ``{placeholders}`` stand for.
    """
    by_language = texts_of(feature)[name]
    return by_language[known_locale(locale) or "en"].format(**values)
