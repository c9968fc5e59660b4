"""Orders stand in the host's own table, under its own names, and the storage keeps the contract."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table, create_engine, inspect, make_url, text
from sqlalchemy.exc import IntegrityError

from customer_accounts.adapters.sql import AsyncSqlStorage, HostOrders, SqlStorage, schema
from customer_accounts.adapters.sql.reading import question
from customer_accounts.adapters.sql.shape import shape_of
from customer_accounts.adapters.sql.statements import insert_into
from customer_accounts.adapters.sql.writing import plan
from customer_accounts.changes import MoveOrders, OrderSelection
from customer_accounts.errors import SettingsError
from customer_accounts.facts import Part, Scope
from customer_accounts.testing import AsyncStorageContract, Feature, StorageContract, records
from customer_accounts.testing.records import stored
from customer_accounts.testing.storage_contract import InLoop
from tests.adapters.test_sql_indexes import _plan, _scopes
from tests.postgres import Database, Server
from tests.postgres.emptied import Emptied
from tests.sqlite import with_tables

ORDERS = HostOrders(
    table="shop_order",
    reference="id",
    number="order no",
    placed_at="created",
    email="mail",
    name="recipient",
    owner="customer",
    version="changes",
)
#: A host's table as a host writes it: other names, another order, columns of its own.
TABLE = """
CREATE TABLE shop_order (
    total DECIMAL(10, 2) NOT NULL DEFAULT 0,
    id VARCHAR(40) {order} PRIMARY KEY,
    "order no" VARCHAR(40) {order} NOT NULL,
    created {time} NOT NULL,
    status VARCHAR(20) NOT NULL,
    status_at {time} NOT NULL,
    mail VARCHAR(254) NOT NULL,
    email_key VARCHAR(254) NOT NULL,
    recipient VARCHAR(200) NOT NULL,
    postcode VARCHAR(20) NOT NULL,
    locale VARCHAR(10) NOT NULL,
    storefront VARCHAR(50) NOT NULL,
    customer {id},
    claim_id {id},
    disputed BOOLEAN NOT NULL,
    email_corrected_at {time},
    changes INTEGER NOT NULL,
    note TEXT
)
"""
ON_SQLITE = TABLE.format(time="DATETIME", id="CHAR(32)", order="")
#: Some of its texts are in an order of their own, which is neither that of the database nor that of our tables.
ON_POSTGRESQL = TABLE.format(time="TIMESTAMP WITH TIME ZONE", id="UUID", order='COLLATE "POSIX"')
# Joined transactions are tested below, with the row that the host goes on writing.
LEFT_OUT = frozenset({Feature.HOST_TRANSACTION})


def made(url: str, table: str) -> SqlStorage:
    """Make the host's table, and ours without that of orders."""
    storage = SqlStorage(url, orders=ORDERS)
    assert storage._own is not None
    with storage._own.begin() as connection:
        connection.execute(text(table))
    storage.create_schema()
    assert not inspect(storage._own).has_table("ca_orders")
    return storage


def _in_memory() -> SqlStorage:
    return made("sqlite://", ON_SQLITE)


class TestSqlite(StorageContract):
    """The contract of storages, with the orders in a host's table on SQLite."""

    left_out = LEFT_OUT

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[SqlStorage]:
        """An empty file."""
        file = tmp_path / "shop.db"
        file.write_bytes(with_tables(_in_memory))
        storage = SqlStorage(f"sqlite:///{file}", orders=ORDERS)
        yield storage
        storage.close()


@pytest.fixture(name="template", scope="session")
def _template(postgres_server: Server) -> Iterator[str]:
    """A database with the host's table, to be copied."""
    database = postgres_server.create(f"template_host_orders_{os.getpid()}")
    made(database.url, ON_POSTGRESQL).close()
    yield database.name
    postgres_server.drop(database.name)


@pytest.fixture(name="emptied", scope="module")
def _emptied(postgres_server: Server, template: str) -> Iterator[Emptied]:
    """What gives a database with the host's table, empty."""
    emptied = Emptied(
        lambda: postgres_server.create(f"host_orders_{records.some_id()}", template=template),
        postgres_server.drop,
    )
    yield emptied
    emptied.close()


@pytest.fixture(name="database")
def _database(emptied: Emptied) -> Iterator[Database]:
    """A database with the host's table, empty."""
    yield emptied.take()
    emptied.give_back()


