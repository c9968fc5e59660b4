"""Migrations: from every released revision to today's tables, on SQLite and PostgreSQL, with data inside.

A new release adds its revision to `RELEASED`, and rows for all its tables to ``released/<revision>.json``.
"""

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, create_engine, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from customer_accounts.adapters.sql import SqlStorage, metadata, migrations
from customer_accounts.adapters.sql.connecting import engine_for
from customer_accounts.adapters.sql.migrations import VERSION_TABLE, MigrationError, Revision, standing
from customer_accounts.facts import Page, Part, Scope
from customer_accounts.outbox import Queue
from customer_accounts.testing.records import NOW
from tests.migrations.tables import described, fill, held, in_order, our_tables, released_rows
from tests.postgres import Database

#: Every released version of the library, and the revision of its tables.
RELEASED = {"0.1.0": "0001"}

ANNA = UUID("a0000000-0000-4000-8000-000000000001")


@pytest.fixture(name="engine", params=["sqlite", "postgresql"])
def _engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine of an empty database."""
    if request.param == "sqlite":
        engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    else:
        postgres: Database = request.getfixturevalue("postgres")
        engine = engine_for(postgres.url)
    yield engine
    engine.dispose()


def _filled(engine: Engine, revision: str) -> None:
    migrations.upgrade(engine, revision)
    with engine.begin() as connection:
        fill(connection, released_rows(revision))


def _made_at_once(connection: Connection) -> dict[str, object]:
    """Describe the tables as `create_schema` makes them; they are gone again with the end of the transaction."""
    connection.rollback()
    metadata.drop_all(connection)
    metadata.create_all(connection)
    return described(connection)


def _differences(connection: Connection) -> list[object]:
    options = {
        "compare_type": True,
        "include_name": lambda name, kind, _: (kind, name) != ("table", VERSION_TABLE),
    }
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


@pytest.mark.parametrize("revision", RELEASED.values(), ids=RELEASED)
def test_a_released_database_is_upgraded_with_its_data(engine: Engine, revision: str) -> None:
    """From each release on, every row is there after the upgrade, and the tables are today's (types, keys, indexes)."""
    _filled(engine, revision)
    rows = released_rows(revision)
    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert held(connection, rows) == in_order(rows)
        assert _differences(connection) == []
        assert described(connection) == _made_at_once(connection)
    assert migrations.current(engine).up_to_date


@pytest.mark.parametrize("revision", RELEASED.values(), ids=RELEASED)
def test_the_rows_of_a_release_fill_every_table(tmp_path: Path, revision: str) -> None:
    """No table of a release is left out of the data that the test above upgrades, and no column is always empty."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    migrations.upgrade(engine, revision)
    rows = released_rows(revision)
    with engine.connect() as connection:
        assert {table.name: set(table.columns.keys()) for table in our_tables(connection).sorted_tables} == {
            name: set(some[0]) for name, some in rows.items()
        }
    engine.dispose()


@pytest.mark.parametrize("revision", RELEASED.values(), ids=RELEASED)
def test_the_storage_works_on_upgraded_data(engine: Engine, revision: str) -> None:
    """After the upgrade the storage reads the records of the release, and leases its mails."""
    _filled(engine, revision)
    migrations.upgrade(engine)
    storage = SqlStorage(engine)
    facts = storage.read(Scope(frozenset(Part), ("anna@mail.example",), ANNA, page=Page()))
    account = facts.account(ANNA)
    assert account is not None
    assert (account.email, account.session_epoch) == ("Anna@mail.example", 41)
    assert account.company is not None
    assert account.company.vat_number == "DE136695976"
    assert [len(one.parcels) for one in facts.orders[0].shipments] == [3, 0, 1]
    assert [one.product for one in facts.wish_lists[0].items] == ["kettle", "lamp"]
    assert len(facts.tokens) == len(facts.identities) == len(facts.registrations) == 1
    assert facts.addresses
    assert facts.subscriptions
    assert facts.vat_checks
    assert facts.events
    tasks = storage.lease(Queue.MAIL, limit=10, now=NOW, until=NOW + timedelta(minutes=5))
    assert sorted(len(one.mail.details) for one in tasks) == [0, 3]
    assert {one.token.purpose for one in tasks if one.token} == {"reset_password"}


def test_an_upgrade_is_made_once(engine: Engine) -> None:
    """Four at the same time do the work once, and the last of them finds nothing to do."""
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: migrations.upgrade(engine), range(4)))
    assert sorted(len(one) for one in made) == [0, 0, 0, len(standing.chain())]


def test_an_upgrade_joins_the_transaction_of_the_host(engine: Engine) -> None:
    """In a connection of the host the upgrade is gone with the host's rollback, and stays with its commit."""
    host = create_engine(engine.url)
    with host.connect() as connection:
        connection.execute(text("CREATE TABLE host (number INTEGER)"))
        connection.commit()
        for keep in (False, True):
            connection.execute(text("INSERT INTO host VALUES (1)"))
            assert migrations.upgrade(connection)
            assert connection.in_transaction()
            assert migrations.current(connection).up_to_date
            connection.commit() if keep else connection.rollback()
            with engine.connect() as other:
                assert migrations.current(other).up_to_date is keep
                assert other.execute(text("SELECT count(*) FROM host")).scalar() == int(keep)
    host.dispose()


