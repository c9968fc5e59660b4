"""What the register answered about a VAT number, recorded (F23, F25).

Who may ask: the system, that is the workers and the checkout of `customer_accounts.accounts`, or a host that asked
by itself.  An answer is about a number: it goes to every company with that number, to the orders that wait for it,
and into the evidence, which is kept as long as an invoice.

* VALID and INVALID are clear answers: they go to the companies with the register's code, time and proof.
* UNVERIFIED is none, and never exempts anything: it makes a number UNVERIFIED, unless there is a clear answer
  younger than ``Settings.vat_recheck_after``; an outage does not take that away.
* The number then waits for its next check (see `vat_queue`).  After a clear answer it waits until shortly before
  that answer is too old, so that no order is taxed for want of asking.
* A clear answer given twice is recorded once (RL-08). An answer that nobody waits for any more, or older than the
  one that is known, is discarded: the customer has typed another number meanwhile.
* A register that is full for everybody, or that blocks the shop, is left alone (see `vat_pause`).
* Orders that were charged for want of this answer are corrected or stay charged (see `late_confirmation`).

Nobody waits for any of this: orders go on with what is known (RL-09).
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic import ConfigDict

from customer_accounts.account import AccountRecord, Company
from customer_accounts.actors import System
from customer_accounts.changes import Change, RecordEvent, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.evidence import EvidenceSource, OrderVatState, VatEvidenceRecord
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.features.late_confirmation import LateVatConfirmation, orders_after
from customer_accounts.features.vat_keeping import evidence_id, evidence_of, kept_already
from customer_accounts.features.vat_pause import REGISTER, paused_by
from customer_accounts.features.vat_queue import doubts, holders_of, is_wanted, next_check, requeued
from customer_accounts.issue import record_event
from customer_accounts.outbox import EventKind, VatCheckRecord
from customer_accounts.settings import Settings
from customer_accounts.vat import VatAnswer, VatStatus

#: So many orders are corrected in one write; the worker goes on with the rest.
ORDERS_AT_ONCE = 100
#: What is known of a number: who has it, who waits for it, what was said of it.
NUMBER_PARTS = frozenset({Part.ACCOUNTS, Part.VAT_CHECKS, Part.VAT_EVIDENCE, Part.ORDER_VAT, Part.VAT_PAUSES})


@frozen
class VatAnswerRecorded:
    """What became of an answer.

    Args:
        status: what is known of the number now, or None if the answer was discarded.
        next_check: when the number is asked again, UTC, or None if nobody waits for it any more.
        evidence_id: what is kept of the answer, or None for one more answer of an outage that is known.
        late: the orders that are exempt after all; their corrections wait for approval.
        more: more orders wait for this answer; record it again.
    """

    number: str
    status: VatStatus | None
    next_check: datetime | None = None
    evidence_id: UUID | None = None
    late: tuple[LateVatConfirmation, ...] = ()
    more: bool = False


def number_scope(number: str, parts: frozenset[Part] = NUMBER_PARTS) -> Scope:
    """Give the scope of all that waits for the register's word about a number."""
    return Scope(
        parts=parts,
        vat_number=number,
        vat_holders=True,
        order_vat_in=OrderVatState.PROVISIONAL,
        page=Page(limit=ORDERS_AT_ONCE),
        vat_register=REGISTER,
    )


