"""The rows of a report: what was measured, beside whom, and whether the target was reached."""

import json
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from attrs import asdict, frozen
from rich.console import Console
from rich.table import Table

#: What the committed report is kept in; the page of the docs is made from it.
KEPT = Path(__file__).parents[2] / "docs" / "_data" / "benchmarks.json"


@frozen(kw_only=True)
class Row:
    """One figure of this library, beside that of somebody else in the same run.

    Args:
        ours: the figure; the median of repetitions where it is a time.
        beside: who else was measured; empty where a figure stands alone.
        theirs: their figure, in the same unit.
        target: what is wanted, in words.
        reached: whether it is; None where a row only shows.
        note: how it was measured, where the name does not say it.
    """

    group: str
    what: str
    unit: str
    ours: float
    beside: str = ""
    theirs: float | None = None
    target: str = ""
    reached: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours to theirs."""
        return self.ours / self.theirs if self.theirs else None


def median(values: Iterable[float]) -> float:
    """Give the median."""
    return statistics.median(values)


def shown(value: float | None) -> str:
    """Give a figure with three digits that count."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def verdict(row: Row) -> str:
    """Say whether the target was reached."""
    return {True: "reached", False: "missed", None: ""}[row.reached]


def cells(row: Row) -> Sequence[str]:
    """Give a row as the tables show it."""
    theirs = f"{shown(row.theirs)} ({row.beside})" if row.beside else ""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return row.what, f"{shown(row.ours)} {row.unit}".strip(), theirs, ratio, row.target, verdict(row)


HEADS = ("what", "ours", "beside", "ratio", "target", "verdict")


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print one table for each group."""
    for group in dict.fromkeys(row.group for row in rows):
        table = Table(*HEADS, title=group, title_justify="left")
        for row in rows:
            if row.group == group:
                table.add_row(*cells(row))
        console.print(table)


def report(rows: Sequence[Row], versions: Mapping[str, str], *, quick: bool) -> dict[str, Any]:
    """Give the whole run as it is kept."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "quick": quick,
        "versions": dict(versions),
        "rows": [asdict(row) for row in rows],
    }


def machine() -> str:
    """Say what ran it."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor()
    return f"{len(names) or '?'} cores ({name}), {platform.system()}, Python {platform.python_version()}"


def rows_of(kept: Mapping[str, Any]) -> list[Row]:
    """Give the rows of a report that was kept."""
    return [Row(**one) for one in kept["rows"]]


def own_versions() -> dict[str, str]:
    """Give the versions of what this library was measured with."""
    names = ("customer-accounts", "pydantic", "sqlalchemy", "psycopg", "asyncpg", "argon2-cffi")
    return {name: metadata.version(name) for name in names}


def written(kept: Mapping[str, Any]) -> str:
    """Give a report as its file holds it."""
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
