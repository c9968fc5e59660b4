"""What the decisions about an order say together."""

from decimal import Decimal

import pytest

from customer_accounts.vat import DataError, OrderDecision, Place, Seller, decide_order
from tests.vat.cases import GERMAN, company, goods, service

LINES = [goods("AT", "DE"), goods("AT", "CH"), goods("AT", "FR"), service()]


def test_an_order_gathers_what_its_lines_say() -> None:
    """Notes, warnings and rates occur once each; one provisional line makes the order provisional."""
    order = decide_order(LINES, company(GERMAN), Seller("AT", oss=True))
    assert len(order) == 4
    assert order.rates == (Decimal(0),)
    assert order.warnings == ("number_of_third_state",)
    assert len(order.invoice_notes("fr")) == 3
    assert not order.provisional
    assert not order.manual_review
    waiting = decide_order(LINES, company(GERMAN, "pending"), Seller("AT", oss=True))
    assert waiting.provisional
    cyprus = decide_order([*LINES, goods("AT", Place("CY", region="CY-N"))], company(GERMAN), Seller())
    assert cyprus.manual_review


def test_an_order_is_read_back_as_it_was_made() -> None:
    """The record of an order gives the same decisions."""
    order = decide_order(LINES, company(GERMAN), Seller("AT", oss=True))
    assert OrderDecision.from_json(order.to_json()) == order


@pytest.mark.parametrize("stored", ["", "{}", "5", "[5]"])
def test_what_is_no_record_of_an_order_is_refused(stored: str) -> None:
    """Garbage raises DataError."""
    with pytest.raises(DataError):
        OrderDecision.from_json(stored)
