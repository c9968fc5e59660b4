"""What goes wrong while customers shop, and the sums afterwards."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread
from time import sleep
from typing import Any

from attrs import define, field
from sqlalchemy import Engine, func, select

from customer_accounts.adapters.smtp import SmtpMailer
from customer_accounts.adapters.sql.schema import accounts, mails, orders
from customer_accounts.testing import Mailbox
from tests.load.customers import EXPECTED, Shop, missing

Trouble = Callable[[], object]


@define
class Sums:
    """What is stored and what was sent, when all is over.

    Args:
        rows: accounts and orders that are stored.
        promised: accounts and orders that were answered.
        marked: Message-IDs of the mails that are marked as sent.
        taken: how often the mail server took each Message-ID.
        known: Message-IDs of all mails there are.
        waiting: mails that are neither sent nor dropped.
        acknowledged: mails about orders that are marked as sent.
        failed: errors that customers met and asked again.
        faults: what is not as it was promised.
    """

    rows: tuple[int, int]
    promised: tuple[int, int]
    marked: set[str]
    taken: Counter[str]
    known: set[str]
    waiting: int
    acknowledged: int
    failed: Mapping[str, int] = field(factory=dict)
    faults: list[str] = field(factory=list)

    @property
    def problems(self) -> list[str]:
        """What was lost or doubled, in words; nothing if the sums are equal.

        A mail that was taken while its mark was lost may be stale by the next try: it is dropped then, and taken.
        """
        problems = list(self.faults)
        if self.rows != self.promised:
            problems.append(f"{self.rows} are stored, {self.promised} were promised")
        if not self.marked <= self.taken.keys() <= self.known:
            problems.append("a mail is marked that was never taken, or was taken and never queued")
        if self.waiting or self.acknowledged != self.promised[1]:
            problems.append(f"{self.waiting} mails wait, {self.acknowledged} orders are acknowledged")
        return problems


def shopping(
    shop: Shop,
    engine: Engine,
    mailbox: Mailbox,
    troubles: Sequence[Trouble],
    *,
    customers: int,
    at_once: int = 8,
) -> Sums:
    """Let customers shop and mails go out, with one trouble after each part of the promises; then add up."""
    over = Event()
    mailer = SmtpMailer(mailbox.host, mailbox.port, timeout=2)
    workers = [Thread(target=_keep_sending, args=(shop, mailer, over)) for _ in range(2)]
    for one in workers:
        one.start()
    try:
        with ThreadPoolExecutor(at_once) as pool:
            visits = [pool.submit(shop.visit, f"customer{number}") for number in range(customers)]
            for number, trouble in enumerate(troubles, start=1):
                _wait_for(shop, visits, customers * 4 * number // (len(troubles) + 1))
                trouble()
            for visit in visits:
                visit.result()
    finally:
        over.set()
        for one in workers:
            one.join(300)
    _send_the_rest(shop, mailer)
    return added_up(shop, engine, mailbox)


def added_up(shop: Shop, engine: Engine, mailbox: Mailbox) -> Sums:
    """Add up what is stored, what was promised and what was sent."""
    with engine.connect() as connection:
        rows = [
            connection.scalar(select(func.count()).select_from(table)) or 0 for table in (accounts, orders)
        ]
        mailed = connection.execute(select(mails.c.id, mails.c.status, mails.c.purpose)).all()
    host = shop.settings.storefront.base_url.partition("//")[2]
    return Sums(
        rows=(rows[0], rows[1]),
        promised=(len(shop.ledger.accounts), len(shop.ledger.orders)),
        marked={f"<{one.id}@{host}>" for one in mailed if one.status == "sent"},
        taken=Counter(str(one["Message-ID"]) for one in mailbox.messages),
        known={f"<{one.id}@{host}>" for one in mailed},
        waiting=sum(one.status in {"queued", "dead"} for one in mailed),
        acknowledged=sum(one.status == "sent" and one.purpose == "order_received" for one in mailed),
        failed=dict(shop.ledger.failed),
        faults=list(missing(shop)),
    )


def until_it_hurts(shop: Shop) -> None:
    """Wait until somebody met the trouble, or a while."""
    before = shop.ledger.failed.total()
    for _ in range(1000):
        if shop.ledger.failed.total() > before:
            return
        sleep(0.01)


def _wait_for(shop: Shop, visits: list[Any], promises: int) -> None:
    while shop.ledger.promises < promises and not all(one.done() for one in visits):
        sleep(0.005)


def _keep_sending(shop: Shop, mailer: SmtpMailer, over: Event) -> None:
    while not over.wait(0.05):
        try:
            shop.accounts.deliver_mail(mailer, limit=20)
        except EXPECTED as error:
            with shop.ledger.lock:
                shop.ledger.failed[f"worker: {type(error).__name__}"] += 1


def _send_the_rest(shop: Shop, mailer: SmtpMailer) -> None:
    """Send what failed before: hours later, when every wait and every lease is over."""
    for _ in range(12):
        shop.clock.forward(hours=7)
        shop.deliver(mailer)


@contextmanager
def little_room(engine: Engine) -> Iterator[Callable[[int], None]]:
    """Give what sets the number of pages that an SQLite file may have: the disk is full beyond; 0 for no limit."""
    from sqlalchemy import event

    most = [0]

    def limit(connection: Any, *_: Any) -> None:
        pages = most[0] or 1_000_000
        connection.connection.dbapi_connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(engine, "begin", limit)
    yield lambda pages: most.__setitem__(0, pages)
    event.remove(engine, "begin", limit)


#: Lets the server answer as it does when its disk is full: SQLSTATE 53100, wherever something is recorded.
DISK_FULL = (
    """CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$""",
    "CREATE TRIGGER full_disk BEFORE INSERT ON ca_events EXECUTE FUNCTION disk_full()",
)
DISK_FREED = ("DROP TRIGGER full_disk ON ca_events", "DROP FUNCTION disk_full()")
