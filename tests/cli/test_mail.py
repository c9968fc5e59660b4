"""``customer-accounts mail``: what waits, what was given up, and queueing that again."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import QueueMail
from customer_accounts.cli.ending import Exit
from customer_accounts.outbox import MailRecord, Queue
from customer_accounts.testing.records import NOW, a_full_mail
from tests.cli.running import run


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture(name="storage")
def _storage(url: str) -> Iterator[SqlStorage]:
    """The storage on it, with its tables."""
    storage = SqlStorage(url)
    storage.create_schema()
    yield storage
    storage.close()


def queued(storage: SqlStorage, count: int) -> list[MailRecord]:
    """Queue mails."""
    mails = [a_full_mail() for _ in range(count)]
    storage.write([QueueMail(one) for one in mails])
    return mails


def given_up(storage: SqlStorage, count: int) -> list[MailRecord]:
    """Queue mails that are given up."""
    mails = queued(storage, count)
    for task in storage.lease(Queue.MAIL, limit=count, now=NOW, until=NOW + timedelta(minutes=5)):
        storage.fail(task, retry_at=None, reason="550 no such [user]")
    return mails


def test_the_queue_is_listed_and_summed_up(url: str, storage: SqlStorage) -> None:
    """What waits is a table on standard output; the sums are told beside it."""
    mails = queued(storage, 3)
    shown = run("mail", "queue", "--url", url, "--limit", "2")
    assert shown.exit_code == Exit.DONE
    assert len(shown.stdout.splitlines()) == 3
    assert "password_changed" in shown.stdout
    assert str(mails[0].queued_at.date()) in shown.stderr
    assert "3 queued" in shown.stderr
    assert "0 dead" in shown.stderr


def test_an_empty_queue_prints_nothing(url: str, storage: SqlStorage) -> None:
    """Programs that read standard output get no headings without rows."""
    shown = run("mail", "queue", "--url", url)
    assert (shown.exit_code, shown.stdout, shown.stderr) == (Exit.DONE, "", "0 queued; 0 dead.\n")


def test_dead_mails_are_listed_with_the_servers_words(url: str, storage: SqlStorage) -> None:
    """RL-06, LG-02: each with id, purpose, masked address and reply; the exit code says that there are any."""
    assert run("mail", "dead", "--url", url).exit_code == Exit.DONE
    (mail,) = given_up(storage, 1)
    shown = run("mail", "dead", "--url", url)
    assert shown.exit_code == Exit.OPEN
    for told in (str(mail.id), "password_changed", mail.masked_to, "550 no such [user]"):
        assert told in shown.stdout
    assert mail.to not in shown.output


def test_programs_get_json(url: str, storage: SqlStorage) -> None:
    """With --json each mail is an object on a line of its own, without the address."""
    mails = given_up(storage, 2)
    shown = run("mail", "dead", "--url", url, "--json")
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert {one["id"] for one in rows} == {str(one.id) for one in mails}
    assert rows[0]["attempts"] == 3
    assert rows[0]["reply"] == "550 no such [user]"
    assert {one["account_id"] for one in rows} == {str(one.account_id or "") for one in mails}
    assert {one["order_reference"] for one in rows} == {one.order_reference or "" for one in mails}
    assert mails[0].to not in shown.output


def test_dead_mails_are_queued_again(url: str, storage: SqlStorage) -> None:
    """RL-06: named ones or all of them; who did it is in the audit trail."""
    first, second, third = given_up(storage, 3)
    one = run("mail", "requeue", str(first.id), "--url", url)
    assert (one.exit_code, one.stdout) == (Exit.DONE, f"{first.id}\n")
    assert storage.backlog().queued == 1
    rest = run("mail", "requeue", "--all", "--url", url)
    assert rest.exit_code == Exit.DONE
    assert set(rest.stdout.split()) == {str(second.id), str(third.id)}
    assert (storage.backlog().queued, storage.backlog().dead) == (3, 0)
    engine = create_engine(url)
    with engine.connect() as connection:
        actors = connection.execute(text("SELECT DISTINCT actor FROM ca_events")).scalars().all()
    engine.dispose()
    assert actors == ["system:command line"]


def test_more_than_one_page_is_queued_again(
    url: str, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All means all, also where a page of the storage holds fewer."""
    monkeypatch.setattr("customer_accounts.cli.mail._PAGE", 2)
    given_up(storage, 5)
    assert "5 queued again" in run("mail", "requeue", "--all", "--url", url).stderr


def test_what_is_not_dead_is_named(url: str, storage: SqlStorage) -> None:
    """A mail that waits, was sent or never was is named, the others are queued all the same."""
    (waiting,) = queued(storage, 1)
    storage.lease(Queue.MAIL, limit=1, now=NOW, until=NOW + timedelta(minutes=5))
    (dead,) = given_up(storage, 1)
    asked = [str(waiting.id), str(UUID(int=5)), str(dead.id)]
    shown = run("mail", "requeue", *asked, "--url", url)
    assert (shown.exit_code, shown.stdout) == (Exit.OPEN, f"{dead.id}\n")
    assert f"not dead: {waiting.id}" in shown.stderr


@pytest.mark.parametrize("words", [[], ["--all", str(UUID(int=5))], ["no-id"]])
def test_requeue_wants_to_know_which(url: str, storage: SqlStorage, words: list[str]) -> None:
    """Neither nothing nor both: a slip of the hand queues no mail."""
    assert run("mail", "requeue", *words, "--url", url).exit_code == Exit.USAGE


def test_a_terminal_gets_the_width_it_has(
    url: str, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where people look, lines are folded to the terminal; in a file they are whole."""
    given_up(storage, 1)
    wide = run("mail", "dead", "--url", url, environment={"COLUMNS": "40"})
    assert len(wide.stdout.splitlines()) == 2
    narrow = run(
        "mail", "dead", "--url", url, environment={"COLUMNS": "40", "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}
    )
    assert len(narrow.stdout.splitlines()) > 2
