"""CSV in bulk: read row by row, written row by row, taken up again where a run was stopped.

Rules: memory does not grow with the file; every row of the input has one row in the output, in its order, with its
own cells untouched; a run that was stopped leaves whole rows and perhaps one broken one, which the next run writes
again.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import attrs

from customer_accounts.cli.vat_rows import INPUT, Decider


class BulkError(ValueError):
    """A file that cannot be worked on; the text says why."""


@attrs.frozen
class BulkReport:
    """What a run did.

    Args:
        done: rows that were done before this run.
        rows: rows of this run.
        errors: rows of this run that could not be understood.
    """

    done: int
    rows: int
    errors: int


def run(source: Path, target: Path, decider: Decider, *, resume: bool = False) -> BulkReport:
    """Decide the rows of one file into another.

    Args:
        source: CSV in UTF-8 with a header; separated by commas, semicolons or tabs.
        target: the same rows with further columns.
        decider: decides one row.
        resume: go on where the last run stopped.

    Raises:
        BulkError: the header names no column that is known, the target exists, or it is another file's.
        OSError: a file cannot be read or written.
    """
    if target.exists() and not resume:
        raise BulkError(f"{target} exists: --resume goes on with it, or remove it")
    with source.open(encoding="utf-8-sig", newline="") as lines:
        rows, delimiter = _reader(lines)
        header = next(rows, [])
        names = [name.strip().lower() for name in header]
        if not set(names) & set(INPUT):
            raise BulkError(f"the first line names none of the columns {', '.join(INPUT)}")
        width = [*header, *decider.columns]
        done = _done_before(target, width, delimiter) if resume else 0
        for _ in range(done):
            next(rows, None)
        with target.open("a" if done else "w", encoding="utf-8", newline="") as written:
            out = csv.writer(written, delimiter=delimiter, lineterminator="\n")
            if not done:
                out.writerow(width)
            count = errors = 0
            for count, cells in enumerate(_decided(rows, names, decider), start=1):  # noqa: B007 - it counts
                errors += bool(cells[-1])
                out.writerow(cells)
    return BulkReport(done, count, errors)


def _decided(rows: Iterator[list[str]], names: Sequence[str], decider: Decider) -> Iterator[list[str]]:
    empty = [""] * (len(decider.columns) - 1)
    for row in rows:
        if len(row) != len(names):
            told = f"{len(row)} cells, where the first line has {len(names)}"
            yield [*(row + [""] * len(names))[: len(names)], *empty, told]
        else:
            yield [*row, *decider.cells(dict(zip(names, row, strict=True)))]


def _reader(lines: IO[str]) -> tuple[Iterator[list[str]], str]:
    first = lines.readline()
    lines.seek(0)
    delimiter = max(",;\t", key=first.count)
    return csv.reader(lines, delimiter=delimiter), delimiter


def _done_before(target: Path, width: Sequence[str], delimiter: str) -> int:
    """Count the whole rows that the last run left, and cut off a broken one behind them."""
    if not target.exists() or not target.stat().st_size:
        return 0
    rows, whole = -1, 0
    with target.open("rb") as file:
        lines = _Lines(file)
        for row in csv.reader(lines, delimiter=delimiter):
            if rows < 0 and row != list(width):
                if not lines.ended:
                    break  # stopped within the first line
                raise BulkError("the target has other columns: it belongs to another file or another version")
            if lines.ended and len(row) == len(width):
                rows, whole = rows + 1, lines.read
    os.truncate(target, whole)
    return max(rows, 0)


class _Lines:
    """The lines of a file as text, with how many bytes they were and whether the last one was whole."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.read = 0
        self.ended = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._file)
        self.read += len(line)
        self.ended = line.endswith(b"\n")
        return line.decode("utf-8", "replace")
