"""A registration and a sign-in beside those of others: processor, statements, round trips, a network, a real hash."""

from collections.abc import Iterator

import psycopg

from tests.benchmarks.proxy import Proxy, proxy
from tests.benchmarks.rows import Row, median
from tests.benchmarks.running import CONTENDERS, FLOOR, OURS, Run, postgres

ALL = tuple(CONTENDERS)
#: Those that make a token and have a mail written; `create_user` makes the account alone.
COMPLETE = (OURS, "fastapi-users", "allauth")
_SYNCS = "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal' AND backend_type = 'client backend'"


def rows(run: Run) -> Iterator[Row]:
    """Measure on SQLite, then on PostgreSQL."""
    yield from _sqlite(run)
    yield from _hashing(run)
    yield from _postgres(run)


def _sqlite(run: Run) -> Iterator[Row]:
    count = 200 if run.quick else 600
    done = run.in_turns(ALL, "register", run.sqlite_urls(ALL, "register"), count=count)
    yield from _beside(
        done,
        "registration without hash, SQLite: client CPU",
        target="≤ 300 µs",
        reached=done[OURS]["cpu_us"] <= 300,
    )
    yield _statements(done, "registration, SQLite: statements", "")
    done = run.in_turns(ALL, "sign_in", run.sqlite_urls(ALL, "sign_in"), count=count)
    yield from _beside(
        done,
        "sign-in without hash, SQLite: client CPU",
        target="≤ 120 µs",
        reached=done[OURS]["cpu_us"] <= 120,
    )
    yield _statements(done, "sign-in, SQLite: statements", "1", wanted=1)


def _beside(done: dict[str, dict[str, float]], what: str, *, target: str, reached: bool) -> Iterator[Row]:
    ours = done[OURS]["cpu_us"]
    for name, found in done.items():
        if name != OURS:
            first = name == next(one for one in done if one != OURS)
            yield Row(
                group="registration and sign-in", what=what, unit="µs", ours=ours, beside=name, theirs=found["cpu_us"],
                target=target if first else "", reached=reached if first else None,
            )  # fmt: skip


def _statements(
    done: dict[str, dict[str, float]], what: str, target: str, wanted: float | None = None
) -> Row:
    ours = done[OURS]["statements"]
    others = ", ".join(f"{name} {one['statements']:g}" for name, one in done.items() if name != OURS)
    return Row(
        group="registration and sign-in", what=what, unit="", ours=ours, target=target,
        reached=None if wanted is None else ours <= wanted, note=others,
    )  # fmt: skip


def _hashing(run: Run) -> Iterator[Row]:
    names = (OURS, FLOOR, "fastapi-users", "allauth")
    count = 20 if run.quick else 60
    done = run.turns(names, "register", run.sqlite_urls(names, "hashing"), count=count, warm=5, hashing=True)
    took = {name: [one["cpu_us"] for one in turns] for name, turns in done.items()}
    rates = {name: 1e6 / median(several) for name, several in took.items()}
    # A hash fills the caches, and the machine's speed wanders: only turns side by side can be compared to a hundredth.
    share = median(floor / ours for ours, floor in zip(took[OURS], took[FLOOR], strict=True))
    for name in names[1:]:
        beside_floor = name == FLOOR
        yield Row(
            group="registration and sign-in", what="registration with argon2id 19 MiB, SQLite", unit="/ CPU second",
            ours=rates[OURS], beside=name, theirs=rates[name], target="≥ 0.97 of the floor" if beside_floor else "",
            reached=share >= 0.97 if beside_floor else None,
            note=f"{share:.3f} of the floor in turns side by side" if beside_floor else "",
        )  # fmt: skip


def _postgres(run: Run) -> Iterator[Row]:
    count, names = (60 if run.quick else 200), (*COMPLETE, FLOOR)
    with postgres(durable=True) as (server, database):
        databases = {name: database("trips", name) for name in names}
        with proxy(server.folder) as near, proxy(server.folder, delay=0.0005) as far:
            trips, syncs = {}, {}
            for name in names:
                run.say(f"round trips: {name}")
                url = near.url(databases[name].name, databases[name].user)
                trips[name], syncs[name] = _counted(run, name, url, near, databases[name].dsn)
            waited = {
                name: median(
                    run.contender(
                        name, "register", far.url(one.name, one.user), prefix=f"far{n}x", count=count
                    )["p50_us"]
                    for n in range(run.rounds)
                )
                / 1000
                for name, one in databases.items()
            }
    for name in names[1:]:
        yield Row(
            group="registration and sign-in", what="registration on PostgreSQL: round trips", unit="", ours=trips[OURS],
            beside=name, theirs=trips[name], target="≤ 3, aim 2", reached=trips[OURS] <= 3,
        )  # fmt: skip
        yield Row(
            group="registration and sign-in", what="registration on PostgreSQL: flushes of the WAL", unit="",
            ours=syncs[OURS], beside=name, theirs=syncs[name], target="1", reached=syncs[OURS] <= 1,
        )  # fmt: skip
        yield Row(
            group="registration and sign-in", what="registration behind 1 ms network: p50", unit="ms",
            ours=waited[OURS], beside=name, theirs=waited[name], target="≤ 5 ms", reached=waited[OURS] <= 5,
        )  # fmt: skip


def _counted(run: Run, name: str, url: str, near: Proxy, dsn: str) -> tuple[float, float]:
    """Count between two numbers of registrations, so that connecting and preparing count for nobody."""
    seen: list[tuple[int, int]] = []
    for number, count in enumerate((20, 120)):
        before = _syncs(dsn)
        near.trips()
        run.contender(name, "register", url, prefix=f"trip{number}x", count=count, warm=0)
        seen.append((near.trips(), _syncs(dsn) - before))
    (few, early), (many, late) = seen
    return round((many - few) / 100, 2), round((late - early) / 100, 2)


def _syncs(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute(_SYNCS).fetchone()
        return int(found[0] or 0) if found else 0
