"""How an event loop waits for hashing: in a queue with an end, without a thread that waits for a turn."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, NoReturn

import pytest

from customer_accounts import AsyncAccounts, Reason, Refused, SignIn, Visitor
from customer_accounts.accounts.async_computing import computed, threads_of
from customer_accounts.adapters.memory import AsyncMemoryStorage
from customer_accounts.computing import ComputingThreads, HasherBusyError
from customer_accounts.hashing import CHEAPEST, Argon2Hasher
from customer_accounts.testing import cheap_settings
from tests.accounts.doubles import CountingHasher
from tests.test_computing import LONG, Held

VISITOR = Visitor(ip="203.0.113.7", browser="b" * 16)
SIGN_IN = SignIn(email="anna@mail.example", password="kw7Rz!q2 Mxv9")
LANGUAGE: ContextVar[str] = ContextVar("LANGUAGE")


def _hasher(wait: float = LONG) -> Argon2Hasher:
    return Argon2Hasher(CHEAPEST, slots=1, wait=wait, allow_cheap=True)


class _NoThread(ThreadPoolExecutor):
    """An executor of the host that nobody may use."""

    def submit(self, *_arguments: object, **_options: object) -> NoReturn:
        """Refuse."""
        raise AssertionError("the executor of the loop is the host's")


class _Counting(ComputingThreads):
    """Threads that count what they were given."""

    jobs = 0

    def submit(self, *arguments: Any, **options: Any) -> Any:
        """Count and queue."""
        self.jobs += 1
        return super().submit(*arguments, **options)


def test_decisions_that_hash_run_on_the_threads_of_the_hasher() -> None:
    """HS-05: a sign-in is decided and computed by one thread in one go; the loop's own executor is the host's."""
    hasher = _hasher()
    hasher.threads = threads = _Counting(1, LONG)
    shop = AsyncAccounts(AsyncMemoryStorage(), cheap_settings(), hasher=hasher)

    async def sign_in() -> object:
        """Sign in where the loop has no threads of its own."""
        asyncio.get_running_loop().set_default_executor(_NoThread(1))
        return await shop.handle(SIGN_IN, by=VISITOR)

    assert asyncio.run(sign_in()) == Refused(Reason.SIGN_IN_FAILED)
    assert threads.jobs == 1


def test_a_hasher_of_the_host_gets_a_thread_for_each_core() -> None:
    """HS-05: what computes elsewhere is waited for by as many threads as there are cores."""
    threads = threads_of(CountingHasher())
    assert threads is not threads_of(CountingHasher())
    assert threads._threads()._max_workers == os.cpu_count()


def test_a_shop_that_is_too_busy_says_so() -> None:
    """HS-05: a sign-in whose turn does not come in time is refused as busy."""
    hasher = _hasher(wait=0.05)
    shop = AsyncAccounts(AsyncMemoryStorage(), cheap_settings(), hasher=hasher)
    held = Held(hasher.threads)
    answer = asyncio.run(shop.handle(SIGN_IN, by=VISITOR))
    held.over()
    assert answer == Refused(Reason.BUSY)


def test_what_began_in_time_is_waited_for() -> None:
    """HS-05: busy is said of jobs that wait; a slow one is answered."""
    threads = ComputingThreads(1, 0.01)
    assert not asyncio.run(computed(threads, lambda: threading.Event().wait(0.05)))


def test_who_was_told_busy_leaves_nothing_behind() -> None:
    """HS-05: a job that did not begin in time is never computed."""
    threads, done = ComputingThreads(1, 0.05), list[str]()
    held = Held(threads)
    with pytest.raises(HasherBusyError):
        asyncio.run(computed(threads, lambda: done.append("too late")))
    held.over()
    threads.submit(done.append, "next").result(LONG)
    assert done == ["next"]


def test_a_cancelled_task_leaves_the_queue() -> None:
    """HS-05: a request whose client went away is not computed when its turn comes."""
    threads, done = ComputingThreads(1, LONG), list[str]()
    held = Held(threads)

    async def cancelled() -> None:
        """Ask, and go away before the turn comes."""
        task = asyncio.create_task(computed(threads, lambda: done.append("unwanted")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    held.over()
    threads.submit(done.append, "next").result(LONG)
    assert done == ["next"]


def test_context_variables_come_along() -> None:
    """What a host keeps for a request, such as a language or a trace, is there while its command is decided."""

    async def asked() -> str:
        """Ask in a task that has a language."""
        LANGUAGE.set("fr")
        return await computed(ComputingThreads(1, LONG), LANGUAGE.get)

    assert asyncio.run(asked()) == "fr"
