"""What the register answered about a company's VAT number, recorded (F23, F25)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from customer_accounts.account import Company
from customer_accounts.actors import Agent, SignedInCustomer, System
from customer_accounts.evidence import VatEvidenceRecord
from customer_accounts.features.company import RemoveCompany, SetCompany
from customer_accounts.features.vat_answer import RecordVatAnswer, VatAnswerRecorded
from customer_accounts.inputs import CompanyInput
from customer_accounts.outbox import EventKind, VatCheckRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import VatAnswer, VatStatus
from tests.shop import Shop

GERMAN, FRENCH = "DE136695976", "FR40303265045"
BACK_OFF = [5, 10, 20, 40, 80, 160, 320, 640, 720, 720, 720, 720, 720]


@pytest.fixture(name="anna")
def _anna(shop: Shop) -> SignedInCustomer:
    """A customer of a company whose number waits for the register."""
    anna = shop.customer(shop.open_account().session)
    shop.require(company(GERMAN), by=anna)
    return anna


def company(number: str) -> SetCompany:
    """Give the command that sets a company."""
    return SetCompany(company=CompanyInput(name="Druck & Co", vat_number=number))


def said(shop: Shop, customer: SignedInCustomer, status: VatStatus, **more: Any) -> RecordVatAnswer:
    """Give the command that records an answer of now."""
    given = {"number": GERMAN, "code": status.upper(), "checked_at": shop.clock.now, **more}
    return RecordVatAnswer(answer=VatAnswer(status=status, **given))


def stored(shop: Shop, customer: SignedInCustomer) -> Company:
    """Give the company as it is stored."""
    found = shop.account(customer.account_id).company
    assert found is not None
    return found


def check(shop: Shop) -> VatCheckRecord:
    """Give the one check that waits."""
    (one,) = shop.stored(VatCheckRecord)
    assert isinstance(one, VatCheckRecord)
    return one


@pytest.mark.parametrize("status", [VatStatus.VALID, VatStatus.INVALID])
def test_a_clear_answer_goes_to_the_company(shop: Shop, anna: SignedInCustomer, status: VatStatus) -> None:
    """F23: status, code, time and proof stand with the company, and the audit trail tells it."""
    shop.clock.forward(minutes=5)
    recorded = shop.require(said(shop, anna, status, consultation_number="WAPI-1"), by=System("vies"))
    known = stored(shop, anna)
    assert (known.vat_status, known.vat_code, known.vat_checked_at) == (
        status,
        status.upper(),
        shop.clock.now,
    )
    assert known.vat_consultation_number == "WAPI-1"
    (evidence,) = shop.stored(VatEvidenceRecord)
    due = shop.clock.now + timedelta(days=24)
    assert recorded == VatAnswerRecorded(GERMAN, status, due, evidence.id)
    assert known.vat_evidence_id == evidence.id
    (event,) = shop.events(EventKind.VAT_ANSWERED)
    assert (event.actor, event.account_id) == ("system:vies", anna.account_id)
    assert event.detail == f"{status} {status.upper()}"


def test_a_clear_answer_is_asked_again_in_time(anna: SignedInCustomer, shop: Shop) -> None:
    """F23: the next check is due before the answer is older than the setting; it begins with no tries."""
    shop.require(said(shop, anna, VatStatus.UNVERIFIED), by=System())
    shop.require(said(shop, anna, VatStatus.VALID), by=System())
    waiting = check(shop)
    assert (waiting.number, waiting.attempts, waiting.leased_until) == (GERMAN, 0, None)
    assert shop.clock.now < waiting.due_at < shop.clock.now + shop.settings.vat_recheck_after


def test_a_clear_answer_given_twice_is_recorded_once(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-08: a repeat after a lost answer writes nothing and is answered alike."""
    command = said(shop, anna, VatStatus.VALID)
    first = shop.require(command, by=System())
    before = (shop.account(anna.account_id), check(shop))
    assert shop.require(command, by=System()) == first
    assert (shop.account(anna.account_id), check(shop)) == before
    assert len(shop.events(EventKind.VAT_ANSWERED)) == 1


def test_no_answer_is_unverified(shop: Shop, anna: SignedInCustomer) -> None:
    """F25, RL-10: an outage confirms nothing; the number is asked again in minutes."""
    shop.require(said(shop, anna, VatStatus.UNVERIFIED, code="MS_UNAVAILABLE"), by=System())
    known = stored(shop, anna)
    assert (known.vat_status, known.vat_code, known.vat_checked_at) == (
        VatStatus.UNVERIFIED, "MS_UNAVAILABLE", None,
    )  # fmt: skip
    assert check(shop).due_at == shop.clock.now + timedelta(minutes=5)


