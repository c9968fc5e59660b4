"""The mail worker that runs forever: sync and async by the same scenarios, on scripted pauses."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any, cast

import pytest
from pydantic import SecretStr

from customer_accounts.accounts import Accounts, async_mail_worker, mail_worker
from customer_accounts.accounts.mail_delivery import LEASE, DeliveryReport
from customer_accounts.accounts.mail_run import MailMetrics, Pace
from customer_accounts.actors import Agent, System
from customer_accounts.features.registration import Register
from customer_accounts.outbox import EventKind, MailRecord, MailStatus
from customer_accounts.ports import MailError
from tests.accounts.doubles import NOT_NOW, REFUSED_FOR_GOOD, Driver, Postbox
from tests.accounts.test_runners import VISITOR
from tests.shop import PASSWORD

PACE = Pace(idle=5, first_pause=1, longest_pause=8)
DOWN = MailError("no mail server: ConnectionRefusedError", outage=True)


@pytest.fixture(name="kind", params=["sync", "async"])
def _kind(request: pytest.FixtureRequest) -> str:
    """Which runner."""
    kind: str = request.param
    return kind


class Script:
    """Runs a worker; whenever it pauses, the clock goes on and the next step is taken, and after the last it stops."""

    def __init__(self, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        self.driver = driver
        self.waits: list[float] = []
        self.steps: list[Callable[[], None]] = []
        self.stop: Any = threading.Event() if driver.kind == "sync" else asyncio.Event()
        monkeypatch.setattr(mail_worker, "_until", self._paused)
        monkeypatch.setattr(async_mail_worker, "_until", self._paused_async)

    def _paused(self, stop: Any, seconds: float) -> None:
        assert stop is self.stop
        self.waits.append(seconds)
        self.driver.clock.forward(seconds=seconds)
        if self.steps:
            self.steps.pop(0)()
        else:
            stop.set()

    async def _paused_async(self, stop: Any, seconds: float) -> None:
        self._paused(stop, seconds)

    def run(self, mailer: Any, *steps: Callable[[], None], **options: Any) -> DeliveryReport:
        """Run the worker until the steps are taken."""
        self.steps = list(steps)
        wrapped = self.driver._wrap(mailer)
        work = self.driver.accounts.run_mail_worker(wrapped, stop=self.stop, pace=PACE, **options)
        return cast("DeliveryReport", self.driver.run(work))


@pytest.fixture(name="driver")
def _driver(kind: str) -> Driver:
    """A runner on a storage in memory."""
    return Driver(kind)


@pytest.fixture(name="script")
def _script(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Script:
    """A worker whose pauses are scripted."""
    return Script(driver, monkeypatch)


def registers(driver: Driver, *names: str) -> None:
    """Queue a mail for each name; sync, so that it can be done while an async worker runs."""
    shop = Accounts(driver.storage, driver.accounts.settings, hasher=driver.hasher, clock=driver.clock)
    for name in names:
        shop.require(Register(email=f"{name}@mail.example", password=SecretStr(PASSWORD)), by=VISITOR)


def mails(driver: Driver) -> list[MailRecord]:
    """Give the rows of the outbox."""
    return list(driver.storage._tables.mails.values())


def nothing() -> None:
    """A pause in which nothing happens."""


class Acting(Postbox):
    """A mailer that does something before each message."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self._act = act

    def send(self, message: EmailMessage, /) -> str:
        """Act, then keep the message."""
        self._act()
        return super().send(message)


class Failing:
    """Makes calls of a storage fail, so many times."""

    def __init__(self, driver: Driver, method: str, times: int) -> None:
        self.left = times
        real = getattr(driver.storage, method)

        def call(*given: Any, **named: Any) -> Any:
            if self.left:
                self.left -= 1
                raise ConnectionError("the database is away")
            return real(*given, **named)

        setattr(driver.storage, method, call)