def test_the_hosts_own_revisions_are_left_alone(engine: Engine) -> None:
    """The host's ``alembic_version`` is neither read nor written."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('ae1027a6acf')"))
    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM alembic_version")).scalars().all() == ["ae1027a6acf"]
        assert inspect(connection).has_table(VERSION_TABLE)


def test_a_failed_upgrade_changes_nothing(engine: Engine) -> None:
    """All revisions are made in one transaction: if one fails, the database stands where it stood."""
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE ca_events (id INTEGER)"))
    with pytest.raises(sa.exc.DBAPIError):
        migrations.upgrade(engine)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["ca_events"]


def test_tables_without_a_revision_are_not_touched(engine: Engine) -> None:
    """Tables of create_schema have no revision: an upgrade says so, and goes on once it was told."""
    storage = SqlStorage(engine)
    storage.create_schema()
    assert migrations.current(engine).unversioned
    with pytest.raises(MigrationError, match="db stamp"):
        migrations.upgrade(engine)
    migrations.stamp(engine)
    assert migrations.upgrade(engine) == ()
    assert migrations.current(engine).up_to_date


def test_a_stamp_may_name_an_older_revision(engine: Engine) -> None:
    """Tables that create_schema of a release made are upgraded from there."""
    _filled(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    migrations.stamp(engine, "0001")
    assert migrations.current(engine).revision == "0001"
    assert [one.id for one in migrations.upgrade(engine)] == [one.revision for one in standing.chain()][1:]


def test_the_sql_makes_the_same_tables(engine: Engine) -> None:
    """What is printed for those who run SQL by hand makes the tables and writes the revision down."""
    written = migrations.sql("sqlite" if engine.dialect.name == "sqlite" else "postgresql")
    raw = engine.raw_connection()
    if isinstance(raw.driver_connection, sqlite3.Connection):
        raw.driver_connection.executescript(written)
    else:
        raw.cursor().execute(written)
        raw.commit()
    raw.close()
    assert migrations.current(engine).up_to_date
    with engine.connect() as connection:
        assert described(connection) == _made_at_once(connection)


def test_sql_can_begin_at_a_revision() -> None:
    """For a database of a known revision, only what follows is printed."""
    head = standing.chain()[-1].revision
    assert "CREATE TABLE ca_accounts" in migrations.sql("postgresql")
    assert "CREATE TABLE ca_accounts" not in migrations.sql("postgresql", "0001")
    assert "ca_" not in migrations.sql("postgresql", head)
    assert migrations.sql("sqlite", head).strip() == "PRAGMA foreign_keys = OFF;"


def test_an_unknown_revision_is_named(engine: Engine) -> None:
    """A database that a newer library has upgraded, and a revision that nobody knows, are refused by name."""
    migrations.upgrade(engine)
    with pytest.raises(MigrationError, match="revision 9999 is not known here"):
        migrations.upgrade(engine, "9999")
    with pytest.raises(MigrationError, match="9999"):
        migrations.stamp(engine, "9999")
    with pytest.raises(MigrationError, match="9999"):
        migrations.sql("postgresql", "9999")
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    for asked in (migrations.current, migrations.upgrade):
        with pytest.raises(MigrationError, match="is the library older than the database"):
            asked(engine)


def test_two_rows_of_a_revision_are_told(engine: Engine) -> None:
    """Where somebody wrote a second revision down by hand, nothing is guessed and nothing is changed."""
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES ('0001')"))
    for asked in (migrations.current, migrations.upgrade):
        with pytest.raises(MigrationError, match="several rows"):
            asked(engine)


def test_whoever_asks_makes_no_file(tmp_path: Path) -> None:
    """The standing of a SQLite file that is not there is that of an empty one, by URL or engine; none is made."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url)
    for target in (url, sa.make_url(url), engine):
        asked = migrations.current(target)
        assert (asked.revision, asked.unversioned, len(asked.pending)) == (None, False, len(standing.chain()))
    assert list(tmp_path.iterdir()) == []
    assert migrations.current("sqlite://").revision is None


