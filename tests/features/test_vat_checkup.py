"""What is known of a number before the register is asked (F21, F23)."""

from datetime import timedelta
from typing import Any

import pytest

from customer_accounts.actors import Agent, System
from customer_accounts.features.company import RemoveCompany, SetCompany
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.features.vat_checkup import BeginVatCheckup, PrepareVatCheck, VatCheckup
from customer_accounts.inputs import CompanyInput
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import VatAnswer, VatStatus
from tests.shop import Shop

GERMAN = "DE136695976"


def begin(shop: Shop, **fields: Any) -> VatCheckup:
    """Begin at the checkout."""
    return shop.require(BeginVatCheckup(number=GERMAN, **fields), by=System())


def say(shop: Shop, status: VatStatus, code: str = "") -> Any:
    """Let the register answer."""
    answer = VatAnswer(GERMAN, status, code or status.upper(), shop.clock.now)
    return shop.require(RecordVatAnswer(answer=answer), by=System())


def check(shop: Shop) -> VatCheckRecord:
    """Give the one check that waits."""
    (one,) = shop.stored(VatCheckRecord)
    assert isinstance(one, VatCheckRecord)
    return one


def prepare(shop: Shop, version: int | None = None) -> VatCheckup:
    """Ask as a worker does that has leased the check."""
    command = PrepareVatCheck(number=GERMAN, leased=version or check(shop).version)
    return shop.require(command, by=System())


def test_a_new_number_is_asked_and_waits_all_the_same(shop: Shop) -> None:
    """F23: the checkout asks for a minute, then a worker takes the number; what was typed stays with it."""
    assert begin(shop, as_typed="de 136 695 976") == VatCheckup(ask=True)
    assert (check(shop).due_at, check(shop).as_typed) == (
        shop.clock.now + timedelta(minutes=1), "de 136 695 976",
    )  # fmt: skip
    assert prepare(shop).ask


def test_without_a_register_the_worker_asks_at_once(shop: Shop) -> None:
    """F23: a shop whose checkout asks nobody loses no time."""
    assert begin(shop, asks=False) == VatCheckup(ask=False)
    assert check(shop).due_at == shop.clock.now


@pytest.mark.parametrize(
    ("status", "young"), [(VatStatus.VALID, timedelta(days=30)), (VatStatus.INVALID, timedelta(hours=1))]
)
def test_a_young_answer_is_used_again(shop: Shop, status: VatStatus, young: timedelta) -> None:
    """F23: a yes as long as the setting says, a no for an hour; nobody is asked, nothing waits."""
    begin(shop)
    told, at = say(shop, status), shop.clock.now
    shop.clock.now += young - timedelta(seconds=1)
    assert begin(shop) == VatCheckup(False, status, at, told.evidence_id)
    assert shop.stored(VatCheckRecord) == []
    shop.clock.forward(seconds=1)
    assert begin(shop) == VatCheckup(ask=True)


def test_an_outage_is_no_answer(shop: Shop) -> None:
    """F25: after an outage the checkout asks again; the worker's growing wait stands."""
    begin(shop)
    say(shop, VatStatus.UNVERIFIED, "MS_UNAVAILABLE")
    due = check(shop).due_at
    assert begin(shop, as_typed="DE136695976") == VatCheckup(ask=True)
    assert (check(shop).due_at, check(shop).attempts) == (due, 1)


def test_a_number_of_the_checkout_is_wanted_for_a_day(shop: Shop) -> None:
    """Carts are abandoned: after a day nobody waits, the number is not asked and leaves the queue."""
    begin(shop)
    shop.clock.forward(days=1)
    assert prepare(shop).ask
    shop.clock.forward(seconds=1)
    assert not prepare(shop).ask
    assert shop.stored(VatCheckRecord) == []
    assert not prepare(shop, 1).ask


def test_a_number_that_was_answered_meanwhile_is_not_asked(shop: Shop) -> None:
    """RL-04: the checkout was faster than the worker that had leased the number."""
    anna = shop.customer(shop.open_account().session)
    shop.require(SetCompany(company=CompanyInput(name="X", vat_number=GERMAN)), by=anna)
    leased = check(shop).version
    begin(shop)
    assert not prepare(shop, leased).ask
    say(shop, VatStatus.VALID)
    shop.require(RemoveCompany(), by=anna)
    shop.clock.forward(days=2)
    assert not prepare(shop).ask
    assert shop.stored(VatCheckRecord) == []


@pytest.mark.parametrize("command", [BeginVatCheckup(number=GERMAN), PrepareVatCheck(number="X", leased=1)])
def test_only_for_the_system(shop: Shop, command: Any) -> None:
    """A visitor asks through the host's checkout, never by a command."""
    anna = shop.customer(shop.open_account().session)
    for actor in (shop.visitor(), anna, Agent("17")):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
