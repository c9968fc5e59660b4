"""Storages that end the host's transaction, or outlive it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.changes import Change, Counts
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Scope
from customer_accounts.testing.clauses.transactions import InTransaction
from tests.adapters.broken.storage import Broken, breaks
from tests.adapters.memory_host import MemoryHost


@breaks("test_a_joined_write_is_committed_with_the_hosts_work")
class CommitsTheLastAlone(Broken):
    """Keeps what was written after the host's last row."""

    def host(self) -> MemoryHost:
        """Do it as the class says."""
        return _KeepsTheLast(self)


class _KeepsTheLast(MemoryHost):
    @contextmanager
    def begin(self) -> Iterator[InTransaction]:
        joined, rows = _Forgetful(self._storage), list(self._rows)

        def note(text: str) -> None:
            joined.forget()
            rows.append(text)

        yield InTransaction(joined, note)
        self._storage._tables, self._rows = joined._tables, rows


class _Joined(MemoryStorage):
    def __init__(self, base: MemoryStorage) -> None:
        super().__init__()
        self._base = base
        self._tables = base._tables


class _Forgetful(_Joined):
    """Loses what was written before a row of the host, unless a write was overtaken."""

    def __init__(self, base: MemoryStorage) -> None:
        super().__init__(base)
        self._overtaken = False

    def write(self, changes: Sequence[Change], /) -> Counts:
        try:
            return super().write(changes)
        except StaleWriteError:
            self._overtaken = True
            raise

    def forget(self) -> None:
        if not self._overtaken:
            self._tables = self._base._tables


@breaks("test_a_joined_write_goes_with_the_hosts_rollback")
class CommitsAtOnce(Broken):
    """Commits a joined write by itself."""

    def host(self) -> MemoryHost:
        """Do it as the class says."""
        return _AtOnce(self)


class _AtOnce(MemoryHost):
    def joined(self) -> MemoryStorage:
        return _CommittingJoined(self._storage)


class _CommittingJoined(_Joined):
    def write(self, changes: Sequence[Change], /) -> Counts:
        counts = super().write(changes)
        self._base._tables = self._tables
        return counts


@breaks("test_an_overtaken_joined_write_leaves_the_hosts_work")
class RollsAllBack(Broken):
    """Rolls the host's whole transaction back where a write of its own is overtaken."""

    def host(self) -> MemoryHost:
        """Do it as the class says."""
        return _RollsBack(self)


class _RollsBack(MemoryHost):
    @contextmanager
    def begin(self) -> Iterator[InTransaction]:
        rows = list(self._rows)
        joined = _Rolling(self._storage, rows)
        yield InTransaction(joined, rows.append)
        self._storage._tables, self._rows = joined._tables, rows


class _Rolling(_Joined):
    def __init__(self, base: MemoryStorage, rows: list[str]) -> None:
        super().__init__(base)
        self._rows = rows

    def write(self, changes: Sequence[Change], /) -> Counts:
        try:
            return super().write(changes)
        except StaleWriteError:
            self._rows.clear()
            raise


@breaks("test_a_joined_storage_reads_what_it_wrote")
class ReadsOutside(Broken):
    """Reads on another connection than it writes on."""

    def host(self) -> MemoryHost:
        """Do it as the class says."""
        return _ReadsOutside(self)


class _ReadsOutside(MemoryHost):
    def joined(self) -> MemoryStorage:
        return _Outside(self._storage)


class _Outside(_Joined):
    def read(self, scope: Scope, /) -> Facts:
        return self._base.read(scope)
