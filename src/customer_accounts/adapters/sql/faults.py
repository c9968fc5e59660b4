"""Which faults of a database mean that somebody else was first."""

from sqlalchemy.exc import DBAPIError

_SQLITE = {
    1555,  # SQLITE_CONSTRAINT_PRIMARYKEY
    2067,  # SQLITE_CONSTRAINT_UNIQUE
}
_UNIQUE_VIOLATION = "23505"  # the SQLSTATE of PostgreSQL


def is_taken_key(error: DBAPIError) -> bool:
    """Tell whether a unique key was taken; any other broken constraint is a fault of the program."""
    cause = error.orig
    if getattr(cause, "sqlite_errorcode", None) in _SQLITE:
        return True
    return getattr(cause, "sqlstate", None) == _UNIQUE_VIOLATION
