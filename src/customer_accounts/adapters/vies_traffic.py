"""How many questions go to which member state at a time, and when none does.

Rules: each state has a number of questions at once and a number per second; a state that failed several times in a
row is left alone for a while, then asked once on trial (a circuit breaker); after GLOBAL_* all states pause.  Counting
is for one process; `customer_accounts.features.vat_pause` is for all of them.

One `Traffic` may serve several registers, sync and async; it never waits itself.
"""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import attrs

from customer_accounts.vat.answer import CIRCUIT_OPEN, LOCAL_LIMIT, LOCAL_PAUSE, Retry, VatAnswer
from customer_accounts.vat.status import VatStatus

#: How long a full state is left before somebody looks again for a free place.
_LOOK_AGAIN = 0.02


def _positive(_: object, attribute: "attrs.Attribute[Any]", value: float) -> None:
    if value <= 0:
        raise ValueError(f"{attribute.name} must be above zero")


@attrs.frozen
class StateLimit:
    """What one member state bears.

    Args:
        at_once: questions under way at a time; states answer MS_MAX_CONCURRENT_REQ above theirs.
        per_second: questions begun in a second.
    """

    at_once: int = attrs.field(default=4, validator=_positive)
    per_second: float = attrs.field(default=20.0, validator=_positive)


@attrs.frozen
class Turn:
    """Whether to ask now: yes without a *code*; later with a *wait*, in seconds; not now with a *code* alone."""

    wait: float = 0.0
    code: str = ""


@attrs.define
class _State:
    under_way: int = 0
    next_at: float = 0.0
    failures: int = 0
    closed_until: float = 0.0


class Traffic:
    """Counts the questions to each state; safe for threads.

    Args:
        limit: what a state bears that is not named in *limits*.
        limits: what single states bear, by prefix such as ``DE``.
        failures: after so many failures in a row a state is left alone.
        open_for: for so many seconds.
        pause: seconds without any question after the register was full for everybody.
        now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        limit: StateLimit | None = None,
        limits: Mapping[str, StateLimit] | None = None,
        *,
        failures: int = 5,
        open_for: float = 60.0,
        pause: float = 60.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit or StateLimit()
        self._limits = dict(limits or {})
        self._failures, self._open_for, self._pause, self._now = failures, open_for, pause, now
        self._states: dict[str, _State] = {}
        self._paused_until = float("-inf")
        self._lock = Lock()

    def enter(self, country: str) -> Turn:
        """Take a place for one question to a state, or say how long to wait, or that it is not asked."""
        with self._lock:
            now, state = self._now(), self._states.setdefault(country, _State())
            limit = self._limits.get(country, self._limit)
            if now < self._paused_until:
                return Turn(code=LOCAL_PAUSE)
            if self._is_open(state, now):
                return Turn(code=CIRCUIT_OPEN)
            if state.under_way >= limit.at_once:
                return Turn(_LOOK_AGAIN, LOCAL_LIMIT)
            if now < state.next_at:
                return Turn(state.next_at - now, LOCAL_LIMIT)
            state.under_way += 1
            state.next_at = max(now, state.next_at) + 1.0 / limit.per_second
            return Turn()

    def leave(self, country: str, answer: VatAnswer | None) -> None:
        """Give the place back, with what the register said; None where nobody waited for it."""
        with self._lock:
            state = self._states[country]
            state.under_way -= 1
            if answer is None:
                return
            if answer.retry is Retry.PAUSE:
                self._paused_until = self._now() + self._pause
            elif answer.retry is Retry.BACKOFF and answer.status is VatStatus.UNVERIFIED:
                state.failures += 1
                if state.failures >= self._failures:
                    state.closed_until = self._now() + self._open_for
            else:
                state.failures, state.closed_until = 0, 0.0

    def _is_open(self, state: _State, now: float) -> bool:
        """Whether the breaker of a state is open; when its time is over, one question is let through on trial."""
        if state.failures < self._failures:
            return False
        return now < state.closed_until or state.under_way > 0
