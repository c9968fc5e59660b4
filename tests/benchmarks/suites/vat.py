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
