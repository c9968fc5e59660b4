"""The storage in memory keeps the contract, sync and async."""

import pytest

from customer_accounts.adapters.memory import AsyncMemoryStorage, MemoryStorage
from customer_accounts.testing import AsyncStorageContract, Feature, StorageContract
from tests.adapters.memory_host import MemoryHost


class TestMemoryStorage(StorageContract):
    """The contract of storages, in memory."""

    @pytest.fixture
    def storage(self) -> MemoryStorage:
        """An empty storage."""
        return MemoryStorage()

    @pytest.fixture
    def host(self, storage: MemoryStorage) -> MemoryHost:
        """A host with rows of its own beside the records."""
        return MemoryHost(storage)


class TestAsyncMemoryStorage(AsyncStorageContract):
    """The contract of storages, in memory and async."""

    left_out = frozenset({Feature.HOST_TRANSACTION})

    @pytest.fixture
    def async_storage(self) -> AsyncMemoryStorage:
        """An empty storage."""
        return AsyncMemoryStorage(MemoryStorage())
