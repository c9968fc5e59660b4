"""VAT: decisions and checks of numbers a second, beside python-stdnum, pyvat and company-id-validators."""

from collections.abc import Iterator

from tests.benchmarks.rows import Row
from tests.benchmarks.running import Run


def rows(run: Run) -> Iterator[Row]:
    """Measure all in one process of the environment that has them all."""
    run.say("VAT numbers and decisions")
    found = run.python("contenders.vat_numbers", str(run.rounds * 2))
    yield Row(
        group="VAT", what="decisions alone, 15 cases in turns", unit="a second", ours=found["decide"],
        target="≥ 300,000", reached=found["decide"] >= 300_000,
    )  # fmt: skip
    slower = found["python-stdnum"] / found["parse and decide"]
    yield Row(
        group="VAT", what="time of a number's check and the decision, to stdnum.eu.vat.validate", unit="×", ours=slower,
        target="≤ 1.5 ×", reached=slower <= 1.5,
    )  # fmt: skip
    for name, note in (
        ("python-stdnum", "format and check digits"),
        ("pyvat", "format only, by one regular expression for each country"),
        ("company-id-validators", "format, check digits for some countries"),
    ):
        yield Row(
            group="VAT", what="numbers checked", unit="a second", ours=found["parse"], beside=name, theirs=found[name],
            note=note,
        )  # fmt: skip
    yield from _bulk(run)
    yield from _recheck(run, "sync")
    yield from _recheck(run, "async")


def _bulk(run: Run) -> Iterator[Row]:
    count = 50_000 if run.quick else 1_000_000
    run.say(f"{count:,} orders in a CSV file")
    found = run.python("contenders.vat_bulk", str(count))
    yield Row(
        group="VAT",
        what=f"{count:,} orders of a CSV file decided in bulk",
        unit="/ CPU second",
        ours=found["rate"],
    )
    yield Row(
        group="VAT", what="peak memory of it", unit="MiB", ours=found["peak"], beside="the same with 10,000 orders",
        theirs=found["small"], target="bounded: within 20 MiB", reached=found["peak"] <= found["small"] + 20,
    )  # fmt: skip


def _recheck(run: Run, kind: str) -> Iterator[Row]:
    count = 2_000 if run.quick else 100_000
    run.say(f"{count:,} numbers asked again, {kind}")
    found = run.python("contenders.vat_recheck", str(count), kind)
    named = f"{count:,} numbers asked again, 16 under way, SQLite, {kind}"
    yield Row(
        group="VAT", what=named, unit="a second", ours=found["rate"],
        note="recorded with their evidence; the local VIES answers after 5 ms, two slow states after 50 ms",
    )  # fmt: skip
    yield Row(
        group="VAT", what=f"states asked above their limit, {kind}", unit="", ours=len(found["over"]),
        target="none", reached=not found["over"], note="as the server counts, at most " + _most(found),
    )  # fmt: skip
    yield Row(
        group="VAT", what=f"numbers asked twice, {kind}", unit="", ours=found["twice"], target="none",
        reached=not found["twice"],
    )  # fmt: skip
    yield Row(
        group="VAT", what=f"memory after it, {kind}", unit="MiB", ours=found["end"], beside="at its start",
        theirs=found["start"], target="bounded: within 20 MiB", reached=found["end"] <= found["start"] + 20,
    )  # fmt: skip


def _most(found: dict[str, dict[str, int]]) -> str:
    return ", ".join(
        f"{state} {found['most'][state]} of {found['limits'][state]}" for state in ("DE", "IT", "FR")
    )
