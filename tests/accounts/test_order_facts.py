"""A fact about an order that only the host can check: asked through a port, the same for each runner and storage."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.accounts.limiter import AsyncMemoryRateLimiter, MemoryRateLimiter
from customer_accounts.actors import SignedInCustomer
from customer_accounts.adapters.memory import AsyncMemoryStorage, MemoryStorage
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.claim import ClaimCause, Grade
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Part, Scope
from customer_accounts.features.claim_order import ClaimOrder
from customer_accounts.features.guest_claim import Claimed
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind, EventRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.testing.records import an_account, an_order, stored
from tests.accounts.doubles import Later, OrderFacts
from tests.sqlite import shop_in

FACT = "card ends 4711"
UNKNOWN = Refused(Reason.NOT_FOUND, field="number")


class World:
    """Anna, who is signed in, and an order of hers that was placed long ago under a mistyped address."""

    def __init__(self, runner: str, storage: str, folder: Path) -> None:
        self._runner, self._storage = runner, storage
        self._file = folder / "shop.db"
        self.clock = FixedClock()
        self.events: list[EventRecord] = []
        self.sink_fault: Exception | None = None
        self.limits: dict[Limit, Allowance] = {}
        self._limiter = MemoryRateLimiter(self.clock)
        self._async_limiter = AsyncMemoryRateLimiter(self.clock)
        self.storage: Any = MemoryStorage()
        if storage == "sqlite":
            self.storage = SqlStorage(shop_in(folder))
        self.anna: AccountRecord = an_account(email_key="anna@mail.example")
        self.order = self.place()

    def _told(self, event: EventRecord) -> None:
        self.events.append(event)
        if self.sink_fault is not None:
            raise self.sink_fault

    def place(self, **more: Any) -> OrderRecord:
        """Let a guest's order be there."""
        given = {"email_key": "ana@mail.example", "number": "N-1", "postcode": "8010"} | more
        order = an_order(placed_at=self.clock.now - timedelta(days=2500), **given)
        self.storage.write(stored(order) if hasattr(self, "order") else stored(self.anna, order))
        return order

    def owner(self, order: OrderRecord | None = None) -> Any:
        """Give who owns an order."""
        reference = (order or self.order).reference
        (found,) = self.storage.read(Scope(parts=frozenset({Part.ORDERS}), order=reference)).orders
        return found.owner

    def claim(self, facts: Any, number: str = "N-1", fact: str = FACT) -> Claimed | Refused:
        """Claim by number and fact in a shop with this check."""
        return self.handle(facts, ClaimOrder(number=number, fact=SecretStr(fact)))

    def handle(self, facts: Any, command: ClaimOrder) -> Claimed | Refused:
        """Give a command as Anna."""
        by = SignedInCustomer(account_id=self.anna.id, session_epoch=self.anna.session_epoch)
        settings = cheap_settings(limits=dict(ALLOWANCES) | self.limits)
        more: dict[str, Any] = {"clock": self.clock, "on_event": self._told}
        if self._runner == "sync":
            more |= {"limiter": self._limiter, "order_facts": facts}
            return Accounts(self.storage, settings, **more).handle(command, by=by)
        more |= {"limiter": self._async_limiter, "order_facts": facts and Later(facts)}
        return asyncio.run(self._later(settings, more, command, by))

    async def _later(
        self, settings: Any, more: Any, command: ClaimOrder, by: SignedInCustomer
    ) -> Claimed | Refused:
        if self._storage == "memory":
            return await AsyncAccounts(AsyncMemoryStorage(self.storage), settings, **more).handle(
                command, by=by
            )
        storage = AsyncSqlStorage(f"sqlite+aiosqlite:///{self._file}")
        try:
            return await AsyncAccounts(storage, settings, **more).handle(command, by=by)
        finally:
            await storage.close()


