"""Every statement that reads, moves or purges finds its rows by an index: no table is ever read from end to end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ClauseElement, Connection, create_engine

from customer_accounts.adapters.sql import metadata
from customer_accounts.adapters.sql.lists import MANY
from customer_accounts.adapters.sql.queues import _DUE_CHECKS
from customer_accounts.adapters.sql.reading import question
from customer_accounts.adapters.sql.shape import shape_of
from customer_accounts.adapters.sql.statements import purges_of
from customer_accounts.adapters.sql.writing import plan
from customer_accounts.changes import Kept, MoveOrders, OrderSelection
from customer_accounts.evidence import OrderVatState
from customer_accounts.facts import Page, Part, Scope
from customer_accounts.history import History, Place

SOMEBODY = UUID(int=1)
WHEN = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module", name="sqlite")
def _sqlite() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _scopes() -> Iterator[Scope]:
    """Give scopes with every root and every pair of roots, and with all of them, for all parts at once."""
    roots: tuple[dict[str, Any], ...] = (
        {"email_keys": ("a@shop.example",)},
        {"email_keys": ("a@shop.example", "b@shop.example")},
        {"email_keys": tuple(f"{number}@shop.example" for number in range(MANY))},
        {"account_id": UUID(int=1)},
        {"token": "digest"},
        {"identity": ("google", "1")},
        {"order": "A-1"},
        {"browser": "digest"},
        {"vat_number": "DE1"},
        {"vat_number": "DE1", "vat_holders": True},
        {"vat_numbers": ("DE1", "DE2")},
        {"order_vat_in": OrderVatState.PROVISIONAL},
        {"vat_number": "DE1", "order_vat_in": OrderVatState.PROVISIONAL, "vat_register": "vat"},
    )
    for wanted in (*combinations(roots, 1), *combinations(roots, 2), roots[2:]):
        named = {name: value for one in wanted for name, value in one.items()}
        yield Scope(parts=frozenset(Part), page=Page(), **named)


def _histories() -> Iterator[Scope]:
    """Give a history of each value, of two of each, and of all of them, the first page and a later one."""
    values: dict[str, Any] = {
        "account_ids": (UUID(int=1), UUID(int=2)),
        "email_keys": ("a@shop.example", "b@shop.example"),
        "digests": ("1", "2"),
        "references": ("A-1", "A-2"),
        "vat_numbers": ("DE1", "DE2"),
    }
    for after in (None, Place(WHEN, "mail", str(SOMEBODY))):
        for number in (1, 2):
            for name, some in values.items():
                yield Scope(
                    parts=frozenset({Part.HISTORY}), history=History(**{name: some[:number], "after": after})
                )
        yield Scope(parts=frozenset({Part.HISTORY}), history=History(**values, after=after))


def _plan(connection: Connection, statement: ClauseElement) -> list[str]:
    return [row[3] for row in _explained(connection, "EXPLAIN QUERY PLAN", statement)]


def _explained(connection: Connection, how: str, statement: ClauseElement) -> list[tuple[Any, ...]]:
    compiled: Any = statement.compile(connection)
    values = tuple("x" for _ in compiled.positiontup)
    return [tuple(row) for row in connection.exec_driver_sql(f"{how} {compiled.string}", values)]


def test_a_reading_scans_no_table(sqlite: Connection) -> None:
    """Whatever a scope names, each part is found by an index of its table (SQLite, without statistics)."""
    asked = [found for scope in _scopes() if (found := question(shape_of(scope))) is not None]
    assert len(asked) == 13 + 78 + 1
    steps = [step for one in asked for step in _plan(sqlite, one.statement)]
    assert (
        "SEARCH ca_identities USING INDEX sqlite_autoindex_ca_identities_1 (provider=? AND subject=?)"
        in steps
    )
    assert [step for step in steps if step.startswith("SCAN ca_")] == []


def test_a_narrow_scope_makes_no_table_of_ids(sqlite: Connection) -> None:
    """A registration most often finds nothing: SQLite looks into the indexes, and makes no table for what it finds."""
    parts = frozenset({Part.ACCOUNTS, Part.REGISTRATIONS, Part.TOKENS})
    for browser in ("digest", None):
        scope = Scope(parts=parts, narrow=True, email_keys=("a@shop.example",), browser=browser)
        asked = question(shape_of(scope))
        assert asked is not None
        assert "SCAN" not in " ".join(_plan(sqlite, asked.statement))
        steps = _explained(sqlite, "EXPLAIN", asked.statement)
        assert "OpenRead" in (codes := {step[1] for step in steps})
        assert not codes & {"OpenEphemeral", "OpenAutoindex"}


def test_a_history_scans_no_table(sqlite: Connection) -> None:
    """Each way to each kind has its index."""
    asked = [found for scope in _histories() if (found := question(shape_of(scope))) is not None]
    assert len(asked) == 22
    steps = [step for one in asked for step in _plan(sqlite, one.statement)]
    assert [step for step in steps if step.startswith("SCAN ca_")] == []


def test_a_page_of_a_long_history_reads_little(sqlite: Connection) -> None:
    """Of one account, address or order the newest come in the order of an index, without sorting the others."""
    wanted = History(
        account_ids=(SOMEBODY,),
        digests=("1",),
        email_keys=("a@shop.example",),
        references=("A-1",),
        vat_numbers=("DE1",),
        after=Place(WHEN, "mail", str(SOMEBODY)),
    )
    asked = question(shape_of(Scope(parts=frozenset({Part.HISTORY}), history=wanted)))
    assert asked is not None
    steps = _plan(sqlite, asked.statement)
    ways = {
        "ca_mails": (
            "account_id=? AND queued_at<?",
            "to_digest=? AND queued_at<?",
            "order_reference=? AND queued_at<?",
        ),
        "ca_events": ("account_id=? AND at<?", "email_digest=? AND at<?"),
        "ca_orders": ("owner=? AND placed_at<?", "email_key=? AND placed_at<?"),
        "ca_vat_evidence": ("number=? AND checked_at<?",),
        "ca_order_vat": ("number=? AND recorded_at<?",),
    }
    for table, conditions in ways.items():
        for condition in conditions:
            assert any(step.startswith(f"SEARCH {table} ") and condition in step for step in steps), condition


@pytest.mark.parametrize(
    ("selection", "by"),
    [
        (OrderSelection("a@shop.example"), "email_key=?"),
        (OrderSelection("a@shop.example", WHEN), "email_key=?"),
        (OrderSelection("a@shop.example", names=tuple(map(str, range(MANY)))), "email_key=?"),
        (OrderSelection(reference="A-1"), "reference=?"),
        (OrderSelection(owner=SOMEBODY), "owner=?"),
        (OrderSelection("a@shop.example", owner=SOMEBODY, claim=SOMEBODY), "=?"),
    ],
)
def test_a_move_finds_its_orders_by_an_index(sqlite: Connection, selection: OrderSelection, by: str) -> None:
    """Orders move without going through those of others, nor through all that nobody owns."""
    (step,) = plan([MoveOrders(selection, SOMEBODY, SOMEBODY)], "sqlite")
    found = [one for one in _plan(sqlite, step.statement) if "ca_orders" in one]
    assert found
    assert all(one.startswith("SEARCH ca_orders USING INDEX") and by in one for one in found)


def test_links_to_orders_are_found_by_the_order(sqlite: Connection) -> None:
    """What shows the orders of an address is not gone through for its other links, nor these for an order's."""
    by_address = "SEARCH ca_tokens USING INDEX ix_ca_tokens_of_address (email_key=?)"
    by_order = "SEARCH ca_tokens USING INDEX ix_ca_tokens_order_reference (order_reference=?)"
    for root, expected in (
        ({"email_keys": ("a@shop.example",)}, {by_address}),
        ({"order": "A-1"}, {by_address, by_order}),
        ({"order_numbers": ("1", "#1", "2")}, {by_address, by_order}),
    ):
        asked = question(shape_of(Scope(parts=frozenset({Part.TOKENS}), **root)))
        assert asked is not None
        found = {one for one in _plan(sqlite, asked.statement) if one.startswith("SEARCH ca_tokens")}
        ways = {one for one in found if "account_id" not in one and "registration_id" not in one}
        assert {one for one in ways if "digest" not in one} == expected


def test_guest_orders_are_counted_by_their_address(sqlite: Connection) -> None:
    """The orders that nobody owns are not gone through for those of one address."""
    scope = Scope(parts=frozenset({Part.ACCOUNTS, Part.GUEST_ORDERS}), email_keys=("a@shop.example",))
    asked = question(shape_of(scope))
    assert asked is not None
    found = [one for one in _plan(sqlite, asked.statement) if "ca_orders" in one]
    assert found
    assert all("email_key=?" in one for one in found)


@pytest.mark.parametrize("kind", Kept)
def test_a_purge_scans_no_table(sqlite: Connection, kind: Kept) -> None:
    """What ended before a time is found by that time."""
    steps = [step for statement in purges_of(kind) for step in _plan(sqlite, statement)]
    assert steps
    assert [step for step in steps if step.startswith("SCAN ca_")] == []


def test_waiting_numbers_are_leased_in_the_order_of_their_index(sqlite: Connection) -> None:
    """After an outage very many are due at the same time; a lease takes the first and sorts none of them."""
    found = _plan(sqlite, _DUE_CHECKS)
    assert found == ["SEARCH ca_vat_checks USING INDEX ix_ca_vat_checks_due_at_number (due_at<?)"]
