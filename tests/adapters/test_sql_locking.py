"""Writes take their rows in one order, and what a server gives up all the same is written again."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Engine, create_engine, event, text

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.writing import plan
from customer_accounts.changes import Change, Kept, Purge, Remove, UseToken, insert, update
from customer_accounts.errors import ConflictError, StaleWriteError
from customer_accounts.facts import Part, Scope
from customer_accounts.order import OrderStatus
from customer_accounts.testing import records
from customer_accounts.testing.records import NOW, stored
from tests.postgres import Database


def taken(changes: Sequence[Change], dialect: str = "postgresql") -> list[tuple[str, object]]:
    """Give the rows that a write touches, in its order."""
    return [(step.table.name, step.key_of(row)) for step in plan(changes, dialect) for row in step.rows]


def test_rivals_are_taken_in_one_order_by_everybody() -> None:
    """CC-01, CC-05: who wins one registration and removes two takes the rows as the winner of another one does."""
    registrations = [records.a_registration() for _ in range(3)]
    links = [records.a_token() for _ in range(3)]

    def won_by(place: int) -> list[Change]:
        rivals = [one for other, one in enumerate(registrations) if other != place]
        stale = [one for other, one in enumerate(links) if other != place]
        own = registrations[place]
        removed = [*map(Remove, rivals), *map(Remove, stale)]
        if place:
            removed.reverse()
        return [
            UseToken(links[place].digest, NOW),
            insert(records.an_account()),
            *removed,
            update(own, evolve(own, confirmed_at=NOW)),
        ]

    orders = [taken(won_by(place))[:-1] for place in range(3)]
    assert orders[0] == orders[1] == orders[2]
    assert len(orders[0]) == 6
    assert {taken(won_by(place))[-1][0] for place in range(3)} == {"ca_accounts"}


def test_rows_that_are_alike_stay_one_statement() -> None:
    """New rows of a table, and rows that are removed one after the other, still go to the driver together."""
    changes = [*map(Remove, gone := [records.a_token() for _ in range(3)])]
    new = [records.a_registration() for _ in range(3)]
    removed, made = plan([*map(insert, new), *changes], "postgresql")
    assert [row["old_digest"] for row in removed.rows] == sorted(one.digest for one in gone)
    assert [row["id"] for row in made.rows] == sorted(one.id for one in new)


_id = attrgetter("id")
KEPT: dict[str, Callable[[], Sequence[Change]]] = {
    "an address given up and taken": lambda: [
        update(one := records.an_account(), evolve(one, email_key=None)),
        insert(records.an_account(email_key=one.email_key)),
    ],
    "two accounts, one of which may take the other's address": lambda: [
        update(one, one)
        for one in sorted((records.an_account(), records.an_account()), key=_id, reverse=True)
    ],
    "a purge that sees another": lambda: [
        Purge(Kept.VAT_EVIDENCE, NOW),
        Purge(Kept.ORDER_VAT, NOW),
    ],
    "elements written anew": lambda: [
        update(one := records.a_wish_list("a"), one),
        insert(records.an_account()),
    ],
}


@pytest.mark.parametrize("what", KEPT)
def test_what_needs_its_own_order_keeps_it(what: str) -> None:
    """Changes that could meet in a unique column, and steps that see what others wrote, stay as they are."""
    changes = KEPT[what]()
    assert taken(changes) == taken(changes, "sqlite")


@pytest.fixture(name="engine")
def _engine(postgres_shop: Database) -> Iterator[Engine]:
    """An engine whose transactions keep their snapshot."""
    engine = create_engine(postgres_shop.url, isolation_level="REPEATABLE READ")
    yield engine
    engine.dispose()


def disturbed(engine: Engine, other: Engine, times: int) -> None:
    """Touch all orders elsewhere, so often, between a transaction's first look and its update."""
    left = [None] * times

    def touch(_: object, cursor: Any, statement: str, *__: object) -> None:
        if statement.startswith("UPDATE ca_orders") and left:
            left.pop()
            cursor.execute("SELECT 1 FROM ca_orders")
            with other.begin() as connection:
                connection.execute(text("UPDATE ca_orders SET email = email"))

    event.listen(engine, "before_cursor_execute", touch)


def test_a_write_that_was_given_up_is_written_again(engine: Engine, postgres_shop: Database) -> None:
    """CC-05: nobody decides again for a transaction that the server gave up, five times before it is a conflict."""
    order, elsewhere = records.a_full_order(), create_engine(postgres_shop.url)
    storage = SqlStorage(engine)
    storage.write(stored(order))
    disturbed(engine, elsewhere, times=4)
    paid = evolve(order, status=OrderStatus.PAID)
    storage.write([update(order, paid)])
    found = storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference))
    assert [one.status for one in found.orders] == [OrderStatus.PAID]
    disturbed(engine, elsewhere, times=5)
    with pytest.raises(ConflictError, match="5 times"):
        storage.write([update(evolve(paid, version=order.version + 1), paid)])
    elsewhere.dispose()


def test_rows_that_keep_their_order_are_locked_by_key(postgres_shop: Database) -> None:
    """CC-05: of two writes that take two lists in opposite orders each locks the same one first."""
    lists = [records.a_wish_list("a"), records.a_wish_list("b")]
    engine, locked = create_engine(postgres_shop.url), list[object]()
    storage = SqlStorage(engine)
    storage.write(stored(*lists))

    def listen(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        """Note which row is locked, and that none is changed before."""
        if "FOR NO KEY UPDATE" in statement:
            locked.extend([parameters["key_0"], parameters["key_1"]])
        elif statement.startswith("UPDATE"):
            locked.append("changed")

    event.listen(engine, "before_cursor_execute", listen)
    for either in (lists, lists[::-1]):
        locked.clear()
        with pytest.raises(StaleWriteError, match="WishListRecord"):
            storage.write([update(evolve(one, version=9), one) for one in either])
        assert locked[:3] == [*sorted(one.id for one in lists), "changed"]
    engine.dispose()


def test_one_row_and_new_rows_are_not_locked_before(postgres_shop: Database) -> None:
    """CC-05: what cannot be taken in another order costs no statement more."""
    one, engine, sent = records.a_wish_list("a"), create_engine(postgres_shop.url), list[str]()
    storage = SqlStorage(engine)
    event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    storage.write(stored(one, records.a_wish_list("b")))
    storage.write([update(one, evolve(one, name="presents"))])
    assert not [statement for statement in sent if "FOR NO KEY UPDATE" in statement]
    engine.dispose()
