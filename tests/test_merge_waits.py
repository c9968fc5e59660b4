"""An order holds its account, or the merge that it comes through: whoever moves orders waits for it, and sees it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from uuid import UUID

import pytest
from attrs import frozen
from sqlalchemy import Engine, create_engine, text

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import insert, unchanged
from customer_accounts.facts import Part, Scope
from customer_accounts.features.account_merge import MergeAccounts
from customer_accounts.features.account_merge_undo import UndoMerge
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.testing.records import an_account, an_order, stored
from tests.postgres import Database

CHEF = Agent("1", may=frozenset({"merge_accounts"}))
ANNA, BERT, CARL = (f"{name}@mail.example" for name in ("anna", "bert", "carl"))
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@frozen
class Merged:
    """Bert's account after it was absorbed by Anna's, on a server."""

    engine: Engine
    shop: Accounts
    anna: UUID
    bert: UUID
    carl: UUID

    def order(self) -> OrderRecord:
        """Give an order of Bert's as `RecordOrder` gives it to Anna, once it has seen the merge."""
        return an_order(owner=self.anna, claim_id=self.merge().id, email_key=BERT)

    def merge(self) -> MergeRecord:
        """Give the merge as it is found from the account that ended."""
        scope = Scope(parts=frozenset({Part.MERGES}), account_id=self.bert)
        (found,) = SqlStorage(self.engine).read(scope).merges
        return found

    def while_held(
        self, record: AccountRecord | MergeRecord, order: OrderRecord, act: Callable[[], object]
    ) -> OrderRecord:
        """Let something happen while the order is written and not yet committed, and give the order afterwards."""
        with ThreadPoolExecutor(1) as pool, self.engine.connect() as connection:
            transaction = connection.begin()
            SqlStorage(self.engine).within(connection).write([unchanged(record), insert(order)])
            acting = pool.submit(act)
            self._wait()
            transaction.commit()
            acting.result(timeout=60)
        scope = Scope(parts=frozenset({Part.ORDERS}), order=order.reference)
        (found,) = SqlStorage(self.engine).read(scope).orders
        return found

    def _wait(self) -> None:
        """Wait until somebody waits for a lock."""
        until = monotonic() + 30
        while monotonic() < until:
            with self.engine.connect() as other:
                if other.execute(text(WAITING)).first():
                    return
            sleep(0.01)
        pytest.fail("nobody waits for what is held")


@pytest.fixture(name="merged")
def _merged(postgres_shop: Database) -> Iterator[Merged]:
    """Three accounts, of which one has absorbed another."""
    engine, clock = create_engine(postgres_shop.url), FixedClock()
    accounts = [
        an_account(email=email, email_key=email, created_at=clock.now) for email in (ANNA, BERT, CARL)
    ]
    storage = SqlStorage(engine)
    storage.write(stored(*accounts))
    shop = Accounts(storage, cheap_settings(four_eyes=frozenset()), clock=clock)
    shop.require(MergeAccounts(surviving=ANNA, absorbed=BERT, reason="one", evidence="letter"), by=CHEF)
    yield Merged(engine, shop, *(one.id for one in accounts))
    engine.dispose()


def test_a_merge_waits_and_takes_the_order_along(merged: Merged) -> None:
    """CC-06, GM-02: an order that its account was held for moves with the others, although the merge began before."""
    (carl,) = (
        SqlStorage(merged.engine)
        .read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=merged.carl))
        .accounts
    )
    merge = MergeAccounts(surviving=ANNA, absorbed=CARL, reason="one", evidence="letter")
    order = an_order(owner=merged.carl, email_key=CARL)
    found = merged.while_held(carl, order, lambda: merged.shop.require(merge, by=CHEF))
    assert found.owner == merged.anna
    assert found.claim_id is not None


def test_an_undoing_waits_and_takes_the_order_back(merged: Merged) -> None:
    """CC-06, GM-02: an order that has come through the merge goes back with it, although the undoing began before."""
    undo = UndoMerge(surviving=ANNA, absorbed=BERT, reason="two")
    order = merged.while_held(merged.merge(), merged.order(), lambda: merged.shop.require(undo, by=CHEF))
    assert (order.owner, order.claim_id) == (merged.bert, None)


def test_a_further_merge_waits_and_takes_the_order_along(merged: Merged) -> None:
    """CC-06, GM-02: an order that has come through the merge goes on with the account that is absorbed itself."""
    merge = MergeAccounts(surviving=CARL, absorbed=ANNA, reason="one", evidence="letter")
    order = merged.order()
    found = merged.while_held(merged.merge(), order, lambda: merged.shop.require(merge, by=CHEF))
    assert (found.owner, found.claim_id) == (merged.carl, order.claim_id)