def test_it_goes_on_until_it_is_told_to_stop(driver: Driver, script: Script) -> None:
    """What waits is sent at once; an empty outbox is looked at every few seconds, and what came meanwhile is sent."""
    registers(driver, "anna", "bert")
    postbox = Postbox()
    report = script.run(postbox, nothing, nothing, lambda: registers(driver, "carl"), nothing)
    assert [one["To"].split("@")[0] for one in postbox.messages] == ["anna", "bert", "carl"]
    assert script.waits == [0, 5, 5, 0, 5]
    assert report == DeliveryReport(sent=3)


def test_a_storage_that_is_away_is_waited_for(driver: Driver, script: Script) -> None:
    """RL-09: pauses double up to a longest one, with jitter; once the storage is back, they begin anew."""
    registers(driver, "anna")
    Failing(driver, "lease", 5)
    postbox = Postbox()

    def away_again() -> None:
        Failing(driver, "lease", 1)

    report = script.run(postbox, *[nothing] * 6, away_again)
    assert report.sent == 1
    for wait, expected in zip(script.waits, (1, 2, 4, 8, 8, 0, 5, 1), strict=True):
        assert expected <= wait <= expected * 1.25


def test_what_was_sent_is_not_sent_again_because_the_storage_was_away(driver: Driver, script: Script) -> None:
    """RL-03: the worker remembers that it sent the mail, and says so when the storage is back."""
    registers(driver, "anna", "bert")
    Failing(driver, "finish", 2)
    postbox = Postbox()
    script.run(postbox, nothing, nothing, nothing)
    assert len(postbox.messages) == 2
    assert [one.status for one in mails(driver)] == [MailStatus.SENT] * 2


@pytest.mark.parametrize("method", ["fail", "release"])
def test_no_word_about_a_mail_is_lost(driver: Driver, script: Script, method: str) -> None:
    """RL-06: a failed try and a mail that is given back are told to the storage once it is back."""
    registers(driver, "anna", "bert", "carl")
    Failing(driver, method, 1)
    postbox = Postbox(DOWN)

    def mend() -> None:
        postbox.fault = None
        driver.clock.forward(minutes=2)

    script.run(postbox, nothing, mend, nothing)
    assert sorted(one.attempts for one in mails(driver)) in ([1, 1, 2], [1, 2, 2])
    assert [one.status for one in mails(driver)] == [MailStatus.SENT] * 3


def test_an_outage_of_the_mail_server_costs_one_try(driver: Driver, script: Script) -> None:
    """RL-06: when the server takes nothing, one mail finds out; the others are given back and the worker pauses."""
    registers(driver, "anna", "bert", "carl")
    postbox = Postbox(DOWN)
    seen: list[list[int]] = []

    def look() -> None:
        seen.append([one.attempts for one in mails(driver)])
        assert all(one.leased_until is None for one in mails(driver))

    report = script.run(postbox, look, look)
    assert seen == [[1, 0, 0], [1, 1, 0]]
    assert report == DeliveryReport(failed=3)
    for wait, expected in zip(script.waits, (1, 2, 4), strict=True):
        assert expected <= wait <= expected * 1.25


def test_one_run_ends_with_the_outage(driver: Driver) -> None:
    """A single run does not try every mail on a server that takes none."""
    registers(driver, "anna", "bert", "carl")
    assert driver.deliver(Postbox(DOWN)) == DeliveryReport(failed=1)
    assert driver.deliver(Postbox()) == DeliveryReport(sent=2)


def test_a_refusal_of_one_mail_stops_no_other(driver: Driver, script: Script) -> None:
    """A fault that is only this mail's lets the worker go on with the next one."""
    registers(driver, "anna", "bert")
    faults = [REFUSED_FOR_GOOD, NOT_NOW]
    postbox = Postbox()

    def act() -> None:
        raise faults.pop()

    report = script.run(Acting(act), nothing)
    assert report == DeliveryReport(failed=1, dead=1)
    assert script.waits == [0, 5]
    assert postbox.messages == []


