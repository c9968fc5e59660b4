"""Asking VIES, the Union's register of VAT numbers, over REST: sync and async, with one way of reading.

Rules: a check ends within its total time, whatever happens, and gives an answer, never an exception; what
could not be asked or understood is UNVERIFIED.  A busy or silent register is asked again a few times, with
growing, jittered pauses, as long as the time allows; after IP_BLOCKED and its like never, and after GLOBAL_*
not here, for then all numbers have to pause.  If the shop's own number is refused, the question goes again
without it.  Each state is asked within its limits, and left alone while it fails (`vies_traffic`).

What the codes mean is data (``vat/data/vies_codes.toml``); reading is `customer_accounts.vat.vies`.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from customer_accounts.adapters.vies_traffic import Traffic
from customer_accounts.adapters.vies_transport import (
    HEADERS,
    LARGEST_BODY,
    HttpAnswer,
    Transport,
    post,
    safe_base_url,
)
from customer_accounts.vat.answer import Retry, VatAnswer
from customer_accounts.vat.number import VatNumber
from customer_accounts.vat.vies import Asked, Trader, no_answer, read_answer

if TYPE_CHECKING:
    import httpx2

_log = logging.getLogger("customer_accounts")

#: The Commission's service.
VIES = "https://ec.europa.eu/taxation_customs/vies/rest-api"
#: Clients report answers after 14 to 16 seconds from some member states.
_TIMEOUT = 20.0
_ATTEMPTS = 3
_FIRST_PAUSE = 0.5


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # an adapter is where the real clock comes from; hosts may replace it


@attrs.frozen(kw_only=True)
class ViesRegister:
    """The `customer_accounts.ports.VatRegister` that asks VIES; safe to use from many threads.

    Args:
        base_url: address of the service; https, or http on this machine.
        timeout: seconds for one check in all, further attempts included.
        attempts: how often one number is asked at most.
        first_pause: seconds before the second attempt; doubled each time, plus up to as much again at random.
        test_service: ask the service for tests, which answers by magic numbers.
        transport: sends one request.
        clock: the time, UTC.
        sleep: waits between attempts.
        jitter: a number from 0 to 1.
        traffic: the limits of each state; share one between registers of one process.
        on_alarm: called with an answer that says the register blocks the shop; must not block.
    """

    base_url: str = attrs.field(default=VIES, validator=safe_base_url)
    timeout: float = _TIMEOUT
    attempts: int = _ATTEMPTS
    first_pause: float = _FIRST_PAUSE
    test_service: bool = False
    transport: Transport = post
    clock: Callable[[], datetime] = _now
    sleep: Callable[[float], object] = time.sleep
    jitter: Callable[[], float] = random.random
    traffic: Traffic = attrs.field(factory=Traffic)
    on_alarm: Callable[[VatAnswer], object] | None = None

    def check(
        self, number: VatNumber, requester: VatNumber | None = None, /, *, trader: Trader | None = None
    ) -> VatAnswer:
        """Ask about *number*; with *requester*, the shop's own, VIES gives a consultation number.

        Args:
            number: the number to ask about; one with a failed checksum may be asked too.
            requester: the shop's own number.
            trader: what the customer says about the business, to be compared.
        """
        end = time.monotonic() + self.timeout
        asked = Asked(number, _endpoint(self.base_url, self.test_service), requester, trader)
        attempt = 1
        while True:
            answer = self._ask(asked, end)
            _alarmed(answer, self)
            if _refused(asked, answer):
                asked = asked.without_requester()
                continue
            pause = _pause(answer, attempt, self)
            if pause is None or time.monotonic() + pause >= end:
                return answer
            self.sleep(pause)
            attempt += 1

    def _ask(self, asked: Asked, end: float) -> VatAnswer:
        country: str = asked.number.country
        answer: VatAnswer | None = None
        while (turn := self.traffic.enter(country)).code:
            if not turn.wait or time.monotonic() + turn.wait >= end:
                return no_answer(asked, self.clock(), turn.code)
            self.sleep(turn.wait)
        try:
            sent = self.transport(asked.endpoint, asked.body(), max(end - time.monotonic(), 0.0))
            answer = read = _read(asked, self.clock, sent)
        finally:
            self.traffic.leave(country, answer)
        return read


@attrs.frozen(kw_only=True)
class AsyncViesRegister:
    """The async twin of `ViesRegister`; needs the extra ``http``.

    Args:
        base_url: see `ViesRegister`, as for all that are not named here.
        timeout: seconds for one check in all.
        attempts: how often one number is asked at most.
        first_pause: seconds before the second attempt.
        test_service: ask the service for tests.
        client: an ``httpx2.AsyncClient`` to use for all checks; without one each check opens its own.
        clock: the time, UTC.
        sleep: waits between attempts.
        jitter: a number from 0 to 1.
        traffic: the limits of each state.
        on_alarm: called with an answer that says the register blocks the shop.
    """

    base_url: str = attrs.field(default=VIES, validator=safe_base_url)
    timeout: float = _TIMEOUT
    attempts: int = _ATTEMPTS
    first_pause: float = _FIRST_PAUSE
    test_service: bool = False
    client: "httpx2.AsyncClient | None" = None
    clock: Callable[[], datetime] = _now
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    traffic: Traffic = attrs.field(factory=Traffic)
    on_alarm: Callable[[VatAnswer], object] | None = None

    async def check(
        self, number: VatNumber, requester: VatNumber | None = None, /, *, trader: Trader | None = None
    ) -> VatAnswer:
        """See `ViesRegister.check`."""
        import httpx2  # noqa: PLC0415  # the extra is needed only by those who ask asynchronously

        asked = Asked(number, _endpoint(self.base_url, self.test_service), requester, trader)
        if self.client is not None:
            return await self._check(self.client, asked)
        async with httpx2.AsyncClient() as client:
            return await self._check(client, asked)

    async def _check(self, client: "httpx2.AsyncClient", asked: Asked) -> VatAnswer:
        loop = asyncio.get_running_loop()
        end = loop.time() + self.timeout
        attempt = 1
        while True:
            answer = await self._ask(client, asked, end)
            _alarmed(answer, self)
            if _refused(asked, answer):
                asked = asked.without_requester()
                continue
            pause = _pause(answer, attempt, self)
            if pause is None or loop.time() + pause >= end:
                return answer
            await self.sleep(pause)
            attempt += 1

    async def _ask(self, client: "httpx2.AsyncClient", asked: Asked, end: float) -> VatAnswer:
        loop, country = asyncio.get_running_loop(), asked.number.country
        answer: VatAnswer | None = None
        while (turn := self.traffic.enter(country)).code:
            if not turn.wait or loop.time() + turn.wait >= end:
                return no_answer(asked, self.clock(), turn.code)
            await self.sleep(turn.wait)
        try:
            sent = await _post(client, asked, max(end - loop.time(), 0.0))
            answer = read = _read(asked, self.clock, sent)
        finally:
            self.traffic.leave(country, answer)
        return read


async def _post(client: "httpx2.AsyncClient", asked: Asked, seconds: float) -> HttpAnswer | None:
    import httpx2  # noqa: PLC0415  # as above

    body = bytearray()
    try:
        async with (
            asyncio.timeout(seconds),
            client.stream(
                "POST",
                asked.endpoint,
                content=asked.body(),
                headers=HEADERS,
                timeout=seconds,
                follow_redirects=False,  # also where the host's client would
            ) as response,
        ):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_BODY:
                    return None
            return HttpAnswer(response.status_code, bytes(body))
    except (httpx2.HTTPError, httpx2.StreamError, OSError):  # a TimeoutError is an OSError
        return None


def _endpoint(base_url: str, test_service: bool) -> str:
    return base_url.rstrip("/") + ("/check-vat-test-service" if test_service else "/check-vat-number")


def _read(asked: Asked, clock: Callable[[], datetime], answer: HttpAnswer | None) -> VatAnswer:
    if answer is None:
        return no_answer(asked, clock())
    return read_answer(asked, clock(), answer.status, answer.body)


def _alarmed(answer: VatAnswer, register: ViesRegister | AsyncViesRegister) -> None:
    if answer.retry is not Retry.ALARM or register.on_alarm is None:
        return
    try:
        register.on_alarm(answer)
    except Exception:  # a fault of the host's callback is no fault of the answer
        _log.exception("the alarm callback failed on %s", answer.code)


def _refused(asked: Asked, answer: VatAnswer) -> bool:
    return asked.requester is not None and answer.retry is Retry.WITHOUT_REQUESTER


def _pause(answer: VatAnswer, attempt: int, register: ViesRegister | AsyncViesRegister) -> float | None:
    """Give the seconds before the next attempt, or None if there is none."""
    if answer.retry is not Retry.BACKOFF or attempt >= register.attempts:
        return None
    return register.first_pause * 2.0 ** (attempt - 1) * (1.0 + register.jitter())
