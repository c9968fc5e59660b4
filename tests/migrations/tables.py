"""What the tests of migrations do with tables: describe them, fill them, read them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, inspect

from customer_accounts.adapters.sql.migrations import VERSION_TABLE
from customer_accounts.adapters.sql.schema import PREFIX

RELEASED = Path(__file__).parent / "released"

#: Columns that a later revision has taken away: table and column, each with the reason.
GONE = frozenset(
    {
        # A number waits once, whoever has it (0004).
        ("ca_vat_checks", "account_id"),
    }
)

#: The rows of a database: name of the table to its rows, each value as JSON has it.
Rows = dict[str, list[dict[str, Any]]]


def released_rows(revision: str) -> Rows:
    """Give rows for every table of a released revision, written down when it was released."""
    rows: Rows = json.loads((RELEASED / f"{revision}.json").read_text("utf-8"))
    return rows


def our_tables(connection: Connection) -> MetaData:
    """Give the tables of the library as the database has them."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name.startswith(PREFIX) and name != VERSION_TABLE)
    return found


def fill(connection: Connection, rows: Rows) -> None:
    """Put rows into the tables that are there."""
    for table in our_tables(connection).sorted_tables:
        connection.execute(table.insert(), [_bound(table, row) for row in rows[table.name]])


def held(connection: Connection, rows: Rows) -> Rows:
    """Give what the database has of the tables and columns of *rows*, in the same form and order."""
    found: Rows = {}
    for name, before in rows.items():
        table = our_tables(connection).tables[name]
        columns = [table.c[column] for column in before[0] if (name, column) not in GONE]
        read = connection.execute(sa.select(*columns)).mappings()
        found[name] = sorted(({one: _told(value) for one, value in row.items()} for row in read), key=str)
    return found


def in_order(rows: Rows) -> Rows:
    """Give rows as `held` gives them, in its order, without the columns that are gone."""
    kept = {
        name: [{one: value for one, value in row.items() if (name, one) not in GONE} for row in some]
        for name, some in rows.items()
    }
    return {name: sorted(some, key=str) for name, some in kept.items()}


def _bound(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value is None else _typed(table.c[name].type, value) for name, value in row.items()}


def _typed(kind: object, value: Any) -> Any:
    if isinstance(kind, sa.DateTime):
        at = datetime.fromisoformat(value)
        return at if kind.timezone else at.replace(tzinfo=None)
    return UUID(value) if isinstance(kind, sa.Uuid) else value


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return value.hex if isinstance(value, UUID) else value


def described(connection: Connection) -> dict[str, Any]:
    """Describe the tables of the library, as far as one can tell two of them apart."""
    ours = [one for one in inspect(connection).get_table_names() if one.startswith(PREFIX)]
    return {name: _described(connection, name) for name in ours if name != VERSION_TABLE}


def _described(connection: Connection, name: str) -> dict[str, Any]:
    looking = inspect(connection)
    return {
        "columns": {
            one["name"]: (
                one["type"].compile(connection.dialect),
                getattr(one["type"], "collation", None),
                one["nullable"],
            )
            for one in looking.get_columns(name)
        },
        "primary key": looking.get_pk_constraint(name),
        "indexes": {
            one["name"]: (
                one["column_names"],
                one["unique"],
                [str(value) for key, value in one["dialect_options"].items() if key.endswith("_where")],
            )
            for one in looking.get_indexes(name)
        },
        "unique": {one["name"]: one["column_names"] for one in looking.get_unique_constraints(name)},
        "checks": {one["name"]: one["sqltext"] for one in looking.get_check_constraints(name)},
        "references": {
            one["name"]: (one["constrained_columns"], one["referred_table"], one["referred_columns"])
            for one in looking.get_foreign_keys(name)
        },
    }
