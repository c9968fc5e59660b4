"""The rate limiter that is used where the host gives none: counts in this process's memory.

Each process counts for itself: with n workers an allowance is up to n times as wide.  A host with several workers
gives a shared one (see the docs).  A fixed number of keys is kept, the oldest go first.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from customer_accounts.limiting import Allowance

#: A key takes some 300 bytes, so this is about 30 MB at most.
KEYS_KEPT = 100_000


class MemoryRateLimiter:
    """A sliding window for each key; the count is made before the answer (AB-05).

    Args:
        clock: gives the time, UTC.
        keys_kept: how many keys are remembered; beyond, the one that was longest unused goes.
    """

    def __init__(self, clock: Callable[[], datetime], keys_kept: int = KEYS_KEPT) -> None:
        self._clock = clock
        self._keys_kept = keys_kept
        self._tries: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = Lock()

    def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """See `customer_accounts.ports.RateLimiter.hit`."""
        now = self._clock()
        with self._lock:
            tries = self._tries.get(key)
            if tries is None:
                self._tries[key] = [now]
                while len(self._tries) > self._keys_kept:
                    self._tries.popitem(last=False)
                return None
            self._tries.move_to_end(key)
            over = now - allowance.period
            while tries and tries[0] <= over:
                del tries[0]
            if len(tries) >= allowance.tries:
                return tries[0] + allowance.period - now
            tries.append(now)
            return None


class AsyncMemoryRateLimiter:
    """The async twin of `MemoryRateLimiter`; it waits for nothing, so it wraps the same one."""

    def __init__(self, clock: Callable[[], datetime], keys_kept: int = KEYS_KEPT) -> None:
        self._limiter = MemoryRateLimiter(clock, keys_kept)

    async def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """See `customer_accounts.ports.RateLimiter.hit`."""
        return self._limiter.hit(key, allowance)
