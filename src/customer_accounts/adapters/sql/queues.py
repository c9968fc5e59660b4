"""Work that waits for a worker: mails and VAT checks are leased, finished or given back.

A lease locks the rows that it reads and skips rows that others have locked (SKIP LOCKED on PostgreSQL; on
SQLite the whole write transaction is one at a time), so that two workers never hold one row (RL-04).  An
expired lease is free.  The end of a lease is different each time, so it also tells leases apart: whoever comes
back too late changes nothing that another worker has taken meanwhile.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    String,
    Update,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    union_all,
    update,
)

from customer_accounts.adapters.sql.fields import UtcDateTime
from customer_accounts.adapters.sql.layout import Prepared, family_branches, prepared
from customer_accounts.adapters.sql.lists import Bound, bound, number_of
from customer_accounts.adapters.sql.mapping import MAILS, ORDERS, TOKENS, VAT_CHECKS, Node
from customer_accounts.adapters.sql.schema import mails, orders, tokens, vat_checks
from customer_accounts.adapters.sql.statements import DELETE_DETAILS, mail_is
from customer_accounts.outbox import MailOutcome, MailStatus, MailTask, VatTask

#: Gives a statement with the host's own table of orders in place of ours.
Translator = Callable[[Select[Any] | CompoundSelect[Any]], Select[Any] | CompoundSelect[Any]]

_NOW = bindparam("now", type_=UtcDateTime())
_HELD = bindparam("held", type_=UtcDateTime())
_MAIL = and_(
    mails.c.id == bindparam("mail_id", type_=Uuid()),
    mail_is(MailStatus.QUEUED),
    mails.c.leased_until == _HELD,
)
_CHECK = and_(
    vat_checks.c.number == bindparam("check_number", type_=String()),
    vat_checks.c.leased_until == _HELD,
)


def _due(node: Node, *wanted: ColumnElement[bool]) -> Select[Any]:
    row = node.table.c
    free = or_(row.leased_until.is_(None), row.leased_until < _NOW)
    key = next(iter(node.table.primary_key.columns))
    return (
        select(key)
        .where(row.due_at <= _NOW, free, *wanted)
        .order_by(row.due_at, key)
        .limit(bindparam("limit", type_=BigInteger()))
        .with_for_update(skip_locked=True)
    )


@cache
def _lease(node: Node, number: int) -> Update:
    """Give the update that leases what was chosen, so many rows as `lists.number_of` says."""
    until = bindparam("until", type_=UtcDateTime())
    return update(node.table).where(_chosen(node, number)).values(leased_until=until)


def _chosen(node: Node, number: int) -> ColumnElement[bool]:
    (key,) = node.table.primary_key.columns
    return Bound("chosen", number, key.type).among(key)


_DUE_MAILS = _due(MAILS, mail_is(MailStatus.QUEUED))
_DUE_CHECKS = _due(VAT_CHECKS)
_FINISH = (
    update(mails)
    .where(_MAIL)
    .values(
        status=bindparam("ended", type_=String()),
        finished_at=bindparam("at", type_=UtcDateTime()),
        reply=bindparam("words", type_=String()),
        to="",
        leased_until=None,
        attempts=mails.c.attempts + 1,
    )
)
_FAIL_MAIL = (
    update(mails)
    .where(_MAIL)
    .values(
        status=bindparam("ended", type_=String()),
        due_at=func.coalesce(bindparam("again", type_=UtcDateTime()), mails.c.due_at),
        reply=bindparam("words", type_=String()),
        leased_until=None,
        attempts=mails.c.attempts + 1,
    )
)
_FAIL_CHECK = (
    update(vat_checks)
    .where(_CHECK)
    .values(
        due_at=bindparam("again", type_=UtcDateTime()),
        leased_until=None,
        attempts=vat_checks.c.attempts + 1,
    )
)
_COUNT_CHECKS = select(func.count()).select_from(vat_checks).where(vat_checks.c.due_at <= _NOW)
_GIVE_UP_CHECK = delete(vat_checks).where(_CHECK)
_RELEASE_MAIL = update(mails).where(_MAIL).values(leased_until=None)
_RELEASE_CHECK = update(vat_checks).where(_CHECK).values(leased_until=None)


@cache
def _mail_question(number: int) -> Prepared:
    """Ask for leased mails with all that their texts need, in one snapshot."""
    row = mails.c
    named = (
        select(row.id, row.token, row.extra_token, row.order_reference)
        .where(_chosen(MAILS, number))
        .cte("leased")
        .c
    )
    links = union_all(select(named.token), select(named.extra_token))
    return prepared(
        [
            *family_branches(MAILS, row.id.in_(select(named.id))),
            *family_branches(TOKENS, tokens.c.digest.in_(links)),
            *family_branches(ORDERS, orders.c.reference.in_(select(named.order_reference))),
        ]
    )


@cache
def _check_question(number: int) -> Prepared:
    return prepared(family_branches(VAT_CHECKS, _chosen(VAT_CHECKS, number)))


def lease_mails(
    connection: Connection, limit: int, now: datetime, until: datetime, translated: Translator
) -> list[MailTask]:
    """Lease due mails and give them with their links and orders, these from wherever they are kept."""
    chosen = connection.execute(_DUE_MAILS, {"now": now, "limit": limit}).scalars().all()
    if not chosen:
        return []
    number, values = number_of(chosen), bound("chosen", chosen)
    connection.execute(_lease(MAILS, number), {**values, "until": until})
    question = _mail_question(number)
    asked = translated(question.statement)
    found = question.sorted(connection.execute(asked, values).all())
    links = {one.digest: one for one in TOKENS.records(found)}
    named = {one.reference: one for one in ORDERS.records(found)}
    due = sorted(MAILS.records(found), key=attrgetter("due_at", "id"))
    return [
        MailTask(one, links.get(one.token), links.get(one.extra_token), named.get(one.order_reference))
        for one in due
    ]


def count_due_checks(connection: Connection, now: datetime) -> int:
    """Count the numbers that wait to be asked, those that another worker has leased included."""
    return connection.execute(_COUNT_CHECKS, {"now": now}).scalar_one()


def lease_checks(connection: Connection, limit: int, now: datetime, until: datetime) -> list[VatTask]:
    """Lease due VAT checks."""
    chosen = connection.execute(_DUE_CHECKS, {"now": now, "limit": limit}).scalars().all()
    if not chosen:
        return []
    number, values = number_of(chosen), bound("chosen", chosen)
    connection.execute(_lease(VAT_CHECKS, number), {**values, "until": until})
    question = _check_question(number)
    found = question.sorted(connection.execute(question.statement, values).all())
    return [VatTask(one) for one in sorted(VAT_CHECKS.records(found), key=attrgetter("due_at", "number"))]


def finish(connection: Connection, task: MailTask, outcome: MailOutcome) -> None:
    """Mark a mail as ended and blank what was personal in it (RL-07)."""
    values = {
        **_held(task),
        "ended": outcome.status.value,
        "at": outcome.at,
        "words": outcome.reply,
    }
    if connection.execute(_FINISH, values).rowcount:
        connection.execute(DELETE_DETAILS, {"old_id": task.mail.id})


def fail(connection: Connection, task: MailTask | VatTask, retry_at: datetime | None, reason: str) -> None:
    """Give a task back for another try, or give it up."""
    if isinstance(task, MailTask):
        ended = MailStatus.DEAD if retry_at is None else MailStatus.QUEUED
        values = {**_held(task), "ended": ended.value, "again": retry_at, "words": reason}
        connection.execute(_FAIL_MAIL, values)
    elif retry_at is None:
        connection.execute(_GIVE_UP_CHECK, _held(task))
    else:
        connection.execute(_FAIL_CHECK, {**_held(task), "again": retry_at})


def release(connection: Connection, task: MailTask | VatTask) -> None:
    """Give a task back as it was."""
    connection.execute(_RELEASE_MAIL if isinstance(task, MailTask) else _RELEASE_CHECK, _held(task))


def _held(task: MailTask | VatTask) -> dict[str, Any]:
    """Name a task and the lease under which it was taken."""
    if isinstance(task, MailTask):
        return {"mail_id": task.mail.id, "held": task.mail.leased_until}
    return {"check_number": task.check.number, "held": task.check.leased_until}
