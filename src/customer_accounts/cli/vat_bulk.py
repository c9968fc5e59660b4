"""CSV in bulk: read row by row, written row by row, taken up again where a run was stopped.

Rules: memory does not grow with the file; every row of the input has one row in the output, in its order, with its
own cells untouched; a run that was stopped leaves whole rows and perhaps one broken one, which the next run writes
again.
"""

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import attrs

from customer_accounts.cli.vat_rows import INPUT, Decider

#: What to do about a file in another encoding; CP1252 is what spreadsheets on Windows write.
REMEDY = "Save the file as UTF-8 (in a spreadsheet: CSV UTF-8; or iconv -f CP1252 -t UTF-8)."
_NOT_UTF8 = f"this row is not UTF-8. {REMEDY}"
_ADDED = (
    "which is one of those that are added here: take away what an earlier run has added, or give a column of your own "
    "another name (the number is read from the column number)"
)
#: What the decoder makes of bytes that are not UTF-8.
_ESCAPED = re.compile("[\udc80-\udcff]")


class BulkError(ValueError):
    """A file that cannot be worked on; the text says why."""


@attrs.frozen
class BulkReport:
    """What a run did.

    Args:
        done: rows that were done before this run.
        rows: rows of this run.
        errors: rows that could not be understood, those of the runs before included.
        unreadable: number of the first row of this run that is not UTF-8, the row after the header being 1; 0 if none.
    """

    done: int
    rows: int
    errors: int
    unreadable: int = 0


def run(source: Path, target: Path, decider: Decider, *, resume: bool = False) -> BulkReport:
    """Decide the rows of one file into another.

    Args:
        source: CSV in UTF-8 with a header; separated by commas, semicolons or tabs.
        target: the same rows with further columns.
        decider: decides one row.
        resume: go on where the last run stopped.

    Raises:
        BulkError: the file is empty, its header names no column that is known, one of them twice or one that is added,
            a row ends nowhere, or the target exists or is another file's.
        OSError: a file cannot be read or written.
    """
    if target.exists() and not resume:
        raise BulkError(f"{target} exists: --resume goes on with it, or remove it")
    with source.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines, delimiter = _Text(file), _delimiter(file)
        rows = _Rows(lines, delimiter)
        header = next(rows, None)
        names = _names(source, header, decider.columns, readable=not lines.broken)
        width = [*(header or ()), *decider.columns]
        done, errors = _done_before(target, width, delimiter) if resume else (0, 0)
        for _ in range(done):
            next(rows, None)
        count = unreadable = 0
        with target.open("a" if done else "w", encoding="utf-8", newline="") as written:
            out = csv.writer(written, delimiter=delimiter, lineterminator="\n")
            if not done:
                out.writerow(width)
            for count, row in enumerate(rows, start=1):
                cells = _decided(row, names, decider, readable=not lines.broken)
                unreadable = unreadable or (done + count if lines.broken else 0)
                errors += bool(cells[-1])
                out.writerow(cells)
    return BulkReport(done, count, errors, unreadable)


def _names(source: Path, header: Sequence[str] | None, added: Sequence[str], *, readable: bool) -> list[str]:
    """Give the names of the columns; there must be one that is known, each of those once, and none that is added."""
    if header is None:
        raise BulkError(f"{source}: the file is empty")
    names = [name.strip().lower() for name in header]
    if not set(names) & set(INPUT):
        told = "" if readable else f" and is not UTF-8. {REMEDY}"
        raise BulkError(f"the first line names none of the columns {', '.join(INPUT)}{told}")
    twice = next((name for name in INPUT if names.count(name) > 1), None)
    if twice:
        raise BulkError(f"the first line names the column {twice} more than once")
    again = next((name for name in added if name in names), None)
    if again:
        raise BulkError(f"the first line names the column {again}, {_ADDED}")
    return names


def _decided(row: list[str], names: Sequence[str], decider: Decider, *, readable: bool) -> list[str]:
    """Give a row with what was decided; where its cells are not what was meant, nothing is."""
    if readable and len(row) == len(names):
        return [*row, *decider.cells(dict(zip(names, row, strict=True)))]
    told = [] if readable else [_NOT_UTF8]
    if row and len(row) != len(names):  # spreadsheets leave empty lines at the end
        told.append(f"{len(row)} cells, where the first line has {len(names)}")
    empty = [""] * (len(decider.columns) - 1)
    return [*(row + [""] * len(names))[: len(names)], *empty, "; ".join(told)]


def _delimiter(lines: IO[str]) -> str:
    first = lines.readline()
    lines.seek(0)
    return max(",;\t", key=first.count)


class _Text:
    """The lines of a file; what is not UTF-8 is shown as the sign for that, and said of its row."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines
        self.broken = False

    def __iter__(self) -> "_Text":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if line.isascii() or not _ESCAPED.search(line):
            return line
        self.broken = True
        return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class _Rows:
    """The rows of a file; one that is no CSV is told by its number."""

    def __init__(self, lines: _Text, delimiter: str) -> None:
        self._lines = lines
        self._rows = csv.reader(lines, delimiter=delimiter)
        self._number = -1

    def __iter__(self) -> "_Rows":
        return self

    def __next__(self) -> list[str]:
        self._number += 1
        self._lines.broken = False
        try:
            return next(self._rows)
        except csv.Error as error:
            told = f"row {self._number} after the header: {error}; is a quotation mark open?"
            raise BulkError(f"{told} The rows before it are written.") from None


def _done_before(target: Path, width: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Count the whole rows that the last run left and those not understood, and cut off a broken one behind them."""
    if not target.exists() or not target.stat().st_size:
        return 0, 0
    rows, whole, errors = -1, 0, 0
    with target.open("rb") as file:
        lines = _Lines(file)
        for row in csv.reader(lines, delimiter=delimiter):
            if rows < 0 and row != list(width):
                if not lines.ended:
                    break  # stopped within the first line
                raise BulkError("the target has other columns: it belongs to another file or another version")
            if lines.ended and len(row) == len(width):
                errors += rows >= 0 and bool(row[-1])
                rows, whole = rows + 1, lines.read
    os.truncate(target, whole)
    return max(rows, 0), errors


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
