"""The two runners: admitted, counted, read, decided, written, told. The same scenarios for sync and async."""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from customer_accounts.account import RegistrationRecord
from customer_accounts.accounts import Accounts, AsyncAccounts, steps
from customer_accounts.accounts.mail_delivery import LEASE, DeliveryReport
from customer_accounts.actors import Agent, SignedInCustomer, System, Visitor
from customer_accounts.adapters.memory import AsyncMemoryStorage, MemoryStorage
from customer_accounts.changes import insert
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.errors import (
    ConflictError,
    CustomerAccountsError,
    RefusedError,
    SettingsError,
    StaleWriteError,
)
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.lookup import Lookup
from customer_accounts.features.registration import InspectRegistration, Register, Registered
from customer_accounts.features.sign_in import SignIn
from customer_accounts.features.timeline import EventEntry, MailEntry, RegistrationEntry
from customer_accounts.issue import event_of, record_event
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind, MailStatus, MailTask, Queue
from customer_accounts.password_policy import BreachCheck
from customer_accounts.ports import MailError
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings
from customer_accounts.testing import cheap_settings
from tests.accounts.doubles import (
    NOT_NOW,
    REFUSED_FOR_GOOD,
    Breached,
    CountingStorage,
    Driver,
    Limiter,
    Postbox,
)
from tests.shop import BROWSER, PASSWORD

VISITOR = Visitor(ip="203.0.113.7", browser=BROWSER)


def _register(email: str = "anna@mail.example", password: str = PASSWORD) -> Register:
    return Register(email=email, password=SecretStr(password))


@pytest.fixture(name="kind", params=["sync", "async"])
def _kind(request: pytest.FixtureRequest) -> str:
    """Which runner."""
    kind: str = request.param
    return kind


@pytest.fixture(name="driver")
def _driver(kind: str) -> Driver:
    """A runner on a storage that counts."""
    return Driver(kind)


class _Ask(Command):
    """A command for these tests, answered by whatever the test puts into ``outcome``."""

    actors: ClassVar = (Visitor, SignedInCustomer)
    outcome: ClassVar[Any] = None

    def scope(self, actor: Visitor | SignedInCustomer, env: Env, /) -> Scope:
        return Scope(parts=frozenset({Part.TOKENS}))

    def decide(self, facts: Facts, env: Env, actor: Visitor | SignedInCustomer, /) -> Decision[str] | Refusal:
        outcome: Decision[str] | Refusal = type(self).outcome(facts, env, actor)
        return outcome


class TestAdmission:
    """Who may ask."""

    @pytest.mark.parametrize("actor", [Agent("17"), System(), "anna", None])
    def test_others_are_refused_before_the_storage(self, driver: Driver, actor: Any) -> None:
        """An actor that the command does not accept is refused, and nothing is read."""
        refused = driver.handle(_register(), actor)
        assert refused == Refused(Reason.NOT_ALLOWED)
        assert driver.storage.reads == []

    def test_what_is_no_command_is_refused(self, driver: Driver) -> None:
        """A look-alike that did not come through validation is not run."""
        assert driver.handle(object(), VISITOR) == Refused(Reason.NOT_ALLOWED)

    def test_an_unknown_storefront_is_refused(self, driver: Driver) -> None:
        """TK-10: no mail leads to a storefront that the settings do not know."""
        refused = driver.handle(_register(), Visitor(browser=BROWSER, storefront="it"))
        assert refused == Refused(Reason.UNKNOWN_STOREFRONT)

    @pytest.mark.parametrize(("epoch", "ended"), [(1, False), (2, True), (0, True)])
    def test_a_session_of_another_epoch_has_ended(self, driver: Driver, epoch: int, ended: bool) -> None:
        """SE-01: every command of a signed-in customer compares the session with the account."""
        driver.require(_register(), VISITOR)
        _Ask.outcome = lambda *_: Decision("yes")
        confirmed = driver.require(ConfirmEmail(code=_code(driver)), VISITOR)
        answer = driver.handle(_Ask(), SignedInCustomer(confirmed.account_id, epoch))
        assert answer == (Refused(Reason.SESSION_ENDED) if ended else "yes")

    def test_a_session_without_an_account_has_ended(self, driver: Driver) -> None:
        """SE-02: there is nobody to be signed in as."""
        from uuid import UUID

        answer = driver.handle(_Ask(), SignedInCustomer(UUID(int=1), 1))
        assert answer == Refused(Reason.SESSION_ENDED)


