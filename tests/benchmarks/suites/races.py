"""Eight at once with one address in several spellings: how many accounts there are afterwards, and what was raised."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

from sqlalchemy import text

from customer_accounts import Accounts, ConfirmEmail, Register
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.errors import CustomerAccountsError
from customer_accounts.outbox import Queue
from customer_accounts.token import link_text
from tests.benchmarks.contenders.frame import PASSWORD
from tests.benchmarks.contenders.ours import NoHasher, settings, visitor
from tests.benchmarks.rows import Row
from tests.benchmarks.running import OURS, Run, create_schema, postgres

AT_ONCE = 8
SPELLINGS = ("anna{}@gmail.com", "Anna{}@gmail.com", "ANNA{}@GMAIL.COM", "anna{}@Gmail.com")


def rows(run: Run) -> Iterator[Row]:
    """Race on a SQLite file and on PostgreSQL; every link that was mailed is opened, all at once, too."""
    rounds = 5 if run.quick else 25
    path = f"sqlite:///{run.folder}/races.db"
    create_schema(path)
    with postgres() as (_, database):
        for name, url in (("SQLite", path), ("PostgreSQL", database("races", OURS).url)):
            run.say(f"races on {name}")
            surplus, raw = _raced(SqlStorage(url), rounds)
            group, what = "races", f"eight at once, same address and case variants, {rounds} rounds, {name}"
            yield Row(
                group=group,
                what=f"{what}: surplus accounts",
                unit="",
                ours=surplus,
                target="0",
                reached=surplus == 0,
            )
            yield Row(
                group=group, what=f"{what}: raw errors", unit="", ours=raw, target="0", reached=raw == 0
            )


def _raced(storage: SqlStorage, rounds: int) -> tuple[int, int]:
    shop = Accounts(storage, settings(), hasher=NoHasher())
    numbers, raw = count(), 0
    for number in range(rounds):
        asked = [SPELLINGS[one % len(SPELLINGS)].format(number) for one in range(AT_ONCE)]
        raw += _at_once(
            lambda one, asked=asked: shop.handle(
                Register(email=asked[one], password=PASSWORD), by=visitor(f"browser {next(numbers)}")
            )
        )
        tokens = _mailed(storage, shop)
        raw += _at_once(
            lambda one, tokens=tokens: shop.handle(
                ConfirmEmail(token=tokens[one % len(tokens)], password=PASSWORD), by=visitor(f"another {one}")
            )
        )
    with storage._transactions.reading() as connection:
        accounts = connection.execute(text("SELECT count(*) FROM ca_accounts")).scalar() or 0
    storage.close()
    return accounts - rounds, raw


def _at_once(one: Any) -> int:
    """Have it done by eight threads that begin together, and count what they raise beyond our own errors."""
    barrier = Barrier(AT_ONCE)

    def begin(number: int) -> bool:
        barrier.wait()
        try:
            one(number)
        except CustomerAccountsError:
            return False
        except Exception:  # noqa: BLE001 - whatever it is, it is counted
            return True
        return False

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(begin, range(AT_ONCE)))


def _mailed(storage: SqlStorage, shop: Accounts) -> list[str]:
    """Give the links of the mails that wait."""
    now = shop._around.clock()
    tasks = storage.lease(Queue.MAIL, limit=100, now=now, until=now.replace(year=now.year + 1))
    found = [task.token for task in tasks if task.token is not None]
    return [link_text(shop.settings.secret, one.purpose, one.token_id) for one in found]
