"""Ten thousand guest orders given to an account, beside the bare UPDATE on the same rows."""

import time
from collections.abc import Iterator
from uuid import UUID, uuid4

from attrs import evolve
from sqlalchemy import event, text

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import MoveOrders, OrderSelection, insert
from customer_accounts.testing import records
from tests.benchmarks.rows import Row, median
from tests.benchmarks.running import OURS, Run, create_schema, postgres

ORDERS = 10_000
KEY = "anna@gmail.com"
BARE = text(
    "UPDATE ca_orders SET owner = :owner, claim_id = :claim, version = version + 1 "
    "WHERE email_key = :key AND owner IS NULL"
)
AGAIN = text("UPDATE ca_orders SET owner = NULL, claim_id = NULL WHERE email_key = :key")


def rows(run: Run) -> Iterator[Row]:
    """Move the same orders there and back, in turns with the bare UPDATE."""
    path = f"sqlite:///{run.folder}/claims.db"
    create_schema(path)
    with postgres() as (_, database):
        for name, url in (("SQLite", path), ("PostgreSQL", database("claims", OURS).url)):
            run.say(f"claims on {name}")
            storage = SqlStorage(url)
            template = records.an_order(email_key=KEY)
            storage.write([insert(evolve(template, reference=f"A-{number}")) for number in range(ORDERS)])
            ours, bare, statements = _measured(storage, run.rounds + 2)
            storage.close()
            yield Row(
                group="claims", what=f"10,000 guest orders claimed, {name}", unit="ms", ours=ours, beside="bare UPDATE",
                theirs=bare, target="≤ 1.2 ×", reached=ours <= 1.2 * bare,
            )  # fmt: skip
            yield Row(
                group="claims", what=f"10,000 guest orders claimed, {name}: statements", unit="", ours=statements,
                target="1", reached=statements == 1,
            )  # fmt: skip


def _measured(storage: SqlStorage, rounds: int) -> tuple[float, float, int]:
    assert storage._own is not None  # it was made from a URL
    sent: list[str] = []
    event.listen(storage._own, "before_cursor_execute", lambda *told: sent.append(told[2]))
    ours: list[float] = []
    bare: list[float] = []
    statements = 0
    for _ in range(rounds):
        sent.clear()
        begun = time.perf_counter()
        counts = storage.write([MoveOrders(OrderSelection(KEY), uuid4(), UUID(int=1))])
        ours.append(time.perf_counter() - begun)
        statements = sum(not one.startswith("BEGIN") for one in sent)
        assert counts.moved == {UUID(int=1): ORDERS}
        _settled(storage)
        begun = time.perf_counter()
        with storage._transactions.writing() as connection:
            moved = connection.execute(
                BARE, {"owner": uuid4().hex, "claim": uuid4().hex, "key": KEY}
            ).rowcount
        bare.append(time.perf_counter() - begun)
        assert moved == ORDERS
        _settled(storage)
    return median(ours) * 1000, median(bare) * 1000, statements


def _settled(storage: SqlStorage) -> None:
    """Make guest orders of them again, and let PostgreSQL clean up what that left."""
    with storage._transactions.writing() as connection:
        connection.execute(AGAIN, {"key": KEY})
    if storage._transactions.dialect == "postgresql":
        with storage._transactions.reading() as connection:
            connection.execute(text("VACUUM ca_orders"))
