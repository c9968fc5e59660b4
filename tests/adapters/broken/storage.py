"""What a broken storage is made of: the memory storage, bent in one place."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from attrs import evolve

from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.changes import Change, Record, Save, key_of
from customer_accounts.facts import Facts, Scope
from customer_accounts.testing.clauses.transactions import Host
from tests.adapters.memory_host import MemoryHost

B = TypeVar("B", bound="type[Broken]")

#: Each storage with one fault, and the clauses that it breaks: one, and siblings that say the same for sixteen at once.
CAUGHT_BY: dict[type["Broken"], frozenset[str]] = {}


def breaks(*clauses: str) -> Callable[[B], B]:
    """Say which clauses a storage breaks."""

    def note(cls: B) -> B:
        CAUGHT_BY[cls] = frozenset(clauses)
        return cls

    return note


class Broken(MemoryStorage):
    """The memory storage; each of its subclasses changes one thing."""

    def second(self) -> MemoryStorage:
        """Give another instance on the same data."""
        return self

    def host(self) -> Host:
        """Give a host with a table beside the records."""
        return MemoryHost(self)

    def stored(self, record: Any) -> Any:
        """Give what is stored under the key of a record, or None."""
        return self._tables.records.get(type(record), {}).get(key_of(record))


class Reading(Broken):
    """Gives other facts than it found."""

    def read(self, scope: Scope, /) -> Facts:
        """Read, then bend."""
        return self.bent(scope, super().read(scope))

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Give the facts that are told."""
        raise NotImplementedError


class Writing(Broken):
    """Writes other changes than it was given."""

    def write(self, changes: Sequence[Change], /) -> Any:
        """Bend, then write."""
        return super().write(self.bent(list(changes)))

    def bent(self, changes: list[Change]) -> list[Change]:
        """Give the changes that are written."""
        return [self.one(change) for change in changes]

    def one(self, change: Change) -> Change:
        """Give one change as it is written."""
        return change


class Updating(Writing):
    """Writes other records than it was given, where they replace one."""

    kind: type[Record]

    def one(self, change: Change) -> Change:
        """Bend an update."""
        if isinstance(change, Save) and change.expected_version and isinstance(change.record, self.kind):
            return evolve(change, record=self.record(change.record))
        return change

    def record(self, record: Any) -> Record:
        """Give the record that is written."""
        raise NotImplementedError


class Overwriting(Writing):
    """Inserts a record over one that is there."""

    kind: type[Record]

    def one(self, change: Change) -> Change:
        """Bend an insert."""
        if (
            isinstance(change, Save)
            and change.expected_version is None
            and isinstance(change.record, self.kind)
        ):
            there = self.stored(change.record)
            return change if there is None else evolve(change, expected_version=there.version)
        return change
