"""Every statement that reads, moves or purges finds its rows by an index: no table is ever read from end to end."""

from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ClauseElement, Connection, create_engine

from customer_accounts.adapters.sql import metadata
from customer_accounts.adapters.sql.reach import shape_of
from customer_accounts.adapters.sql.reading import question
from customer_accounts.adapters.sql.statements import move_orders, purges_of
from customer_accounts.changes import Kept
from customer_accounts.facts import Page, Part, Scope


@pytest.fixture(scope="module", name="sqlite")
def _sqlite() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _scopes() -> Iterator[Scope]:
    """Give scopes with every combination of roots, for all parts at once."""
    roots: dict[str, tuple[Any, ...]] = {
        "email_keys": ((), ("a@shop.example",), ("a@shop.example", "b@shop.example")),
        "account_id": (None, UUID(int=1)),
        "token": (None, "digest"),
        "identity": (None, ("google", "1")),
        "order": (None, "A-1"),
        "browser": (None, "digest"),
    }
    for values in product(*roots.values()):
        yield Scope(parts=frozenset(Part), page=Page(), **dict(zip(roots, values, strict=True)))


def _plan(connection: Connection, statement: ClauseElement) -> list[str]:
    compiled: Any = statement.compile(connection)
    values = tuple("x" for _ in compiled.positiontup)
    found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.string}", values).all()
    return [row[3] for row in found]


def test_a_reading_scans_no_table(sqlite: Connection) -> None:
    """Whatever a scope names, each part is found by an index of its table (SQLite, without statistics)."""
    asked = [found for scope in _scopes() if (found := question(shape_of(scope))) is not None]
    assert len(asked) == 3 * 2**5 - 1
    steps = [step for one in asked for step in _plan(sqlite, one.statement)]
    assert (
        "SEARCH ca_identities USING INDEX sqlite_autoindex_ca_identities_1 (provider=? AND subject=?)"
        in steps
    )
    assert [step for step in steps if step.startswith("SCAN ca_")] == []


def test_guest_orders_are_found_by_their_address(sqlite: Connection) -> None:
    """The orders that nobody owns are not gone through for those of one address, neither to count nor to move."""
    by_address = "USING INDEX ix_ca_orders_email_key_placed_at (email_key=?"
    scope = Scope(parts=frozenset({Part.ACCOUNTS, Part.GUEST_ORDERS}), email_keys=("a@shop.example",))
    asked = question(shape_of(scope))
    assert asked is not None
    for statement in (asked.statement, move_orders(since=True), move_orders(since=False)):
        found = [step for step in _plan(sqlite, statement) if "ca_orders" in step]
        assert found
        assert all(by_address in step for step in found)


@pytest.mark.parametrize("kind", Kept)
def test_a_purge_scans_no_table(sqlite: Connection, kind: Kept) -> None:
    """What ended before a time is found by that time."""
    steps = [step for statement in purges_of(kind) for step in _plan(sqlite, statement)]
    assert steps
    assert [step for step in steps if step.startswith("SCAN ca_")] == []
