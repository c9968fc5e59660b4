"""A registration and a sign-in beside those of others: processor, statements, round trips, a network, a real hash."""

from collections.abc import Iterator

import psycopg

from tests.benchmarks.goals import FAR_REGISTRATION, REGISTRATION, SIGN_IN, Goal
from tests.benchmarks.proxy import Proxy, proxy
from tests.benchmarks.rows import Row, median
from tests.benchmarks.running import CONTENDERS, FLOOR, OURS, Run, postgres

#: Those that a goal compares stand next to each other, as the machine's speed wanders within seconds.
ALL = ("Django create_user", OURS, FLOOR, "fastapi-users", "allauth")
assert set(ALL) == set(CONTENDERS)
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
    for task, what, goal in (("register", "registration", REGISTRATION), ("sign_in", "sign-in", SIGN_IN)):
        turns = run.turns(ALL, task, run.sqlite_urls(ALL, task), count=count)
        yield from _beside(turns, f"{what} without hash, SQLite: client CPU", goal)
        wanted = 1 if task == "sign_in" else None
        yield _statements(run.medians(turns), f"{what}, SQLite: statements", wanted)


def _beside(turns: dict[str, list[dict[str, float]]], what: str, goal: Goal) -> Iterator[Row]:
    took = {name: [one["cpu_us"] for one in several] for name, several in turns.items()}
    for name in (goal.beside, *(one for one in took if one not in (OURS, goal.beside))):
        held = name == goal.beside
        yield Row(
            group="registration and sign-in", what=what, unit=goal.unit, ours=median(took[OURS]), beside=name,
            theirs=median(took[name]), target=goal.words if held else "",
            reached=goal.reached(took[OURS], took[name]) if held else None,
            note=f"{goal.times(took[OURS], took[name]):.3g} × {name} in turns side by side" if held else "",
        )  # fmt: skip


def _statements(done: dict[str, dict[str, float]], what: str, wanted: float | None) -> Row:
    ours = done[OURS]["statements"]
    others = ", ".join(f"{name} {one['statements']:g}" for name, one in done.items() if name != OURS)
    return Row(
        group="registration and sign-in", what=what, unit="", ours=ours,
        target="" if wanted is None else f"{wanted:g}", reached=None if wanted is None else ours <= wanted, note=others,
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
            urls = {name: far.url(one.name, one.user) for name, one in databases.items()}
            turns = run.turns(names, "register", urls, count=count)
    waited = {name: [one["p50_us"] / 1000 for one in several] for name, several in turns.items()}
    goal = FAR_REGISTRATION
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
            group="registration and sign-in", what="registration behind 1 ms network: p50", unit=goal.unit,
            ours=median(waited[OURS]), beside=name, theirs=median(waited[name]),
            target=goal.words if name == goal.beside else "",
            reached=goal.reached(waited[OURS], waited[name]) if name == goal.beside else None,
            note=f"{goal.times(waited[OURS], waited[name]):.3g} × {name} in turns" if name == goal.beside else "",
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
