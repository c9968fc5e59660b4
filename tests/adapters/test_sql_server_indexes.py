"""On a PostgreSQL server with 100,000 rows of each kind, no statement of any command reads a table from end to end."""

import os
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Boolean, Column, Connection, Integer, String, Table, Uuid, create_engine, event, text

from customer_accounts.adapters.sql import SqlStorage, metadata
from customer_accounts.adapters.sql.at_once import _part, _values, _whole, fits_one_statement
from customer_accounts.adapters.sql.compiled import compiled
from customer_accounts.adapters.sql.fields import Fields
from customer_accounts.adapters.sql.lists import MANY
from customer_accounts.adapters.sql.mapping import NODES
from customer_accounts.adapters.sql.reading import question
from customer_accounts.adapters.sql.shape import Shape, shape_of, values_of
from customer_accounts.adapters.sql.step import Step
from customer_accounts.adapters.sql.writing import plan
from customer_accounts.changes import Change
from customer_accounts.command import Command
from customer_accounts.facts import Part, Scope
from customer_accounts.outbox import MailOutcome, MailStatus, Queue
from customer_accounts.testing.records import NOW, later
from tests.adapters.test_sql_host_orders import ON_POSTGRESQL, ORDERS
from tests.bad_input.stage import Stage
from tests.bad_input.valid import ALL, EXAMPLES
from tests.postgres import Server

ROWS = 100_000


def _enums(fields: Fields) -> Iterator[tuple[str, str]]:
    """Give the columns that hold one of a few words, with the first of these."""
    for place, kind in fields.enums:
        yield fields.leaves[place].name, next(iter(kind)).value
    for _, inner, *_ in fields.inside:
        yield from _enums(inner)


WORDS = {
    (node.table.name, name): word
    for record in NODES.values()
    for node in record.family()
    for name, word in _enums(node.fields)
}


def _value(column: Column[Any]) -> str:
    """Give row *n*'s value of a column, by its type; every second one is missing where it may be."""
    word = WORDS.get((column.table.name, column.name))
    if column.table.name == "ca_mails" and column.name == "status":
        value = "CASE n % 1000 WHEN 0 THEN 'queued' WHEN 1 THEN 'dead' ELSE 'sent' END"
    elif column.name == "leased_until":
        return "NULL"
    elif word is not None:
        value = f"'{word}'"
    elif isinstance(column.type, String):
        value = f"'x' || ({ROWS} + n)"
    elif isinstance(column.type, Integer):
        value = "0" if column.primary_key else "1"
    elif isinstance(column.type, Boolean):
        value = "n % 10 = 0"
    elif isinstance(column.type, Uuid):
        value = "lpad(to_hex(n), 32, '0')::uuid"
    else:
        # What a purge takes are few of many: of a third of a table, reading all of it would be right.
        begins = "23 23:50" if column.name == "undo_until" else "22 12:00"
        value = f"TIMESTAMPTZ '2026-11-{begins}Z' + n * INTERVAL '1 minute'"
    return f"CASE WHEN n % 2 = 0 THEN {value} END" if column.nullable else value


