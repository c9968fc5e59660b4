"""Asking several registers of VAT numbers, one after the other, until one of them knows.

Rules: the next one is asked only where the one before could not say; a no is an answer and is not overruled; what a
register raises is no answer.  If none knows, the first one's answer is told, since it is the one to be asked again.
One that asks everybody to wait, or blocks the shop, is heard: its word is the answer, so that it is left alone.
"""

import logging

from customer_accounts.ports import AsyncVatRegister, VatRegister
from customer_accounts.vat.answer import Retry, VatAnswer
from customer_accounts.vat.number import VatNumber
from customer_accounts.vat.status import VatStatus

_log = logging.getLogger("customer_accounts")


class FirstClear:
    """A `customer_accounts.ports.VatRegister` made of several.

    Args:
        first: asked about every number.
        others: asked in their order where those before could not say.
    """

    def __init__(self, first: VatRegister, *others: VatRegister) -> None:
        self._first, self._others = first, others

    def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Ask about *number* until a register knows; raises what the first one raises."""
        told = self._first.check(number, requester)
        for other in self._others:
            if _is_final(told):
                break
            try:
                answer = other.check(number, requester)
            except Exception:
                _log.warning("a further VAT register failed", exc_info=True)
                continue
            told = answer if answer.status is not VatStatus.UNVERIFIED else told
        return told


class AsyncFirstClear:
    """The async twin of `FirstClear`.

    Args:
        first: asked about every number.
        others: asked in their order where those before could not say.
    """

    def __init__(self, first: AsyncVatRegister, *others: AsyncVatRegister) -> None:
        self._first, self._others = first, others

    async def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """See `FirstClear.check`."""
        told = await self._first.check(number, requester)
        for other in self._others:
            if _is_final(told):
                break
            try:
                answer = await other.check(number, requester)
            except Exception:
                _log.warning("a further VAT register failed", exc_info=True)
                continue
            told = answer if answer.status is not VatStatus.UNVERIFIED else told
        return told


def _is_final(told: VatAnswer) -> bool:
    return told.status is not VatStatus.UNVERIFIED or told.retry in (Retry.PAUSE, Retry.ALARM)
