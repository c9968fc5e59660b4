"""The connection that Django has open, lent to SQLAlchemy for a few statements.

It is never committed, rolled back, closed or changed from here, by construction: what SQLAlchemy gets has
cursors and nothing else.  Statements are compiled once for each storage, whatever connection they run on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import StaticPool
from sqlalchemy.util import LRUCache


class Lending(Protocol):
    """A connection of Django, as far as it lends what it has."""

    vendor: Any
    connection: Any

    def ensure_connection(self) -> Any:
        """Connect, unless that has been done."""
        ...


class Lender:
    """Makes SQLAlchemy connections of those that a host has open.

    Args:
        dialect: how the storage speaks to its database; the host's must be of the same kind.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._compiled: LRUCache[Any, Any] = LRUCache(500)

    @contextmanager
    def lent(self, host: Lending) -> Iterator[Connection]:
        """Give the host's connection.

        Raises:
            TypeError: the host is on another database or driver than the storage.
        """
        host.ensure_connection()
        pool = StaticPool(lambda: self._cursors_of(host), reset_on_return=None, dialect=self.dialect)
        url = URL.create(self.dialect.name)
        with Engine(pool, self.dialect, url, hide_parameters=True).connect() as connection:
            yield connection.execution_options(compiled_cache=self._compiled)

    def _cursors_of(self, host: Lending) -> Any:
        raw = host.connection
        library = type(raw).__module__.partition(".")[0]
        match host.vendor, self.dialect.name, self.dialect.driver, library:
            case "sqlite", "sqlite", "pysqlite", _:
                return SqliteCursors(raw)
            case "postgresql", "postgresql", "psycopg", "psycopg":
                return PsycopgCursors(raw)
        raise TypeError(
            f"cannot join Django's {host.vendor} through {library}: the storage is for {self.dialect.name} "
            f"through {self.dialect.driver}, and Django is joined on sqlite3 and on psycopg 3"
        )


class SqliteCursors:
    """A connection that has only cursors; to end anything is left to its owner."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def cursor(self) -> Any:
        """Give a new cursor."""
        return self._raw.cursor()

    def commit(self) -> None:
        """Leave it to the owner."""

    def rollback(self) -> None:
        """Leave it to the owner."""

    def close(self) -> None:
        """Leave it to the owner."""


class PsycopgCursors(SqliteCursors):
    """The same for psycopg, with its own kind of cursor: Django's gives times in the zone of the settings."""

    def cursor(self) -> Any:
        """Give a new cursor."""
        from psycopg import Cursor  # noqa: PLC0415 - installed where such a connection comes from
        from psycopg.types.datetime import TimestamptzLoader  # noqa: PLC0415 - as above

        cursor = Cursor(self._raw)
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        return cursor

    @property
    def closed(self) -> bool:
        """Whether the connection was closed; asked when a statement failed."""
        return bool(self._raw.closed)

    @property
    def broken(self) -> bool:
        """Whether the connection was lost."""
        return bool(self._raw.broken)
