"""Several registers, asked one after the other until one knows."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from customer_accounts.adapters.first_clear import AsyncFirstClear, FirstClear
from customer_accounts.vat import VatAnswer, VatNumber, code_meaning

NUMBER, SHOP = VatNumber("DE136695976"), VatNumber("ATU13585627")
AT = datetime(2026, 11, 22, tzinfo=UTC)


class Says:
    """A register that always says the same, or raises."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.asked: list[tuple[VatNumber, VatNumber | None]] = []

    def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Say it."""
        self.asked.append((number, requester))
        if not self.code:
            raise OSError("down")
        return VatAnswer(number.compact, code_meaning(self.code).status, self.code, AT)


class AsyncSays:
    """The async twin."""

    def __init__(self, says: Says) -> None:
        self.says = says

    async def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Say it."""
        return self.says.check(number, requester)


def _sync(*registers: Says) -> VatAnswer:
    return FirstClear(*registers).check(NUMBER, SHOP)


def _async(*registers: Says) -> VatAnswer:
    return asyncio.run(AsyncFirstClear(*map(AsyncSays, registers)).check(NUMBER, SHOP))


@pytest.mark.parametrize("ask", [_sync, _async])
@pytest.mark.parametrize(
    ("codes", "told", "asked"),
    [
        (["VALID", "INVALID"], "VALID", [1, 0]),
        (["INVALID", "VALID"], "INVALID", [1, 0]),
        (["MS_UNAVAILABLE", "VALID", "INVALID"], "VALID", [1, 1, 0]),
        (["MS_UNAVAILABLE", "", "INVALID"], "INVALID", [1, 1, 1]),
        (["MS_UNAVAILABLE", "TIMEOUT"], "MS_UNAVAILABLE", [1, 1]),
        (["IP_BLOCKED", "VALID"], "IP_BLOCKED", [1, 0]),
        (["GLOBAL_MAX_CONCURRENT_REQ", "VALID"], "GLOBAL_MAX_CONCURRENT_REQ", [1, 0]),
        (["CIRCUIT_OPEN", "VALID"], "VALID", [1, 1]),
    ],
)
def test_the_first_that_knows_is_told(ask: Any, codes: list[str], told: str, asked: list[int]) -> None:
    """F25: a no is not overruled, a fault is no answer, and one that wants peace is left alone."""
    registers = [Says(code) for code in codes]
    assert ask(*registers).code == told
    assert [len(one.asked) for one in registers] == asked
    assert {pair for one in registers for pair in one.asked} == {(NUMBER, SHOP)}


@pytest.mark.parametrize("ask", [_sync, _async])
def test_what_the_first_raises_is_raised(ask: Any) -> None:
    """The caller answers faults by its own policy (RL-09)."""
    with pytest.raises(OSError, match="down"):
        ask(Says(""), Says("VALID"))
