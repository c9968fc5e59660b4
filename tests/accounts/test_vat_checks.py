"""The worker that asks the register of VAT numbers, sync and async (F23, F25; RL-09, RL-10)."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from customer_accounts.account import AccountStatus, Company
from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.accounts.vat_checks import VAT_BATCH, VAT_LEASE, VatReport
from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.adapters.memory import AsyncMemoryStorage
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import insert, update
from customer_accounts.evidence import VatEvidenceRecord
from customer_accounts.features import vat_answer
from customer_accounts.features.company import SetCompany
from customer_accounts.features.vat_pause import ResumeVatChecks
from customer_accounts.inputs import CompanyInput
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.vat import Seller, VatAnswer, VatNumber, VatStatus, code_meaning
from tests.shop import Shop
from tests.vat_orders import provisional

GERMAN, FRENCH, ITALIAN = "DE136695976", "FR40303265045", "IT00743110157"
OWN = VatNumber("ATU13585627")


class Register:
    """A register whose answers are told beforehand, by number; it notes what it was asked."""

    def __init__(self, shop: Shop, **answers: Any) -> None:
        self.shop, self.answers = shop, answers
        self.asked: list[tuple[str, str | None]] = []

    def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Answer, or raise what was told."""
        self.asked.append((number.compact, None if requester is None else requester.compact))
        told = self.answers.get(number.compact, "VALID")
        if isinstance(told, Exception):
            raise told
        return told if not isinstance(told, str) else self.answer(number.compact, told)

    def answer(self, number: str, code: str) -> VatAnswer:
        """Make an answer with a code."""
        return VatAnswer(number, code_meaning(code).status, code, self.shop.clock.now)


class AsyncRegister:
    """The async twin of `Register`."""

    def __init__(self, register: Register) -> None:
        self.register = register

    async def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Answer, or raise what was told."""
        return self.register.check(number, requester)


def _sync(shop: Shop, register: Register, **limits: Any) -> VatReport:
    return shop.accounts.check_vat_numbers(register, **limits)


def _async(shop: Shop, register: Register, **limits: Any) -> VatReport:
    accounts = AsyncAccounts(AsyncMemoryStorage(shop.storage), shop.settings, clock=shop.clock)
    return asyncio.run(accounts.check_vat_numbers(AsyncRegister(register), **limits))


@pytest.fixture(name="run", params=[_sync, _async], ids=["sync", "async"])
def _run(request: pytest.FixtureRequest) -> Any:
    """The worker of either runner."""
    return request.param


def customer_of(shop: Shop, number: str) -> SignedInCustomer:
    """Give a customer whose number waits."""
    customer = shop.customer(shop.open_account(f"{number.lower()}@mail.example").session)
    shop.require(SetCompany(company=CompanyInput(name="X", vat_number=number)), by=customer)
    return customer


def status(shop: Shop, customer: SignedInCustomer) -> VatStatus:
    """Give what is known of a customer's number."""
    company = shop.account(customer.account_id).company
    assert company is not None
    return company.vat_status


def test_waiting_numbers_are_asked(shop: Shop, run: Any) -> None:
    """F23: a run asks every number that is due, once, and records what the register says."""
    customers = [customer_of(shop, number) for number in (GERMAN, FRENCH, ITALIAN)]
    register = Register(shop, **{FRENCH: "INVALID", ITALIAN: "MS_UNAVAILABLE"})
    assert run(shop, register) == VatReport(valid=1, invalid=1, unverified=1)
    assert [status(shop, one) for one in customers] == [
        VatStatus.VALID,
        VatStatus.INVALID,
        VatStatus.UNVERIFIED,
    ]
    assert run(shop, register) == VatReport()
    assert sorted(register.asked) == sorted([(GERMAN, None), (FRENCH, None), (ITALIAN, None)])
    shop.clock.forward(minutes=5)
    assert run(shop, register).unverified == 1


