"""Threads that compute: as many as may do so at once, and none besides; who comes later waits in their queue.

- The C library keeps what a thread gave back for the next use of that thread.  A server with many threads, each of
  which hashes now and then, would keep the memory of one computation for every one of them; so they leave it to a few
  (HS-05).
- A thread that is done takes the next job itself: nobody has to be woken first, so no core stands idle meanwhile.
- Where there are many threads (glibc: more than eight for each core), the C library lets some share one area of memory.
  A small block of another thread, put where the large one of a computation was, makes the area grow by the next large
  one; so each thread here leaves some room for small ones first.
- A computation goes over its memory again and again, in pieces of 4 KiB that the processor has to look up each time.
  With larger ones a hash takes 5 to 12 % less; Linux gives them where it is asked to, on most servers.  That needs
  glibc with its own settings, and less than 32 MiB for a computation; elsewhere nobody hears the question.
- What one of these threads asks of them is computed there and then, for it would wait for itself.
"""

import mmap
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from customer_accounts.errors import CustomerAccountsError

P = ParamSpec("P")
R = TypeVar("R")

#: Room for the small blocks of others, in pieces that the C library takes from the area of the thread.
_ROOM = (8, 65_536)
#: Bytes of a large page on most processors; for less than one, none is asked for.
_LARGE = 2_097_152


class HasherBusyError(CustomerAccountsError):
    """Every slot for hashing stayed taken; the customer may try again in a moment."""


class ComputingThreads:
    """A fixed number of threads, started when they are first needed, in each process that a host forks.

    Args:
        count: how many compute at once.
        wait: seconds after which a job that has not begun is given up.
        memory: bytes that one computation takes in one piece, if that is known.
    """

    def __init__(self, count: int, wait: float, memory: int = 0) -> None:
        self.wait = wait
        self._count, self._memory = count, memory
        self._here = threading.local()
        self._started: tuple[int, ThreadPoolExecutor] | None = None

    def run(self, function: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
        """Have a function called by one of the threads, and give its answer, or raise what it raises.

        Raises:
            HasherBusyError: it did not begin in time.
        """
        if hasattr(self._here, "computing"):
            return function(*args, **options)
        job = self.submit(function, *args, **options)
        try:
            return job.result(self.wait)
        except TimeoutError:
            if job.cancel():
                raise self.busy() from None
            return job.result()  # it began in time, or the error is its own
        finally:
            job.cancel()  # somebody who was interrupted wants it no more

    def submit(self, function: Callable[P, R], *args: P.args, **options: P.kwargs) -> Future[R]:
        """Queue a job, without waiting for anything."""
        return self._threads().submit(function, *args, **options)

    def busy(self) -> HasherBusyError:
        """Give the error for a job that did not begin in time."""
        return HasherBusyError(f"no slot for hashing within {self.wait:g} seconds")

    def _threads(self) -> ThreadPoolExecutor:
        # Threads do not live on in a fork; two callers at once may both start some, and the later ones stay.
        if self._started is None or self._started[0] != os.getpid():
            # The threads know nothing of this object, so that they end when nobody has it any more.
            threads = ThreadPoolExecutor(
                self._count, "password-hashing", initializer=_begin, initargs=(self._here, self._memory)
            )
            self._started = (os.getpid(), threads)
        return self._started[1]


def _begin(here: threading.local, memory: int) -> None:
    pieces = [bytearray(_ROOM[1]) for _ in range(_ROOM[0])]
    # Kept as long as the thread, between the room and what comes after it: else the two would be one.
    here.computing = bytearray(1024)
    if memory >= _LARGE:
        # Without it a hash only takes longer; but a thread that cannot begin would break every later hash.
        with suppress(Exception):
            _ask_for_large_pages(memory)
    del pieces


def _ask_for_large_pages(memory: int) -> None:
    """Ask for large pages where the C library will put so much memory for this thread.

    Raises:
        AttributeError: this is not Linux.
        ImportError: this Python was built without ctypes.
        OSError: the C library is not to be had.
    """
    advice, page = mmap.MADV_HUGEPAGE, mmap.PAGESIZE
    import ctypes  # noqa: PLC0415 - a process that hashes nothing does without it

    system = ctypes.CDLL(None)
    system.malloc.restype, system.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    system.free.argtypes = [ctypes.c_void_p]
    system.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    # The first piece of a size is mapped for itself, and gone when it is given back; from then on the area of the
    # thread has it (glibc: M_MMAP_THRESHOLD).  Nothing in it is read or written here.
    for _ in range(2):
        begin = system.malloc(memory)
        if begin is None:
            raise OSError("no memory")
        first, last = -(-begin // page) * page, (begin + memory) // page * page
        system.madvise(first, last - first, advice)
        system.free(begin)
