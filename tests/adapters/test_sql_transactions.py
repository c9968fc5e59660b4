"""Inside a host's transaction the host decides; among processes and threads SQLite does; nothing is lost either way."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Visitor
from customer_accounts.adapters.sql import SqlStorage, connecting
from customer_accounts.adapters.sql.faults import is_taken_key
from customer_accounts.changes import Remove, insert
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Part, Scope
from customer_accounts.features.registration import Register
from customer_accounts.outbox import Queue
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import NOW, later, stored

HOSTS = ["plain", "with_begin_event", "in_memory"]


@pytest.fixture(name="engine", params=HOSTS)
def _engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A host's engine with a table of its own: as SQLAlchemy makes it, or beginning transactions itself."""
    url = f"sqlite:///{tmp_path / 'host.db'}"
    if request.param == "in_memory":
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url)
    if request.param == "with_begin_event":
        event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE host_rows (name TEXT)"))
    SqlStorage(engine).create_schema()
    yield engine
    engine.dispose()


def host_rows(engine: Engine) -> list[str]:
    """Give what the host stored."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM host_rows ORDER BY name")).scalars())


def accounts_of(storage: SqlStorage, *wanted: Any) -> int:
    """Count which of these accounts are stored."""
    keys = tuple(one.email_key for one in wanted)
    return len(storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=keys)).accounts)


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize("commits", [True, False], ids=["commit", "rollback"])
def test_the_host_decides(engine: Engine, warm: bool, commits: bool) -> None:
    """Joined writes stay if the host commits and go if it rolls back, whether or not it wrote a row before."""
    storage, one, two = SqlStorage(engine), records.an_account(), records.an_account()
    with engine.connect() as connection:
        if warm:
            connection.execute(text("INSERT INTO host_rows VALUES ('before')"))
        joined = storage.within(connection)
        joined.write(stored(one))
        assert accounts_of(joined, one) == 1
        joined.write(stored(two, records.a_mail()))
        connection.execute(text("INSERT INTO host_rows VALUES ('after')"))
        if commits:
            connection.commit()
        else:
            connection.rollback()
    assert accounts_of(storage, one, two) == (2 if commits else 0)
    assert host_rows(engine) == (["after", "before"][: 1 + warm] if commits else [])
    assert len(storage.lease(Queue.MAIL, limit=9, now=NOW, until=later(hours=1))) == (1 if commits else 0)


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_a_write_that_is_overtaken_leaves_the_hosts_rows(engine: Engine, warm: bool) -> None:
    """A joined write that is overtaken undoes itself alone; the host goes on and commits what it wrote."""
    storage, account = SqlStorage(engine), records.an_account()
    with engine.connect() as connection:
        if warm:
            connection.execute(text("INSERT INTO host_rows VALUES ('before')"))
        joined = storage.within(connection)
        with pytest.raises(StaleWriteError):
            joined.write([*stored(account), Remove(records.a_token())])
        with pytest.raises(StaleWriteError):
            joined.write(stored(account, account))
        connection.execute(text("INSERT INTO host_rows VALUES ('after')"))
        connection.commit()
    assert accounts_of(storage, account) == 0
    assert host_rows(engine) == ["after", "before"][: 1 + warm]


def test_an_exception_of_the_host_undoes_both(engine: Engine) -> None:
    """An exception in the host's block takes the host's rows and the joined writes with it."""
    storage, account = SqlStorage(engine), records.an_account()

    def sell() -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO host_rows VALUES ('sold')"))
            storage.within(connection).write(stored(account))
            raise LookupError("no stock")

    with pytest.raises(LookupError):
        sell()
    assert (accounts_of(storage, account), host_rows(engine)) == (0, [])


@pytest.mark.parametrize("commits", [True, False], ids=["commit", "rollback"])
def test_a_session_can_be_joined(engine: Engine, commits: bool) -> None:
    """A session's transaction is joined through its connection, also after the session began a new one."""
    storage, one, two = SqlStorage(engine), records.an_account(), records.an_account()
    with Session(engine) as session:
        joined = storage.within(session)
        joined.write(stored(one))
        session.commit()
        session.execute(text("INSERT INTO host_rows VALUES ('x')"))
        joined.write(stored(two))
        if commits:
            session.commit()
        else:
            session.rollback()
    assert accounts_of(storage, one, two) == (2 if commits else 1)
    assert host_rows(engine) == (["x"] if commits else [])


@pytest.mark.parametrize("commits", [True, False], ids=["commit", "rollback"])
def test_a_command_joins_the_hosts_transaction(engine: Engine, commits: bool) -> None:
    """RL-01: a whole command, mail and audit entry included, happens if the host's transaction does."""
    shop = Accounts(SqlStorage(engine), cheap_settings())
    with engine.connect() as connection:
        visitor = Visitor(ip="203.0.113.7", browser="a browser in the host's shop")
        shop.within(connection).require(
            Register(email="anna@mail.example", generate_password=True), by=visitor
        )
        if commits:
            connection.commit()
    mails = SqlStorage(engine).lease(
        Queue.MAIL, limit=9, now=later(days=9999), until=later(days=9999, hours=1)
    )
    assert len(mails) == (1 if commits else 0)


