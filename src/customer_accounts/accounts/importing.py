"""Files and iterators of an earlier shop, imported in batches: one loop for each runner, and what both share.

It stands beside the runners because it does what they do, one command after another; the rules are those of
`customer_accounts.features.data_import`.  A row that cannot be read is told with its line and the field, and the
others of its batch go on.  Memory holds one batch at a time, whatever the file's size.
"""

import csv
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from typing import TextIO, TypeVar

from attrs import evolve, frozen
from pydantic import ValidationError

from customer_accounts.accounts.asynchronous import AsyncAccounts
from customer_accounts.accounts.synchronous import Accounts
from customer_accounts.actors import System
from customer_accounts.errors import ConflictError
from customer_accounts.features.data_import import BATCH, ImportBatch
from customer_accounts.features.import_rows import (
    Imported,
    ImportedCustomer,
    ImportedOrder,
    RejectedRow,
    RowProblem,
)

_IMPORTER = System("import")
Row = TypeVar("Row", ImportedCustomer, ImportedOrder)

_ADDRESS = re.compile(r"address([0-9]{0,2})_([a-z]+)")
_PART = re.compile(r"(company|newsletter)_([a-z_]+)")


@frozen
class Batch:
    """Rows that are imported together, and those among them that could not be read."""

    command: ImportBatch
    unreadable: tuple[RejectedRow, ...] = ()


def csv_rows(file: TextIO, *, delimiter: str = ",") -> Iterator[tuple[int, Mapping[str, str]]]:
    """Give the rows of a CSV file with a header, each with the number of its last line; empty fields are left out.

    Args:
        file: opened with ``newline=""`` and its encoding; what cannot be decoded raises, as with any file, unless it
            was opened with ``errors="surrogateescape"``: then it is the row that cannot be read.
        delimiter: what stands between two fields.
    """
    reader = csv.DictReader(file, restkey="?", restval="", delimiter=delimiter)
    for row in reader:
        yield reader.line_num, {name: text for name, text in row.items() if text}


def customers_of(
    rows: Iterable[tuple[int, Mapping[str, str]]], *, invite: bool, size: int = BATCH
) -> Iterator[Batch]:
    """Make batches of customers.

    Args:
        rows: each with its line; columns are the fields of `ImportedCustomer`, those of its parts written as
            ``company_vat_number``, ``newsletter_at`` and ``address_street``; a second address is ``address2_street``.
        invite: see `ImportBatch`.
        size: rows of a batch, at most 500.
    """
    for read, unreadable in _batches(rows, ImportedCustomer, size):
        yield Batch(ImportBatch(customers=tuple(read), invite=invite), unreadable)


def orders_of(rows: Iterable[tuple[int, Mapping[str, str]]], *, size: int = BATCH) -> Iterator[Batch]:
    """Make batches of orders; columns are the fields of `ImportedOrder`."""
    for read, unreadable in _batches(rows, ImportedOrder, size):
        yield Batch(ImportBatch(orders=tuple(read)), unreadable)


def import_batches(shop: Accounts, batches: Iterable[Batch], *, by: System = _IMPORTER) -> Iterator[Imported]:
    """Import batches, and tell after each what became of its rows: that is the progress.

    Args:
        shop: inside a transaction of the host (``shop.within``), a rollback makes it a rehearsal.
        batches: of customers first, then of orders.
        by: who imports, with the storefront that the customers and orders are of.
    """
    for batch in batches:
        try:
            done = shop.require(batch.command, by=by)
        except ConflictError:
            done = Imported()
            for row, told in _alone(batch.command):
                try:
                    done = done.plus(shop.require(row, by=by))
                except ConflictError:
                    done = done.plus(Imported(rejected=(told,)))
        yield _told(done, batch)


async def import_batches_async(
    shop: AsyncAccounts, batches: Iterable[Batch], *, by: System = _IMPORTER
) -> AsyncIterator[Imported]:
    """Import batches as `import_batches` does."""
    for batch in batches:
        try:
            done = await shop.require(batch.command, by=by)
        except ConflictError:
            done = Imported()
            for row, told in _alone(batch.command):
                try:
                    done = done.plus(await shop.require(row, by=by))
                except ConflictError:
                    done = done.plus(Imported(rejected=(told,)))
        yield _told(done, batch)


def _alone(command: ImportBatch) -> Iterator[tuple[ImportBatch, RejectedRow]]:
    """Give a command for each row, and what is told if it stays held up: that must not hold up the others.

    What holds it up is written by others again and again, or stands under the same key for good.
    """
    for customer in command.customers:
        told = RejectedRow(customer.line, RowProblem.CONFLICT, "key")
        yield command.model_copy(update={"customers": (customer,), "orders": ()}), told
    for order in command.orders:
        told = RejectedRow(order.line, RowProblem.CONFLICT, "reference")
        yield command.model_copy(update={"customers": (), "orders": (order,)}), told


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
    flat: dict[str, object] = {}
    parts: dict[str, dict[str, object]] = {}
    addresses: dict[int, dict[str, object]] = {}
    for column, value in row.items():
        if address := _ADDRESS.fullmatch(column):
            addresses.setdefault(int(address[1] or 1), {})[address[2]] = value
        elif part := _PART.fullmatch(column):
            parts.setdefault(part[1], {})[part[2]] = value
        else:
            flat[column] = value
    if addresses:
        flat["addresses"] = tuple(addresses[place] for place in sorted(addresses))
    return {**flat, **parts}


def _fields(error: ValidationError) -> str:
    """Name the fields, never their values."""
    found = (".".join(str(part) for part in one["loc"]) for one in error.errors(include_input=False))
    return ", ".join(
        dict.fromkeys(name for name in found if name.replace(".", "").replace("_", "").isalnum())
    )