@pytest.fixture(name="world", params=product(("sync", "async"), ("memory", "sqlite")), ids="-".join)
def _world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A shop with each runner on each kind of storage."""
    runner, storage = request.param
    world = World(runner, storage, tmp_path)
    yield world
    if isinstance(world.storage, SqlStorage):
        world.storage.close()


def test_a_fact_that_holds_brings_the_order(world: World) -> None:
    """GM-01: it is a second fact like the postcode; the record says which kind it was, and nothing holds the fact."""
    facts = OrderFacts({"N-1": FACT})
    outcome = world.claim(facts, " #N-1 ")
    assert facts.asked == [("N-1", FACT)]
    assert isinstance(outcome, Claimed)
    assert (outcome.claimed, world.owner()) == (1, world.anna.id)
    (claim,) = world.storage.read(Scope(parts=frozenset({Part.CLAIMS}), claim=outcome.claim_id)).claims
    assert (claim.cause, claim.grade, claim.facts) == (
        ClaimCause.CUSTOMER, Grade.SECOND_FACT, "order_number host_fact",
    )  # fmt: skip
    assert world.claim(facts) == Claimed(0, outcome.claim_id)
    assert FACT not in repr(world.events)


@pytest.mark.parametrize(
    ("number", "fact"), [("N-1", "card ends 4712"), ("N-2", FACT), ("", FACT), ("N-1", f" {FACT}")]
)
def test_wrong_and_unknown_are_asked_and_answered_alike(world: World, number: str, fact: str) -> None:
    """GM-05, EN-01: the host is asked once about whatever was typed, and the trail holds the kind of it only."""
    facts = OrderFacts({"N-1": FACT})
    assert world.claim(facts, number, fact) == UNKNOWN
    assert facts.asked == [(number, fact)]
    assert [(one.kind, one.detail) for one in world.events] == [(EventKind.CLAIM_REFUSED, "number host_fact")]
    assert world.owner() is None


def test_a_fact_covers_what_a_second_fact_covers(world: World) -> None:
    """GM-01: a stranger's address is no slip, whatever the host's check says."""
    zoe = world.place(number="N-2", email_key="zoe@mail.example")
    assert world.claim(OrderFacts(answer=True), "N-2") == UNKNOWN
    assert world.owner(zoe) is None


def test_a_fact_is_of_the_number_that_was_typed(world: World) -> None:
    """GM-01: the host was asked about these letters, so its answer brings no order of other ones."""
    facts = OrderFacts(answer=True)
    assert world.claim(facts, "n-1") == UNKNOWN
    assert world.owner() is None
    other = world.place(number="#N-2")
    assert isinstance(world.claim(facts, "N-2"), Claimed)
    assert (facts.asked[-1], world.owner(other)) == (("N-2", FACT), world.anna.id)


def test_two_orders_of_one_number_cannot_be_told_apart(world: World) -> None:
    """GM-01: the fact may be that of another person's order, so it brings none of them."""
    zoe = world.place(email_key="zoe@mail.example")
    assert world.claim(OrderFacts(answer=True)) == UNKNOWN
    assert [world.owner(), world.owner(zoe)] == [None, None]


@pytest.mark.parametrize("answer", [OSError(f"no {FACT} here"), "yes", 1, None])
def test_a_check_that_fails_confirms_nothing(
    world: World, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """RL-09, LG-01: no exception and no answer that could be told from a wrong fact; the log names the fault only."""
    facts = OrderFacts(answer=answer) if answer is not None else object()
    world.sink_fault = RuntimeError("no disk")  # its trace must not tell the first error
    assert world.claim(facts) == UNKNOWN
    assert [one.kind for one in world.events] == [EventKind.FACT_CHECK_DOWN, EventKind.CLAIM_REFUSED]
    assert "the check of an order's fact failed" in caplog.text
    assert "no disk" in caplog.text
    assert FACT not in caplog.text
    assert world.owner() is None


def test_tries_are_counted_before_the_host_is_asked(world: World) -> None:
    """AB-01: postcodes and facts against the same allowance, those that failed too."""
    world.limits = {Limit.CLAIM_NUMBER: Allowance(2, timedelta(hours=1))}
    facts = OrderFacts(answer=OSError("down"))
    assert world.claim(facts) == UNKNOWN
    assert world.handle(facts, ClaimOrder(number="N-1", postcode="1010")) == UNKNOWN
    outcome = world.claim(facts)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.TOO_MANY_ATTEMPTS
    assert facts.asked == [("N-1", FACT)]


@pytest.mark.parametrize("number", ["N-1", "N-2"])
def test_a_shop_without_a_check_takes_no_fact(world: World, number: str) -> None:
    """GM-01: said at once, whether there is such an order or not."""
    assert world.claim(None, number) == Refused(Reason.NOT_ALLOWED, field="fact")
    assert world.owner() is None


def test_a_postcode_asks_nobody(world: World) -> None:
    """GM-01: the host's check is for its own facts."""
    facts = OrderFacts(answer=False)
    assert isinstance(world.handle(facts, ClaimOrder(number="N-1", postcode="8010")), Claimed)
    assert facts.asked == []


def test_is_asked_once_also_when_decided_again(tmp_path: Path) -> None:
    """CC-05: lost races do not multiply the questions, and it is asked between the read and the write."""
    for runner in ("sync", "async"):
        world = World(runner, "memory", tmp_path)
        write = world.storage.write
        order: list[int] = []
        facts = OrderFacts({"N-1": FACT})

        def overtaken(changes: Any, /, write: Any = write, order: Any = order, facts: Any = facts) -> Any:
            order.append(len(facts.asked))
            if len(order) < 3:
                raise StaleWriteError("the account")
            return write(changes)

        world.storage.write = overtaken
        assert isinstance(world.claim(facts), Claimed)
        assert order == [1, 1, 1]


@pytest.mark.parametrize("given", [
    {}, {"postcode": "8010", "fact": FACT}, {"postcode": "", "fact": FACT}, {"fact": ""}, {"fact": "x" * 201},
    {"fact": f"{FACT}\n"},
])  # fmt: skip
def test_one_second_fact_is_given(given: dict[str, str]) -> None:
    """LG-01: a postcode or a fact, on one line; no error and no repr says what was typed."""
    with pytest.raises(ValidationError) as error:
        ClaimOrder.model_validate({"number": "N-1", **given})
    assert FACT not in str(error.value)
    assert FACT not in repr(ClaimOrder(number="N-1", fact=SecretStr(FACT)))