def test_a_host_keeps_its_engine() -> None:
    """Closing a storage closes the engine that was made for a URL, and never the host's own."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    pool = engine.pool
    storage = SqlStorage(engine)
    storage.close()
    storage.within(engine.connect()).close()
    assert engine.pool is pool
    own = SqlStorage("sqlite:///:memory:")
    assert own._own is not None
    pool = own._own.pool
    own.close()
    assert own._own.pool is not pool


def test_sqlite_is_set_up(tmp_path: Path) -> None:
    """RL-01: engines made here use WAL, full synchronisation and foreign keys, and wait for other processes."""
    engine = connecting.engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    engine.dispose()
    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": connecting.BUSY_SECONDS * 1000,
        "synchronous": 2,
    }


def test_other_databases_are_reached_by_their_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another database's engine hides values too; its reads are single statements without a transaction."""
    engine = SimpleNamespace(
        dialect=SimpleNamespace(name="postgresql"), pool=object(), execution_options=lambda **options: options
    )
    made: list[Any] = []
    monkeypatch.setattr(
        connecting, "create_engine", lambda url, **options: made.append((url, options)) or engine
    )
    url = "postgresql+psycopg://shop@db.example/shop"
    transactions: Any = connecting.OwnTransactions(connecting.engine_for(url))
    assert made == [(make_url(url), {"hide_parameters": True})]
    assert transactions._reader == {"isolation_level": "AUTOCOMMIT"}


WORKER = """
import sys
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.errors import StaleWriteError
from customer_accounts.testing import records
storage = SqlStorage(sys.argv[1])
storage.create_schema()
lost = 0
for number in range(30):
    storage.write(records.stored(records.an_account(email_key=f"{sys.argv[2]}-{number}@mail.example"), records.a_mail()))
    try:
        storage.write(records.stored(records.an_account(email_key=f"{number}@mail.example")))
    except StaleWriteError:
        lost += 1
storage.close()
print(lost)
"""


def test_processes_share_one_file(tmp_path: Path) -> None:
    """EM-03: processes that write one file at once lose nothing, none is told "locked", and each key goes to one."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, url, str(number)], stdout=subprocess.PIPE)
        for number in range(3)
    ]
    answers = [worker.communicate()[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert sum(int(answer) for answer in answers) == 2 * 30
    storage = SqlStorage(url)
    mails = storage.lease(Queue.MAIL, limit=500, now=NOW, until=later(hours=1))
    keys = tuple(f"{worker}-{number}@mail.example" for worker in range(3) for number in range(30))
    found = storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=keys)).accounts
    storage.close()
    assert (len(mails), len(found)) == (90, 90)


def test_only_a_taken_key_is_a_lost_race() -> None:
    """CC-05: a broken constraint that is no unique key is a fault, and is raised as it is."""
    storage = SqlStorage("sqlite://")
    storage.create_schema()
    nameless = records.an_account(name=None)
    with pytest.raises(IntegrityError, match="NOT NULL") as caught:
        storage.write([insert(nameless)])
    assert nameless.email not in str(caught.value)
    storage.write(stored(records.an_account()))
    storage.close()


@pytest.mark.parametrize(
    ("cause", "taken"),
    [
        (SimpleNamespace(sqlite_errorcode=1555), True),
        (SimpleNamespace(sqlite_errorcode=2067), True),
        (SimpleNamespace(sqlite_errorcode=1299), False),
        (SimpleNamespace(sqlstate="23505"), True),
        (SimpleNamespace(sqlstate="23502"), False),
        (SimpleNamespace(), False),
    ],
)
def test_a_taken_key_is_known_by_its_code(cause: Any, taken: bool) -> None:
    """CC-05: unique violations of SQLite and PostgreSQL are told from all other faults by their codes."""
    assert is_taken_key(DBAPIError("INSERT", None, cause)) is taken


def test_a_lost_race_shows_no_values() -> None:
    """LG-01: the error of a lost race has neither values nor a cause that would show them in a log."""
    storage, account = SqlStorage("sqlite://"), records.an_account(password_hash="$argon2id$secret")
    storage.create_schema()
    storage.write(stored(account))
    with pytest.raises(StaleWriteError) as caught:
        storage.write(stored(account))
    storage.close()
    assert (str(caught.value), caught.value.__cause__) == ("AccountRecord", None)
    assert caught.value.__suppress_context__


def test_a_fault_of_the_database_is_no_lost_race(tmp_path: Path) -> None:
    """A database without tables fails as it is, and nothing is mistaken for a lost race."""
    storage = SqlStorage(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(OperationalError, match="no such table"):
        storage.write(stored(records.an_account()))
    storage.close()
