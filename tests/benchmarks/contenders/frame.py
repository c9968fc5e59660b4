"""What all contenders share: they are told what to do as JSON, and print what it took."""

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks.contenders.memory import peak

#: The password of everybody.
PASSWORD = "eleven quiet herons"
#: What stands where a hash would, in runs without hashing.
NO_HASH = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43

#: So many register at the same time, where that is what is measured.
AT_ONCE = 8

#: Does one task for each address, in turn; gives how long each took, in seconds.
Task = Callable[[Sequence[str]], list[float]]
#: Begins to count the statements that are sent, and gives what tells their number.
Counting = Callable[[], Callable[[], int]]

#: For so many addresses statements are counted, after the measuring: who is listened to is slower.
COUNTED = 10


def addresses(prefix: str, count: int) -> list[str]:
    """Give addresses at the domains that customers have."""
    domains = (
        "gmail.com",
        "web.de",
        "orange.fr",
        "outlook.com",
        "company.example",
        "gmx.at",
        "free.fr",
        "icloud.com",
    )
    return [f"{prefix}{number}@{domains[number % len(domains)]}" for number in range(count)]


def each(one: Callable[[str], object]) -> Task:
    """Make a task of what is done for one address."""

    def run(given: Sequence[str]) -> list[float]:
        took: list[float] = []
        for address in given:
            begun = time.perf_counter()
            one(address)
            took.append(time.perf_counter() - begun)
        return took

    return run


def main(opened: Callable[..., tuple[dict[str, Task], Counting]]) -> None:
    """Do what the arguments say.

    Args:
        opened: gives the tasks by name, and what counts statements, for a database and a way of hashing.
    """
    told: dict[str, Any] = json.loads(sys.argv[1])
    tasks, counting = opened(told["url"], hashing=told.get("hashing", False))
    warm, count = told["warm"], told["count"]
    given = addresses(told["prefix"], warm + count + COUNTED)
    if told["task"] == "sign_in" and told.get("make", True):
        tasks["make"](given)
    task = tasks[told["task"]]
    task(given[:warm])
    gc.collect()  # what is left of the start belongs to nobody's work
    cpu, begun = time.process_time(), time.perf_counter()
    took = task(given[warm : warm + count])
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    sent = counting()
    task(given[warm + count :])
    print(
        json.dumps(
            {
                "cpu_us": cpu / count * 1e6,
                "p50_us": statistics.median(took) * 1e6,
                "rate": count / wall,
                "statements": sent() / COUNTED,
                "rss_mb": peak(),
            }
        )
    )
    sys.stdout.flush()
    os._exit(0)  # what a contender leaves open is not measured
