"""The worker that asks the register about the numbers that wait, and the checkout that cannot wait.

Made by the runner, for `Accounts.check_vat_numbers` and `Accounts.check_vat`; what they make of an answer is in
`vat_checks` and `vat_checkout`.
"""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from typing import Any, Protocol

from attrs import evolve, frozen

from customer_accounts.accounts import vat_checkout as checkout
from customer_accounts.accounts.steps import Surroundings
from customer_accounts.accounts.vat_asking import Asking
from customer_accounts.accounts.vat_checkout import CHECKOUT, CheckedVatNumber
from customer_accounts.accounts.vat_checks import (
    NOT_ASKED_WAIT,
    VAT_LEASE,
    WORKER,
    Progress,
    VatReport,
    no_answer,
    number_of,
    preparing,
    wants,
    without_requester,
)
from customer_accounts.accounts.vat_window import VatWindow
from customer_accounts.features.vat_answer import RecordVatAnswer, VatAnswerRecorded
from customer_accounts.outbox import Queue, VatTask
from customer_accounts.ports import Storage, VatRegister
from customer_accounts.refusals import Refused
from customer_accounts.vat import Retry, VatAnswer, VatNumber


class Handles(Protocol):
    """The runner, as far as it is needed here."""

    def __call__(self, command: Any, /, *, by: Any) -> Any:
        """Run a command."""
        ...


@frozen
class VatWorker:
    """Asks a register for a sync runner."""

    handle: Handles
    storage: Storage
    around: Surroundings
    register: VatRegister | None

    def run(self, limit: int, at_once: int, progress: Progress | None) -> VatReport:
        """See `customer_accounts.Accounts.check_vat_numbers`."""
        window, asked = VatWindow(limit, at_once, progress), dict[Future[VatAnswer], VatTask]()
        with ThreadPoolExecutor(at_once) if at_once > 1 else nullcontext() as threads:
            while self._begun(window, asked, threads):
                done, _ = wait(asked, return_when=FIRST_COMPLETED)
                for one in done:
                    self._count(window, asked.pop(one), one.result())
        for command in window.doubts.found_late():
            self.handle(command, by=WORKER)
        return window.report

    def check(
        self, typed: VatNumber | str, country: str | None, wait: float, asking: Asking
    ) -> CheckedVatNumber:
        """See `customer_accounts.Accounts.check_vat`."""
        end = time.monotonic() + wait
        number = checkout.read_number(typed, country)
        if isinstance(number, CheckedVatNumber):
            return number
        register = self.register
        checkup = self.handle(checkout.beginning(number, asks=register is not None), by=CHECKOUT)
        if register is None or not wants(checkup):
            return checkout.known_already(number, checkup)
        answer = asking.ask(number.compact, lambda: self._answer(register, number), end - time.monotonic())
        command = checkout.worth_recording(number, answer)
        if answer is None or command is None:
            return CheckedVatNumber(checkup.status, number)
        return checkout.told(number, answer, self._recorded(command))

    def _begun(
        self, window: VatWindow, asked: dict[Future[VatAnswer], VatTask], threads: ThreadPoolExecutor | None
    ) -> bool:
        """Begin as many questions as there are places; give whether any is under way."""
        while window.is_open(len(asked)):
            window.leased.extend(self._lease(window.to_lease(len(asked))))
            if not window.leased:
                break
            task = window.leased.popleft()
            prepared = self.handle(preparing(task), by=WORKER)
            if not wants(prepared):
                window.told(window.report.without(prepared))
            elif threads is not None:
                asked[threads.submit(self._answer_to, task)] = task
            else:
                answered = Future[VatAnswer]()
                answered.set_result(self._answer_to(task))
                asked[answered] = task
        return bool(asked)

    def _count(self, window: VatWindow, task: VatTask, answer: VatAnswer) -> None:
        if answer.retry is Retry.NOT_ASKED:
            again = self.around.clock() + NOT_ASKED_WAIT
            self.storage.fail(task, retry_at=again, reason=answer.code)
            window.told(window.report.given_back(answer))
            return
        command = window.doubts.recording(task, answer, self.around)
        window.told(window.report.plus(command.answer, self._recorded(command)))

    def _answer_to(self, task: VatTask) -> VatAnswer:
        try:
            assert self.register is not None  # said by the runner
            return self._answer(self.register, number_of(task))
        except Exception:  # whatever a register raises is no answer, and stops no order (RL-09)
            return no_answer(task.check.number, self.around)

    def _answer(self, register: VatRegister, number: VatNumber) -> VatAnswer:
        requester = self.around.settings.seller.number
        answer = register.check(number, requester)
        if without_requester(answer, requester):
            answer = register.check(number)
        return answer

    def _recorded(self, command: RecordVatAnswer) -> VatAnswerRecorded | Refused:
        """Record an answer, as often as there are more orders that wait for it."""
        recorded: VatAnswerRecorded | Refused = self.handle(command, by=WORKER)
        while isinstance(recorded, VatAnswerRecorded) and recorded.more:
            more = self.handle(command, by=WORKER)
            recorded = evolve(more, late=recorded.late + more.late)
        return recorded

    def _lease(self, limit: int) -> Sequence[VatTask]:
        if limit == 0:
            return ()
        now = self.around.clock()
        return self.storage.lease(Queue.VAT, limit=limit, now=now, until=now + VAT_LEASE)
