"""What the register answered about a company's VAT number, recorded (F23, F25).

Who may ask: the system, that is the worker of `customer_accounts.accounts`, or a host that asked by itself.

* VALID and INVALID are clear answers: they go to the company with the register's code, time and proof.
* UNVERIFIED is none, and never exempts anything: it makes a number UNVERIFIED, unless there is a clear answer
  younger than ``Settings.vat_recheck_after``; an outage does not take that away.
* The number then waits for its next check: after an outage in minutes, later in hours; a shop that the
  register blocks waits a day, and the event tells. After a clear answer it waits until shortly before that
  answer is too old, so that no order is taxed for want of asking.
* A clear answer given twice is recorded once (RL-08). An answer for another number than the company's, or
  older than the one that is known, is discarded: the customer has typed another one meanwhile.
* An account that is gone is NOT_FOUND; the worker then drops the check.

Nobody waits for any of this: orders go on with what is known (RL-09).
"""

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic import ConfigDict

from customer_accounts.account import AccountRecord, Company
from customer_accounts.actors import System
from customer_accounts.changes import Change, RecordEvent, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.company import waiting_check
from customer_accounts.issue import record_event
from customer_accounts.outbox import EventKind, VatCheckRecord
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.vat import Retry, VatAnswer, VatStatus

_FIRST_WAIT = timedelta(minutes=5)
#: Registers of single states are down for a night, seldom longer.
_LONGEST_WAIT = timedelta(hours=12)
#: Somebody has to write to the register first; asking on would only lengthen it.
_BLOCKED_WAIT = timedelta(days=1)
#: Share of the life of a clear answer after which it is asked again; the rest is for outages.
_ASK_AGAIN_AFTER = 0.8


@frozen
class VatAnswerRecorded:
    """What became of an answer.

    Args:
        status: what is known of the number now, or None if the answer was discarded.
        next_check: when the number is asked again, UTC.
    """

    account_id: UUID
    status: VatStatus | None
    next_check: datetime | None = None


class RecordVatAnswer(Command):
    """Record an answer of the register about the number of an account's company."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    actors: ClassVar = (System,)

    account_id: UUID
    answer: VatAnswer

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ACCOUNTS, Part.VAT_CHECKS}), account_id=self.account_id)

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[VatAnswerRecorded] | Refusal:
        """See `Command.decide`."""
        account = facts.account(self.account_id)
        if account is None:
            return refuse(Reason.NOT_FOUND)
        waiting = waiting_check(account, facts)
        company = account.company
        if company is None or company.vat_number != self.answer.number or _is_late(self.answer, company):
            return self._discarded(company, waiting)
        new = answered(company, self.answer, env)
        is_clear = self.answer.status is not VatStatus.UNVERIFIED
        if new == company and is_clear and waiting is not None and env.now < waiting.due_at:
            return Decision(VatAnswerRecorded(self.account_id, new.vat_status, waiting.due_at))
        check = _next_check(account, self.answer, waiting, env)
        changes: list[Change] = [
            insert(check) if waiting is None else update(waiting, check),
            *(() if new == company else (update(account, evolve(account, company=new)),)),
            self._event(env, actor),
        ]
        return Decision(VatAnswerRecorded(self.account_id, new.vat_status, check.due_at), changes)

    def _discarded(
        self, company: Company | None, waiting: VatCheckRecord | None
    ) -> Decision[VatAnswerRecorded]:
        """Leave everything as it is, but for a check that nobody waits for any more."""
        left_over = waiting is not None and (company is None or company.vat_number != waiting.number)
        changes = (Remove(waiting),) if waiting is not None and left_over else ()
        return Decision(VatAnswerRecorded(self.account_id, None), changes)

    def _event(self, env: Env, actor: System) -> RecordEvent:
        detail = f"{self.answer.status} {self.answer.code}"
        return record_event(env, actor, EventKind.VAT_ANSWERED, account_id=self.account_id, detail=detail)


def answered(company: Company, answer: VatAnswer, env: Env) -> Company:
    """Give a company with what an answer about its number says."""
    if answer.status is VatStatus.UNVERIFIED:
        if _has_young_answer(company, env.settings, env.now):
            return company
        return evolve(company, vat_status=VatStatus.UNVERIFIED, vat_code=answer.code)
    return evolve(
        company,
        vat_status=answer.status,
        vat_code=answer.code,
        vat_checked_at=answer.checked_at,
        vat_consultation_number=answer.consultation_number,
        # The register has the last word on check digits.
        vat_problem=None if answer.status is VatStatus.VALID else company.vat_problem,
    )


def _has_young_answer(company: Company, settings: Settings, now: datetime) -> bool:
    since = company.vat_checked_at
    if since is None or company.vat_status not in (VatStatus.VALID, VatStatus.INVALID):
        return False
    return now - since < settings.vat_recheck_after


def _is_late(answer: VatAnswer, company: Company) -> bool:
    return company.vat_checked_at is not None and answer.checked_at < company.vat_checked_at


def _next_check(
    account: AccountRecord, answer: VatAnswer, waiting: VatCheckRecord | None, env: Env
) -> VatCheckRecord:
    unclear = answer.status is VatStatus.UNVERIFIED
    attempts = (0 if waiting is None else waiting.attempts) + 1 if unclear else 0
    wait = _back_off(answer.retry, attempts) if unclear else env.settings.vat_recheck_after * _ASK_AGAIN_AFTER
    return VatCheckRecord(
        account_id=account.id, number=answer.number, due_at=env.now + wait, attempts=attempts
    )


def _back_off(retry: Retry, attempts: int) -> timedelta:
    """Give 5 minutes, 10, 20 and so on, up to half a day."""
    if retry is Retry.ALARM:
        return _BLOCKED_WAIT
    doublings = min(attempts - 1, 10)  # more would only make a number that is cut off below
    return min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)
