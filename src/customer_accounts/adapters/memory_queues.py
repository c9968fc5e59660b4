"""Work that waits in memory: mails and VAT checks are leased, finished or given back (RL-03, RL-04).

Rules: what is leased is nobody else's until its time is over; who lost a lease meanwhile changes nothing any more.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from attrs import evolve

from customer_accounts.adapters.memory_write import Tables
from customer_accounts.changes import Record, key_of
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import (
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    VatCheckRecord,
    VatTask,
)
from customer_accounts.token import TokenRecord

R = TypeVar("R", bound=Record)


def lease_mails(tables: Tables, limit: int, now: datetime, until: datetime) -> list[MailTask]:
    """Lease due mails, the longest waiting first, with their links and orders."""
    due = [one for one in tables.mails.values() if one.status is MailStatus.QUEUED and one.due_at <= now]
    free = [one for one in due if one.leased_until is None or one.leased_until < now]
    tasks = []
    for mail in sorted(free, key=lambda one: one.due_at)[:limit]:
        leased = tables.mails[mail.id] = evolve(mail, leased_until=until)
        tasks.append(
            MailTask(
                leased,
                _found(tables.all(TokenRecord), mail.token),
                _found(tables.all(TokenRecord), mail.extra_token),
                _found(tables.all(OrderRecord), mail.order_reference),
            )
        )
    return tasks


def lease_checks(tables: Tables, limit: int, now: datetime, until: datetime) -> list[VatTask]:
    """Lease due VAT checks, the longest waiting first."""
    rows = tables.all(VatCheckRecord)
    free = [one for one in rows if one.due_at <= now and (one.leased_until is None or one.leased_until < now)]
    chosen = [evolve(one, leased_until=until) for one in sorted(free, key=lambda one: one.due_at)[:limit]]
    tables.records.setdefault(VatCheckRecord, {}).update({key_of(one): one for one in chosen})
    return [VatTask(one) for one in chosen]


def finish(tables: Tables, task: MailTask, outcome: MailOutcome) -> None:
    """Mark a mail as ended and blank what was personal in it (RL-07)."""
    mail = held_mail(tables, task)
    if mail is not None:
        tables.mails[mail.id] = evolve(
            mail, status=outcome.status, finished_at=outcome.at, reply=outcome.reply,
            to="", details=(), leased_until=None, attempts=mail.attempts + 1,
        )  # fmt: skip


def fail(tables: Tables, task: MailTask | VatTask, retry_at: datetime | None, reason: str) -> None:
    """Give a task back for another try, or give it up."""
    if isinstance(task, VatTask):
        _fail_check(tables, task.check, retry_at)
        return
    mail = held_mail(tables, task)
    if mail is not None:
        again = evolve(mail, attempts=mail.attempts + 1, leased_until=None, reply=reason)
        dead = evolve(again, status=MailStatus.DEAD)
        tables.mails[mail.id] = dead if retry_at is None else evolve(again, due_at=retry_at)


def release(tables: Tables, task: MailTask | VatTask) -> None:
    """Give a task back as it was."""
    if isinstance(task, VatTask):
        check = _held_check(tables, task.check)
        if check is not None:
            tables.records[VatCheckRecord][key_of(check)] = evolve(check, leased_until=None)
    elif (mail := held_mail(tables, task)) is not None:
        tables.mails[mail.id] = evolve(mail, leased_until=None)


def _fail_check(tables: Tables, failed: VatCheckRecord, retry_at: datetime | None) -> None:
    rows, check = tables.records.get(VatCheckRecord, {}), _held_check(tables, failed)
    if check is None:
        return
    if retry_at is None:
        del rows[check.number]
    else:
        attempts = check.attempts + 1
        rows[check.number] = evolve(check, attempts=attempts, leased_until=None, due_at=retry_at)


def held_mail(tables: Tables, task: MailTask) -> MailRecord | None:
    """Give the row of a leased mail, unless the lease was lost to somebody else."""
    mail = tables.mails.get(task.mail.id)
    held = (
        mail is not None and mail.status is MailStatus.QUEUED and mail.leased_until == task.mail.leased_until
    )
    return mail if held else None


def _held_check(tables: Tables, leased: VatCheckRecord) -> VatCheckRecord | None:
    """Give the row of a leased check, unless the lease was lost to somebody else."""
    check = tables.records.get(VatCheckRecord, {}).get(leased.number)
    held = isinstance(check, VatCheckRecord) and check.leased_until == leased.leased_until
    return check if isinstance(check, VatCheckRecord) and held else None


def _found(rows: Iterable[R], key: str | None) -> R | None:
    return next((row for row in rows if key_of(row) == key), None)
