"""On PostgreSQL the indexes of an upgrade can be made beforehand, and nobody waits for them."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from customer_accounts.adapters.sql import metadata, migrations
from customer_accounts.adapters.sql.migrations import MigrationError
from customer_accounts.adapters.sql.migrations.running import PREPARING
from tests.migrations.tables import described, fill, held, in_order, released_rows
from tests.postgres import Database

_NUMBERS = "SELECT relname, oid::int FROM pg_class WHERE relname = ANY(:names)"
_INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
_WAITING = "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'"


@pytest.fixture(name="engine")
def _engine(postgres: Database) -> Iterator[Engine]:
    """An engine of a database of release 0.1.0, with its rows."""
    engine = create_engine(postgres.url)
    migrations.upgrade(engine, "0001")
    with engine.begin() as connection:
        fill(connection, released_rows("0001"))
    yield engine
    engine.dispose()


def _numbers(engine: Engine, names: tuple[str, ...]) -> dict[str, int]:
    """Give the object number of each index: one that is made anew has another."""
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(text(_NUMBERS), {"names": list(names)})}


def _are_todays(engine: Engine) -> bool:
    """Whether the tables are as `create_schema` makes them; these are gone again with the end of the transaction."""
    with engine.connect() as connection:
        upgraded = described(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        return upgraded == described(connection)


def _invalid(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text(_INVALID)).scalars())


def test_what_was_prepared_is_not_made_again(engine: Engine, postgres: Database) -> None:
    """The upgrade takes each index as it is, all rows are there afterwards, and the tables are today's."""
    made = migrations.prepare(postgres.url)
    assert {"ix_ca_orders_number", "ix_ca_orders_email_key_placed_at_reference"} < set(made)
    assert migrations.prepare(engine) == ()
    kept = tuple(
        name for name in made if not name.startswith("ix_ca_vat_checks")
    )  # 0004 makes that table anew
    before = _numbers(engine, kept)
    migrations.upgrade(engine)
    assert _numbers(engine, kept) == before
    rows = released_rows("0001")
    with engine.connect() as connection:
        assert held(connection, rows) == in_order(rows)
    assert _are_todays(engine)


def test_everything_is_prepared_that_can_be(engine: Engine) -> None:
    """From the revision before them, no index of 0008, 0009 and 0011 is left to the upgrade; 0010 brings columns."""
    migrations.upgrade(engine, "0007")
    made = set(migrations.prepare(engine))
    assert made == {
        "ix_ca_tokens_of_address",
        "ix_ca_tokens_order_reference",
        "ix_ca_vat_checks_due_at_number",
        "ix_ca_mails_account_id_queued_at",
        "ix_ca_mails_order_reference_queued_at",
        "ix_ca_events_account_id_at",
        "ix_ca_orders_email_key_placed_at_reference",
        "ix_ca_claims_email_key",
        "ix_ca_claims_at",
        "ix_ca_merges_absorbed_email_key",
        "ix_ca_merges_absorbed_id",
    }
    migrations.upgrade(engine)
    assert migrations.prepare(engine) == ()


def test_the_documented_statements_make_the_same(engine: Engine) -> None:
    """Who makes the indexes by hand, as the guide says, leaves nothing to prepare, and ends at the same tables."""
    migrations.upgrade(engine, "0007")
    guide = Path(__file__).parents[2] / "docs" / "how_to" / "migrations.md"
    statements = re.findall(r"^CREATE INDEX CONCURRENTLY .*;$", guide.read_text("utf-8"), re.MULTILINE)
    assert statements
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for one in statements:
            connection.execute(text(one))
    assert migrations.prepare(engine) == ()
    migrations.upgrade(engine)
    assert _are_todays(engine)


def test_nobody_waits_for_an_index_that_is_prepared(engine: Engine, postgres: Database) -> None:
    """RL-05: while it waits for a transaction that is open, others go on writing to the same table."""
    impatient = create_engine(postgres.url, connect_args={"options": "-c lock_timeout=20s"})
    with ThreadPoolExecutor(1) as pool, engine.connect() as old, impatient.connect() as other:
        old.execute(text("UPDATE ca_orders SET name = name"))
        making = pool.submit(migrations.prepare, engine)
        _until_it_waits(engine)
        other.execute(text("UPDATE ca_orders SET version = version WHERE false"))
        other.commit()
        with pytest.raises(MigrationError, match="indexes of this database are being made"):
            migrations.upgrade(other)
        other.rollback()
        assert not making.done()
        old.commit()
        assert "ix_ca_orders_number" in making.result(timeout=60)
    impatient.dispose()


def _until_it_waits(engine: Engine) -> None:
    for _ in range(600):
        with engine.connect() as connection:
            if connection.execute(text(_WAITING)).scalar():
                return
        time.sleep(0.1)
    raise AssertionError("nobody waits")


@pytest.fixture(name="interrupted")
def _interrupted(engine: Engine, postgres: Database) -> Engine:
    """A database where the making of an index was given up, because a transaction stayed open."""
    hasty = create_engine(postgres.url, connect_args={"options": "-c lock_timeout=200"})
    with engine.connect() as old:
        old.execute(text("UPDATE ca_orders SET name = name"))
        with pytest.raises(OperationalError, match="lock timeout"):
            migrations.prepare(hasty)
    hasty.dispose()
    assert len(_invalid(engine)) == 1
    return engine


def test_an_interrupted_index_is_made_anew(interrupted: Engine) -> None:
    """What an interruption left behind has the name of an index and is none: the next preparation makes it."""
    (name,) = _invalid(interrupted)
    assert name in migrations.prepare(interrupted)
    assert _invalid(interrupted) == []


def test_an_upgrade_notices_an_interrupted_index(interrupted: Engine) -> None:
    """The same in the upgrade itself, and in the SQL for those who run it by hand."""
    assert _invalid(interrupted)
    with interrupted.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(migrations.sql("postgresql", "0001").replace("COMMIT;", ""))
        found = connection.execute(text(_INVALID)).scalars().all()
        raw.rollback()
    assert found == []
    assert _invalid(interrupted)
    migrations.upgrade(interrupted)
    assert _invalid(interrupted) == []


def test_one_at_a_time_prepares(engine: Engine) -> None:
    """While somebody else prepares or upgrades, nothing is made; the lock is free again afterwards."""
    with engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({PREPARING})")
        with pytest.raises(MigrationError, match="somebody else prepares or upgrades"):
            migrations.prepare(engine)
    assert migrations.prepare(engine)
    assert migrations.upgrade(engine)
