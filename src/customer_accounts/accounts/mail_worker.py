"""`MailWorker`: leases mails, sends them and says what became of them; for sync hosts."""

import threading

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
from customer_accounts.ports import Mailer, Outbox, Storage


class MailWorker:
    """Sends what waits in an outbox.

    Args:
        storage: where the mails wait.
        around: settings, clock and callbacks.
        mailer: hands messages to a mail server.
        compose: writes the mails; by default `customer_accounts.mail.compose`.
    """

    def __init__(
        self, storage: Storage, around: Surroundings, mailer: Mailer, compose: Composer | None
    ) -> None:
        self._storage, self._around = storage, around
        self._mailer, self._compose = mailer, compose

    def once(self, limit: int) -> DeliveryReport:
        """Send what is due now."""
        run = MailRun(self._around)
        while run.report.total < limit and not run.outage:
            if not self._round(run, min(BATCH, limit - run.report.total)):
                break
        return run.report

    def forever(self, stop: threading.Event, pace: Pace, on_metrics: MetricsSink | None) -> DeliveryReport:
        """Send what becomes due until told to stop."""
        run = MailRun(self._around, stop)
        try:
            while not stop.is_set():
                _until(stop, self._work(run, pace, on_metrics))
        finally:
            self._leave(run)
        return run.report

    def _work(self, run: MailRun, pace: Pace, on_metrics: MetricsSink | None) -> float:
        try:
            some = self._round(run, BATCH)
            if on_metrics is not None:
                assert isinstance(self._storage, Outbox)  # the runner has looked
                run.tell(self._storage.backlog(), on_metrics)
        except Exception:  # a storage that is down comes back (RL-09)
            return run.fault(pace)
        return run.pause(pace, some=some)

    def _round(self, run: MailRun, limit: int) -> bool:
        self._settle(run)
        now = self._around.clock()
        some = run.take(self._storage.lease(Queue.MAIL, limit=limit, now=now, until=now + LEASE))
        while (task := run.next()) is not None:
            ending: Ending = None
            try:
                ending = self._try(task)
            finally:
                run.end(task, ending)
            self._settle(run)
        self._give_back(run)
        return some

    def _try(self, task: MailTask) -> Ending:
        try:
            message = prepared(task, self._around, self._compose)
            if isinstance(message, MailOutcome):
                return message
            return sent(task, self._mailer.send(message), self._around)
        except Exception as error:  # whatever is raised, the mail waits for another try (RL-09)
            return failed(task, error, self._around)

    def _settle(self, run: MailRun) -> None:
        while run.ended:
            task, ending = run.ended[0]
            if ending is None:
                self._storage.release(task)
            elif isinstance(ending, MailOutcome):
                self._storage.finish(task, ending)
            else:
                self._storage.fail(task, retry_at=ending.retry_at, reason=ending.reason)
            run.ended.popleft()

    def _give_back(self, run: MailRun) -> None:
        while run.waiting:
            self._storage.release(run.waiting[0])
            run.waiting.popleft()

    def _leave(self, run: MailRun) -> None:
        try:
            self._settle(run)
            self._give_back(run)
        except Exception:  # the leases end by themselves
            log.exception("the mail worker could not give back what it held")


def _until(stop: threading.Event, seconds: float) -> None:
    """Wait, but no longer than until told to stop."""
    stop.wait(seconds)
