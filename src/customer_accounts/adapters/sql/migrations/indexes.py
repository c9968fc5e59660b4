"""Indexes of tables that may be large, as revisions make them: one that was made before is left alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic.operations import Operations

#: What PostgreSQL leaves behind where CREATE INDEX CONCURRENTLY was interrupted is no index, and has its name.
_DROP_UNFINISHED = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('{name}') AND NOT indisvalid) THEN
        DROP INDEX {name};
    END IF;
END $$
"""


def create_index(
    op: Operations, table: str, columns: Sequence[str], *, where: str | None = None, name: str | None = None
) -> None:
    """Make an index of a table that has rows, unless somebody made it beforehand (see `prepare`).

    Args:
        op: the operations of the revision.
        table: its name.
        columns: those of the index, in their order.
        where: which rows it has; all of them by default.
        name: its name, where that does not follow from table and columns.
    """
    name = name or "_".join(["ix", table, *columns])
    if op.get_context().dialect.name == "postgresql":
        op.execute(_DROP_UNFINISHED.format(name=name).strip())
    condition = None if where is None else sa.text(where)
    op.create_index(
        name, table, columns, if_not_exists=True, sqlite_where=condition, postgresql_where=condition
    )
