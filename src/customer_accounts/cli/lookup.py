"""``customer-accounts lookup``: what happened around an address, an order or a VAT number, newest first.

Rules: each page is a look in the audit trail, under the name of who looks; what is printed is masked; what is looked
up can come from standard input, for a command line stays in the shell's history.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Annotated, Any

import attrs
import typer
from pydantic import ValidationError

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent
from customer_accounts.cli.database import Url, tables_at
from customer_accounts.cli.ending import Exit, ended, told
from customer_accounts.cli.shop_settings import HostOrdersName, settings_of, storage_at
from customer_accounts.cli.tables import print_table
from customer_accounts.features.lookup import Lookup, Timeline
from customer_accounts.refusals import Refused

_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
#: The fields that say when; each value of a timeline has one.
_TIMES = ("at", "created_at", "due_at")


def _typed(what: str) -> Any:
    return typer.Option(metavar="TEXT", help=f"{what}; - reads it from standard input.", show_default=False)


def look_up(
    url: Url,
    settings: Annotated[
        str, typer.Option("--settings", metavar="MODULE:NAME", help="The shop's own Settings.")
    ],
    agent: Annotated[str, typer.Option("--agent", metavar="ID", help="Who looks, for the audit trail.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What for, for the audit trail.")],
    email: Annotated[str | None, _typed("An e-mail address in any spelling")] = None,
    order: Annotated[str | None, _typed("The reference or number of an order")] = None,
    vat: Annotated[str | None, _typed("A VAT number with its country's prefix")] = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="PLACE", help="Go on behind the page before.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many entries.")] = 50,
    host_orders: HostOrdersName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each entry.")] = False,
) -> None:
    """Show what happened around an address, an order or a VAT number. Exit code 1 if there is nothing."""
    shop = settings_of(settings, "AT")
    # Whoever has the database and the secret may do what any of the staff may.
    try:
        by = Agent(agent, may=frozenset(shop.agent_permissions.values()))
    except ValueError as error:
        raise ended(Exit.USAGE, f"--agent: {error}") from None
    try:
        asked = Lookup(
            email=_read(email),
            order=_read(order),
            vat_number=_read(vat),
            reason=reason,
            after=after,
            limit=limit,
        )
    except ValidationError as error:
        faults = [_about(*one["loc"], one["msg"]) for one in error.errors()]
        raise ended(Exit.USAGE, "; ".join(faults)) from None
    with tables_at(url) as engine:
        found = Accounts(storage_at(engine, host_orders), shop).handle(asked, by=by)
    if isinstance(found, Refused):
        raise ended(Exit.USAGE, _about(*([found.field] if found.field else []), found.text("en")))
    _shown(found, as_json=as_json)


def _about(*words: int | str) -> str:
    """Put the option before what is wrong with it."""
    *fields, fault = map(str, words)
    return "".join(f"--{one.removesuffix('_number')}: " for one in fields) + fault


def _read(typed: str | None) -> str | None:
    return typer.get_text_stream("stdin").readline().strip() if typed == "-" else typed


def _shown(found: Timeline, *, as_json: bool) -> None:
    rows = [_fields(one) for one in (*found.accounts, *found.vat_checks, *found.entries)]
    if not rows:
        raise ended(Exit.OPEN, "There is nothing.")
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, default=str))
    else:
        print_table([_line(row) for row in rows])
    if found.accounts_left_out:
        told(f"{found.accounts_left_out} more accounts are left out.")
    if found.next is not None:
        told(f"There is more: --after {found.next}")


def _fields(one: attrs.AttrsInstance) -> dict[str, Any]:
    kind = _INNER_CAPITAL.sub("_", type(one).__name__.removesuffix("Entry")).lower()
    return {"kind": kind, **attrs.asdict(one)}


def _line(row: dict[str, Any]) -> dict[str, str | int]:
    """Give the columns of a table: when, of which kind, and the fields that say something."""
    time = next(name for name in _TIMES if name in row)
    others = (f"{name}={_text(value)}" for name, value in row.items() if name not in ("kind", time) and value)
    return {"at": row[time].isoformat(timespec="seconds"), "kind": row["kind"], "what": " ".join(others)}


def _text(value: Any) -> str:
    return value.value if isinstance(value, StrEnum) else str(value)
