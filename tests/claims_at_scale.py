"""Many guests become customers, and half of them is undone; the totals stay equal, with time and memory printed.

::

    python -m tests.claims_at_scale                    # 100,000 orders over 30,000 addresses, SQLite and PostgreSQL
    python -m tests.claims_at_scale 3000 900 sqlite    # fewer, on one of them

Guest orders come in batches, as an import writes them.  Each guest is converted by support, confirms with the mailed
link, and every second claim is undone.  What is counted is counted by the storage, in groups, after each step.
"""

import random
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TypeVar

from attrs import define, field, frozen

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent, Visitor
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import insert
from customer_accounts.facts import Part, Scope
from customer_accounts.features.claim_undo import UndoClaim
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.support import ConvertGuest
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.ports import Storage
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.token import Purpose, link_text
from tests.postgres import running_server
from tests.races import Unlimited

T = TypeVar("T")

AGENT = Agent("17", "Eva")
BATCH = 500


@frozen
class Totals:
    """How many orders nobody owns, and how many an account."""

    guests: int
    owned: int


@define
class Scale:
    """One run on one storage.

    Args:
        tell: is told one line for each step.
    """

    storage: Storage
    orders: int
    addresses: int
    tell: Callable[[str], object]
    clock: FixedClock = field(factory=FixedClock)

    def run(self) -> list[Totals]:
        """Import, convert, undo; give the totals after each step."""
        totals = []
        steps: list[tuple[str, Callable[[], int]]] = [
            ("imported", self._imported), ("converted", self._converted), ("undone", self._undone),
        ]  # fmt: skip
        for name, step in steps:
            began = perf_counter()
            done = step()
            seconds = perf_counter() - began
            totals.append(one := self.totals())
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            self.tell(
                f"{name:9} {done:7} in {seconds:7.1f} s, {memory} MB; guests {one.guests}, owned {one.owned},"
                f" together {one.guests + one.owned}"
            )
        return totals

    def totals(self) -> Totals:
        """Count all orders, in groups."""
        guests = owned = 0
        for keys in _batches([self._address(n) for n in range(self.addresses)], 100):
            scope = Scope(
                parts=frozenset({Part.ACCOUNTS, Part.GUEST_ORDERS}), email_keys=tuple(keys), owned=True
            )
            for group in self.storage.read(scope).guest_orders:
                guests += group.count if group.owner is None else 0
                owned += group.count if group.owner is not None else 0
        return Totals(guests, owned)

    def _address(self, number: int) -> str:
        return f"guest{number}@mail.example"

    def _order(self, number: int, whose: int) -> OrderRecord:
        email, at = self._address(whose), self.clock() - timedelta(days=number % 500)
        return OrderRecord(
            reference=f"r{number}", number=f"N{number}", placed_at=at, status=OrderStatus.DELIVERED,
            email=email, email_key=email, postcode="8010", status_at=at,
        )  # fmt: skip

    def _imported(self) -> int:
        # Everybody has an order, and some have many: no two addresses look alike.
        chance = random.Random(1)
        whose = [
            *range(self.addresses),
            *(chance.randrange(self.addresses) for _ in range(self.orders - self.addresses)),
        ]
        for numbers in _batches(range(self.orders)):
            self.storage.write([insert(self._order(number, whose[number])) for number in numbers])
        return self.orders

    def _shop(self) -> Accounts:
        return Accounts(self.storage, cheap_settings(), clock=self.clock, limiter=Unlimited())

    def _converted(self) -> int:
        shop, claimed = self._shop(), 0
        for number in range(self.addresses):
            email = self._address(number)
            shop.require(ConvertGuest(email=email, reason="letter"), by=AGENT)
            found = self.storage.read(Scope(parts=frozenset({Part.TOKENS}), email_keys=(email,)))
            (token,) = [one for one in found.tokens if one.purpose is Purpose.SET_PASSWORD]
            link = link_text(shop.settings.secret, token.purpose, token.token_id)
            confirm = ConfirmEmail(token=link, generate_password=True)
            claimed += shop.require(confirm, by=Visitor(browser="the browser of a guest")).claimed
        return claimed

    def _undone(self) -> int:
        shop, orders = self._shop(), 0
        for number in range(0, self.addresses, 2):
            scope = Scope(parts=frozenset({Part.CLAIMS}), email_keys=(self._address(number),))
            (claim,) = self.storage.read(scope).claims
            orders += shop.require(UndoClaim(claim_id=claim.id, reason="test"), by=AGENT).orders
        return orders


def _batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


@contextmanager
def storage_of(kind: str) -> Iterator[SqlStorage]:
    """Give an empty storage: ``sqlite``, a file, or ``postgres``, a server of its own."""
    if kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield from _made(f"sqlite:///{Path(folder) / 'shop.db'}")
    else:
        with running_server() as server:
            yield from _made(server.create("claims_at_scale").url)


def _made(url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(url)
    storage.create_schema()
    yield storage
    storage.close()


def main(arguments: Sequence[str]) -> None:
    """Run on the storages that are named, by default on both."""
    orders, addresses = [int(one) for one in arguments if one.isdecimal()] or [100_000, 30_000]
    kinds = [one for one in arguments if not one.isdecimal()] or ["sqlite", "postgres"]
    for kind in kinds:
        sys.stdout.write(f"{kind}: {orders} guest orders over {addresses} addresses\n")
        with storage_of(kind) as storage:
            totals = Scale(storage, orders, addresses, lambda line: sys.stdout.write(f"  {line}\n")).run()
        equal = {one.guests + one.owned for one in totals} == {orders}
        sys.stdout.write(f"  totals {'equal' if equal else 'DIFFER'}\n")
        if not equal:
            raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
