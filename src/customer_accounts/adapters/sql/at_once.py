"""All steps of a write as one statement, for PostgreSQL: one round trip, one snapshot, one flush of the log.

Each step becomes a part of a WITH, and the SELECT behind it checks them: a step that did not hit the rows that it must
hit makes the statement fail, by the cast of a text that names it, and with it everything that the statement wrote.

The parts of one statement do not see each other's rows, and no row may be touched twice.  What needs an order (a
tuple's elements written anew, two changes of one row, an address that is given up and taken, moves of orders beside
their insert) is left to the steps one by one.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen
from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Insert,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from customer_accounts.adapters.sql.compiled import compiled
from customer_accounts.adapters.sql.direct import Sends
from customer_accounts.adapters.sql.faults import is_taken_key, taken_in
from customer_accounts.adapters.sql.statements import Statement
from customer_accounts.adapters.sql.step import Step, are_apart, see_nothing, touched
from customer_accounts.adapters.sql.writing import counts_of
from customer_accounts.changes import Counts
from customer_accounts.errors import StaleWriteError

#: More rows go one statement for each kind: a statement has at most 65,535 parameters, and its text is kept.
MOST_ROWS = 40

#: Stands before what was overtaken, in the text that cannot be cast.
OVERTAKEN = "overtaken: "
#: What follows it stands in the quotation marks of the server's language.
_TOLD = re.compile(f"{OVERTAKEN}(\\w+)")


@frozen
class Part:
    """What of a step decides the text of its part; its values are bound to it."""

    statement: Statement
    rows: int
    what: str
    exact: bool
    counted: bool
    then: "tuple[Part, ...]"


def fits_one_statement(steps: Sequence[Step]) -> bool:
    """Tell whether there are steps, and whether they mean the same when none sees what the others wrote."""
    if not steps or not see_nothing(steps):
        return False
    rows = touched(steps)
    if sum(map(len, rows.values())) > MOST_ROWS:
        return False
    return all(are_apart(table, keys) for table, keys in rows.items())


def run_at_once(steps: Sequence[Step], connection: Sends) -> Counts:
    """Send the steps as one statement, which commits by itself or has no effect.

    Raises:
        StaleWriteError: a step was overtaken.
    """
    statement = _whole(tuple(_part(step) for step in steps))
    values = {name: value for number, step in enumerate(steps) for name, value in _values(step, f"s{number}")}
    try:
        hits = compiled(statement, connection.dialect).rows(connection, values)[0]
    except DBAPIError as error:
        what = _overtaken(error, steps)
        if what is None:
            raise
        # Not "from error": its text holds the values of the row.
        raise StaleWriteError(what) from None
    told: dict[Any, int] = {}
    for step, hit in zip(steps, hits, strict=True):
        if step.counts is not None:
            told[step.counts] = told.get(step.counts, 0) + hit
    return counts_of(told)


def _overtaken(error: DBAPIError, steps: Sequence[Step]) -> str | None:
    taken = {one.table.name: one.what for one in steps}
    if is_taken_key(error):
        return taken.get(taken_in(error, taken) or "")
    found = _TOLD.search(str(error.orig))
    return found and found[1]


def _part(step: Step) -> Part:
    then = tuple(_part(one) for one in step.then)
    return Part(step.statement, len(step.rows), step.what, step.exact, step.counts is not None, then)


def _values(step: Step, name: str) -> Iterator[tuple[str, Any]]:
    for number, row in enumerate(step.rows):
        for column, value in row.items():
            yield f"{name}_{number}_{column}", value
    for number, one in enumerate(step.then):
        yield from _values(one, f"{name}t{number}")


@lru_cache(maxsize=512)
def _whole(parts: tuple[Part, ...]) -> Select[Any]:
    """Make the statement for one shape of a write; there are few, as there are few kinds of decisions."""
    checks: list[ColumnElement[Any]] = []
    written: list[CTE] = []
    for number, part in enumerate(parts):
        own = _written(part, f"s{number}")
        written += own
        checks.append(_check(part, own))
        for place, then in enumerate(part.then):
            written += _written(then, f"s{number}t{place}", after=own[0])
    return select(*(check.label(f"c{number}") for number, check in enumerate(checks))).add_cte(*written)


def _written(part: Part, name: str, after: CTE | None = None) -> list[CTE]:
    """Give the parts of the WITH that write the rows of one step."""
    statement = part.statement
    if isinstance(statement, Insert):
        rows = [_bound_row(statement, f"{name}_{number}_") for number in range(part.rows)]
        made = statement.values(rows) if after is None else _from_select(statement, rows, after)
        returned = made.returning(literal_column("1").label("hit")) if part.then else made
        return [returned.cte(name)]
    return [
        _renamed(statement, f"{name}_{number}_")
        .returning(literal_column("1").label("hit"))
        .cte(f"{name}_{number}")
        for number in range(part.rows)
    ]


def _bound_row(statement: Insert, before: str) -> dict[str, ColumnElement[Any]]:
    return {one.key: bindparam(before + one.key, type_=one.type) for one in statement.table.columns}


def _from_select(statement: Insert, rows: Sequence[dict[str, ColumnElement[Any]]], after: CTE) -> Insert:
    """Insert rows only if the part *after* wrote one."""
    selects = [select(*row.values()).where(exists(select(after.c.hit))) for row in rows]
    return statement.from_select(
        list(rows[0]), selects[0].union_all(*selects[1:]) if selects[1:] else selects[0]
    )


def _renamed(statement: Any, before: str) -> Any:
    """Give the statement with another name for each of its parameters."""

    def renamed(element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
        if isinstance(element, BindParameter) and element.required:
            return bindparam(before + element.key, type_=element.type)
        return None

    return replacement_traverse(statement, {}, renamed)


def _check(part: Part, written: Sequence[CTE]) -> ColumnElement[Any]:
    """Give the number of rows that were hit, or fail where it must be another."""
    if not part.exact and not part.counted:
        return literal_column("0", Integer())
    hits: Any = sum((select(func.count()).select_from(one).scalar_subquery() for one in written), literal(0))
    if not part.exact:
        return cast(hits, Integer())
    told = case((hits == part.rows, cast(hits, String())), else_=f"{OVERTAKEN}{part.what}")
    return cast(told, Integer())
