"""``customer-accounts vat recheck``: ask the register about the numbers that wait, and show how far it is.

Rules: it does what `customer_accounts.Accounts.check_vat_numbers` does, with the same leases, so it may run beside
other workers and be stopped at any time; what is left is asked by the next run.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import attrs
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from customer_accounts.accounts import Accounts
from customer_accounts.accounts.vat_checks import VatReport
from customer_accounts.adapters.vies import VIES, ViesRegister
from customer_accounts.cli.database import Url, tables_at
from customer_accounts.cli.ending import Exit, told
from customer_accounts.cli.shop_settings import settings_of
from customer_accounts.cli.vat_input import number_or_end, register_at
from customer_accounts.cli.vat_order import (
    AsJson,
    Requester,
    TestService,
    ViesUrl,
    now,
)
from customer_accounts.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def recheck(
    url: Url,
    settings: Annotated[
        str | None,
        typer.Option("--settings", metavar="MODULE:NAME", help="The shop's own Settings; else the defaults."),
    ] = None,
    seller: Annotated[
        str, typer.Option(metavar="COUNTRY", help="Where the shop is established, without --settings.")
    ] = "AT",
    requester: Requester = None,
    limit: Annotated[int, typer.Option(min=1, help="Stop after so many numbers.")] = 100_000,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Questions under way at a time.")] = 4,
    vies_url: ViesUrl = VIES,
    test_service: TestService = False,
    as_json: AsJson = False,
) -> None:
    """Ask the register about all numbers that wait. Exit code 1 if any are left without a clear answer.

    To rehearse, give a copy of the database and --vies-url or --test-service: what is answered is recorded.
    """
    shop, register = (
        _with_number(settings_of(settings, seller), requester),
        register_at(vies_url, test_service),
    )
    with tables_at(url) as engine:
        from customer_accounts.adapters.sql import SqlStorage  # noqa: PLC0415 - an extra
        from customer_accounts.adapters.sql.queues import count_due_checks  # noqa: PLC0415 - an extra

        storage = SqlStorage(engine)
        accounts = Accounts(storage, shop)
        with engine.connect() as connection:
            waiting = count_due_checks(connection, now())
        report = _run(accounts, register, min(waiting, limit), at_once)
    left = attrs.asdict(report, filter=lambda attribute, _: attribute.name != "late")
    if as_json:
        typer.echo(json.dumps({**left, "late": [one.reference for one in report.late]}))
    else:
        typer.echo(", ".join(f"{name} {count}" for name, count in left.items() if name != "paused"))
    if report.paused:
        told("The register asked to stop; the rest waits for the next run.")
    if report.late:
        told(f"{len(report.late)} orders are exempt after all: their corrections wait for approval.")
    if report.paused or report.unverified:
        raise typer.Exit(Exit.OPEN)


def _with_number(settings: Settings, requester: str | None) -> Settings:
    if requester is None:
        return settings
    return attrs.evolve(
        settings, seller=attrs.evolve(settings.seller, number=number_or_end("--requester", requester))
    )


def _run(accounts: Accounts, register: ViesRegister, waiting: int, at_once: int) -> VatReport:
    report = VatReport()

    def note(so_far: VatReport) -> None:
        nonlocal report
        report = so_far
        show(so_far)

    with _bar(waiting) as show:
        try:
            return accounts.check_vat_numbers(register, limit=max(waiting, 1), at_once=at_once, progress=note)
        except KeyboardInterrupt:
            told("Stopped; what was answered is recorded, the rest waits for the next run.")
            return attrs.evolve(report, paused=True)


@contextmanager
def _bar(waiting: int) -> Iterator[Callable[[VatReport], None]]:
    """Show a bar on standard error: numbers asked of those that wait, and how they came out."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=waiting)

        def show(report: VatReport) -> None:
            words = f"valid {report.valid}, invalid {report.invalid}, unverified {report.unverified}"
            progress.update(task, completed=report.total, description=words)

        yield show
