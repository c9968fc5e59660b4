"""A page of a long timeline beside a page of a short one, with times printed.

::

    python -m tests.lookup_at_scale                # 60,000 rows of one customer, SQLite and PostgreSQL
    python -m tests.lookup_at_scale 3000 sqlite    # fewer, on one of them

As many rows of other people stand between them.  Each page goes on behind the one before, as an agent reads.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from attrs import evolve

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.address_digest import address_digest
from customer_accounts.features.lookup import Lookup
from customer_accounts.outbox import EventKind
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import NOW, stored
from tests.postgres import running_server

SETTINGS = cheap_settings()
PAGES, ON_A_PAGE = 20, 50


def happened(email: str, rows: int) -> Iterator[Any]:
    """Give what happened to somebody: as many events, mails and orders, a minute between them."""
    account = evolve(records.an_account(), email=email, email_key=email)
    digest = address_digest(SETTINGS.secret, email)
    yield account
    for place in range(rows // 3):
        at = NOW - timedelta(minutes=place)
        yield records.an_event(account.id, at=at, email_digest=digest)
        yield records.a_mail(account_id=account.id, queued_at=at, to_digest=digest)
        yield records.an_order(owner=account.id, placed_at=at, email_key=email)


def filled(storage: SqlStorage, email: str, rows: int) -> None:
    """Store what happened to somebody, and as much to others."""
    waiting: list[Any] = []
    others = (one for number in range(rows // 30) for one in happened(f"{number}.{email}", 30))
    for one in (*happened(email, rows), *others):
        waiting.append(one)
        if len(waiting) == 500:
            storage.write(stored(*waiting))
            waiting.clear()
    storage.write(stored(*waiting))
    # As the database does by itself some time after so many rows came.
    with storage._transactions.writing() as connection:
        connection.exec_driver_sql("ANALYZE")


def read(storage: SqlStorage, email: str) -> tuple[int, float]:
    """Read some pages one after the other; give how many entries came, and the median time of a page."""
    shop, times, seen, after = Accounts(storage, SETTINGS), list[float](), set[Any](), None
    for _ in range(PAGES):
        began = perf_counter()
        asked = Lookup(email=email, reason="at scale", limit=ON_A_PAGE, after=after)
        page = shop.require(asked, by=Agent("17"))
        times.append(perf_counter() - began)
        # The looks themselves are events too.
        seen |= {one for one in page.entries if getattr(one, "event", None) is not EventKind.LOOKED_UP}
        after = page.next  # after the last page the first one again
    return len(seen), median(times)


def compared(storage: SqlStorage, rows: int, tell: Callable[[str], None] = print) -> list[int]:
    """Compare a short timeline with a long one; give how many entries were read of each."""
    counts = []
    for email, number in (("short@mail.example", 60), ("long@mail.example", rows)):
        filled(storage, email, number)
        count, seconds = read(storage, email)
        counts.append(count)
        tell(f"  {number:>7,} rows: {seconds * 1000:6.1f} ms a page, {count} entries read")
    return counts


@contextmanager
def databases(wanted: Sequence[str]) -> Iterator[Iterator[tuple[str, SqlStorage]]]:
    """Give an empty storage on each wanted database."""
    with TemporaryDirectory() as folder, running_server() as server:
        urls = {
            "sqlite": lambda: f"sqlite:///{Path(folder) / 'shop.db'}",
            "postgresql": lambda: server.create("lookup").url,
        }
        yield ((name, SqlStorage(urls[name]())) for name in wanted)


def main(words: Sequence[str]) -> None:
    """Run on the databases that are named after the number of rows, on both if none is."""
    rows = int(words[0]) if words else 60_000
    with databases(words[1:] or ("sqlite", "postgresql")) as storages:
        for name, storage in storages:
            print(f"{name}:")  # noqa: T201  # what the command is for
            storage.create_schema()
            compared(storage, rows)
            storage.close()


if __name__ == "__main__":
    main(sys.argv[1:])