class TestPostgresql(StorageContract):
    """The contract of storages, with the orders in a host's table on PostgreSQL."""

    left_out = LEFT_OUT

    @pytest.fixture
    def storage(self, database: Database) -> Iterator[SqlStorage]:
        """An empty database."""
        storage = SqlStorage(database.url, orders=ORDERS)
        yield storage
        storage.close()


class TestAsyncpg(AsyncStorageContract):
    """The contract of storages, with the orders in a host's table on PostgreSQL through asyncpg."""

    left_out = LEFT_OUT

    @pytest.fixture
    def async_storage(self, database: Database, in_loop: InLoop) -> Iterator[AsyncSqlStorage]:
        """An empty database."""
        storage = AsyncSqlStorage(database.url.replace("psycopg", "asyncpg"), orders=ORDERS)
        yield storage
        in_loop(storage.close())


def test_the_host_fills_its_own_columns(tmp_path: Path) -> None:
    """RL-01: an order is one row, which the host goes on writing in the same transaction; shipments are ours."""
    storage = made(f"sqlite:///{tmp_path / 'shop.db'}", ON_SQLITE)
    assert storage._own is not None
    order = records.a_full_order()
    with storage._own.begin() as connection:
        storage.within(connection).write(stored(order))
        connection.execute(text("UPDATE shop_order SET total = 49.9 WHERE id = :id"), {"id": order.reference})
        (row,) = connection.execute(text('SELECT total, "order no", recipient FROM shop_order')).all()
    assert tuple(row) == (49.9, order.number, order.name)
    assert storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference)).orders == (order,)
    storage.close()


#: A trigger that notes something for each order which only one order may have.
NOTE_ON_SQLITE = (
    "CREATE TABLE days (day TEXT PRIMARY KEY)",
    "CREATE TRIGGER note AFTER INSERT ON shop_order BEGIN INSERT INTO days VALUES ('today'); END",
)
NOTE_ON_SERVER = (
    NOTE_ON_SQLITE[0],
    (
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO days VALUES ('today'); RETURN NEW; END $$"
    ),
    "CREATE TRIGGER note AFTER INSERT ON shop_order FOR EACH ROW EXECUTE FUNCTION note()",
)


@pytest.mark.parametrize("on_server", [False, True], ids=["sqlite", "postgresql"])
def test_a_fault_of_the_hosts_trigger_is_no_race(
    request: pytest.FixtureRequest, tmp_path: Path, on_server: bool
) -> None:
    """CC-05: a unique key of another table of the host's is his own affair, and he is told of it as it is."""
    if on_server:
        storage = SqlStorage(request.getfixturevalue("database").url, orders=ORDERS)
    else:
        storage = made(f"sqlite:///{tmp_path / 'shop.db'}", ON_SQLITE)
    engine = storage._own
    assert engine is not None
    with engine.begin() as connection:
        for statement in NOTE_ON_SERVER if on_server else NOTE_ON_SQLITE:
            connection.exec_driver_sql(statement)
    storage.write(stored(records.an_order()))
    order = records.an_order()
    with pytest.raises(IntegrityError, match="days"):
        storage.write(stored(order))
    with engine.connect() as connection, pytest.raises(IntegrityError, match="days"):
        storage.within(connection).write(stored(order))
    assert storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference)).orders == ()
    storage.close()


@pytest.mark.parametrize("on_server", [False, True], ids=["sqlite", "postgresql"])
def test_what_is_missing_is_named(request: pytest.FixtureRequest, tmp_path: Path, on_server: bool) -> None:
    """A table or columns that are not there are named before anything is made, with the field that wants them."""
    url = request.getfixturevalue("postgres_url") if on_server else f"sqlite:///{tmp_path / 'shop.db'}"
    storage = SqlStorage(url, orders=HostOrders(table="ca_sales", number="no", owner="customer"))
    assert storage._own is not None
    with pytest.raises(SettingsError, match="there is no table ca_sales"):
        storage.create_schema()
    with storage._own.begin() as connection:
        connection.execute(text("CREATE TABLE ca_sales (reference TEXT, placed_at TEXT, number TEXT)"))
    with pytest.raises(
        SettingsError, match=r"ca_sales has no column no \(for number\), status \(for status\)"
    ):
        storage.create_schema()
    assert inspect(storage._own).get_table_names() == ["ca_sales"]
    storage.close()


