"""The contract asks for the host's transactions, or to leave them out by name."""

from typing import Any

import pytest

from customer_accounts.facts import Part
from customer_accounts.testing import AsyncStorageContract, Feature, StorageContract


@pytest.mark.parametrize("wrong", [Feature.OUTBOX, frozenset({"host_transactions"}), {Part.ORDERS, "outbox"}])
def test_what_is_left_out_is_a_set_of_names_that_there_are(wrong: Any) -> None:
    """A slip would leave clauses in, or out, without a word."""
    with pytest.raises(TypeError, match="frozenset of Part and Feature"):
        type("TestSlip", (StorageContract,), {"left_out": wrong})


@pytest.mark.parametrize(
    ("contract", "fixture"), [(StorageContract, "host"), (AsyncStorageContract, "async_host")]
)
def test_a_contract_without_a_host_says_what_to_give(contract: type, fixture: str) -> None:
    """Clauses about a host's transaction fail by name until there is one, and are never passed over."""
    given: Any = vars(contract)[fixture]
    with pytest.raises(pytest.fail.Exception, match=f"give a fixture {fixture}, or say left_out"):
        given._get_wrapped_function()(contract())
