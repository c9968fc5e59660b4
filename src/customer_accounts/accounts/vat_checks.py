"""How a worker asks the register about one number, and what it makes of the answer (F23, F25; RL-09).

* Whatever a register raises, and an answer about another number than the one asked, is UNVERIFIED (RL-10).
* The shop's own number goes along as the requester, for a proof of the consultation; if the register refuses
  that number, it is asked once more without it.
* When the register asks everybody to wait, or blocks the shop, the run ends; numbers that are leased by then
  are free again when the lease ends.
* A check of an account that is gone is dropped.
"""

from datetime import UTC, datetime, timedelta

from attrs import evolve, frozen

from customer_accounts.accounts.steps import Surroundings, log
from customer_accounts.actors import System
from customer_accounts.features.vat_answer import RecordVatAnswer, VatAnswerRecorded
from customer_accounts.outbox import VatTask
from customer_accounts.refusals import Refused
from customer_accounts.vat import Retry, VatAnswer, VatNumber, VatStatus
from customer_accounts.vat.answer import BAD_RESPONSE, NO_RESPONSE

#: Longer than a batch of slow answers: some states take a quarter of a minute for each.
VAT_LEASE = timedelta(minutes=10)
#: How many numbers a worker takes at once.
VAT_BATCH = 10
WORKER = System("vat checks")


@frozen
class VatReport:
    """What a run of the VAT worker did.

    Args:
        valid: numbers that are confirmed now.
        invalid: numbers that the register does not know.
        unverified: numbers without a clear answer, to be asked again.
        discarded: answers that nobody waited for any more.
        paused: the register asked to stop; the rest waits for the next run.
    """

    valid: int = 0
    invalid: int = 0
    unverified: int = 0
    discarded: int = 0
    paused: bool = False

    @property
    def total(self) -> int:
        """How many numbers were looked at."""
        return self.valid + self.invalid + self.unverified + self.discarded

    def plus(self, answer: VatAnswer, recorded: VatAnswerRecorded | Refused) -> "VatReport":
        """Count one more; what is told is the answer, also where an older clear one stays in force."""
        kept = isinstance(recorded, VatAnswerRecorded) and recorded.status is not None
        name = answer.status.value if kept else "discarded"
        paused = self.paused or answer.retry in (Retry.PAUSE, Retry.ALARM)
        return evolve(self, paused=paused, **{name: getattr(self, name) + 1})

    def room(self, limit: int) -> int:
        """Give how many more to take, none once the register asked to stop."""
        return 0 if self.paused else max(0, min(VAT_BATCH, limit - self.total))


def number_of(task: VatTask) -> VatNumber:
    """Give the number to ask about."""
    return VatNumber(task.check.number)


def without_requester(answer: VatAnswer, requester: VatNumber | None) -> bool:
    """Whether to ask once more, because it is the shop's own number that the register refuses."""
    return answer.retry is Retry.WITHOUT_REQUESTER and requester is not None


def no_answer(task: VatTask, around: Surroundings) -> VatAnswer:
    """Say that the register failed."""
    log.warning("the VAT register failed", exc_info=True)
    return _unverified(task, NO_RESPONSE, around.clock())


def recording(task: VatTask, answer: VatAnswer, around: Surroundings) -> RecordVatAnswer:
    """Give the command that records an answer; one about another number says nothing (RL-10)."""
    if answer.number != task.check.number:
        answer = _unverified(task, BAD_RESPONSE, around.clock())
    return RecordVatAnswer(account_id=task.check.account_id, answer=answer)


def _unverified(task: VatTask, code: str, at: datetime) -> VatAnswer:
    return VatAnswer(task.check.number, VatStatus.UNVERIFIED, code, at.astimezone(UTC))
