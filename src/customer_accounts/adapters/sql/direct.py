"""Compiled statements on SQLite, sent to the driver without what SQLAlchemy does around each of them.

A statement of SQLite takes some ten microseconds, and SQLAlchemy's own work for it several times that.  The pool stays
SQLAlchemy's, and so do the errors.  An engine that somebody listens to, or that writes a log, gets what it is used to.
"""

import sqlite3
from contextlib import AbstractContextManager
from logging import INFO
from types import TracebackType
from typing import Any, Protocol, Self

from sqlalchemy import Engine
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from customer_accounts.adapters.sql.at_hand import AtHand
from customer_accounts.adapters.sql.faults import explain


class Sends(Protocol):
    """What sends a statement in the words of its driver; SQLAlchemy's connections do."""

    @property
    def dialect(self) -> Dialect:
        """How it speaks."""
        ...

    def exec_driver_sql(self, statement: str, parameters: Any = None, /) -> Any:
        """Send it, once or for each of several rows; what comes has ``rowcount`` and ``fetchall``."""
        ...


def is_unheard(engine: Engine) -> bool:
    """Whether nobody would miss what SQLAlchemy does around a statement."""
    dialect = engine.dialect
    # Asked each time: somebody may begin to listen.
    heard = engine._has_events or dialect._has_events  # noqa: SLF001 - there is no public way to ask
    return not (heard or engine.logger.isEnabledFor(INFO))


class DirectConnection:
    """A connection of the pool for the time of a ``with``.

    Args:
        alone: held as long, where the connection is shared.
        together: whether all that is sent stays, or none of it if an exception passes; else each stays by itself.
        at_hand: where the engine's connections are kept between two uses.
    """

    _pooled: PoolProxiedConnection | None = None
    _sent = ""

    def __init__(
        self,
        engine: Engine,
        alone: AbstractContextManager[Any] | None,
        *,
        together: bool,
        at_hand: AtHand | None = None,
    ) -> None:
        self.dialect = engine.dialect
        self._engine = engine
        self._at_hand = at_hand
        self._alone = alone
        self._together = together

    def __enter__(self) -> Self:
        """Take a connection."""
        if self._alone is not None:
            self._alone.__enter__()
        try:
            at_hand = self._at_hand
            self._pooled = pooled = self._engine.raw_connection() if at_hand is None else at_hand.take()
            raw: Any = pooled.dbapi_connection  # the driver's own, on this driver
            self._raw = raw
            if self._together and not raw.in_transaction:
                self.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the transaction and give the connection back; what is open is rolled back, for a pool may not do so."""
        try:
            if self._together and error is None:
                self._raw.commit()
        except sqlite3.Error as fault:
            raise self._explained("COMMIT", fault) from fault
        finally:
            try:
                if self._pooled is not None:
                    self._give_back(self._pooled)
            finally:
                if self._alone is not None:
                    self._alone.__exit__(kind, error, trace)
        if isinstance(error, sqlite3.Error):  # of the connecting, or of rows that were fetched
            raise self._explained(self._sent, error) from error

    def exec_driver_sql(self, statement: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """See `Sends.exec_driver_sql`."""
        self._sent = statement
        send = self._raw.executemany if isinstance(parameters, list) else self._raw.execute
        try:
            cursor: sqlite3.Cursor = send(statement, parameters)
        except sqlite3.Error as error:
            raise self._explained(statement, error) from error
        return cursor

    def _give_back(self, pooled: PoolProxiedConnection) -> None:
        try:
            if self._raw.in_transaction:
                self._raw.rollback()
        except BaseException:
            pooled.close()
            raise
        if self._at_hand is None:
            pooled.close()
        else:
            self._at_hand.give_back(pooled)

    def _explained(self, statement: str, error: sqlite3.Error) -> DBAPIError:
        told = DBAPIError.instance(
            statement, None, error, sqlite3.Error, hide_parameters=True, dialect=self.dialect
        )
        assert isinstance(told, DBAPIError)  # of an error of the driver
        explain(told)
        return told
