"""The order in which a write takes its rows on a server: one for all, so that no two writes wait for each other.

Rows that are there are taken first, then new ones: table by table, and in each table by key.  Two writes that want the
same rows then meet at the first of them, and one waits or is overtaken there.  Changes of one table that could meet in
a row or in a unique column keep their order, because one may need what another one gives up, and so does a write with
steps that see what others wrote; the rows of these are locked in the order of their keys before.  Of two writes that
wait for each other all the same the server gives one up as a deadlock, and `SqlStorage` writes it again.
"""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from attrs import evolve
from sqlalchemy import Insert, Select, Table, select

from customer_accounts.adapters.sql.compiled import compiled
from customer_accounts.adapters.sql.direct import Sends
from customer_accounts.adapters.sql.lists import Bound, bound, number_of
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.adapters.sql.step import Step, are_apart, push, see_nothing, touched

_PLACES = {table: place for place, table in enumerate(metadata.sorted_tables)}


def in_lock_order(steps: Sequence[Step]) -> list[Step]:
    """Give the steps in the order in which every write takes its rows."""
    if not see_nothing(steps):
        return list(steps)
    if _one_row_for_each_table(steps):  # as nearly always; what follows takes longer
        return sorted(steps, key=lambda step: (isinstance(step.statement, Insert), _place(step.table)))
    apart = {table for table, keys in touched(steps).items() if are_apart(table, keys)}
    there: list[Step] = []
    new: list[Step] = []
    for step in steps:
        if step.table not in apart:
            there.append(step)
        else:
            (new if isinstance(step.statement, Insert) else there).extend(_rows_of(step))
    return [*_sorted(there, apart), *_sorted(new, apart)]


def _one_row_for_each_table(steps: Sequence[Step]) -> bool:
    every = [one for step in steps for one in (step, *step.then)]
    tables = {one.table for one in every}
    return len(tables) == len(every) and all(len(one.rows) == 1 for one in every)


def lock_rows(steps: Sequence[Step], connection: Sends) -> None:
    """Lock the rows whose changes keep their own order by key, in one statement for each table that has several."""
    if connection.dialect.name == "sqlite":
        return  # a writer there is alone
    sorted_all = see_nothing(steps)
    changing = [step for step in steps if not isinstance(step.statement, Insert)]
    for table, keys in sorted(touched(changing).items(), key=lambda one: _place(one[0])):
        several = sorted({key[0] for key in keys if key is not None and len(key) == 1})
        if len(several) > 1 and not (sorted_all and are_apart(table, keys)):
            locking = compiled(_lock(table, number_of(several)), connection.dialect)
            locking.rows(connection, bound("key", several))


def _place(table: Table) -> int:
    return _PLACES.get(table, len(_PLACES))  # a host's own orders come last


@cache
def _lock(table: Table, number: int) -> Select[Any]:
    """Give the statement that locks rows as an update does that leaves their keys alone, one after the other."""
    (key,) = table.primary_key.columns
    wanted = Bound("key", number, key.type).among(key)
    return select(key).where(wanted).order_by(key).with_for_update(key_share=True)


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
