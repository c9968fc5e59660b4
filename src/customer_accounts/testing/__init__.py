"""What hosts use to test their shop and to prove their own adapters.

The contracts need pytest, everything else does not; they are imported when they are first asked for.
"""

from typing import TYPE_CHECKING

from customer_accounts.testing.settings import FixedClock, cheap_settings

if TYPE_CHECKING:
    from customer_accounts.testing.storage_contract import AsyncStorageContract, StorageContract

__all__ = ["AsyncStorageContract", "FixedClock", "StorageContract", "cheap_settings"]


def __getattr__(name: str) -> type:
    """Import a contract.

    Raises:
        ImportError: pytest is not installed.
    """
    if name in {"AsyncStorageContract", "StorageContract"}:
        from customer_accounts.testing import storage_contract

        found: type = getattr(storage_contract, name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