def _code(driver: Driver) -> str:
    from customer_accounts.token import TokenRecord, short_code

    (token,) = driver.storage._tables.all(TokenRecord)
    return short_code(driver.accounts.settings.secret, token.token_id)


@pytest.mark.parametrize(
    "make",
    [
        lambda clock: Accounts(MemoryStorage(), cheap_settings(), clock=clock),
        lambda clock: AsyncAccounts(AsyncMemoryStorage(), cheap_settings(), clock=clock),
    ],
    ids=["sync", "async"],
)
def test_a_clock_without_a_zone_is_refused(make: Callable[[Callable[[], datetime]], object]) -> None:
    """A time that does not say where it is would be taken for the machine's own, hours from what the shop meant."""
    with pytest.raises(SettingsError, match="without a zone"):
        make(lambda: datetime(2026, 11, 23, 9, 0))  # noqa: DTZ001 - what is refused


def test_an_async_storage_is_refused() -> None:
    """A storage that has to be awaited would be asked, and never answer."""
    storage: Any = AsyncMemoryStorage()
    with pytest.raises(TypeError, match="AsyncAccounts takes this one"):
        Accounts(storage, cheap_settings())


class TestClockOfABerliner:
    """A clock with the zone of the shop, in the night of 25 October 2026: the hour from 02:00 to 03:00 comes twice."""

    @pytest.fixture(name="driver")
    def _driver(self, kind: str) -> Driver:
        """A runner in the second of the two hours."""
        driver = Driver(kind)
        driver.clock.now = datetime(2026, 10, 25, 2, 10, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
        return driver

    def test_a_mail_that_failed_waits(self, driver: Driver) -> None:
        """RL-06: the next try is a minute later, not an hour ago; all tries were used up within seconds."""
        driver.require(_register(), VISITOR)
        begun = driver.clock.now.astimezone(UTC)
        assert driver.deliver(Postbox(NOT_NOW)).failed == 1
        (mail,) = driver.storage._tables.mails.values()
        assert timedelta(minutes=1) <= mail.due_at - begun <= timedelta(minutes=1.25)
        assert driver.deliver(Postbox(NOT_NOW)).total == 0

    def test_a_mail_is_leased_for_as_long_as_ever(
        self, driver: Driver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """RL-04: leases ended in the hour before, and the worker took and gave back the same mails without end."""
        driver.require(_register(), VISITOR)
        leased: list[timedelta] = []
        lease: Callable[..., Any] = driver.storage.lease

        def watched(queue: Queue, /, *, limit: int, now: datetime, until: datetime) -> Any:
            leased.append(until.astimezone(UTC) - now.astimezone(UTC))
            return lease(queue, limit=limit, now=now, until=until)

        monkeypatch.setattr(driver.storage, "lease", watched)
        assert driver.deliver(Postbox()).sent == 1
        assert set(leased) == {LEASE}

    def test_tries_are_counted_over_the_hours_as_they_pass(self, kind: str) -> None:
        """AB-05: in the spring, when an hour is left out, no try is forgotten before its time."""
        driver = Driver(kind)
        begin = datetime(2026, 3, 29, 0, 58, tzinfo=UTC)
        answers = []
        for number in range(40):
            driver.clock.now = (begin + timedelta(seconds=10 * number)).astimezone(ZoneInfo("Europe/Berlin"))
            answers.append(driver.handle(_register(), VISITOR))
        refused = [isinstance(one, Refused) for one in answers]
        assert refused == sorted(refused)
        assert refused[-1]


class TestLimits:
    """Counting before reading."""

    def test_over_the_limit_ends_before_the_read(self, kind: str) -> None:
        """AB-05, AB-06: refused with the time to wait, announced, nothing read or hashed."""
        driver = Driver(kind, limiter=Limiter(wait=timedelta(minutes=3)))
        refused = driver.handle(_register(), VISITOR)
        assert refused == Refused(Reason.TOO_MANY_ATTEMPTS, retry_after=timedelta(minutes=3))
        assert (driver.storage.reads, driver.hasher.hashes) == ([], 0)
        (event,) = driver.announced
        assert (event.kind, event.detail) == (EventKind.LIMITED, "register_network")

    def test_an_outage_of_the_limiter_leaves_registration_open(self, kind: str) -> None:
        """AB-07, RL-09: a limiter that is down stops no registration, and is announced."""
        driver = Driver(kind, limiter=Limiter(fault=OSError("down")))
        assert isinstance(driver.handle(_register(), VISITOR), Registered)
        assert {event.kind for event in driver.announced} >= {EventKind.LIMITER_DOWN}

    def test_an_outage_of_the_limiter_closes_codes(self, kind: str) -> None:
        """AB-07, RL-10: guesses that nobody counts are not let through."""
        driver = Driver(kind, limiter=Limiter(fault=OSError("down")))
        driver.require(_register(), VISITOR)
        refused = driver.handle(ConfirmEmail(code=_code(driver)), VISITOR)
        assert refused == Refused(Reason.BUSY)
        assert refused.http_status == 503

    def test_all_goes_on_below_the_limit(self, kind: str) -> None:
        """AB-01, AB-02: address and network are counted under the canonical key."""
        limiter = Limiter()
        driver = Driver(kind, limiter=limiter)
        driver.require(_register("ANNA@Mail.Example"), VISITOR)
        assert limiter.keys == [
            "register_network:203.0.113.7",
            "register_address:anna@mail.example 203.0.113.7",
            "register_address_everywhere:anna@mail.example",
        ]


class TestReadDecideWrite:
    """The cycle."""

    def test_one_read_and_one_write(self, driver: Driver) -> None:
        """RL-01: a registration is one read and one write with everything in it."""
        driver.require(_register(), VISITOR)
        assert (len(driver.storage.reads), len(driver.storage.writes)) == (1, 1)

    def test_a_query_writes_nothing(self, driver: Driver) -> None:
        """A decision without changes never calls write."""
        driver.require(_register(), VISITOR)
        driver.require(InspectRegistration(), VISITOR)
        assert len(driver.storage.writes) == 1

    @pytest.mark.parametrize("lost", [1, 4])
    def test_a_lost_race_is_decided_again_without_hashing_again(self, driver: Driver, lost: int) -> None:
        """CC-05, EN-03: up to four lost races are made good, with one hash computation in all."""
        driver.storage.lose = lost
        assert isinstance(driver.handle(_register(), VISITOR), Registered)
        assert len(driver.storage.reads) == lost + 1
        assert driver.hasher.hashes == 1
        assert len(driver.storage._tables.all(RegistrationRecord)) == 1

    def test_five_lost_races_are_a_conflict(self, driver: Driver) -> None:
        """CC-05: then the host is told, and nothing is written or announced."""
        driver.storage.lose = 5
        with pytest.raises(ConflictError, match="Register"):
            driver.handle(_register(), VISITOR)
        assert driver.announced == []
        assert driver.storage._tables.all(RegistrationRecord) == []

    def test_a_refusal_may_write_too(self, driver: Driver) -> None:
        """TK-09: a wrong try is counted although it is refused, in the first write that wins."""
        driver.require(_register(), VISITOR)
        driver.storage.lose = 1
        driver.handle(ConfirmEmail(code="AAAAAAAA"), VISITOR)
        (pending,) = driver.storage._tables.all(RegistrationRecord)
        assert pending.code_tries == 1

    def test_require_raises_what_handle_returns(self, driver: Driver) -> None:
        """Refusals are values; `require` turns them into one exception that holds the value."""
        with pytest.raises(RefusedError, match="email_invalid") as caught:
            driver.require(_register("anna"), VISITOR)
        assert caught.value.refused == driver.handle(_register("anna"), VISITOR)

    def test_a_busy_hasher_is_a_refusal(self, driver: Driver) -> None:
        """HS-05: overload is told as such, and nothing is written."""
        driver.hasher.busy = True
        assert driver.handle(_register(), VISITOR) == Refused(Reason.BUSY)
        assert driver.storage.writes == []

    def test_a_storage_that_fails_stops_the_command(self, driver: Driver) -> None:
        """RL-10: an error of the storage is no result; the host sees it as it is."""
        driver.storage.read = _raising(OSError("disk"))  # type: ignore[method-assign]  # a fault on purpose
        with pytest.raises(OSError, match="disk"):
            driver.handle(_register(), VISITOR)

    def test_within_works_on_the_joined_storage(self, driver: Driver) -> None:
        """Inside the host's transaction the same rules and limits hold, on the storage that joined it."""
        joined = CountingStorage()
        driver.storage.within = lambda connection: joined  # type: ignore[attr-defined]  # what a real storage has
        if driver.kind == "async":
            driver.accounts._storage.within = lambda connection: AsyncMemoryStorage(joined)
        answer = driver.run(driver.accounts.within(object()).handle(_register(), by=VISITOR))
        assert isinstance(answer, Registered)
        assert (len(joined.writes), len(driver.storage.writes)) == (1, 0)

    def test_no_mail_is_sent_inside_of_a_hosts_transaction(self, driver: Driver) -> None:
        """Were the transaction rolled back, what was sent would go out again."""
        driver.storage.within = lambda connection: driver.storage  # type: ignore[attr-defined]  # what a real storage has
        if driver.kind == "async":
            driver.accounts._storage.within = lambda connection: driver.accounts._storage
        inside: Any = driver.accounts.within(object())
        for deliver in (inside.deliver_mail, inside.run_mail_worker):
            with pytest.raises(TypeError, match="outside of the host's transaction"):
                driver.run(deliver(object()))

    def test_a_memory_storage_joins_no_transaction(self, driver: Driver) -> None:
        """A storage that cannot join the host's transaction says so."""
        with pytest.raises(TypeError, match="cannot join"):
            driver.accounts.within(object())


def _raising(fault: Exception) -> Any:
    def call(*_: object) -> Any:
        raise fault

    return call


class TestReading:
    """What is known when a command is decided."""

    def test_a_second_reading_adds_to_the_first(self, driver: Driver) -> None:
        """A command whose first reading says about whom reads once more; a lost race reads both again."""
        driver.require(_register(), VISITOR)
        driver.storage.reads.clear()
        driver.storage.lose = 1
        found = driver.require(Lookup(email="anna@mail.example", reason="asked"), Agent("17"))
        assert [one.parts for one in driver.storage.reads] == [
            frozenset({Part.ACCOUNTS}),
            frozenset({Part.HISTORY, Part.VAT_CHECKS}),
        ] * 2
        assert {type(one) for one in found.entries} == {RegistrationEntry, EventEntry, MailEntry}


class TestEvents:
    """What the host is told."""

    def test_after_the_commit(self, driver: Driver) -> None:
        """LG-02: what was written is announced, once."""
        driver.require(_register(), VISITOR)
        assert [one.kind for one in driver.announced] == [EventKind.REGISTRATION_REQUESTED]
        assert driver.storage._tables.events == driver.announced

    def test_a_failing_callback_stops_nothing(self, driver: Driver, caplog: pytest.LogCaptureFixture) -> None:
        """RL-09: the command stands; the fault is logged without anything secret."""
        driver.sink_fault = ValueError("sink")
        assert isinstance(driver.handle(_register(), VISITOR), Registered)
        assert "callback failed" in caplog.text
        assert PASSWORD not in caplog.text

    def test_nobody_needs_to_listen(self, kind: str) -> None:
        """A host without a callback is served too."""
        driver = Driver(kind)
        around = driver.accounts._around
        around.announce([])
        from attrs import evolve

        driver.accounts._around = evolve(around, on_event=None)
        assert isinstance(driver.handle(_register(), VISITOR), Registered)

    @pytest.mark.parametrize("fault", [None, StaleWriteError("Account"), OSError("disk")])
    def test_a_write_afterwards_never_fails_the_command(
        self, driver: Driver, fault: Exception | None
    ) -> None:
        """HS-03, HS-04: a lost rehash is silent, a failed one is announced, the success stands."""

        def outcome(facts: Facts, env: Env, actor: Visitor) -> Decision[str]:
            event = record_event(env, actor, EventKind.PASSWORD_REHASHED)
            return Decision(
                "yes",
                changes=(event,),
                afterwards=(event,),
                announce=(event_of(env, actor, EventKind.SIGNED_IN),),
            )

        _Ask.outcome = outcome
        driver.storage.break_afterwards = fault
        assert driver.handle(_Ask(), VISITOR) == "yes"
        kinds = [one.kind for one in driver.announced]
        assert kinds[:2] == [EventKind.PASSWORD_REHASHED, EventKind.SIGNED_IN]
        assert (EventKind.REHASH_FAILED in kinds) is isinstance(fault, OSError)
        assert len(driver.storage.writes) == 2

    def test_the_result_may_depend_on_the_counts(self, driver: Driver) -> None:
        """A decision can read its result off what the write did."""
        _Ask.outcome = lambda *_: Decision("before", counted=lambda counts: f"after {dict(counts.moved)}")
        assert driver.handle(_Ask(), VISITOR) == "after {}"


class TestBreachCheck:
    """The optional check for breached passwords."""

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (BreachCheck.FOUND, Reason.PASSWORD_BREACHED),
            (BreachCheck.NOT_FOUND, None),
            (BreachCheck.UNAVAILABLE, None),
            (OSError("down"), None),
        ],
    )
    def test_refuses_what_is_found_only(self, kind: str, answer: Any, reason: Reason | None) -> None:
        """PW-08: a breached password is refused; an outage refuses nobody and is announced."""
        breached = Breached(answer)
        driver = Driver(kind, breached=breached)
        result = driver.handle(_register(), VISITOR)
        assert (result.reason if isinstance(result, Refused) else None) is reason
        down = [one for one in driver.announced if one.kind is EventKind.BREACH_CHECK_DOWN]
        assert len(down) == (1 if reason is None and answer is not BreachCheck.NOT_FOUND else 0)

    def test_is_asked_once_also_when_decided_again(self, kind: str) -> None:
        """PW-08: lost races do not multiply the calls to the service."""
        breached = Breached(BreachCheck.NOT_FOUND)
        driver = Driver(kind, breached=breached)
        driver.storage.lose = 3
        driver.handle(_register(), VISITOR)
        assert breached.asked == [PASSWORD]

    @pytest.mark.parametrize("password", ["", "x" * 1025])
    def test_is_not_asked_about_what_the_policy_refuses_anyway(self, kind: str, password: str) -> None:
        """PW-03: an empty or a huge password leaves the house in no form."""
        breached = Breached(BreachCheck.NOT_FOUND)
        driver = Driver(kind, breached=breached)
        driver.handle(_register(password=password), VISITOR)
        driver.handle(Register(email="b@mail.example", generate_password=True), VISITOR)
        assert breached.asked == []

    def test_is_not_asked_where_no_password_is_set(self, kind: str) -> None:
        """PW-08: a password that somebody signs in with, rightly or not, leaves the house in no form."""
        breached = Breached(BreachCheck.NOT_FOUND)
        driver = Driver(kind, breached=breached)
        driver.handle(SignIn(email="anna@mail.example", password=SecretStr(PASSWORD)), VISITOR)
        assert breached.asked == []


