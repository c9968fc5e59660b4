"""Numbers of accounts whose answers are too old, asked again at a VIES on this machine: 16 under way at a time.

``python -m tests.benchmarks.contenders.vat_recheck 100000 sync`` prints the figures as JSON.  Most numbers are of
one state, so that its limit is what holds the others up.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve

from customer_accounts import Accounts, AsyncAccounts
from customer_accounts.account import Company
from customer_accounts.accounts.vat_checks import VatReport
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.adapters.vies import AsyncViesRegister, ViesRegister
from customer_accounts.adapters.vies_traffic import StateLimit, Traffic
from customer_accounts.changes import Change, insert
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.vat import VatStatus
from tests.benchmarks import vies
from tests.benchmarks.contenders.ours import account_of, settings

AT_ONCE = 16
STATES = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
)  # fmt: skip
SHARES = {"DE": 27.0, "IT": 5.0, "FR": 2.0}
#: Questions at a time; how many begin in a second is left open, for it would only make the run longer.
LIMITS = dict.fromkeys(STATES, 4) | {"IT": 2, "FR": 1, "HU": 1}


def _traffic() -> Traffic:
    return Traffic(limits={state: StateLimit(at_once=most, per_second=1e6) for state, most in LIMITS.items()})


def _rows(count: int) -> Iterator[Change]:
    """Give accounts of companies with the checks of their numbers, all of them due."""
    due = datetime.now(UTC) - timedelta(days=1)
    weights = [SHARES.get(state, 1.0) for state in STATES]
    for row, state in enumerate(random.Random(7).choices(STATES, weights, k=count)):
        number = f"{state}{row:09}"
        company = Company("Company", number, number, VatStatus.VALID, vat_checked_at=due - timedelta(days=30))
        yield insert(evolve(account_of(f"c{row}@company.example"), company=company))
        yield insert(VatCheckRecord(number=number, due_at=due + timedelta(milliseconds=row)))


def _sync(url: str, base_url: str, count: int) -> VatReport:
    storage = SqlStorage(url)
    register = ViesRegister(base_url=base_url, traffic=_traffic(), timeout=60)
    report = Accounts(storage, settings()).check_vat_numbers(register, limit=count, at_once=AT_ONCE)
    storage.close()
    return report


async def _async(url: str, base_url: str, count: int) -> VatReport:
    import httpx2  # its memory is not the sync run's

    storage = AsyncSqlStorage(url.replace("sqlite:", "sqlite+aiosqlite:"))
    async with httpx2.AsyncClient() as client:
        register = AsyncViesRegister(base_url=base_url, traffic=_traffic(), timeout=60, client=client)
        accounts = AsyncAccounts(storage, settings())
        report = await accounts.check_vat_numbers(register, limit=count, at_once=AT_ONCE)
    await storage.close()
    return report


def _memory() -> float:
    told = Path("/proc/self/status").read_text().partition("VmRSS:")[2]
    return int(told.split()[0]) / 1024


def main() -> None:
    """Fill a file, ask a few numbers to warm up, then all the others."""
    count, kind = int(sys.argv[1]), sys.argv[2]
    memory = Path("/dev/shm")
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        vies.running() as (base_url, told),
    ):
        url = f"sqlite:///{folder}/recheck.db"
        storage = SqlStorage(url)
        storage.create_schema()
        rows = _rows(count)
        while some := tuple(islice(rows, 2_000)):
            storage.write(some)
        storage.close()

        def run(limit: int) -> VatReport:
            return (
                _sync(url, base_url, limit) if kind == "sync" else asyncio.run(_async(url, base_url, limit))
            )

        warm = run(200)
        start, begun = _memory(), time.perf_counter()
        report = run(count)
        took, end = time.perf_counter() - begun, _memory()
    assert warm.valid + report.valid == count, (warm, report)
    assert told["numbers"] == count, told
    over = {state: most for state, most in told["most"].items() if most > LIMITS[state]}
    figures = {"rate": report.valid / took, "seconds": took, "start": start, "end": end, "over": over}
    print(json.dumps(figures | {"twice": told["twice"], "most": told["most"], "limits": LIMITS}))


if __name__ == "__main__":
    main()
