"""What a mail worker knows between its calls: pure but for the random spread of pauses.

* A mail is begun only while half of its lease is left, so that no other worker can begin it as well before it is
  sent (RL-04); what is too late is given back, and leased again.
* When the server takes no mail at all, the rest is given back untried and the worker pauses: the mail that found
  out counts one try, the others none.
* What became of a mail is kept here until the storage has it: a storage that is down for a moment costs no second
  sending.
* A worker that stops gives back what it has not begun.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol

from attrs import field, frozen

from customer_accounts.accounts.mail_delivery import LEASE, DeliveryReport, Ending, Failure, delivered
from customer_accounts.accounts.steps import Surroundings, log
from customer_accounts.outbox import Backlog, MailTask


@frozen
class Pace:
    """How fast a mail worker goes round, in seconds.

    Args:
        idle: between looks at an empty outbox.
        first_pause: after a fault of the storage or an outage of the mail server; doubled with each in a row.
        longest_pause: the longest of these.
        grace: how long a cancelled worker may take to give back what it holds.
    """

    idle: float = 5.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    grace: float = 5.0


@frozen
class MailMetrics:
    """What a monitor wants to know about the outbox.

    Args:
        queued: mails that are not sent yet.
        dead: mails that were given up and wait for somebody to look.
        oldest_age: for how long the mail has waited that waits the longest, or None if none does.
        done: what the worker did since it began; empty where no worker tells.
    """

    queued: int
    dead: int
    oldest_age: timedelta | None
    done: DeliveryReport = field(factory=DeliveryReport)


#: Called after each round of a worker.
MetricsSink = Callable[[MailMetrics], None]


def metrics(backlog: Backlog, around: Surroundings, done: DeliveryReport) -> MailMetrics:
    """Give the numbers of this moment."""
    age = None if backlog.oldest is None else around.clock() - backlog.oldest
    return MailMetrics(backlog.queued, backlog.dead, age, done)


class Stop(Protocol):
    """What tells a worker to stop: an event of threads or of asyncio."""

    def is_set(self) -> bool:
        """Whether it was told."""
        ...


class MailRun:
    """The leased mails of one worker, and what became of them.

    Args:
        around: clock and callbacks.
        stop: ends the run after the mail that is being sent.
    """

    def __init__(self, around: Surroundings, stop: Stop | None = None) -> None:
        self.report = DeliveryReport()
        self.waiting: deque[MailTask] = deque()
        self.ended: deque[tuple[MailTask, Ending]] = deque()
        self.outage = False
        self._around, self._stop = around, stop
        self._faults = 0

    def take(self, batch: Iterable[MailTask]) -> bool:
        """Take leased mails, and tell whether there are any."""
        self.outage = False
        self.waiting.extend(batch)
        return bool(self.waiting)

    def next(self) -> MailTask | None:
        """Give the next mail to send, or None when the rest is to be given back."""
        if not self.waiting or self.outage or (self._stop is not None and self._stop.is_set()):
            return None
        until = self.waiting[0].mail.leased_until
        if until is None or until - self._around.clock() < LEASE / 2:
            return None
        return self.waiting.popleft()

    def end(self, task: MailTask, ending: Ending) -> None:
        """Keep what became of a mail; None if nobody knows, because the worker was interrupted."""
        self.ended.append((task, ending))
        if ending is not None:
            self.report = self.report.plus(delivered(ending))
            self.outage = isinstance(ending, Failure) and ending.outage

    def tell(self, backlog: Backlog, sink: MetricsSink) -> None:
        """Tell the monitor; its faults are logged and stop no mail."""
        try:
            sink(metrics(backlog, self._around, self.report))
        except Exception:
            log.exception("the metrics callback failed")

    def fault(self, pace: Pace) -> float:
        """Give the pause after a fault of the storage."""
        log.exception("the mail worker could not reach its storage")
        return self._longer(pace)

    def pause(self, pace: Pace, *, some: bool) -> float:
        """Give the pause after a round."""
        if self.outage:
            return self._longer(pace)
        self._faults = 0
        return 0 if some else pace.idle

    def _longer(self, pace: Pace) -> float:
        wait: float = min(pace.first_pause * 2**self._faults, pace.longest_pause)
        self._faults = min(self._faults + 1, 30)
        return wait * random.uniform(1, 1.25)
