"""Sixteen at once on a real PostgreSQL server, from threads and in an event loop, in many rounds.

In each round all callers have read before any of them writes.  ``RACE_ROUNDS=200`` is the long run.
Sixteen are more than a lost race is decided again; where they fight for one record, a `ConflictError` would be right,
and each test that lets one pass says so.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from customer_accounts.accounts import AsyncAccounts
from customer_accounts.actors import Actor, Agent
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.changes import Change, Counts, update
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_merge import AccountsMerged, MergeAccounts
from customer_accounts.features.email_change import ConfirmEmailChange, EmailChanged, RequestEmailChange
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.guest_claim import ClaimGuestOrders
from customer_accounts.features.guest_order import OrderRecorded, RecordOrder
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.registration import Register, Registered
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.hashing import Argon2Hasher, Argon2Parameters
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import cheap_settings
from tests.postgres import Database
from tests.races import Arena
from tests.shop import PASSWORD

pytestmark = pytest.mark.slow

AT_ONCE = 16
ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
NEW = "nine loud kingfishers"


class MeetingOnce:
    """A storage on which the first reads of all callers meet, in whatever threads or tasks they are.

    Args:
        storage: the storage behind.
        barrier: where they meet.
    """

    def __init__(self, storage: SqlStorage, barrier: Barrier) -> None:
        self._storage = storage
        self._barrier = barrier
        self._met = False
        self.lease, self.finish, self.fail = storage.lease, storage.finish, storage.fail
        self.release = storage.release

    def read(self, scope: Scope, /) -> Facts:
        """Read, and wait for the others after the first time."""
        facts = self._storage.read(scope)
        if not self._met:
            self._met = True
            self._barrier.wait()
        return facts

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write."""
        return self._storage.write(changes)


class AsyncMeetingOnce:
    """The async twin of `MeetingOnce`."""

    def __init__(self, storage: AsyncSqlStorage, barrier: asyncio.Barrier) -> None:
        self._storage = storage
        self._barrier = barrier
        self._met = False
        self.lease, self.finish, self.fail = storage.lease, storage.finish, storage.fail
        self.release = storage.release

    async def read(self, scope: Scope, /) -> Facts:
        """Read, and wait for the others after the first time."""
        facts = await self._storage.read(scope)
        if not self._met:
            self._met = True
            await self._barrier.wait()
        return facts

    async def write(self, changes: Sequence[Change], /) -> Counts:
        """Write."""
        return await self._storage.write(changes)


class Crowd(Arena):
    """A shop on PostgreSQL that sixteen use at once.

    Args:
        database: an empty one with the tables.
        driver: ``threads``, or the name of an async URL.
    """

    def __init__(self, database: Database, driver: str) -> None:
        super().__init__("memory", database.folder)
        self.kind = "postgres"
        self._driver = driver
        self._url = database.url if driver == "threads" else getattr(database, driver)
        self._engine = create_engine(database.url, pool_size=AT_ONCE + 2)
        self.storage = SqlStorage(self._engine)

    def rounds(self) -> Iterator[int]:
        """Give the numbers of the rounds."""
        yield from range(ROUNDS)

    def at_once(self, asked: Sequence[tuple[Any, Actor]]) -> list[Any]:
        """Give all commands at once, and give their answers in the same order; an exception passes."""
        if self._driver != "threads":
            return asyncio.run(self._in_loop(asked))
        barrier = Barrier(len(asked), timeout=60)
        with ThreadPoolExecutor(len(asked)) as pool:
            shops = [self.shop(MeetingOnce(self.storage, barrier)) for _ in asked]
            futures = [
                pool.submit(shop.handle, command, by=actor)
                for shop, (command, actor) in zip(shops, asked, strict=True)
            ]
            return [future.result() for future in futures]

    async def _in_loop(self, asked: Sequence[tuple[Any, Actor]]) -> list[Any]:
        engine = create_async_engine(self._url, pool_size=AT_ONCE)
        storage, barrier = AsyncSqlStorage(engine), asyncio.Barrier(len(asked))
        try:
            async with asyncio.timeout(60):
                answers: list[Any] = await asyncio.gather(
                    *(
                        self._async_shop(AsyncMeetingOnce(storage, barrier)).handle(command, by=actor)
                        for command, actor in asked
                    )
                )
        finally:
            await engine.dispose()
        return answers

    def _async_shop(self, storage: Any) -> AsyncAccounts:
        return AsyncAccounts(storage, self.settings, clock=self.clock, limiter=AsyncUnlimited())

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


class AsyncUnlimited:
    """A limiter that lets everything pass."""

    async def hit(self, key: str, allowance: Any, /) -> None:
        """Let it pass."""


@pytest.fixture(name="crowd", params=["threads", "asyncpg_url"])
def _crowd(request: pytest.FixtureRequest, postgres_shop: Database) -> Iterator[Crowd]:
    """A shop on PostgreSQL that sixteen use at once."""
    crowd = Crowd(postgres_shop, request.param)
    yield crowd
    crowd.close()


def test_registrations_of_one_address(crowd: Crowd) -> None:
    """CC-01, PH-04, EM-03: sixteen register one address in its spellings; the first proof leaves one account."""
    for number in crowd.rounds():
        email = f"anna{number}@mail.example"
        spellings = [email, email.upper(), email.title(), f" {email} "]
        people = [crowd.visitor(f"person {one}") for one in range(AT_ONCE)]
        answers = crowd.at_once(
            [
                (Register(email=spellings[place % 4], password=PASSWORD), one)
                for place, one in enumerate(people)
            ]
        )
        assert {type(one) for one in answers} == {Registered}
        waiting = crowd.facts(email).registrations
        assert len({one.browser for one in waiting}) == len(waiting) == AT_ONCE
        links = [
            crowd.text_of(one.token)
            for spelling in spellings[:3]
            for one in crowd.mails(MailPurpose.CONFIRM_REGISTRATION, spelling)
        ]
        proofs = crowd.at_once([(ConfirmEmail(token=one, new_password=NEW), people[0]) for one in links])
        assert Counter(type(one) for one in proofs) == {Confirmed: 1, Refused: AT_ONCE - 1}
        assert len(crowd.facts(email).accounts) == 1


