"""Addresses that one typing error lies between: what an agent looks at before correcting one.

What lives here: the neighbours of an address, few enough to be looked up all at once, and how far two addresses lie
apart.  Whether a neighbour exists, a storage says; that it exists proves nothing.
"""

from collections.abc import Iterator
from itertools import islice

from customer_accounts.email_suggestion import suggest_correction, typing_distance

#: So many neighbours are looked up at once; they are a fixed number of bound values of one statement.
MOST_NEIGHBOURS = 63


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