@pytest.mark.parametrize("fault", [OSError("down"), TimeoutError(), ValueError("<html>"), None, 17])
def test_whatever_goes_wrong_is_no_answer(shop: Shop, run: Any, fault: Any) -> None:
    """RL-09, RL-10: a register that raises or answers nonsense confirms nothing and stops nothing."""
    first, second = customer_of(shop, GERMAN), customer_of(shop, FRENCH)
    report = run(shop, Register(shop, **{GERMAN: fault}))
    assert report == VatReport(valid=1, unverified=1)
    assert (status(shop, first), status(shop, second)) == (VatStatus.UNVERIFIED, VatStatus.VALID)


def test_an_answer_about_another_number_is_none(shop: Shop, run: Any) -> None:
    """RL-10: only an answer about the number that was asked counts."""
    anna = customer_of(shop, GERMAN)
    register = Register(shop)
    register.answers[GERMAN] = register.answer(FRENCH, "VALID")
    assert run(shop, register) == VatReport(unverified=1)
    company = shop.account(anna.account_id).company
    assert company is not None
    assert (company.vat_status, company.vat_code) == (VatStatus.UNVERIFIED, "BAD_RESPONSE")


def test_the_shop_asks_in_its_own_name(run: Any) -> None:
    """F23: with the shop's own number the register gives a proof of the consultation."""
    shop = Shop(seller=Seller("AT", number=OWN))
    customer_of(shop, GERMAN)
    register = Register(shop)
    run(shop, register)
    assert register.asked == [(GERMAN, OWN.compact)]


