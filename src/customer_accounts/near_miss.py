"""Addresses that one typing error lies between: what an agent looks at before correcting one.

What lives here: the neighbours of an address, few enough to be looked up all at once, the forms in which it may have
been mistyped, and how far two addresses lie apart.  Whether a neighbour exists, a storage says; that it exists proves
nothing.
"""

from collections.abc import Iterator
from itertools import islice

from customer_accounts.email_suggestion import suggest_correction, typing_distance

#: So many neighbours are looked up at once; they are a fixed number of bound values of one statement.
MOST_NEIGHBOURS = 63
#: So many forms of one address are looked up at once; a form can be anywhere, so there are more of them.
MOST_FORMS = 126
#: Two errors in a domain are a slip: no two people have the same name there by chance.
_SLIPS_OF_A_DOMAIN = 2
#: How the ending of a domain is mistyped most.
_ENDINGS = {
    "com": ("con", "cmo", "om", "co", "fr"),
    "fr": ("f", "ft", "com"),
    "de": ("d", "ed", "com"),
    "at": ("de",),
}


def neighbours(email_key: str) -> tuple[str, ...]:
    """Give the addresses that one slip of the keyboard leads to: a letter too many, two swapped, one doubled.

    The likely meant domain comes first.  Letters that were left out are found from the other side only: the longer
    address has the shorter one as its neighbour.

    >>> neighbours("ana@gmial.com")[0]
    'ana@gmail.com'
    """
    found = dict.fromkeys(_slips(email_key))
    found.pop(email_key, None)
    return tuple(islice(found, MOST_NEIGHBOURS))


def _slips(email_key: str) -> Iterator[str]:
    meant = suggest_correction(email_key)
    if meant is not None:
        yield meant
    local_part, _, domain = email_key.rpartition("@")
    places = range(len(local_part))
    for place in places[1:]:
        before, one, other, after = (
            local_part[: place - 1], local_part[place - 1], local_part[place], local_part[place + 1 :],
        )  # fmt: skip
        yield f"{before}{other}{one}{after}@{domain}"
    for place in places:
        without = local_part[:place] + local_part[place + 1 :]
        if without:
            yield f"{without}@{domain}"
    for place in places:
        yield f"{local_part[: place + 1]}{local_part[place]}{local_part[place + 1 :]}@{domain}"


def typing_errors(one: str, other: str) -> int:
    """Count the typing errors between two address keys: letters too many, missing, wrong, or swapped.

    >>> typing_errors("anna@gmial.com", "ana@gmail.com")
    2
    """
    return typing_distance(one, other)


def mistyped_forms(email_key: str) -> tuple[str, ...]:
    """Give the forms in which an address may have been typed by mistake, its domain included; none for no address.

    >>> "ana@mail.example" in mistyped_forms("anna@mail.example")
    True
    """
    local_part, at_sign, domain = email_key.rpartition("@")
    if not at_sign:
        return ()
    label, _, ending = domain.partition(".")
    found = [
        *(f"{local_part}@{one}.{ending}" for one in _slipped(label)),
        *(f"{local_part}@{label}.{one}" for one in _ENDINGS.get(ending, ())),
        *(f"{one}@{domain}" for one in _slipped(local_part)),
    ]
    return tuple(one for one in dict.fromkeys(found) if one != email_key)[:MOST_FORMS]


def is_near_miss(email_key: str, other: str) -> bool:
    """Whether one of two addresses may be the other one mistyped; an address is not near to itself.

    >>> is_near_miss("a@gmial.com", "a@gmail.com"), is_near_miss("anna@mail.example", "bert@mail.example")
    (True, False)
    """
    (local_part, _, domain), (its_local_part, _, its_domain) = (
        email_key.rpartition("@"),
        other.rpartition("@"),
    )
    if email_key == other:
        return False
    if local_part == its_local_part:
        return typing_distance(domain, its_domain) <= _SLIPS_OF_A_DOMAIN or _meant(email_key) == _meant(other)
    return domain == its_domain and typing_distance(local_part, its_local_part) == 1


def _meant(email_key: str) -> str:
    return suggest_correction(email_key) or email_key


def _slipped(word: str) -> Iterator[str]:
    for place in range(len(word)):
        before, letter, after = word[:place], word[place], word[place + 1 :]
        if before or after:
            yield before + after
        yield before + letter + letter + after
        if after:
            yield before + after[0] + letter + after[1:]
