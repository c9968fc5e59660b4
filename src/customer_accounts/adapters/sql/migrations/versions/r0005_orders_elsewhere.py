"""Shipments no longer refer to our table of orders: the orders may stand in a table of the host's."""

from alembic.operations import Operations

revision = "0005"
down_revision = "0004"


def upgrade(op: Operations) -> None:
    """Drop the reference; SQLite makes the table anew."""
    with op.batch_alter_table("ca_shipments") as table:
        table.drop_constraint("fk_ca_shipments_ca_orders", type_="foreignkey")
