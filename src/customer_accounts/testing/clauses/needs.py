"""Which parts a clause needs, so that a host can leave out what its shop does not use."""

from collections.abc import Callable
from typing import TypeVar

from customer_accounts.facts import Part

Clause = TypeVar("Clause", bound=Callable[..., None])

#: All parts, for clauses that ask for everything.
EVERYTHING = frozenset(Part)


def needs(*parts: Part) -> Callable[[Clause], Clause]:
    """Mark a clause with the parts that it needs."""

    def mark(clause: Clause) -> Clause:
        clause.__dict__["needs"] = frozenset(parts)
        return clause

    return mark
