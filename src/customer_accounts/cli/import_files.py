"""The files of an import: opened, their header checked, and read row by row.

A byte that is no UTF-8 spoils its row and not the file: it is kept as a lone surrogate, which no field accepts.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from customer_accounts.accounts.importing import csv_rows
from customer_accounts.features.import_rows import ImportedConsent, ImportedCustomer, ImportedOrder
from customer_accounts.inputs import AddressInput, CompanyInput, Input

_PARTS: Mapping[str, tuple[str, type[Input]]] = {
    "addresses": (r"address[0-9]{0,2}_", AddressInput),
    "company": ("company_", CompanyInput),
    "newsletter": ("newsletter_", ImportedConsent),
}
Rows = Iterator[tuple[int, Mapping[str, str]]]


class FileError(ValueError):
    """A file that cannot be imported; the text says why and what to do."""


@contextmanager
def rows_of(path: Path, kind: type[ImportedCustomer | ImportedOrder]) -> Iterator[Rows]:
    """Open a file and give its rows.

    Args:
        path: CSV in UTF-8 with a header; separated by commas, semicolons or tabs.
        kind: what its rows are.

    Raises:
        FileError: the header lacks a column or has one that is unknown, or the file is no CSV.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        delimiter = _checked(file, path, kind)
        yield _told(csv_rows(file, delimiter=delimiter), path)


def _told(rows: Rows, path: Path) -> Rows:
    last = 1
    try:
        for last, row in rows:
            yield last, row
    except csv.Error as error:
        raise FileError(f"{path}: no CSV after line {last}: {error}") from None


def _checked(file: TextIO, path: Path, kind: type[ImportedCustomer | ImportedOrder]) -> str:
    """Give what stands between two fields, once the header is found right."""
    first = file.readline()
    file.seek(0)
    delimiter = max(",;\t", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    fields = kind.model_fields
    missing = [name for name, field in fields.items() if field.is_required() and name not in names]
    unknown = [name for name in names if not _columns(kind).fullmatch(name)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    for wrong, found in (("lacks", missing), ("has unknown", unknown), ("has twice", twice)):
        if found:
            shown = ", ".join(name if name.isprintable() else "?" for name in found)
            raise FileError(f"{path}: the first line {wrong}: {shown}")
    return delimiter


def _columns(kind: type[Input]) -> re.Pattern[str]:
    """Give what the name of a column may be."""
    found = []
    for name in kind.model_fields:
        before, part = _PARTS.get(name, ("", None))
        inner = [name] if part is None else list(part.model_fields)
        found += [] if name == "line" else [f"{before}(?:{'|'.join(inner)})"]
    return re.compile("|".join(found))
