"""``customer-accounts import``: an earlier shop's customers and orders from CSV files.

Rules: every row is new, known or told with its file, line and remedy, and none of its values is repeated; the same
command again imports nothing twice, so a run that was stopped is simply run again; a dry run does the same in one
transaction that is rolled back, and so takes as long and holds the same locks.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import attrs
import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from customer_accounts.accounts import Accounts
from customer_accounts.accounts.importing import customers_of, import_batches, orders_of
from customer_accounts.actors import System
from customer_accounts.cli.database import Url, tables_at
from customer_accounts.cli.ending import Exit, ended, told
from customer_accounts.cli.import_files import FileError, rows_of
from customer_accounts.cli.shop_settings import HostOrdersName, settings_of, storage_at
from customer_accounts.features.import_rows import (
    Imported,
    ImportedCustomer,
    ImportedOrder,
    RejectedRow,
    RowProblem,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Engine

    from customer_accounts.adapters.sql import SqlStorage
    from customer_accounts.settings import Settings

    Files = list[tuple[Path, type[ImportedCustomer | ImportedOrder]]]

#: What to do about a row that was left out.
REMEDIES: Mapping[RowProblem, str] = MappingProxyType(
    {
        RowProblem.UNREADABLE: "put the fields right: UTF-8, times with their zone, hashes and no passwords",
        RowProblem.EMAIL_INVALID: "correct the address in the earlier shop",
        RowProblem.DUPLICATE: "one address has one account: decide in the earlier shop which customer keeps it",
        RowProblem.NOT_PROVEN: "mail a link with --invite, or let the mailbox be proven in the earlier shop",
        RowProblem.CONFLICT: "another row or a waiting invitation has this key or reference: give this one its own",
        RowProblem.NO_ACCOUNT: "import its customer first, or make it a guest's order (of_customer false)",
    }
)


@attrs.frozen
class Sums:
    """How many rows came to what."""

    customers: int = 0
    invited: int = 0
    orders: int = 0
    known: int = 0
    left_out: int = 0

    def plus(self, done: Imported) -> Sums:
        """Give the sums with those of one more batch."""
        return Sums(
            self.customers + done.customers,
            self.invited + done.invited,
            self.orders + done.orders,
            self.known + done.known,
            self.left_out + len(done.rejected),
        )

    def __str__(self) -> str:
        """Give them in words."""
        new = f"{self.customers} customers, {self.invited} invited, {self.orders} orders new"
        return f"{new}; {self.known} known; {self.left_out} left out"


File = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, readable=True, metavar="FILE", help="CSV in UTF-8 with a header."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")]
Invite = Annotated[bool, typer.Option("--invite", help="Mail a link to customers who are not proven.")]
SettingsName = Annotated[
    str | None,
    typer.Option("--settings", metavar="MODULE:NAME", help="The shop's own Settings; --invite needs them."),
]
Storefront = Annotated[str, typer.Option(metavar="KEY", help="The storefront that the rows are of.")]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object for each row left out, and a last one with the sums."),
]


def import_shop(
    url: Url,
    customers: File = None,
    orders: File = None,
    dry_run: DryRun = False,
    invite: Invite = False,
    settings: SettingsName = None,
    storefront: Storefront = "default",
    host_orders: HostOrdersName = None,
    as_json: AsJson = False,
) -> None:
    """Import customers and orders of an earlier shop from CSV. Exit code 1 if a row was left out."""
    shop = _settings(settings, storefront, invite=invite)
    files = _files(customers, orders)
    sums = Sums()
    with (
        tables_at(url) as engine,
        _accounts(storage_at(engine, host_orders), engine, shop, dry_run=dry_run) as accounts,
        _bar() as show,
    ):
        try:
            for path, done in _imported(
                accounts, files, System("import", storefront=storefront), invite=invite
            ):
                for row in done.rejected:
                    _left_out(path, row, as_json=as_json)
                sums = sums.plus(done)
                show(sums)
        except FileError as error:
            raise ended(Exit.USAGE, str(error)) from None
        except KeyboardInterrupt:
            raise ended(Exit.OPEN, "Stopped; run it again, and it goes on where it was.") from None
    if as_json:
        typer.echo(json.dumps({**attrs.asdict(sums), "dry_run": dry_run}))
    else:
        told(f"{sums}.{' Nothing was written.' if dry_run else ''}")
    if sums.left_out:
        raise typer.Exit(Exit.OPEN)


def _files(customers: Path | None, orders: Path | None) -> Files:
    """Give the files, their headers checked before anything is imported."""
    files: Files = [
        (path, kind) for path, kind in ((customers, ImportedCustomer), (orders, ImportedOrder)) if path
    ]
    if not files:
        raise ended(Exit.USAGE, "Name a file with --customers, with --orders, or both.")
    try:
        for path, kind in files:
            with rows_of(path, kind):
                pass
    except FileError as error:
        raise ended(Exit.USAGE, str(error)) from None
    return files


def _settings(name: str | None, storefront: str, *, invite: bool) -> Settings:
    if invite and name is None:
        raise ended(
            Exit.USAGE, "--invite makes links, which only the shop's secret can make: name its --settings."
        )
    shop = settings_of(name, "AT")
    if shop.storefront_at(storefront) is None:
        raise ended(Exit.USAGE, f"The settings have no storefront {storefront!r}.")
    return shop


@contextmanager
def _accounts(storage: SqlStorage, engine: Engine, shop: Settings, *, dry_run: bool) -> Iterator[Accounts]:
    """Give the shop, for a dry run in a transaction that is rolled back."""
    accounts = Accounts(storage, shop)
    if not dry_run:
        yield accounts
        return
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            yield accounts.within(connection)
        finally:
            transaction.rollback()


def _imported(
    accounts: Accounts,
    files: Files,
    by: System,
    *,
    invite: bool,
) -> Iterator[tuple[Path, Imported]]:
    for path, kind in files:
        with rows_of(path, kind) as rows:
            batches = customers_of(rows, invite=invite) if kind is ImportedCustomer else orders_of(rows)
            for done in import_batches(accounts, batches, by=by):
                yield path, done


def _left_out(path: Path, row: RejectedRow, *, as_json: bool) -> None:
    remedy = REMEDIES[row.problem]
    if as_json:
        told_of = {"file": path.name, "line": row.line, "problem": row.problem.value, "detail": row.detail}
        typer.echo(json.dumps({**told_of, "remedy": remedy}))
    else:
        detail = f" ({row.detail})" if row.detail else ""
        typer.echo(f"{path.name}, line {row.line}: {row.problem.value}{detail}: {remedy}")


@contextmanager
def _bar() -> Iterator[Callable[[Sums], None]]:
    """Show on standard error how far it is."""
    columns = (TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)

        def show(sums: Sums) -> None:
            progress.update(task, description=str(sums))

        yield show
