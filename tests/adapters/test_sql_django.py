"""A Django host's ``django.db.connection`` is joined: inside of ``transaction.atomic()`` Django alone decides."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from attrs import evolve
from sqlalchemy.ext.asyncio import create_async_engine

from customer_accounts.account import AccountRecord
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.faults import NoTransactionError
from customer_accounts.adapters.sql.lending import Lender
from customer_accounts.changes import Remove, insert, update
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.testing import records
from customer_accounts.testing.records import NOW, stored
from tests.adapters.sql_hosts import DjangoHost
from tests.postgres import Database
from tests.sqlite import shop_in

WARM = pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])


class NoStockError(Exception):
    """What makes the host roll back."""


def person(account: AccountRecord) -> Scope:
    """Give the scope that reads an account."""
    return Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)


@pytest.fixture(name="django", params=["sqlite", "postgresql"])
def _django(request: pytest.FixtureRequest, tmp_path: Path) -> DjangoHost:
    """A Django host with an empty database."""
    if request.param == "postgresql":
        database: Database = request.getfixturevalue("postgres_shop")
        return DjangoHost(database.django, database.url)
    url = shop_in(tmp_path)
    return DjangoHost({"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "shop.db"}, url)


@pytest.fixture(name="elsewhere")
def _elsewhere(django: DjangoHost) -> Iterator[SqlStorage]:
    """Another process on the database of the Django host."""
    storage = SqlStorage(django.url)
    yield storage
    storage.close()


@WARM
@pytest.mark.parametrize("commits", [True, False], ids=["commit", "rollback"])
def test_the_host_decides(django: DjangoHost, elsewhere: SqlStorage, warm: bool, commits: bool) -> None:
    """RL-01: both stay or both go; until the end nobody else sees either, as nothing is committed early."""
    one, two = records.an_account(), records.an_account()
    with django.connected() as connection, suppress(NoStockError), django.atomic():
        joined = django.storage.within(connection)
        if warm:
            django.note(connection, "before")
        joined.write(stored(one))
        assert joined.read(person(one)).accounts == (one,)
        joined.write(stored(two, records.a_mail()))
        django.note(connection, "after")
        assert elsewhere.read(person(one)) == Facts()
        if not commits:
            raise NoStockError
    assert len(elsewhere.read(person(two)).accounts) == commits
    assert django.notes() == (["after", "before"][: 1 + warm] if commits else [])


@WARM
def test_an_overtaken_write_leaves_the_hosts_row(
    django: DjangoHost, elsewhere: SqlStorage, warm: bool
) -> None:
    """A joined write that is overtaken, or fails, undoes itself alone: the host's row is not lost with it."""
    account, there = records.an_account(), records.an_account()
    elsewhere.write(stored(there))
    with django.connected() as connection, django.atomic():
        joined = django.storage.within(connection)
        if warm:
            django.note(connection, "before")
        with pytest.raises(StaleWriteError):
            joined.write([update(there, evolve(there, name="Anna")), Remove(records.a_token())])
        assert joined.read(person(there)).accounts == (there,)
        with pytest.raises(StaleWriteError):
            joined.write(stored(account, there))
        with pytest.raises(Exception, match=r"(?i)not.null"):
            joined.write([insert(records.an_account(name=None))])
        django.note(connection, "after")
    assert django.notes() == ["after", "before"][: 1 + warm]


def test_an_inner_block_of_the_host_takes_its_writes_along(django: DjangoHost, elsewhere: SqlStorage) -> None:
    """A joined write in an inner ``atomic`` goes with it, and the one before it stays."""
    kept, gone = records.an_account(), records.an_account()
    with django.connected() as connection, django.atomic():
        joined = django.storage.within(connection)
        joined.write(stored(kept))
        with suppress(NoStockError), django.atomic():
            joined.write(stored(gone))
            raise NoStockError
    assert elsewhere.read(person(kept)).accounts == (kept,)
    assert elsewhere.read(person(gone)) == Facts()


def test_there_must_be_a_transaction(django: DjangoHost) -> None:
    """Outside of ``atomic`` a write is refused, where it would be committed at once; reading is no harm."""
    account = records.an_account()
    with django.connected() as connection:
        joined = django.storage.within(connection)
        with pytest.raises(NoTransactionError, match="begin one"):
            joined.write(stored(account))
        assert joined.read(person(account)) == Facts()


def test_times_are_utc_whatever_the_host_shows(django: DjangoHost) -> None:
    """A host without zones, on a local time, reads and writes the same moments."""
    from django.test.utils import override_settings

    order, account = records.an_order(placed_at=NOW), records.an_account()
    with (
        override_settings(USE_TZ=False, TIME_ZONE="America/Chicago"),
        django.connected() as connection,
        django.atomic(),
    ):
        joined = django.storage.within(connection)
        joined.write(stored(order, account))
        read = joined.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference))
        assert read.orders == (order,)
        assert joined.read(person(account)).accounts == (account,)
        with connection.cursor() as cursor:
            cursor.execute("SELECT placed_at FROM ca_orders")
            (shown,) = cursor.fetchone()
    assert isinstance(shown, datetime)


def test_another_database_is_named(django: DjangoHost) -> None:
    """A storage for another database or driver than the host's says which ones they are."""
    for url in ("sqlite+aiosqlite://", "postgresql+asyncpg:///shop"):
        lender = Lender(create_async_engine(url).dialect)
        with (
            django.connected() as connection,
            pytest.raises(TypeError, match=r"Django's (sqlite|postgresql) through .* the storage is for"),
            lender.lent(connection),
        ):
            pass
