"""Threads that compute: as many as may do so at once, and none besides.

The C library keeps what a thread gave back for the next use of that thread.  A server with many threads, each of which
hashes now and then, would keep the memory of one computation for every one of them; so they leave it to a few (HS-05).
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class ComputingThreads:
    """A fixed number of threads, started when they are first needed, in each process that a host forks.

    Args:
        count: how many compute at once; who comes later waits.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._started: tuple[int, ThreadPoolExecutor] | None = None

    def run(self, function: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
        """Have a function called by one of the threads, and give its answer, or raise what it raises."""
        return self._threads().submit(function, *args, **options).result()

    def _threads(self) -> ThreadPoolExecutor:
        # Threads do not live on in a fork; two callers at once may both start some, and the later ones stay.
        if self._started is None or self._started[0] != os.getpid():
            self._started = (
                os.getpid(),
                ThreadPoolExecutor(self._count, thread_name_prefix="password-hashing"),
            )
        return self._started[1]
