"""The VAT decision of an order, kept with it (F24, F25, F26)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from customer_accounts.actors import Agent
from customer_accounts.evidence import OrderVatRecord, OrderVatState, VatEvidenceRecord
from customer_accounts.features.order_vat import FindVatOrders, OrderVatRecorded, RecordOrderVat
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.features.vat_checkup import BeginVatCheckup
from customer_accounts.outbox import EventKind, VatCheckRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import OrderDecision, VatAnswer, VatDecision, VatStatus
from tests.shop import Shop
from tests.vat_orders import GERMAN, SYSTEM, decision, order, provisional, say, taxed, vat_of


def test_a_decision_that_waits_is_provisional(shop: Shop) -> None:
    """F25: the number of a guest's order waits in the queue; what was charged and the day are kept."""
    recorded = shop.require(taxed(shop), by=SYSTEM)
    assert recorded == OrderVatRecorded("r-1", OrderVatState.PROVISIONAL, None)
    kept = vat_of(shop)
    assert (kept.number, kept.supplied_on) == (GERMAN, shop.clock.now.date())
    assert (kept.charged_net, kept.charged_vat, kept.currency) == (Decimal(100), Decimal(20), "EUR")
    assert VatDecision.from_json(kept.decision).rule == "G06"
    (check,) = shop.stored(VatCheckRecord)
    assert (check.number, check.due_at) == (GERMAN, shop.clock.now)
    (event,) = shop.events(EventKind.ORDER_VAT_RECORDED)
    assert event.detail == "r-1: provisional"


@pytest.mark.parametrize("status", [VatStatus.VALID, VatStatus.INVALID])
def test_a_decision_of_today_is_final(shop: Shop, status: VatStatus) -> None:
    """F24: exempt or charged, nothing waits; no amounts are needed."""
    order(shop)
    command = RecordOrderVat(reference="r-1", decision=decision(status).to_json())
    assert shop.require(command, by=SYSTEM).state is OrderVatState.FINAL
    assert shop.stored(VatCheckRecord) == []


def test_a_consumers_order_has_its_decision_too(shop: Shop) -> None:
    """F26: "why did I pay VAT in March?" is answered for everybody."""
    order(shop)
    shop.require(RecordOrderVat(reference="r-1", decision=decision(number=None).to_json()), by=SYSTEM)
    assert (vat_of(shop).number, vat_of(shop).state) == (None, OrderVatState.FINAL)


def test_an_order_with_many_lines(shop: Shop) -> None:
    """F25: one line that waits makes the order provisional; the earliest day of supply counts."""
    today = shop.clock.now.date()
    lines = OrderDecision((decision(VatStatus.INVALID, on=today), decision(on=today - timedelta(days=1))))
    order(shop)
    command = RecordOrderVat(
        reference="r-1", decision=lines.to_json(), charged_net="10", charged_vat="2", currency="SEK"
    )
    assert shop.require(command, by=SYSTEM).state is OrderVatState.PROVISIONAL
    assert (vat_of(shop).supplied_on, vat_of(shop).currency) == (today - timedelta(days=1), "SEK")


def test_the_evidence_is_named(shop: Shop) -> None:
    """F23: the one that the checkout got, else the newest about the number; one that is not there is refused."""
    shop.require(BeginVatCheckup(number=GERMAN), by=SYSTEM)
    first = say(shop, VatStatus.UNVERIFIED, code="MS_UNAVAILABLE").evidence_id
    shop.clock.forward(minutes=1)
    second = say(shop, VatStatus.UNVERIFIED, code="TIMEOUT").evidence_id
    assert len(shop.stored(VatEvidenceRecord)) == 2
    assert shop.require(taxed(shop, evidence_id=first), by=SYSTEM).evidence_id == first
    assert shop.require(taxed(shop, "r-2"), by=SYSTEM).evidence_id == second
    command = taxed(shop, "r-3", evidence_id=UUID(int=7))
    assert shop.handle(command, by=SYSTEM) == Refused(Reason.NOT_FOUND, field="evidence_id")