def test_the_wait_grows(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-06: from minutes to half a day, however long the register is silent."""
    for minutes in BACK_OFF:
        shop.require(said(shop, anna, VatStatus.UNVERIFIED, code="TIMEOUT"), by=System())
        assert check(shop).due_at == shop.clock.now + timedelta(minutes=minutes)
        shop.clock.now = check(shop).due_at
    assert check(shop).attempts == len(BACK_OFF)


@pytest.mark.parametrize("status", [VatStatus.VALID, VatStatus.INVALID])
def test_an_outage_takes_no_young_answer_away(shop: Shop, anna: SignedInCustomer, status: VatStatus) -> None:
    """F24: a clear answer stays in force until it is as old as the setting, to the second."""
    shop.require(said(shop, anna, status), by=System())
    before = stored(shop, anna)
    shop.clock.forward(days=30, seconds=-1)
    recorded = shop.require(said(shop, anna, VatStatus.UNVERIFIED, code="TIMEOUT"), by=System())
    assert recorded.status is status
    assert stored(shop, anna) == before
    assert check(shop).due_at == shop.clock.now + timedelta(minutes=5)
    shop.clock.forward(seconds=1)
    recorded = shop.require(said(shop, anna, VatStatus.UNVERIFIED, code="TIMEOUT"), by=System())
    assert recorded.status is stored(shop, anna).vat_status is VatStatus.UNVERIFIED
    assert stored(shop, anna).vat_checked_at == before.vat_checked_at


def test_a_number_can_lose_its_confirmation(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: a later clear answer replaces an earlier one."""
    shop.require(said(shop, anna, VatStatus.VALID), by=System())
    shop.clock.forward(days=24)
    shop.require(said(shop, anna, VatStatus.INVALID), by=System())
    assert stored(shop, anna).vat_status is VatStatus.INVALID


def test_an_answer_for_the_old_number_is_discarded(shop: Shop, anna: SignedInCustomer) -> None:
    """F23, CC-05: the customer has typed another number meanwhile; its check goes on waiting."""
    late = said(shop, anna, VatStatus.VALID)
    shop.require(company(FRENCH), by=anna)
    assert shop.require(late, by=System()) == VatAnswerRecorded(GERMAN, None)
    assert stored(shop, anna).vat_status is VatStatus.PENDING
    assert check(shop).number == FRENCH
    assert shop.stored(VatEvidenceRecord) == []
    assert shop.events(EventKind.VAT_ANSWERED) == []


def test_an_answer_older_than_the_known_one_is_discarded(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: of two answers the later one stands, in whatever order they arrive."""
    early = said(shop, anna, VatStatus.VALID)
    shop.clock.forward(minutes=1)
    shop.require(said(shop, anna, VatStatus.INVALID), by=System())
    assert shop.require(early, by=System()).status is None
    assert stored(shop, anna).vat_status is VatStatus.INVALID


def test_an_answer_for_no_company_is_discarded(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: without a company there is nothing to record; a check that was left over goes."""
    shop.require(RemoveCompany(), by=anna)
    assert check(shop).number == GERMAN
    assert shop.require(said(shop, anna, VatStatus.VALID), by=System()).status is None
    assert shop.stored(VatCheckRecord) == []


def test_an_answer_of_the_host_needs_no_check(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: a host may ask by itself; the number then waits for its next check like any other."""
    shop.storage._tables.records[VatCheckRecord].clear()
    shop.require(said(shop, anna, VatStatus.UNVERIFIED), by=System())
    assert (check(shop).attempts, check(shop).number) == (1, GERMAN)


def test_two_answers_at_once(shop: Shop, anna: SignedInCustomer) -> None:
    """CC-05: a customer who saves another number at the moment of the answer keeps the other number."""
    shop.overtaken_by(company(FRENCH), by=anna)
    assert shop.require(said(shop, anna, VatStatus.VALID), by=System()).status is None
    assert (stored(shop, anna).vat_number, stored(shop, anna).vat_status) == (FRENCH, VatStatus.PENDING)


def test_who_knows_a_later_answer_keeps_it(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: an earlier answer goes to those who know none, and overwrites nobody's later one."""
    early = said(shop, anna, VatStatus.INVALID)
    shop.clock.forward(minutes=1)
    shop.require(said(shop, anna, VatStatus.VALID), by=System())
    berta = shop.customer(shop.open_account("berta@mail.example").session)
    shop.require(company(GERMAN), by=berta)
    shop.require(early, by=System())
    assert (stored(shop, anna).vat_status, stored(shop, berta).vat_status) == ("valid", "invalid")


def test_a_number_that_nobody_has(shop: Shop) -> None:
    """F23: an answer that nobody waits for is discarded; nothing is kept of it."""
    at: datetime = shop.clock.now
    command = RecordVatAnswer(answer=VatAnswer(GERMAN, VatStatus.VALID, "VALID", at))
    assert shop.require(command, by=System()) == VatAnswerRecorded(GERMAN, None)
    assert shop.stored(VatEvidenceRecord) == []


def test_only_the_system_records(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: nobody confirms their own number."""
    command: Any = said(shop, anna, VatStatus.VALID)
    for actor in (anna, shop.visitor(), Agent("17")):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
    assert stored(shop, anna).vat_status is VatStatus.PENDING
