"""Hashing has threads of its own, a few for all callers, so that memory stays bounded."""

import ctypes
import mmap
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from customer_accounts.computing import ComputingThreads, HasherBusyError
from customer_accounts.hashing import OWASP_MINIMUM, Argon2Hasher

LONG = 30.0


def _name() -> str:
    return threading.current_thread().name


class Held:
    """A job that goes on until it is told to end."""

    def __init__(self, threads: ComputingThreads) -> None:
        self.begun, self.end = threading.Event(), threading.Event()
        self.job = threads.submit(self._wait)
        assert self.begun.wait(LONG)

    def _wait(self) -> None:
        self.begun.set()
        assert self.end.wait(LONG)

    def over(self) -> None:
        """End it, and wait for that."""
        self.end.set()
        self.job.result(LONG)


def test_many_callers_share_a_few_threads() -> None:
    """HS-05: whoever calls, the computing is done by as many threads as may compute at once."""
    threads = ComputingThreads(2, LONG)
    with ThreadPoolExecutor(8) as callers:
        names = set(callers.map(lambda _: threads.run(_name), range(64)))
    assert 1 <= len(names) <= 2
    assert all(name.startswith("password-hashing") for name in names)


def test_what_is_raised_reaches_the_caller() -> None:
    """A fault inside is the caller's fault to see."""
    with pytest.raises(ZeroDivisionError):
        ComputingThreads(1, LONG).run(divmod, 1, 0)


def test_a_fork_starts_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that forks after the first hash has threads in each process."""
    threads = ComputingThreads(1, LONG)
    before = threads.run(threading.get_ident), threads._threads()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert threads.run(threading.get_ident) != before[0]
    assert threads._threads() is not before[1]


def test_a_job_that_asks_its_own_threads_does_not_wait_for_itself() -> None:
    """HS-05: what hashes within a job is computed by the thread of the job, and by no second one."""
    threads, others = ComputingThreads(1, LONG), ComputingThreads(1, LONG)
    outer, inner = threads.run(lambda: (threading.get_ident(), threads.run(threading.get_ident)))
    assert outer == inner
    assert threads.run(lambda: others.run(threading.get_ident)) == others.run(threading.get_ident)


def test_who_was_told_busy_leaves_nothing_behind() -> None:
    """HS-05: a job that did not begin in time is never computed, and the next one is."""
    threads, done = ComputingThreads(1, 0.05), list[str]()
    held = Held(threads)
    with pytest.raises(HasherBusyError, match=r"0\.05 seconds"):
        threads.run(done.append, "too late")
    held.over()
    threads.submit(done.append, "next").result(LONG)
    assert done == ["next"]


def test_what_began_in_time_is_waited_for() -> None:
    """HS-05: busy is said of jobs that wait; a slow one is answered, and its own timeout is its own error."""
    threads, begun = ComputingThreads(1, 0.01), threading.Event()

    def slow() -> str:
        begun.set()
        assert not threading.Event().wait(0.05)
        return "answered"

    def impatient() -> None:
        slow()
        raise TimeoutError("its own")

    assert threads.run(slow) == "answered"
    with pytest.raises(TimeoutError, match="its own"):
        threads.run(impatient)


def test_threads_end_with_the_last_who_has_them() -> None:
    """A hasher that nobody keeps leaves no thread behind."""
    threads = ComputingThreads(1, LONG)
    thread = threads.run(threading.current_thread)
    del threads
    thread.join(LONG)
    assert not thread.is_alive()


def test_real_parameters_are_computed_there() -> None:
    """HS-05: the hashers that shops use compute on those threads."""
    hasher = Argon2Hasher(OWASP_MINIMUM)
    assert hasher.verify("eleven quiet herons", hasher.hash("eleven quiet herons")).ok
    assert hasher.threads._started is not None


_HASHED = """
import mmap, re
from contextlib import suppress
from customer_accounts.hashing import Argon2Hasher

def areas():
    shown = open("/proc/self/smaps").read()
    found = re.findall(r"(?ms)^Rss: +(\\d+) kB$.*?^VmFlags:([^\\n]*)$", shown)
    return [int(size) for size, flags in found if " hg" in flags]

probe = mmap.mmap(-1, 4_194_304)
with suppress(OSError):
    probe.madvise(mmap.MADV_HUGEPAGE)
print(len(areas()))
probe.close()
hasher = Argon2Hasher(slots=1)
assert hasher.verify("eleven quiet herons", hasher.hash("eleven quiet herons")).ok
print(*areas())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no area to ask for")
def test_hashes_lie_in_large_pages() -> None:
    """The memory of a hash is where large pages were asked for, nearly all of it, and in no other place."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD"))
    }
    shown = subprocess.run(
        [sys.executable, "-c", _HASHED], capture_output=True, text=True, check=True, env=ours
    )
    possible, used = ([int(one) for one in line.split()] for line in [*shown.stdout.splitlines(), ""][:2])
    # A kernel without large pages marks nothing, the probe neither.
    assert len(used) == possible[0]
    assert all(0.9 * OWASP_MINIMUM.memory < size <= OWASP_MINIMUM.memory for size in used)


def _no_library(*_: object) -> object:
    raise OSError("no such library")


class _NoMemory:
    """A C library that has no memory to give."""

    @staticmethod
    def malloc(_: int) -> None:
        """Give none."""

    free = madvise = SimpleNamespace()


def _none_left(*_: object) -> object:
    return _NoMemory


@pytest.mark.parametrize(
    "lack",
    [
        lambda patch: patch.delattr(mmap, "MADV_HUGEPAGE", raising=False),
        lambda patch: patch.setitem(sys.modules, "ctypes", None),
        lambda patch: patch.setattr(ctypes, "CDLL", _no_library),
        lambda patch: patch.setattr(ctypes, "CDLL", _none_left),
    ],
    ids=["another system", "no ctypes", "no C library", "no memory"],
)
def test_without_large_pages_hashes_are_made_all_the_same(
    lack: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is lacking costs time and nothing else."""
    lack(monkeypatch)
    hasher = Argon2Hasher(OWASP_MINIMUM)
    assert hasher.verify("eleven quiet herons", hasher.hash("eleven quiet herons")).ok
