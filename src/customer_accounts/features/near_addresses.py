"""Addresses that are one slip of the finger away from another: where orders with a mistyped address may lie.

A slip is a letter that is missing, doubled or swapped with its neighbour, or, where two addresses are compared,
a wrong one.  Advice for support and a condition of the second fact; nothing joins because it is near.
"""

from collections.abc import Iterator

from customer_accounts.email_suggestion import suggest_correction, typing_distance
from customer_accounts.features.registration import email_key_of

#: One scope asks for so many addresses at most.
MOST = 255
_SLIPS_OF_A_DOMAIN = 2
#: How the ending of a domain is mistyped most.
_ENDINGS = {
    "com": ("con", "cmo", "om", "co", "fr"),
    "fr": ("f", "ft", "com"),
    "de": ("d", "ed", "com"),
    "at": ("de",),
}


def near_addresses(email_key: str) -> tuple[str, ...]:
    """Give addresses that are one slip away from this one, at most `MOST`; none for what is no address."""
    local_part, at_sign, domain = email_key.rpartition("@")
    if not at_sign:
        return ()
    label, _, ending = domain.partition(".")
    found = [
        *(f"{local_part}@{one}.{ending}" for one in _slipped(label)),
        *(f"{local_part}@{label}.{one}" for one in _ENDINGS.get(ending, ())),
        *(f"{one}@{domain}" for one in _slipped(local_part)),
    ]
    return tuple(one for one in dict.fromkeys(found) if one != email_key)[:MOST]


def is_near(email_key: str, other: str) -> bool:
    """Whether one of two addresses may be the other one mistyped; an address is not near to itself."""
    (local_part, _, domain), (its_local_part, _, its_domain) = (
        email_key.rpartition("@"),
        other.rpartition("@"),
    )
    if email_key == other:
        return False
    if local_part == its_local_part:
        return typing_distance(domain, its_domain) <= _SLIPS_OF_A_DOMAIN or _corrected(
            email_key
        ) == _corrected(other)
    return domain == its_domain and typing_distance(local_part, its_local_part) == 1


def _corrected(email_key: str) -> str:
    meant = suggest_correction(email_key)
    return email_key if meant is None else email_key_of(meant)


def _slipped(word: str) -> Iterator[str]:
    for place in range(len(word)):
        before, letter, after = word[:place], word[place], word[place + 1 :]
        if before or after:
            yield before + after
        yield before + letter + letter + after
        if after:
            yield before + after[0] + letter + after[1:]
