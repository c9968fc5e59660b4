"""``python -m tests.benchmarks [names]``: run benchmarks, print them, and keep them as JSON if asked to."""

import argparse
from pathlib import Path

from rich.console import Console

from tests.benchmarks import page, rows, running
from tests.benchmarks.suites import SUITES


def main() -> None:
    """Run what is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(SUITES)}; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="fewer repetitions and smaller tables, some minutes"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON, too")
    parser.add_argument(
        "--keep", action="store_true", help="make it the report of the docs, and write their page"
    )
    told = parser.parse_args()
    unknown = set(told.names) - set(SUITES)
    if unknown:
        parser.error(f"no benchmark is named {', '.join(sorted(unknown))}")
    if told.keep and told.names:
        parser.error("the docs show a whole run: --keep takes no names")
    console = Console()
    found: list[rows.Row] = []
    with console.status("…") as status, running.started(quick=told.quick, say=status.update) as run:
        versions = rows.own_versions() | running.versions()
        for name in told.names or SUITES:
            begun = len(found)
            found += SUITES[name](run)
            rows.print_rows(found[begun:], console)
    report = rows.report(found, versions, quick=told.quick)
    if told.json:
        told.json.write_text(rows.written(report), "utf-8")
    if told.keep:
        page.keep(report)


if __name__ == "__main__":
    main()
