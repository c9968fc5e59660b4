"""One trial: something is ended at one of its steps, looked at, asked again, and its mails are sent."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import define, field
from sqlalchemy.ext.asyncio import AsyncEngine

from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.adapters.sql.async_storage import async_engine_for
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.refusals import Refused
from tests.crashes.backends import Backend, Rows, rows_of
from tests.crashes.cases import AFTER_THE_LEASE, Postbox, Work
from tests.crashes.invariants import broken
from tests.crashes.wire import (
    AsyncTripping,
    AsyncTrippingMailer,
    TrippedError,
    Tripping,
    TrippingMailer,
    Watched,
    Wire,
    break_off,
    kill,
)
from tests.test_lost_answers import ANSWERED_ANEW, DONE, MAILED_AGAIN

#: What rows are, where ids, times and digests differ by chance from one run to the next.
_KINDS = ("status", "purpose", "kind")
#: Where something may be done and nobody told, or told and not done.
DANGEROUS = frozenset({"commit", "after write", "after send", "after finish"})
#: Commands that leave a trace of every time they are asked.
TRACED = frozenset({"ExportMyData", "ExportVatEvidence", "Lookup"})


@define
class Told:
    """What came of all trials of one command or worker on one database.

    Args:
        steps: how many there are to end at.
        killed: trials in which the process was killed.
        raised: trials in which it broke off with an exception.
        wrote: after how many of them everything was stored; after all others nothing was.
        twice: mails that came twice, under the same Message-ID.
        faults: what was wrong, in words.
    """

    name: str
    backend: str
    steps: int = 0
    killed: int = 0
    raised: int = 0
    wrote: int = 0
    twice: int = 0
    faults: list[str] = field(factory=list)


def tried(work: Work, backend: Backend, every: int = 1, *, kills: bool = True) -> Told:
    """End a command or a worker at each of its steps, by an exception and by a kill.

    Args:
        every: end it at each so many-th step only, and at those at which most can go wrong.
        kills: False to leave the kills out.
    """
    with TemporaryDirectory() as folder:
        trial = Trial(work, backend, Postbox(Path(folder) / "box"))
        told = Told(work.name, backend.name, len(trial.steps))
        first = sum(work.name.encode()) % every  # another one for each command
        for step, name in enumerate(trial.steps):
            if step % every != first and name not in DANGEROUS:
                continue
            trial.break_off(step)
            told.raised += 1
            told.faults += [f"raised before {step}, {name}: {one}" for one in trial.judged(step, told)]
            if kills:
                trial.kill(step)
                told.killed += 1
                told.faults += [f"killed before {step}, {name}: {one}" for one in trial.judged(step, told)]
    return told


class Trial:
    """A command or worker on a database: first without a fault, then with one at any step."""

    def __init__(self, work: Work, backend: Backend, box: Postbox) -> None:
        self._work, self._backend, self._box = work, backend, box
        self._clock = work.stage.clock
        self._now = self._clock.now
        backend.fill(work.begun)
        self._begun, wire = self._rows(), Wire()
        box.emptied()
        self._answer = self._run(wire)
        self.steps = wire.steps
        self._whole = self._rows()
        self._deliver()
        self._mailed = Counter(box.recipients)
        self._delivered = self._rows()
        assert broken(self._begun) == []

    def kill(self, step: int) -> None:
        """Let a process of its own be killed before a step."""
        self._again_from_the_beginning()
        child = os.fork()
        if child == 0:
            try:
                self._run(Wire(step, kill))
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, self.steps[step]

    def break_off(self, step: int) -> None:
        """Let an exception come before a step."""
        self._again_from_the_beginning()
        try:
            self._run(Wire(step, break_off))
        except TrippedError:
            return

    def judged(self, step: int, told: Told) -> Iterator[str]:
        """Look at what is left, ask again, send the mails, and give what is wrong."""
        left, passed = self._rows(), self.steps[:step]
        committed = left != self._begun
        told.wrote += left != self._begun
        yield from broken(left)
        if self._work.command is None:
            self._clock.now += AFTER_THE_LEASE
            self._run(Wire())
        else:
            if committed and shape(left) != shape(self._whole):
                yield "half of it is stored"
            if committed and not _wrote(passed):
                yield "something is stored before it was written"
            if not committed and "after write" in self.steps[: step + 1] and self._whole != self._begun:
                yield "what was written is lost"
            yield from self._asked_again(left)
        self._deliver()
        ended = self._rows()
        yield from self._mails(step, told, ended, again=committed and self._work.name in MAILED_AGAIN)
        yield from broken(ended)

    def _asked_again(self, left: Rows) -> Iterator[str]:
        name, answer = self._work.name, self._run(Wire())
        written = left != self._begun
        done = written and isinstance(answer, Refused) and answer.reason is DONE.get(name)
        if not done and type(answer) is not type(self._answer) and not (written and name in ANSWERED_ANEW):
            yield f"asked again, it gives {answer!r}"
        if self._differ(self._rows(), self._whole) and not (written and name in MAILED_AGAIN):
            yield "asked again, something else is stored"

    def _mails(self, step: int, told: Told, ended: Rows, *, again: bool) -> Iterator[str]:
        ids = Counter(self._box.ids)
        twice = {one: number for one, number in ids.items() if number > 1}
        told.twice += len(twice)
        if twice and not (max(twice.values()) == 2 and len(twice) == 1 and self._between_send_and_mark(step)):
            yield f"mails came more than once: {twice}"
        mailed = Counter(dict.fromkeys(self._box.taken, 1))
        recipients = Counter(line.split()[1] for line in mailed)
        if again:
            if set(recipients) != set(self._mailed):
                yield f"mails went to {recipients}"
        elif recipients != self._mailed:
            yield f"mails went to {recipients} and not to {self._mailed}"
        elif self._differ(ended, self._delivered):
            yield "in the end something else is stored"
        if any(kind[0] == "ca_mails" and "queued" in kind for kind in shape(ended)):
            yield "a mail still waits"

    def _differ(self, stored: Rows, expected: Rows) -> bool:
        """Whether something else is stored than expected, but for traces of every time."""
        now, wanted = shape(stored), shape(expected)
        unlike = (now - wanted) + (wanted - now)
        return any(self._work.name not in TRACED or kind[0] != "ca_events" for kind in unlike)

    def _between_send_and_mark(self, step: int) -> bool:
        """Whether a mail was sent before this step and marked after it."""
        sent = [place for place, name in enumerate(self.steps[: step + 1]) if name == "after send"]
        return bool(sent) and "after finish" not in self.steps[sent[-1] : step]

    def _again_from_the_beginning(self) -> None:
        self._backend.reset()
        self._box.emptied()
        self._clock.now = self._now

    def _run(self, wire: Wire) -> Any:
        if self._backend.async_url is not None:
            return asyncio.run(self._run_async(async_engine_for(self._backend.async_url), wire))
        watched = self._backend.watched
        watched.wire = wire
        try:
            return self._work.run(Tripping(SqlStorage(watched.engine), wire), TrippingMailer(self._box, wire))
        finally:
            watched.wire = Wire()

    async def _run_async(self, engine: AsyncEngine, wire: Wire) -> Any:
        Watched(engine.sync_engine).wire = wire
        try:
            storage, mailer = (
                AsyncTripping(AsyncSqlStorage(engine), wire),
                AsyncTrippingMailer(self._box, wire),
            )
            return await self._work.run_async(storage, mailer)
        finally:
            await engine.dispose()

    def _deliver(self) -> None:
        self._work.shop(SqlStorage(self._backend.watched.engine)).deliver_mail(self._box)

    def _rows(self) -> Rows:
        return rows_of(self._backend.watched.engine)


def _wrote(passed: list[str]) -> bool:
    """Whether a statement of a write was passed; on PostgreSQL one alone may be the whole write."""
    begun = passed.index("before write") if "before write" in passed else len(passed)
    return any(name.startswith("statement") for name in passed[begun:])


def shape(rows: Rows) -> Counter[tuple[Any, ...]]:
    """Count the rows by what they are."""
    counted: Counter[tuple[Any, ...]] = Counter()
    for table in metadata.sorted_tables:
        if not rows[table.name]:
            continue
        places = [place for place, name in enumerate(table.c.keys()) if name in _KINDS]
        used = [place for place, name in enumerate(table.c.keys()) if name in {"used_at", "confirmed_at"}]
        for row in rows[table.name]:
            kinds = tuple(str(row[place]) for place in places)
            counted[table.name, *kinds, *(row[place] is not None for place in used)] += 1
    return counted
