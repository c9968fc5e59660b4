"""The page of the docs that shows the last run that was kept; ``--keep`` writes it, and a test compares it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.rows import HEADS, KEPT, Row, cells, rows_of, written

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "performance.md"
_BEGIN, _END = "<!-- the last run: begin -->", "<!-- the last run: end -->"


def keep(report: Mapping[str, Any]) -> None:
    """Make a report the one that the docs show."""
    KEPT.write_text(written(report), "utf-8")
    PAGE.write_text(with_report(PAGE.read_text("utf-8"), report), "utf-8")


def kept() -> dict[str, Any]:
    """Give the report that the docs show."""
    found: dict[str, Any] = json.loads(KEPT.read_text("utf-8"))
    return found


def with_report(page: str, report: Mapping[str, Any]) -> str:
    """Give the page with its tables made of a report."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{tables(report)}\n{_END}{after}"


def tables(report: Mapping[str, Any]) -> str:
    """Give the tables of a report in Markdown, with its machine, its date and what it missed."""
    rows = rows_of(report)
    used = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    quick = " Quick run: few repetitions." if report["quick"] else ""
    lines = [f"Run on {report['date']}: {report['machine']}.{quick}", "", f"With {used}.", ""]
    for group in dict.fromkeys(row.group for row in rows):
        lines += [f"### {group[0].upper()}{group[1:]}", "", _line(HEADS), _line(["---"] * len(HEADS))]
        lines += [_line(cells(row)) for row in rows if row.group == group]
        lines += ["", *_notes([row for row in rows if row.group == group])]
    return "\n".join(lines)


def _notes(rows: list[Row]) -> list[str]:
    told = list(dict.fromkeys(f"- {row.what}: {row.note}." for row in rows if row.note))
    return [*told, ""] if told else []


def _line(words: Any) -> str:
    return "| " + " | ".join(words) + " |"
