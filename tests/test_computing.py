"""Hashing has threads of its own, a few for all callers, so that memory stays bounded."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from customer_accounts.computing import ComputingThreads
from customer_accounts.hashing import CHEAPEST, OWASP_MINIMUM, Argon2Hasher


def _name() -> str:
    return threading.current_thread().name


def test_many_callers_share_a_few_threads() -> None:
    """HS-05: whoever calls, the computing is done by as many threads as may compute at once."""
    threads = ComputingThreads(2)
    with ThreadPoolExecutor(8) as callers:
        names = set(callers.map(lambda _: threads.run(_name), range(64)))
    assert 1 <= len(names) <= 2
    assert all(name.startswith("password-hashing") for name in names)


def test_what_is_raised_reaches_the_caller() -> None:
    """A fault inside is the caller's fault to see."""
    with pytest.raises(ZeroDivisionError):
        ComputingThreads(1).run(divmod, 1, 0)


def test_a_fork_starts_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that forks after the first hash has threads in each process."""
    threads = ComputingThreads(1)
    before = threads.run(threading.get_ident), threads._threads()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert threads.run(threading.get_ident) != before[0]
    assert threads._threads() is not before[1]


def test_real_parameters_are_computed_there() -> None:
    """HS-05: the hashers that shops use compute on those threads; the cheap one of tests leaves no memory behind."""
    hasher = Argon2Hasher(OWASP_MINIMUM)
    assert hasher.verify("eleven quiet herons", hasher.hash("eleven quiet herons")).ok
    assert hasher._threads is not None
    assert hasher._threads._started is not None
    assert Argon2Hasher(CHEAPEST, allow_cheap=True)._threads is None