def test_a_url_is_enough(tmp_path: Path) -> None:
    """An upgrade by URL opens its own connection and closes it; the file is not held open."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    assert migrations.upgrade(url)
    assert migrations.current(url).up_to_date


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite+aiosqlite:///shop.db", "sqlite:///shop.db"),
        ("postgresql://shop@db/shop", "postgresql+psycopg://shop@db/shop"),
        (
            "postgresql+asyncpg://shop@db/shop?ssl=require",
            "postgresql+psycopg://shop@db/shop?sslmode=require",
        ),
        ("postgresql+psycopg://shop@db/shop", "postgresql+psycopg://shop@db/shop"),
        ("postgresql+psycopg_async://shop@db/shop", "postgresql+psycopg://shop@db/shop"),
        (
            "postgresql+asyncpg://shop@db/shop?prepared_statement_cache_size=0",
            "postgresql+psycopg://shop@db/shop",
        ),
    ],
)
def test_the_url_of_an_async_shop_will_do(given: str, used: str) -> None:
    """The same variable may name the database for the shop and for the upgrade."""
    assert migrations.sync_url(given).render_as_string() == used


def test_an_async_url_is_upgraded(tmp_path: Path, postgres: Database) -> None:
    """Async URLs are upgraded as they are, without an event loop."""
    for url in (f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}", postgres.asyncpg_url):
        assert migrations.upgrade(url)
        assert migrations.current(url).up_to_date


def test_an_async_connection_is_upgraded(tmp_path: Path) -> None:
    """An async host upgrades in its own connection, and commits."""

    async def upgraded() -> tuple[Revision, ...]:
        """Upgrade in a transaction of the host."""
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        async with engine.begin() as connection:
            made = await connection.run_sync(migrations.upgrade)
        await engine.dispose()
        return made

    assert asyncio.run(upgraded())
    assert migrations.current(f"sqlite:///{tmp_path / 'shop.db'}").up_to_date


def test_a_host_may_make_our_tables_by_its_own_revisions(engine: Engine) -> None:
    """What autogenerate writes for our metadata beside the host's own runs as it is, and nothing is left to change."""
    own = MetaData()
    sa.Table("products", own, sa.Column("id", sa.Integer, primary_key=True))
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": [own, metadata]})
        script = produce_migrations(context, [own, metadata])  # type: ignore[arg-type]  # a sequence is documented
        assert script.upgrade_ops is not None
        written = render_python_code(script.upgrade_ops)
        import customer_accounts.adapters.sql.fields

        names = {"sa": sa, "op": Operations(context), "customer_accounts": customer_accounts}
        exec(f"if True:\n    {written}", names)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, [own, metadata]) == []  # type: ignore[arg-type]  # see above
        assert described(connection) == _made_at_once(connection)