class RecordVatAnswer(Command):
    """Record an answer of the register about a VAT number.

    Args:
        answer: what the register said.
        doubtful: the register of that state failed for other numbers at the same time; a no is asked once more.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    actors: ClassVar = (System,)

    answer: VatAnswer
    doubtful: bool = False

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return number_scope(self.answer.number, NUMBER_PARTS | {Part.ORDERS})

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[VatAnswerRecorded] | Refusal:
        """See `Command.decide`."""
        answer, waiting = self.answer, facts.vat_check(self.answer.number)
        pause = paused_by(answer, facts, env, actor)
        if not is_wanted(facts, answer.number, env.now) or self._is_late(facts):
            left_over = [] if is_wanted(facts, answer.number, env.now) else requeued(waiting, None)
            return Decision(VatAnswerRecorded(answer.number, None), (*left_over, *pause))
        if self._is_repeat(facts):
            due = None if waiting is None else waiting.due_at
            status, kept = self._status(facts, env), evidence_id(answer)
            return Decision(VatAnswerRecorded(answer.number, status, due, kept), pause)
        return self._recorded(facts, waiting, pause, env, actor)

    def _recorded(
        self, facts: Facts, waiting: VatCheckRecord | None, pause: list[Change], env: Env, actor: System
    ) -> Decision[VatAnswerRecorded]:
        answer, holders = self.answer, holders_of(self.answer.number, facts)
        evidence = evidence_of(answer, _as_typed(holders, waiting))
        kept = kept_already(answer, facts)
        doubted = doubts(answer, waiting, doubtful=self.doubtful)
        orders, late = orders_after(answer, evidence, facts, env, actor, doubted=doubted)
        left = len(facts.order_vat) - sum(1 for one in orders if not isinstance(one, RecordEvent))
        check = next_check(
            answer, waiting, env, held=bool(holders), open_orders=left > 0, doubtful=self.doubtful
        )
        changes: list[Change] = [
            *([] if kept else [insert(evidence)]),
            *requeued(waiting, check),
            *self._companies(holders, evidence, env, actor),
            *orders,
            *pause,
        ]
        recorded = VatAnswerRecorded(
            number=answer.number,
            status=self._status(facts, env),
            next_check=None if check is None else check.due_at,
            evidence_id=None if kept and answer.status is VatStatus.UNVERIFIED else evidence.id,
            late=tuple(late),
            more=bool(orders) and len(facts.order_vat) == ORDERS_AT_ONCE,
        )
        return Decision(recorded, changes)

    def _companies(
        self,
        holders: list[tuple[AccountRecord, Company]],
        evidence: VatEvidenceRecord,
        env: Env,
        actor: System,
    ) -> list[Change]:
        detail = f"{self.answer.status} {self.answer.code}"
        if not holders:
            return [record_event(env, actor, EventKind.VAT_ANSWERED, detail=detail)]
        changes: list[Change] = []
        for account, company in holders:
            new = answered(company, self.answer, evidence.id, env)
            if new != company:
                changes.append(update(account, evolve(account, company=new)))
            kind = EventKind.VAT_ANSWERED
            changes.append(record_event(env, actor, kind, account_id=account.id, detail=detail))
        return changes

    def _is_late(self, facts: Facts) -> bool:
        """Whether a later answer is known to everybody who waits."""
        holders = holders_of(self.answer.number, facts)
        later = [
            company.vat_checked_at is not None and self.answer.checked_at < company.vat_checked_at
            for _, company in holders
        ]
        return bool(later) and all(later) and not facts.order_vat

    def _is_repeat(self, facts: Facts) -> bool:
        kept = any(one.id == evidence_id(self.answer) for one in facts.vat_evidence)
        return kept and not facts.order_vat and not self.doubtful and _all_know(self.answer, facts)

    def _status(self, facts: Facts, env: Env) -> VatStatus:
        """Give what is in force after this answer."""
        if self.answer.status is not VatStatus.UNVERIFIED:
            return self.answer.status
        holders = holders_of(self.answer.number, facts)
        if holders:
            return answered(holders[0][1], self.answer, None, env).vat_status
        return clear_status(facts, self.answer.number, env) or VatStatus.UNVERIFIED


def clear_evidence(facts: Facts, number: str, env: Env) -> VatEvidenceRecord | None:
    """Give the newest clear answer about a number that is young enough to count."""
    clear = (
        one
        for one in facts.vat_evidence
        if one.number == number
        and one.status is not VatStatus.UNVERIFIED
        and one.source is EvidenceSource.REGISTER
    )
    newest = next(clear, None)
    young = newest is not None and env.now - newest.checked_at < env.settings.vat_recheck_after
    return newest if young else None


def clear_status(facts: Facts, number: str, env: Env) -> VatStatus | None:
    """Give the status of a number that a young clear answer says, or None."""
    evidence = clear_evidence(facts, number, env)
    return None if evidence is None else evidence.status


def answered(company: Company, answer: VatAnswer, evidence: UUID | None, env: Env) -> Company:
    """Give a company with what an answer about its number says.

    Args:
        company: as it is stored; one that knows a later answer stays as it is.
        answer: what the register said.
        evidence: id of what is kept of it.
        env: the surroundings of the command.
    """
    if company.vat_checked_at is not None and answer.checked_at < company.vat_checked_at:
        return company
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
        vat_evidence_id=evidence,
        # The register has the last word on check digits.
        vat_problem=None if answer.status is VatStatus.VALID else company.vat_problem,
    )


def _all_know(answer: VatAnswer, facts: Facts) -> bool:
    return all(
        company.vat_checked_at is not None and company.vat_checked_at >= answer.checked_at
        for _, company in holders_of(answer.number, facts)
    )


def _has_young_answer(company: Company, settings: Settings, now: datetime) -> bool:
    since = company.vat_checked_at
    if since is None or company.vat_status not in (VatStatus.VALID, VatStatus.INVALID):
        return False
    return now - since < settings.vat_recheck_after


def _as_typed(holders: list[tuple[AccountRecord, Company]], waiting: VatCheckRecord | None) -> str:
    if waiting is not None and waiting.as_typed:
        return waiting.as_typed
    return next((company.vat_as_typed for _, company in holders), "")
