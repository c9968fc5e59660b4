"""Transactions that the host has open: each write is a savepoint; nothing commits, rolls back or closes them.

What is joined is an SQLAlchemy connection, an ORM session, or Django's ``django.db.connection``, whose own
connection of the driver is lent to SQLAlchemy (`lending`).

A host may read from a snapshot that stays (REPEATABLE READ and SERIALIZABLE, and SQLite once it has read).
What others wrote meanwhile then never becomes visible, so deciding again is useless: `ConflictError`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection

from customer_accounts.adapters.sql.connecting import Transactions, begin_immediate
from customer_accounts.adapters.sql.faults import LostTransactionError, NoTransactionError, explained
from customer_accounts.adapters.sql.lending import Lender, Lending
from customer_accounts.errors import ConflictError, StaleWriteError

_CANNOT = (
    "cannot join {}: give an SQLAlchemy Connection or Session, or django.db.connection; "
    "AsyncConnection and AsyncSession belong to AsyncSqlStorage"
)


class HasConnection(Protocol):
    """What has a connection to join, such as an SQLAlchemy session."""

    def connection(self) -> Connection:
        """Give the connection of the open transaction."""
        ...


class DjangoConnection(Lending, Protocol):
    """What is used of ``django.db.connection``, so that Django is never imported here."""

    def get_autocommit(self) -> bool:
        """Tell whether no transaction is open."""
        ...

    def savepoint(self) -> Any:
        """Set a savepoint and give its name."""
        ...

    def savepoint_rollback(self, sid: Any, /) -> None:
        """Undo what followed a savepoint."""
        ...

    def savepoint_commit(self, sid: Any, /) -> None:
        """Let go of a savepoint."""
        ...


Host = Connection | HasConnection | DjangoConnection


def joined(host: Host, lender: Lender) -> Transactions:
    """Give the transactions inside of one that the host has open.

    Raises:
        TypeError: it is nothing that can be joined.
    """
    if isinstance(host, Connection):
        return SqlalchemyTransaction(lambda: host)
    maker: Any = host  # told apart by what it has: neither Django nor the ORM is imported for it
    if hasattr(maker, "savepoint_commit"):
        return DjangoTransaction(maker, lender)
    # Asked of the class: an AsyncConnection has a property of this name, which raises.
    if callable(getattr(type(maker), "connection", None)) and not hasattr(maker, "sync_session"):
        return SqlalchemyTransaction(maker.connection)
    raise TypeError(_CANNOT.format(type(host).__name__))


class SqlalchemyTransaction:
    """The open transaction of a connection, or of the connection that a session has at the moment."""

    #: The host commits.
    commits_statements = False

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection

    @property
    def dialect(self) -> str:
        """See `Transactions.dialect`."""
        return self._connection().dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See `Transactions.reading`."""
        with _read_once():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """See `Transactions.writing`."""
        connection = self._connection()
        if connection.dialect.name == "sqlite":
            begin_immediate(connection)
        with _written_once(connection), connection.begin_nested():
            yield connection

    def working(self) -> AbstractContextManager[Connection]:
        """See `Transactions.working`; the transaction is the host's, and so is its level."""
        return self.writing()

    def sending(self, *, together: bool) -> AbstractContextManager[Connection]:
        """See `Transactions.sending`."""
        return self.writing() if together else self.reading()


class DjangoTransaction:
    """The open transaction of a connection of Django, with Django's own savepoints."""

    #: The host commits.
    commits_statements = False

    def __init__(self, host: DjangoConnection, lender: Lender) -> None:
        self._host = host
        self._lender = lender

    @property
    def dialect(self) -> str:
        """See `Transactions.dialect`."""
        return self._lender.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See `Transactions.reading`."""
        with _read_once(), self._lender.lent(self._host) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """See `Transactions.writing`.

        Raises:
            NoTransactionError: Django commits each statement by itself at the moment.
        """
        if self._host.get_autocommit():
            raise NoTransactionError
        with self._lender.lent(self._host) as connection, _written_once(connection), self._savepoint():
            yield connection

    def working(self) -> AbstractContextManager[Connection]:
        """See `Transactions.working`; the transaction is the host's, and so is its level."""
        return self.writing()

    def sending(self, *, together: bool) -> AbstractContextManager[Connection]:
        """See `Transactions.sending`."""
        return self.writing() if together else self.reading()

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        name = self._host.savepoint()
        try:
            yield
        except BaseException:
            self._host.savepoint_rollback(name)
            raise
        finally:
            self._host.savepoint_commit(name)


@contextmanager
def _read_once() -> Iterator[None]:
    try:
        with explained():
            yield
    except LostTransactionError:
        raise _conflict() from None


@contextmanager
def _written_once(connection: Connection) -> Iterator[None]:
    try:
        with explained():
            yield
    except StaleWriteError as lost:
        if _snapshot_stays(connection, lost):
            raise _conflict() from None
        raise


def _snapshot_stays(connection: Connection, lost: StaleWriteError) -> bool:
    if connection.dialect.name != "postgresql":
        return isinstance(lost, LostTransactionError)
    level = connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
    return level in ("repeatable read", "serializable")


def _conflict() -> ConflictError:
    return ConflictError("others changed what the host's transaction has read; it has to begin anew")
