"""The mail worker, both mailers and a real mail server that refuses, hangs, dies and comes back."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.accounts.mail_run import Pace
from customer_accounts.adapters.smtp import AsyncSmtpMailer, SmtpMailer
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.changes import QueueMail, Save, UseToken
from customer_accounts.outbox import MailPurpose, MailRecord, MailStatus, MailTask
from customer_accounts.settings import Settings
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.testing.mailbox import Fault, Mailbox
from customer_accounts.testing.records import NOW, a_mail, a_token, an_event, some_id
from tests.postgres import Database
from tests.sqlite import shop_in

QUICK = Pace(idle=0.01, first_pause=0.01, longest_pause=0.02)


def letters(count: int) -> list[MailRecord]:
    """Make mails that need no link and no order."""
    return [
        a_mail(
            purpose=MailPurpose.PASSWORD_CHANGED, to=f"c{n}@mail.example", masked_to=f"c***{n}@mail.example"
        )
        for n in range(count)
    ]


@pytest.fixture(name="mailbox")
def _mailbox() -> Iterator[Mailbox]:
    """A mail server."""
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture(name="storage")
def _storage(tmp_path: Path) -> Iterator[SqlStorage]:
    """A storage in a file."""
    storage = SqlStorage(shop_in(tmp_path))
    yield storage
    storage.close()


class Post:
    """Either runner with its mailer, on one file, run once in the same words."""

    def __init__(self, kind: str, storage: SqlStorage, tmp_path: Path) -> None:
        self.kind, self.storage = kind, storage
        self.clock = FixedClock(NOW)
        self._url = f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"

    def deliver(self, port: int) -> tuple[int, int, int]:
        """Run once; give how many were sent, failed and given up."""
        if self.kind == "sync":
            shop = Accounts(self.storage, cheap_settings(), clock=self.clock)
            report = shop.deliver_mail(SmtpMailer("127.0.0.1", port, timeout=0.5))
        else:
            report = asyncio.run(self._deliver(port))
        return report.sent, report.failed, report.dead

    async def _deliver(self, port: int) -> Any:
        storage = AsyncSqlStorage(self._url)
        try:
            shop = AsyncAccounts(storage, cheap_settings(), clock=self.clock)
            return await shop.deliver_mail(AsyncSmtpMailer("127.0.0.1", port, timeout=0.5))
        finally:
            await storage.close()


@pytest.fixture(name="post", params=["sync", "async"])
def _post(request: pytest.FixtureRequest, storage: SqlStorage, tmp_path: Path) -> Post:
    """Both runners."""
    return Post(request.param, storage, tmp_path)


#: What the server does; what one run over two mails counts; and whether the server took them all the same.
FAULTS = [
    (Fault.REFUSE_RECIPIENT, (0, 0, 2), 0),
    (Fault.REFUSE_MESSAGE, (0, 0, 2), 0),
    (Fault.TEMPORARY_FAILURE, (0, 2, 0), 0),
    (Fault.DROP_CONNECTION, (0, 1, 0), 0),
    (Fault.LOSE_ANSWER, (0, 1, 0), 1),
    (Fault.HANG, (0, 1, 0), 0),
]


@pytest.mark.parametrize(("fault", "counted", "taken"), FAULTS, ids=[one[0].name for one in FAULTS])
def test_each_fault_of_a_server_is_told_apart(
    post: Post, mailbox: Mailbox, fault: Fault, counted: tuple[int, int, int], taken: int
) -> None:
    """RL-03, RL-06: for good, not now, or no server at all; what can be sent later is, under its Message-ID."""
    mails = letters(2)
    post.storage.write([QueueMail(one) for one in mails])
    mailbox.fault = fault
    assert post.deliver(mailbox.port) == counted
    assert len(mailbox.messages) == taken
    mailbox.fault = None
    post.clock.forward(minutes=2)
    dead = counted[2]
    assert post.deliver(mailbox.port) == (2 - dead, 0, 0)
    ids = [one["Message-ID"] for one in mailbox.messages]
    assert len(set(ids)) == 2 - dead
    assert all("refused" in one.reply for one in post.storage.mails(MailStatus.DEAD))
    assert post.storage.backlog().dead == dead


def test_no_server_at_all_costs_one_try(post: Post) -> None:
    """RL-06, RL-09: a refused connection is an outage; nothing is lost, and the other mail is untried."""
    post.storage.write([QueueMail(one) for one in letters(2)])
    with Mailbox() as gone:
        port = gone.port
    assert post.deliver(port) == (0, 1, 0)
    assert sorted(one.attempts for one in post.storage.mails(MailStatus.QUEUED)) == [0, 1]


def test_a_server_without_tls_gets_nothing(post: Post, mailbox: Mailbox) -> None:
    """A missing STARTTLS is an outage that the operator mends; the mail waits and goes nowhere in clear."""
    (mail,) = letters(1)
    post.storage.write([QueueMail(mail)])
    shop = Accounts(post.storage, cheap_settings(), clock=post.clock)
    report = shop.deliver_mail(SmtpMailer("127.0.0.1", mailbox.port, starttls=True))
    assert (report.failed, mailbox.messages) == (1, [])
    assert post.storage.backlog().queued == 1


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_four_workers_send_each_mail_once(
    request: pytest.FixtureRequest, storage: SqlStorage, mailbox: Mailbox, database: str
) -> None:
    """RL-04: four workers on one outbox share the work, on SQLite and PostgreSQL, and no mail is sent twice."""
    if database == "postgresql":
        shop_of: Database = request.getfixturevalue("postgres_shop")
        storage = SqlStorage(shop_of.url)
        request.addfinalizer(storage.close)
    mails = letters(60)
    storage.write([QueueMail(one) for one in mails])
    stop = threading.Event()

    def work(_: int) -> int:
        shop = Accounts(storage, cheap_settings(), clock=FixedClock(NOW))

        def told(metrics: Any) -> None:
            if metrics.queued == 0:
                stop.set()

        mailer = SmtpMailer("127.0.0.1", mailbox.port)
        return shop.run_mail_worker(mailer, stop=stop, pace=QUICK, on_metrics=told).sent

    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(work, range(4)))
    ids = [one["Message-ID"] for one in mailbox.messages]
    assert sent == len(ids) == len(set(ids)) == 60


def test_nothing_is_locked_while_a_mail_is_written_and_sent(
    storage: SqlStorage, mailbox: Mailbox, tmp_path: Path
) -> None:
    """Mails are rendered and sent outside of any transaction: others write meanwhile, and wait for nobody."""
    storage.write([QueueMail(one) for one in letters(1)])
    other = SqlStorage(f"sqlite:///{tmp_path / 'shop.db'}?timeout=0")
    written: list[str] = []

    def composed(task: MailTask, settings: Settings, now: Any) -> Any:
        from customer_accounts import mail
        from customer_accounts.changes import RecordEvent

        other.write([RecordEvent(an_event(None))])
        written.append("while composing")
        return mail.compose(task, settings, now)

    class Sending:
        def send(self, message: Any, /) -> str:
            from customer_accounts.changes import RecordEvent

            other.write([RecordEvent(an_event(None))])
            written.append("while sending")
            return "250 OK"

    shop = Accounts(storage, cheap_settings(), clock=FixedClock(NOW))
    assert shop.deliver_mail(Sending(), compose=composed).sent == 1
    assert written == ["while composing", "while sending"]
    other.close()


def test_a_link_that_was_used_meanwhile_is_not_mailed(storage: SqlStorage, mailbox: Mailbox) -> None:
    """RL-05: such a mail is dropped at its turn, and its row says why; one whose link still works goes out."""
    settings = cheap_settings()
    values = {"email_key": "anna@mail.example", "key_id": settings.secret_id, "account_id": some_id()}
    used, good = a_token(**values), a_token(**values)
    reset = [a_mail(purpose=MailPurpose.RESET_PASSWORD, token=one.digest) for one in (used, good)]
    storage.write(
        [*(Save(one, None) for one in (used, good)), *map(QueueMail, reset), UseToken(used.digest, NOW)]
    )
    shop = Accounts(storage, settings, clock=FixedClock(NOW))
    report = shop.deliver_mail(SmtpMailer("127.0.0.1", mailbox.port))
    assert (report.sent, report.dropped, len(mailbox.messages)) == (1, 1, 1)
    with storage._transactions.reading() as connection:
        rows = connection.exec_driver_sql("SELECT status, reply FROM ca_mails ORDER BY status").all()
    assert [tuple(one) for one in rows] == [("dropped", "link_used"), ("sent", "250 2.0.0 taken as 1")]


def test_the_row_of_a_sent_mail_keeps_the_envelope_alone(storage: SqlStorage, mailbox: Mailbox) -> None:
    """RL-07: purpose, masked address and reply stay for 30 days; the address and all details are blank."""
    clock = FixedClock(NOW)
    (mail,) = letters(1)
    storage.write([QueueMail(evolve(mail, details=()))])
    shop = Accounts(storage, cheap_settings(), clock=clock)
    shop.deliver_mail(SmtpMailer("127.0.0.1", mailbox.port))
    with storage._transactions.reading() as connection:
        row = connection.exec_driver_sql('SELECT purpose, "to", masked_to, status, reply FROM ca_mails').one()
    assert tuple(row) == ("password_changed", "", "c***0@mail.example", "sent", "250 2.0.0 taken as 1")
    clock.forward(days=29)
    assert not any(shop.purge().purged.values())
    clock.forward(days=2)
    assert sum(shop.purge().purged.values()) == 1
