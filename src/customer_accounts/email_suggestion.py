"""The likely meant address behind a typing error, as advice and nothing more (requirement EM-10).

Rules:

- The part before the "@" is never changed; what is corrected is the domain, with the blanks, commas, doubled
  dots and the like that no domain holds.
- A known provider is never corrected. Short names (free, sfr, gmx) have many real neighbours, so that only
  two swapped letters or a doubled one count there; longer names allow one error, the longest two.
- A text without "@" is read only if it ends in a provider's domain, or holds in front of one what a keyboard
  gives in the place of the "@".
- What is suggested is an address itself, and nothing more is suggested for it.

The data are in `email_providers`.
"""

import re
import unicodedata
from functools import lru_cache

from customer_accounts.email_providers import (
    COMMON_ENDINGS,
    ENDING_SLIPS,
    LEFT_ALONE,
    ONLY_ENDING,
    SUGGESTED,
    UNUSED_ENDINGS,
)
from customer_accounts.email_syntax import INVISIBLE, LONGEST_TYPED, TRIMMED, Mailbox, read_mailbox

_PROVIDERS = {
    f"{label}.{ending}": (label, ending) for label, endings in SUGGESTED.items() for ending in endings.split()
}
_KNOWN = LEFT_ALONE | _PROVIDERS.keys()
_UNUSED = {slip: ending for ending, slips in UNUSED_ENDINGS.items() for slip in slips.split()}
_SLIPS = {ending: frozenset(slips.split()) for ending, slips in ENDING_SLIPS.items()}
_DOTLESS = {domain.replace(".", ""): domain for domain in reversed(_PROVIDERS)}
_LONGEST_PROVIDER = max(map(len, _PROVIDERS)) + 2
_AT_SIGNS = ("\uff20", "\ufe6b", "(at)", "[at]", " at ", "à", "#", "&", " ")
_LONG_NAME = 7
_SHORT_NAME = 4
_DOUBLED = re.compile(r"(.)\1+")
_WRAPPED = re.compile(r"[^<>@]*<([^<>]*)>\Z")


def suggest_correction(text: str) -> str | None:
    """Give the address that was probably meant, or None if there is nothing to suggest.

    It is advice: the customer chooses, and an address that looks mistyped is never refused for it.

    >>> suggest_correction("a@gmial.com")
    'a@gmail.com'

    Args:
        text: What was typed, well-formed or not; a text longer than 320 characters gets no suggestion.
    """
    if not isinstance(text, str) or len(text) > LONGEST_TYPED:
        return None
    local_part, domain = _split(_unwrapped(text.strip()))
    candidate = f"{local_part}@{_meant_domain(domain)}"
    if candidate.lower() == text.strip(TRIMMED).lower():
        return None
    return candidate if isinstance(read_mailbox(candidate), Mailbox) else None


def _unwrapped(typed: str) -> str:
    """Take a pasted address out of its name, its angle brackets or its link, and drop what nobody can see."""
    wrapped = _WRAPPED.match(typed)
    inner = (wrapped.group(1) if wrapped else typed).removeprefix("mailto:")
    seen = inner if inner.isascii() else "".join(c for c in inner if not _is_unseen(c))
    return seen.lstrip('"<>,; ').rstrip("\"'<>,; ")


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or character in INVISIBLE


def _split(text: str) -> tuple[str, str]:
    local_part, at_sign, domain = text.partition("@")
    if at_sign:
        return local_part.rstrip(), domain.lstrip("@")
    return _split_at_other_sign(text) or _split_at_provider(text.rstrip("., "))


def _split_at_other_sign(text: str) -> tuple[str, str] | None:
    for sign in _AT_SIGNS:
        local_part, found, domain = text.partition(sign)
        if found and _meant_domain(domain) in _KNOWN:
            return local_part, domain
    return None


def _split_at_provider(text: str) -> tuple[str, str]:
    lowered = text.lower()
    endings = [domain for domain in _PROVIDERS if lowered.endswith(domain)]
    # The longest wins, so that hotmail.com is not read as "hot" at mail.com.
    domain = max(endings, key=len, default="")
    return text[: len(text) - len(domain)].rstrip(". "), domain


# Most customers share a few domains; each is compared with all providers once.
@lru_cache(maxsize=1024)
def _meant_domain(typed: str) -> str:
    """Correct a domain; give an empty text if it holds blanks and is no known provider without them."""
    tidied = _tidied(typed.lower())
    meant = _corrected(tidied.replace(" ", ""))
    return meant if " " not in tidied or meant in _KNOWN else ""


def _tidied(domain: str) -> str:
    """Take out what no domain holds: commas for dots, doubled dots, marks at the ends."""
    dotted = re.sub(r"[,;.][,;. ]*", ".", domain)
    return dotted.strip(" .-_<>()[]'\"!?/\\")


def _corrected(typed: str) -> str:
    name, dot, last = typed.rpartition(".")
    domain = f"{name}{dot}{_UNUSED.get(last, last)}"
    if domain in _KNOWN:
        return domain
    label, _, ending = domain.partition(".")
    exact = _DOTLESS.get(domain.replace(".", "")) or _with_right_ending(label, ending)
    if exact or len(domain) > _LONGEST_PROVIDER:
        return exact or domain
    return _nearest(label, ending) or domain


def _with_right_ending(label: str, ending: str) -> str | None:
    """Give the provider of exactly this name whose ending was meant."""
    endings = SUGGESTED.get(label, "").split()
    if not endings:
        return None
    if not ending or (label in ONLY_ENDING and COMMON_ENDINGS.issuperset(ending.split("."))):
        return f"{label}.{endings[0]}"
    meant = [right for right in endings if _is_slip(ending, right)]
    return f"{label}.{meant[0]}" if meant else None


def _is_slip(ending: str, right: str) -> bool:
    return ending in _SLIPS.get(right, ()) or ending.replace(".", "") == right


def _nearest(label: str, ending: str) -> str | None:
    """Give the most used provider whose name is within the allowed number of errors."""
    near = [
        (errors, rank, domain)
        for rank, (domain, (name, right)) in enumerate(_PROVIDERS.items())
        if ending in {"", right} or _is_slip(ending, right)
        if (errors := _errors(label, name)) is not None
    ]
    return min(near)[2] if near else None


def _errors(typed: str, name: str) -> int | None:
    """Count the typing errors between two names, or give None if there are more than the name allows."""
    allowed = 2 if len(name) >= _LONG_NAME else 1
    # One error changes the length by one and the set of letters by two at most: most names end here.
    if abs(len(typed) - len(name)) > allowed or len(set(typed) ^ set(name)) > 2 * allowed:
        return None
    errors = typing_distance(typed, name)
    if errors > allowed or (len(name) <= _SHORT_NAME and not _is_swap_or_double(typed, name)):
        return None
    # Another first letter makes another word (mail, email, grange): a long name stands one such error.
    begins_alike = sorted(typed[:2]) == sorted(name[:2]) or typed[:1] == name[0]
    return errors if begins_alike or errors < allowed else None


def _is_swap_or_double(typed: str, name: str) -> bool:
    if len(typed) == len(name):
        return sorted(typed) == sorted(name)
    return _DOUBLED.sub(r"\1", typed) == _DOUBLED.sub(r"\1", name) and len(typed) > len(name)


def typing_distance(typed: str, name: str) -> int:
    """Count insertions, deletions, substitutions and swaps of neighbours (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(name) + 1))
    for i, letter in enumerate(typed, start=1):
        older, before, row = before, row, [i]
        for j, other in enumerate(name, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == name[j - 2] and typed[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
