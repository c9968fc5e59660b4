"""A registration and a sign-in among a million accounts, beside the same among a thousand."""

from collections.abc import Iterator

import psycopg

from tests.benchmarks.contenders.frame import NO_HASH
from tests.benchmarks.rows import Row, median
from tests.benchmarks.running import OURS, Run, postgres

FEW = 1_000
TABLES = {
    OURS: "ca_accounts (id, email, email_key, email_verified_at, created_at, {others}) "
    "SELECT gen_random_uuid(), e, e, now(), now(), {values}",
    "fastapi-users": '"user" (id, email, hashed_password, is_active, is_superuser, is_verified) '
    f"SELECT gen_random_uuid(), e, '{NO_HASH}', true, false, true",
}
FROM = "FROM (SELECT 'many' || n || '@gmail.com' AS e FROM generate_series(%s::int, %s::int) n) AS made"
_REQUIRED = """
SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'ca_accounts'
AND is_nullable = 'NO' AND column_name NOT IN ('id', 'email', 'email_key', 'email_verified_at', 'created_at')
"""
_SOME = {"integer": "1", "boolean": "false", "character varying": "'active'"}


def rows(run: Run) -> Iterator[Row]:
    """Fill the tables twice, and measure after each time."""
    many, names = (100_000 if run.quick else 1_000_000), (OURS, "fastapi-users")
    found: dict[tuple[str, str, int], float] = {}
    with postgres() as (_, database):
        for name in names:
            one = database("scale", name)
            run.contender(name, "register", one.url, prefix="first", count=1, warm=0)  # makes its tables
            have = 0
            for size in (FEW, many):
                run.say(f"{size:,} accounts: {name}")
                _fill(one.dsn, name, have + 1, size)
                have = size
                for task in ("register", "sign_in"):
                    found[name, task, size] = _took(run, name, one.url, task, size)
    for task in ("register", "sign_in"):
        slower = {name: found[name, task, many] / found[name, task, FEW] for name in names}
        yield Row(
            group="scale", what=f"{task} at {many:,} accounts to {FEW:,}, PostgreSQL: p50", unit="×", ours=slower[OURS],
            beside="fastapi-users", theirs=slower["fastapi-users"], target="≤ 1.5 ×", reached=slower[OURS] <= 1.5,
            note=f"{found[OURS, task, FEW]:.0f} µs, then {found[OURS, task, many]:.0f} µs",
        )  # fmt: skip


def _took(run: Run, name: str, url: str, task: str, size: int) -> float:
    count = 20 if name != OURS and size > FEW else 150
    return median(
        run.contender(name, task, url, prefix=f"{task}{size}r{number}x", count=count, warm=20)["p50_us"]
        for number in range(run.rounds)
    )


def _fill(dsn: str, name: str, start: int, stop: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        needed = connection.execute(_REQUIRED).fetchall()
        others, values = ", ".join(row[0] for row in needed), ", ".join(_SOME[row[1]] for row in needed)
        into = TABLES[name].format(others=others, values=values)
        connection.execute(f"INSERT INTO {into} {FROM}".encode(), (start, stop))
        connection.execute("VACUUM ANALYZE")
