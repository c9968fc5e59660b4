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
shop does not use is left out by name: ``left_out = frozenset({Part.WISH_LISTS, Feature.VAT_QUEUE})``.

A storage that can join the host's open transaction proves it with a fixture ``host`` (see
`customer_accounts.testing.clauses.transactions.Host`); one that cannot leaves out `Feature.HOST_TRANSACTION`.

An async storage is given by a fixture ``async_storage`` to `AsyncStorageContract`; it is used within one
event loop that runs for the whole test, and ``in_loop`` runs what the fixture itself must await.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar, overload
from uuid import UUID

import pytest
from attrs import frozen

from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.outbox import (
    Backlog,
    EventRecord,
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    Queue,
    VatTask,
)
from customer_accounts.ports import AsyncOutbox, AsyncStorage, Storage
from customer_accounts.testing.clauses.bounces import BounceClauses
from customer_accounts.testing.clauses.cases import CaseClauses
from customer_accounts.testing.clauses.facts import FactClauses
from customer_accounts.testing.clauses.histories import HistoryClauses
from customer_accounts.testing.clauses.keys import KeyClauses
from customer_accounts.testing.clauses.leases import LeaseClauses
from customer_accounts.testing.clauses.moves import MoveClauses
from customer_accounts.testing.clauses.needs import Feature
from customer_accounts.testing.clauses.orders import OrderClauses
from customer_accounts.testing.clauses.outbox import OutboxClauses
from customer_accounts.testing.clauses.queues import QueueClauses
from customer_accounts.testing.clauses.races import RaceClauses
from customer_accounts.testing.clauses.records import RecordClauses
from customer_accounts.testing.clauses.transactions import Host, InTransaction, TransactionClauses
from customer_accounts.testing.clauses.vat import VatClauses
from customer_accounts.testing.clauses.writes import WriteClauses

T = TypeVar("T")


class InLoop(Protocol):
    """Runs something awaitable in the loop of the test and gives its result."""

    def __call__(self, work: Coroutine[Any, Any, T], /) -> T:
        """Run *work*."""
        ...


class StorageContract(
    RecordClauses,
    WriteClauses,
    MoveClauses,
    KeyClauses,
    RaceClauses,
    FactClauses,
    OrderClauses,
    QueueClauses,
    LeaseClauses,
    OutboxClauses,
    TransactionClauses,
    BounceClauses,
    CaseClauses,
    VatClauses,
    HistoryClauses,
):
    """What every storage owes the rules; a subclass named ``Test...`` gives the fixture ``storage``."""

    def __init_subclass__(cls) -> None:
        if not isinstance(cls.left_out, AbstractSet) or any(
            not isinstance(one, Part | Feature) for one in cls.left_out
        ):
            raise TypeError("left_out must be a frozenset of Part and Feature, also for one of them")
        for name in dir(cls):
            if getattr(getattr(cls, name), "needs", frozenset()) & cls.left_out:
                setattr(cls, name, None)

    @pytest.fixture
    def second_storage(self, storage: Storage) -> Storage:
        """Another instance on the same data; by default the same instance again."""
        return storage

    @pytest.fixture
    def host(self) -> Host:
        """The host's own transactions; a storage that joins none leaves them out by name."""
        pytest.fail("give a fixture host, or say left_out = frozenset({Feature.HOST_TRANSACTION})")


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

    @pytest.fixture
    def async_host(self) -> "AsyncHost":
        """The host's own transactions; a storage that joins none leaves them out by name."""
        pytest.fail("give a fixture async_host, or say left_out = frozenset({Feature.HOST_TRANSACTION})")

    @pytest.fixture
    def host(self, async_host: "AsyncHost", in_loop: InLoop) -> Host:
        """The host's transactions, as ones that can be opened from threads."""
        return HostFromThreads(async_host, in_loop)


@frozen
class InAsyncTransaction:
    """The async twin of `InTransaction`."""

    storage: AsyncStorage
    note: Callable[[str], Awaitable[object]]


class AsyncHost(Protocol):
    """The async twin of `Host`."""

    def begin(self) -> AbstractAsyncContextManager[InAsyncTransaction]:
        """See `Host.begin`."""
        ...

    async def notes(self) -> Collection[str]:
        """See `Host.notes`."""
        ...


class HostFromThreads:
    """An async host, called from a thread that has no loop of its own."""

    def __init__(self, host: AsyncHost, in_loop: InLoop) -> None:
        self._host = host
        self._in_loop = in_loop

    def begin(self) -> AbstractContextManager[InTransaction]:
        """See `Host.begin`."""
        return self._begin()

    def notes(self) -> Collection[str]:
        """See `Host.notes`."""
        return self._in_loop(self._host.notes())

    @contextmanager
    def _begin(self) -> Iterator[InTransaction]:
        around = self._host.begin()
        opened = self._in_loop(_awaited(around.__aenter__()))
        storage = FromThreads(opened.storage, self._in_loop)
        try:
            yield InTransaction(storage, lambda text: self._in_loop(_awaited(opened.note(text))))
        except BaseException as error:
            self._in_loop(_awaited(around.__aexit__(type(error), error, error.__traceback__)))
            raise
        else:
            self._in_loop(_awaited(around.__aexit__(None, None, None)))


async def _awaited(work: Awaitable[T]) -> T:
    return await work


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

    def release(self, task: MailTask | VatTask, /) -> None:
        """See `Storage.release`."""
        self._in_loop(self._storage.release(task))

    def backlog(self) -> Backlog:
        """See `Outbox.backlog`."""
        return self._in_loop(self._outbox().backlog())

    def mails(
        self, status: MailStatus, /, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> Sequence[MailRecord]:
        """See `Outbox.mails`."""
        return self._in_loop(self._outbox().mails(status, after=after, limit=limit))

    def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """See `Outbox.requeue`."""
        return self._in_loop(self._outbox().requeue(mail_id, due_at=due_at, event=event))

    def _outbox(self) -> AsyncOutbox:
        assert isinstance(self._storage, AsyncOutbox), "a storage without an outbox leaves out Feature.OUTBOX"
        return self._storage
