"""Empty databases on SQLite with the tables of the library: made once in a process, and copied for each test."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from customer_accounts.adapters.sql import SqlStorage


def _made() -> SqlStorage:
    storage = SqlStorage("sqlite://")
    storage.create_schema()
    return storage


@cache
def with_tables(make: Callable[[], SqlStorage] = _made) -> bytes:
    """Give the bytes of a database, as SQLite writes them into a file.

    Args:
        make: makes the storage in memory, with the tables that are wanted.
    """
    storage = make()
    whole: bytes = _driver(storage).serialize()
    storage.close()
    return whole


def shop_in(folder: Path) -> str:
    """Put an empty file with the tables of the library into a folder, and give its URL."""
    file = folder / "shop.db"
    file.write_bytes(with_tables())
    return f"sqlite:///{file}"


def shop_in_memory() -> SqlStorage:
    """Give a storage in memory with the tables of the library."""
    storage = SqlStorage("sqlite://")
    _driver(storage).deserialize(with_tables())
    return storage


def _driver(storage: SqlStorage) -> Any:
    """Give the only connection of a database in memory."""
    assert storage._own is not None
    return storage._own.raw_connection().driver_connection
