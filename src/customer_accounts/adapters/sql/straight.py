"""A write of a few new records on SQLite, straight from each record to its insert.

Most of what visitors cause is nothing else, and a plan (`writing`) would cost as much as the database does.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from itertools import compress
from operator import is_not

from sqlalchemy.engine import Dialect
from sqlalchemy.exc import IntegrityError

from customer_accounts.adapters.sql.compiled import Compiled, compiled
from customer_accounts.adapters.sql.direct import Sends
from customer_accounts.adapters.sql.faults import taken_in
from customer_accounts.adapters.sql.mapping import MAILS, NODES, ORDERS, Node
from customer_accounts.adapters.sql.statements import insert_into, insert_mail, some_of
from customer_accounts.changes import Change, QueueMail, RecordEvent, Save
from customer_accounts.errors import StaleWriteError

#: Of more, a plan gathers those of one kind into one statement.
MOST = 8

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
        values = node.fields.values(record)
        there = tuple(map(_is_there, values))
        insert = _insert(node, there, dialect)
        try:
            connection.exec_driver_sql(insert.text, insert.in_order(compress(values, there)))
        except IntegrityError as error:
            if taken_in(error, (node.table.name,)) is not None:
                # Not "from error": its text holds the values of the row.
                raise StaleWriteError(node.fields.cls.__name__) from None
            raise


@lru_cache(maxsize=512)
def _insert(node: Node, there: tuple[bool, ...], dialect: Dialect) -> Compiled:
    whole = insert_mail(dialect.name) if node is MAILS else insert_into(node.table)
    return compiled(some_of(whole, tuple(compress(node.names, there))), dialect)
