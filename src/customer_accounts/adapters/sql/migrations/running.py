"""Running revisions on a database, or writing them out as SQL.

On SQLite a table that others refer to can only be made anew while references are not checked, and the check can
only be switched outside a transaction.  So on an engine it is off during an upgrade, and all references are checked
before the commit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, Literal, get_args

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, inspect, make_url

from customer_accounts.adapters.sql.connecting import TABLES_LOCK, change_tables_alone, engine_for
from customer_accounts.adapters.sql.joining import SqlalchemyTransaction
from customer_accounts.adapters.sql.migrations.standing import (
    MigrationError,
    Revision,
    Standing,
    after,
    chain,
    revision_of,
    scripts,
)
from customer_accounts.adapters.sql.schema import PREFIX, accounts

#: Where the revision of the tables is written down, apart from the host's own.
VERSION_TABLE = PREFIX + "alembic_version"

#: What can be upgraded: a database by its URL or engine, or the host's open transaction.
Target = str | URL | Engine | Connection
#: The databases that revisions are written for.
Dialect = Literal["postgresql", "sqlite"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)

#: Upgrades hold this one together, and whoever makes indexes beforehand holds it alone; neither waits for the other,
#: because an index that is made without a transaction waits for all that are open.
PREPARING = TABLES_LOCK + 1
#: Drivers that upgrade in place of those that a shop may name in its URL.
_DRIVERS = {
    "sqlite+aiosqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+asyncpg": "postgresql+psycopg",
    "postgresql+psycopg_async": "postgresql+psycopg",
}
#: What only SQLAlchemy's way to asyncpg knows: shops behind a pool of connections say it.
_OF_ASYNCPG = "prepared_statement_cache_size"
_UNVERSIONED = (
    "the tables are there, but not their revision: made by create_schema()? Say once of which revision they are "
    "(customer-accounts db stamp): head if the installed version made them, an earlier one if an earlier version did"
)


def upgrade(target: Target, to: str = "head") -> tuple[Revision, ...]:
    """Bring the tables of a database to a revision, and give the revisions that were made.

    Args:
        target: a URL or an engine, on which the upgrade is one transaction; or a connection of the host, in whose
            transaction it is a savepoint that the host commits.  From an async connection: ``run_sync(upgrade)``.
        to: the last revision wanted; by default the newest one.

    Raises:
        MigrationError: the tables are of no known revision, or somebody prepares them at the moment; nothing was
            changed.
    """
    with _writing(target) as connection:
        standing = _standing(connection)
        if standing.unversioned:
            raise MigrationError(_UNVERSIONED)
        steps = after(standing.revision, to)
        _run(MigrationContext.configure(connection, opts=_options(steps)))
        return tuple(revision_of(one) for one in steps)


def current(target: Target) -> Standing:
    """Tell which revision a database has, and what it lacks; a SQLite file that is not there stays so.

    Raises:
        MigrationError: it has a revision that is not known here.
    """
    if not isinstance(target, Connection) and is_missing_file(target):
        return Standing(None, tuple(revision_of(one) for one in chain()))
    with _reading(target) as connection:
        return _standing(connection)


def stamp(target: Target, revision: str = "head") -> None:
    """Write down that the tables are of a revision already, such as those that ``create_schema`` made.

    Raises:
        MigrationError: the revision is not known here.
    """
    last = (chain() if revision == "head" else after(None, revision))[-1]
    with _writing(target) as connection:
        MigrationContext.configure(connection, opts=_options([])).stamp(scripts(), last.revision)


def sql(dialect: Dialect, since: str | None = None) -> str:
    """Write the upgrade out as SQL, for those who run it by hand.

    Args:
        dialect: ``postgresql`` or ``sqlite``.
        since: the revision that the database has; by default it is empty.

    Raises:
        MigrationError: the revision is not known here.
    """
    text = StringIO()
    if dialect == "sqlite":  # tables that others refer to are made anew
        text.write("PRAGMA foreign_keys = OFF;\n\n")
    options = {**_options(after(since)), "as_sql": True, "output_buffer": text, "starting_rev": since}
    context = MigrationContext.configure(dialect_name=dialect, opts=options)
    with context.begin_transaction():
        _run(context)
    return text.getvalue()


def sync_url(url: str | URL) -> URL:
    """Give the URL of the same database for a driver that upgrades: an async shop need not know a second one."""
    url = make_url(url)
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    # asyncpg and libpq have the same word for it under another name.
    encryption = url.query.get("ssl")
    kept = url.difference_update_query(["ssl", _OF_ASYNCPG])
    return kept if encryption is None else kept.update_query_dict({"sslmode": encryption})


def is_missing_file(target: str | URL | Engine) -> bool:
    """Whether this is a SQLite file that is not there; whoever connects to it makes it."""
    url = target.url if isinstance(target, Engine) else make_url(target)
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith((":", "file:")):
        return False  # a server, memory, or a URI that SQLite reads itself
    return not Path(url.database).exists()


def _options(steps: list[Script]) -> dict[str, Any]:
    made = [MigrationStep.upgrade_from_script(scripts().revision_map, one) for one in steps]
    return {"version_table": VERSION_TABLE, "fn": lambda _revision, _context: made}


def _run(context: MigrationContext) -> None:
    # Revisions get their operations as an argument: the usual global stand-in would be taken from the host's Alembic.
    context.run_migrations(op=Operations(context))


def _standing(connection: Connection) -> Standing:
    try:
        revision = MigrationContext.configure(connection, opts=_options([])).get_current_revision()
    except CommandError:  # only somebody's own hand writes that
        raise MigrationError(f"{VERSION_TABLE} has several rows; only the right one may stay") from None
    pending = tuple(revision_of(one) for one in after(revision))
    return Standing(revision, pending, revision is None and inspect(connection).has_table(accounts.name))


@contextmanager
def engine_of(target: str | URL | Engine) -> Iterator[Engine]:
    """Give the engine of a target that is no connection, for the time of a ``with``."""
    if isinstance(target, Engine):
        yield target
        return
    engine = engine_for(sync_url(target))
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _reading(target: Target) -> Iterator[Connection]:
    if isinstance(target, Connection):
        yield target
        return
    with engine_of(target) as engine, engine.connect() as connection:
        yield connection


@contextmanager
def _writing(target: Target) -> Iterator[Connection]:
    if isinstance(target, Connection):
        with SqlalchemyTransaction(lambda: target).writing() as connection:
            _alone(connection)
            yield connection
        return
    with (
        engine_of(target) as engine,
        engine.connect() as connection,
        _references_unchecked(connection),
        connection.begin(),
    ):
        _alone(connection)
        yield connection
        _check_references(connection)


def _alone(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        shared = f"SELECT pg_try_advisory_xact_lock_shared({PREPARING})"
        if not connection.exec_driver_sql(shared).scalar():
            raise MigrationError(
                "the indexes of this database are being made: upgrade it when they are there"
            )
    change_tables_alone(connection)


@contextmanager
def _references_unchecked(connection: Connection) -> Iterator[None]:
    """Switch the check of references off on SQLite, before a transaction begins, and put it back."""
    raw: Any = connection.connection.dbapi_connection
    checked = connection.dialect.name == "sqlite" and raw.execute("PRAGMA foreign_keys").fetchone()[0]
    if not checked:
        yield
        return
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        dangling = {row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
        ours = sorted(name for name in dangling if name.startswith(PREFIX))
        if ours:
            raise MigrationError(f"rows that belong to no other row any more: {', '.join(ours)}")
