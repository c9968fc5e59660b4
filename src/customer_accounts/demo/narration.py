"""What the demo says, in French, German and English: the tables of ``texts/<language>.toml``.

``[words]`` holds what all promises share, ``[F01]`` to ``[F27]`` the sentences of each promise.
"""

import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files

from attrs import frozen

from customer_accounts.wording import known_locale, typeset

#: Where POSIX systems say which language people read, the strongest first.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")

_NO_BREAK, _NARROW = "\u00a0", "\u202f"

#: What each language writes for the comma and the point of an English amount.
_SEPARATORS = {
    "fr": str.maketrans({",": _NARROW, ".": ","}),
    "de": str.maketrans({",": ".", ".": ","}),
    "en": {},
}


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """Give the language of the environment if the demo speaks it, else English."""
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), "en")
    return known_locale(said.partition(".")[0]) or "en"


@cache
def _tables(language: str) -> dict[str, dict[str, str]]:
    path = files("customer_accounts").joinpath("demo", "texts", f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@frozen
class Narration:
    """The sentences in one language."""

    language: str

    def text(self, table: str, name: str, /, **values: object) -> str:
        """Give one sentence with its values in place."""
        text = _tables(self.language)[table][name].format(**values)
        return typeset(text, self.language).replace(" %", f"{_NO_BREAK}%")

    def word(self, name: str, /, **values: object) -> str:
        """Give what all promises share."""
        return self.text("words", name, **values)

    def money(self, amount: Decimal) -> str:
        """Write an amount in euros."""
        return self.word("money", amount=f"{amount:,.2f}".translate(_SEPARATORS[self.language]))
