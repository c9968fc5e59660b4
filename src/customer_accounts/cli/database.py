"""The database that a command works on: ``--url`` or the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from customer_accounts.cli.ending import Exit, ended, needs

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

VARIABLE = "CUSTOMER_ACCOUNTS_DATABASE_URL"
_NO_TABLES = "no tables here, or older ones: run `customer-accounts db upgrade`."


def _without_password(context: typer.Context, url: str) -> str:
    """Refuse a password that was typed: command lines are seen by others and kept by the shell."""
    source = context.get_parameter_source("url")
    if source is not None and source.name == "COMMANDLINE" and _parsed(url).password is not None:
        raise ended(Exit.USAGE, f"A password has no place on a command line: put the URL into {VARIABLE}.")
    return url


def _parsed(url: str) -> URL:
    """Parse a URL; its text is never repeated, it may hold a password."""
    needs("sql", "sqlalchemy", "alembic")
    from sqlalchemy import make_url  # noqa: PLC0415 - an extra
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - an extra

    try:
        place = make_url(url)
        place.get_dialect()
    except ArgumentError:
        raise ended(Exit.USAGE, "This is no URL of a database that SQLAlchemy knows.") from None
    return place


#: The option that every command with a database has.
Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar=VARIABLE,
        show_envvar=True,
        metavar="URL",
        help="The database as SQLAlchemy names it; one with a password comes from the environment only.",
        show_default=False,
        callback=_without_password,
    ),
]


@contextmanager
def engine_at(url: str) -> Iterator[Engine]:
    """Give an engine for a URL; what goes wrong with the database ends the command with its reason."""
    place = _parsed(url)
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError  # noqa: PLC0415 - an extra

    from customer_accounts.adapters.sql.connecting import engine_for  # noqa: PLC0415 - an extra
    from customer_accounts.adapters.sql.faults import lacks_tables  # noqa: PLC0415 - an extra
    from customer_accounts.adapters.sql.migrations import MigrationError, sync_url  # noqa: PLC0415 - an extra

    name = place.render_as_string(hide_password=True)
    try:
        engine = engine_for(sync_url(place))
    except ImportError as error:
        raise ended(Exit.USAGE, f"{name}: no driver ({error.name or error})") from None
    try:
        yield engine
    except MigrationError as error:
        raise ended(Exit.OPEN, f"{name}: {error}") from None
    except SQLAlchemyError as error:
        if isinstance(error, DBAPIError) and lacks_tables(error):
            raise ended(Exit.USAGE, f"{name}: {_NO_TABLES}") from None
        raise ended(Exit.FAULT, f"{name}: {_reason(error)}") from None
    finally:
        engine.dispose()


@contextmanager
def tables_at(url: str) -> Iterator[Engine]:
    """Give an engine for a URL with the library's tables; SQLite would make an empty file of a mistyped name."""
    place = _parsed(url)
    from customer_accounts.adapters.sql.migrations.running import is_missing_file  # noqa: PLC0415 - an extra

    if is_missing_file(place):
        raise ended(
            Exit.USAGE,
            f"{url}: there is no such file; unless it is mistyped, `customer-accounts db upgrade` makes it.",
        )
    with engine_at(url) as engine:
        yield engine


def _reason(error: Exception) -> str:
    """Give the driver's own words, without the statement."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
