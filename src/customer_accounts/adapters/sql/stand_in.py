"""What is read where an account is asked for and there is none, so that the time it takes does not tell (EN-05).

A row that is found takes time to come and to be made a record, with its times, ids and parts.  Where nobody has the
address, the statement gives the row of nobody, which is made a record, too.  A registration has a link where nobody has
its address, and none where somebody has; then the row of a link to nowhere is read, made as the driver would give it.
What is read of either goes nowhere.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.engine import Dialect

from customer_accounts.account import AccountRecord
from customer_accounts.adapters.sql.answering import NOBODYS, answer
from customer_accounts.adapters.sql.compiled import Compiled
from customer_accounts.adapters.sql.fields import Values
from customer_accounts.adapters.sql.layout import Branch, Prepared
from customer_accounts.adapters.sql.mapping import ACCOUNTS, TOKENS
from customer_accounts.adapters.sql.reach import Reach
from customer_accounts.adapters.sql.schema import accounts
from customer_accounts.adapters.sql.shape import Shape
from customer_accounts.facts import Part
from customer_accounts.token import Purpose, TokenRecord

_THEN = datetime(2020, 1, 1, tzinfo=UTC)
_NOBODY = AccountRecord(
    id=UUID(int=0), email="nobody@mail.example", email_key="nobody@mail.example", email_verified_at=_THEN,
    created_at=_THEN, password_changed_at=_THEN,
)  # fmt: skip
_NOWHERE = TokenRecord(
    digest="0" * 64, token_id="0" * 32, key_id="1", purpose=Purpose.CONFIRM_REGISTRATION, email=_NOBODY.email,
    email_key=_NOBODY.email, created_at=_THEN, expires_at=_THEN, registration_id=UUID(int=0),
)  # fmt: skip


def nobodys_branch(shape: Shape, reach: Reach) -> list[Branch]:
    """Give the branch of nobody's row, which comes where nobody has one of the addresses."""
    if not (shape.alike and shape.keys and Part.ACCOUNTS in shape.parts):
        return []
    values = zip(ACCOUNTS.columns, ACCOUNTS.fields.values(_NOBODY), strict=True)
    columns: list[ColumnElement[Any]] = [
        literal_column(_written(value), column.type) for column, value in values
    ]
    owned = select(accounts.c.id).where(*reach.by_named_key(accounts.c.email_key))
    return [Branch(NOBODYS, columns, select(*columns).where(~owned.exists()))]


def _written(value: object) -> str:
    """Write a value into a statement, as SQLite and PostgreSQL read it where other rows say of which type it is."""
    match value:
        case None | bool() | int():
            return "NULL" if value is None else str(value).upper()
        case UUID():
            return f"'{value.hex}'"
        case datetime():
            return f"'{value:%Y-%m-%d %H:%M:%S.%f}'"
        case _:
            return f"'{value}'"


def read_link_instead(question: Prepared, compiled: Compiled, dialect: Dialect) -> None:
    """Do the work of reading one link."""
    answer(question, [compiled.result(_link(question, dialect))])


@lru_cache(maxsize=64)
def _link(question: Prepared, dialect: Dialect) -> Values:
    made = []
    for column, value in zip(TOKENS.columns, TOKENS.fields.values(_NOWHERE), strict=True):
        bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        made.append(value if bind is None else bind(value))
    return question.row(TOKENS, made)
