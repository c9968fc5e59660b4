"""Making the indexes of an upgrade beforehand, while the shop goes on writing.

An upgrade is one transaction, and on PostgreSQL an index that is made in a transaction holds up whoever writes to its
table until the commit.  CREATE INDEX CONCURRENTLY holds up nobody and cannot be in a transaction.  So it comes first,
if somebody wants it, and the revisions find the index there.  On SQLite a writer waits for all others anyway.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, Index, MetaData, Table, inspect, text
from sqlalchemy.schema import CreateIndex

from customer_accounts.adapters.sql.migrations.running import PREPARING, engine_of
from customer_accounts.adapters.sql.migrations.standing import MigrationError
from customer_accounts.adapters.sql.schema import metadata

_UNFINISHED = text(
    "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid WHERE NOT indisvalid"
)


def prepare(target: str | URL | Engine) -> tuple[str, ...]:
    """Make the indexes that the tables are going to have, on PostgreSQL, and give the names of those that were missing.

    Each is made by itself and stays, whatever becomes of the others; what an interrupted one left behind is made anew.
    Left out are those of tables and columns that only the upgrade makes.

    Args:
        target: a URL or an engine; not a connection, for nothing of this can be in a transaction.

    Raises:
        MigrationError: somebody prepares or upgrades this database at the moment.

    .. versionadded:: 0.2.0
    """
    with engine_of(target) as engine:
        if engine.dialect.name != "postgresql":
            return ()
        with (
            engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
            _alone(connection),
        ):
            return tuple(_made(connection))


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({PREPARING})").scalar():
        raise MigrationError("somebody else prepares or upgrades this database: try again when that is done")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({PREPARING})")


def _made(connection: Connection) -> Iterator[str]:
    there, unfinished = inspect(connection), set(connection.execute(_UNFINISHED).scalars())
    for table in metadata.sorted_tables:
        if not there.has_table(table.name):
            continue
        columns = {one["name"] for one in there.get_columns(table.name)}
        known = {one["name"] for one in there.get_indexes(table.name)} - unfinished
        for index in _concurrent(table):
            if index.name not in known and _needed(index, table) <= columns:
                if index.name in unfinished:
                    connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {index.name}")
                connection.execute(CreateIndex(index))
                yield str(index.name)


def _concurrent(table: Table) -> list[Index]:
    """Give the indexes of a table by name, as copies that are made without holding anybody up."""
    made = sorted(table.to_metadata(MetaData()).indexes, key=lambda one: str(one.name))
    for index in made:
        index.dialect_options["postgresql"]["concurrently"] = True
    return made


def _needed(index: Index, table: Table) -> set[str]:
    """Give the columns without which an index cannot be made, those of its condition included."""
    words = re.findall(r"\w+", str(index.dialect_options["postgresql"]["where"]))
    return {one.name for one in table.columns if one.name in words or one.name in index.columns}
