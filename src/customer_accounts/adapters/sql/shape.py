"""The shape of a scope: what of it decides the statement, so that all scopes of one shape share one; and its values.

Most of what a command reads has one of few shapes, so shapes and their statements are made once and kept.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from operator import attrgetter, is_not
from typing import Any

from attrs import frozen

from customer_accounts.adapters.sql.lists import bound, number_of
from customer_accounts.adapters.sql.reading_history import HistoryShape, history_shape, history_values
from customer_accounts.facts import Part, Scope

#: What the address key "" means: nobody's address, however often it is stored.
NOBODY = ""


@frozen(cache_hash=True)
class Shape:
    """What of a scope decides the statement; its values are bound to it.

    Args:
        keys: how many address keys are bound, as the other lists (see `lists.number_of`).
        page: None, or whether the page begins after a row.
    """

    parts: frozenset[Part]
    keys: int
    account: bool
    token: bool
    identity: bool
    order: bool
    number: int
    browser: bool
    claim: bool
    recent: bool
    by_name: bool
    owned: bool
    page: bool | None
    case: bool = False
    cases: bool | None = None
    vat_number: bool = False
    vat_numbers: int = 0
    holders: bool = False
    state: bool = False
    register: bool = False
    mail: bool = False
    references: int = 0
    accounts: int = 0
    narrow: bool = False
    alike: bool = False
    history: HistoryShape | None = None


def shape_of(scope: Scope) -> Shape:
    """Give the shape of a scope, the same one for all scopes of that shape."""
    return _shape(
        scope.parts,
        (
            *map(_is_there, _SINGLE(scope)),
            scope.by_name,
            scope.owned,
            scope.vat_holders,
            scope.narrow,
            scope.alike,
        ),
        number_of(real(scope.email_keys)) if scope.email_keys else 0,
        number_of(real(scope.vat_numbers)) if scope.vat_numbers else 0,
        number_of(real(scope.references)) if scope.references else 0,
        number_of(scope.order_numbers) if scope.order_numbers else 0,
        number_of(scope.account_ids) if scope.account_ids else 0,
        None if scope.page is None else scope.page.after is not None,
        None if scope.cases is None else scope.cases.after is not None,
        None if scope.history is None else history_shape(scope.history),
    )


#: What a scope names once at most, and under which name it is bound.
_BOUND = {
    "account_id": "account_id",
    "token": "token",
    "order": "order",
    "browser": "browser",
    "claim": "claim",
    "recent_since": "recent_since",
    "case": "case",
    "vat_number": "vat_number",
    "order_vat_in": "order_vat_in",
    "vat_register": "vat_register",
    "mail": "mail",
    "identity": "identity",
}
_SINGLE: Callable[[Scope], tuple[Any, ...]] = attrgetter(*_BOUND)
_NAMES = tuple(_BOUND.values())
_is_there = partial(is_not, None)


# Making and hashing a shape costs as much as its question.
@lru_cache(maxsize=512)
def _shape(
    parts: frozenset[Part],
    there: tuple[bool, ...],
    keys: int,
    vat_numbers: int,
    references: int,
    number: int,
    accounts: int,
    page: bool | None,
    cases: bool | None,
    history: HistoryShape | None,
) -> Shape:
    (
        account, token, order, browser, claim, recent, case, vat_number, state, register, mail, identity,
        by_name, owned, vat_holders, narrow, alike,
    ) = there  # fmt: skip
    return Shape(
        parts=parts,
        keys=keys,
        account=account,
        token=token,
        identity=identity,
        order=order,
        number=number,
        browser=browser,
        claim=claim,
        recent=recent,
        by_name=by_name,
        owned=owned,
        page=page,
        case=case,
        cases=cases,
        vat_number=vat_number,
        vat_numbers=vat_numbers,
        holders=vat_number and vat_holders,
        state=state,
        register=register,
        mail=mail,
        references=references,
        accounts=accounts,
        narrow=narrow,
        alike=alike,
        history=history,
    )


def real(keys: Sequence[str]) -> Sequence[str]:
    """Give the keys that can be somebody's."""
    return [key for key in keys if key != NOBODY] if NOBODY in keys else keys


def values_of(scope: Scope) -> dict[str, Any]:
    """Give what is bound to the statement of a scope."""
    values: dict[str, Any] = dict(zip(_NAMES, _SINGLE(scope), strict=True))
    if scope.email_keys:
        values |= bound("key", real(scope.email_keys))
    if scope.references:
        values |= bound("reference", real(scope.references))
    if scope.vat_numbers:
        values |= bound("vat_numbers", real(scope.vat_numbers))
    if scope.account_ids:
        values |= bound("account", scope.account_ids)
    if scope.order_numbers:
        values |= bound("number", scope.order_numbers)
    values["order_vat_in"] = scope.order_vat_in and scope.order_vat_in.value
    if scope.identity is not None:
        values["provider"], values["subject"] = scope.identity
    if scope.page is not None:
        values["limit"] = scope.page.limit
        values["after_time"], values["after_reference"] = scope.page.after or (None, None)
    if scope.cases is not None:
        values["cases_limit"], values["state"] = scope.cases.limit, scope.cases.state.value
        values["cases_time"], values["cases_id"] = scope.cases.after or (None, None)
    return values if scope.history is None else values | history_values(scope.history)
