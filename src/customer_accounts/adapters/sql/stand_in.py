"""What is read where an account is asked for and there is none, so that the time it takes does not tell (EN-05).

The row of an account that comes from the database is made a record, with its times, ids and parts; where none comes,
the row of nobody is.  A registration has a link where nobody has its address, and none where somebody has; then the row
of a link to nowhere is read.  Rows are made as the driver would give them, and what is read of them goes nowhere.
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
from customer_accounts.adapters.sql.mapping import ACCOUNTS, TOKENS, Node
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
_INSTEAD: dict[Node, object] = {ACCOUNTS: _NOBODY, TOKENS: _NOWHERE}


def read_instead(of: Node, question: Prepared, compiled: Compiled, dialect: Dialect) -> None:
    """Do the work of reading one account, or one link."""
    answer(question, [compiled.result(_row(of, question, dialect))])


@lru_cache(maxsize=64)
def _row(of: Node, question: Prepared, dialect: Dialect) -> Values:
    made = []
    for column, value in zip(of.columns, of.fields.values(_INSTEAD[of]), strict=True):
        bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        made.append(value if bind is None else bind(value))
    return question.row(of, made)
