"""Checks of what a host hands over when it makes a value: each names the argument and never repeats the value.

The messages of attrs hold the value, and a secret, an address or a password that slipped into the wrong place would
stand in a log (LG-01).  Annotations are for type checkers only; these checks are for hosts that have none.

What lives here needs nothing else of this package, so that the VAT rules may build on it, too.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin

from attrs import Attribute, AttrsInstance, fields

E = TypeVar("E", bound=StrEnum)
K = TypeVar("K")
V = TypeVar("V")

#: What attrs calls with the value, the attribute, and what was given.
Check = Callable[[Any, "Attribute[Any]", Any], None]

#: What no single line holds: controls, line separators, halves of surrogate pairs.
NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def must_be(kind: type, *, or_none: bool = False) -> Check:
    """Give a check that an argument is of one kind; a flag is no number.

    >>> import attrs
    >>> attrs.make_class("Line", {"text": attrs.field(validator=must_be(str))})(5)
    Traceback (most recent call last):
      ...
    TypeError: text must be str
    """

    def check(_: Any, attribute: "Attribute[Any]", value: Any) -> None:
        if value is None and or_none:
            return
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"{attribute.name} must be {kind.__name__}{' or None' if or_none else ''}")

    return check


def must_be_moment(*, or_none: bool = False) -> Check:
    """Give a check that an argument is a time with its zone."""
    is_time = must_be(datetime, or_none=or_none)

    def check(instance: Any, attribute: "Attribute[Any]", value: Any) -> None:
        is_time(instance, attribute, value)
        if value is not None and value.utcoffset() is None:
            raise ValueError(f"{attribute.name} must be a time with its zone")

    return check


def must_be_line(longest: int, *, or_none: bool = False) -> Check:
    """Give a check that an argument is text on one line, of at most *longest* characters."""
    is_text = must_be(str, or_none=or_none)

    def check(instance: Any, attribute: "Attribute[Any]", value: Any) -> None:
        if type(value) is str and len(value) <= longest and value.isprintable():  # as nearly all are
            return
        is_text(instance, attribute, value)
        if value is not None and (len(value) > longest or NO_LINE.search(value)):
            raise ValueError(f"{attribute.name} must be one line of at most {longest} characters")

    return check


def check_kinds(made: AttrsInstance) -> None:
    """Check each field of a value against its annotation, as far as that names classes.

    Raises:
        TypeError: an argument of another kind.
        ValueError: a number or a duration below zero.
    """
    for name, kinds, exactly in _kinds(type(made)):
        value = getattr(made, name)
        if type(value) in exactly:  # nearly always, and several times faster than what follows
            continue
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError(f"{name} must be {' or '.join(_shown(one) for one in kinds)}")
        if (isinstance(value, int) and value < 0) or (isinstance(value, timedelta) and value < timedelta(0)):
            raise ValueError(f"{name} must not be below zero")


@cache
def _kinds(cls: type[AttrsInstance]) -> list[tuple[str, tuple[type, ...], frozenset[type]]]:
    found = []
    for attribute in fields(cls):
        parts = get_args(attribute.type) if isinstance(attribute.type, UnionType) else (attribute.type,)
        kinds = tuple(get_origin(one) or one for one in parts)
        if all(isinstance(one, type) for one in kinds):
            # Numbers and durations have a lower bound as well, so they are looked at.
            exactly = frozenset(kinds) - {int, timedelta}
            found.append((attribute.name, kinds, exactly))
    return found


def _shown(kind: type) -> str:
    return "None" if kind is NoneType else kind.__name__


def member(name: str, kind: type[E], value: object) -> E:
    """Give the member of an enum that is meant, by itself or by its text.

    Raises:
        ValueError: there is none.
    """
    found = next((one for one in kind if one == value), None) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{name} must be one of {', '.join(kind)}")
    return found


def over_defaults(name: str, given: Mapping[K, V], defaults: Mapping[K, V], kind: type[V]) -> Mapping[K, V]:
    """Put what is given over defaults.

    Raises:
        TypeError: it is no mapping of known names to *kind*.
    """
    if not isinstance(given, Mapping) or not all(isinstance(one, kind) for one in given.values()):
        raise TypeError(f"{name} must be a mapping to {kind.__name__}")
    if not given.keys() <= defaults.keys():
        raise TypeError(f"{name} must have known names only")
    return MappingProxyType({**defaults, **given})
