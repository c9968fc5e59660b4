"""The limits of each member state: by a clock that stands still, and by a server that counts."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_accounts.adapters.vies import AsyncViesRegister, ViesRegister
from customer_accounts.adapters.vies_traffic import StateLimit, Traffic, Turn
from customer_accounts.adapters.vies_transport import HttpAnswer
from customer_accounts.testing.fake_vies import FakeVies, fault, valid
from customer_accounts.vat import VatAnswer, VatNumber, VatStatus, code_meaning

AT = datetime(2026, 11, 22, tzinfo=UTC)


class Clock:
    """A clock that goes on when it is told."""

    now = 100.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def said(code: str) -> VatAnswer:
    """Make an answer with a code."""
    return VatAnswer("DE136695976", code_meaning(code).status, code, AT)


def gone(traffic: Traffic, country: str, code: str) -> None:
    """Ask and be answered."""
    assert traffic.enter(country) == Turn()
    traffic.leave(country, said(code))


class TestLimits:
    """Places and pace."""

    def test_a_state_has_its_places(self) -> None:
        """A full state is looked at again; another one is not concerned; a place that is given back is free."""
        clock = Clock()
        traffic = Traffic(StateLimit(2, 1.0), {"FR": StateLimit(1, 1.0)}, now=clock)

        def enter(country: str) -> str:
            clock.now += 1
            return traffic.enter(country).code

        assert [enter("DE") for _ in range(3)] == ["", "", "LOCAL_LIMIT"]
        assert [enter("FR") for _ in range(2)] == ["", "LOCAL_LIMIT"]
        traffic.leave("DE", None)
        assert enter("DE") == ""

    def test_a_state_has_its_pace(self) -> None:
        """So many questions begin in a second, evenly; each waits exactly until its turn."""
        clock = Clock()
        traffic = Traffic(StateLimit(9, 4.0), now=clock)
        assert traffic.enter("DE") == Turn()
        assert traffic.enter("DE") == Turn(0.25, "LOCAL_LIMIT")
        clock.now += 0.1
        assert traffic.enter("DE").wait == pytest.approx(0.15)
        clock.now += 0.15
        assert traffic.enter("DE") == Turn()

    @pytest.mark.parametrize("limit", [{"at_once": 0}, {"per_second": 0.0}, {"at_once": -1}])
    def test_limits_are_above_zero(self, limit: dict[str, Any]) -> None:
        """A state that is never asked is a mistake of the settings."""
        with pytest.raises(ValueError, match="above zero"):
            StateLimit(**limit)

    @settings(max_examples=100)
    @given(st.lists(st.tuples(st.sampled_from(["DE", "FR"]), st.booleans(), st.floats(0, 0.3)), max_size=60))
    def test_no_sequence_goes_beyond(self, steps: list[tuple[str, bool, float]]) -> None:
        """Whatever comes and goes: never more under way, never more begun in any second, than the limit says."""
        clock, limit = Clock(), StateLimit(2, 5.0)
        traffic, under_way, begun = Traffic(limit, now=clock), Counter[str](), [("", 0.0)]
        for country, comes, later in steps:
            clock.now += later
            if comes and not traffic.enter(country).code:
                under_way[country] += 1
                begun.append((country, clock.now))
            elif not comes and under_way[country]:
                traffic.leave(country, None)
                under_way[country] -= 1
            assert under_way[country] <= limit.at_once
            last_second = [at for one, at in begun if one == country and at > clock.now - 0.99]
            assert len(last_second) <= limit.per_second


class TestBreaker:
    """A state that fails is left alone."""

    def test_it_opens_after_failures_in_a_row(self) -> None:
        """The state alone is left for its time; then one question on trial decides."""
        clock = Clock()
        traffic = Traffic(StateLimit(9, 1e9), failures=3, open_for=60.0, now=clock)
        for _ in range(3):
            clock.now += 1
            gone(traffic, "DE", "MS_UNAVAILABLE")
        assert traffic.enter("DE") == Turn(code="CIRCUIT_OPEN")
        assert traffic.enter("FR") == Turn()
        clock.now += 60
        assert traffic.enter("DE") == Turn()
        assert traffic.enter("DE").code == "CIRCUIT_OPEN"
        traffic.leave("DE", said("TIMEOUT"))
        assert traffic.enter("DE").code == "CIRCUIT_OPEN"
        clock.now += 60
        gone(traffic, "DE", "VALID")
        clock.now += 1
        gone(traffic, "DE", "TIMEOUT")
        clock.now += 1
        assert traffic.enter("DE") == Turn()

    @pytest.mark.parametrize("code", ["VALID", "INVALID", "INVALID_INPUT", "INVALID_REQUESTER_INFO"])
    def test_an_answer_is_no_failure(self, code: str) -> None:
        """A state that answers is well, whatever it says."""
        clock = Clock()
        traffic = Traffic(StateLimit(9, 1e9), failures=2, now=clock)
        for one in ("TIMEOUT", code, "TIMEOUT", code):
            clock.now += 1
            gone(traffic, "DE", one)
        clock.now += 1
        assert traffic.enter("DE") == Turn()

    def test_a_register_that_is_full_for_all_pauses_all(self) -> None:
        """After GLOBAL_* no state is asked until the pause is over."""
        clock = Clock()
        traffic = Traffic(StateLimit(9, 1e9), pause=30.0, now=clock)
        gone(traffic, "DE", "GLOBAL_MAX_CONCURRENT_REQ")
        assert [traffic.enter(one).code for one in ("DE", "FR")] == ["LOCAL_PAUSE", "LOCAL_PAUSE"]
        clock.now += 30
        assert traffic.enter("FR") == Turn()


def _ask(register: ViesRegister, number: str) -> VatAnswer:
    return register.check(VatNumber(number))


@pytest.fixture(name="vies")
def _vies() -> Iterator[FakeVies]:
    """A fake VIES where every number is valid."""
    with FakeVies(valid()) as vies:
        yield vies


class Counting:
    """A transport that notes how many questions to each state are under way, and lets them meet."""

    def __init__(self) -> None:
        self.most: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, url: str, body: bytes, timeout: float, /) -> HttpAnswer:
        """Answer valid."""
        country, digits = body.decode().split('"')[3], body.decode().split('"')[7]
        with self._lock:
            self._now[country] += 1
            self.total[country] += 1
            self.most[country] = max(self.most[country], self._now[country])
        threading.Event().wait(0.002)
        with self._lock:
            self._now[country] -= 1
        told = f'{{"valid":true,"countryCode":"{country}","vatNumber":"{digits}"}}'
        return HttpAnswer(200, told.encode())


def test_sixteen_threads_keep_the_limit_of_each_state() -> None:
    """Many threads share one register: each state sees as many questions at once as its limit, and all are asked."""
    counting = Counting()
    traffic = Traffic(StateLimit(2, 1e9), {"FR": StateLimit(1, 1e9)})
    register = ViesRegister(transport=counting, traffic=traffic, timeout=60)
    numbers = [f"{country}{number:09}" for number in range(30) for country in ("DE", "FR", "IT")]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda one: _ask(register, one), numbers))
    assert {one.status for one in answers} == {VatStatus.VALID}
    assert counting.total == {"DE": 30, "FR": 30, "IT": 30}
    assert counting.most["DE"] <= 2
    assert counting.most["FR"] == 1


def test_tasks_keep_the_limit_of_each_state(vies: FakeVies) -> None:
    """The async twin over real HTTP: the server never sees more at once than the limit."""
    seen: Counter[str] = Counter()
    most: Counter[str] = Counter()
    traffic = Traffic(StateLimit(3, 1e9))
    enter, leave = traffic.enter, traffic.leave

    def entering(country: str) -> Turn:
        turn = enter(country)
        if not turn.code:
            seen[country] += 1
            most[country] = max(most[country], seen[country])
        return turn

    def leaving(country: str, answer: VatAnswer | None) -> None:
        seen[country] -= 1
        leave(country, answer)

    traffic.enter, traffic.leave = entering, leaving  # type: ignore[method-assign]  # watched

    async def many() -> list[VatAnswer]:
        """Ask twenty at once."""
        register = AsyncViesRegister(base_url=vies.url, traffic=traffic, timeout=60)
        return await asyncio.gather(*(register.check(VatNumber(f"DE{one:09}")) for one in range(20)))

    assert {one.status for one in asyncio.run(many())} == {VatStatus.VALID}
    assert (most["DE"], seen["DE"], len(vies.asked)) == (3, 0, 20)


Check = Callable[..., VatAnswer]


@pytest.fixture(name="check", params=["sync", "async"])
def _check(request: pytest.FixtureRequest, vies: FakeVies) -> Check:
    """One check, by either register."""

    def run(number: str = "DE136695976", **given: Any) -> VatAnswer:
        given = {"base_url": vies.url, "attempts": 1, **given}
        if request.param == "sync":
            return ViesRegister(**given).check(VatNumber(number))
        return asyncio.run(AsyncViesRegister(**given).check(VatNumber(number)))

    return run


def test_what_is_not_asked_says_so(check: Check, vies: FakeVies) -> None:
    """A full state, a failing one and a pause: unverified, nothing was sent, and no retry is begun."""
    full = Traffic(StateLimit(1, 1e9))
    full.enter("DE")
    failing, paused = Traffic(failures=1), Traffic()
    gone(failing, "DE", "TIMEOUT")
    gone(paused, "FR", "GLOBAL_MAX_CONCURRENT_REQ")
    told = [check(traffic=one, timeout=0.05, attempts=3) for one in (full, failing, paused)]
    assert [one.code for one in told] == ["LOCAL_LIMIT", "CIRCUIT_OPEN", "LOCAL_PAUSE"]
    assert {one.status for one in told} == {VatStatus.UNVERIFIED}
    assert {one.retry for one in told} == {"not_asked"}
    assert vies.asked == []


def test_a_place_is_waited_for(check: Check) -> None:
    """A question that has to wait for its turn is asked when it comes."""
    traffic = Traffic(StateLimit(1, 20.0))
    assert [check(traffic=traffic, timeout=30).status for _ in range(3)] == [VatStatus.VALID] * 3


@pytest.mark.parametrize("code", ["IP_BLOCKED", "VAT_BLOCKED"])
def test_a_block_raises_the_alarm(check: Check, vies: FakeVies, code: str) -> None:
    """The callback is told at once, nothing is tried again; a callback that fails harms nothing."""
    vies.set("DE136695976", fault(code), valid())
    alarms: list[str] = []
    assert check(on_alarm=lambda answer: alarms.append(answer.code), attempts=5).code == code
    assert (alarms, len(vies.asked)) == ([code], 1)
    vies.set("DE136695976", fault(code))
    assert check(on_alarm=lambda answer: 1 / 0).code == code
    vies.set("DE136695976", fault("TIMEOUT"))
    assert check(on_alarm=lambda answer: alarms.append(answer.code)).code == "TIMEOUT"
    assert alarms == [code]


def test_a_question_that_is_given_up_gives_its_place_back() -> None:
    """A cancelled task, and a transport that raises, leave no place taken."""
    traffic = Traffic(StateLimit(1, 1e9))

    def broken(url: str, body: bytes, timeout: float, /) -> HttpAnswer:
        raise RuntimeError("a fault of the host's transport")

    with pytest.raises(RuntimeError, match="host"):
        ViesRegister(transport=broken, traffic=traffic).check(VatNumber("DE136695976"))
    assert traffic.enter("DE") == Turn()
