"""Several callers at once, each with what it has read in hand before anybody writes."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, local
from typing import Any

import pytest

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Actor, SignedInCustomer, Visitor
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.registration import Register
from customer_accounts.limiting import Allowance
from customer_accounts.outbox import MailPurpose, MailTask, Queue
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.token import TokenRecord, link_text
from tests.postgres import Database
from tests.shop import PASSWORD
from tests.sqlite import shop_in

#: At most as many at once as a lost race is decided again: then nobody may meet an exception.
CALLERS = 4
#: Rounds of a race; ``RACE_ROUNDS=200`` is the long run on SQLite as well (CONTRIBUTING).
ROUNDS = {
    "memory": int(os.environ.get("RACE_ROUNDS", "100")),
    "sqlite": int(os.environ.get("RACE_ROUNDS", "10")),
    "postgres": int(os.environ.get("RACE_ROUNDS", "4")),
}
EVERYTHING = frozenset(Part) - {Part.ORDERS}


class Unlimited:
    """A limiter that lets everything pass: no race shall end at a limit."""

    def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """Let it pass."""
        return None


class Meeting:
    """A storage on which the first reads of all callers meet before any of them goes on.

    Args:
        storage: the storage behind, safe for threads.
        callers: how many meet.
    """

    def __init__(self, storage: Any, callers: int) -> None:
        self._storage = storage
        self._barrier = Barrier(callers, timeout=30)
        self._own = local()
        self.lease, self.finish, self.fail = storage.lease, storage.finish, storage.fail
        self.release = storage.release

    def read(self, scope: Scope, /) -> Facts:
        """Read, and wait for the others after the first time."""
        facts: Facts = self._storage.read(scope)
        if not getattr(self._own, "met", False):
            self._own.met = True
            self._barrier.wait()
        return facts

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write."""
        counts: Counts = self._storage.write(changes)
        return counts


def arenas(request: pytest.FixtureRequest, folder: Path) -> Iterator["Arena"]:
    """Give an arena on the kind of storage that a fixture's parameter names, and close it afterwards."""
    arena = Arena("memory" if request.param == "postgres" else request.param, folder)
    if request.param == "postgres":
        database: Database = request.getfixturevalue("postgres_shop")
        arena.kind, arena.storage = "postgres", SqlStorage(database.url)
    yield arena
    if arena.kind != "memory":
        arena.storage.close()


class Arena:
    """A shop on a storage that many use at once."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.clock = FixedClock()
        self.settings = cheap_settings()
        self.storage: Any = MemoryStorage()
        if kind == "sqlite":
            self.storage = SqlStorage(shop_in(folder))

    def rounds(self) -> Iterator[int]:
        """Give the numbers of the rounds; each has addresses of its own, and in memory a shop of its own."""
        for number in range(ROUNDS[self.kind]):
            if self.kind == "memory":
                self.storage = MemoryStorage()
            yield number

    def shop(self, storage: Any = None) -> Accounts:
        """Give one process of the shop."""
        return Accounts(storage or self.storage, self.settings, clock=self.clock, limiter=Unlimited())

    def visitor(self, name: str) -> Visitor:
        """Give somebody in a browser of their own."""
        return Visitor(ip="203.0.113.7", browser=f"the browser of {name}")

    def at_once(self, asked: Sequence[tuple[Any, Actor]]) -> list[Any]:
        """Give all commands at once, and give their answers in the same order; an exception passes."""
        shop = self.shop(Meeting(self.storage, len(asked)))
        with ThreadPoolExecutor(len(asked)) as pool:
            futures = [pool.submit(shop.handle, command, by=actor) for command, actor in asked]
            return [future.result() for future in futures]

    def facts(self, email: str) -> Facts:
        """Give all that is stored of an address."""
        facts: Facts = self.storage.read(Scope(parts=EVERYTHING, email_keys=(email,)))
        return facts

    def mails(self, purpose: MailPurpose, to: str) -> list[MailTask]:
        """Take what waits for an address out of the outbox and give one kind of it, oldest first."""
        self.clock.forward(minutes=6)  # the lease of the last look is over
        until = self.clock.now
        tasks = self.storage.lease(Queue.MAIL, limit=10_000, now=self.clock.now, until=until)
        return [one for one in tasks if one.mail.purpose is purpose and one.mail.to == to]

    def text_of(self, token: TokenRecord | None) -> str:
        """Give the text of a link."""
        assert token is not None  # each mail that is asked for here has one
        return link_text(self.settings.secret, token.purpose, token.token_id)

    def link(self, purpose: MailPurpose, to: str) -> str:
        """Give the text of the newest link that was mailed to an address."""
        return self.text_of(self.mails(purpose, to)[-1].token)

    def registered(self, email: str, by: Visitor, **fields: Any) -> str:
        """Register, and give the link."""
        self.shop().require(Register(email=email, password=PASSWORD, **fields), by=by)
        return self.link(MailPurpose.CONFIRM_REGISTRATION, email)

    def customer(self, email: str, by: Visitor) -> SignedInCustomer:
        """Open an account and give its customer."""
        confirmed = self.shop().require(ConfirmEmail(token=self.registered(email, by)), by=by)
        assert isinstance(confirmed, Confirmed)
        session = confirmed.session
        return SignedInCustomer(
            session.account_id,
            session.session_epoch,
            authenticated_at=session.authenticated_at,
            browser=by.browser,
        )
