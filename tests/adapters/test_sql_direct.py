"""On SQLite compiled statements go to the driver at once; who watches, waits or is told of a fault notices nothing."""

import sqlite3
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.at_hand import AtHand
from customer_accounts.adapters.sql.connecting import OwnTransactions, engine_for
from customer_accounts.adapters.sql.direct import DirectConnection
from customer_accounts.changes import insert
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.testing import records
from customer_accounts.testing.records import stored

ACCOUNTS = frozenset({Part.ACCOUNTS})


def test_whoever_listens_hears_everything(tmp_path: Path) -> None:
    """An engine with listeners or a log sends as SQLAlchemy does, from the moment somebody listens."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    storage, transactions = SqlStorage(engine), OwnTransactions(engine)
    storage.create_schema()
    assert isinstance(transactions.sending(together=True), DirectConnection)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    event.listen(engine, "commit", lambda _: sent.append("COMMIT"))
    storage.write(stored(records.an_account()))
    assert [one.split()[0] for one in sent] == ["BEGIN", "INSERT", "COMMIT"]
    engine.dispose()
    logging = create_engine("sqlite://", echo=True)
    assert not isinstance(OwnTransactions(logging).sending(together=False), DirectConnection)


def test_a_write_stays_in_full_or_not_at_all(tmp_path: Path) -> None:
    """RL-01: what was overtaken leaves nothing, on an engine of ours and on one that begins transactions itself."""
    for engine in (
        engine_for(f"sqlite:///{tmp_path / 'a.db'}"),
        create_engine(f"sqlite:///{tmp_path / 'b.db'}"),
    ):
        storage, kept, lost = SqlStorage(engine), records.an_account(), records.an_account()
        token = records.a_token()
        storage.create_schema()
        storage.write([*stored(kept), insert(token)])
        with pytest.raises(StaleWriteError, match="TokenRecord"):
            storage.write([insert(lost), insert(token)])
        keys = (str(kept.email_key), str(lost.email_key))
        assert storage.read(Scope(parts=ACCOUNTS, email_keys=keys)).accounts == (kept,)
        engine.dispose()


@pytest.mark.parametrize("reset", ["commit", None])
def test_what_was_overtaken_is_rolled_back_whatever_the_pool_does(tmp_path: Path, reset: Any) -> None:
    """RL-01: a host's pool may commit what it is given back, or leave it open; half a write stays nowhere."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", pool_reset_on_return=reset)
    storage, kept, lost = SqlStorage(engine), records.an_account(), records.an_account()
    token = records.a_token()
    storage.create_schema()
    storage.write([insert(token)])
    with pytest.raises(StaleWriteError, match="TokenRecord"):
        storage.write([insert(lost), insert(token)])
    storage.write(stored(kept))
    keys = (str(kept.email_key), str(lost.email_key))
    assert storage.read(Scope(parts=ACCOUNTS, email_keys=keys)).accounts == (kept,)
    engine.dispose()


