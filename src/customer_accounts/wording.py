"""The texts that customers read, in French, German and English.

Each feature keeps its texts in ``texts/<feature>.toml``, one table per text with the keys ``fr``, ``de`` and ``en``;
a test demands all three.  Reading is lazy: a process that shows no text loads none.

French sets a blank that never breaks before ``: ; ! ?`` and inside guillemets.  The texts are written with ordinary
blanks and set here, so that neither a translator nor a host has to type invisible characters.
"""

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

LOCALES = ("fr", "de", "en")

_NO_BREAK, _NARROW = "\u00a0", "\u202f"


# A shop has a few of them.
@lru_cache(maxsize=256)
def known_locale(text: str) -> str | None:
    """Give the language of *text* (``fr``, ``de-AT``, ``en_GB``) if texts exist in it, else None."""
    language = text.replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else None


def typeset(text: str, language: str) -> str:
    """Put the blanks of French typography in place; other languages stay as they are."""
    if language != "fr":
        return text
    text = re.sub(r" ([;!?])", rf"{_NARROW}\1", text)
    text = text.replace(" :", f"{_NO_BREAK}:")
    return text.replace("« ", f"«{_NO_BREAK}").replace(" »", f"{_NO_BREAK}»")


@cache
def texts_of(feature: str) -> dict[str, dict[str, str]]:
    """Give all texts of one feature, by name and then by language."""
    path = files("customer_accounts").joinpath("texts", f"{feature}.toml")
    texts = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: {language: typeset(text, language) for language, text in by_language.items()}
        for name, by_language in texts.items()
    }


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
