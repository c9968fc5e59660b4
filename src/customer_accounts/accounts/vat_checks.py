"""What a worker makes of the register's answers, and what it tells of a run (F23, F25; RL-09).

* Whatever a register raises, and an answer about another number than the one asked, is UNVERIFIED (RL-10).
* The shop's own number goes along as the requester, for a proof of the consultation; if the register refuses
  that number, it is asked once more without it.
* A number that nobody waits for any more, or that somebody else has asked meanwhile, is not asked.
* When the register asks everybody to wait, or blocks the shop, the run ends; numbers that are leased by then
  are free again when the lease ends.
* What our own side did not ask, because a state is full or failing, is no answer: it is given back.
* A no of a state that failed for other numbers in the same run is doubted, and asked once more later.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from attrs import define, evolve, field, frozen

from customer_accounts.accounts.steps import Surroundings, log
from customer_accounts.actors import System
from customer_accounts.features.late_confirmation import LateVatConfirmation
from customer_accounts.features.vat_answer import RecordVatAnswer, VatAnswerRecorded
from customer_accounts.features.vat_checkup import PrepareVatCheck, VatCheckup
from customer_accounts.outbox import VatTask
from customer_accounts.refusals import Refused
from customer_accounts.vat import Retry, VatAnswer, VatNumber, VatStatus
from customer_accounts.vat.answer import BAD_RESPONSE, LOCAL_PAUSE, NO_RESPONSE

#: Longer than a batch of slow answers: some states take a quarter of a minute for each.
VAT_LEASE = timedelta(minutes=10)
#: How many numbers a worker takes at once.
VAT_BATCH = 10
#: When a number is looked at again that our own side did not ask.
NOT_ASKED_WAIT = timedelta(minutes=1)
WORKER = System("vat checks")


@frozen
class VatReport:
    """What a run of the VAT worker did.

    Args:
        valid: numbers that are confirmed now.
        invalid: numbers that the register does not know.
        unverified: numbers without a clear answer, to be asked again.
        discarded: numbers and answers that nobody waited for any more.
        paused: the register asked to stop; the rest waits for the next run.
        late: the orders that are exempt after all; their corrections wait for approval.
    """

    valid: int = 0
    invalid: int = 0
    unverified: int = 0
    discarded: int = 0
    paused: bool = False
    late: tuple[LateVatConfirmation, ...] = ()

    @property
    def total(self) -> int:
        """How many numbers were looked at."""
        return self.valid + self.invalid + self.unverified + self.discarded

    def plus(self, answer: VatAnswer, recorded: VatAnswerRecorded | Refused) -> "VatReport":
        """Count one more; what is told is the answer, also where an older clear one stays in force."""
        kept = isinstance(recorded, VatAnswerRecorded) and recorded.status is not None
        name = answer.status.value if kept else "discarded"
        paused = self.paused or answer.retry in (Retry.PAUSE, Retry.ALARM)
        late = recorded.late if isinstance(recorded, VatAnswerRecorded) else ()
        return evolve(self, paused=paused, late=self.late + late, **{name: getattr(self, name) + 1})

    def without(self, prepared: VatCheckup | Refused) -> "VatReport":
        """Count a number that was not asked: nobody waits for it, or nobody asks now."""
        paused = isinstance(prepared, VatCheckup) and prepared.paused
        return evolve(self, paused=True) if paused else evolve(self, discarded=self.discarded + 1)

    def given_back(self, answer: VatAnswer) -> "VatReport":
        """Count a number that our own side did not ask."""
        return evolve(self, unverified=self.unverified + 1, paused=self.paused or answer.code == LOCAL_PAUSE)

    def room(self, limit: int, at_once: int = 1) -> int:
        """Give how many more to take, none once the register asked to stop."""
        return 0 if self.paused else max(0, min(max(VAT_BATCH, at_once), limit - self.total))


#: Called with the report so far after each number.
Progress = Callable[[VatReport], object]


@define
class Doubts:
    """The states that failed in a run, and the numbers that they said no to."""

    failing: set[str] = field(factory=set)
    denied: list[VatAnswer] = field(factory=list)

    def recording(self, task: VatTask, answer: VatAnswer, around: Surroundings) -> RecordVatAnswer:
        """Give the command that records an answer; one about another number says nothing (RL-10)."""
        number = task.check.number
        if answer.number != number:
            answer = _unverified(number, BAD_RESPONSE, around.clock())
        if answer.retry is Retry.BACKOFF:
            self.failing.add(number[:2])
        doubtful = number[:2] in self.failing
        if not doubtful and answer.retry is Retry.ONCE:
            self.denied.append(answer)
        return RecordVatAnswer(answer=answer, doubtful=doubtful)

    def found_late(self) -> list[RecordVatAnswer]:
        """Give the answers that turned out to be doubtful only after they were recorded."""
        return [
            RecordVatAnswer(answer=one, doubtful=True)
            for one in self.denied
            if one.number[:2] in self.failing
        ]


def preparing(task: VatTask) -> PrepareVatCheck:
    """Give the command that says whether a leased number shall be asked."""
    return PrepareVatCheck(number=task.check.number, leased=task.check.version)


def wants(prepared: VatCheckup | Refused) -> bool:
    """Whether the number shall be asked."""
    return isinstance(prepared, VatCheckup) and prepared.ask


def number_of(task: VatTask) -> VatNumber:
    """Give the number to ask about."""
    return VatNumber(task.check.number)


def without_requester(answer: VatAnswer, requester: VatNumber | None) -> bool:
    """Whether to ask once more, because it is the shop's own number that the register refuses."""
    return answer.retry is Retry.WITHOUT_REQUESTER and requester is not None


def no_answer(number: str, around: Surroundings) -> VatAnswer:
    """Say that the register failed."""
    log.warning("the VAT register failed", exc_info=True)
    return _unverified(number, NO_RESPONSE, around.clock())


def _unverified(number: str, code: str, at: datetime) -> VatAnswer:
    return VatAnswer(number, VatStatus.UNVERIFIED, code, at.astimezone(UTC))