def test_references_are_checked_before_the_commit(tmp_path: Path) -> None:
    """On SQLite nobody checks references during an upgrade; what dangles at its end ends it, whoever broke it."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    _filled(engine, "0001")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.execute(text("DELETE FROM ca_orders"))
        connection.commit()
        connection.invalidate()
    with pytest.raises(MigrationError, match="ca_shipments"):
        migrations.stamp(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


_NEXT = """
'''Mails are counted, and two tables are made anew.'''

from sqlalchemy import text
from customer_accounts.adapters.sql.migrations.types import FLAG, NUMBER, TEXT, column

revision = "next"
down_revision = "{head}"


def upgrade(op):
    op.add_column("ca_mails", column("counted", NUMBER, filled=3))
    op.add_column("ca_mails", column("shown", FLAG, filled=False))
    op.add_column("ca_mails", column("told", TEXT, filled="no"))
    for name in ("ca_mails", "ca_orders"):
        with op.batch_alter_table(name, recreate="auto") as table:
            table.alter_column("storefront", new_column_name="shop")
    with op.batch_alter_table("ca_orders", recreate="always" if op.get_bind().dialect.name == "sqlite" else "auto"):
        pass
"""


def test_tables_with_data_and_references_are_changed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later revision can fill new columns and make a table anew that others refer to; no row is lost."""
    _filled(engine, "0001")
    migrations.upgrade(engine)
    (tmp_path / "next.py").write_text(_NEXT.format(head=standing.chain()[-1].revision).strip())
    versions = Path(standing.__file__).parent / "versions"
    scripts = ScriptDirectory(tmp_path, version_locations=[versions, tmp_path])
    monkeypatch.setattr(standing, "scripts", lambda: scripts)
    monkeypatch.setattr("customer_accounts.adapters.sql.migrations.running.scripts", lambda: scripts)
    assert [one.id for one in migrations.upgrade(engine)] == ["next"]
    with engine.connect() as connection:
        columns = our_tables(connection).tables["ca_mails"].c
        read = connection.execute(sa.select(columns.counted, columns.shown, columns.told)).all()
        assert [tuple(row) for row in read] == [(3, False, "no")] * 2
        assert len(connection.execute(text("SELECT shop FROM ca_orders")).all()) == 2
        assert len(connection.execute(text("SELECT id FROM ca_shipments")).all()) == 3


def test_an_engine_of_the_host_keeps_its_ways(tmp_path: Path) -> None:
    """A host's own engine on SQLite, which checks no references, is upgraded as well and stays so."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 0
    assert migrations.current(engine).up_to_date
    engine.dispose()


def test_the_chain_is_one_line() -> None:
    """Revisions are numbered in their order, each follows the one before, and each says in a sentence what is true."""
    made = standing.chain()
    assert [one.revision for one in made] == [f"{number:04}" for number in range(1, len(made) + 1)]
    assert [one.down_revision for one in made] == [None, *(one.revision for one in made[:-1])]
    for one in made:
        assert re.fullmatch(rf"r{one.revision}_[a-z0-9_]+", Path(one.path).stem)
        assert one.doc.endswith(".")
        assert "\n" not in one.doc


def test_released_revisions_are_in_the_chain() -> None:
    """A released revision is never taken out or renamed."""
    assert set(RELEASED.values()) <= {one.revision for one in standing.chain()}


def test_nothing_is_migrated_at_import_or_boot(tmp_path: Path) -> None:
    """A shop that starts loads no Alembic, makes no table and asks for none: that is for `db upgrade` alone."""
    file = tmp_path / "shop.db"
    boot = (
        "import sys; from customer_accounts import Accounts; from customer_accounts.adapters.sql import SqlStorage;"
        "from customer_accounts.testing import cheap_settings;"
        f"Accounts(SqlStorage('sqlite:///{file}'), cheap_settings()); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", boot], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False"]
    assert not file.exists()
