"""A database with its tables that many tests use one after the other, emptied in between.

To copy a database costs twenty times what it costs to empty one.  A test that changes the tables themselves, or
adds some of its own, leaves a database that nobody uses again.
"""

from collections.abc import Callable

import psycopg
from attrs import define, field
from psycopg.sql import SQL, Composed, Identifier

from tests.postgres.database import Database

#: Ends what other connections still do, so that nothing waits for them.
_END_OTHERS = SQL(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES = SQL("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
#: What a change of the tables changes: the tables and indexes with their columns and rules, functions, settings.
_FORM = SQL(
    "SELECT oid, relname, relnatts, relchecks, relhastriggers FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace"
    " UNION ALL SELECT oid, proname, 0, 0, false FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    " UNION ALL SELECT setdatabase, 'settings', 0, 0, false FROM pg_db_role_setting"
    " UNION ALL SELECT oid, 'trigger', 0, 0, false FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
)


@define
class Emptied:
    """Gives a database with empty tables, the same one for as long as its tables are as they were.

    Args:
        make: makes a fresh one.
        drop: drops one by its name.
    """

    make: Callable[[], Database]
    drop: Callable[[str], None]
    _database: Database | None = None
    _form: list[tuple[object, ...]] = field(factory=list)
    _tables: list[str] = field(factory=list)

    def take(self) -> Database:
        """Give the database."""
        if self._database is None:
            self._database = self.make()
            with psycopg.connect(self._database.dsn, autocommit=True) as connection:
                self._form = connection.execute(_FORM).fetchall()
                self._tables = [str(name) for (name,) in connection.execute(_TABLES)]
        return self._database

    def give_back(self) -> None:
        """Empty the tables, or drop a database whose tables were changed."""
        if self._database is None:
            return
        with psycopg.connect(self._database.dsn, autocommit=True) as connection:
            connection.execute(_END_OTHERS)
            as_it_was = connection.execute(_FORM).fetchall() == self._form
            if as_it_was:
                # As a replica does it: in any order, whatever refers to whatever.
                connection.execute("SET session_replication_role = replica")
                connection.execute(SQL("; ").join(map(_delete, self._tables)))
        if not as_it_was:
            self.close()

    def close(self) -> None:
        """Drop the database."""
        if self._database is not None:
            self.drop(self._database.name)
            self._database = None


def _delete(table: str) -> Composed:
    return SQL("DELETE FROM {}").format(Identifier(table))
