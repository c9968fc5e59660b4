"""What is read where an account is asked for and there is none, so that the time it takes does not tell (EN-05).

The row of an account that comes from the database is made a record, with its times, ids and parts; where none comes,
the row of nobody is.  It is made as the driver would give it, and what is read of it goes nowhere.
"""

from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy.engine import Dialect

from customer_accounts.account import AccountRecord
from customer_accounts.adapters.sql.answering import answer
from customer_accounts.adapters.sql.compiled import Compiled
from customer_accounts.adapters.sql.fields import Values
from customer_accounts.adapters.sql.layout import Prepared
from customer_accounts.adapters.sql.mapping import ACCOUNTS

_THEN = datetime(2020, 1, 1, tzinfo=UTC)
_NOBODY = AccountRecord(
    id=UUID(int=0), email="nobody@mail.example", email_key="nobody@mail.example", email_verified_at=_THEN,
    created_at=_THEN, password_changed_at=_THEN,
)  # fmt: skip


def read_nobody(question: Prepared, compiled: Compiled, dialect: Dialect) -> None:
    """Do the work of reading one account."""
    answer(question, [compiled.result(_row(question, dialect))])


@lru_cache(maxsize=64)
def _row(question: Prepared, dialect: Dialect) -> Values:
    made = []
    for column, value in zip(ACCOUNTS.columns, ACCOUNTS.fields.values(_NOBODY), strict=True):
        bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        made.append(value if bind is None else bind(value))
    return question.row(ACCOUNTS, made)
