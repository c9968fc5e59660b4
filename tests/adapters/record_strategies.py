"""Hypothesis strategies for records: any value that a field of its class may have, or one of a small town's."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs
from hypothesis import strategies as st

#: PostgreSQL stores no NUL, and no database half of a pair.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)

_PLAIN: Mapping[type, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(0, 2**31 - 1),
    # No database keeps the fold of a time, and in UTC it means nothing.
    datetime: st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(fold=0)),
    UUID: st.uuids(),
    date: st.dates(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
}


def any_value(hint: Any) -> st.SearchStrategy[Any]:
    """Give the strategy for a type as it stands at a field."""
    if get_origin(hint) in (Union, UnionType):
        return st.one_of(*(any_value(one) for one in get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(any_value(get_args(hint)[0]), max_size=3).map(tuple)
    if hint is NoneType:
        return st.none()
    if attrs.has(hint):
        return any_record(hint)
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    return _PLAIN[hint]


def any_record(cls: type, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give the strategy for a class, with some of its fields from a strategy of their own."""
    hints = get_type_hints(cls)
    fields = {one.name: any_value(hints[one.name]) for one in attrs.fields(cls)}
    return st.builds(cls, **(fields | given))
