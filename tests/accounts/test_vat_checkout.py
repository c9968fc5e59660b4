"""The checkout asks about a VAT number and is answered in time, sync and async (F21, F23, F25; RL-09)."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_accounts.accounts import AsyncAccounts
from customer_accounts.accounts.vat_asking import Asking
from customer_accounts.accounts.vat_asking_async import AsyncAsking
from customer_accounts.accounts.vat_checkout import CheckedVatNumber
from customer_accounts.adapters.memory import AsyncMemoryStorage
from customer_accounts.evidence import VatEvidenceRecord
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.vat import (
    Buyer,
    Place,
    Seller,
    Supply,
    VatAnswer,
    VatNumber,
    VatStatus,
    code_meaning,
    decide_vat,
    magic_numbers,
)
from tests.accounts.test_vat_checks import AsyncRegister, Register
from tests.shop import Shop
from tests.vat_orders import GERMAN, SYSTEM

FRENCH = "FR40303265045"
Check = Callable[..., CheckedVatNumber]


class Hanging:
    """A register that answers only when it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_go = threading.Event()

    def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Hang."""
        self.asked.append(number.compact)
        self.let_go.wait(60)
        raise TimeoutError


class AsyncHanging:
    """The async twin; it takes no notice of being cancelled for a while, as a bad one does."""

    def __init__(self, hanging: Hanging) -> None:
        self.hanging = hanging

    async def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Hang."""
        self.hanging.asked.append(number.compact)
        for _ in range(2):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue
        raise TimeoutError


def _sync(shop: Shop, number: Any, register: Any = None, wait: float = 5.0, **more: Any) -> CheckedVatNumber:
    return shop.accounts.check_vat(number, wait, register=register, **more)


def _async(shop: Shop, number: Any, register: Any = None, wait: float = 5.0, **more: Any) -> CheckedVatNumber:
    accounts = AsyncAccounts(AsyncMemoryStorage(shop.storage), shop.settings, clock=shop.clock)
    twin = register and (AsyncHanging if isinstance(register, Hanging) else AsyncRegister)(register)
    return asyncio.run(accounts.check_vat(number, wait, register=twin, **more))


@pytest.fixture(name="check", params=[_sync, _async], ids=["sync", "async"])
def _check(request: pytest.FixtureRequest) -> Any:
    """The checkout of either runner."""
    return request.param


@pytest.fixture(name="hanging")
def _hanging() -> Iterator[Hanging]:
    """A register that hangs until the test is over."""
    hanging = Hanging()
    yield hanging
    hanging.let_go.set()


def waiting(shop: Shop) -> list[str]:
    """Give the numbers that wait for a worker."""
    return [one.number for one in shop.stored(VatCheckRecord)]


@pytest.mark.parametrize("status", ["VALID", "INVALID"])
def test_a_clear_answer_is_told_and_kept(shop: Shop, check: Check, status: str) -> None:
    """F23: within the time of the customer; the next one is answered from the evidence."""
    register = Register(shop, **{GERMAN: status})
    first = check(shop, "de 136 695 976", register)
    (kept,) = shop.stored(VatEvidenceRecord)
    assert (first.status, first.code, first.evidence_id) == (VatStatus(status.lower()), status, kept.id)
    assert kept.as_typed == "de 136 695 976"
    again = check(shop, GERMAN, register)
    assert (again.status, again.checked_at, again.evidence_id) == (first.status, shop.clock.now, kept.id)
    assert (len(register.asked), waiting(shop)) == (1, [])
    assert first.buyer() == Buyer(is_business=True, number=VatNumber(GERMAN), status=first.status)


def test_a_register_that_cannot_say(shop: Shop, check: Check) -> None:
    """F25: pending, with a text that says so; the number waits for a worker."""
    told = check(shop, GERMAN, Register(shop, **{GERMAN: "MS_UNAVAILABLE"}))
    assert (told.status, told.code, told.advice().code) == (VatStatus.PENDING, "MS_UNAVAILABLE", "unverified")
    assert waiting(shop) == [GERMAN]
    assert shop.accounts.check_vat_numbers(Register(shop)).valid == 0
    shop.clock.forward(minutes=5)
    assert shop.accounts.check_vat_numbers(Register(shop)).valid == 1
    assert check(shop, GERMAN).status is VatStatus.VALID


@pytest.mark.parametrize("fault", [OSError("down"), ValueError("<html>"), 17, None])
def test_a_register_that_fails(shop: Shop, check: Check, fault: Any) -> None:
    """RL-09: whatever it raises or gives is no answer; nothing is recorded, and the worker goes on."""
    told = check(shop, GERMAN, Register(shop, **{GERMAN: fault}))
    assert (told.status, told.code, waiting(shop)) == (VatStatus.PENDING, None, [GERMAN])
    assert shop.stored(VatEvidenceRecord) == []