def test_an_order_does_not_hurry_a_number_that_was_just_asked(shop: Shop) -> None:
    """RL-06: while the register fails, a new order waits as after a first failure."""
    shop.require(BeginVatCheckup(number=GERMAN), by=SYSTEM)
    for _ in range(4):
        say(shop, VatStatus.UNVERIFIED, code="TIMEOUT")
        shop.clock.forward(seconds=1)
    provisional(shop)
    (check,) = shop.stored(VatCheckRecord)
    assert check.due_at == shop.clock.now + timedelta(minutes=5)


def test_an_answer_at_the_moment_of_the_order_is_not_missed(shop: Shop) -> None:
    """CC-05: the register answers while the order is recorded; the number is asked again, and the order corrected."""
    shop.require(BeginVatCheckup(number=GERMAN, asks=False), by=SYSTEM)
    command = taxed(shop)
    answer = VatAnswer(GERMAN, VatStatus.VALID, "VALID", shop.clock.now)
    shop.overtaken_by(RecordVatAnswer(answer=answer), by=SYSTEM)
    assert shop.require(command, by=SYSTEM).evidence_id is not None
    assert [one.number for one in shop.stored(VatCheckRecord)] == [GERMAN]
    shop.clock.forward(minutes=5)
    assert len(say(shop, VatStatus.VALID).late) == 1


def test_the_decision_of_the_day_is_never_rewritten(shop: Shop) -> None:
    """RL-08: the same again gets the same answer and changes nothing; another one is refused."""
    command = taxed(shop)
    first = shop.require(command, by=SYSTEM)
    shop.clock.forward(days=1)
    before = vat_of(shop)
    assert shop.require(command, by=SYSTEM) == first
    assert (vat_of(shop), len(shop.events(EventKind.ORDER_VAT_RECORDED))) == (before, 1)
    for changed in (
        {"charged_vat": Decimal(19)},
        {"currency": "SEK"},
        {"decision": decision().to_json() + " "},
    ):
        other = command.model_copy(update=changed)
        assert shop.handle(other, by=SYSTEM) == Refused(Reason.ORDER_CONFLICT, field="reference")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "charged_net, charged_vat"),
        ({"charged_net": 1}, "charged_vat"),
        ({"charged_vat": 1}, "charged_net"),
    ],
)
def test_a_decision_that_waits_needs_what_was_charged(
    shop: Shop, given: dict[str, Any], missing: str
) -> None:
    """F24: the refusal names the fields, in each language; nothing is kept."""
    order(shop)
    command = RecordOrderVat(reference="r-1", decision=decision().to_json(), **given)
    refused = shop.handle(command, by=SYSTEM)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.field) == (Reason.VAT_AMOUNTS_MISSING, missing.partition(",")[0])
    assert all(missing in refused.text(locale) for locale in ("fr", "de", "en"))
    assert shop.stored(OrderVatRecord) == []


@pytest.mark.parametrize(
    ("net", "vat", "lines"),
    [("100", "20.02", 1), ("100", "19.98", 1), ("100", "20.22", 10), ("0", "0", 1), ("33.3333", "6.6667", 1)],
)
def test_rounding_explains_an_amount(shop: Shop, net: str, vat: str, lines: int) -> None:
    """F24: two cents for each line of the invoice that was rounded, where one decision stands for several."""
    command = taxed(shop, charged_net=net, charged_vat=vat, charged_lines=lines)
    assert shop.require(command, by=SYSTEM).state is OrderVatState.PROVISIONAL


