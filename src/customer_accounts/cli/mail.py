"""``customer-accounts mail``: what waits in the outbox, what was given up, and queueing that again.

Nobody's address is printed: a mail is named by its id, and its recipient by the masked form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from customer_accounts.accounts.dead_letters import requeueing
from customer_accounts.actors import System
from customer_accounts.cli.database import Url, tables_at
from customer_accounts.cli.ending import Exit, ended, told
from customer_accounts.cli.tables import print_table
from customer_accounts.outbox import MailRecord, MailStatus

if TYPE_CHECKING:
    from customer_accounts.adapters.sql import SqlStorage

app = typer.Typer(help="The mails of the outbox: what waits, what was given up.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for each mail, each on a line.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many mails.")]
#: Who queued a mail again, in the audit trail.
OPERATOR = System("command line")
_PAGE = 100


@app.command()
def queue(url: Url, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List mails that are not sent yet, those due first at the top, and sum up."""
    with tables_at(url) as engine:
        storage = _storage(engine)
        _listed(storage, MailStatus.QUEUED, limit, as_json=as_json)
        backlog = storage.backlog()
    oldest = "" if backlog.oldest is None else f", the oldest since {_time(backlog.oldest)}"
    told(f"{backlog.queued} queued{oldest}; {backlog.dead} dead.")


@app.command()
def dead(url: Url, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List mails that were given up, with the last words of the server (exit code 1 if there are any)."""
    with tables_at(url) as engine:
        storage = _storage(engine)
        _listed(storage, MailStatus.DEAD, limit, as_json=as_json)
        count = storage.backlog().dead
    told(f"{count} dead.")
    if count:
        raise typer.Exit(Exit.OPEN)


@app.command()
def requeue(
    url: Url,
    ids: Annotated[
        list[UUID] | None, typer.Argument(help="The mails, by their ids.", metavar="ID...")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All mails that were given up.")] = False,
) -> None:
    """Queue mails again that were given up; a mail whose link has expired meanwhile is dropped at its turn."""
    if bool(ids) == every:
        raise ended(Exit.USAGE, "Name mails by their ids, or say --all.")
    with tables_at(url) as engine:
        storage = _storage(engine)
        chosen = {one.id: one for one in _all(storage, MailStatus.DEAD) if every or one.id in (ids or ())}
        done = [one.id for one in chosen.values() if _again(storage, one)]
    for one in done:
        typer.echo(str(one))
    missing = [one for one in ids or () if one not in done]
    for one in missing:
        told(f"not dead: {one}")
    told(f"{len(done)} queued again.")
    if missing:
        raise typer.Exit(Exit.OPEN)


def _storage(engine: Any) -> SqlStorage:
    from customer_accounts.adapters.sql import SqlStorage  # noqa: PLC0415 - an extra

    return SqlStorage(engine)


def _again(storage: SqlStorage, mail: MailRecord) -> bool:
    now = datetime.now(UTC)  # noqa: TID251 - the program has the clock of its machine
    return storage.requeue(mail.id, due_at=now, event=requeueing(mail, OPERATOR, now))


def _all(storage: SqlStorage, status: MailStatus) -> Iterator[MailRecord]:
    after: tuple[datetime, UUID] | None = None
    while page := storage.mails(status, after=after, limit=_PAGE):
        yield from page
        after = page[-1].due_at, page[-1].id


def _listed(storage: SqlStorage, status: MailStatus, limit: int, *, as_json: bool) -> None:
    rows = [_told(one) for one, _ in zip(_all(storage, status), range(limit), strict=False)]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
    elif rows:
        print_table(rows)


def _told(mail: MailRecord) -> dict[str, str | int]:
    """Give what may be shown of a mail."""
    return {
        "id": str(mail.id),
        "purpose": mail.purpose.value,
        "to": mail.masked_to,
        "queued_at": _time(mail.queued_at),
        "due_at": _time(mail.due_at),
        "attempts": mail.attempts,
        "account_id": "" if mail.account_id is None else str(mail.account_id),
        "order_reference": mail.order_reference or "",
        "reply": mail.reply,
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