@pytest.mark.parametrize("code", ["CIRCUIT_OPEN", "LOCAL_PAUSE"])
def test_what_was_not_asked_or_is_about_another_number_is_no_answer(
    shop: Shop, check: Check, code: str
) -> None:
    """RL-10: nothing was said about this number."""
    register = Register(shop, **{GERMAN: code})
    register.answers[FRENCH] = register.answer(GERMAN, "VALID")
    for number in (GERMAN, FRENCH):
        assert check(shop, number, register).status is VatStatus.PENDING
    assert shop.stored(VatEvidenceRecord) == []


def test_a_register_that_hangs_is_not_waited_for(shop: Shop, check: Check, hanging: Hanging) -> None:
    """RL-09: pending within the time of the customer; the number waits for the worker all the same."""
    told = check(shop, GERMAN, hanging, 0.01)
    assert (told.status, told.number, told.code) == (VatStatus.PENDING, VatNumber(GERMAN), None)
    assert (hanging.asked, waiting(shop)) == ([GERMAN], [GERMAN])
    assert told.advice().code == "pending"


def test_without_a_register_the_worker_asks(shop: Shop, check: Check) -> None:
    """F23: a process that asks nobody still answers from the evidence and lets the number wait."""
    assert check(shop, GERMAN).status is VatStatus.PENDING
    assert waiting(shop) == [GERMAN]
    shop.accounts.check_vat_numbers(Register(shop))
    assert check(shop, GERMAN).status is VatStatus.VALID


