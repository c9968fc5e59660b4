"""Let customers shop for some minutes on PostgreSQL with a real mail server, and print what the process needs.

::

    python -m tests.load --minutes 10             memory stays flat
    python -m tests.load --minutes 10 --restart   the database is restarted every minute, and the sums are equal
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

from sqlalchemy import create_engine, func, select

from customer_accounts.accounts.limiter import MemoryRateLimiter
from customer_accounts.adapters.smtp import SmtpMailer
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.schema import accounts, mails
from customer_accounts.testing import Mailbox
from tests.load.customers import EXPECTED, Shop
from tests.postgres import Server, running_server

_LINE = "{:>6} {:>9} {:>9} {:>9} {:>8} {:>9}"
AT_ONCE = 4
#: What counts as flat: what a run of ten minutes may add to the memory of its second minute.
MOST_GROWN = 1.05


def main(words: Sequence[str]) -> int:
    """Shop as long as is wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.load")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--restart", action="store_true", help="restart the database every minute")
    wanted = parser.parse_args(words)
    logging.disable()
    with running_server() as server, Mailbox() as mailbox:
        return _soak(server, mailbox, wanted.minutes, restart=wanted.restart)


def _soak(server: Server, mailbox: Mailbox, minutes: float, *, restart: bool) -> int:
    engine = create_engine(server.create("load").url, pool_size=AT_ONCE + 2)
    storage = SqlStorage(engine)
    storage.create_schema()
    shop = Shop(storage)
    # The library's own limiter, with room for so few keys that it is full within the first minute.
    shop.accounts._limiter = MemoryRateLimiter(shop.clock, keys_kept=2_000)
    begun, served, resident = monotonic(), [0] * AT_ONCE, [0.0]

    def serve(place: int) -> None:
        while monotonic() - begun < minutes * 60:
            shop.visit(f"c{place}.{served[place]}")
            served[place] += 1
            with shop.ledger.lock:  # what is known to be kept is no longer remembered
                shop.ledger.accounts.clear()
                shop.ledger.orders.clear()
                shop.ledger.wishes.clear()

    threads = [Thread(target=serve, args=(place,)) for place in range(AT_ONCE)]
    for one in threads:
        one.start()
    print(_LINE.format("minute", "customers", "accounts", "mails", "errors", "RSS MiB"))
    mailer, taken = SmtpMailer(mailbox.host, mailbox.port), 0
    for minute in range(1, int(minutes) + 1):
        while monotonic() - begun < minute * 60:
            taken += _sent(shop, mailer, mailbox)
        resident.append(_resident())
        with engine.connect() as connection:
            rows = connection.scalar(select(func.count()).select_from(accounts))
        print(
            _LINE.format(minute, sum(served), rows, taken, shop.ledger.failed.total(), f"{resident[-1]:.1f}"),
            flush=True,
        )
        if restart and minute < minutes:
            server.restart()
    for one in threads:
        one.join()
    for _ in range(12):
        shop.clock.forward(hours=7)
        taken += _sent(shop, mailer, mailbox)
    with engine.connect() as connection:
        rows = connection.scalar(select(func.count()).select_from(accounts))
        sent = connection.scalar(select(func.count()).select_from(mails).where(mails.c.status == "sent"))
    engine.dispose()
    print(f"{sum(served)} customers, {rows} accounts; {sent} mails marked, {taken} taken by the server")
    grown = resident[-1] / resident[min(2, len(resident) - 1)]
    print(f"memory at the end: {grown:.3f} of what it was after the second minute")
    return 0 if rows == sum(served) and (taken == sent or restart) and grown < MOST_GROWN else 1


def _sent(shop: Shop, mailer: SmtpMailer, mailbox: Mailbox) -> int:
    """Send what is due, forget it, and count it."""
    try:
        shop.accounts.deliver_mail(mailer, limit=100)
    except EXPECTED as error:
        shop.ledger.failed[f"worker: {type(error).__name__}"] += 1
        sleep(0.2)
    shop.clock.forward(seconds=5)
    taken = len(mailbox.messages)
    mailbox.clear()
    return taken


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
