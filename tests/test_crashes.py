"""A process that is killed at any step, and an exception at any step, lose nothing and double nothing.

``python -m tests.crashes`` tries every step and prints the table; here some are tried of each command, and all at which
something may be done and nobody told.  ``CRASH_EVERY=1`` tries all.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import customer_accounts
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import Change, Counts, QueueMail
from customer_accounts.command import Command
from tests.crashes import trials
from tests.crashes.backends import Sqlite, rows_of
from tests.crashes.cases import WORKERS, Work, works
from tests.crashes.trials import Told, shape, tried
from tests.postgres import Database
from tests.test_lost_answers import READS

ROOT = Path(__file__).parents[1]
EVERY = {"sqlite": os.environ.get("CRASH_EVERY", "6"), "postgres": os.environ.get("CRASH_EVERY", "12")}
EVERY["aiosqlite"] = os.environ.get("CRASH_EVERY", "12")
PARTS = ("1/2", "2/2")
#: What the async runner does in CI; the command without names tries everything.
ASYNC = ("Register", "ConfirmEmail", "deliver_mail")


def ended(*words: str) -> str:
    """End everything at its steps, in a process that has one thread, and give what was printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crashes", *words, "--every", EVERY[words[0]]],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    sys.stdout.write(done.stdout)  # the counts
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_lost_on_sqlite(part: str) -> None:
    """RL-01, RL-02, RL-03, RL-08: killed or broken off at any step, a command happened in full or not at all.

    Asked again it happens once; its mails go out, twice at most between sending and marking, under one Message-ID.
    """
    assert " 0 faults" in ended("sqlite", "--part", part)


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_lost_on_postgresql(postgres: Database, part: str) -> None:
    """RL-01, RL-02, RL-03, RL-08, GM-02: the same on a PostgreSQL server, whose other end is killed."""
    assert " 0 faults" in ended("postgres", "--url", postgres.url, "--part", part)


def test_nothing_is_lost_by_the_async_runner(postgres: Database) -> None:
    """RL-01, RL-02, RL-03, RL-08: the same with the async runner, on aiosqlite and asyncpg."""
    assert " 2 databases" in (told := ended("aiosqlite", "asyncpg", *ASYNC, "--url", postgres.url))
    assert " 0 faults" in told


def test_every_command_that_writes_is_ended() -> None:
    """RL-01: every command that the package offers is tried, but for those that only look; and every worker."""
    offered = {name for name in customer_accounts.__all__ if _is_command(getattr(customer_accounts, name))}
    assert {one.name for one in works(whole=False)} == (offered - READS) | set(WORKERS)


def _is_command(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, Command) and one is not Command


class CommitsEachChange(SqlStorage):
    """A storage that forgets its transaction."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write each change by itself."""
        return [super(CommitsEachChange, self).write([change]) for change in changes][-1]


class MailsBefore(SqlStorage):
    """A storage that queues mails before it writes the rest."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write the mails, then the rest."""
        super().write([one for one in changes if isinstance(one, QueueMail)])
        return super().write([one for one in changes if not isinstance(one, QueueMail)])


class FinishesNothing(SqlStorage):
    """A storage that never marks a mail as sent."""

    def finish(self, task: object, outcome: object, /) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("storage", "name", "said"),
    [
        (CommitsEachChange, "Register", "half of it is stored"),
        (MailsBefore, "RequestPasswordReset", "a mail reset_password waits whose link was never stored"),
        (FinishesNothing, "deliver_mail", "a mail still waits"),
    ],
)
def test_a_fault_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storage: type[SqlStorage], name: str, said: str
) -> None:
    """RL-01, RL-02, RL-03: a storage that does half of its work is found out, and told in words."""
    monkeypatch.setattr(trials, "SqlStorage", storage)
    assert any(said in fault for fault in _tried(tmp_path, name).faults)


def test_a_row_that_is_gone_is_noticed(tmp_path: Path) -> None:
    """RL-01: rows are compared by what they are, whatever their ids."""
    backend = Sqlite(tmp_path)
    backend.fill(_work("Register").begun)
    rows = dict(rows_of(backend.watched.engine))
    whole = shape(rows)
    rows["ca_events"] = rows["ca_events"][1:]
    assert shape(rows) != whole


def _tried(folder: Path, name: str) -> Told:
    # Without kills: this process has other threads.
    return tried(_work(name), Sqlite(folder), kills=False)


def _work(name: str) -> Work:
    return next(one for one in works(whole=False) if one.name == name)
