"""The storage in memory keeps the contract, sync and async."""

import pytest

from customer_accounts.adapters.memory import AsyncMemoryStorage, MemoryStorage
from customer_accounts.testing import AsyncStorageContract, StorageContract


class TestMemoryStorage(StorageContract):
    """The contract of storages, in memory."""

    @pytest.fixture
    def storage(self) -> MemoryStorage:
        """An empty storage."""
        return MemoryStorage()


class TestAsyncMemoryStorage(AsyncStorageContract):
    """The contract of storages, in memory and async."""

    @pytest.fixture
    def async_storage(self) -> AsyncMemoryStorage:
        """An empty storage."""
        return AsyncMemoryStorage(MemoryStorage())