def test_one_link_for_sixteen(crowd: Crowd) -> None:
    """CC-02, TK-05: of sixteen clicks at once one opens the account, and the others are told that it is done."""
    for number in crowd.rounds():
        email, anna = f"anna{number}@mail.example", crowd.visitor("anna")
        proof = ConfirmEmail(token=crowd.registered(email, anna))
        answers = crowd.at_once([(proof, anna)] * AT_ONCE)
        assert Counter(type(one) for one in answers) == {Confirmed: 1, Refused: AT_ONCE - 1}
        assert {one.reason for one in answers if isinstance(one, Refused)} == {Reason.ALREADY_DONE}
        assert len(crowd.facts(email).accounts) == 1
        assert len(crowd.mails(MailPurpose.ACCOUNT_OPENED, email)) <= 1


def test_sixteen_move_to_one_address(crowd: Crowd) -> None:
    """CC-03, CC-04, EM-03: of sixteen accounts that move to one address, in any spelling, one gets it."""
    for number in crowd.rounds():
        wanted = f"wanted{number}@mail.example"
        asked: list[tuple[Any, Actor]] = []
        for place in range(AT_ONCE):
            visitor = crowd.visitor(f"person {place}")
            customer = crowd.customer(f"person{number}.{place}@mail.example", visitor)
            email = wanted.upper() if place % 2 else wanted
            crowd.shop().require(RequestEmailChange(email=email, current_password=PASSWORD), by=customer)
            facts = crowd.storage.read(Scope(parts=frozenset({Part.TOKENS}), account_id=customer.account_id))
            link = next(one for one in facts.tokens if one.purpose == "confirm_email_change")
            asked.append((ConfirmEmailChange(token=crowd.text_of(link)), visitor))
        answers = crowd.at_once(asked)
        assert Counter(type(one) for one in answers) == {EmailChanged: 1, Refused: AT_ONCE - 1}
        assert len(crowd.facts(wanted).accounts) == 1


def test_sixteen_claims(crowd: Crowd) -> None:
    """GM-02: sixteen claims of the same orders move each order once, and the numbers add up."""
    for number in crowd.rounds():
        email = f"anna{number}@mail.example"
        anna = crowd.customer(email, crowd.visitor("anna"))
        for place in range(5):
            reference = f"order {number}.{place}"
            order = RecordOrder(reference=reference, number=reference, placed_at=crowd.clock(), email=email)
            crowd.shop().require(order, by=crowd.visitor("a guest"))
        answers = crowd.at_once([(ClaimGuestOrders(), anna)] * AT_ONCE)
        assert sum(one.claimed for one in answers if not isinstance(one, Refused)) == 5
        found = crowd.storage.read(Scope(parts=frozenset({Part.GUEST_ORDERS}), email_keys=(email,)))
        assert found.guest_orders == ()


def test_a_merge_and_orders_of_both_customers(crowd: Crowd) -> None:
    """CC-06, GM-02: fifteen orders of both accounts during a merge: none is refused, lost or left with what ended."""
    crowd.settings = cheap_settings(four_eyes=frozenset())
    for number in crowd.rounds():
        emails = [f"{name}{number}@mail.example" for name in ("anna", "bert")]
        one, two = (crowd.customer(email, crowd.visitor(email)) for email in emails)
        merge = MergeAccounts(surviving=emails[0], absorbed=emails[1], reason="one", evidence="letter")
        names = [f"{number}-{place}" for place in range(AT_ONCE - 1)]
        orders = [RecordOrder(reference=each, number=each, placed_at=crowd.clock.now) for each in names]
        asked: list[Any] = [(merge, Agent("1", may=frozenset({"merge_accounts"})))]
        asked += [(order, (one, two)[place % 2]) for place, order in enumerate(orders)]
        merged, *recorded = crowd.at_once(asked)
        assert isinstance(merged, AccountsMerged)
        assert {type(each) for each in recorded} == {OrderRecorded}
        found = [
            crowd.storage.read(Scope(parts=frozenset({Part.ORDERS}), order=each)).orders for each in names
        ]
        assert Counter(each.owner for (each,) in found) == {one.account_id: AT_ONCE - 1}


def test_a_rehash_and_a_new_password(crowd: Crowd) -> None:
    """HS-03, CC-05: whoever signs in while the password changes, the new one works afterwards and the old does not."""
    older = Argon2Hasher(Argon2Parameters(memory=16, rounds=1, lanes=1), allow_cheap=True)
    for number in crowd.rounds():
        email, visitor = f"anna{number}@mail.example", crowd.visitor("anna")
        anna = crowd.customer(email, visitor)
        (account,) = crowd.facts(email).accounts
        crowd.storage.write([update(account, evolve(account, password_hash=older.hash(PASSWORD)))])
        change = ChangePassword(current_password=PASSWORD, new_password=NEW)
        sign_in = SignIn(email=email, password=PASSWORD)
        answers = crowd.at_once([(change, anna), *[(sign_in, visitor)] * 3])
        assert not isinstance(answers[0], Refused)
        shop = crowd.shop()
        assert isinstance(shop.handle(sign_in, by=visitor), Refused)
        assert isinstance(shop.handle(SignIn(email=email, password=NEW), by=visitor), SignedIn)
