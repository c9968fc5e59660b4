"""Inside a host's transaction the host decides, warm or cold; nothing of it is ended by a joined storage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Visitor
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import Remove
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
