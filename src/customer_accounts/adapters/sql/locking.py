"""The order in which a write takes its rows on a server: one for all, so that no two writes wait for each other.

Rows that are there are taken first, then new ones: table by table, and in each table by key.  Two writes that want the
same rows then meet at the first of them, and one waits or is overtaken there.  Changes of one table that could meet in
a row or in a unique column keep their order, and so does a write with steps that see what others wrote; of two of these
the server may give one up as a deadlock, and `SqlStorage` writes it again.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from attrs import evolve
from sqlalchemy import Insert, Table

from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.adapters.sql.step import Step, are_apart, push, see_nothing, touched

_PLACES = {table: place for place, table in enumerate(metadata.sorted_tables)}


def in_lock_order(steps: Sequence[Step]) -> list[Step]:
    """Give the steps in the order in which every write takes its rows."""
    if not see_nothing(steps):
        return list(steps)
    apart = {table for table, keys in touched(steps).items() if are_apart(table, keys)}
    there: list[Step] = []
    new: list[Step] = []
    for step in steps:
        if step.table not in apart:
            there.append(step)
        else:
            (new if isinstance(step.statement, Insert) else there).extend(_rows_of(step))
    return [*_sorted(there, apart), *_sorted(new, apart)]


def _rows_of(step: Step) -> list[Step]:
    return [evolve(step, rows=[row]) for row in step.rows]


def _sorted(steps: Sequence[Step], apart: set[Table]) -> list[Step]:
    by_table = sorted(steps, key=lambda step: _PLACES[step.table])
    found: list[Step] = []
    for table, group in groupby(by_table, key=attrgetter("table")):
        own = list(group)
        for step in sorted(own, key=_key) if table in apart else own:
            push(found, step)
    return found


def _key(step: Step) -> Any:  # of one table, so that they compare
    return step.key_of(step.rows[0])
