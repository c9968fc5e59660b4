"""The databases that crash: one SQLite file in WAL mode, and one database of a PostgreSQL server; sync and async."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from sqlalchemy import Engine, create_engine, make_url, select

from customer_accounts.adapters.memory_write import Tables
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.connecting import engine_for
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.changes import Change, QueueMail, RecordEvent, insert
from tests.crashes.wire import Watched

#: All rows of a database, by table.
Rows = Mapping[str, list[tuple[Any, ...]]]
_ALL_ROWS = [(one.name, str(select(one))) for one in metadata.sorted_tables]


class Backend(Protocol):
    """A database that is filled again for each case."""

    @property
    def name(self) -> str:
        """Its name, for the table."""
        ...

    @property
    def async_url(self) -> str | None:
        """Where the async runner works; None for the sync one."""
        ...

    def fill(self, tables: Tables) -> None:
        """Remember what a case begins with, and store it."""
        ...

    def reset(self) -> None:
        """Store again what the case began with."""
        ...

    @property
    def watched(self) -> Watched:
        """The engine; it keeps no connection open where the process divides or the data are replaced."""
        ...


def stored(tables: Tables) -> list[Change]:
    """Give the changes that store everything that is in a storage in memory."""
    return [
        *(insert(one) for rows in tables.records.values() for one in rows.values()),
        *(QueueMail(one) for one in tables.mails.values()),
        *(RecordEvent(one) for one in tables.events),
    ]


def rows_of(engine: Engine) -> Rows:
    """Give everything that is stored, as the driver gives it: rows are compared with each other only."""
    with engine.connect() as connection, closing(connection.connection.cursor()) as cursor:
        rows = dict[str, list[tuple[Any, ...]]]()
        for name, asked in _ALL_ROWS:
            cursor.execute(asked)
            rows[name] = sorted(map(tuple, cursor.fetchall()), key=repr)
        return rows


class Sqlite:
    """One file.

    Args:
        folder: where it lies.
        driver: of the async runner, or None for the sync one.
    """

    def __init__(self, folder: Path, driver: str | None = None) -> None:
        self.name = driver or "SQLite"
        self.async_url = None if driver is None else f"sqlite+{driver}:///{folder / 'shop.db'}"
        self._file = folder / "shop.db"
        self._empty = folder / "empty.db"
        self._begun = folder / "begun.db"
        storage = SqlStorage(f"sqlite:///{self._empty}")
        storage.create_schema()
        storage.close()
        self.watched = Watched(engine_for(f"sqlite:///{self._file}"))

    def fill(self, tables: Tables) -> None:
        """See `Backend.fill`."""
        shutil.copy(self._empty, self._begun)
        storage = SqlStorage(f"sqlite:///{self._begun}")
        storage.write(stored(tables))
        storage.close()
        self.reset()

    def reset(self) -> None:
        """See `Backend.reset`."""
        self.watched.engine.dispose()
        for left in ("-wal", "-shm"):
            self._file.with_name(self._file.name + left).unlink(missing_ok=True)
        shutil.copy(self._begun, self._file)


class Postgres:
    """One database of a server.

    Args:
        url: of an empty database.
        driver: of the async runner, or None for the sync one.
    """

    def __init__(self, url: str, driver: str | None = None) -> None:
        self.name = "PostgreSQL" if driver is None else f"{driver} async"
        asynchronous = make_url(url).set(drivername=f"postgresql+{driver}")
        self.async_url = driver and asynchronous.render_as_string(hide_password=False)
        self._tables = Tables()
        self.watched = Watched(create_engine(url, hide_parameters=True))
        metadata.create_all(self.watched.engine)
        self._everything = ";".join(f"DELETE FROM {one.name}" for one in reversed(metadata.sorted_tables))

    def fill(self, tables: Tables) -> None:
        """See `Backend.fill`."""
        self._tables = tables
        self.reset()

    def reset(self) -> None:
        """See `Backend.reset`."""
        engine = self.watched.engine
        with engine.begin() as connection:
            connection.exec_driver_sql(self._everything)
            SqlStorage(engine).within(connection).write(stored(self._tables))
        engine.dispose()


@contextmanager
def _sqlite(driver: str | None, _: str | None = None) -> Iterator[Sqlite]:
    """Give the SQLite file; in memory where the machine has a folder for that, for a process dies here, no machine."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Sqlite(Path(folder), driver)


@contextmanager
def _postgres(driver: str | None, url: str | None = None) -> Iterator[Postgres]:
    """Give a database that is there and empty, or one on a server of its own."""
    if url is not None:
        yield Postgres(url, driver)
        return
    from tests.postgres import running_server

    with running_server() as server:
        yield Postgres(server.create("crashes").url, driver)


BACKENDS: dict[str, Callable[[str | None], AbstractContextManager[Backend]]] = {
    "sqlite": partial(_sqlite, None),
    "postgres": partial(_postgres, None),
    "aiosqlite": partial(_sqlite, "aiosqlite"),
    "asyncpg": partial(_postgres, "asyncpg"),
    "psycopg": partial(_postgres, "psycopg"),
}
