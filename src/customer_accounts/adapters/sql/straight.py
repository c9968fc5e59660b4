"""A write of a few new records on SQLite, straight from each record to its insert.

Most of what visitors cause is nothing else, and a plan (`writing`) would cost as much as the database does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache, partial
from operator import attrgetter, is_not
from typing import Any

from sqlalchemy import Boolean, Integer, String, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine

from customer_accounts.adapters.sql.compiled import Compiled, compiled
from customer_accounts.adapters.sql.direct import Sends
from customer_accounts.adapters.sql.faults import taken_in
from customer_accounts.adapters.sql.fields import Fields
from customer_accounts.adapters.sql.mapping import MAILS, NODES, ORDERS, Node
from customer_accounts.adapters.sql.statements import insert_into, insert_mail, some_of
from customer_accounts.changes import Change, QueueMail, RecordEvent, Save
from customer_accounts.errors import StaleWriteError

#: Of more, a plan gathers those of one kind into one statement.
MOST = 8

#: What the driver takes of a value of these types, and of which type that is.
_PART: dict[type, tuple[str, TypeEngine[Any]]] = {
    Uuid: (".hex", String()),
    Boolean: (".real", Integer()),
}

_is_there = partial(is_not, None)


def few_new_records(changes: Sequence[Change]) -> list[tuple[Node, object]] | None:
    """Give the records with their nodes if *changes* are a few new ones of one row each; else None."""
    if len(changes) > MOST:
        return None
    found: list[tuple[Node, object]] = []
    for change in changes:
        record: object
        if isinstance(change, Save):
            if change.expected_version is not None:
                return None
            record = change.record
        elif isinstance(change, QueueMail):
            record = change.mail
        elif isinstance(change, RecordEvent):
            record = change.event
        else:
            return None
        node = NODES[type(record)]
        # Orders may stand in a table of the host's, with columns of other names.
        if node is ORDERS or (node.elements and _has_elements(node, record)):
            return None
        found.append((node, record))
    return found


def _has_elements(node: Node, record: object) -> bool:
    return any(getattr(record, name) for name, _ in node.fields.tuples)


def insert_each(records: Iterable[tuple[Node, object]], connection: Sends) -> None:
    """Insert the records one after the other, without their nulls, which the driver of SQLite is slow with.

    Raises:
        StaleWriteError: the key of one is taken; the caller rolls back.
    """
    dialect = connection.dialect
    for node, record in records:
        insert, take = _insert(node, _there(node.fields, record), dialect)
        try:
            connection.exec_driver_sql(insert.text, insert.in_order(take(record)))
        except IntegrityError as error:
            if taken_in(error, (node.table.name,)) is not None:
                # Not "from error": its text holds the values of the row.
                raise StaleWriteError(node.fields.cls.__name__) from None
            raise


def _there(fields: Fields, record: object) -> tuple[bool, ...]:
    """Tell for each field that may be missing whether it is there; then the same for the values inside."""
    there = tuple(map(_is_there, _that_may_miss(fields)(record)))
    for name, inner, _, _ in fields.inside:
        value = getattr(record, name)
        if value is not None:
            there += _there(inner, value)
    return there


@cache
def _that_may_miss(fields: Fields) -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*_may_miss(fields))


def _may_miss(fields: Fields) -> list[str]:
    plain = [name for name, leaf in zip(fields.plain, fields.leaves, strict=False) if leaf.nullable]
    # The class twice, so that a getter gives a tuple of one field and of none, too.
    return [*plain, *(name for name, *_ in fields.inside), "__class__", "__class__"]


@lru_cache(maxsize=512)
def _insert(
    node: Node, there: tuple[bool, ...], dialect: Dialect
) -> tuple[Compiled, Callable[[object], tuple[Any, ...]]]:
    """Give the insert of the columns that are there, and what takes their values from a record."""
    whole = insert_mail(dialect.name) if node is MAILS else insert_into(node.table)
    columns = tuple(_columns(node.fields, iter(there)))
    some = some_of(whole, tuple((name, type_) for name, type_, _ in columns))
    return compiled(some, dialect), attrgetter(*(way for _, _, way in columns))


def _columns(
    fields: Fields, there: Iterator[bool], before: str = ""
) -> Iterator[tuple[str, TypeEngine[Any], str]]:
    """Give the name, the type and the way to the value of each column that is there."""
    found = {name: next(there) for name in _may_miss(fields)}
    enums = {fields.plain[place] for place, _ in fields.enums}
    for name, leaf in zip(fields.plain, fields.leaves, strict=False):
        if found.get(name, True):
            part, type_ = _PART.get(type(leaf.type), ("", leaf.type))
            yield leaf.name, type_, f"{before}{name}{'._value_' if name in enums else part}"
    for name, inner, _, _ in fields.inside:
        if found[name]:
            yield from _columns(inner, there, f"{before}{name}.")