def _fill(connection: Connection, table: Table) -> None:
    """Insert the rows of a table, in the order of its keys."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(_value(column) for column in table.columns)
    rows = f"SELECT {values} FROM generate_series(1, {ROWS}) AS n"
    connection.execute(text(f"INSERT INTO {table.name} ({names}) {rows}"))


@pytest.fixture(name="server", scope="module")
def _server(postgres_server: Server, postgres_template: str) -> Iterator[Connection]:
    """A database with many rows of each kind."""
    database = postgres_server.create(f"many_rows_{os.getpid()}", template=postgres_template)
    engine = create_engine(database.url)
    with engine.begin() as connection:
        indexes = connection.execute(
            text("SELECT indexname, indexdef FROM pg_indexes WHERE indexname ~ '^ix_'")
        )
        made_again = [(name, made) for name, made in indexes]
        for name, _ in made_again:
            connection.execute(text(f"DROP INDEX {name}"))
        for table in metadata.sorted_tables:
            _fill(connection, table)
        for _, made in made_again:
            connection.execute(text(made))
        connection.execute(text("ANALYZE"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()
    postgres_server.drop(database.name)


class Seen:
    """What all commands ask of a storage and want written, each shape once."""

    def __init__(self) -> None:
        self.scopes: dict[Shape, Scope] = {}
        self.writes: dict[tuple[Any, ...], Sequence[Change]] = {}

    def watch(self, storage: Any) -> None:
        """Note what goes by from now on."""
        read, write = storage.read, storage.write

        def reading(scope: Scope, /) -> Any:
            self.scopes.setdefault(shape_of(scope), scope)
            return read(scope)

        def writing(changes: Sequence[Change], /) -> Any:
            shape = tuple((step.statement, len(step.rows)) for step in plan(changes, "postgresql"))
            self.writes.setdefault(shape, changes)
            return write(changes)

        storage.read, storage.write = reading, writing


@pytest.fixture(name="seen", scope="module")
def _seen() -> Seen:
    """What comes by when every command is given in its valid form, and the workers have done their work."""
    stage, seen = Stage(), Seen()
    for kind in ALL:
        for example in EXAMPLES[kind.__name__]:
            stage.restart()
            command: Command = kind.model_validate(example.fields(stage))
            actor = example.actor(stage)
            seen.watch(stage.storage)
            stage.handle(command, by=actor)  # type: ignore[arg-type]  # any command, any actor
            del stage.storage.read, stage.storage.write
    seen.watch(stage.storage)
    stage.accounts.purge()
    for scope in _many_at_once():
        seen.scopes[shape_of(scope)] = scope
    return seen


def _many_at_once() -> Iterator[Scope]:
    """Give scopes with a list that is bound as one array, alone and beside other roots."""
    keys = tuple(f"x{ROWS + number}" for number in range(MANY))
    ids = tuple(UUID(int=number) for number in range(MANY))
    persons = frozenset({Part.ACCOUNTS, Part.REGISTRATIONS, Part.TOKENS, Part.GUEST_ORDERS, Part.REQUESTS})
    yield Scope(parts=persons, email_keys=keys)
    yield Scope(parts=persons, email_keys=keys, browser="x1")
    yield Scope(parts=persons, email_keys=keys, token="x1")
    yield Scope(parts=persons, email_keys=keys, account_ids=ids)
    yield Scope(parts=frozenset({Part.ORDERS}), references=keys)


def _scans(connection: Connection, statement: Any, values: dict[str, Any]) -> list[str]:
    """Give the lines of a statement's plan that read a whole table of ours."""
    return [line for line in _plan(connection, statement, values) if "Seq Scan on ca_" in line]


def _plan(connection: Connection, statement: Any, values: dict[str, Any]) -> Sequence[str]:
    sent = compiled(statement, connection.dialect)
    return connection.exec_driver_sql(f"EXPLAIN {sent.text}", sent.parameters(values)).scalars().all()


def test_no_reading_of_a_command_scans_a_table(server: Connection, seen: Seen) -> None:
    """Whatever scope a command has, each part is found by an index of its table."""
    assert len(seen.scopes) > 30
    scans = {}
    for shape, scope in seen.scopes.items():
        asked = question(shape)
        if asked is not None:
            scans[scope] = _scans(server, asked.statement, values_of(scope))
    assert {scope: found for scope, found in scans.items() if found} == {}


