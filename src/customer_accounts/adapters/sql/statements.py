"""The statements that write, each made once."""

from functools import cache, lru_cache
from typing import Any, assert_never

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    String,
    Table,
    Update,
    Uuid,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from customer_accounts.adapters.sql.fields import Day, UtcDateTime
from customer_accounts.adapters.sql.lists import Bound
from customer_accounts.adapters.sql.mapping import MAIL_DETAILS, MAILS, Node, Row
from customer_accounts.adapters.sql.schema import (
    claims,
    events,
    mail_details,
    mails,
    merge_doubles,
    merge_moved,
    merges,
    order_vat,
    orders,
    proposals,
    registrations,
    requests,
    tokens,
    vat_evidence,
)
from customer_accounts.changes import Kept, Mark
from customer_accounts.outbox import MailStatus

Statement = Insert | Update | Delete


def mail_is(status: MailStatus) -> ColumnElement[bool]:
    """Give the condition that a mail stands so; written out, so that the partial indexes fit."""
    return mails.c.status == literal_column(f"'{status.value}'", String())


@cache
def insert_into(table: Table) -> Insert:
    """Give the insert of a whole row."""
    return insert(table).inline()


@cache
def insert_mail(dialect: str) -> Insert:
    """Give the insert of a mail whose id is free; one that is there is left alone (RL-08)."""
    free: Insert
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a host on SQLite does not pay for it

        free = postgresql.insert(mails).on_conflict_do_nothing(index_elements=["id"])
    else:
        free = sqlite.insert(mails).on_conflict_do_nothing(index_elements=["id"])
    # Whether it was stored decides about its details; not every driver remembers that for an insert.
    return free.inline().execution_options(preserve_rowcount=True)


@lru_cache(maxsize=512)
def some_of(whole: Insert, columns: tuple[tuple[str, TypeEngine[Any]], ...]) -> Insert:
    """Give an insert of a row that is null but for some columns; their values are of the types given."""
    return whole.values({name: bindparam(name, type_=type_) for name, type_ in columns})


@cache
def update_of(node: Node) -> Update:
    """Give the update of a whole row that still has its expected version (CC-05)."""
    new = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in node.columns}
    return update(node.table).where(*_unchanged(node)).values(new)


@cache
def delete_of(node: Node) -> Delete:
    """Give the delete of a row that still has its expected version."""
    return delete(node.table).where(*_unchanged(node))


@cache
def delete_elements(node: Node, below: Node) -> Delete:
    """Give the delete of all elements *below* one record of *node*."""
    return delete(below.table).where(*_key(node, below, below.links))


def old_row(node: Node, row: Row, version: int) -> Row:
    """Give what names a row and its expected version."""
    return {**{f"old_{name}": row[name] for name in node.key}, "old_version": version}


def new_row(row: Row) -> Row:
    """Give what an update writes."""
    return {f"new_{name}": value for name, value in row.items()}


def _key(node: Node, table: Node, columns: tuple[str, ...]) -> list[ColumnElement[bool]]:
    pairs = zip(node.key, columns, strict=False)
    return [table.table.c[column] == _old(table.table.c[column], name) for name, column in pairs]


def _unchanged(node: Node) -> list[ColumnElement[bool]]:
    version = node.table.c.version
    return [*_key(node, node, node.key), version == _old(version, "version")]


