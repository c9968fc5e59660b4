"""On an engine of our own, connections to SQLite stay at hand: few, never one for two, and all closed in the end."""

import threading
from pathlib import Path
from queue import Queue

from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.at_hand import MOST, AtHand
from customer_accounts.adapters.sql.connecting import engine_for
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.testing import records
from customer_accounts.testing.records import stored


def _pool(storage: SqlStorage) -> QueuePool:
    assert storage._own is not None
    pool = storage._own.pool
    assert isinstance(pool, QueuePool)
    return pool


def test_one_connection_serves_one_thread(tmp_path: Path) -> None:
    """The pool counts the connection that is kept as used, and is asked no more."""
    storage = SqlStorage(f"sqlite:///{tmp_path / 'shop.db'}")
    storage.create_schema()
    account = records.an_account()
    storage.write(stored(account))
    for _ in range(20):
        assert storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)) == Facts(
            accounts=(account,)
        )
    assert _pool(storage).checkedout() == 1
    storage.close()


def test_a_connection_is_never_given_to_two(tmp_path: Path) -> None:
    """CC-01: whoever asks while all are used gets one from the pool; no more than a few are kept afterwards."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    at_hand, taken = AtHand(engine), Queue[PoolProxiedConnection]()
    threads = [threading.Thread(target=lambda: taken.put(at_hand.take())) for _ in range(MOST + 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    given = [taken.get(timeout=30) for _ in threads]
    assert len({id(one.driver_connection) for one in given}) == MOST + 2
    for one in given:
        at_hand.give_back(one)
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == MOST
    again = [at_hand.take() for _ in range(MOST)]
    assert {id(one) for one in again} == {id(one) for one in given[:MOST]}
    for one in again:
        at_hand.give_back(one)
    at_hand.close()
    assert pool.checkedout() == 0
    engine.dispose()


def test_a_closed_storage_holds_no_connection_and_opens_again(tmp_path: Path) -> None:
    """What was kept is closed, and the next use makes new connections."""
    storage = SqlStorage(f"sqlite:///{tmp_path / 'shop.db'}")
    storage.create_schema()
    storage.write(stored(records.an_account()))
    pool = _pool(storage)
    storage.close()
    assert (pool.checkedout(), pool.checkedin()) == (0, 0)
    assert storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=("a@mail.example",))) == Facts()
    storage.close()


def test_a_hosts_engine_gets_its_connections_back(tmp_path: Path) -> None:
    """A host that counts or closes connections of its own engine finds none missing between two commands."""
    engine = engine_for(f"sqlite:///{tmp_path / 'shop.db'}")
    storage = SqlStorage(engine)
    storage.create_schema()
    storage.write(stored(records.an_account()))
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0
    engine.dispose()
