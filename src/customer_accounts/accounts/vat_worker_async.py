"""The async twin of `vat_worker`."""

import asyncio
import time
from collections.abc import Sequence

from attrs import evolve, frozen

from customer_accounts.accounts import vat_checkout as checkout
from customer_accounts.accounts.steps import Surroundings
from customer_accounts.accounts.vat_asking_async import AsyncAsking
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
from customer_accounts.accounts.vat_worker import Handles
from customer_accounts.features.vat_answer import RecordVatAnswer, VatAnswerRecorded
from customer_accounts.outbox import Queue, VatTask
from customer_accounts.ports import AsyncStorage, AsyncVatRegister
from customer_accounts.refusals import Refused
from customer_accounts.vat import Retry, VatAnswer, VatNumber


@frozen
class AsyncVatWorker:
    """The async twin of `VatWorker`."""

    handle: Handles
    storage: AsyncStorage
    around: Surroundings
    register: AsyncVatRegister | None

    async def run(self, limit: int, at_once: int, progress: Progress | None) -> VatReport:
        """See `customer_accounts.Accounts.check_vat_numbers`."""
        window, asked = VatWindow(limit, at_once, progress), dict[asyncio.Task[VatAnswer], VatTask]()
        try:
            while await self._begun(window, asked):
                done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    await self._count(window, asked.pop(one), one.result())
        finally:
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        for command in window.doubts.found_late():
            await self.handle(command, by=WORKER)
        return window.report

    async def check(
        self, typed: VatNumber | str, country: str | None, wait: float, asking: AsyncAsking
    ) -> CheckedVatNumber:
        """See `customer_accounts.Accounts.check_vat`."""
        end = time.monotonic() + wait
        number = checkout.read_number(typed, country)
        if isinstance(number, CheckedVatNumber):
            return number
        register = self.register
        checkup = await self.handle(checkout.beginning(number, asks=register is not None), by=CHECKOUT)
        if register is None or not wants(checkup):
            return checkout.known_already(number, checkup)
        answer = await asking.ask(
            number.compact, lambda: self._answer(register, number), end - time.monotonic()
        )
        command = checkout.worth_recording(number, answer)
        if answer is None or command is None:
            return CheckedVatNumber(checkup.status, number)
        return checkout.told(number, answer, await self._recorded(command))

    async def _begun(self, window: VatWindow, asked: dict[asyncio.Task[VatAnswer], VatTask]) -> bool:
        """Begin as many questions as there are places; give whether any is under way."""
        while window.is_open(len(asked)):
            window.leased.extend(await self._lease(window.to_lease(len(asked))))
            if not window.leased:
                break
            task = window.leased.popleft()
            prepared = await self.handle(preparing(task), by=WORKER)
            if wants(prepared):
                asked[asyncio.create_task(self._answer_to(task))] = task
            else:
                window.told(window.report.without(prepared))
        return bool(asked)

    async def _count(self, window: VatWindow, task: VatTask, answer: VatAnswer) -> None:
        if answer.retry is Retry.NOT_ASKED:
            again = self.around.clock() + NOT_ASKED_WAIT
            await self.storage.fail(task, retry_at=again, reason=answer.code)
            window.told(window.report.given_back(answer))
            return
        command = window.doubts.recording(task, answer, self.around)
        window.told(window.report.plus(command.answer, await self._recorded(command)))

    async def _answer_to(self, task: VatTask) -> VatAnswer:
        try:
            assert self.register is not None  # said by the runner
            return await self._answer(self.register, number_of(task))
        except Exception:  # whatever a register raises is no answer, and stops no order (RL-09)
            return no_answer(task.check.number, self.around)

    async def _answer(self, register: AsyncVatRegister, number: VatNumber) -> VatAnswer:
        requester = self.around.settings.seller.number
        answer = await register.check(number, requester)
        if without_requester(answer, requester):
            answer = await register.check(number)
        return answer

    async def _recorded(self, command: RecordVatAnswer) -> VatAnswerRecorded | Refused:
        """Record an answer, as often as there are more orders that wait for it."""
        recorded: VatAnswerRecorded | Refused = await self.handle(command, by=WORKER)
        while isinstance(recorded, VatAnswerRecorded) and recorded.more:
            more = await self.handle(command, by=WORKER)
            recorded = evolve(more, late=recorded.late + more.late)
        return recorded

    async def _lease(self, limit: int) -> Sequence[VatTask]:
        if limit == 0:
            return ()
        now = self.around.clock()
        return await self.storage.lease(Queue.VAT, limit=limit, now=now, until=now + VAT_LEASE)