@pytest.mark.parametrize(
    ("typed", "status", "advice"),
    [
        ("", "not_given", "empty"), ("hello", "invalid", "malformed"), ("GB123456789", "invalid", "wrong_kind"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_asked(
    shop: Shop, check: Check, typed: str, status: str, advice: str
) -> None:
    """F25: the customer is told why, and can order; nobody is asked, nothing waits."""
    register = Register(shop)
    told = check(shop, typed, register)
    assert (told.status, told.advice().code, register.asked, waiting(shop)) == (status, advice, [], [])
    assert told.buyer().status is VatStatus.NOT_GIVEN


@pytest.mark.parametrize(
    ("typed", "is_business", "rule"),
    [
        ("", None, "G09"), (" \u200b", None, "G09"), ("", True, "G07"), ("", False, "G09"),
        ("hello", None, "G07"), (GERMAN, None, "G06"), (GERMAN, False, "G09"),
    ],
)  # fmt: skip
def test_a_field_that_was_left_blank_makes_nobody_a_business(
    shop: Shop, check: Check, typed: str, is_business: bool | None, rule: str
) -> None:
    """F24, F25: a checkout gives whatever its form held; a consumer abroad pays the VAT of the destination."""
    buyer = check(shop, typed, Register(shop, **{GERMAN: "MS_UNAVAILABLE"})).buyer(is_business=is_business)
    parcel = Supply(ships_from=Place("AT"), ships_to=Place("HU"), on=shop.clock.now.date())
    decision = decide_vat(parcel, buyer, Seller("AT", oss=True))
    assert (decision.rule, decision.rate) == (rule, Decimal(27 if rule == "G09" else 20))


def test_numbers_are_read_as_typed(shop: Shop, check: Check) -> None:
    """F21: without a prefix where the country is given, read already, or with a wrong check digit."""
    register = Register(shop)
    assert check(shop, "136695976", register, country="DE").number == VatNumber(GERMAN)
    assert check(shop, VatNumber(FRENCH), register).status is VatStatus.VALID
    odd = check(shop, "DE136695977", register)
    assert (odd.status, odd.number and odd.number.checksum_ok) == (VatStatus.VALID, False)


def test_a_paused_register_is_left_alone(shop: Shop, check: Check) -> None:
    """RL-09: while it blocks the shop or is full for everybody, the checkout asks nobody either."""
    register = Register(shop, **{GERMAN: "IP_BLOCKED"})
    check(shop, GERMAN, register)
    assert check(shop, FRENCH, register).status is VatStatus.PENDING
    assert len(register.asked) == 1


def test_another_storefront_is_a_mistake_of_the_host(shop: Shop, check: Check, monkeypatch: Any) -> None:
    """RL-09: also a refusal of the storage's commands leaves the number pending."""
    from customer_accounts.accounts import vat_checkout, vat_worker, vat_worker_async
    from customer_accounts.actors import System

    elsewhere = System("checkout", storefront="none")
    for module in (vat_checkout, vat_worker, vat_worker_async):
        monkeypatch.setattr(module, "CHECKOUT", elsewhere)
    assert check(shop, GERMAN, Register(shop)).status is VatStatus.PENDING


class TestThreads:
    """Asking in threads."""

    def test_a_hanging_register_costs_a_bounded_number_of_threads(self, hanging: Hanging) -> None:
        """RL-09: above the bound nobody begins another question, and those who ask are answered at once."""
        asking, before = Asking(3), threading.active_count()
        for number in range(20):
            assert asking.ask(f"DE{number}", lambda: hanging.check(VatNumber(GERMAN)), 0.001) is None
        assert len(hanging.asked) == threading.active_count() - before == 3
        hanging.let_go.set()
        while asking._flights:
            threading.Event().wait(0.001)
        answer = VatAnswer(GERMAN, VatStatus.VALID, "VALID", Shop().clock.now)
        assert asking.ask(GERMAN, lambda: answer, 5) is answer

    def test_two_who_ask_about_one_number_share_the_question(self, hanging: Hanging) -> None:
        """RL-04: a double click asks once, and both are answered."""
        asking, asked = Asking(), threading.Event()
        answer = VatAnswer(GERMAN, VatStatus.VALID, "VALID", Shop().clock.now)
        told: list[VatAnswer | None] = []

        def slowly() -> VatAnswer:
            hanging.asked.append(GERMAN)
            asked.set()
            hanging.let_go.wait(60)
            return answer

        first = threading.Thread(target=lambda: told.append(asking.ask(GERMAN, slowly, 60)))
        first.start()
        asked.wait(60)
        assert asking.ask(GERMAN, slowly, 0.0) is None
        hanging.let_go.set()
        first.join()
        assert (told, hanging.asked) == ([answer], [GERMAN])


class TestTasks:
    """Asking in tasks."""

    def test_a_hanging_register_costs_a_bounded_number_of_tasks(self) -> None:
        """RL-09: as with threads; what nobody waits for any more is cancelled."""

        async def play() -> tuple[int, int]:
            """Ask a register that ignores its cancellation."""
            asking, started, go_on = AsyncAsking(3), 0, asyncio.Event()

            async def stubborn() -> VatAnswer:
                """Answer late, whoever stops waiting."""
                nonlocal started
                started += 1
                while not go_on.is_set():
                    try:
                        await go_on.wait()
                    except asyncio.CancelledError:
                        continue
                raise TimeoutError

            for number in range(9):
                assert await asking.ask(f"DE{number}", stubborn, 0.001) is None
            held = len(asking._flights)
            go_on.set()
            await asyncio.gather(*(one.task for one in list(asking._flights.values())))
            await asyncio.sleep(0)  # what is done is forgotten in the next turn of the loop
            assert asking._flights == {}
            return started, held

        assert asyncio.run(play()) == (3, 3)

    def test_two_who_ask_share_and_one_may_leave(self) -> None:
        """RL-04: the question goes on as long as somebody waits for it."""
        answer = VatAnswer(GERMAN, VatStatus.VALID, "VALID", Shop().clock.now)

        async def play() -> tuple[Any, Any, int]:
            """One leaves early, the other one is answered."""
            asking, asked, go_on = AsyncAsking(), 0, asyncio.Event()

            async def slowly() -> VatAnswer:
                """Count who asks."""
                nonlocal asked
                asked += 1
                await go_on.wait()
                return answer

            patient = asyncio.create_task(asking.ask(GERMAN, slowly, 60))
            await asyncio.sleep(0)
            hasty = await asking.ask(GERMAN, slowly, 0.0)
            go_on.set()
            return await patient, hasty, asked

        assert asyncio.run(play()) == (answer, None, 1)


CODES = st.sampled_from(
    [*magic_numbers().values(), "SERVER_BUSY", "BAD_RESPONSE", "NO_RESPONSE", "LOCAL_LIMIT"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(code=CODES | st.from_regex(r"[A-Z][A-Z_]{1,20}", fullmatch=True), twin=st.booleans())
def test_unverified_never_exempts_and_never_blocks(code: str, twin: bool) -> None:
    """F25: whatever the register says but VALID, the order is recorded and VAT is charged; only VALID exempts."""
    shop = Shop()
    told = (_async if twin else _sync)(shop, GERMAN, Register(shop, **{GERMAN: code}))
    expected = code_meaning(code).status
    assert told.status == (VatStatus.PENDING if expected is VatStatus.UNVERIFIED else expected)
    parcel = Supply(ships_from=Place("AT"), ships_to=Place("DE"), on=shop.clock.now.date())
    decision = decide_vat(parcel, told.buyer(), Seller("AT"))
    assert (decision.rate == 0) is (expected is VatStatus.VALID)
    order = RecordOrder(reference="r", number="N", placed_at=shop.clock.now, email="firm@mail.example")
    assert shop.require(order, by=SYSTEM).reference == "r"