def test_it_finishes_the_mail_in_hand_and_gives_back_the_rest(driver: Driver, script: Script) -> None:
    """RL-04: told to stop, the worker sends no further mail, and nobody waits for its leases to end."""
    registers(driver, "anna", "bert", "carl")
    report = script.run(Acting(script.stop.set))
    assert report == DeliveryReport(sent=1)
    assert [one.status for one in mails(driver)] == [MailStatus.SENT, MailStatus.QUEUED, MailStatus.QUEUED]
    assert all((one.attempts, one.leased_until) == (0, None) for one in mails(driver)[1:])
    assert driver.deliver(Postbox()).sent == 2


def test_a_mail_is_begun_only_while_enough_of_its_lease_is_left(driver: Driver, script: Script) -> None:
    """RL-04: a slow server makes a worker give back and lease again, so that nobody else begins the same mail."""
    registers(driver, *"abcdef")
    left: list[timedelta] = []

    def act() -> None:
        (mail,) = [one for one in mails(driver) if one.masked_to.startswith("abcdef"[len(left)])]
        assert mail.leased_until is not None
        left.append(mail.leased_until - driver.clock())
        driver.clock.forward(minutes=1)

    script.run(Acting(act), nothing)
    assert len(left) == 6
    assert min(left) >= LEASE / 2
    assert {one.status for one in mails(driver)} == {MailStatus.SENT}
    assert {one.attempts for one in mails(driver)} == {1}


@pytest.mark.parametrize("kind", ["sync"])
def test_an_interrupted_worker_gives_everything_back(driver: Driver, script: Script) -> None:
    """Ctrl-C in the middle of a message: nobody knows whether it went out, so it is sent again, and at once."""
    registers(driver, "anna", "bert")

    def act() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        script.run(Acting(act))
    assert all((one.attempts, one.leased_until) == (0, None) for one in mails(driver))


@pytest.mark.parametrize("kind", ["async"])
def test_a_cancelled_worker_gives_everything_back(driver: Driver) -> None:
    """RL-03: cancelled while it sends, waits or writes, a worker leaves no lease behind and loses no word."""
    registers(driver, "anna", "bert")
    started = asyncio.Event()

    class Hanging:
        async def send(self, message: EmailMessage, /) -> str:
            started.set()
            await asyncio.Event().wait()
            return "never"

    async def scenario() -> None:
        """Cancel the worker in the middle."""
        task = asyncio.create_task(driver.accounts.run_mail_worker(Hanging()))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert all((one.attempts, one.leased_until) == (0, None) for one in mails(driver))


@pytest.mark.parametrize("kind", ["async"])
def test_a_mail_that_was_sent_is_marked_although_the_worker_is_cancelled(driver: Driver) -> None:
    """RL-03: cancelled between sending and marking, the worker marks the mail before it ends."""
    registers(driver, "anna")
    postbox = Postbox()
    reached = asyncio.Event()
    real = driver.accounts._storage.finish

    async def finish(*given: Any) -> None:
        """Mark the mail, but not the first time."""
        if not reached.is_set():
            reached.set()
            await asyncio.Event().wait()
        await real(*given)

    driver.accounts._storage.finish = finish

    async def scenario() -> None:
        """Cancel the worker in the middle."""
        task = asyncio.create_task(driver.accounts.run_mail_worker(driver._wrap(postbox)))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert [one.status for one in mails(driver)] == [MailStatus.SENT]
    assert driver.deliver(postbox).total == 0


def test_a_storage_that_stays_away_does_not_hold_up_the_end(driver: Driver, script: Script) -> None:
    """Told to stop while the storage is away, the worker ends; its leases end by themselves."""
    registers(driver, "anna")
    Failing(driver, "finish", 99)
    postbox = Postbox()
    script.run(postbox)
    driver.clock.forward(minutes=5, seconds=1)
    del driver.storage.finish
    assert driver.deliver(postbox).sent == 1
    assert postbox.messages[0]["Message-ID"] == postbox.messages[1]["Message-ID"]


