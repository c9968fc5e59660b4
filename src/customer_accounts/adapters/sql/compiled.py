"""Statements in the words of one dialect: compiled once, then sent as they are.

SQLAlchemy looks every statement up anew for each execution, and converts each value through several layers; for the
short statements here that costs more than the database does.  So a statement is compiled once for each dialect, and
what is kept of it is its text, the order of its parameters, and the functions that SQLAlchemy itself has for their
types.  Events, logs and errors of the host's engine stay what they are, whoever sends it (`direct`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from attrs import field, frozen
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import TypeEngine

from customer_accounts.adapters.sql.direct import Sends

#: Turns one value into what the driver takes, or back.
Processor = Callable[[Any], Any]


@frozen(eq=False)
class Compiled:
    """A statement as one dialect says it.

    Args:
        text: what is sent.
        names: of its parameters, in their order.
        positional: whether the driver wants them in a tuple; else it wants them by name.
    """

    text: str
    names: tuple[str, ...]
    positional: bool
    _processors: tuple[tuple[int, Processor], ...]
    _constants: Mapping[str, Any]
    _results: tuple[tuple[int, Processor], ...]
    _take: Callable[[Mapping[str, Any]], Iterable[Any]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        # One name alone would be taken without a tuple around it.
        take = itemgetter(*self.names) if len(self.names) > 1 else self._one_by_one
        object.__setattr__(self, "_take", take)

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """Give the parameters as the driver takes them."""
        given = {**self._constants, **values} if self._constants else values
        return self.in_order(self._take(given))

    def in_order(self, values: Iterable[Any]) -> tuple[Any, ...] | dict[str, Any]:
        """Give the parameters for values that stand in the order of the names already."""
        made = list(values)
        for place, processor in self._processors:
            value = made[place]
            if value is not None:  # a null needs no words
                made[place] = processor(value)
        return tuple(made) if self.positional else dict(zip(self.names, made, strict=True))

    def _one_by_one(self, given: Mapping[str, Any]) -> Iterable[Any]:
        return [given[name] for name in self.names]

    def run(self, connection: Sends, values: Mapping[str, Any]) -> int:
        """Send it once, and give the number of rows that it hit."""
        hit: int = connection.exec_driver_sql(self.text, self.parameters(values)).rowcount
        return hit

    def run_each(self, connection: Sends, rows: Iterable[Mapping[str, Any]]) -> int:
        """Send it for each of several rows, in one call of the driver."""
        parameters: list[Any] = [self.parameters(row) for row in rows]
        hit: int = connection.exec_driver_sql(self.text, parameters).rowcount
        return hit

    def rows(self, connection: Sends, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Send it once, and give the rows that come."""
        found = connection.exec_driver_sql(self.text, self.parameters(values)).fetchall()
        return [self.result(row) for row in found] if self._results else found

    def result(self, row: Iterable[Any]) -> Sequence[Any]:
        """Read a row as it comes from the driver."""
        made = list(row)
        for place, processor in self._results:
            made[place] = processor(made[place])
        return made


@lru_cache(maxsize=2048)
def compiled(statement: ClauseElement, dialect: Dialect) -> Compiled:
    """Give a statement in the words of *dialect*; statements are made once, so each is compiled once."""
    made: Any = statement.compile(dialect=dialect)
    order = made.positiontup
    types = {name: parameter.type for parameter, name in made.bind_names.items()}
    names = tuple(types if order is None else order)
    constants = {name: value for name, value in made.params.items() if value is not None}
    binders = [_of(types[name], dialect).bind_processor(dialect) for name in names]
    # What each column is; where nothing comes back there is none.
    columns = [one.type for one in getattr(statement, "selected_columns", ())]
    results = [_of(type_, dialect).result_processor(dialect, None) for type_ in columns]
    return Compiled(made.string, names, order is not None, _needed(binders), constants, _needed(results))


def _needed(processors: Iterable[Processor | None]) -> tuple[tuple[int, Processor], ...]:
    return tuple((place, one) for place, one in enumerate(processors) if one is not None)


def _of(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return type_.dialect_impl(dialect)
