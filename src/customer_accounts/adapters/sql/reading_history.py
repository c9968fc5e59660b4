"""The branches of a history: of each kind the newest records before the place where the page begins.

Each way to a kind is a page of its own along one index, so a page costs no more for a long history than for a short
one, where one account, address or order is asked for.  Which of these records are the page, `page_of` says.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from attrs import evolve, frozen
from sqlalchemy import ColumnElement, Integer, Select, String, Uuid, and_, bindparam, or_, select, union_all
from sqlalchemy.types import TypeEngine

from customer_accounts.adapters.sql.fields import UtcDateTime, Values
from customer_accounts.adapters.sql.layout import Branch, family_branches
from customer_accounts.adapters.sql.lists import Bound, bound, number_of
from customer_accounts.adapters.sql.mapping import NODES, Node
from customer_accounts.facts import Part
from customer_accounts.history import KINDS, History, HistoryRecord, Kind, page_of, wanted_of

_NAMES = ("account_ids", "email_keys", "digests", "references", "vat_numbers")
#: How a kind stands to the record that a page begins after, where both have one time.
_LATER, _EARLIER, _SAME = range(3)


@frozen
class HistoryShape:
    """What of a history decides the statement.

    Args:
        sizes: how many values are bound, in the order of `_NAMES` (see `lists.number_of`).
        after: whether the page begins after a record.
    """

    sizes: tuple[int, ...]
    after: bool


def history_shape(history: History) -> HistoryShape:
    """Give the shape of a history."""
    return HistoryShape(
        tuple(number_of(wanted_of(history, name)) for name in _NAMES), history.after is not None
    )


def history_values(history: History) -> dict[str, Any]:
    """Give what is bound to the statement of a history."""
    values: dict[str, Any] = {}
    for name in _NAMES:
        values |= bound(f"history_{name}", wanted_of(history, name))
    values["history_limit"] = history.limit
    if history.after is not None:
        after = history.after
        values |= {f"tie_{kind.name}": _tie(kind, after.kind) for kind in KINDS.values()}
        values |= {"history_at": after.at, "history_reference": after.key}
        by_id = any(kind.key == "id" and kind.name == after.kind for kind in KINDS.values())
        values["history_id"] = UUID(after.key) if by_id else None
    return values


def history_branches(shape: HistoryShape | None) -> Iterator[Branch]:
    """Give the branches of all kinds that a history reaches."""
    if shape is None:
        return
    sizes: dict[str, int] = dict(zip(_NAMES, shape.sizes, strict=True))
    for kind in KINDS.values():
        node = NODES[kind.record]
        pages = [
            select(_page(kind, node, path, name, sizes[name], after=shape.after).subquery().c[kind.key])
            for path, name in kind.ways.items()
            if sizes[name]
        ]
        if pages:
            keys = pages[0] if len(pages) == 1 else union_all(*pages)
            for branch in family_branches(node, node.table.c[kind.key].in_(keys)):
                yield evolve(branch, of=(Part.HISTORY, branch.of))


def history_records(history: History, found: Mapping[Any, list[Values]]) -> tuple[HistoryRecord, ...]:
    """Put the records together and give those of the page."""
    rows = {of[1]: values for of, values in found.items() if isinstance(of, tuple)}
    return page_of(history, _records(rows))


def _records(rows: Mapping[Node, list[Values]]) -> Iterable[HistoryRecord]:
    for record in KINDS:
        yield from NODES[record].records(rows)


def _page(kind: Kind, node: Node, path: str, name: str, size: int, *, after: bool) -> Select[tuple[Any]]:
    table = node.table.c
    column, time, key = table[path.replace(".", "_")], table[kind.time], table[kind.key]
    page = select(key).where(Bound(f"history_{name}", size, _type(column)).among(column))
    if after:
        page = page.where(*_after(kind, time, key))
    return page.order_by(time.desc(), key.desc()).limit(bindparam("history_limit", type_=Integer()))


def _after(kind: Kind, time: ColumnElement[Any], key: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    at = bindparam("history_at", type_=UtcDateTime())
    tie = bindparam(f"tie_{kind.name}", type_=Integer())
    place = bindparam("history_id" if kind.key == "id" else "history_reference", type_=_type(key))
    # The first is what an index is read by.
    return [time <= at, or_(time < at, tie == _EARLIER, and_(tie == _SAME, key < place))]


def _tie(kind: Kind, other: str) -> int:
    return _SAME if kind.name == other else _EARLIER if kind.name < other else _LATER


def _type(column: ColumnElement[Any]) -> TypeEngine[Any]:
    return Uuid() if isinstance(column.type, Uuid) else String()
