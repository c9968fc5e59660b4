"""Statements in the words of one dialect: compiled once, then sent as they are.

SQLAlchemy looks every statement up anew for each execution, and converts each value through several layers; for the
short statements here that costs more than the database does.  So a statement is compiled once for each dialect, and
what is kept of it is its text, the order of its parameters, and the functions that SQLAlchemy itself has for their
types.  It is sent by SQLAlchemy all the same: events, logs and errors of the host's engine stay what they are.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from attrs import frozen
from sqlalchemy import Connection, CursorResult
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import TypeEngine

#: Turns one value into what the driver takes, or back.
Processor = Callable[[Any], Any]

_kept: WeakKeyDictionary[Dialect, WeakKeyDictionary[ClauseElement, "Compiled"]] = WeakKeyDictionary()


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
    _processors: tuple[tuple[str, Processor], ...]
    _constants: Mapping[str, Any]

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """Give the parameters as the driver takes them."""
        given = {**self._constants, **values}
        for name, processor in self._processors:
            given[name] = processor(given[name])
        names = self.names
        return (
            tuple([given[name] for name in names])
            if self.positional
            else {name: given[name] for name in names}
        )

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Send it once."""
        return connection.exec_driver_sql(self.text, self.parameters(values))

    def run_each(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> CursorResult[Any]:
        """Send it for each of several rows, in one call of the driver."""
        parameters: list[Any] = [
            self.parameters(row) for row in rows
        ]  # tuples or dicts, as the driver wants them
        return connection.exec_driver_sql(self.text, parameters)


def compiled(statement: ClauseElement, dialect: Dialect) -> Compiled:
    """Give a statement in the words of *dialect*; statements are made once, so each is compiled once."""
    kept = _kept.get(dialect) or _kept.setdefault(dialect, WeakKeyDictionary())
    found = kept.get(statement)
    if found is None:
        found = kept[statement] = _compile(statement, dialect)
    return found


def _compile(statement: ClauseElement, dialect: Dialect) -> Compiled:
    made: Any = statement.compile(dialect=dialect)
    order = made.positiontup
    types = {name: parameter.type for parameter, name in made.bind_names.items()}
    pairs = [(name, _binder(type_, dialect)) for name, type_ in types.items()]
    processors = tuple((name, processor) for name, processor in pairs if processor is not None)
    constants = {name: value for name, value in made.params.items() if value is not None}
    return Compiled(
        made.string, tuple(types if order is None else order), order is not None, processors, constants
    )


def _binder(type_: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)
