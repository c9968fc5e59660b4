"""Shipments no longer refer to our table of orders: the orders may stand in a table of the host's."""

import sqlalchemy as sa
from alembic.operations import Operations

from customer_accounts.adapters.sql.migrations.types import NUMBER, TEXT, TIME, column

revision = "0005"
down_revision = "0004"

#: The whole table, so that SQL for SQLite can be written without a database to look into.
_SHIPMENTS = sa.Table(
    "ca_shipments",
    sa.MetaData(),
    column("order_reference", TEXT),
    column("position", NUMBER),
    column("id", TEXT),
    column("shipped_at", TIME),
    column("corrected", NUMBER),
    sa.PrimaryKeyConstraint("order_reference", "position", name="pk_ca_shipments"),
)


def upgrade(op: Operations) -> None:
    """Drop the reference; SQLite makes the table anew."""
    if op.get_context().dialect.name == "sqlite":
        with op.batch_alter_table("ca_shipments", copy_from=_SHIPMENTS, recreate="always"):
            pass
    else:
        op.drop_constraint("fk_ca_shipments_ca_orders", "ca_shipments", type_="foreignkey")
