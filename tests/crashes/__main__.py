"""End every command and every worker at each of its steps, and print what came of it.

::

    python -m tests.crashes                      everything, on SQLite and on PostgreSQL, sync and async
    python -m tests.crashes sqlite Register      one database, one command
    python -m tests.crashes --part 2/3 --every 4 a third of the commands, ended at every fourth step

Ends with 1 if anything was lost, doubled or half stored.
"""

import argparse
import logging
import sys
from collections.abc import Sequence

from tests.crashes.backends import BACKENDS
from tests.crashes.cases import works
from tests.crashes.trials import Told, tried

_LINE = "{:<28}{:<12}{:>7}{:>8}{:>8}{:>7}{:>12}"


def main(words: Sequence[str]) -> int:
    """Try what is wanted and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashes")
    parser.add_argument("names", nargs="*", help="a database, or the names of commands and workers")
    parser.add_argument("--every", type=int, default=1, help="end them at every so many-th step only")
    parser.add_argument("--whole", action="store_true", help="every scene of every command")
    parser.add_argument("--url", help="an empty database on PostgreSQL; without it a server is started")
    parser.add_argument("--part", default="1/1", help="such as 2/3: the second third of the commands")
    wanted = parser.parse_args(words)
    logging.disable()  # what breaks off on purpose is no news
    backends = [one for one in BACKENDS if one in wanted.names] or list(BACKENDS)
    names = set(wanted.names) - set(BACKENDS)
    part, parts = (int(one) for one in wanted.part.split("/"))
    told: list[Told] = []
    print(_LINE.format("command or worker", "database", "steps", "killed", "raised", "wrote", "mails twice"))
    for name in backends:
        with BACKENDS[name](wanted.url) as backend:
            for number, work in enumerate(works(whole=wanted.whole)):
                if number % parts == part - 1 and (not names or work.name in names):
                    told.append(tried(work, backend, wanted.every))
                    _show(told[-1])
    return _sum(told)


def _show(one: Told) -> None:
    print(
        _LINE.format(one.name, one.backend, one.steps, one.killed, one.raised, one.wrote, one.twice),
        flush=True,
    )
    for fault in one.faults:
        print(f"    FAULT: {fault}")


def _sum(told: list[Told]) -> int:
    faults = sum(len(one.faults) for one in told)
    print(
        f"{len({one.name for one in told})} commands and workers, {len({one.backend for one in told})} databases,"
        f" {sum(one.steps for one in told)} steps: {sum(one.killed for one in told)} kills,"
        f" {sum(one.raised for one in told)} exceptions, {sum(one.twice for one in told)} mails twice under one"
        f" Message-ID, {faults} faults"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
