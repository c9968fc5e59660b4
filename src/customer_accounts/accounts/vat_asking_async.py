"""The async twin of `vat_asking`: tasks in place of threads, the same rules."""

import asyncio
from collections.abc import Awaitable, Callable

from attrs import define

from customer_accounts.accounts.steps import log
from customer_accounts.accounts.vat_asking import MOST
from customer_accounts.vat import VatAnswer


@define(eq=False)
class _AsyncFlight:
    task: "asyncio.Task[VatAnswer | None]"
    waiting: int = 0


class AsyncAsking:
    """The async twin of `Asking`: asks in tasks; one that nobody waits for any more is cancelled."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._flights: dict[str, _AsyncFlight] = {}

    async def ask(
        self, number: str, question: Callable[[], Awaitable[VatAnswer]], wait: float
    ) -> VatAnswer | None:
        """See `Asking.ask`."""
        flight = self._flights.get(number)
        if flight is None:
            if len(self._flights) >= self._most:
                return None
            flight = _AsyncFlight(asyncio.create_task(_answered(question)))
            self._flights[number] = flight
            flight.task.add_done_callback(lambda _: self._flights.pop(number, None))
        flight.waiting += 1
        try:
            # Not `wait_for`, which would go on waiting for a register that ignores its cancellation.
            done, _ = await asyncio.wait({flight.task}, timeout=max(wait, 0.0))
        finally:
            flight.waiting -= 1
            if flight.waiting == 0:
                flight.task.cancel()
        return flight.task.result() if done and not flight.task.cancelled() else None


async def _answered(question: Callable[[], Awaitable[VatAnswer]]) -> VatAnswer | None:
    try:
        return await question()
    except Exception:  # whatever a register raises is no answer, and stops no order (RL-09)
        log.warning("the VAT register failed", exc_info=True)
        return None
