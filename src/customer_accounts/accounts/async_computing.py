"""How an event loop waits for what computes: no thread waits for a turn, and the loop's own executor is left alone."""

import asyncio
import os
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar

from customer_accounts.computing import ComputingThreads
from customer_accounts.hashing import Argon2Hasher
from customer_accounts.ports import PasswordHasher

R = TypeVar("R")

_WAIT = 5.0


def threads_of(hasher: PasswordHasher) -> ComputingThreads:
    """Give the threads in which decisions that hash run: the hasher's own, or as many as there are cores."""
    if isinstance(hasher, Argon2Hasher):
        return hasher.threads
    return ComputingThreads(os.cpu_count() or 1, _WAIT)


async def computed(threads: ComputingThreads, function: Callable[[], R]) -> R:
    """Have a function called by one of the threads, with the task's context variables, and give its answer.

    Raises:
        HasherBusyError: it did not begin in time.
    """
    context = copy_context()
    job = threads.submit(lambda: context.run(function))
    answer = asyncio.wrap_future(job)
    try:
        await asyncio.wait((answer,), timeout=threads.wait)
        if not answer.done() and job.cancel():
            raise threads.busy()
        return await answer
    except asyncio.CancelledError:
        answer.cancel()
        raise
