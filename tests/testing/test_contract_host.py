"""The contract asks for the host's transactions, or to leave them out by name."""

from typing import Any

import pytest

from customer_accounts.testing import AsyncStorageContract, StorageContract


@pytest.mark.parametrize(
    ("contract", "fixture"), [(StorageContract, "host"), (AsyncStorageContract, "async_host")]
)
def test_a_contract_without_a_host_says_what_to_give(contract: type, fixture: str) -> None:
    """Clauses about a host's transaction fail by name until there is one, and are never passed over."""
    given: Any = vars(contract)[fixture]
    with pytest.raises(pytest.fail.Exception, match=f"give a fixture {fixture}, or say left_out"):
        given._get_wrapped_function()(contract())