class TestMail:
    """The mail worker."""

    def test_sends_what_waits_once(self, driver: Driver) -> None:
        """RL-02, RL-03: sent with the reply kept; a second run finds nothing."""
        driver.require(_register(), VISITOR)
        postbox = Postbox()
        report = driver.deliver(postbox)
        assert (report.sent, report.total) == (1, 1)
        assert driver.deliver(postbox).total == 0
        assert postbox.messages[0]["To"] == "anna@mail.example"
        (mail,) = driver.storage._tables.mails.values()
        assert (mail.status, mail.reply, mail.to) == (MailStatus.SENT, "250 OK", "")

    def test_drops_what_is_stale(self, driver: Driver) -> None:
        """RL-05: a link that was used before its mail went out is not mailed."""
        driver.require(_register(), VISITOR)
        driver.require(ConfirmEmail(code=_code(driver)), VISITOR)
        postbox = Postbox()
        assert driver.deliver(postbox).dropped == 1
        assert postbox.messages == []

    @pytest.mark.parametrize("fault", [NOT_NOW, OSError("no route"), RuntimeError("anything")])
    def test_tries_again_later(self, driver: Driver, fault: Exception) -> None:
        """RL-06, EN-06: a transient fault of any kind waits; the same Message-ID goes out at the next try."""
        driver.require(_register(), VISITOR)
        postbox = Postbox(fault)
        assert driver.deliver(postbox).failed == 1
        postbox.fault = None
        assert driver.deliver(postbox).total == 0
        driver.clock.forward(minutes=2)
        assert driver.deliver(postbox).sent == 1

    def test_backs_off(self, driver: Driver) -> None:
        """RL-06: each wait is about twice the one before, up to six hours, with jitter on top."""
        driver.require(_register(), VISITOR)
        waits = []
        for _ in range(9):
            driver.deliver(Postbox(NOT_NOW))
            (mail,) = driver.storage._tables.mails.values()
            waits.append(mail.due_at - driver.clock())
            driver.clock.now = mail.due_at
            if driver.clock.now > mail.queued_at + timedelta(days=1, hours=20):
                break
        for number, wait in enumerate(waits):
            expected = min(timedelta(minutes=1) * 2**number, timedelta(hours=6))
            assert expected <= wait <= expected * 1.25

    @pytest.mark.parametrize(("fault", "tries"), [(REFUSED_FOR_GOOD, 1), (NOT_NOW, 3)])
    def test_gives_up_visibly(self, kind: str, fault: Exception, tries: int) -> None:
        """RL-06: a permanent error at once, a lasting one after the allowed tries; both stay listed and are told."""
        driver = Driver(kind, mail_attempts=3)
        driver.require(_register(), VISITOR)
        for _ in range(tries - 1):
            assert driver.deliver(Postbox(fault)).failed == 1
            driver.clock.forward(hours=2)
        assert driver.deliver(Postbox(fault)).dead == 1
        (mail,) = driver.storage._tables.mails.values()
        assert (mail.status, mail.to, mail.attempts) == (MailStatus.DEAD, "anna@mail.example", tries)
        assert driver.announced[-1].kind is EventKind.MAIL_DEAD

    @pytest.mark.parametrize(
        ("fault", "days"),
        [
            (MailError("no server", outage=True), 5),
            (MailError("no answer", outage=True, taken=True), 0),
            (NOT_NOW, 0),
        ],
    )
    def test_an_outage_gives_no_mail_up(self, kind: str, fault: Exception, days: int) -> None:
        """RL-06: that the server is down over a holiday is no fault of a mail; but it is not doubled without end."""
        driver = Driver(kind, mail_attempts=2)
        order = RecordOrder(
            reference="a", number="1", placed_at=driver.clock(), email="anna@mail.example", acknowledge=True
        )
        driver.require(order, VISITOR)
        begun, report = driver.clock(), DeliveryReport(failed=1)
        while report.failed:
            report = driver.deliver(Postbox(fault))
            driver.clock.forward(hours=7.5)
        assert report.dead == 1
        assert (driver.clock() - begun).days == days
        (mail,) = driver.storage._tables.mails.values()
        assert mail.attempts == (17 if days else 2)

    def test_a_reply_that_names_the_recipient_is_kept_without(self, kind: str) -> None:
        """RL-07, LG-03: a sent mail's row has no recipient, in whatever letters the server repeats it."""
        driver = Driver(kind)
        driver.require(_register(), VISITOR)
        driver.deliver(Postbox(reply="250 2.1.5 <ANNA@mail.example>\r\n250 queued as 1"))
        (mail,) = driver.storage._tables.mails.values()
        assert mail.reply == "250 2.1.5 <a***@mail.example>\\u000d\\u000a250 queued as 1"

    def test_what_a_server_says_is_kept_on_one_line_and_masked(self, kind: str) -> None:
        """LG-02, LG-03: servers answer in several lines and name the recipient."""
        driver = Driver(kind, mail_attempts=1)
        driver.require(_register(), VISITOR)
        driver.deliver(Postbox(MailError("550 no such user\r\n550 <anna@mail.example>", permanent=True)))
        (mail,) = driver.storage._tables.mails.values()
        for told in (mail.reply, driver.announced[-1].detail):
            assert "anna@" not in told
            assert "a***@mail.example" in told
            assert told.isprintable()

    def test_a_mail_that_cannot_be_written_holds_up_no_other(self, kind: str) -> None:
        """RL-06: a fault in the shop's own texts is a failed try of that mail, listed as dead in the end."""
        driver = Driver(kind, mail_attempts=2)
        driver.require(_register(), VISITOR)
        driver.require(_register("bert@mail.example"), VISITOR)

        def composed(task: MailTask, settings: Settings, now: datetime) -> EmailMessage:
            if task.mail.to == "anna@mail.example":
                raise KeyError("greeting")
            return EmailMessage()

        report = driver.deliver(Postbox(), compose=composed)
        assert (report.sent, report.failed) == (1, 1)
        driver.clock.forward(hours=1)
        assert driver.deliver(Postbox(), compose=composed).dead == 1

    def test_a_host_may_write_its_own_mails(self, driver: Driver) -> None:
        """The texts are the shop's: what the given function composes is what is sent."""

        def composed(task: MailTask, settings: Settings, now: datetime) -> EmailMessage:
            message = EmailMessage()
            message["To"] = task.mail.to
            message["Subject"] = settings.storefront.name
            return message

        driver.require(_register(), VISITOR)
        postbox = Postbox()
        driver.deliver(postbox, compose=composed)
        assert postbox.messages[0]["Subject"] == "Demo Shop"

    def test_stops_at_its_limit(self, driver: Driver) -> None:
        """A worker can be told to send so many and no more."""
        for name in "abc":
            driver.require(_register(f"{name}@mail.example"), VISITOR)
        assert driver.deliver(Postbox(), limit=2).sent == 2
        assert driver.deliver(Postbox(), limit=2).sent == 1


