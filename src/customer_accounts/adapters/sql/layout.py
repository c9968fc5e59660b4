"""Several kinds of rows in one statement: a UNION ALL whose rows have slots for texts, numbers, flags, times,
ids, days and amounts.

One statement is one snapshot, also at READ COMMITTED on PostgreSQL, and one round trip.  Each branch lays its
columns into the slots of their types and fills the others with nulls; its number stands first.  A single
branch stays the plain SELECT that it is.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from attrs import field, frozen
from sqlalchemy import (
    Boolean,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    Uuid,
    cast,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from customer_accounts.adapters.sql.fields import Day, DecimalText, UtcDateTime, Values
from customer_accounts.adapters.sql.mapping import Node

#: The types of slots, in their order within a row.
_SLOTS: tuple[type[TypeEngine[Any]], ...] = (
    String, Integer, Boolean, UtcDateTime, Uuid, Day, DecimalText,
)  # fmt: skip


@frozen(eq=False)
class Branch:
    """One kind of rows: what they are, their columns, and where they come from.

    Args:
        of: names the rows in what `Prepared.sorted` gives.
        rows: a SELECT of exactly those columns.
    """

    of: Hashable
    columns: Sequence[ColumnElement[Any]]
    rows: Select[Any]


@frozen(eq=False)
class Prepared:
    """A statement, and how its rows are read; made once for each shape of a question."""

    statement: Select[Any] | CompoundSelect[Any]
    branches: tuple[Branch, ...]
    _places: tuple[Sequence[int], ...]
    _pick: tuple[Callable[[Values], Values], ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_pick", tuple(itemgetter(*places) for places in self._places))

    def sorted(self, rows: Sequence[Values]) -> Mapping[Any, list[Values]]:
        """Give the rows of each branch by its name."""
        if len(self.branches) == 1:
            return {self.branches[0].of: [tuple(row) for row in rows]}
        found: dict[Any, list[Values]] = defaultdict(list)
        for row in rows:
            number = row[0]
            found[self.branches[number].of].append(self._pick[number](row))
        return found

    def row(self, of: Hashable, values: Values) -> Values:
        """Give a row as it would come with these values, one for each column of a branch that is one of several."""
        number = next(place for place, branch in enumerate(self.branches) if branch.of == of)
        laid = {0: number, **dict(zip(self._places[number], values, strict=True))}
        width = 1 + max(place for places in self._places for place in places)
        return [laid.get(place) for place in range(width)]


def prepared(branches: Sequence[Branch]) -> Prepared:
    """Lay branches out as one statement."""
    if len(branches) == 1:
        return Prepared(branches[0].rows, tuple(branches), ())
    widths: Counter[type] = Counter()
    for branch in branches:
        widths |= Counter(_slot(column) for column in branch.columns)
    laid = [_laid(number, branch, widths) for number, branch in enumerate(branches)]
    places = tuple(_places(branch, widths) for branch in branches)
    return Prepared(union_all(*laid), tuple(branches), places)


def branch_of(node: Node, condition: ColumnElement[bool]) -> Branch:
    """Give the branch of some records, or of some elements of their tuples."""
    return Branch(node, node.columns, select(*node.columns).where(condition))


def family_branches(node: Node, condition: ColumnElement[bool]) -> list[Branch]:
    """Give the branches of some records and of all elements of their tuples."""
    keys = select(*node.table.primary_key.columns).where(condition)
    # The first link of an element names the record, however deep the element lies.
    below = [branch_of(one, one.table.c[one.links[0]].in_(keys)) for one in list(node.family())[1:]]
    return [branch_of(node, condition), *below]


def _slot(column: ColumnElement[Any]) -> type[TypeEngine[Any]]:
    return next(kind for kind in _SLOTS if isinstance(column.type, kind))


def _laid(number: int, branch: Branch, widths: Mapping[type, int]) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [literal_column(str(number), Integer()).label("branch")]
    for kind in _SLOTS:
        own = [column for column in branch.columns if _slot(column) is kind]
        own += [cast(null(), kind()) for _ in range(widths[kind] - len(own))]
        columns += [column.label(f"{kind.__name__.lower()}_{place}") for place, column in enumerate(own)]
    return branch.rows.with_only_columns(*columns)


def _places(branch: Branch, widths: Mapping[type, int]) -> list[int]:
    starts, start = {}, 1
    for kind in _SLOTS:
        starts[kind], start = start, start + widths[kind]
    used: Counter[type] = Counter()
    places = []
    for kind in (_slot(column) for column in branch.columns):
        places.append(starts[kind] + used[kind])
        used[kind] += 1
    return places
