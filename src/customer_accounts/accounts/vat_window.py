"""Which number a run asks next: so many are under way at a time, and a slow one holds up nobody but itself (F23).

A place that becomes free is taken at once by the next number; an answer is recorded as soon as it is there.
"""

from collections import deque

from attrs import define, field, validators

from customer_accounts.accounts.vat_checks import Doubts, Progress, VatReport
from customer_accounts.outbox import VatTask


@define
class VatWindow:
    """The state of one run, without its questions, which threads or tasks hold.

    Args:
        limit: numbers to look at, at most.
        at_once: questions under way at a time.
        progress: called with the report after each number.
        leased: numbers that are leased and not begun yet.
    """

    limit: int
    at_once: int = field(validator=validators.ge(1))
    progress: Progress | None
    report: VatReport = field(factory=VatReport)
    doubts: Doubts = field(factory=Doubts)
    leased: deque[VatTask] = field(factory=deque)

    def is_open(self, under_way: int) -> bool:
        """Whether one more may begin."""
        return under_way < self.at_once and not self.report.paused

    def to_lease(self, under_way: int) -> int:
        """How many numbers to take from the queue now; none while some are left."""
        return 0 if self.leased else self.report.room(self.limit - under_way, self.at_once)

    def told(self, report: VatReport) -> None:
        """Take over the report after one more number."""
        self.report = report
        if self.progress is not None:
            self.progress(report)
