"""What an answer means for orders that were charged for want of it (F24, F25)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_accounts.evidence import OrderVatState
from customer_accounts.features import vat_answer
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.outbox import EventKind, VatCheckRecord
from customer_accounts.vat import Place, Treatment, VatStatus
from customer_accounts.vat.late import confirmed, decisions_in, waits_for_register
from tests.shop import Shop
from tests.vat_orders import GERMAN, SYSTEM, decision, provisional, say, taxed, vat_of


@pytest.mark.parametrize("days", [0, 1, 5])
def test_a_yes_within_days_counts_for_the_day_of_supply(shop: Shop, days: int) -> None:
    """F24: exempt for its own day, the VAT is to be paid back; the decision of the day stays beside it."""
    day = shop.clock.now.date()
    provisional(shop)
    shop.clock.forward(days=days)
    recorded = say(shop, VatStatus.VALID)
    (late,) = recorded.late
    assert (late.reference, late.order_number, late.vat_number) == ("r-1", "N-r-1", GERMAN)
    assert (late.supplied_on, late.confirmed_at, late.evidence_id) == (
        day, shop.clock.now, recorded.evidence_id,
    )  # fmt: skip
    assert (late.refund, late.correction.corrected.gross, late.currency) == (Decimal(20), Decimal(100), "EUR")
    (line,) = late.decision
    assert (line.rule, line.treatment, line.rate, line.on) == (
        "G04", Treatment.INTRA_COMMUNITY_SUPPLY, Decimal(0), day,
    )  # fmt: skip
    kept = vat_of(shop)
    assert kept.state is OrderVatState.CONFIRMED_LATE
    assert next(iter(decisions_in(kept.decision))).rule == "G06"
    assert [one.detail for one in shop.events(EventKind.VAT_CONFIRMED_LATE)] == ["r-1"]
    assert shop.mails() == []
    assert shop.stored(VatCheckRecord) == []


@pytest.mark.parametrize(
    ("days", "status"), [(6, VatStatus.VALID), (0, VatStatus.INVALID), (6, VatStatus.UNVERIFIED)]
)
def test_otherwise_vat_stays_charged(shop: Shop, days: int, status: VatStatus) -> None:
    """F25: the register knows only today; a yes that is too late, a no, and silence for days exempt nothing."""
    provisional(shop)
    shop.clock.forward(days=days)
    assert say(shop, status).late == ()
    assert vat_of(shop).state is OrderVatState.CHARGED
    assert [one.detail for one in shop.events(EventKind.VAT_STAYS_CHARGED)] == ["r-1"]
    shop.clock.forward(minutes=1)
    assert say(shop, VatStatus.VALID).late == ()
    assert vat_of(shop).state is OrderVatState.CHARGED


def test_an_outage_changes_nothing_for_days(shop: Shop) -> None:
    """F25: unverified never exempts and never ends the waiting before its time."""
    provisional(shop)
    for _ in range(5):
        shop.clock.forward(days=1)
        assert say(shop, VatStatus.UNVERIFIED, code="MS_UNAVAILABLE").next_check is not None
        assert vat_of(shop).state is OrderVatState.PROVISIONAL
    assert len(say(shop, VatStatus.VALID).late) == 1


def test_a_no_of_a_failing_state_is_doubted_once(shop: Shop) -> None:
    """F25: INVALID while that state fails for others ends nothing; it is asked again in an hour, and then counts."""
    provisional(shop)
    asked = say(shop, VatStatus.INVALID, doubtful=True)
    assert (asked.status, asked.next_check) == (VatStatus.INVALID, shop.clock.now + timedelta(hours=1))
    assert vat_of(shop).state is OrderVatState.PROVISIONAL
    shop.clock.forward(hours=1)
    say(shop, VatStatus.INVALID, doubtful=True)
    assert vat_of(shop).state is OrderVatState.CHARGED
    assert shop.stored(VatCheckRecord) == []


def test_one_answer_is_for_every_order_and_account(shop: Shop) -> None:
    """F24: a guest's order and a customer's with the same number; the trail of the account tells of its own."""
    anna = shop.open_account().account_id
    provisional(shop)
    shop.require(
        RecordOrder(reference="r-2", number="N-2", placed_at=shop.clock.now, account_id=anna), by=SYSTEM
    )
    command = taxed(shop, "r-3").model_copy(update={"reference": "r-2"})
    shop.require(command, by=SYSTEM)
    assert {one.reference for one in say(shop, VatStatus.VALID).late} == {"r-1", "r-2"}
    told = {one.detail: one.account_id for one in shop.events(EventKind.VAT_CONFIRMED_LATE)}
    assert told == {"r-1": None, "r-2": anna}


def test_more_orders_than_one_write_takes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """RL-01: the rest waits for the same answer again, which the worker gives at once."""
    monkeypatch.setattr(vat_answer, "ORDERS_AT_ONCE", 2)
    for number in range(3):
        provisional(shop, f"r-{number}")
    first, second, third = (say(shop, VatStatus.VALID) for _ in range(3))
    assert (len(first.late), first.more) == (2, True)
    assert (len(second.late), second.more) == (1, False)
    assert third.status is None


@settings(max_examples=60)
@given(
    status=st.sampled_from([VatStatus.PENDING, VatStatus.UNVERIFIED]),
    origin=st.sampled_from(["AT", "FR", "DE", "CH"]),
    destination=st.sampled_from(["AT", "DE", "IT", "CH", "GB", "CY"]),
    number=st.sampled_from([GERMAN, "FR40303265045", "ATU13585627", "IT00743110157"]),
)
def test_a_confirmed_decision_is_the_one_of_a_valid_number(
    status: VatStatus, origin: str, destination: str, number: str
) -> None:
    """F24: decided anew from its record, or with a valid number from the beginning: the same."""
    where: dict[str, Any] = {"ships_from": Place(origin), "ships_to": Place(destination)}
    before = decision(status, number, **where)
    after = confirmed(before)
    if waits_for_register(before):
        direct = decision(VatStatus.VALID, number, **where)
        assert (after.to_json(), after.rule) == (direct.to_json(), direct.rule)
        assert before.rate != 0
        assert after.rate == 0
    else:
        assert after is before
