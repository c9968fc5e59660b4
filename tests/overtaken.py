"""A storage that lets somebody else act between a command's read and its write."""

from collections.abc import Callable, Sequence

from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Scope


class Overtaken(MemoryStorage):
    """The memory storage, with something that happens once right before the first write.

    Args:
        storage: whose records to share.
        meanwhile: what somebody else does.
    """

    def __init__(self, storage: MemoryStorage, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._storage = storage
        self._meanwhile: Callable[[], object] | None = meanwhile
        self.reads = 0

    def read(self, scope: Scope, /) -> Facts:
        """Read from the shared storage."""
        self.reads += 1
        return self._storage.read(scope)

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Let the other one act first, then write."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return self._storage.write(changes)
