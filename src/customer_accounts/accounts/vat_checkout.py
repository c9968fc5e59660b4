"""What the checkout is told about a VAT number: VALID, INVALID or PENDING, within its time (F21, F23, F25).

* What the customer typed is read first; what cannot be read is INVALID with its reason, and nobody is asked.
* A young answer of the register is used again.
* Otherwise the register is asked for as long as the customer waits, and the number waits in the queue all the
  same: a worker goes on where the time was too short.
* PENDING is no refusal: the order goes on, VAT is charged for now, and the decision is provisional.
"""

from datetime import datetime
from uuid import UUID

from attrs import frozen

from customer_accounts.actors import System
from customer_accounts.features.vat_answer import RecordVatAnswer, VatAnswerRecorded
from customer_accounts.features.vat_checkup import BeginVatCheckup, VatCheckup
from customer_accounts.refusals import Refused
from customer_accounts.vat import (
    Buyer,
    NumberAdvice,
    NumberProblem,
    Place,
    Retry,
    VatAnswer,
    VatNumber,
    VatNumberError,
    VatStatus,
    number_advice,
)

CHECKOUT = System("checkout")


@frozen
class CheckedVatNumber:
    """What is known of a VAT number while the customer waits.

    Args:
        status: VALID, INVALID or PENDING.
        number: the number, or None if it cannot be read.
        error: why it cannot be read or looks wrong, or None.
        checked_at: when the register said so, UTC, or None.
        evidence_id: what is kept of that; give it to `RecordOrderVat`.
        code: the register's code if it was asked and could not say, such as ``MS_UNAVAILABLE``.
    """

    status: VatStatus
    number: VatNumber | None = None
    error: VatNumberError | None = None
    checked_at: datetime | None = None
    evidence_id: UUID | None = None
    code: str | None = None

    def advice(self, dispatch: str = "AT") -> NumberAdvice:
        """Give what to tell the customer; ``.text(locale)`` is the text.

        Args:
            dispatch: state where the goods are sent from, whose own numbers need no register.
        """
        told = self.number if self.number is not None else self.error
        unclear = self.status is VatStatus.PENDING and self.code is not None
        return number_advice(told, VatStatus.UNVERIFIED if unclear else self.status, dispatch=dispatch)

    def buyer(self, place: Place | None = None, *, is_business: bool | None = None) -> Buyer:
        """Give the buyer that `customer_accounts.decide_vat` wants, for somebody who orders as a guest.

        Args:
            place: where a customer of services is; goods do not need it.
            is_business: whether the guest said to be a company; if nobody asked, whoever typed anything as a number
                is one, and who left the field blank is a consumer.
        """
        problem = None if self.error is None else NumberProblem(self.error.reason)
        status = VatStatus.NOT_GIVEN if self.number is None else self.status
        typed = self.number is not None or problem is not NumberProblem.EMPTY
        business = typed if is_business is None else is_business
        return Buyer(is_business=business, number=self.number, status=status, place=place, problem=problem)


def read_number(typed: VatNumber | str, country: str | None) -> VatNumber | CheckedVatNumber:
    """Read what was typed; give the number, or what is told of one that cannot be asked."""
    if isinstance(typed, VatNumber):
        return typed
    try:
        return VatNumber.parse(typed, country=country)
    except VatNumberError as error:
        if error.number is not None:
            return error.number
        status = VatStatus.NOT_GIVEN if error.reason is NumberProblem.EMPTY else VatStatus.INVALID
        return CheckedVatNumber(status, error=error)


def beginning(number: VatNumber, *, asks: bool) -> BeginVatCheckup:
    """Give the command that looks the number up and lets it wait in the queue."""
    return BeginVatCheckup(number=number.compact, as_typed=_line(number.as_typed), asks=asks)


def known_already(number: VatNumber, checkup: VatCheckup | Refused) -> CheckedVatNumber:
    """Give what is told without a question to the register."""
    if isinstance(checkup, Refused):
        return CheckedVatNumber(VatStatus.PENDING, number)
    return CheckedVatNumber(
        checkup.status, number, checked_at=checkup.checked_at, evidence_id=checkup.evidence_id
    )


def worth_recording(number: VatNumber, answer: VatAnswer | None) -> RecordVatAnswer | None:
    """Give the command that records an answer, or None for what is no answer about this number."""
    if answer is None or answer.number != number.compact or answer.retry is Retry.NOT_ASKED:
        return None
    return RecordVatAnswer(answer=answer)


def told(number: VatNumber, answer: VatAnswer, recorded: VatAnswerRecorded | Refused) -> CheckedVatNumber:
    """Give what is told after an answer; one that is none leaves the number pending."""
    evidence = recorded.evidence_id if isinstance(recorded, VatAnswerRecorded) else None
    if answer.status is VatStatus.UNVERIFIED:
        return CheckedVatNumber(VatStatus.PENDING, number, evidence_id=evidence, code=answer.code)
    return CheckedVatNumber(
        answer.status, number, checked_at=answer.checked_at, evidence_id=evidence, code=answer.code
    )


def _line(typed: str) -> str:
    return "".join(sign for sign in typed if sign.isprintable())[:200]
