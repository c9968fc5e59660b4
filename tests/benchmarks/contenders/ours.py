"""This library: `Accounts` or `AsyncAccounts` on `SqlStorage` or `AsyncSqlStorage`, chosen by the driver of the URL."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import event

from customer_accounts import Accounts, AsyncAccounts, Register, Settings, SignIn, Storefront, Visitor
from customer_accounts.account import AccountRecord
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.adapters.sql.direct import DirectConnection
from customer_accounts.changes import insert
from customer_accounts.email_address import EmailAddress
from customer_accounts.hashing import Argon2Hasher, Verification
from customer_accounts.limiting import Allowance, Limit
from tests.benchmarks.contenders.frame import NO_HASH, PASSWORD, Counting, Task, each, main


class NoHasher:
    """A hasher that costs nothing."""

    def hash(self, _password: str, /) -> str:
        """Give the same text for everybody."""
        return NO_HASH

    def verify(self, _password: str, _stored: str | None, /) -> Verification:
        """Say yes."""
        return Verification(ok=True, needs_rehash=False, recognised=True)


def settings() -> Settings:
    """Give the settings of a shop, with limits that are counted and never reached."""
    return Settings(
        secret="a secret that is only good for benchmarks",
        storefront=Storefront(name="Shop", base_url="https://shop.example", contact="help@shop.example"),
        limits=dict.fromkeys(Limit, Allowance(10**9, timedelta(hours=1))),
    )


def visitor(address: str) -> Visitor:
    """Give a visitor whose browser is nobody else's."""
    return Visitor(ip="203.0.113.7", browser=f"the browser of {address}")


def account_of(address: str) -> AccountRecord:
    """Give an account that can sign in."""
    email, now = EmailAddress.parse(address), datetime.now(UTC)
    return AccountRecord(
        id=uuid4(),
        email=email.original,
        email_key=email.key,
        email_verified_at=now,
        created_at=now,
        password_hash=NO_HASH,
    )


def register(address: str) -> Register:
    """Give the command that is measured."""
    return Register(email=address, password=PASSWORD)


def sign_in(address: str) -> SignIn:
    """Give the command that is measured."""
    return SignIn(email=address, password=PASSWORD)


def opened(url: str, *, hashing: bool) -> tuple[dict[str, Task], Counting]:
    """Open a shop and give its tasks."""
    hasher = Argon2Hasher() if hashing else NoHasher()
    if "aiosqlite" in url or "asyncpg" in url:
        return _async_tasks(url, hasher)
    storage = SqlStorage(url)
    shop = Accounts(storage, settings(), hasher=hasher)
    return {
        "make": each(lambda address: storage.write([insert(account_of(address))])),
        "register": each(lambda address: shop.require(register(address), by=visitor(address))),
        "sign_in": each(lambda address: shop.require(sign_in(address), by=visitor(address))),
    }, _direct if url.startswith("sqlite") else lambda: _heard(storage._own)


def _async_tasks(url: str, hasher: Argon2Hasher | NoHasher) -> tuple[dict[str, Task], Counting]:
    storage = AsyncSqlStorage(url)
    shop = AsyncAccounts(storage, settings(), hasher=hasher)
    loop = asyncio.new_event_loop()

    def task(one: Callable[[str], object]) -> Task:
        async def run(given: Sequence[str]) -> list[float]:
            took: list[float] = []
            for address in given:
                begun = time.perf_counter()
                await one(address)  # type: ignore[misc]  # each gives something to await
                took.append(time.perf_counter() - begun)
            return took

        return lambda given: loop.run_until_complete(run(given))

    return {
        "make": task(lambda address: storage.write([insert(account_of(address))])),
        "register": task(lambda address: shop.require(register(address), by=visitor(address))),
        "sign_in": task(lambda address: shop.require(sign_in(address), by=visitor(address))),
    }, lambda: _heard(storage._storage._own or storage._own.sync_engine)  # type: ignore[union-attr]  # made from a URL


def _direct() -> Callable[[], int]:
    """Count what goes to the driver; an engine that is listened to would go another way."""
    send, sent = DirectConnection.exec_driver_sql, list[str]()

    def counted(connection: DirectConnection, statement: str, parameters: Any = ()) -> Any:
        if not statement.startswith("BEGIN"):
            sent.append(statement)
        return send(connection, statement, parameters)

    DirectConnection.exec_driver_sql = counted  # type: ignore[method-assign]  # in this process alone
    return lambda: len(sent)


def _heard(engine: object) -> Callable[[], int]:
    sent: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _remember(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append(statement)

    return lambda: len(sent)


if __name__ == "__main__":
    main(opened)
