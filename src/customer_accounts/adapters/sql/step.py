"""One step of a write: a statement with the rows it is run for, and which rows of which table these are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from attrs import define, field
from sqlalchemy import Table, UniqueConstraint

from customer_accounts.adapters.sql.mapping import Row
from customer_accounts.adapters.sql.statements import Statement
from customer_accounts.changes import Kept

#: The primary key of a row, or None where a condition selects rows.
Key = tuple[Any, ...] | None


@lru_cache(maxsize=256)
def _key_names(table: Table) -> tuple[tuple[str, str], ...]:
    """Give the names under which a row holds the key that it has, or that it is to be found by."""
    return tuple((column.key, f"old_{column.key}") for column in table.primary_key.columns)


@define
class Step:
    """One statement with the rows it is run for.

    Args:
        what: the kind of record, to be named when it was overtaken.
        exact: whether each row must hit exactly one stored row.
        counts: under which name the number of rows is told to the caller.
        then: what follows only if a row was hit.
        together: whether it may be a part of one statement with the other steps (see `at_once`).
    """

    what: str
    statement: Statement
    rows: list[Row]
    exact: bool = False
    counts: UUID | Kept | None = None
    then: "list[Step]" = field(factory=list)
    together: bool = False

    @property
    def table(self) -> Table:
        """The table that is written."""
        written: Any = self.statement.table  # of each of our statements it is one
        table: Table = written
        return table

    def key_of(self, row: Row) -> Key:
        """Give the key of the one row that is touched, or None where a condition selects rows."""
        key = tuple([row.get(name, row.get(old)) for name, old in _key_names(self.table)])
        return None if None in key else key

    def overtaken(self, hit: int) -> bool:
        """Whether somebody else was first."""
        return self.exact and hit != len(self.rows)

    def takes(self, other: "Step") -> bool:
        """Whether *other* can be run together with this one."""
        return self.statement is other.statement and not self.then and not other.then and other.counts is None


def push(steps: list[Step], step: Step) -> None:
    """Add a step to others, or its rows to the last one if that says the same."""
    if steps and steps[-1].takes(step):
        steps[-1].rows += step.rows
    else:
        steps.append(step)


def see_nothing(steps: Sequence[Step]) -> bool:
    """Whether no step needs to see what another one wrote, but for steps of one table."""
    return all(one.together for step in steps for one in (step, *step.then))


def touched(steps: Sequence[Step]) -> Mapping[Table, Sequence[Key]]:
    """Give the keys that are touched in each table."""
    found: dict[Table, list[Key]] = defaultdict(list)
    for step in steps:
        for one in (step, *step.then):
            found[one.table] += map(one.key_of, one.rows)
    return found


def are_apart(table: Table, keys: Sequence[Key]) -> bool:
    """Whether the changes of one table concern rows that cannot meet: not even in a unique column."""
    if len(keys) == 1:
        return True
    unique = any(isinstance(one, UniqueConstraint) for one in table.constraints)
    return not unique and None not in keys and len(set(keys)) == len(keys)