def _old(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return bindparam(f"old_{name}", type_=column.type)


#: Uses a token that is unused at this moment (TK-05).
USE_TOKEN = (
    update(tokens)
    .where(tokens.c.digest == bindparam("old_digest", type_=String()), tokens.c.used_at.is_(None))
    .values(
        used_at=bindparam("at", type_=UtcDateTime()),
        account_id=func.coalesce(tokens.c.account_id, bindparam("by", type_=Uuid())),
        version=tokens.c.version + 1,
    )
)


@cache
def move_orders(given: frozenset[str], names: int, *, claimed: bool | None, mark: Mark) -> Update:
    """Give the one update that gives all selected orders to an account or back to nobody (GM-01).

    Args:
        given: the conditions of the selection that have a value, by name.
        names: how many names are bound (see `lists.number_of`), 0 where any name will do.
        claimed: see `customer_accounts.changes.OrderSelection`.
        mark: what becomes of the claim id.
    """
    column = orders.c
    conditions: dict[str, ColumnElement[bool]] = {
        "owner": column.owner == bindparam("from", type_=Uuid()),
        "email_key": column.email_key == bindparam("of", type_=String()),
        "since": column.placed_at >= bindparam("since", type_=UtcDateTime()),
        "reference": column.reference == bindparam("order", type_=String()),
        "claim": column.claim_id == bindparam("of_claim", type_=Uuid()),
    }
    wanted = [condition for name, condition in conditions.items() if name in given]
    if "owner" not in given:
        wanted += [column.owner.is_(None), column.disputed.is_(False)]
    if names:
        wanted.append(Bound("name", names, String()).among(column.name))
    if claimed is not None:
        wanted.append(column.claim_id.is_not(None) if claimed else column.claim_id.is_(None))
    new: dict[str, Any] = {"owner": bindparam("to", type_=Uuid()), "version": column.version + 1}
    if mark is not Mark.KEEP:
        new["claim_id"] = bindparam("claim", type_=Uuid())
    return update(orders).where(*wanted).values(new)


_EXPIRING: dict[Kept, Table] = {
    Kept.REGISTRATIONS: registrations,
    Kept.TOKENS: tokens,
    Kept.REQUESTS: requests,
    Kept.PROPOSALS: proposals,
}


@cache
def purges_of(kind: Kept) -> tuple[Delete | Update, ...]:
    """Give the statements that end what ended before a time; the last one's rows are what was purged."""
    before = bindparam("before", type_=UtcDateTime())
    match kind:
        case Kept.REGISTRATIONS | Kept.TOKENS | Kept.REQUESTS | Kept.PROPOSALS:
            table = _EXPIRING[kind]
            return (delete(table).where(table.c.expires_at < before),)
        case Kept.EVENTS:
            return (delete(events).where(events.c.at < before),)
        case Kept.MERGES:
            over = select(merges.c.id).where(merges.c.undo_until < before)
            below = (
                delete(table).where(table.c.merge_id.in_(over)) for table in (merge_doubles, merge_moved)
            )
            return (*below, delete(merges).where(merges.c.undo_until < before))
        case Kept.CLAIMS:
            blank = dict.fromkeys(("email_key", "facts", "by", "reason", "undone_by", "undone_reason"), "")
            told = update(claims).where(claims.c.at < before, claims.c.by != "")
            return (told.values(**blank, version=claims.c.version + 1),)
        case Kept.MAILS:
            ended = or_(mails.c.finished_at < before, mail_is(MailStatus.DEAD) & (mails.c.due_at < before))
            details = delete(mail_details).where(mail_details.c.mail_id.in_(select(mails.c.id).where(ended)))
            return details, delete(mails).where(ended)
        case Kept.ORDER_VAT:
            return (delete(order_vat).where(order_vat.c.supplied_on < bindparam("before_day", type_=Day())),)
        case Kept.VAT_EVIDENCE:
            named = [
                exists().where(column == vat_evidence.c.id)
                for column in (order_vat.c.evidence_id, order_vat.c.corrected_evidence_id)
            ]
            old = vat_evidence.c.checked_at < before
            return (delete(vat_evidence).where(old, *(not_(one) for one in named)),)
        case _:
            assert_never(kind)


#: Notes on a mail that it came back, if its bounce is still the one that was read.
BOUNCE_MAIL = (
    update(mails)
    .where(
        mails.c.id == bindparam("old_id", type_=Uuid()),
        func.coalesce(mails.c.bounce, "") == bindparam("old_bounce", type_=String()),
    )
    .values(
        bounce=bindparam("new_bounce", type_=String()),
        bounced_at=bindparam("at", type_=UtcDateTime()),
        bounce_reason=bindparam("words", type_=String()),
    )
)

#: What a mail's details are blanked with.
DELETE_DETAILS = delete_elements(MAILS, MAIL_DETAILS)
