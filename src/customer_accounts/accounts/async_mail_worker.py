"""`AsyncMailWorker`: the twin of `MailWorker` for async hosts, which may also be cancelled at any moment."""

import asyncio
from contextlib import suppress

from customer_accounts.accounts.mail_delivery import (
    BATCH,
    LEASE,
    Composer,
    DeliveryReport,
    Ending,
    failed,
    prepared,
    sent,
)
from customer_accounts.accounts.mail_run import MailRun, MetricsSink, Pace
from customer_accounts.accounts.steps import Surroundings, log
from customer_accounts.outbox import MailOutcome, MailTask, Queue
from customer_accounts.ports import AsyncMailer, AsyncOutbox, AsyncStorage


class AsyncMailWorker:
    """See `MailWorker`."""

    def __init__(
        self, storage: AsyncStorage, around: Surroundings, mailer: AsyncMailer, compose: Composer | None
    ) -> None:
        self._storage, self._around = storage, around
        self._mailer, self._compose = mailer, compose

    async def once(self, limit: int) -> DeliveryReport:
        """See `MailWorker.once`."""
        run = MailRun(self._around)
        while run.report.total < limit and not run.outage:
            if not await self._round(run, min(BATCH, limit - run.report.total)):
                break
        return run.report

    async def forever(
        self, stop: asyncio.Event, pace: Pace, on_metrics: MetricsSink | None
    ) -> DeliveryReport:
        """See `MailWorker.forever`; cancelled, it gives back what it holds within ``pace.grace``."""
        run = MailRun(self._around, stop)
        try:
            while not stop.is_set():
                await _until(stop, await self._work(run, pace, on_metrics))
        finally:
            await self._leave(run, pace)
        return run.report

    async def _work(self, run: MailRun, pace: Pace, on_metrics: MetricsSink | None) -> float:
        try:
            some = await self._round(run, BATCH)
            if on_metrics is not None:
                assert isinstance(self._storage, AsyncOutbox)  # the runner has looked
                run.tell(await self._storage.backlog(), on_metrics)
        except Exception:  # a storage that is down comes back (RL-09)
            return run.fault(pace)
        return run.pause(pace, some=some)

    async def _round(self, run: MailRun, limit: int) -> bool:
        await self._settle(run)
        now = self._around.clock()
        some = run.take(await self._storage.lease(Queue.MAIL, limit=limit, now=now, until=now + LEASE))
        while (task := run.next()) is not None:
            ending: Ending = None
            try:
                ending = await self._try(task)
            finally:
                run.end(task, ending)
            await self._settle(run)
        await self._give_back(run)
        return some

    async def _try(self, task: MailTask) -> Ending:
        try:
            message = prepared(task, self._around, self._compose)
            if isinstance(message, MailOutcome):
                return message
            return sent(task, await self._mailer.send(message), self._around)
        except Exception as error:  # whatever is raised, the mail waits for another try (RL-09)
            return failed(task, error, self._around)

    async def _settle(self, run: MailRun) -> None:
        while run.ended:
            task, ending = run.ended[0]
            if ending is None:
                await self._storage.release(task)
            elif isinstance(ending, MailOutcome):
                await self._storage.finish(task, ending)
            else:
                await self._storage.fail(task, retry_at=ending.retry_at, reason=ending.reason)
            run.ended.popleft()

    async def _give_back(self, run: MailRun) -> None:
        while run.waiting:
            await self._storage.release(run.waiting[0])
            run.waiting.popleft()

    async def _leave(self, run: MailRun, pace: Pace) -> None:
        try:
            async with asyncio.timeout(pace.grace):
                await self._settle(run)
                await self._give_back(run)
        except Exception:  # the leases end by themselves
            log.exception("the mail worker could not give back what it held")


async def _until(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but no longer than until told to stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
