"""Whether the host's own table can hold orders: what would otherwise be noticed with the first wrong row.

* A column of another type is refused where the database would convert without a word, or would not compare at all:
  a time without its zone means another moment in each session, and SQLite makes a number of what looks like one.
* Times on SQLite are texts, and all have microseconds: pages of orders go by them, and "09:00:00" is before its own
  "09:00:00.000000".
* The reference is unique, or an order could be kept twice.
* What may be missing in an order may be null, and a column of the host's own does without a value.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    DateTime,
    Enum,
    Integer,
    String,
    Table,
    Uuid,
    cast,
    inspect,
    select,
)
from sqlalchemy.types import TypeEngine

#: Parts of a type's name that make SQLite keep text as it is (https://sqlite.org/datatype3.html, 3.1).
_AS_IT_IS = ("CHAR", "CLOB", "TEXT", "BLOB")
_ON_SERVERS: dict[type, str] = {
    DateTime: "timestamp with time zone",
    Uuid: "uuid",
    Boolean: "boolean",
    Integer: "integer",
    String: "text",
}

_TIME = "2026-11-23 09:00:00.000000"

#: A column as SQLAlchemy's inspector tells it.
Told = Mapping[str, Any]


def faults_of(host: Table, connection: Connection) -> Iterator[str]:
    """Give what is wrong with the host's table, one text for each fault.

    Args:
        host: as the library sees it: its keys are the fields of an order, its names the host's.
        connection: to the host's database.

    Raises:
        NoSuchTableError: it is not there.
    """
    table = inspect(connection)
    told = {one["name"]: one for one in table.get_columns(host.name, host.schema)}
    lacking = [f"{one.name} (for {one.key})" for one in host.columns if one.name not in told]
    if lacking:
        yield f"has no column {', '.join(lacking)}"
        return
    for column in host.columns:
        one = told[column.name]
        wanted = _other_type(column.type, one["type"], connection.dialect.name)
        if wanted is not None:
            yield f"has a column {column.name} (for {column.key}) of type {one['type']}, wanted is {wanted}"
        if column.nullable and not one["nullable"]:
            yield f"has a column {column.name} (for {column.key}) that may not be null"
    (reference,) = host.primary_key.columns
    key = table.get_pk_constraint(host.name, host.schema)["constrained_columns"]
    if [reference.name] not in [key, *_unique(table, host)]:
        yield f"has no primary key and no unique constraint of {reference.name} (for {reference.key}) alone"
    if connection.dialect.name == "sqlite":
        yield from _other_times(host, connection)
    ours = {one.name for one in host.columns}
    for name in _without_value((one for one in told.values() if one["name"] not in ours), key):
        yield f"has a column {name} of its own that needs a default or must be allowed to be null"


def _other_type(ours: TypeEngine[Any], theirs: TypeEngine[Any], dialect: str) -> str | None:
    """Give the wanted type, if the column has another one."""
    if dialect == "sqlite":
        name = str(theirs).upper()
        kept = name in ("", "NULL") or any(part in name for part in _AS_IT_IS)
        return None if kept or not isinstance(ours, String | Uuid) else "char or text"
    kind = getattr(ours, "impl_instance", ours)
    wanted = next(one for one in _ON_SERVERS if isinstance(kind, one))
    real: Any = getattr(theirs, "data_type", theirs)  # of a domain
    with_zone = wanted is not DateTime or bool(getattr(real, "timezone", False))
    fits = isinstance(real, wanted) and not isinstance(real, Enum) and with_zone
    return None if fits else _ON_SERVERS[wanted]


def _other_times(host: Table, connection: Connection) -> Iterator[str]:
    """Look at the times that are there: on SQLite they are texts, and only those of one form are in order."""
    for column in host.columns:
        if not isinstance(column.type, String | Uuid | Boolean | Integer):
            text = cast(column, String())
            wrong = text.not_like("____-__-__ __:__:__.______")
            found = connection.execute(select(text).where(wrong).limit(1)).scalar()
            if found is not None:
                yield f"has a time {found} in {column.name} (for {column.key}), wanted is one like {_TIME}"


def _unique(table: Any, host: Table) -> Iterator[list[str]]:
    # Those of constraints among them, of which SQLAlchemy does not find each on SQLite.
    for one in table.get_indexes(host.name, host.schema, include_auto_indexes=True):
        partial = any(name.endswith("_where") for name in one.get("dialect_options", ()))
        if one["unique"] and not partial:
            yield one["column_names"]


def _without_value(own: Iterable[Told], key: list[str]) -> Iterator[str]:
    for one in own:
        made = one.get("default") is not None or one.get("identity") or one.get("computed")
        numbered = key == [one["name"]] and isinstance(one["type"], Integer)  # SQLite's rowid
        if not (one["nullable"] or made or numbered):
            yield one["name"]