@pytest.mark.parametrize(
    ("net", "vat", "about"),
    [
        ("100", "19", "charged_vat"), ("100", "20.03", "charged_vat"), ("100", "0", "charged_net"),
        ("120", "20", "charged_vat"), ("20", "100", "charged_vat"), ("0", "20", "charged_vat"),
    ],
)  # fmt: skip
def test_amounts_that_no_rate_explains_are_refused(shop: Shop, net: str, vat: str, about: str) -> None:
    """F24: another state's rate, gross in place of net, or the two exchanged: it would be paid back."""
    command = taxed(shop, charged_net=net, charged_vat=vat)
    refused = shop.handle(command, by=SYSTEM)
    assert refused == Refused(Reason.VAT_AMOUNTS_UNEXPLAINED, field=about)
    assert (shop.stored(OrderVatRecord), shop.stored(VatCheckRecord)) == ([], [])


def test_nothing_was_charged_for_now_where_no_line_waits(shop: Shop) -> None:
    """F24: the amounts are those of the lines that wait, never of the whole order."""
    order(shop)
    final = {"reference": "r-1", "decision": decision(VatStatus.VALID).to_json()}
    for net, vat in (("100", "0"), ("100", "20")):
        command = RecordOrderVat(**final, charged_net=net, charged_vat=vat)
        refused = shop.handle(command, by=SYSTEM)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.VAT_AMOUNTS_UNEXPLAINED
    assert shop.require(RecordOrderVat(**final, charged_net=0, charged_vat=0), by=SYSTEM).state == "final"


def test_an_order_that_is_not_recorded(shop: Shop) -> None:
    """F25: the VAT belongs to an order."""
    command = RecordOrderVat(reference="none", decision=decision(VatStatus.VALID).to_json())
    assert shop.handle(command, by=SYSTEM) == Refused(Reason.NOT_FOUND, field="reference")


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": "{}"}, {"decision": ""}, {"decision": "[]"}, {"decision": "[" * 5000}, {"decision": "nonsense"},
        {"charged_net": -1, "charged_vat": 0}, {"charged_net": "NaN", "charged_vat": 0},
        {"charged_net": 1, "charged_vat": "0.00001"}, {"charged_net": 1, "charged_vat": 1, "currency": "eur"},
        {"charged_lines": 0},
    ],
)  # fmt: skip
def test_what_is_no_decision(fields: dict[str, Any]) -> None:
    """An unreadable decision, and amounts that are none, are the host's fault and told at once."""
    with pytest.raises(ValidationError):
        RecordOrderVat(**{"reference": "r", "decision": decision().to_json(), **fields})


def test_orders_are_found_by_state(shop: Shop) -> None:
    """F25: staff sees which orders wait, page by page, the newest first."""
    for number in range(3):
        provisional(shop, f"r-{number}")
        shop.clock.forward(minutes=1)
    wanted = FindVatOrders(state=OrderVatState.PROVISIONAL, limit=2)
    page = shop.require(wanted, by=Agent("17"))
    assert [(one.reference, one.order_number) for one in page.orders] == [("r-2", "N-r-2"), ("r-1", "N-r-1")]
    assert (page.orders[0].charged_vat, page.orders[0].late) == (Decimal(20), None)
    rest = shop.require(wanted.model_copy(update={"after": page.next}), by=SYSTEM)
    assert ([one.reference for one in rest.orders], rest.next) == (["r-0"], None)
    assert shop.require(FindVatOrders(), by=Agent("17")).orders == ()
    command = FindVatOrders(after="nonsense")
    assert shop.handle(command, by=Agent("17")) == Refused(Reason.NOT_FOUND, field="after")
    say(shop, VatStatus.VALID)
    late = shop.require(FindVatOrders(), by=Agent("17")).orders[0].late
    assert late is not None
    assert late.refund == Decimal(20)


def test_customers_record_no_vat(shop: Shop) -> None:
    """F24: nobody decides about their own tax."""
    command: Any = taxed(shop)
    anna = shop.customer(shop.open_account().session)
    for actor in (shop.visitor(), anna, Agent("17")):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