def test_a_hosts_table_of_orders_is_never_scanned(server: Connection, seen: Seen) -> None:
    """With the indexes that the docs ask for, no reading and no writing of a command reads the host's table through."""
    ours = {one.key: one.name for one in metadata.tables["ca_orders"].columns}
    theirs = ORDERS.columns()
    into, of = (", ".join(f'"{names[key]}"' for key in ours) for names in (theirs, ours))
    with server.begin_nested() as block:
        for statement in (
            ON_POSTGRESQL,
            f"INSERT INTO shop_order ({into}) SELECT {of} FROM ca_orders",
            "CREATE INDEX by_customer ON shop_order (customer, created, id)",
            "CREATE INDEX by_address ON shop_order (email_key, created, id)",
            'CREATE INDEX by_number ON shop_order ("order no")',
            "ANALYZE shop_order",
        ):
            server.execute(text(statement))
        asked: list[tuple[Any, Any]] = [
            (ORDERS.on_host(found.statement), values_of(scope))
            for shape, scope in seen.scopes.items()
            if (found := question(shape)) is not None
        ]
        for changes in seen.writes.values():
            asked += [
                (ORDERS.on_host(step.statement), step.rows[0]) for step in _steps(plan(changes, "postgresql"))
            ]
        plans = {statement: _plan(server, statement, values) for statement, values in asked}
        block.rollback()
    lines = [line for plan_ in plans.values() for line in plan_]
    assert {name for name in ("by_customer", "by_address", "by_number") for line in lines if name in line} == {
        "by_customer", "by_address", "by_number",
    }  # fmt: skip
    assert [line for line in lines if "Seq Scan on shop_order" in line] == []


def test_links_to_orders_are_found_by_the_order(server: Connection) -> None:
    """What shows the orders of an address is not gone through for its other links, nor these for an order's."""
    parts, by_address, by_order = (
        frozenset({Part.TOKENS}),
        "ix_ca_tokens_of_address",
        "ix_ca_tokens_order_reference",
    )
    for scope, expected in (
        (Scope(parts, email_keys=("x100001",)), {by_address}),
        (Scope(parts, order="x100001"), {by_address, by_order}),
        (Scope(parts, order_numbers=("x100001",)), {by_address, by_order}),
    ):
        asked = question(shape_of(scope))
        assert asked is not None
        plan_ = "\n".join(_plan(server, asked.statement, values_of(scope)))
        assert {name for name in (by_address, by_order) if name in plan_} == expected


def test_a_missing_index_is_noticed(server: Connection, seen: Seen) -> None:
    """Without the index of links by their account the same question does read the table."""
    with server.begin_nested() as block:
        server.execute(text("DROP INDEX ix_ca_tokens_account_id"))
        scope = next(one for one in seen.scopes.values() if one.account_id and Part.TOKENS in one.parts)
        asked = question(shape_of(scope))
        assert asked is not None
        assert "Seq Scan on ca_tokens" in "".join(_scans(server, asked.statement, values_of(scope)))
        block.rollback()


def _steps(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _steps(step.then)


def test_no_writing_of_a_command_scans_a_table(server: Connection, seen: Seen) -> None:
    """Whatever a command writes, each row is found by an index: step by step, and as one statement."""
    assert len(seen.writes) > 30
    at_once = 0
    for changes in seen.writes.values():
        steps = plan(changes, "postgresql")
        for step in _steps(steps):
            assert _scans(server, step.statement, step.rows[0]) == [], step.statement
        if fits_one_statement(steps):
            at_once += 1
            values = {
                name: value
                for number, step in enumerate(steps)
                for name, value in _values(step, f"s{number}")
            }
            assert _scans(server, _whole(tuple(map(_part, steps))), values) == []
    assert at_once > 20


def test_no_work_on_a_queue_scans_a_table(server: Connection) -> None:
    """RL-04: due work is found, taken, ended and given back by indexes, whatever else the tables hold."""
    asked: list[Any] = []
    event.listen(server, "before_cursor_execute", lambda *sent: asked.append((sent[2], sent[3])))
    storage = SqlStorage(server.engine).within(server)
    for queue in Queue:
        tasks: Any = storage.lease(
            queue,
            limit=9,  # type: ignore[call-overload]  # each in turn
            now=later(days=9),
            until=later(days=10),
        )
        assert len(tasks) == 9
        storage.fail(tasks[0], retry_at=later(days=11), reason="busy")
        storage.release(tasks[1])
        if queue is Queue.MAIL:
            storage.finish(tasks[2], MailOutcome(MailStatus.SENT, NOW, "250"))
    statements = [(text, values) for text, values in asked if "ca_" in text]
    assert len(statements) > 8
    for statement, values in statements:
        plan_ = server.exec_driver_sql(f"EXPLAIN {statement}", values).scalars()
        assert [line for line in plan_ if "Seq Scan on ca_" in line] == [], statement
    server.rollback()
