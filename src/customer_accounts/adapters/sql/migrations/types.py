"""The types of columns as revisions write them: frozen, so that an old revision makes today what it made then."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

DAY = sa.Date()
FLAG = sa.Boolean()
ID = sa.Uuid()
NUMBER = sa.Integer()
#: Text in the order of its code points.
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
#: A time with its zone.
TIME = sa.DateTime(timezone=True)


def column(
    name: str, kind: TypeEngine[Any], *, null: bool = False, filled: str | int | None = None
) -> sa.Column[Any]:
    """Make a column that no database numbers by itself.

    Args:
        name: its name.
        kind: one of the types above.
        null: whether it may be empty.
        filled: for a new column that may not be empty, what the rows get that are there, and those that a server
            still writes which runs the release before; stays as the column's default.
    """
    return sa.Column(name, kind, nullable=null, autoincrement=False, server_default=_default(filled))


def _default(value: str | int | None) -> Any:
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    return value if value is None or isinstance(value, str) else sa.text(str(value))
