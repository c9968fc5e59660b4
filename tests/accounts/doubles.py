"""One way to drive both runners, and ports that misbehave on demand."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from email.message import EmailMessage
from types import MappingProxyType
from typing import Any, TypeVar

from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.adapters.memory import AsyncMemoryStorage, MemoryStorage
from customer_accounts.changes import Change, Counts
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Scope
from customer_accounts.hashing import CHEAPEST, Argon2Hasher, HasherBusyError, Verification
from customer_accounts.limiting import Allowance
from customer_accounts.outbox import EventRecord
from customer_accounts.password_policy import BreachCheck
from customer_accounts.ports import MailError
from customer_accounts.testing import FixedClock, cheap_settings

T = TypeVar("T")


class CountingStorage(MemoryStorage):
    """Storage in memory that counts its calls and loses writes on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[Scope] = []
        self.writes: list[Sequence[Change]] = []
        self.lose = 0
        self.break_afterwards: Exception | None = None

    def read(self, scope: Scope, /) -> Facts:
        """Count and read."""
        self.reads.append(scope)
        return super().read(scope)

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Count, and lose the write to an imaginary rival as often as asked."""
        self.writes.append(changes)
        if self.lose:
            self.lose -= 1
            raise StaleWriteError("test")
        if self.break_afterwards is not None and len(self.writes) > 1:
            raise self.break_afterwards
        return super().write(changes)


class CountingHasher:
    """A cheap hasher that counts its computations."""

    def __init__(self) -> None:
        self._hasher = Argon2Hasher(CHEAPEST, allow_cheap=True)
        self.hashes = 0
        self.verifications = 0
        self.busy = False

    def hash(self, password: str, /) -> str:
        """Count and hash."""
        if self.busy:
            raise HasherBusyError
        self.hashes += 1
        return self._hasher.hash(password)

    def verify(self, password: str, stored: str | None, /) -> Verification:
        """Count and verify."""
        self.verifications += 1
        return self._hasher.verify(password, stored)


class Limiter:
    """A limiter that is down, or refuses everything."""

    def __init__(self, wait: timedelta | None = None, fault: Exception | None = None) -> None:
        self.keys: list[str] = []
        self._wait, self._fault = wait, fault

    def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """Give the answer it was made for."""
        self.keys.append(key)
        if self._fault is not None:
            raise self._fault
        return self._wait


class Breached:
    """A breach check with one answer."""

    def __init__(self, answer: BreachCheck | Exception) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def check(self, password: str, /) -> BreachCheck:
        """Give the answer it was made for."""
        self.asked.append(password)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class OrderFacts:
    """A host that knows one fact about each of some orders, or always has the same answer or fault.

    Args:
        known: the facts by number.
        answer: what it gives or raises instead.
    """

    def __init__(self, known: Mapping[str, str] = MappingProxyType({}), answer: object = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self._known = known
        self._answer = answer

    def holds(self, number: str, fact: str, /) -> Any:
        """Compare, or give the answer that it was made for."""
        self.asked.append((number, fact))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._known.get(number) == fact if self._answer is None else self._answer


class Postbox:
    """A mailer that keeps what it is given, or fails on demand."""

    def __init__(self, fault: Exception | None = None, reply: str = "250 OK") -> None:
        self.messages: list[EmailMessage] = []
        self.fault = fault
        self.reply = reply

    def send(self, message: EmailMessage, /) -> str:
        """Keep the message."""
        if self.fault is not None:
            raise self.fault
        self.messages.append(message)
        return self.reply


class Later:
    """Any sync port as its async twin."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            return getattr(self._port, name)(*args, **kwargs)

        return call


class Driver:
    """A runner, sync or async, driven in the same words."""

    def __init__(self, kind: str, *, limiter: Any = None, breached: Any = None, **settings: Any) -> None:
        self.kind = kind
        self.clock = FixedClock()
        self.storage = CountingStorage()
        self.hasher = CountingHasher()
        self.announced: list[EventRecord] = []
        self.sink_fault: Exception | None = None
        common: dict[str, Any] = {"hasher": self.hasher, "on_event": self._sink, "clock": self.clock}
        wrap: Callable[[Any], Any] = (
            (lambda port: port) if kind == "sync" else (lambda port: port and Later(port))
        )
        common |= {"limiter": wrap(limiter), "breached": wrap(breached)}
        self._wrap = wrap
        self.accounts: Any
        if kind == "sync":
            self.accounts = Accounts(self.storage, cheap_settings(**settings), **common)
        else:
            self.accounts = AsyncAccounts(
                AsyncMemoryStorage(self.storage), cheap_settings(**settings), **common
            )

    def _sink(self, event: EventRecord) -> None:
        self.announced.append(event)
        if self.sink_fault is not None:
            raise self.sink_fault

    def run(self, answer: Any) -> Any:
        """Give the answer, waiting for it where the runner is async."""
        return asyncio.run(_waited(answer)) if asyncio.iscoroutine(answer) else answer

    def handle(self, command: Any, by: Any) -> Any:
        """Run a command."""
        return self.run(self.accounts.handle(command, by=by))

    def require(self, command: Any, by: Any) -> Any:
        """Run a command whose refusal is an error."""
        return self.run(self.accounts.require(command, by=by))

    def deliver(self, mailer: Postbox, **options: Any) -> Any:
        """Run the mail worker."""
        return self.run(self.accounts.deliver_mail(self._wrap(mailer), **options))


async def _waited(answer: Coroutine[Any, Any, T]) -> T:
    return await answer


REFUSED_FOR_GOOD = MailError("550 no such user", permanent=True)
NOT_NOW = MailError("451 try again")