GOOD = {
    "id": "{id} PRIMARY KEY", "number": "{text} NOT NULL", "placed_at": "{time} NOT NULL",
    "status": "{text} NOT NULL", "status_at": "{time} NOT NULL", "email": "{text} NOT NULL",
    "email_key": "{text} NOT NULL", "name": "{text} NOT NULL", "postcode": "{text} NOT NULL",
    "locale": "{text} NOT NULL", "storefront": "{text} NOT NULL", "owner": "{uuid}", "claim_id": "{uuid}",
    "disputed": "{flag} NOT NULL", "email_corrected_at": "{time}", "version": "BIGINT NOT NULL",
}  # fmt: skip
_SQLITE_TYPES = {
    "id": "VARCHAR(40)",
    "text": "TEXT",
    "time": "DATETIME",
    "uuid": "CHAR(32)",
    "flag": "INTEGER",
}
_SERVER_TYPES = {
    "id": "TEXT",
    "text": "VARCHAR(250)",
    "time": "TIMESTAMPTZ",
    "uuid": "UUID",
    "flag": "BOOLEAN",
}
UNIQUE = ("no primary key and no unique constraint of id", {"id": "{id} NOT NULL"})
UNFIT = {
    "sqlite": [
        UNIQUE,
        ("number .*type INTEGER, wanted is char or text", {"number": "INTEGER NOT NULL"}),
        ("owner .*type NUMERIC", {"owner": "UUID"}),
        ("owner .*may not be null", {"owner": "CHAR(32) NOT NULL"}),
        ("column total of its own", {"total": "DECIMAL NOT NULL"}),
        ("no primary key", {"id": "{id} NOT NULL", "total": "INTEGER, UNIQUE (id, number)"}),
    ],
    "postgresql": [
        UNIQUE,
        (
            "placed_at .*type TIMESTAMP, wanted is timestamp with time zone",
            {"placed_at": "TIMESTAMP NOT NULL"},
        ),
        ("number .*type INTEGER, wanted is text", {"number": "INTEGER NOT NULL"}),
        ("status .*wanted is text", {"status": "order_status NOT NULL"}),
        ("owner .*wanted is uuid", {"owner": "VARCHAR(36)"}),
        ("disputed .*wanted is boolean", {"disputed": "INTEGER NOT NULL"}),
        ("version .*wanted is integer", {"version": "TEXT NOT NULL"}),
        ("email_corrected_at .*may not be null", {"email_corrected_at": "{time} NOT NULL"}),
        ("column total of its own", {"total": "NUMERIC NOT NULL"}),
    ],
}
FIT: dict[str, list[dict[str, str]]] = {
    "sqlite": [
        {},
        {"id": "{id} NOT NULL UNIQUE"},
        {"row": "INTEGER PRIMARY KEY", "id": "{id} NOT NULL UNIQUE", "total": "DECIMAL DEFAULT 0 NOT NULL"},
        {"owner": ""},
    ],
    "postgresql": [
        {"email": "mail_address NOT NULL", "row": "BIGINT GENERATED ALWAYS AS IDENTITY", "total": "NUMERIC"},
        {"row": "BIGSERIAL PRIMARY KEY", "id": "{id} NOT NULL UNIQUE"},
        {"big": "TEXT NOT NULL GENERATED ALWAYS AS (upper(number)) STORED"},
    ],
}


def _kind_of(url: str) -> str:
    return make_url(url).get_backend_name()


def _look(url: str, changes: dict[str, str], then: str = "SELECT 1") -> None:
    """Make a host's table and look at it."""
    types = _SQLITE_TYPES if _kind_of(url) == "sqlite" else _SERVER_TYPES
    columns = ", ".join(f"{name} {kind}" for name, kind in {**GOOD, **changes}.items())
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS sales"))
        connection.execute(text(f"CREATE TABLE sales ({columns.format(**types)})"))
        connection.execute(text(then))
    try:
        with engine.connect() as connection:
            HostOrders(table="sales", reference="id").check(connection)
    finally:
        engine.dispose()


@pytest.fixture(name="host_url", params=["sqlite", "postgresql"])
def _host_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a host's database, with types of its own on a server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    url: str = request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TYPE order_status AS ENUM ('placed')"))
        connection.execute(text("CREATE DOMAIN mail_address AS TEXT"))
    engine.dispose()
    return url


