"""A tripwire across a command: it counts the steps that are passed, and at one of them something happens.

Steps are every call of the storage and of the mailer, before it began and after it ended, and within the storage every
statement and every commit, before the database gets it.
"""

import os
import signal
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Engine, event

from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Scope
from customer_accounts.ports import AsyncStorage, Mailer, Storage


class TrippedError(Exception):
    """The step at which a command breaks off."""


def kill() -> None:
    """End this process at once: nothing is finished, nothing is told."""
    os.kill(os.getpid(), signal.SIGKILL)


def break_off() -> None:
    """Break off with an exception."""
    raise TrippedError


class Wire:
    """Counts steps.

    Args:
        at: the step at which something happens, counted from 0; None for none.
        what: what happens there, once.
    """

    def __init__(self, at: int | None = None, what: Callable[[], None] = kill) -> None:
        self._at = at
        self._what = what
        self.steps: list[str] = []

    def touch(self, step: str) -> None:
        """Pass a step."""
        self.steps.append(step)
        if len(self.steps) - 1 == self._at:
            self._what()


class Watched:
    """An engine whose statements and commits touch the wire that lies across it at the time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.wire = Wire()
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)

    def _statement(self, connection: Any, cursor: Any, sql: str, *more: Any) -> None:
        self.wire.touch("statement " + sql.split(maxsplit=1)[0])

    def _commit(self, connection: Any) -> None:
        self.wire.touch("commit")


class Tripping:
    """A storage whose calls touch a wire."""

    def __init__(self, storage: Storage, wire: Wire) -> None:
        self._storage = storage
        self._wire = wire

    def read(self, scope: Scope, /) -> Facts:
        """Read."""
        facts: Facts = self._around("read", scope)
        return facts

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write."""
        counts: Counts = self._around("write", changes)
        return counts

    def lease(self, *given: Any, **named: Any) -> Any:
        """Lease."""
        return self._around("lease", *given, **named)

    def finish(self, *given: Any, **named: Any) -> None:
        """Finish."""
        self._around("finish", *given, **named)

    def fail(self, *given: Any, **named: Any) -> None:
        """Fail."""
        self._around("fail", *given, **named)

    def release(self, *given: Any, **named: Any) -> None:
        """Release."""
        self._around("release", *given, **named)

    def backlog(self) -> Any:
        """Count what waits."""
        return self._around("backlog")

    def mails(self, *given: Any, **named: Any) -> Any:
        """List mails."""
        return self._around("mails", *given, **named)

    def requeue(self, *given: Any, **named: Any) -> Any:
        """Queue a dead mail again."""
        return self._around("requeue", *given, **named)

    def _around(self, name: str, *given: Any, **named: Any) -> Any:
        self._wire.touch(f"before {name}")
        done = getattr(self._storage, name)(*given, **named)
        self._wire.touch(f"after {name}")
        return done


class AsyncTripping:
    """The async twin of `Tripping`."""

    def __init__(self, storage: AsyncStorage, wire: Wire) -> None:
        self._storage = storage
        self._wire = wire

    async def read(self, scope: Scope, /) -> Facts:
        """Read."""
        facts: Facts = await self._around("read", scope)
        return facts

    async def write(self, changes: Sequence[Change], /) -> Counts:
        """Write."""
        counts: Counts = await self._around("write", changes)
        return counts

    async def lease(self, *given: Any, **named: Any) -> Any:
        """Lease."""
        return await self._around("lease", *given, **named)

    async def finish(self, *given: Any, **named: Any) -> None:
        """Finish."""
        await self._around("finish", *given, **named)

    async def fail(self, *given: Any, **named: Any) -> None:
        """Fail."""
        await self._around("fail", *given, **named)

    async def release(self, *given: Any, **named: Any) -> None:
        """Release."""
        await self._around("release", *given, **named)

    async def backlog(self) -> Any:
        """Count what waits."""
        return await self._around("backlog")

    async def mails(self, *given: Any, **named: Any) -> Any:
        """List mails."""
        return await self._around("mails", *given, **named)

    async def requeue(self, *given: Any, **named: Any) -> Any:
        """Queue a dead mail again."""
        return await self._around("requeue", *given, **named)

    async def _around(self, name: str, *given: Any, **named: Any) -> Any:
        self._wire.touch(f"before {name}")
        done = await getattr(self._storage, name)(*given, **named)
        self._wire.touch(f"after {name}")
        return done


class AsyncTrippingMailer:
    """The async twin of `TrippingMailer`."""

    def __init__(self, mailer: Mailer, wire: Wire) -> None:
        self._mailer = TrippingMailer(mailer, wire)

    async def send(self, message: EmailMessage, /) -> str:
        """Send."""
        return self._mailer.send(message)


class TrippingMailer:
    """A mailer whose calls touch a wire."""

    def __init__(self, mailer: Mailer, wire: Wire) -> None:
        self._mailer = mailer
        self._wire = wire

    def send(self, message: EmailMessage, /) -> str:
        """Send."""
        self._wire.touch("before send")
        reply = self._mailer.send(message)
        self._wire.touch("after send")
        return reply
