"""Where a scope leads: the keys, accounts and registrations that its roots name (rules:
`customer_accounts.facts`).

A way is one condition under which a row is reached.  Several ways to one table are a UNION of keys, because a database
uses an index for each part of a union but often none for an OR.  Only where each way compares a column with one value
it always uses all their indexes; then an OR is quicker.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BinaryExpression,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    Table,
    Uuid,
    bindparam,
    or_,
    select,
    tuple_,
    union_all,
)

from customer_accounts.adapters.sql.lists import Bound
from customer_accounts.adapters.sql.schema import accounts, claims, identities, orders, registrations, tokens
from customer_accounts.adapters.sql.shape import NOBODY, Shape
from customer_accounts.facts import Part

Condition = ColumnElement[bool]


def reached(table: Table, ways: Sequence[Condition]) -> Condition:
    """Give the condition that a row of *table* is reached by one of the *ways*."""
    if len(ways) == 1 or _compare_one_value(ways):
        return or_(*ways)
    key = list(table.primary_key.columns)
    keys = union_all(*(select(*key).where(way).correlate(None) for way in ways))
    # SQLite finds a pair by its index only in a plain SELECT, not in the union itself.
    return key[0].in_(keys) if len(key) == 1 else tuple_(*key).in_(select(keys.subquery()))


def _compare_one_value(ways: Sequence[Condition]) -> bool:
    return all(isinstance(way, BinaryExpression) and isinstance(way.right, BindParameter) for way in ways)


class Reach:
    """The ways that a shape of scope opens."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._named = Bound("key", shape.keys, String())
        self._keys = self._key_table()
        self.to_accounts = self._account_ways()
        self._accounts = _key_cte(
            "reached_accounts",
            accounts,
            self.to_accounts,
            accounts.c.email_key,
            accounts.c.company_vat_number,
            accounts.c.company_vat_evidence_id,
        )
        self.to_registrations = self._registration_ways()
        self._registrations = _key_cte(
            "reached_registrations",
            registrations,
            self.to_registrations,
            registrations.c.identity_provider,
            registrations.c.identity_subject,
            registrations.c.company_vat_number,
        )

    def by_key(self, column: ColumnElement[str] | ColumnElement[str | None]) -> list[Condition]:
        """Give the way to rows whose *column* is one of the scope's addresses."""
        if self._keys is not None:
            return [column.in_(select(self._keys.c.email_key))]
        return self.by_named_key(column)

    def by_named_key(self, column: ColumnElement[str] | ColumnElement[str | None]) -> list[Condition]:
        """Give the way to rows whose *column* is an address that the scope names itself."""
        return [self._named.among(column)] if self._shape.keys else []

    def by_account(self, column: ColumnElement[Any]) -> list[Condition]:
        """Give the way to rows whose *column* is a reached account's id."""
        return [] if self._accounts is None else [column.in_(select(self._accounts.c.id))]

    def by_any_key(self, column: ColumnElement[str]) -> list[Condition]:
        """Give the way to rows whose *column* is one of the scope's addresses or a reached account's."""
        if self._accounts is None:
            return []
        owned = self._accounts.c.email_key
        named = self._named.rows("key") if self._keys is None else [select(self._keys.c.email_key)]
        return [column.in_(union_all(*named, select(owned).where(owned != NOBODY)))]

    def by_registration(self, column: ColumnElement[Any]) -> list[Condition]:
        """Give the way to rows whose *column* is a reached registration's id."""
        ways = self.to_registrations
        if ways and _compare_one_value(ways):
            # For IN, SQLite makes a table of the ids each time, of which there are most often none.
            return [(registrations.c.id == column) & or_(*ways)]
        return [] if self._registrations is None else [column.in_(select(self._registrations.c.id))]

    def by_wish(self, provider: ColumnElement[str], subject: ColumnElement[str]) -> list[Condition]:
        """Give the way to the identities that reached registrations wish to link."""
        if self._registrations is None:
            return []
        wishes = self._registrations.c
        wished = select(wishes.identity_provider, wishes.identity_subject)
        return [tuple_(provider, subject).in_(wished.where(wishes.identity_provider.is_not(None)))]

    def by_number(self, column: ColumnElement[str]) -> list[Condition]:
        """Give the way to rows whose *column* is a VAT number of the scope or that of a reached company."""
        numbers: list[Select[Any]] = [select(number_bound())] if self._shape.vat_number else []
        for found in (self._accounts, self._registrations):
            if found is not None:
                reached_one = found.c.company_vat_number
                numbers.append(select(reached_one).where(reached_one.is_not(None)))
        if self._shape.vat_numbers:
            numbers += Bound("vat_numbers", self._shape.vat_numbers, String()).rows("number")
        return [column.in_(numbers[0] if len(numbers) == 1 else union_all(*numbers))] if numbers else []

    def evidence_of_companies(self) -> list[Select[Any]]:
        """Give the ids of the evidence that the companies of reached accounts name."""
        if self._accounts is None:
            return []
        named = self._accounts.c.company_vat_evidence_id
        return [select(named).where(named.is_not(None))]

    def _key_table(self) -> CTE | None:
        shape = self._shape
        stored = [
            select(column).where(way, column != NOBODY)
            for wanted, column, way in (
                (shape.token, tokens.c.email_key, token_way()),
                (shape.order or shape.number, orders.c.email_key, orders_way(shape)),
                (shape.browser and not shape.narrow, registrations.c.email_key, browser_way()),
            )
            if wanted
        ]
        if not stored:
            return None
        return union_all(*stored, *self._named.rows("email_key")).cte("reached_keys")

    def _account_ways(self) -> list[Condition]:
        shape, key = self._shape, accounts.c.id
        ways = [key == bindparam("account_id", type_=Uuid())] if shape.account else []
        for wanted, column, way in (
            (shape.token, tokens.c.account_id, token_way()),
            (shape.identity, identities.c.account_id, identity_way()),
            (shape.order or shape.number, orders.c.owner, orders_way(shape)),
        ):
            if wanted:
                ways.append(key.in_(select(column).where(way)))
        if shape.accounts:
            ways.append(Bound("account", shape.accounts, Uuid()).among(key))
        for way in claim_ways(shape):
            ways += [
                key.in_(select(column).where(way)) for column in (claims.c.account_id, claims.c.from_account)
            ]
        if shape.holders:
            ways.append(accounts.c.company_vat_number == number_bound())
        return [*ways, *self.by_key(accounts.c.email_key)]

    def _registration_ways(self) -> list[Condition]:
        ways = self.by_key(registrations.c.email_key)
        if self._shape.browser:
            ways.append(browser_way())
        if self._shape.token:
            ways.append(registrations.c.id.in_(select(tokens.c.registration_id).where(token_way())))
        return ways


