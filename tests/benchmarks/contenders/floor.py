"""The bare floor: email-validator, a hash, and INSERTs written by hand into three tables; no rule at all."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from argon2 import PasswordHasher
from email_validator import validate_email

from tests.benchmarks.contenders.frame import NO_HASH, PASSWORD, Counting, Task, each, main

TABLES = (
    "CREATE TABLE IF NOT EXISTS floor_users (id text PRIMARY KEY, email text UNIQUE, password text, created_at text)",
    "CREATE TABLE IF NOT EXISTS floor_tokens (digest text PRIMARY KEY, user_id text, purpose text, expires_at text)",
    "CREATE TABLE IF NOT EXISTS floor_mails (id text PRIMARY KEY, user_id text, purpose text, due_at text)",
)


def opened(url: str, *, hashing: bool) -> tuple[dict[str, Task], Counting]:
    """Open the database and give the tasks."""
    hash_of = (
        PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash if hashing else lambda _: NO_HASH
    )
    sqlite = url.startswith("sqlite")
    execute: Any
    if sqlite:
        connection = sqlite3.connect(url.partition("///")[2], isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        execute = connection.execute
    else:
        import psycopg

        execute = psycopg.connect(url.replace("+psycopg", ""), autocommit=True).execute
    mark = "?" if sqlite else "%s"
    for table in TABLES:
        execute(table)
    count = 0

    def send(statement: str, *values: str) -> Any:
        nonlocal count
        count += 1
        return execute(statement.replace("?", mark), values)

    def counting() -> Callable[[], int]:
        before = count
        return lambda: count - before

    def register(address: str) -> None:
        email = validate_email(address, check_deliverability=False).normalized
        user, now, password = uuid4().hex, datetime.now(UTC).isoformat(), hash_of(PASSWORD)
        execute("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        send("INSERT INTO floor_users VALUES (?, ?, ?, ?)", user, email, password, now)
        send("INSERT INTO floor_tokens VALUES (?, ?, ?, ?)", uuid4().hex, user, "confirm", now)
        send("INSERT INTO floor_mails VALUES (?, ?, ?, ?)", uuid4().hex, user, "confirm", now)
        execute("COMMIT")

    def sign_in(address: str) -> None:
        email = validate_email(address, check_deliverability=False).normalized
        send("SELECT id, password FROM floor_users WHERE email = ?", email).fetchone()

    return {"make": each(register), "register": each(register), "sign_in": each(sign_in)}, counting


if __name__ == "__main__":
    main(opened)