def test_a_table_that_cannot_hold_orders_is_refused(host_url: str) -> None:
    """What a database would convert without a word, keep twice, or refuse with the first order, is told at once."""
    for told, changes in UNFIT[_kind_of(host_url)]:
        with pytest.raises(SettingsError, match=told):
            _look(host_url, changes)
    partial = "CREATE UNIQUE INDEX partly ON sales (id) WHERE owner IS NULL"
    with pytest.raises(SettingsError, match="no primary key"):
        _look(host_url, UNIQUE[1], partial)


@pytest.mark.parametrize("time", ["2026-11-23 09:00:00", "2026-11-23T09:00:00.000000", "1795424400"])
def test_times_of_another_form_are_refused_on_sqlite(tmp_path: Path, time: str) -> None:
    """Texts that do not sort as the times do would give a page of orders again and again: Django leaves out zeros."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    right, nothing = "2026-11-23 09:00:00.000000", "'', '', '', '', '', ''"
    row = f"INSERT INTO sales VALUES ('a', '1', '%s', 'placed', '{right}', {nothing}, NULL, NULL, 0, NULL, 1)"
    with pytest.raises(SettingsError, match=f"a time {time} in placed_at"):
        _look(url, {}, row % time)
    _look(url, {}, row % right)


def test_a_table_that_can_hold_orders_is_taken(host_url: str) -> None:
    """Other types that hold the same, numbered rows and columns that fill themselves are the host's own affair."""
    for changes in FIT[_kind_of(host_url)]:
        _look(host_url, changes)
    _look(host_url, UNIQUE[1], "CREATE UNIQUE INDEX wholly ON sales (id)")


def test_two_fields_cannot_share_a_column() -> None:
    """A name given twice is a fault of the settings, and is told at once."""
    with pytest.raises(SettingsError, match="the same column"):
        HostOrders(table="shop_order", number="reference")


def test_each_statement_is_translated_once(tmp_path: Path) -> None:
    """The same question is the same statement each time, so that databases and SQLAlchemy know it again."""
    storage = made(f"sqlite:///{tmp_path / 'shop.db'}", ON_SQLITE)
    scope = Scope(parts=frozenset({Part.ORDERS}), order="a")
    for _ in range(2):
        storage.read(scope)
    asked = question(shape_of(scope))
    assert asked is not None
    assert ORDERS.on_host(asked.statement) is ORDERS.on_host(asked.statement)
    assert "ca_orders" not in str(ORDERS.on_host(asked.statement))
    storage.close()


@pytest.mark.parametrize("table", [schema.orders, schema.shipments], ids=str)
def test_rows_of_one_write_are_not_those_of_another(table: Table) -> None:
    """A statement that is translated keeps nothing of the rows that it was sent with before."""
    translated = ORDERS.on_host(insert_into(table))
    row = dict.fromkeys((column.key for column in table.primary_key.columns), "a")
    for _ in range(2):
        assert len(translated.values([row, row]).compile().params) == 2 * len(row)


def test_no_statement_reads_the_hosts_table_from_end_to_end(tmp_path: Path) -> None:
    """With the indexes that the docs ask for, every reading and every move finds the host's orders by one of them."""
    storage = made(f"sqlite:///{tmp_path / 'shop.db'}", ON_SQLITE)
    assert storage._own is not None
    scopes = (*_scopes(), Scope(parts=frozenset({Part.ORDERS, Part.TOKENS}), order_numbers=("1",)))
    asked = [found.statement for scope in scopes if (found := question(shape_of(scope))) is not None]
    with storage._own.connect() as connection:
        for name, columns in (
            ("customer", "customer, created, id"), ("address", "email_key, created, id"), ("number", '"order no"')
        ):  # fmt: skip
            connection.execute(text(f"CREATE INDEX by_{name} ON shop_order ({columns})"))
        steps = [step for one in asked for step in _plan(connection, ORDERS.on_host(one))]
        for selection in (OrderSelection("a@mail.example"), OrderSelection(owner=records.some_id())):
            (move,) = plan([MoveOrders(selection, None, records.some_id())], "sqlite")
            steps += _plan(connection, ORDERS.on_host(move.statement))
    assert {step.split(" (")[0] for step in steps if "shop_order" in step} >= {
        f"SEARCH shop_order USING INDEX by_{name}" for name in ("customer", "address", "number")
    }
    assert [step for step in steps if step.startswith("SCAN shop_order")] == []
    storage.close()
