"""Lists of values that are bound to a statement: a few one by one, many as one JSON array of any length.

A database takes only so many parameters, and SQLite no more than 500 terms in one question.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import ColumnElement, Select, String, bindparam, cast, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

#: So many values and more are bound as one array.
MANY = 64


def number_of(values: Sequence[object]) -> int:
    """Give how many values are bound one by one, a power of two so that few statements exist; or `MANY`."""
    count = len(values)
    return count if count <= 1 else min(MANY, 1 << (count - 1).bit_length())


def bound(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """Give the parameters of a list, the last value repeated where there are fewer than wanted."""
    number = number_of(values)
    if number == 1:
        return {f"{name}_0": values[0]}
    if number == MANY:
        return {name: json.dumps([one.hex if isinstance(one, UUID) else one for one in values])}
    padded = list(values) + list(values[-1:]) * (number - len(values))
    return {f"{name}_{place}": one for place, one in enumerate(padded)}


@frozen(eq=False)
class Bound:
    """A list in a statement: which rows have one of its values, and its values as rows.

    Args:
        name: of its parameters.
        number: see `number_of`.
    """

    name: str
    number: int
    type: TypeEngine[Any]

    def among(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Give the condition that *column* is one of the values."""
        if self.number == MANY:
            return column.in_(self._elements())
        one_by_one = self._one_by_one()
        return column == one_by_one[0] if len(one_by_one) == 1 else column.in_(one_by_one)

    def rows(self, label: str) -> list[Select[Any]]:
        """Give the values as rows of one column, for a union."""
        if self.number == MANY:
            return [self._elements(label)]
        return [select(one.label(label)) for one in self._one_by_one()]

    def _one_by_one(self) -> list[ColumnElement[Any]]:
        return [bindparam(f"{self.name}_{place}", type_=self.type) for place in range(self.number)]

    def _elements(self, label: str = "value") -> Select[Any]:
        text = _Texts(bindparam(self.name, type_=String())).table_valued("value").c.value
        return select((text if isinstance(self.type, String) else cast(text, self.type)).label(label))


class _Texts(FunctionElement[str]):
    """The texts of a JSON array, as rows."""

    name = "texts"
    inherit_cache = True
    type = String()


@compiles(_Texts)
def _in_sqlite(element: _Texts, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_Texts, "postgresql")
def _in_postgresql(element: _Texts, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **how)} AS JSON))"
