"""A host in memory: rows of its own beside the records of a memory storage, and transactions around both."""

from collections.abc import Iterator
from contextlib import contextmanager

from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.testing.clauses.transactions import InTransaction


class MemoryHost:
    """Commits rows and records together, or none of them.

    Args:
        storage: where the records are.
    """

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self._rows: list[str] = []

    def joined(self) -> MemoryStorage:
        """Give a storage on a state that nobody else sees."""
        joined = MemoryStorage()
        joined._tables = self._storage._tables
        return joined

    @contextmanager
    def begin(self) -> Iterator[InTransaction]:
        """See `customer_accounts.testing.clauses.transactions.Host.begin`."""
        joined, rows = self.joined(), list(self._rows)
        yield InTransaction(joined, rows.append)
        self._storage._tables = joined._tables
        self._rows = rows

    def notes(self) -> list[str]:
        """See `customer_accounts.testing.clauses.transactions.Host.notes`."""
        return self._rows
