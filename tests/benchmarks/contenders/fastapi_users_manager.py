"""fastapi-users: `UserManager.create` and `request_verify`, and `authenticate`, each on a session of its own."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import BaseUserManager, UUIDIDMixin, schemas
from fastapi_users.password import PasswordHelper
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from tests.benchmarks.contenders.frame import AT_ONCE, NO_HASH, PASSWORD, Counting, Task, main


class Base(DeclarativeBase):
    """The tables."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """Its own user table, as its documentation has it."""


class NoHelper:
    """A password helper that costs nothing."""

    def hash(self, _password: str) -> str:
        """Give the same text for everybody."""
        return NO_HASH

    def verify_and_update(self, _password: str, _stored: str) -> tuple[bool, None]:
        """Say yes."""
        return True, None


class Manager(UUIDIDMixin, BaseUserManager):
    """Its user manager, as its documentation has it."""

    verification_token_secret = reset_password_token_secret = (
        "only good for benchmarks, and long enough for it"
    )


def opened(url: str, *, hashing: bool) -> tuple[dict[str, Task], Counting]:
    """Open the database and give the tasks."""
    loop = asyncio.new_event_loop()
    engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:").replace("psycopg", "asyncpg"))
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    argon2 = Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1)
    helper: Any = PasswordHelper(PasswordHash((argon2,))) if hashing else NoHelper()

    async def make_tables() -> None:
        """Make its tables."""
        async with engine.begin() as connection:
            if url.startswith("sqlite"):
                await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            await connection.run_sync(Base.metadata.create_all)

    loop.run_until_complete(make_tables())

    def counting() -> Callable[[], int]:
        """Count from now on."""
        sent: list[str] = []
        event.listen(engine.sync_engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
        return lambda: len(sent)

    async def register(manager: Any, address: str) -> None:
        """Make the user and its token."""
        user = await manager.create(schemas.BaseUserCreate(email=address, password=PASSWORD))
        await manager.request_verify(user)

    async def sign_in(manager: Any, address: str) -> None:
        """Check the password."""
        asked = OAuth2PasswordRequestForm(username=address, password=PASSWORD)
        assert await manager.authenticate(asked) is not None

    async def each(one: Callable[[Any, str], Awaitable[None]], given: Iterable[str]) -> list[float]:
        """Do one after the other."""
        took: list[float] = []
        for address in given:
            begun = time.perf_counter()
            async with sessions() as session:
                await one(Manager(SQLAlchemyUserDatabase(session, User), helper), address)
            took.append(time.perf_counter() - begun)
        return took

    async def together(given: Sequence[str]) -> list[float]:
        """Register so many at once."""
        left = iter(given)
        done = await asyncio.gather(*(each(register, left) for _ in range(AT_ONCE)))
        return [one for took in done for one in took]

    def task(one: Callable[[Any, str], Awaitable[None]]) -> Task:
        return lambda given: loop.run_until_complete(each(one, given))

    return {
        "make": task(register),
        "register": task(register),
        "register_together": lambda given: loop.run_until_complete(together(given)),
        "sign_in": task(sign_in),
    }, counting


if __name__ == "__main__":
    main(opened)
