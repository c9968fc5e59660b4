"""How a frozen value becomes a row of typed columns, read off the fields of its class.

* Text, numbers, flags, times and ids are columns of the field's name; an enum is its text.
* A value inside a value (`Company`, `Consent`, `PostalAddress`) becomes columns with the field's name before
  theirs. If it may be missing, all its columns may be null, and it is missing when its first required one is.
* A tuple is no column: its elements are rows of a table of their own (see `mapping`).

Nothing is ever packed into JSON, so every field can be read, indexed and blanked by the database.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, String, TypeDecorator, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine, UserDefinedType

#: The values of one row, in the order of its columns.
Values = Sequence[Any]


class _SqliteTime(UserDefinedType[Any]):
    """What a time is on SQLite: text in UTC, which sorts as the times do."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Give the name of the type."""
        return "DATETIME"


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _utc_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    # Kept by moments in UTC alone: elsewhere the two hours at the end of summer time are equal to Python.
    return _time_text(value if value.tzinfo is UTC else _in_utc(value))


# One time stands in most columns of what is written together.
@lru_cache(maxsize=64)
def _time_text(value: datetime) -> str:
    # The zone stands at the end, behind what has always the same length.
    return value.isoformat(" ", "microseconds")[:26]


def _read_utc(value: datetime | str | None) -> datetime | None:
    if value is None:
        return None
    # A host's connection to SQLite may make times of their text by itself, as Django's does.
    time = datetime.fromisoformat(value) if isinstance(value, str) else value
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone, UTC on every database; one without a zone is refused before it is stored."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give what a time is on this database."""
        return _SqliteTime() if dialect.name == "sqlite" else self.impl_instance

    def bind_processor(self, dialect: Dialect) -> Any:
        """Give what binds a time; on SQLite without a detour, as a row has several."""
        return _utc_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Give the time in UTC.

        Raises:
            ValueError: *value* has no zone.
        """
        if dialect.name == "sqlite":
            return _utc_text(value)
        return None if value is None else _in_utc(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Give what reads a time, without a detour either."""
        return _read_utc if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        """Give the time in UTC, whatever zone the connection shows times in."""
        return _read_utc(value)


class _SqliteDay(UserDefinedType[Any]):
    """What a day is on SQLite: text, which sorts as the days do."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Give the name of the type."""
        return "DATE"


class Day(TypeDecorator[date]):
    """A day of the calendar."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give what a day is on this database."""
        return _SqliteDay() if dialect.name == "sqlite" else self.impl_instance

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """Give the day, for SQLite as text."""
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: date | str | None, dialect: Dialect) -> date | None:
        """Give the day."""
        # As with times, a host's connection to SQLite may make days of their text by itself.
        return date.fromisoformat(value) if isinstance(value, str) else value


class DecimalText(TypeDecorator[Decimal]):
    """An amount as text: exact on every database, and read back digit by digit as it was written."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Give the text of an amount."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Give the amount."""
        return None if value is None else Decimal(value)


#: Text in the order of its code points on every database, as Python sorts it; SQLite knows no other.
TEXT = String().with_variant(String(collation="C"), "postgresql")

_TYPES: dict[type, TypeEngine[Any]] = {
    bool: Boolean(),
    int: Integer(),
    datetime: UtcDateTime(),
    date: Day(),
    Decimal: DecimalText(),
    UUID: Uuid(),
}


@attrs.frozen
class Leaf:
    """One column: its name, its type, and whether it may be null."""

    name: str
    type: TypeEngine[Any]
    nullable: bool

    def column(self, *, key: bool = False) -> Column[Any]:
        """Make the column."""
        return Column(self.name, self.type, primary_key=key, nullable=self.nullable)


@attrs.frozen(eq=False)
class Fields:
    """The fields of a class, those of the values inside it included, as columns in one fixed order.

    Args:
        cls: the attrs class.
        leaves: all columns: first the plain fields, then those of each value inside.
        plain: names of the plain fields.
        enums: positions of the plain fields that are enums.
        inside: field, fields and place of each value inside; with the column that tells whether it is there.
        tuples: fields that hold tuples, with the class of their elements.
    """

    cls: type
    leaves: tuple[Leaf, ...]
    plain: tuple[str, ...]
    enums: tuple[tuple[int, type[StrEnum]], ...]
    inside: tuple[tuple[str, "Fields", int, int | None], ...]
    tuples: tuple[tuple[str, type], ...]
    _plain_of: Callable[[object], Any] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        # Two more than there are, so that it gives a tuple of one field and of none, too.
        getter = attrgetter(*self.plain, "__class__", "__class__")
        object.__setattr__(self, "_plain_of", getter)

    def values(self, record: object) -> list[Any]:
        """Take a value apart."""
        values = list(self._plain_of(record)[:-2])
        for place, _ in self.enums:
            enum = values[place]
            values[place] = enum and enum._value_
        for name, fields, _, _ in self.inside:
            inner = getattr(record, name)
            values += [None] * len(fields.leaves) if inner is None else fields.values(inner)
        return values

    def build(self, values: Values, **tuples: tuple[object, ...]) -> Any:
        """Put a value together again."""
        given: dict[str, Any] = dict(zip(self.plain, values, strict=False))
        for place, enum in self.enums:
            given[self.plain[place]] = values[place] and enum(values[place])
        for name, fields, start, sign in self.inside:
            there = sign is None or values[sign] is not None
            given[name] = fields.build(values[start : start + len(fields.leaves)]) if there else None
        return self.cls(**given, **tuples)


def fields_of(cls: type, before: str = "", *, optional: bool = False) -> Fields:
    """Read off the fields of an attrs class.

    Args:
        cls: the class.
        before: the prefix of all column names.
        optional: whether the whole value may be missing, so that every column may be null.
    """
    hints = get_type_hints(cls)
    plain: list[tuple[str, Leaf]] = []
    enums: list[tuple[int, type[StrEnum]]] = []
    parts: list[tuple[str, Fields, bool]] = []
    tuples: list[tuple[str, type]] = []
    for name in (one.name for one in attrs.fields(cls)):
        kind, may_miss = _without_none(hints[name])
        if get_origin(kind) is tuple:
            tuples.append((name, get_args(kind)[0]))
        elif attrs.has(kind):
            parts.append((name, fields_of(kind, f"{before}{name}_", optional=optional or may_miss), may_miss))
        else:
            if issubclass(kind, StrEnum):
                enums.append((len(plain), kind))
            plain.append((name, Leaf(before + name, _TYPES.get(kind, TEXT), optional or may_miss)))
    leaves = [leaf for _, leaf in plain]
    inside: list[tuple[str, Fields, int, int | None]] = []
    for name, fields, may_miss in parts:
        inside.append((name, fields, len(leaves), len(leaves) + _required(fields) if may_miss else None))
        leaves += fields.leaves
    return Fields(
        cls, tuple(leaves), tuple(name for name, _ in plain), tuple(enums), tuple(inside), tuple(tuples)
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    (kind,) = (one for one in get_args(hint) if one is not NoneType)
    return kind, True


def _required(fields: Fields) -> int:
    hints = get_type_hints(fields.cls)
    return next(place for place, name in enumerate(fields.plain) if not _without_none(hints[name])[1])
