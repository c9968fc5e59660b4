"""How the fields of a record become columns, and columns a record again.

Text, numbers and flags stay as they are; times, ids and enums become text that sorts as they do; a value inside a
record, such as a company, and a tuple, such as the items of a wish list, become JSON.  All of it is read off the
type hints of the record, so a record that gets a field needs no line here.
"""

import types
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs


def hints_of(kind: type) -> dict[str, Any]:
    """Give the fields of a record with their types, without the None of those that may be missing."""
    hints = get_type_hints(kind)
    return {one.name: without_none(hints[one.name]) for one in attrs.fields(kind)}


def without_none(hint: Any) -> Any:
    """Give the type of a field that may be missing."""
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (one for one in get_args(hint) if one is not type(None))
    return hint


def may_be_missing(kind: type, name: str) -> bool:
    """Whether a field of a record may be None."""
    return type(None) in get_args(get_type_hints(kind)[name])


def is_json(hint: Any) -> bool:
    """Whether a field of this type is a value inside the record, or a tuple of such."""
    return get_origin(hint) is tuple or attrs.has(hint)


def packed(value: Any) -> Any:
    """Give what is stored of a value."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [packed(one) for one in value]
    if attrs.has(type(value)):
        return {one.name: packed(getattr(value, one.name)) for one in attrs.fields(type(value))}
    return value


def unpacked(hint: Any, value: Any) -> Any:
    """Give the value of a type that was stored."""
    if value is None:
        return None
    if get_origin(hint) is tuple:
        return tuple(unpacked(without_none(get_args(hint)[0]), one) for one in value)
    if attrs.has(hint):
        return hint(**{name: unpacked(inner, value[name]) for name, inner in hints_of(hint).items()})
    if isinstance(value, str) and hint in (datetime, date):
        return hint.fromisoformat(value)
    return value if isinstance(value, hint) else hint(value)
