"""Import many guest orders, convert and undo: ``python -m tests.import_at_scale 100000 30000``.

Prints time and memory; the sums must be equal.  The orders go into a SQLite file, or to a URL given as third argument.
"""

import resource
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from customer_accounts.accounts import Accounts
from customer_accounts.accounts.importing import import_batches, orders_of
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.testing import cheap_settings


def rows(count: int, addresses: int) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Make the rows of so many orders over so many addresses."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        yield (
            number + 2,
            {
                "reference": f"old-{number:08}",
                "number": f"N-{number:08}",
                "placed_at": (first + timedelta(minutes=number)).isoformat(),
                "email": f"guest{number % addresses}@mail.example",
                "name": "Gerda Gast",
                "postcode": "8010",
            },
        )


def imported(shop: Accounts, count: int, addresses: int) -> tuple[int, int]:
    """Import all, and give how many were new and how many known."""
    parts = list(import_batches(shop, orders_of(rows(count, addresses))))
    return sum(one.orders for one in parts), sum(one.known for one in parts)


def main(count: int, addresses: int, url: str | None) -> None:
    """Import twice, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        storage = SqlStorage(url or f"sqlite:///{Path(folder) / 'shop.db'}")
        storage.create_schema()
        shop = Accounts(storage, cheap_settings())
        for run in ("first", "again"):
            wall, cpu = perf_counter(), process_time()
            new, known = imported(shop, count, addresses)
            took = f"{perf_counter() - wall:.1f} s, {process_time() - cpu:.1f} s CPU"
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            sys.stdout.write(f"{run}: {new} new, {known} known, {took}, {memory} MiB at most\n")
            assert new + known == count
        storage.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
