"""Files and iterators of an earlier shop, imported in batches: one loop for each runner, and what both share.

It stands beside the runners because it does what they do, one command after another; the rules are those of
`customer_accounts.features.data_import`.  A row that cannot be read is told with its line and the field, and the
others of its batch go on.  Memory holds one batch at a time, whatever the file's size.
"""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from typing import TextIO, TypeVar

from attrs import evolve, frozen
from pydantic import ValidationError

from customer_accounts.accounts.asynchronous import AsyncAccounts
from customer_accounts.accounts.synchronous import Accounts
from customer_accounts.actors import System
from customer_accounts.features.data_import import (
    BATCH,
    ImportBatch,
    Imported,
    ImportedCustomer,
    ImportedOrder,
    RejectedRow,
    RowProblem,
)

_IMPORTER = System("import")
Row = TypeVar("Row", ImportedCustomer, ImportedOrder)

#: Columns of a CSV file that belong to one part of a customer.
_PARTS = {
    "address": ("name", "street", "city", "country", "postcode", "extra", "region", "phone"),
    "newsletter": ("text_version", "at", "source", "confirmed_at"),
}


@frozen
class Batch:
    """Rows that are imported together, and those among them that could not be read."""

    command: ImportBatch
    unreadable: tuple[RejectedRow, ...] = ()


def csv_rows(file: TextIO) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Give the rows of a CSV file with a header, each with the number of its last line; empty fields are left out.

    Args:
        file: opened with ``newline=""`` and its encoding; what cannot be decoded raises, as with any file.
    """
    reader = csv.DictReader(file, restkey="?", restval="")
    for row in reader:
        yield reader.line_num, {name: text for name, text in row.items() if text}


def customers_of(
    rows: Iterable[tuple[int, Mapping[str, str]]], *, invite: bool, size: int = BATCH
) -> Iterator[Batch]:
    """Make batches of customers.

    Args:
        rows: each with its line; columns are the fields of `ImportedCustomer`, those of its parts written as
            ``address_street`` and ``newsletter_at``.
        invite: see `ImportBatch`.
        size: rows of a batch, at most 500.
    """
    for read, unreadable in _batches(rows, ImportedCustomer, size):
        yield Batch(ImportBatch(customers=tuple(read), invite=invite), unreadable)


def orders_of(rows: Iterable[tuple[int, Mapping[str, str]]], *, size: int = BATCH) -> Iterator[Batch]:
    """Make batches of orders; columns are the fields of `ImportedOrder`."""
    for read, unreadable in _batches(rows, ImportedOrder, size):
        yield Batch(ImportBatch(orders=tuple(read)), unreadable)


def import_batches(shop: Accounts, batches: Iterable[Batch]) -> Iterator[Imported]:
    """Import batches, and tell after each what became of its rows: that is the progress.

    Raises:
        ConflictError: others changed the same records again and again; run it once more.
    """
    for batch in batches:
        yield _told(shop.require(batch.command, by=_IMPORTER), batch)


async def import_batches_async(shop: AsyncAccounts, batches: Iterable[Batch]) -> AsyncIterator[Imported]:
    """Import batches as `import_batches` does."""
    for batch in batches:
        yield _told(await shop.require(batch.command, by=_IMPORTER), batch)


def _told(imported: Imported, batch: Batch) -> Imported:
    rejected = sorted((*imported.rejected, *batch.unreadable), key=lambda one: one.line)
    return evolve(imported, rejected=tuple(rejected))


def _batches(
    rows: Iterable[tuple[int, Mapping[str, str]]], kind: type[Row], size: int
) -> Iterator[tuple[list[Row], tuple[RejectedRow, ...]]]:
    waiting = iter(rows)
    while some := list(islice(waiting, size)):
        read: list[Row] = []
        unreadable: list[RejectedRow] = []
        for line, row in some:
            try:
                read.append(kind.model_validate({**_nested(row), "line": line}))
            except ValidationError as error:
                unreadable.append(RejectedRow(line, RowProblem.UNREADABLE, _fields(error)))
        yield read, tuple(unreadable)


def _nested(row: Mapping[str, object]) -> dict[str, object]:
    """Put the columns of a part together; a part without any column is none."""
    flat = dict(row)
    for part, names in _PARTS.items():
        found = {name: flat.pop(f"{part}_{name}") for name in names if f"{part}_{name}" in flat}
        if found:
            flat[part] = found
    return flat


def _fields(error: ValidationError) -> str:
    """Name the fields, never their values."""
    found = (".".join(str(part) for part in one["loc"]) for one in error.errors(include_input=False))
    return ", ".join(
        dict.fromkeys(name for name in found if name.replace(".", "").replace("_", "").isalnum())
    )
