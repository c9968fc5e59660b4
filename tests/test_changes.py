"""What a decision wants written."""

import pytest

from customer_accounts.changes import OrderSelection


def test_a_selection_of_orders_says_whose() -> None:
    """GM-01: no selection means the orders of everybody, and none is by a name that nobody gave."""
    with pytest.raises(ValueError, match="an address, an order or an owner"):
        OrderSelection(claimed=False)
    with pytest.raises(ValueError, match="by name names one"):
        OrderSelection("anna@mail.example", names=())
