"""Which passwords are so common that a guesser tries them first.

Four rules, each on a folded copy (lower case, no accents); the password itself is never changed:

1. The list: passwords found often in leaks, plus French and German ones (``data/common_passwords.txt``
   states its sources).
2. The stem: a listed word stays that word with digits and punctuation around it, or letters written as digits
   (``Password2024!``, ``p@ssw0rd``, ``Soleil2023``).
3. The repeat: a password that repeats a unit is as good as the unit, and a unit below eight code points is
   none.
4. The run: keys in a row, neighbours in the alphabet or one character again and again count for nothing
   when they leave at most two characters.

Source: NIST SP 800-63B-4 section 3.1.1.2 (blocklist); OWASP ASVS 5.0 6.2.4 (at least 3,000 entries that
satisfy the policy).
"""

import functools
import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from importlib import resources
from itertools import chain, pairwise, repeat, starmap

_SHORTEST_UNIT = 8  # the floor of every policy: a repeated unit must reach it by itself
_SHORTEST_STEM = 3  # "été", "psg": the shortest words of the list
_LONGEST_STEM = 40  # above the longest entry: a longer core cannot be listed
_LEET_REACH = 4  # how many digits or signs at each end may stand for letters: motdepa$$3 + 2024
_SHORTEST_RUN = 3
_STRAY_CHARACTERS = 2

_SIGNS = {
    "@": "a",
    "4": "a",
    "8": "b",
    "3": "e",
    "!": "i",
    "0": "o",
    "5": "s",
    "$": "s",
    "7": "t",
    "+": "t",
    "2": "z",
}
# "1" stands for "i" and for "l", hence two tables.
_LEET = (str.maketrans({**_SIGNS, "1": "i"}), str.maketrans({**_SIGNS, "1": "l"}))
_IN_NO_PHRASE = frozenset((*_SIGNS, "1"))

_ROWS = (
    "01234567890", "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "qwertzuiop", "yxcvbnm",
    "azertyuiop", "qsdfghjklm", "wxcvbn",
)  # fmt: skip
_FORWARD = frozenset(pair for row in _ROWS for pair in pairwise(row))
_BACKWARD = frozenset((after, before) for before, after in _FORWARD)


def is_common(password: str) -> bool:
    """Tell whether a guesser would try *password* among the first.

    Args:
        password: at most 1,024 bytes; a longer one is refused before (PW-03).
    """
    return covered(fold(password), entries())


@functools.cache
def entries() -> frozenset[str]:
    """Return the list, read once per process at the first use."""
    text = resources.files("customer_accounts").joinpath("data", "common_passwords.txt").read_text("utf-8")
    return frozenset(text.partition("\n\n")[2].split())


def fold(text: str) -> str:
    """Return *text* in lower case without accents, to compare it; never to store or hash it."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def readings(folded: str) -> tuple[str, ...]:
    """Return a *folded* text as it stands, and with its digits and signs read as the letters they are written for."""
    if _IN_NO_PHRASE.isdisjoint(folded):
        return (folded,)
    return (folded, *map(folded.translate, _LEET))


def covered(folded: str, listed: AbstractSet[str]) -> bool:
    """Tell whether one of the four rules covers a *folded* password, given the *listed* ones."""
    unit = _unit(folded)
    if unit != folded and len(unit) < _SHORTEST_UNIT:
        return True
    if unit in listed or _mostly_runs(unit):
        return True
    return not (_is_its_only_stem(unit) or listed.isdisjoint(_stems(unit)))


def _unit(text: str) -> str:
    """Return what *text* repeats, a short unit also with a rest behind it (``abcabcab``), itself repeated or not."""
    first, end = text[:1], min(_SHORTEST_UNIT, len(text) // 2 + 1)
    size = text.find(first, 1, end)
    while size > 0:
        if text.startswith(text[size:]):
            return text[:size]
        size = text.find(first, size + 1, end)
    size = (text + text).find(text, 1)
    return _unit(text[:size]) if 0 < size < len(text) else text


def _mostly_runs(text: str) -> bool:
    """Tell whether few code points belong to no run of at least three neighbours; most texts are through soon."""
    pairs = pairwise(text)
    found = map(_ascii_steps().get, pairs, repeat("")) if text.isascii() else starmap(_step, pairs)
    steps = chain(found, ("", ""))
    older, old, new, outside = "", "", next(steps), 0
    for following in steps:
        if not ((old and old in (older, new)) or (new and new == following)):
            outside += 1
            if outside > _STRAY_CHARACTERS:
                return False
        older, old, new = old, new, following
    return True


def _step(before: str, after: str) -> str:
    """Return how two code points are neighbours: the same, up or down a row; empty if they are none."""
    if before == after:
        return "same"
    distance = ord(after) - ord(before)
    if distance == 1 or (before, after) in _FORWARD:
        return "up"
    return "down" if distance == -1 or (before, after) in _BACKWARD else ""


@functools.cache
def _ascii_steps() -> dict[tuple[str, str], str]:
    """Return `_step` for all pairs of ASCII that are neighbours: what is typed is nearly always read here."""
    known = [chr(code) for code in range(128)]
    pairs = {
        *zip(known, known, strict=True),
        *pairwise(known),
        *pairwise(reversed(known)),
        *_FORWARD,
        *_BACKWARD,
    }
    return {pair: _step(*pair) for pair in pairs}


def _is_its_only_stem(text: str) -> bool:
    """Tell whether `_stems` has nothing but *text*, which holds what it repeats once: most phrases are so."""
    return text[:1].isalpha() and text[-1:].isalpha() and _IN_NO_PHRASE.isdisjoint(text)


def _stems(text: str) -> Iterator[str]:
    """Yield *text*, and its letters with the digits and signs around them dropped or read as letters."""
    yield text
    first = next((place for place, char in enumerate(text) if char.isalpha()), None)
    if first is None:
        return
    end = next(place for place in range(len(text), 0, -1) if text[place - 1].isalpha())
    if end - first > _LONGEST_STEM:
        return
    yield _unit(text[first:end])
    for reading in readings(text):
        for left in range(max(0, first - _LEET_REACH), first + 1):
            for right in range(end, min(len(text), end + _LEET_REACH) + 1):
                if right - left >= _SHORTEST_STEM:
                    part = reading[left:right]
                    yield part
                    unit = _unit(part)
                    if unit != part:
                        yield from _stems(unit)
