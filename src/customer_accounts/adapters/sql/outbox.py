"""What the outbox tells those who run the shop: what waits, what was given up, and queueing that again."""

from datetime import datetime
from functools import cache
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Connection, Integer, Uuid, and_, bindparam, func, or_, select, update

from customer_accounts.adapters.sql.fields import UtcDateTime
from customer_accounts.adapters.sql.layout import Prepared, family_branches, prepared
from customer_accounts.adapters.sql.mapping import EVENTS, MAILS
from customer_accounts.adapters.sql.schema import mails
from customer_accounts.adapters.sql.statements import insert_into, mail_is
from customer_accounts.outbox import Backlog, EventRecord, MailRecord, MailStatus

_QUEUED, _DEAD = mail_is(MailStatus.QUEUED), mail_is(MailStatus.DEAD)
_BACKLOG = select(
    select(func.count()).select_from(mails).where(_QUEUED).scalar_subquery(),
    select(func.count()).select_from(mails).where(_DEAD).scalar_subquery(),
    select(func.min(mails.c.queued_at)).where(_QUEUED).scalar_subquery(),
)
_REQUEUE = (
    update(mails)
    .where(mails.c.id == bindparam("mail_id", type_=Uuid()), _DEAD)
    .values(
        status=MailStatus.QUEUED.value,
        due_at=bindparam("again", type_=UtcDateTime()),
        attempts=0,
        leased_until=None,
    )
)


@cache
def _page(status: MailStatus, *, first: bool) -> Prepared:
    """Ask for one page of mails, all that belongs to them in one snapshot."""
    row, time, key = mails.c, bindparam("time", type_=UtcDateTime()), bindparam("key", type_=Uuid())
    page = select(row.id).where(mail_is(status)).order_by(row.due_at, row.id)
    if not first:
        page = page.where(or_(row.due_at > time, and_(row.due_at == time, row.id > key)))
    named = page.limit(bindparam("limit", type_=Integer())).cte("page").c
    return prepared(family_branches(MAILS, row.id.in_(select(named.id))))


def backlog(connection: Connection) -> Backlog:
    """Count what waits, in one statement."""
    queued, dead, oldest = connection.execute(_BACKLOG).one()
    return Backlog(queued, dead, oldest)


def page_of_mails(
    connection: Connection, status: MailStatus, after: tuple[datetime, UUID] | None, limit: int
) -> list[MailRecord]:
    """Give one page of mails that stand so."""
    question = _page(status, first=after is None)
    values = {"limit": limit} if after is None else {"limit": limit, "time": after[0], "key": after[1]}
    found = question.sorted(connection.execute(question.statement, values).all())
    return sorted(MAILS.records(found), key=attrgetter("due_at", "id"))


def requeue(connection: Connection, mail_id: UUID, due_at: datetime, event: EventRecord) -> bool:
    """Queue a dead mail again and record it."""
    if not connection.execute(_REQUEUE, {"mail_id": mail_id, "again": due_at}).rowcount:
        return False
    connection.execute(insert_into(EVENTS.table), EVENTS.row(event))
    return True
