"""The texts of the mails: ours, and those that a host puts in their place.

Rules:

* One TOML file for each purpose, ``texts/<purpose>.toml``, with a table for each language and a piece of
  text for each key; ``common.toml`` holds what every mail has.  A key that ends in ``_<variant>`` is used
  for that variant.
* Placeholders are plain names in braces.  Each piece has the same ones in all languages.
* A host may replace any piece in any language, and nothing else: an unknown file, language, piece or
  placeholder is refused when its texts are read, not when a mail is to be sent.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Formatter

from attrs import field, frozen

from customer_accounts.errors import SettingsError
from customer_accounts.outbox import MailPurpose
from customer_accounts.wording import LOCALES, typeset

#: Pieces of one text by language and name.
Pieces = Mapping[str, Mapping[str, str]]

COMMON = "common"

#: What any piece may name, because every mail has it.
_EVERYWHERE = frozenset({"shop", "contact"})


def names_of_files() -> tuple[str, ...]:
    """Give the names of all text files: one for each purpose, and the common one."""
    return (*(purpose.value for purpose in MailPurpose), COMMON)


@cache
def shipped(name: str) -> Pieces:
    """Give the texts of one file as they come with the library."""
    return _read(files("customer_accounts.mail").joinpath("texts", f"{name}.toml"))


def placeholders(text: str) -> frozenset[str]:
    """Give the names in braces.

    Raises:
        SettingsError: something else than a plain name stands in braces.
    """
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise SettingsError("a mail text has a brace without its partner") from error
    fields = [(name, spec, conversion) for _, name, spec, conversion in parts if name is not None]
    if any(not name.isidentifier() or spec or conversion for name, spec, conversion in fields):
        raise SettingsError("a mail text may hold only plain names in braces")
    return frozenset(name for name, _, _ in fields)


@frozen
class MailTexts:
    """The texts that mails are written with.

    Args:
        own: the host's pieces, by name of the file, language and piece; they stand before the shipped ones.

    Raises:
        SettingsError: an unknown file, language, piece or placeholder; the text names it.
    """

    own: Mapping[str, Pieces] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Refuse texts that could not be filled."""
        for name, language, piece, text in _flat(self.own):
            where = f"mail text {name}.{language}.{piece}"
            known = name in names_of_files() and language in LOCALES and shipped(name)[language].get(piece)
            if not known:
                raise SettingsError(f"{where} is unknown")
            if not isinstance(text, str) or "\r" in text or "\n" in text:
                raise SettingsError(f"{where} must be one line of text")
            strange = placeholders(text) - placeholders(known) - _EVERYWHERE
            if strange:
                raise SettingsError(f"{where} has an unknown placeholder: {', '.join(sorted(strange))}")

    def find(self, name: str, language: str, piece: str, variants: tuple[str, ...] = ()) -> str | None:
        """Give a piece in its most telling variant, ready to be filled, or None if there is none."""
        for key in (*(f"{piece}_{variant}" for variant in variants), piece):
            for source in (self.own.get(name, {}), shipped(name)):
                text = source.get(language, {}).get(key)
                if text is not None:
                    return typeset(text, language)
        return None


def read_mail_texts(directory: Path) -> MailTexts:
    """Read a host's texts: files such as ``tracking.toml``, each with only the pieces that differ.

    Args:
        directory: folder with the TOML files; other files in it are left alone.

    Raises:
        SettingsError: an unknown file, language, piece or placeholder, or a file that is not TOML.
    """
    return MailTexts({path.stem: _read(path) for path in sorted(directory.glob("*.toml"))})


def _read(path: Traversable) -> Pieces:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read as TOML") from error
    return tables


def _flat(own: Mapping[str, Pieces]) -> Iterator[tuple[str, str, str, object]]:
    for name, by_language in own.items():
        for language, pieces in by_language.items():
            if not isinstance(pieces, Mapping):
                raise SettingsError(f"mail text {name}.{language} must be a table of texts")
            yield from ((name, language, piece, text) for piece, text in pieces.items())


#: The texts as they come with the library.
SHIPPED = MailTexts()