def _key_cte(name: str, table: Table, ways: Sequence[Condition], *more: ColumnElement[Any]) -> CTE | None:
    if not ways:
        return None
    found: list[Select[Any]] = [select(table.c.id, *more).where(way) for way in ways]
    together: Select[Any] | CompoundSelect[Any] = found[0] if len(found) == 1 else union_all(*found)
    return together.cte(name)


def token_way() -> Condition:
    """Give the way to the token that the scope names."""
    return tokens.c.digest == bindparam("token", type_=String())


def identity_way() -> Condition:
    """Give the way to the identity that the scope names."""
    provider, subject = bindparam("provider", type_=String()), bindparam("subject", type_=String())
    return (identities.c.provider == provider) & (identities.c.subject == subject)


def orders_way(shape: Shape) -> Condition:
    """Give the way to the orders that the scope names, by reference and by number."""
    by_reference = orders.c.reference == bindparam("order", type_=String())
    by_number = Bound("number", shape.number, String()).among(orders.c.number)
    if shape.order and shape.number:
        return reached(orders, [by_reference, by_number])
    return by_reference if shape.order else by_number


def named_orders(shape: Shape) -> Select[Any]:
    """Give the references of those orders."""
    return select(orders.c.reference).where(orders_way(shape))


def claim_ways(shape: Shape) -> list[Condition]:
    """Give the ways to the claims that the scope names, by id or by the link that undoes one."""
    if Part.CLAIMS not in shape.parts:
        return []
    ways = [claims.c.id == bindparam("claim", type_=Uuid())] if shape.claim else []
    if shape.token:
        ways.append(claims.c.id.in_(select(tokens.c.claim_id).where(token_way())))
    return ways


def number_bound() -> ColumnElement[str]:
    """Give the VAT number that the scope names."""
    return bindparam("vat_number", type_=String())


def browser_way() -> Condition:
    """Give the way to the registrations of the scope's browser."""
    return registrations.c.browser == bindparam("browser", type_=String())
