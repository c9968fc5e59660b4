"""The limiter in memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.accounts.limiter import AsyncMemoryRateLimiter, MemoryRateLimiter
from customer_accounts.limiting import Allowance
from customer_accounts.testing import FixedClock

THREE = Allowance(3, timedelta(minutes=10))


def test_counts_to_the_allowance_and_says_how_long_to_wait() -> None:
    """AB-05, AB-06: three pass, the fourth waits until the first is out of the period, then one passes."""
    clock = FixedClock()
    limiter = MemoryRateLimiter(clock)
    for _ in range(3):
        assert limiter.hit("a", THREE) is None
        clock.forward(minutes=1)
    wait = limiter.hit("a", THREE)
    assert wait == timedelta(minutes=7)
    clock.now += wait
    assert limiter.hit("a", THREE) is None
    assert limiter.hit("a", THREE) is not None


def test_keys_do_not_share() -> None:
    """AB-03: what one address does touches no other counter."""
    limiter = MemoryRateLimiter(FixedClock())
    for _ in range(4):
        limiter.hit("a", THREE)
    assert limiter.hit("b", THREE) is None


def test_sixteen_threads_get_what_is_allowed() -> None:
    """AB-05: of many parallel tries exactly the allowance passes, in many rounds."""
    limiter = MemoryRateLimiter(FixedClock())
    with ThreadPoolExecutor(16) as pool:
        for number in range(200):
            answers = list(pool.map(lambda _, key=f"k{number}": limiter.hit(key, THREE), range(16)))
            assert answers.count(None) == 3


def test_forgets_the_longest_unused_key() -> None:
    """Memory is bounded: beyond its size the key that was longest unused is forgotten."""
    limiter = MemoryRateLimiter(FixedClock(), keys_kept=2)
    one = Allowance(1, timedelta(minutes=10))
    for key in ("a", "b", "c"):
        limiter.hit(key, one)
    assert limiter.hit("c", one) is not None
    assert limiter.hit("a", one) is None


def test_async_twin_answers_alike() -> None:
    """AB-01: the async limiter is the same one."""
    limiter = AsyncMemoryRateLimiter(FixedClock())
    answers = [asyncio.run(limiter.hit("a", THREE)) for _ in range(4)]
    assert [one is None for one in answers] == [True, True, True, False]


@given(st.lists(st.floats(min_value=0, max_value=400), min_size=1, max_size=40))
def test_never_more_than_the_allowance_in_any_period(gaps: list[float]) -> None:
    """AB-05: however the tries are spread, no window of the period holds more than the allowance."""
    clock = FixedClock()
    limiter = MemoryRateLimiter(clock)
    passed = []
    for gap in gaps:
        clock.forward(seconds=gap)
        if limiter.hit("a", THREE) is None:
            passed.append(clock.now)
    for moment in passed:
        window = [one for one in passed if moment - THREE.period < one <= moment]
        assert len(window) <= THREE.tries