def test_a_refused_requester_is_left_out(run: Any) -> None:
    """F23: a mistake in the shop's own number costs the proof, and no customer the answer."""
    shop = Shop(seller=Seller("AT", number=OWN))
    anna = customer_of(shop, GERMAN)
    register = Register(shop)
    register.answers[GERMAN] = "INVALID_REQUESTER_INFO"
    check = register.check

    def only_without(number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        answer = check(number, requester)
        return answer if requester else register.answer(number.compact, "VALID")

    register.check = only_without  # type: ignore[method-assign]  # a register that minds the requester
    assert run(shop, register) == VatReport(valid=1)
    assert register.asked == [(GERMAN, OWN.compact), (GERMAN, None)]
    assert status(shop, anna) is VatStatus.VALID


def test_a_shop_without_a_number_is_not_asked_for_one(shop: Shop, run: Any) -> None:
    """F23: without a requester there is nothing to leave out; the number waits."""
    customer_of(shop, GERMAN)
    register = Register(shop, **{GERMAN: "INVALID_REQUESTER_INFO"})
    assert run(shop, register) == VatReport(unverified=1)
    assert len(register.asked) == 1


@pytest.mark.parametrize("code", ["GLOBAL_MAX_CONCURRENT_REQ", "IP_BLOCKED"])
def test_a_register_that_asks_for_peace_gets_it(shop: Shop, run: Any, code: str) -> None:
    """F23: the run ends at once, and no run asks before the pause is over, or somebody has resumed."""
    for number in (GERMAN, FRENCH, ITALIAN):
        customer_of(shop, number)
    register = Register(shop, **{GERMAN: code})
    assert run(shop, register) == VatReport(unverified=1, paused=True)
    assert run(shop, register).paused is False
    assert len(register.asked) == 1
    shop.clock.now += VAT_LEASE + timedelta(seconds=1)
    register.answers.clear()
    if code == "IP_BLOCKED":
        shop.clock.forward(days=99)
        assert run(shop, register) == VatReport(paused=True)
        assert len(register.asked) == 1
        assert shop.require(ResumeVatChecks(), by=Agent("17")).code == code
        shop.clock.now += VAT_LEASE + timedelta(seconds=1)
    assert run(shop, register).valid >= 2


def test_a_run_has_a_limit(shop: Shop, run: Any) -> None:
    """RL-04: a run takes as many numbers as it is allowed, in batches, and leaves the others free."""
    owner = shop.account(customer_of(shop, GERMAN).account_id)
    for count in range(VAT_BATCH + 2):
        company = Company("X", vat_number=f"DE{count:09}", vat_status=VatStatus.PENDING)
        other = evolve(owner, id=uuid4(), email_key=f"{count}@mail.example", company=company)
        check = VatCheckRecord(number=f"DE{count:09}", due_at=shop.clock.now)
        shop.storage.write([insert(other), insert(check)])
    register = Register(shop)
    assert run(shop, register, limit=VAT_BATCH + 1).valid == VAT_BATCH + 1
    assert run(shop, register, limit=0) == VatReport()
    assert run(shop, register).valid == 2


def test_checks_of_accounts_that_are_gone_are_dropped(shop: Shop, run: Any) -> None:
    """F23: nobody waits for these answers; the register is not asked for them."""
    closed = shop.account(customer_of(shop, GERMAN).account_id)
    erased = customer_of(shop, FRENCH).account_id
    shop.storage.write([update(closed, evolve(closed, status=AccountStatus.CLOSED, email_key=None))])
    del shop.storage._tables.records[type(closed)][erased]
    register = Register(shop)
    assert run(shop, register) == VatReport(discarded=2)
    assert (shop.stored(VatCheckRecord), register.asked) == ([], [])


def test_a_number_that_changed_meanwhile_is_discarded(shop: Shop, run: Any) -> None:
    """CC-05: the customer saves another number while the register thinks; the other one is asked next."""
    anna = customer_of(shop, GERMAN)
    register = Register(shop)
    check = register.check

    def slowly(number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        if not register.asked:
            shop.require(SetCompany(company=CompanyInput(name="X", vat_number=FRENCH)), by=anna)
        return check(number, requester)

    register.check = slowly  # type: ignore[method-assign]  # a register during whose answer something happens
    assert run(shop, register) == VatReport(valid=1, discarded=1)
    assert [number for number, _ in register.asked] == [GERMAN, FRENCH]
    assert status(shop, anna) is VatStatus.VALID


def test_a_stored_number_that_cannot_be_read(shop: Shop, run: Any) -> None:
    """RL-10: a damaged row is no answer; the run goes on."""
    anna = customer_of(shop, GERMAN)
    known = shop.account(anna.account_id)
    broken = Company("X", vat_number="??", vat_status=VatStatus.PENDING)
    shop.storage.write([update(known, evolve(known, company=broken))])
    shop.storage.write([insert(VatCheckRecord(number="??", due_at=shop.clock.now))])
    customer_of(shop, FRENCH)
    assert run(shop, Register(shop)) == VatReport(valid=1, unverified=1, discarded=1)
    assert status(shop, anna) is VatStatus.UNVERIFIED


def test_progress_is_told_after_each_number(shop: Shop, run: Any) -> None:
    """F23: the callback gets the report so far, one number after the other."""
    for number in (GERMAN, FRENCH, ITALIAN):
        customer_of(shop, number)
    told: list[int] = []
    report = run(shop, Register(shop), progress=lambda so_far: told.append(so_far.total), at_once=2)
    assert (told, report.valid) == ([1, 2, 3], 3)


class SlowFirst:
    """A register that answers about one number only once all the others have their answers, sync and async."""

    def __init__(self, register: Register, slow: str, others: int) -> None:
        self.register, self.slow, self.others = register, slow, others
        self.all_answered, self.answered = threading.Event(), asyncio.Event()
        self.under_way = self.most = 0
        self.cancelled: list[str] = []

    def check(self, number: VatNumber, _: VatNumber | None = None, /) -> VatAnswer:
        """Answer, the slow one last."""
        self._begin()
        if number.compact == self.slow and not self.all_answered.wait(10):
            raise TimeoutError
        return self._end(number)

    async def check_async(self, number: VatNumber) -> VatAnswer:
        """Answer in a task."""
        self._begin()
        try:
            if number.compact == self.slow:
                await asyncio.wait_for(self.answered.wait(), 10)
        except asyncio.CancelledError:
            self.cancelled.append(number.compact)
            raise
        return self._end(number)

    def _begin(self) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)

    def _end(self, number: VatNumber) -> VatAnswer:
        self.under_way -= 1
        answer = self.register.check(number)
        if len(self.register.asked) == self.others:
            self.all_answered.set()
            self.answered.set()
        return answer


class AsyncSlowFirst:
    """`SlowFirst` as an async register."""

    def __init__(self, slow: SlowFirst) -> None:
        self.slow = slow

    async def check(self, number: VatNumber, _: VatNumber | None = None, /) -> VatAnswer:
        """Answer in a task."""
        return await self.slow.check_async(number)


def in_order_of(shop: Shop, *numbers: str) -> None:
    """Let numbers wait, the first one longest."""
    for number in numbers:
        wanted = shop.clock.now + timedelta(days=1)
        shop.storage.write(
            [insert(VatCheckRecord(number=number, due_at=shop.clock.now, wanted_until=wanted))]
        )
        shop.clock.forward(seconds=1)


@pytest.mark.parametrize("at_once", [2, 5])
@pytest.mark.parametrize("runner", ["sync", "async"])
def test_a_slow_state_holds_up_nobody_else(shop: Shop, at_once: int, runner: str) -> None:
    """F23: a place that is free is taken by the next number, and no more are under way than was said."""
    numbers = [GERMAN, *(f"FR{number:011}" for number in range(30))]
    in_order_of(shop, *numbers)
    slow = SlowFirst(Register(shop), GERMAN, others=30)
    if runner == "sync":
        report = shop.accounts.check_vat_numbers(slow, at_once=at_once)
    else:
        accounts = AsyncAccounts(AsyncMemoryStorage(shop.storage), shop.settings, clock=shop.clock)
        report = asyncio.run(accounts.check_vat_numbers(AsyncSlowFirst(slow), at_once=at_once))
    assert report == VatReport(valid=31)
    assert slow.register.asked[-1] == (GERMAN, None)
    assert 2 <= slow.most <= at_once


def test_a_stopped_async_run_leaves_no_question_behind(shop: Shop) -> None:
    """RL-03: questions that are under way end with the run; their numbers are free when the lease ends."""
    in_order_of(shop, GERMAN, FRENCH)
    slow = SlowFirst(Register(shop), GERMAN, others=2)
    accounts = AsyncAccounts(AsyncMemoryStorage(shop.storage), shop.settings, clock=shop.clock)

    def stop(_: VatReport) -> None:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        asyncio.run(accounts.check_vat_numbers(AsyncSlowFirst(slow), at_once=2, progress=stop))
    assert slow.cancelled == [GERMAN]
    assert [one.number for one in shop.stored(VatCheckRecord)] == [GERMAN]


@pytest.mark.parametrize("at_once", [1, 2, 4, 16])
def test_a_run_takes_no_more_than_its_limit(shop: Shop, run: Any, at_once: int) -> None:
    """F23: numbers under way count; the rest is left for the next run, unleased."""
    in_order_of(shop, *(f"FR{number:011}" for number in range(5)))
    register = Register(shop)
    assert run(shop, register, limit=3, at_once=at_once).total == 3
    assert {one.leased_until for one in shop.stored(VatCheckRecord)} == {None}
    assert run(shop, register, at_once=at_once) == VatReport(valid=2)


def test_a_run_without_a_place_is_a_mistake(shop: Shop, run: Any) -> None:
    """F23: nobody could ever ask."""
    with pytest.raises(ValueError, match="at_once"):
        run(shop, Register(shop), at_once=0)


def test_a_run_that_was_stopped_is_taken_up(shop: Shop, run: Any) -> None:
    """RL-03: what was recorded stays; the rest is asked when its lease ends, and nothing twice."""
    for number in (GERMAN, FRENCH, ITALIAN):
        customer_of(shop, number)
    register = Register(shop)

    def stop(so_far: VatReport) -> None:
        if so_far.total == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(shop, register, progress=stop)
    assert run(shop, register) == VatReport()
    shop.clock.now += VAT_LEASE + timedelta(seconds=1)
    assert run(shop, register).valid == 1
    assert sorted(number for number, _ in register.asked) == sorted([GERMAN, FRENCH, ITALIAN])


def test_a_no_of_a_failing_state_is_asked_again_once(shop: Shop, run: Any) -> None:
    """F25: before or after the failure in the same run; a state that did not fail is believed."""
    others = [f"DE{number:09}" for number in range(2)]
    for number in (others[0], GERMAN, others[1], FRENCH):
        company = Company("X", vat_number=number, vat_status=VatStatus.PENDING)
        owner = shop.account(shop.open_account(f"{number.lower()}@mail.example").account_id)
        shop.storage.write([update(owner, evolve(owner, company=company))])
        shop.storage.write([insert(VatCheckRecord(number=number, due_at=shop.clock.now))])
        shop.clock.forward(seconds=1)
    register = Register(
        shop, **{others[0]: "INVALID", GERMAN: "TIMEOUT", others[1]: "INVALID", FRENCH: "INVALID"}
    )
    assert run(shop, register) == VatReport(invalid=3, unverified=1)
    due = {one.number: one.due_at - shop.clock.now for one in shop.stored(VatCheckRecord)}
    assert due == {
        others[0]: timedelta(hours=1), others[1]: timedelta(hours=1), FRENCH: timedelta(days=24),
        GERMAN: timedelta(minutes=5),
    }  # fmt: skip
    shop.clock.forward(hours=1)
    run(shop, register)
    due = {one.number: one.due_at - shop.clock.now for one in shop.stored(VatCheckRecord)}
    assert due[others[0]] == due[others[1]] == timedelta(days=24)


@pytest.mark.parametrize("code", ["LOCAL_LIMIT", "CIRCUIT_OPEN", "LOCAL_PAUSE"])
def test_what_our_side_did_not_ask_is_given_back(shop: Shop, run: Any, code: str) -> None:
    """RL-06: no answer, no evidence; it waits a minute, and a pause of everybody ends the run."""
    anna = customer_of(shop, GERMAN)
    customer_of(shop, FRENCH)
    register = Register(shop, **{GERMAN: code})
    report = run(shop, register)
    assert (report.unverified, report.paused) == (1, code == "LOCAL_PAUSE")
    assert status(shop, anna) is VatStatus.PENDING
    (waiting,) = (one for one in shop.stored(VatCheckRecord) if one.number == GERMAN)
    assert waiting.due_at == shop.clock.now + timedelta(minutes=1)
    assert [one.number for one in shop.stored(VatEvidenceRecord)] == ([] if report.paused else [FRENCH])


def test_late_confirmations_are_in_the_report(shop: Shop, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """F24: the run tells which orders are exempt after all, also more than one write takes."""
    monkeypatch.setattr(vat_answer, "ORDERS_AT_ONCE", 2)
    for number in range(5):
        provisional(shop, f"r-{number}")
    report = run(shop, Register(shop))
    assert report.valid == 1
    assert sorted(one.reference for one in report.late) == [f"r-{number}" for number in range(5)]


def test_a_run_needs_a_register(shop: Shop, run: Any) -> None:
    """F23: given to the runner or to the call; a run without one is a mistake of the host."""
    with pytest.raises(TypeError, match="register"):
        shop.accounts.check_vat_numbers()
    with pytest.raises(TypeError, match="register"):
        asyncio.run(AsyncAccounts(AsyncMemoryStorage(), shop.settings).check_vat_numbers())
    register = Register(shop)
    own = Accounts(shop.storage, shop.settings, clock=shop.clock, vat_register=register)
    customer_of(shop, GERMAN)
    assert own.check_vat_numbers().valid == 1


@pytest.mark.parametrize("at_once", [1, 4])
def test_workers_in_parallel_ask_each_number_once(tmp_path: Path, at_once: int) -> None:
    """RL-04: eight workers on one database, each with several questions at once, ask every number exactly once."""
    storage = SqlStorage(f"sqlite:///{tmp_path / 'shop.db'}")
    storage.create_schema()
    shop = Shop()
    numbers = [f"DE{number:09}" for number in range(40)]
    wanted = shop.clock.now + timedelta(days=1)
    checks = [VatCheckRecord(number=one, due_at=shop.clock.now, wanted_until=wanted) for one in numbers]
    storage.write([insert(one) for one in checks])
    register = Register(shop)

    def work(_: int) -> int:
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        return accounts.check_vat_numbers(register, at_once=at_once).valid

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(work, range(8))) == 40
    assert sorted(number for number, _ in register.asked) == numbers
    storage.close()
