"""The contract of storages as tests: whoever writes a storage subclasses it and gives a fixture.

::

    class TestOurStorage(StorageContract):
        @pytest.fixture
        def storage(self, tmp_path):
            storage = OurStorage(tmp_path / "shop.db")
            yield storage
            storage.close()

``storage`` must be empty for each test.  Where several instances can work on the same data, such as two
servers on one database, a fixture ``second_storage`` gives another one; the races then run on both.  What a
shop does not use is left out by name: ``left_out = frozenset({Part.WISH_LISTS, Part.VAT_CHECKS})``.

An async storage is given by a fixture ``async_storage`` to `AsyncStorageContract`; it is used within one
event loop that runs for the whole test, and ``in_loop`` runs what the fixture itself must await.
"""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, TypeVar, overload

import pytest

from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.outbox import MailOutcome, MailTask, Queue, VatTask
from customer_accounts.ports import AsyncStorage, Storage
from customer_accounts.testing.clauses.facts import FactClauses
from customer_accounts.testing.clauses.orders import OrderClauses
from customer_accounts.testing.clauses.queues import QueueClauses
from customer_accounts.testing.clauses.races import RaceClauses
from customer_accounts.testing.clauses.records import RecordClauses
from customer_accounts.testing.clauses.writes import WriteClauses

T = TypeVar("T")


class InLoop(Protocol):
    """Runs something awaitable in the loop of the test and gives its result."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> T:
        """Run *work*."""
        ...


class StorageContract(RecordClauses, WriteClauses, RaceClauses, FactClauses, OrderClauses, QueueClauses):
    """What every storage owes the rules; a subclass named ``Test...`` gives the fixture ``storage``."""

    #: Parts that the shop does not use; clauses that need one of them are no tests of the subclass.
    left_out: ClassVar[frozenset[Part]] = frozenset()

    def __init_subclass__(cls) -> None:
        for name in dir(cls):
            if getattr(getattr(cls, name), "needs", frozenset()) & cls.left_out:
                setattr(cls, name, None)

    @pytest.fixture
    def second_storage(self, storage: Storage) -> Storage:
        """Another instance on the same data; by default the same instance again."""
        return storage


class AsyncStorageContract(StorageContract):
    """The same clauses for an async storage, given by the fixture ``async_storage``."""

    @pytest.fixture
    def in_loop(self) -> Iterator[InLoop]:
        """Run awaitables in one loop that lives as long as the test, in a thread of its own."""
        loop = asyncio.new_event_loop()
        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(loop.run_forever)

            def run(work: Coroutine[Any, Any, T], /) -> T:
                return asyncio.run_coroutine_threadsafe(work, loop).result()

            yield run
            run(loop.shutdown_asyncgens())
            loop.call_soon_threadsafe(loop.stop)
            running.result()
        loop.close()

    @pytest.fixture
    def storage(self, async_storage: AsyncStorage, in_loop: InLoop) -> Storage:
        """The async storage, as one that can be called from threads."""
        return FromThreads(async_storage, in_loop)

    @pytest.fixture
    def second_async_storage(self, async_storage: AsyncStorage) -> AsyncStorage:
        """Another instance on the same data; by default the same instance again."""
        return async_storage

    @pytest.fixture
    def second_storage(self, second_async_storage: AsyncStorage, in_loop: InLoop) -> Storage:
        """The second instance, as one that can be called from threads."""
        return FromThreads(second_async_storage, in_loop)


class FromThreads:
    """An async storage, called from threads that have no loop of their own."""

    def __init__(self, storage: AsyncStorage, in_loop: InLoop) -> None:
        self._storage = storage
        self._in_loop = in_loop

    def read(self, scope: Scope, /) -> Facts:
        """See `Storage.read`."""
        return self._in_loop(self._storage.read(scope))

    def write(self, changes: Sequence[Change], /) -> Counts:
        """See `Storage.write`."""
        return self._in_loop(self._storage.write(changes))

    @overload
    def lease(
        self, queue: Literal[Queue.MAIL], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask]: ...
    @overload
    def lease(
        self, queue: Literal[Queue.VAT], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[VatTask]: ...
    def lease(
        self, queue: Queue, /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask] | Sequence[VatTask]:
        """See `Storage.lease`."""
        if queue is Queue.MAIL:
            return self._in_loop(self._storage.lease(Queue.MAIL, limit=limit, now=now, until=until))
        return self._in_loop(self._storage.lease(Queue.VAT, limit=limit, now=now, until=until))

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `Storage.finish`."""
        self._in_loop(self._storage.finish(task, outcome))

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `Storage.fail`."""
        self._in_loop(self._storage.fail(task, retry_at=retry_at, reason=reason))
