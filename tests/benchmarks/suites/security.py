"""What security asks of speed and memory: known and unknown addresses take equally long, and hashing stays bounded."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from customer_accounts import (
    Accounts,
    Register,
    RequestConversion,
    RequestPasswordReset,
    ResendConfirmation,
    SignIn,
)
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import insert
from customer_accounts.hashing import OWASP_MINIMUM, Argon2Hasher
from tests.benchmarks.contenders.frame import PASSWORD
from tests.benchmarks.contenders.ours import account_of, settings, visitor
from tests.benchmarks.rows import Row, median
from tests.benchmarks.running import Run, create_schema

COMMANDS: dict[str, Callable[[str], Any]] = {
    "sign-in": lambda address: SignIn(email=address, password="a wrong password, of course"),
    "registration": lambda address: Register(email=address, password=PASSWORD),
    "registration, generated password": lambda address: Register(email=address, generate_password=True),
    "password reset": lambda address: RequestPasswordReset(email=address),
    "confirmation again": lambda address: ResendConfirmation(email=address),
    "confirmation again after a registration": lambda address: ResendConfirmation(email=address),
    "contact form": lambda address: RequestConversion(email=address, message="please"),
}


def rows(run: Run) -> Iterator[Row]:
    """EN-05: the medians of known and unknown addresses; HS-05: the peak of 32 sign-ins at once."""
    runs = 60 if run.quick else 200
    url = f"sqlite:///{run.folder}/security.db"
    create_schema(url)
    for name, command in COMMANDS.items():
        run.say(f"known and unknown: {name}")
        known, unknown = _compared(url, command, name, runs)
        apart = abs(known / unknown - 1) * 100
        yield Row(
            group="security", what=f"{name} of known addresses, {runs} runs", unit="ms", ours=known,
            target="< 5 % apart", beside="unknown addresses", theirs=unknown, reached=apart < 5,
        )  # fmt: skip
    # The second one is what docs/how_to/async_hosts.md advises where a process has many threads.
    for advised in ({}, {"MALLOC_ARENA_MAX": "64"}):
        found = run.python("contenders.logins", **advised)
        bound = found["base"] + found["cores"] * OWASP_MINIMUM.memory / 1024 * 1.2
        yield Row(
            group="security", what="peak memory under 32 sign-ins at once", unit="MiB", ours=found["peak"],
            beside="base + cores × 19 MiB + 20 %", theirs=bound, target="below", reached=found["peak"] < bound,
            note=f"before: {found['base']:.0f} MiB; {'as advised' if advised else 'with the defaults of malloc'}",
        )  # fmt: skip


def _compared(url: str, command: Callable[[str], Any], name: str, runs: int) -> tuple[float, float]:
    """Ask for known and unknown addresses in turns; each address once, so that nothing is counted up."""
    storage, label = SqlStorage(url), re.sub("[^a-z]", "", name)
    shop = Accounts(storage, settings(), hasher=Argon2Hasher())
    # Both are read as addresses once before, as what is kept of that would tell them apart.
    pairs = [
        (account_of(f"known{label}{number}@gmail.com"), account_of(f"other{label}{number}@gmail.com"))
        for number in range(runs)
    ]
    for account, _ in pairs:
        storage.write([insert(account)])
    took: dict[bool, list[float]] = {True: [], False: []}
    for number, (account, stranger) in enumerate(pairs):
        asked = [(True, account.email), (False, stranger.email)]
        for known, address in asked if number % 2 else reversed(asked):
            if name.endswith("after a registration"):
                shop.handle(Register(email=address, generate_password=True), by=visitor(address))
            begun = time.process_time()
            shop.handle(command(address), by=visitor(address))
            took[known].append(time.process_time() - begun)
    storage.close()
    return median(took[True]) * 1000, median(took[False]) * 1000
