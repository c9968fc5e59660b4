"""`AsyncAccounts` with a real hash: how long the event loop stands still, and how many registrations a second."""

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from customer_accounts import AsyncAccounts
from customer_accounts.adapters.sql import AsyncSqlStorage
from customer_accounts.hashing import Argon2Hasher
from tests.benchmarks.contenders.frame import AT_ONCE, PASSWORD, addresses
from tests.benchmarks.contenders.ours import register, settings, visitor
from tests.benchmarks.goals import ASYNC_RATE
from tests.benchmarks.rows import Row, median
from tests.benchmarks.running import OURS, Run, postgres

PEER = ASYNC_RATE.beside
_TICK = 0.001
_WARM = 8
_CORES = 2


def rows(run: Run) -> Iterator[Row]:
    """Eight at once, then a stream of them."""
    count = 60 if run.quick else 200
    found, theirs = list[tuple[float, float, float]](), list[float]()
    with postgres() as (_, database):
        url, other = database("async", OURS).asyncpg_url, database("async", PEER).url
        for number in range(run.rounds):
            run.say(f"async, {number + 1} of {run.rounds}")
            found.append(asyncio.run(_measured(url, number, count)))
            options = {"prefix": f"rate{number}x", "count": count, "warm": _WARM * AT_ONCE, "hashing": True}
            theirs.append(run.contender(PEER, "register_together", other, **options)["rate"])
    stall, rate, alone = (median(one[place] for one in found) for place in range(3))
    rates = [one for _, one, _ in found]
    cores = len(os.sched_getaffinity(0))
    what = f"registrations with argon2id 19 MiB on {cores} cores, asyncpg"
    yield Row(
        group="async", what="worst stall of the event loop during 8 registrations, asyncpg", unit="ms", ours=stall,
        target="≤ 10 ms", reached=stall <= 10,
    )  # fmt: skip
    yield Row(
        group="async", what=what, unit="a second", ours=rate, beside=PEER, theirs=median(theirs),
        # Ours hash with every core and theirs with one, so another number of cores needs another goal.
        target=ASYNC_RATE.words if cores == _CORES else "",
        reached=ASYNC_RATE.reached(rates, theirs) if cores == _CORES else None,
        note=f"{ASYNC_RATE.times(rates, theirs):.3g} × {PEER} in turns side by side",
    )  # fmt: skip
    yield Row(
        group="async", what=what, unit="a second", ours=rate, beside="the hashes alone, a thread for each core",
        theirs=alone,
    )  # fmt: skip


async def _measured(url: str, number: int, count: int) -> tuple[float, float, float]:
    storage = AsyncSqlStorage(url)
    shop = AsyncAccounts(storage, settings())

    async def one(address: str) -> None:
        await shop.require(register(address), by=visitor(address))

    # A server plans a statement anew for each connection's first five times.
    for turn in range(_WARM):
        await asyncio.gather(*map(one, addresses(f"warm{number}x{turn}x", AT_ONCE)))
    stopped = asyncio.Event()
    watching = asyncio.create_task(_worst_stall(stopped))
    await asyncio.gather(*map(one, addresses(f"stall{number}x", AT_ONCE)))
    stopped.set()
    stall = await watching
    left = iter(addresses(f"rate{number}x", count))

    async def worker() -> None:
        for address in left:
            await one(address)

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    rate = count / (time.perf_counter() - begun)
    await storage.close()
    return stall * 1000, rate, _hashes_alone(count)


def _hashes_alone(count: int) -> float:
    """Give how many hashes a second this machine makes at this moment, with all its cores and nothing beside."""
    cores = len(os.sched_getaffinity(0))
    begun = time.perf_counter()
    with ThreadPoolExecutor(cores) as threads:
        list(threads.map(Argon2Hasher().hash, [PASSWORD] * count))
    return count / (time.perf_counter() - begun)


async def _worst_stall(stopped: asyncio.Event) -> float:
    """Give how much later than asked the loop woke somebody up, at worst."""
    worst = 0.0
    while not stopped.is_set():
        begun = time.perf_counter()
        await asyncio.sleep(_TICK)
        worst = max(worst, time.perf_counter() - begun - _TICK)
    return worst
