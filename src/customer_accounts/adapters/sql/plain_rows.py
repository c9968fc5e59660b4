"""One statement to a server whose rows come as the driver gives them.

For each result SQLAlchemy works out the columns anew, which takes longer here than the driver needs.  The connection,
its pool and its errors stay SQLAlchemy's.
"""

from typing import Any

from sqlalchemy import Connection


class PlainRows:
    """A connection of SQLAlchemy that gives plain rows.

    Args:
        connection: on which each statement commits by itself.
    """

    def __init__(self, connection: Connection) -> None:
        self.dialect = connection.dialect
        self._connection = connection

    def exec_driver_sql(self, statement: str, parameters: Any = None, /) -> Any:
        """See `customer_accounts.adapters.sql.direct.Sends.exec_driver_sql`."""
        cursor = self._connection.connection.cursor()
        try:
            cursor.execute(statement, parameters)
        # A task that is cancelled in the middle, too: its connection is good for nobody any more.
        except BaseException as error:  # noqa: BLE001 - SQLAlchemy raises it again
            self._connection._handle_dbapi_exception(error, statement, None, cursor, None)  # noqa: SLF001 - no public way
        return cursor
