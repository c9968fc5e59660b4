"""From a decision that waits for the register to the one after its confirmation."""

import json

import pytest

from customer_accounts.vat import DataError, OrderDecision, VatStatus
from customer_accounts.vat.late import all_confirmed, corrected_record, decisions_in, waits_for_register
from tests.vat_orders import decision


def test_both_layouts_are_read() -> None:
    """The record of one supply, and that of all lines; each is corrected in its own layout."""
    one = decision()
    many = OrderDecision((one, decision(VatStatus.INVALID)))
    assert decisions_in(one.to_json()).lines[0].rule == "G06"
    assert [line.rule for line in decisions_in(many.to_json())] == ["G06", "G07"]
    assert json.loads(corrected_record(one.to_json()))["row"]["rule"] == "G04"
    assert [line["row"]["rule"] for line in json.loads(corrected_record(many.to_json()))] == ["G04", "G07"]
    for nonsense in ("", "{}", "[1]", "null"):
        with pytest.raises(DataError):
            decisions_in(nonsense)


def test_what_waits() -> None:
    """Pending and unverified wait where a valid number would exempt; nothing else does."""
    for status in set(VatStatus) - {VatStatus.NOT_GIVEN}:
        waits = status in (VatStatus.PENDING, VatStatus.UNVERIFIED)
        assert waits_for_register(decision(status)) is waits
        assert not waits_for_register(decision(status, "ATU13585627"))
    assert [one.rule for one in all_confirmed(OrderDecision((decision(),)))] == ["G04"]