def test_the_pauses_are_real(driver: Driver) -> None:
    """Without a script, the worker really waits, and an event that is set wakes it at once."""
    stop: Any = threading.Event() if driver.kind == "sync" else asyncio.Event()
    rounds: list[MailMetrics] = []

    def told(metrics: MailMetrics) -> None:
        rounds.append(metrics)
        if len(rounds) == 3:
            stop.set()

    pace = Pace(idle=0.001)
    driver.run(
        driver.accounts.run_mail_worker(driver._wrap(Postbox()), stop=stop, pace=pace, on_metrics=told)
    )
    assert len(rounds) == 3


def test_metrics_are_told_after_each_round(driver: Driver, script: Script) -> None:
    """Queued, dead and the age of the oldest as they are, sent and failed since the worker began."""
    registers(driver, "anna", "bert")
    driver.clock.forward(seconds=30)
    told: list[MailMetrics] = []
    faults = [NOT_NOW]

    def act() -> None:
        if faults:
            raise faults.pop()

    script.run(Acting(act), nothing, on_metrics=told.append)
    done = DeliveryReport(sent=1, failed=1)
    assert told == [
        MailMetrics(1, 0, timedelta(seconds=30), done),
        MailMetrics(1, 0, timedelta(seconds=30), done),
    ]


def test_a_broken_monitor_stops_no_mail(driver: Driver, script: Script) -> None:
    """The callback's own faults are logged, and the worker goes on at its pace."""
    registers(driver, "anna")

    def broken(metrics: MailMetrics) -> None:
        raise ValueError("no such gauge")

    assert script.run(Postbox(), nothing, on_metrics=broken).sent == 1
    assert script.waits == [0, 5]


def test_metrics_on_demand(driver: Driver) -> None:
    """Without a worker, the numbers of the moment are there for a page of the shop's own."""
    assert driver.run(driver.accounts.mail_metrics()) == MailMetrics(0, 0, None)
    registers(driver, "anna", "bert")
    driver.deliver(Postbox(REFUSED_FOR_GOOD), limit=1)
    driver.clock.forward(minutes=3)
    assert driver.run(driver.accounts.mail_metrics()) == MailMetrics(1, 1, timedelta(minutes=3))


def test_dead_mails_are_listed_and_queued_again(driver: Driver) -> None:
    """RL-06, LG-02: what was given up is found page by page, queued again by name, and recorded with who did it."""
    registers(driver, "anna", "bert")
    assert driver.deliver(Postbox(REFUSED_FOR_GOOD)).dead == 2
    (first,) = driver.run(driver.accounts.dead_mails(limit=1))
    (second,) = driver.run(driver.accounts.dead_mails(after=first, limit=9))
    assert {first.masked_to, second.masked_to} == {"a***@mail.example", "b***@mail.example"}
    assert driver.run(driver.accounts.requeue_mail(first, by=Agent("17")))
    assert not driver.run(driver.accounts.requeue_mail(first, by=System("cron")))
    event = driver.announced[-1]
    assert (event.kind, event.actor, event.email) == (EventKind.MAIL_REQUEUED, "agent:17", first.masked_to)
    assert event in driver.storage._tables.events
    assert driver.deliver(Postbox()).sent == 1
    assert [one.id for one in driver.run(driver.accounts.dead_mails())] == [second.id]


def test_a_storage_may_have_no_outbox(kind: str) -> None:
    """A host's own storage sends all mails without telling about them; who asks is told so."""
    driver = Driver(kind)

    class Bare:
        def __init__(self, behind: Any) -> None:
            for name in ("read", "write", "lease", "finish", "fail", "release"):
                setattr(self, name, getattr(behind, name))

    driver.accounts._storage = Bare(driver.accounts._storage)
    registers(driver, "anna")
    assert driver.deliver(Postbox()).sent == 1
    asks: tuple[Callable[[], Any], ...] = (
        driver.accounts.mail_metrics,
        driver.accounts.dead_mails,
        lambda: driver.accounts.run_mail_worker(Postbox(), on_metrics=print),
    )
    for ask in asks:
        with pytest.raises(TypeError, match=r"Bare is no customer_accounts\.ports\.Outbox"):
            driver.run(ask())
