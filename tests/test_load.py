"""Customers shop while the database, the mail server and the disk fail; afterwards the sums are equal.

``python -m tests.load`` is the long run.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from customer_accounts.actors import Visitor
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.connecting import engine_for
from customer_accounts.features.registration import Register
from customer_accounts.testing import Mailbox
from customer_accounts.testing.mailbox import Fault
from tests.load.customers import Shop, missing
from tests.load.faults import DISK_FREED, DISK_FULL, Sums, little_room, shopping, until_it_hurts
from tests.postgres import Database, running_server

pytestmark = pytest.mark.slow


@pytest.fixture(name="mailbox")
def _mailbox() -> Iterator[Mailbox]:
    """A real mail server."""
    with Mailbox() as mailbox:
        yield mailbox


def _equal(sums: Sums) -> None:
    assert sums.problems == []
    assert sums.rows[0] > 0
    assert sums.marked


def test_the_database_is_restarted(mailbox: Mailbox) -> None:
    """RL-01, RL-02, RL-08: PostgreSQL restarts and crashes under load; what was answered is there, and once."""
    with running_server(durable=True) as server:
        engine = create_engine(server.create("load").url, pool_size=12)
        SqlStorage(engine).create_schema()
        shop = Shop(SqlStorage(engine))

        def crash() -> None:
            server.crash()
            server.start()

        sums = shopping(shop, engine, mailbox, [server.restart, crash], customers=24)
        engine.dispose()
    _equal(sums)
    assert sums.failed


def test_the_mail_server_fails(postgres_shop: Database, mailbox: Mailbox) -> None:
    """RL-03, RL-06, RL-09: a mail server that refuses, hangs and dies delays mails; none is lost, no order waits."""
    engine = create_engine(postgres_shop.url, pool_size=12)
    shop, ways = Shop(SqlStorage(engine)), ExitStack()

    def begins(fault: Fault) -> None:
        ways.close()
        ways.enter_context(mailbox.failing(fault))

    troubles = [
        lambda: begins(Fault.TEMPORARY_FAILURE),
        lambda: begins(Fault.DROP_CONNECTION),
        lambda: begins(Fault.LOSE_ANSWER),
        lambda: begins(Fault.HANG),
        ways.close,
    ]
    sums = shopping(shop, engine, mailbox, troubles, customers=16)
    engine.dispose()
    _equal(sums)
    assert not any(not name.startswith("worker") for name in sums.failed)


def test_there_are_too_few_connections(postgres_shop: Database, mailbox: Mailbox) -> None:
    """RL-01: who gets no connection gets SQLAlchemy's own error with no effect, and asks again."""
    engine = create_engine(postgres_shop.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    shop = Shop(SqlStorage(engine))
    sums = shopping(shop, engine, mailbox, [], customers=12)
    engine.dispose()
    _equal(sums)
    assert {*sums.failed} <= {NoConnectionError.__name__, f"worker: {NoConnectionError.__name__}"}
    assert sums.failed


def test_the_disk_is_full_on_sqlite(tmp_path: Path, mailbox: Mailbox) -> None:
    """RL-01: a write that finds no room has no effect; with room again everything goes on."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    SqlStorage(engine).create_schema()
    shop = Shop(SqlStorage(engine))
    with little_room(engine) as room:

        def full() -> None:
            room(1)
            until_it_hurts(shop)
            room(0)

        sums = shopping(shop, engine, mailbox, [full], customers=40)
        engine.dispose()
    _equal(sums)
    assert "OperationalError" in sums.failed


def test_a_full_disk_is_the_drivers_error(tmp_path: Path) -> None:
    """RL-01: the host sees the driver's own error, and the file is as it was."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    SqlStorage(engine).create_schema()
    shop = Shop(SqlStorage(engine))
    with little_room(engine) as room:
        room(1)
        with pytest.raises(OperationalError, match="full"):
            _register(shop, 1000)
        room(0)
        shop.visit("anna")
    assert list(missing(shop)) == []
    engine.dispose()


def _register(shop: Shop, people: int) -> None:
    for number in range(people):
        command = Register(email=f"anna{number}@mail.example", password="eleven quiet herons")
        shop.accounts.handle(command, by=Visitor(browser=f"the browser of number {number}"))


def test_the_disk_is_full_on_postgresql(postgres_shop: Database, mailbox: Mailbox) -> None:
    """RL-01: the same on a server whose disk is full for a while."""
    engine = create_engine(postgres_shop.url, pool_size=12)
    shop = Shop(SqlStorage(engine))

    def full() -> None:
        run(*DISK_FULL)
        until_it_hurts(shop)
        run(*DISK_FREED)

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for one in statements:
                connection.exec_driver_sql(one)

    sums = shopping(shop, engine, mailbox, [full], customers=12)
    engine.dispose()
    _equal(sums)
    assert "OperationalError" in sums.failed
