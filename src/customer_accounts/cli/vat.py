"""``customer-accounts vat``: numbers, decisions and their reasons, for people and for programs."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from customer_accounts.adapters.vies import VIES
from customer_accounts.cli import vat_bulk
from customer_accounts.cli.ending import Exit, ended, told
from customer_accounts.cli.vat_bulk import REMEDY
from customer_accounts.cli.vat_input import country_or_end, number_or_end, register_at
from customer_accounts.cli.vat_number import checked, number_data, number_lines
from customer_accounts.cli.vat_order import (
    AsJson,
    Lang,
    Language,
    Options,
    Requester,
    TestService,
    ViesUrl,
    Where,
    about_an_order,
    is_typed,
    seller_of,
    today,
)
from customer_accounts.cli.vat_recheck import recheck
from customer_accounts.cli.vat_report import (
    decision_data,
    decision_lines,
    disclaimer,
    order_lines,
    stored_decisions,
)
from customer_accounts.cli.vat_rows import ERROR, Decider
from customer_accounts.vat import DataError, VatDecision, decide_vat, number_advice

app = typer.Typer(help="VAT numbers, decisions and their reasons. No tax advice.", no_args_is_help=True)


@app.command()
def check(
    context: typer.Context,
    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER…", help="VAT numbers as they were typed.")],
    country: Annotated[str | None, typer.Option(help="Country of numbers without a prefix.")] = None,
    vies: Annotated[bool, typer.Option("--vies", help="Ask the Union's register, too.")] = False,
    requester: Requester = None,
    vies_url: ViesUrl = VIES,
    test_service: TestService = False,
    as_json: AsJson = False,
    lang: Lang = Language.ENGLISH,
) -> None:
    """Check VAT numbers: how they are written, and with --vies what the register says.

    Exit code 1 if any of them is not in order. --vies-url and --test-service ask as well, to rehearse.
    """
    asks = vies or test_service or is_typed(context, "vies_url")
    register = register_at(vies_url, test_service) if asks else None
    own = number_or_end("--requester", requester) if requester else None
    if country is not None:
        country_or_end("--country", country)
    found = [checked(typed, country, register, own) for typed in numbers]
    if as_json:
        data = [number_data(one, lang.value) for one in found]
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(line for one in found for line in number_lines(one, lang.value)))
    if any(one.is_open for one in found):
        raise typer.Exit(Exit.OPEN)


@about_an_order
def decide(options: Options, as_json: AsJson = False) -> None:
    """Decide the VAT of one supply. Exit code 1 if somebody should look at it."""
    order = options.order()
    decision = decide_vat(order.supply, order.buyer, order.seller)
    advice = number_advice(order.problem) if order.problem else None
    if as_json:
        data = decision_data(decision, options.lang, advice)
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        lines = decision_lines(decision, options.lang, advice)
        typer.echo("\n".join((*lines, disclaimer(options.lang))))
    if decision.manual_review:
        raise typer.Exit(Exit.OPEN)


@about_an_order
def explain(
    options: Options,
    stored: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="A decision kept with an order, or what decide --json printed; - for standard input.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the reasons of a decision: of one that was kept with an order, or of the options."""
    if stored is not None and options.typed:
        apply = "does not apply" if len(options.typed) == 1 else "do not apply"
        told = f"{', '.join(options.typed)} {apply}: the decision in {stored} is explained as it was kept."
        raise ended(Exit.USAGE, told)
    decisions = (_decided(options),) if stored is None else _stored(stored)
    if as_json:
        data = [
            {"rule": one.rule, "reasons": one.explain(options.lang), "disclaimer": disclaimer(options.lang)}
            for one in decisions
        ]
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    typer.echo("\n\n".join("\n".join(lines) for lines in order_lines(decisions, options.lang)))
    typer.echo(disclaimer(options.lang))


@app.command()
def bulk(
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="CSV in UTF-8 with a header.", exists=True, dir_okay=False)
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="The same rows with what was decided.", dir_okay=False)
    ],
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="COUNTRY", help="Where goods are sent from; the seller's state."),
    ] = None,
    seller: Annotated[str, typer.Option(metavar="COUNTRY", help="Where the shop is established.")] = "AT",
    oss: Annotated[bool, typer.Option("--oss", help="The shop uses the One Stop Shop.")] = False,
    below_threshold: Annotated[
        bool, typer.Option("--below-threshold", help="Less than EUR 10,000 a year abroad.")
    ] = False,
    registered_in: Annotated[
        list[str] | None, typer.Option(metavar="COUNTRY", help="Other states where it is registered.")
    ] = None,
    unverified_business: Annotated[
        Where, typer.Option(help="How a business without a confirmed number is taxed.")
    ] = Where.ORIGIN,
    business: Annotated[
        bool, typer.Option("--business/--consumer", help="Who buys, where a row does not say.")
    ] = False,
    numbers_only: Annotated[bool, typer.Option("--numbers-only", help="Only look at the numbers.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the last run stopped.")] = False,
    lang: Lang = Language.ENGLISH,
) -> None:
    """Decide the rows of a CSV file. Exit code 1 if a row could not be understood."""
    try:
        shop = seller_of(
            seller,
            oss=oss,
            below_threshold=below_threshold,
            registered_in=frozenset(registered_in or ()),
            unverified_business=unverified_business.value,
        )
        defaults = {"from": from_ or seller, "business": "yes" if business else "no"}
        decider = Decider(shop, defaults, today(), lang.value, orders=not numbers_only)
        report = vat_bulk.run(source, target, decider, resume=resume)
    except ValueError as error:  # a seller or a file that cannot be
        raise ended(Exit.USAGE, str(error)) from None
    except OSError as error:
        raise ended(Exit.FAULT, f"{error.filename}: {error.strerror}") from None
    before = f", {report.done} before" if report.done else ""
    if report.unreadable:
        told(f"Row {report.unreadable} after the header is not UTF-8. {REMEDY}")
    told(f"{report.rows} rows{before}, {report.errors} not understood (column {ERROR}).")
    told(disclaimer(lang.value))
    if report.errors:
        raise typer.Exit(Exit.OPEN)


app.command()(decide)
app.command()(explain)
app.command()(recheck)


def _decided(options: Options) -> VatDecision:
    order = options.order()
    return decide_vat(order.supply, order.buyer, order.seller)


def _stored(path: Path) -> tuple[VatDecision, ...]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return stored_decisions(text)
    except OSError as error:
        mistyped = isinstance(error, FileNotFoundError | IsADirectoryError)
        raise ended(Exit.USAGE if mistyped else Exit.FAULT, f"{path}: {error.strerror}") from None
    except (DataError, UnicodeDecodeError, RecursionError):
        told(f"{path}: this is no record of a VAT decision.")
        raise typer.Exit(Exit.USAGE) from None
