"""Records become rows and records again, exactly."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Uuid, create_engine, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import StatementError
from sqlalchemy.schema import CreateTable

from customer_accounts.adapters.sql.fields import UtcDateTime, fields_of
from customer_accounts.adapters.sql.mapping import NODES, Node
from customer_accounts.adapters.sql.schema import PREFIX, metadata
from customer_accounts.changes import Record
from customer_accounts.outbox import EventRecord, MailRecord
from tests.adapters.record_strategies import any_record

NAIVE = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
ENGINE = create_engine("sqlite://")
SQLITE: Dialect = sqlite.dialect()
POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the dialects are not typed
metadata.create_all(ENGINE)


def through_the_database(node: Node, record: object) -> list[Any]:
    """Store a record, read it again, and leave nothing behind."""
    rows: dict[Node, list[Any]] = defaultdict(list)
    with ENGINE.connect() as connection:
        connection.execute(insert(node.table), [node.row(record)])
        for below, row in node.element_rows(record):
            connection.execute(insert(below.table), [row])
        for one in node.family():
            rows[one] = [tuple(row) for row in connection.execute(select(*one.columns))]
        connection.rollback()
    return node.records(rows)


@pytest.mark.parametrize("cls", NODES, ids=lambda cls: cls.__name__)
@settings(max_examples=40)
@given(data=st.data())
def test_every_record_survives_the_database(cls: type, data: st.DataObject) -> None:
    """Any record of any kind comes back equal: every field, every value inside, every tuple in its order."""
    record = data.draw(any_record(cls))
    assert through_the_database(NODES[cls], record) == [record]


def test_every_kind_of_record_has_a_table() -> None:
    """Records, mails and audit entries each have a table of their own, and nothing else has."""
    assert set(NODES) == {*Record.__args__, MailRecord, EventRecord}
    tables = [below.table for node in NODES.values() for below in node.family()]
    assert len(tables) == len(set(tables))
    assert set(tables) == set(metadata.tables.values())


def test_columns_are_typed() -> None:
    """No column holds JSON, bytes or pickles; tables and indexes have the prefix that keeps them apart."""
    kinds = {str(column.type) for table in metadata.tables.values() for column in table.columns}
    assert kinds == {"VARCHAR", "INTEGER", "BOOLEAN", "DATETIME", "DATE", "CHAR(32)"}
    for table in metadata.tables.values():
        assert table.name.startswith(PREFIX)
        assert all(f"_{PREFIX}" in str(index.name) for index in table.indexes)


def test_times_have_their_zone_POSTGRESQL() -> None:
    """On PostgreSQL times are stored with their zone, ids as UUID, and texts sort by code point."""
    ddl = str(CreateTable(metadata.tables["ca_tokens"]).compile(dialect=POSTGRESQL))
    assert "expires_at TIMESTAMP WITH TIME ZONE NOT NULL" in ddl
    assert "account_id UUID" in ddl
    assert 'digest VARCHAR COLLATE "C" NOT NULL' in ddl
    assert isinstance(metadata.tables["ca_tokens"].c.account_id.type, Uuid)


def test_a_time_without_a_zone_is_refused() -> None:
    """A time without a zone never reaches the database."""
    table = metadata.tables["ca_vat_checks"]
    row = {"number": "", "due_at": NAIVE, "attempts": 0, "version": 1}
    with ENGINE.connect() as connection, pytest.raises(StatementError, match="without a zone"):
        connection.execute(insert(table), row)


def test_a_time_of_another_zone_is_stored_in_utc() -> None:
    """A time of another zone is the same moment in UTC, on a database with zones and on one without."""
    moment = datetime(2026, 7, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    utc, kind = datetime(2026, 7, 1, 12, 0, tzinfo=UTC), UtcDateTime()
    assert kind.process_bind_param(moment, SQLITE) == "2026-07-01 12:00:00.000000"
    bound = kind.process_bind_param(moment, POSTGRESQL)
    assert (bound, bound and bound.utcoffset()) == (utc, timedelta(0))
    for stored in (moment, utc.replace(tzinfo=None)):
        read = kind.process_result_value(stored, POSTGRESQL)
        assert (read, read and read.utcoffset()) == (utc, timedelta(0))


def test_the_hour_that_comes_twice_is_stored_as_two() -> None:
    """The second 02:30 of an October night is another moment than the first, though Python calls the two equal."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    texts = [UtcDateTime().process_bind_param(first.replace(fold=fold), SQLITE) for fold in (0, 1, 0)]
    assert texts == [f"2026-10-25 0{hour}:30:00.000000" for hour in (0, 1, 0)]


class Colour(StrEnum):
    """A made-up enum."""

    RED = "red"


@frozen
class Inner:
    """A made-up value whose first field may be missing."""

    hint: str | None
    colour: Colour | None
    number: int


@frozen
class Outer:
    """A made-up record with an optional value inside."""

    inner: Inner | None


@pytest.mark.parametrize("inner", [None, Inner(None, None, 0), Inner("x", Colour.RED, 1)])
def test_an_optional_value_is_told_by_its_required_field(inner: Inner | None) -> None:
    """A value inside is there if its first required field is, even where all others are missing."""
    fields = fields_of(Outer)
    assert [leaf.name for leaf in fields.leaves] == ["inner_hint", "inner_colour", "inner_number"]
    assert fields.build(fields.values(Outer(inner))) == Outer(inner)
