"""When the register asks for peace, nobody asks it (RL-09)."""

from datetime import timedelta
from typing import Any

import pytest

from customer_accounts.actors import Agent, SignedInCustomer, System
from customer_accounts.evidence import VatPauseRecord
from customer_accounts.features.company import SetCompany
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.features.vat_checkup import BeginVatCheckup
from customer_accounts.features.vat_pause import ResumeVatChecks, VatChecksResumed
from customer_accounts.inputs import CompanyInput
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import VatAnswer, VatStatus
from tests.shop import Shop

GERMAN, FRENCH = "DE136695976", "FR40303265045"
FULL = "GLOBAL_MAX_CONCURRENT_REQ"


@pytest.fixture(name="anna", autouse=True)
def _anna(shop: Shop) -> SignedInCustomer:
    """A customer of a company whose number waits for the register."""
    anna = shop.customer(shop.open_account().session)
    shop.require(SetCompany(company=CompanyInput(name="Druck & Co", vat_number=GERMAN)), by=anna)
    return anna


def say(shop: Shop, code: str) -> None:
    """Let the register answer with a code."""
    status = VatStatus(code.lower()) if code in ("VALID", "INVALID") else VatStatus.UNVERIFIED
    shop.require(RecordVatAnswer(answer=VatAnswer(GERMAN, status, code, shop.clock.now)), by=System())


def asks(shop: Shop) -> bool:
    """Tell whether the checkout would ask the register now."""
    return shop.require(BeginVatCheckup(number=FRENCH), by=System()).ask


def pauses(shop: Shop) -> list[VatPauseRecord]:
    """Give the pauses that are stored."""
    return shop.stored(VatPauseRecord)


def test_a_full_register_pauses_for_minutes(shop: Shop) -> None:
    """RL-06: all numbers wait, longer each time, at most two hours; a clear answer ends it."""
    for minutes in (5, 10, 20, 40, 80, 120, 120):
        say(shop, FULL)
        say(shop, FULL)  # one of another worker, which was under way
        (pause,) = pauses(shop)
        assert (pause.code, pause.until) == (FULL, shop.clock.now + timedelta(minutes=minutes))
        assert not asks(shop)
        shop.clock.forward(minutes=minutes, seconds=-1)
        assert not asks(shop)
        shop.clock.forward(seconds=1)
        assert asks(shop)
    say(shop, "MS_UNAVAILABLE")
    assert len(pauses(shop)) == 1
    say(shop, "VALID")
    assert pauses(shop) == []


@pytest.mark.parametrize("code", ["IP_BLOCKED", "VAT_BLOCKED"])
def test_a_blocked_shop_raises_the_alarm_once(shop: Shop, code: str) -> None:
    """RL-09: nothing is asked until somebody resumes, however long; the event is the alarm, and it is one."""
    say(shop, FULL)
    say(shop, code)
    say(shop, code)
    say(shop, FULL)
    say(shop, "VALID")  # one that was under way
    (event,) = shop.events(EventKind.VAT_REGISTER_BLOCKED)
    assert (event.actor, event.detail) == ("system:system", code)
    shop.clock.forward(days=400)
    assert not asks(shop)
    resumed = shop.require(ResumeVatChecks(), by=Agent("17"))
    assert resumed == VatChecksResumed(code, shop.clock.now - timedelta(days=400))
    (event,) = shop.events(EventKind.VAT_CHECKS_RESUMED)
    assert (event.actor, event.detail) == ("agent:17", code)
    assert asks(shop)


def test_resuming_what_is_not_paused(shop: Shop) -> None:
    """RL-08: a repeat changes nothing."""
    for _ in range(2):
        assert shop.require(ResumeVatChecks(), by=System()) == VatChecksResumed(None, None)
    assert shop.events(EventKind.VAT_CHECKS_RESUMED) == []


def test_customers_resume_nothing(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-09: the block is a matter of the shop and the register."""
    say(shop, "IP_BLOCKED")
    command: Any = ResumeVatChecks()
    for actor in (anna, shop.visitor()):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
    assert len(pauses(shop)) == 1