def test_whoever_listens_to_faults_alone_hears_them(tmp_path: Path) -> None:
    """A host that reports the faults of its engine is told of ours, too."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    told: list[str] = []
    event.listen(engine, "handle_error", lambda fault: told.append(str(fault.original_exception)))
    with pytest.raises(OperationalError, match="no such table"):
        SqlStorage(engine).read(Scope(parts=ACCOUNTS, email_keys=("a@mail.example",)))
    assert told == ["no such table: ca_accounts"]
    engine.dispose()


def test_faults_are_those_of_sqlalchemy(tmp_path: Path) -> None:
    """LG-01: a broken constraint and missing tables are told as ever, without the values of the row."""
    storage = SqlStorage(f"sqlite:///{tmp_path / 'shop.db'}")
    with pytest.raises(OperationalError, match="no such table") as missing:
        storage.read(Scope(parts=ACCOUNTS, email_keys=("a@mail.example",)))
    assert "customer-accounts db upgrade" in missing.value.__notes__[0]
    storage.create_schema()
    with pytest.raises(IntegrityError) as broken:
        storage.write([insert(records.an_account(name=None, email_key="anna@mail.example"))])
    assert "anna@mail.example" not in str(broken.value)
    storage.close()


def test_a_fault_among_the_rows_is_one_of_sqlalchemy(tmp_path: Path) -> None:
    """RL-01: a reading that is interrupted between two rows is told as any other fault, and the next one is right."""
    engine, opened = engine_for(f"sqlite:///{tmp_path / 'shop.db'}"), list[sqlite3.Connection]()
    event.listen(engine, "connect", lambda raw, _: opened.append(raw))
    storage, accounts = SqlStorage(engine), [records.an_account() for _ in range(50)]
    storage.create_schema()
    storage.write(stored(*accounts))
    asked = Scope(parts=ACCOUNTS, account_ids=tuple(one.id for one in accounts))
    steps, last = count(1), 0

    def interrupts() -> bool:
        return next(steps) == last

    (raw,) = opened
    raw.set_progress_handler(interrupts, 1)
    whole = storage.read(asked)
    # The first row comes when the statement is sent; the steps before the last one are of later rows.
    steps, last = count(1), next(steps) - 5
    with pytest.raises(OperationalError, match="interrupted") as told:
        storage.read(asked)
    assert isinstance(told.value.orig, sqlite3.OperationalError)
    assert "FROM ca_accounts" in str(told.value.statement)
    assert str(accounts[0].email_key) not in str(told.value)
    assert storage.read(asked) == whole
    engine.dispose()


def test_a_transaction_that_is_lost_among_the_rows_is_tried_again(tmp_path: Path) -> None:
    """CC-05: what SQLite gives up because of others while rows come is asked once more."""
    engine, left = engine_for(f"sqlite:///{tmp_path / 'shop.db'}"), [None]
    storage, account = SqlStorage(engine), records.an_account()
    storage.create_schema()
    storage.write(stored(account))

    def row(_: object, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if left:
            left.pop()
            lost = sqlite3.OperationalError("database is locked")
            lost.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
            raise lost
        return values

    with engine.connect() as connection:
        connection.connection.driver_connection.row_factory = row  # type: ignore[union-attr]
    assert storage.read(Scope(parts=ACCOUNTS, account_id=account.id)).accounts == (account,)
    assert left == []
    engine.dispose()


def test_a_commit_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """RL-01: a fault at the very end is a fault of the write, and the connection is good for the next one."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    storage, orphan = SqlStorage(engine), "INSERT INTO ca_mail_details VALUES ('nobody', 0, 'a', 'b')"
    storage.create_schema()

    def write_orphan() -> None:
        with DirectConnection(engine, None, together=True) as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql(orphan)

    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        write_orphan()
    account = records.an_account()
    storage.write(stored(account))
    assert storage.read(Scope(parts=ACCOUNTS, account_id=account.id)) == Facts(accounts=(account,))
    engine.dispose()


def test_a_database_that_cannot_be_opened_blocks_nobody(tmp_path: Path) -> None:
    """Where no connection can be made, the lock is free afterwards."""
    lock, engine = Lock(), engine_for(f"sqlite:///{tmp_path / 'missing' / 'shop.db'}")
    connection: Any = DirectConnection(engine, lock, together=True)
    with pytest.raises(OperationalError):
        connection.__enter__()
    assert lock.acquire(timeout=1)


def test_a_write_that_cannot_begin_is_told_and_blocks_nobody(tmp_path: Path) -> None:
    """RL-01: while another process writes for too long the fault is SQLAlchemy's; afterwards all is as before."""
    path, account = tmp_path / "shop.db", records.an_account()
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})
    storage = SqlStorage(engine)
    storage.create_schema()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked") as told:
        storage.write(stored(account))
    assert told.value.statement == "BEGIN IMMEDIATE"
    other.rollback()
    other.close()
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0
    storage.write(stored(account))
    assert storage.read(Scope(parts=ACCOUNTS, account_id=account.id)).accounts == (account,)
    engine.dispose()


class _LostConnection:
    """A connection of the driver that cannot even roll back."""

    in_transaction = True

    def rollback(self) -> None:
        """Fail, as on a disk that is gone."""
        raise sqlite3.OperationalError("disk I/O error")


def test_a_connection_that_cannot_roll_back_is_no_longer_at_hand(tmp_path: Path) -> None:
    """RL-01: what is left of a write may still be open on it, so it goes back to the pool, which resets it."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    at_hand = AtHand(engine)

    def write_in_part() -> None:
        with DirectConnection(engine, None, together=True, at_hand=at_hand) as connection:
            connection.exec_driver_sql("CREATE TABLE half (a)")
            connection._raw = _LostConnection()
            raise StaleWriteError("half")

    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        write_in_part()
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0
    with DirectConnection(engine, None, together=False, at_hand=at_hand) as connection:
        assert connection.exec_driver_sql("SELECT name FROM sqlite_master").fetchall() == []
    at_hand.close()
    engine.dispose()