class TestPurge:
    """Retention."""

    def test_deletes_what_expired_and_nothing_else(self, driver: Driver) -> None:
        """DP-01, PH-09: registrations after a week, finished mails after 30 days, events after a year."""
        from customer_accounts.changes import Kept

        driver.require(_register(), VISITOR)
        driver.deliver(Postbox())
        driver.storage.write(
            [
                insert(
                    OrderRecord(
                        reference="o1", number="1", placed_at=driver.clock(), status=OrderStatus.PLACED,
                        email="g@mail.example", email_key="g@mail.example", status_at=driver.clock(),
                    )
                )
            ]
        )  # fmt: skip
        assert not any(driver.run(driver.accounts.purge()).purged.values())
        driver.clock.forward(days=8)
        assert driver.run(driver.accounts.purge()).purged[Kept.REGISTRATIONS] == 1
        driver.clock.forward(days=23)
        counts = driver.run(driver.accounts.purge()).purged
        assert (counts[Kept.TOKENS], counts[Kept.MAILS], counts[Kept.EVENTS]) == (1, 1, 0)
        driver.clock.forward(days=366)
        assert driver.run(driver.accounts.purge()).purged[Kept.EVENTS] == 1
        assert len(driver.storage._tables.all(OrderRecord)) == 1


def test_the_generated_password_is_one_for_each_call(driver: Driver) -> None:
    """GEN-02: deciding again shows the same password; the next call makes another."""
    env = driver.accounts._around.env()
    assert env.generated() == env.generated() != driver.accounts._around.env().generated()


def test_env_shows_no_secret(driver: Driver) -> None:
    """LG-01: neither the surroundings nor the hasher of a call show a password."""
    env = driver.accounts._around.env()
    env.hasher.hash(PASSWORD)
    assert PASSWORD not in repr(env)
    assert env.generated() not in repr(env)


def test_default_hasher_is_argon2_at_the_owasp_minimum() -> None:
    """HS-01: without further ado passwords are hashed with argon2id, 19 MiB, two passes."""
    from customer_accounts.settings import Settings
    from customer_accounts.testing import cheap_settings

    settings = Settings(secret="s" * 32, storefront=cheap_settings().storefront)
    stored = steps.default_hasher(settings).hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_time_is_utc() -> None:
    """TK-04: the clock of a runner is aware and in UTC."""
    assert steps.utc_now().utcoffset() == timedelta(0)


def test_errors_have_one_base() -> None:
    """A host can catch everything of ours in one place, and a refusal as an error can be sent on."""
    assert issubclass(RefusedError, CustomerAccountsError)
    assert pickle.loads(pickle.dumps(refuse(Reason.BUSY).refused)) == Refused(Reason.BUSY)
