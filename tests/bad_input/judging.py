"""What may stand in which field, judged anew and not by the code that is tested; and when an error is silent."""

import unicodedata
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import get_args
from uuid import UUID

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from customer_accounts.password_policy import MAXIMUM_BYTES
from tests.bad_input.absurd import CANARY, EVERYTHING
from tests.bad_input.valid import Path

#: However a body is wrong, its answer stays short.
MOST_ERRORS = 20


def everything_of(error: ValidationError) -> str:
    """Give all that a host can show of a validation error."""
    return f"{error!s} {error!r} {error.errors()!r} {error.json()}"


def assert_silent(error: ValidationError, case: str = "", path: Path = ()) -> None:
    """Hold that an error is short, names the field at *path* or none, and echoes nothing (LG-01)."""
    assert CANARY not in everything_of(error), case
    assert all(one["input"] is None for one in error.errors()), case
    assert 1 <= error.error_count() <= MOST_ERRORS, case
    assert all(one["loc"][: len(path)] in (path, ()) for one in error.errors()), case


def kind_of(path: Path, field: FieldInfo) -> str:
    """Say what stands in a field: a password, an id, or by its name."""
    if path[0] in ("customers", "orders") and path[-1] == "email":
        return "email of a row"
    types = (field.annotation, *get_args(field.annotation))
    known = {SecretStr: "password", UUID: "id", bool: "flag"}
    return next((known[one] for one in types if one in known), str(path[-1]))


def _is_password(text: str) -> bool:
    prepared = unicodedata.normalize("NFC", text[:3_000])
    return len(prepared) >= 8 and len(prepared.encode()) <= MAXIMUM_BYTES


def _is_line(text: str) -> bool:
    unseen = ("Cc", "Cs", "Zl", "Zp")
    return len(text.strip()) <= 200 and not any(unicodedata.category(one) in unseen for one in text.strip())


def _is_nothing(text: str) -> bool:
    return text == ""


def _is_message(text: str) -> bool:
    return len(text.strip()) <= 1000 and all(one.isprintable() or one in "\r\n\t" for one in text.strip())


def _never(_: str) -> bool:
    return False


def _is_cursor(text: str) -> bool:
    return bool(text == EVERYTHING["cursor"])


def _is_amount(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return False
    return 0 <= Decimal(str(value)) <= 10**12


#: By the kind of a field; what is not here is one line of text.
_TEXTS: MappingProxyType[str, Callable[[str], bool]] = MappingProxyType(
    {
        "password": _is_password,
        "email of a row": lambda text: len(text) <= 1000,  # each row has its own outcome
        "email": _is_nothing,  # a customer's order goes by the account's own address
        "url": _is_nothing,
        "continue_to": _is_nothing,
        "id": lambda text: str(UUID(text)) == text,
        "country": lambda text: len(text) <= 2,  # of a company's number: a hint that may be wrong
        "after": _is_cursor,
        "orders_after": _is_cursor,
        "message": _is_message,
        "about": _never,
        "why": _never,
        "state": _never,
        "token": _never,
        "code": _never,
        "reference_token": _never,
        "locale": _never,
    }
)
_THINGS: MappingProxyType[str, Callable[[object], bool]] = MappingProxyType(
    {
        "flag": lambda value: value is True or value == 0,
        "limit": lambda value: value is True or value == 2,
        "parcels": lambda value: value == [],
        "customers": lambda value: value == [],
        "orders": lambda value: value == [],
        "line": lambda value: isinstance(value, int | float) and value >= 1,
        "proven": lambda value: value is True or value == 0,
        "addresses": lambda value: value == [],
        "charged_net": _is_amount,
        "charged_vat": _is_amount,
        "leased": lambda value: type(value) is int and value > 0,
        "charged_lines": lambda value: type(value) is int and value > 0,
    }
)


def may_stand(kind: str, value: object) -> bool:
    """Say whether a value may stand in a field of a command that succeeds."""
    if value is None:
        return True  # whether a field may be left out is for the model to say
    if kind in _THINGS:
        return _THINGS[kind](value)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bytes | bytearray):
        value = value.decode()
    return isinstance(value, str) and _TEXTS.get(kind, _is_line)(value)
