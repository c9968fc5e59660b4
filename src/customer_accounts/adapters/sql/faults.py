"""What the faults of a database mean: somebody else was first, or the tables are missing."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from customer_accounts.errors import StaleWriteError

#: Result codes of SQLite, and the SQLSTATE of PostgreSQL.
_TAKEN_KEY = frozenset({
    1555,  # SQLITE_CONSTRAINT_PRIMARYKEY
    2067,  # SQLITE_CONSTRAINT_UNIQUE
    "23505",  # unique_violation
})  # fmt: skip
_LOST_RACE = frozenset({
    517,  # SQLITE_BUSY_SNAPSHOT: what was read is no longer the newest
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
})  # fmt: skip
_NO_SUCH_TABLE = frozenset({
    "42P01",  # undefined_table
    "42703",  # undefined_column
})  # fmt: skip
#: SQLite has one code for all errors of a statement, and tells them apart by words.
_SQLITE_NO_SUCH_TABLE = re.compile("no such (table|column)|table [a-z_]+ has no column")
_NO_TRANSACTION = "25P01"  # no_active_sql_transaction
_HINT = (
    "The tables of customer_accounts are missing in this database, or of an earlier version: run "
    "`customer-accounts db upgrade`; tests and first steps call create_schema() on the storage."
)


class LostTransactionError(StaleWriteError):
    """The whole transaction was given up because of what others wrote; it may be tried again from its beginning."""


class NoTransactionError(RuntimeError):
    """A host's connection that was to be joined has no transaction open."""

    def __init__(self) -> None:
        super().__init__("no transaction is open on the host's connection: begin one, and join it then")


def is_taken_key(error: DBAPIError) -> bool:
    """Tell whether a unique key was taken; any other broken constraint is a fault of the program."""
    return _code(error) in _TAKEN_KEY


def taken_in(error: DBAPIError, tables: Iterable[str]) -> str | None:
    """Give the one of *tables* of which a unique key was taken, or None.

    A trigger of the host's own table of orders may write into other tables of his: that is nobody's race.
    """
    if not is_taken_key(error):
        return None
    cause: Any = error.orig
    told = getattr(cause, "diag", cause.__cause__)  # psycopg says it here, asyncpg there
    if told is not None:
        return next((one for one in tables if one == told.table_name), None)
    return next((one for one in tables if str(cause).startswith(f"UNIQUE constraint failed: {one}.")), None)


def lacks_tables(error: DBAPIError) -> bool:
    """Tell whether a table or a column is missing: nobody has brought the tables to this version."""
    return _code(error) in _NO_SUCH_TABLE or bool(_SQLITE_NO_SUCH_TABLE.match(str(error.orig)))


@contextmanager
def explained() -> Iterator[None]:
    """Say of a fault what it means.

    Raises:
        LostTransactionError: the transaction was given up because of others.
        NoTransactionError: a savepoint was set outside of a transaction.
    """
    try:
        yield
    except DBAPIError as error:
        explain(error)
        raise


def explain(error: DBAPIError) -> None:
    """Say of a fault what it means, for the one who raises it.

    Raises:
        LostTransactionError: as `explained` does, and `NoTransactionError`.
    """
    code = _code(error)
    if code in _LOST_RACE:
        # Not "from error": its text may hold the values of a row.
        raise LostTransactionError("transaction") from None
    if code == _NO_TRANSACTION:
        raise NoTransactionError from None
    if lacks_tables(error):
        error.add_note(_HINT)
    _hide_values(error)


def _hide_values(error: DBAPIError) -> None:
    """Take the row out of an error (LG-01): an engine of the host shows it, and a server says it behind "DETAIL"."""
    error.params = None
    told: BaseException | None = error
    while told is not None:
        told.args = tuple(_before_detail(one) for one in told.args)
        if isinstance(told.__dict__.get("detail"), str):
            told.__dict__["detail"] = None  # asyncpg puts it behind its text each time it is shown
        told = told.__cause__


def _before_detail(text: object) -> object:
    if not isinstance(text, str) or "\nDETAIL:" not in text:
        return text
    before, _, after = text.partition("\nDETAIL:")
    _, line, rest = after.partition("\n")
    return before + line + rest


def _code(error: DBAPIError) -> int | str | None:
    cause = error.orig
    code: int | str | None = getattr(cause, "sqlite_errorcode", None) or getattr(cause, "sqlstate", None)
    return code
