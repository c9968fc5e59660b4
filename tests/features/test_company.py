"""The company behind an account, with its VAT number (F21 to F26)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from customer_accounts.account import Company
from customer_accounts.actors import Agent, SignedInCustomer, System
from customer_accounts.changes import update
from customer_accounts.features.company import (
    CompanyRemoved,
    CompanyView,
    MyCompany,
    RemoveCompany,
    SetCompany,
    buyer_of,
    company_view,
)
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.inputs import CompanyInput
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.outbox import EventKind, VatCheckRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import (
    Buyer,
    NumberProblem,
    Place,
    Seller,
    Supply,
    Treatment,
    VatAnswer,
    VatNumber,
    VatStatus,
    decide_vat,
)
from customer_accounts.wording import LOCALES
from tests.shop import Shop

GERMAN, FRENCH, AUSTRIAN = "DE136695976", "FR40303265045", "ATU13585627"
TODAY = date(2026, 11, 23)


@pytest.fixture(name="anna")
def _anna(shop: Shop) -> SignedInCustomer:
    """A customer who is signed in."""
    return shop.customer(shop.open_account(locale="fr").session)


def company(number: str = "", name: str = "Druck & Co") -> SetCompany:
    """Give the command that sets a company."""
    return SetCompany(company=CompanyInput(name=name, vat_number=number))


def answer(number: str, status: VatStatus, at: datetime) -> VatAnswer:
    """Give what the register says."""
    return VatAnswer(number, status, status.upper(), at)


def record(shop: Shop, customer: SignedInCustomer, number: str, status: VatStatus) -> None:
    """Let the register answer."""
    said = answer(number, status, shop.clock.now)
    shop.require(RecordVatAnswer(answer=said), by=System())


def checks(shop: Shop) -> list[tuple[str, datetime, int]]:
    """Give what waits for the register."""
    return [(one.number, one.due_at, one.attempts) for one in shop.stored(VatCheckRecord)]


def stored(shop: Shop, customer: SignedInCustomer) -> Company:
    """Give the company as it is stored."""
    found = shop.account(customer.account_id).company
    assert found is not None
    return found


def test_a_company_gives_its_number(shop: Shop, anna: SignedInCustomer) -> None:
    """F21, F23: the number belongs to the account, compact and as typed, and waits for the register."""
    view = shop.require(company("de 136 695 976"), by=anna)
    assert (view.name, view.vat_number, view.vat_as_typed) == ("Druck & Co", GERMAN, "de 136 695 976")
    assert (view.vat_status, view.vat_problem, view.vat_checked_at) == (VatStatus.PENDING, None, None)
    assert "en cours de vérification" in view.advice
    assert checks(shop) == [(GERMAN, shop.clock.now, 0)]
    assert shop.require(MyCompany(), by=anna) == view
    (event,) = shop.events(EventKind.COMPANY_CHANGED)
    assert (event.account_id, event.detail) == (anna.account_id, "pending")


def test_a_company_needs_no_number(shop: Shop, anna: SignedInCustomer) -> None:
    """F21: a company without a number is one all the same; nothing waits for a register."""
    view = shop.require(company(), by=anna)
    assert (view.vat_number, view.vat_status) == (None, VatStatus.NOT_GIVEN)
    assert checks(shop) == []
    assert buyer_of(stored(shop, anna)) == Buyer(is_business=True)


@pytest.mark.parametrize(
    ("typed", "problem", "words"),
    [
        ("12345", "malformed", "vérifier"),
        ("GB123456789", "wrong_kind", "Royaume-Uni"),
        ("CHE-123.456.788 TVA", "wrong_kind", "suisse"),
        ("EU826010755", "wrong_kind", "guichet unique"),
    ],
)
def test_an_unreadable_number_warns(
    shop: Shop, anna: SignedInCustomer, typed: str, problem: str, words: str
) -> None:
    """F21, F25: it refuses nothing; the answer says why, and that VAT is charged. No register is asked."""
    view = shop.require(company(typed), by=anna)
    assert (view.vat_number, view.vat_as_typed, view.vat_problem) == (None, typed, problem)
    assert words in view.advice
    assert "la TVA est alors facturée" in view.advice
    assert checks(shop) == []
    assert buyer_of(stored(shop, anna)).problem is NumberProblem(problem)


def test_wrong_check_digits_are_for_the_register_to_judge(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: the customer is warned of a typing error, and the register is asked all the same."""
    view = shop.require(company("DE136695978"), by=anna)
    assert (view.vat_number, view.vat_problem) == ("DE136695978", "checksum_failed")
    assert "faute de frappe" in view.advice
    assert checks(shop) == [("DE136695978", shop.clock.now, 0)]
    number = buyer_of(stored(shop, anna)).number
    assert number is not None
    assert not number.checksum_ok
    record(shop, anna, "DE136695978", VatStatus.VALID)
    now_known = shop.require(MyCompany(), by=anna)
    assert (now_known.vat_problem, now_known.vat_status) == (None, VatStatus.VALID)


def test_a_domestic_number_is_information(shop: Shop, anna: SignedInCustomer) -> None:
    """F22, F26: a number of the seller's state needs its syntax only, whatever the register says of it."""
    first = shop.require(company(AUSTRIAN), by=anna)
    assert "ne change pas" in first.advice
    assert checks(shop) == [(AUSTRIAN, shop.clock.now, 0)]
    for status in (VatStatus.INVALID, VatStatus.UNVERIFIED, VatStatus.VALID):
        record(shop, anna, AUSTRIAN, status)
        assert shop.require(MyCompany(), by=anna).advice == first.advice


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("status", [VatStatus.INVALID, VatStatus.UNVERIFIED])
def test_the_way_to_have_the_tax_back(locale: str, status: VatStatus) -> None:
    """F25: whoever is charged for want of a confirmed number is told how to claim it back, and until when."""
    shop = Shop()
    view = company_view(Company("X", FRENCH, FRENCH, status), shop.settings, locale=locale, on=TODAY)
    assert FRENCH in view.advice
    assert "2008/9" in view.advice
    assert "2027" in view.advice


@pytest.mark.parametrize("locale", LOCALES)
def test_an_unknown_number_is_to_be_activated(locale: str) -> None:
    """F22: the tax office activates a number for trade inside the Union."""
    shop = Shop()
    view = company_view(
        Company("X", FRENCH, FRENCH, VatStatus.INVALID), shop.settings, locale=locale, on=TODAY
    )
    office = {"fr": "centre des impôts", "de": "Finanzamt", "en": "tax office"}
    assert office[locale] in view.advice


def test_a_shop_that_charges_the_tax_of_the_destination() -> None:
    """F25: where a business is taxed like a consumer, it is told to ask a tax adviser of its own state."""
    seller = Seller("AT", oss=True, unverified_business="consumer")
    shop = Shop(seller=seller)
    view = company_view(Company("X", FRENCH, FRENCH, VatStatus.INVALID), shop.settings, locale="en", on=TODAY)
    assert "France" in view.advice
    assert "tax adviser" in view.advice


def test_a_confirmed_number_says_so(shop: Shop, anna: SignedInCustomer) -> None:
    """F24: goods for another state are invoiced without VAT."""
    shop.require(company(FRENCH), by=anna)
    record(shop, anna, FRENCH, VatStatus.VALID)
    view = shop.require(MyCompany(), by=anna)
    assert view.vat_checked_at == shop.clock.now
    assert "sans TVA" in view.advice


def test_a_repeat_writes_nothing(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-08: setting the same company twice is answered alike, asked once and told once."""
    first = shop.require(company(GERMAN), by=anna)
    before = (shop.account(anna.account_id), shop.stored(VatCheckRecord))
    shop.clock.forward(minutes=1)
    assert shop.require(company(GERMAN), by=anna) == first
    assert (shop.account(anna.account_id), shop.stored(VatCheckRecord)) == before
    assert len(shop.events(EventKind.COMPANY_CHANGED)) == 1


def test_what_is_known_of_a_number_stays_with_it(shop: Shop, anna: SignedInCustomer) -> None:
    """F24: a new name, or another spelling of the number, costs no confirmed number its status."""
    shop.require(company(GERMAN), by=anna)
    record(shop, anna, GERMAN, VatStatus.VALID)
    before = checks(shop)
    view = shop.require(company("DE 136 695 976", name="Druck GmbH"), by=anna)
    assert (view.name, view.vat_status) == ("Druck GmbH", VatStatus.VALID)
    assert checks(shop) == before


def test_an_unknown_number_is_asked_again(shop: Shop, anna: SignedInCustomer) -> None:
    """F22: once the tax office has activated a number, saving it again asks at once."""
    shop.require(company(GERMAN), by=anna)
    record(shop, anna, GERMAN, VatStatus.INVALID)
    assert checks(shop)[0][1] > shop.clock.now
    shop.clock.forward(days=2)
    assert shop.require(company(GERMAN), by=anna).vat_status is VatStatus.PENDING
    assert checks(shop) == [(GERMAN, shop.clock.now, 0)]


def test_another_number_begins_from_nothing(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: no number inherits the answer about another one; the new one takes its place in the queue."""
    shop.require(company(GERMAN), by=anna)
    record(shop, anna, GERMAN, VatStatus.VALID)
    shop.clock.forward(days=1)
    view = shop.require(company(FRENCH), by=anna)
    assert (view.vat_status, view.vat_checked_at) == (VatStatus.PENDING, None)
    assert checks(shop)[1:] == [(FRENCH, shop.clock.now, 0)]
    shop.require(company("12345"), by=anna)
    assert len(checks(shop)) == 2


def test_a_check_that_was_lost_is_made_again(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: a number without an answer always waits in the queue once it is saved."""
    shop.require(company(GERMAN), by=anna)
    shop.storage._tables.records[VatCheckRecord].clear()
    shop.require(company(GERMAN), by=anna)
    assert checks(shop) == [(GERMAN, shop.clock.now, 0)]


@pytest.mark.parametrize("number", [GERMAN, ""])
def test_a_company_is_removed(shop: Shop, anna: SignedInCustomer, number: str) -> None:
    """F21: the account is a consumer's again, and a repeat is answered alike."""
    shop.require(company(number), by=anna)
    for _ in range(2):
        assert shop.require(RemoveCompany(), by=anna) == CompanyRemoved()
    assert [one.detail for one in shop.events(EventKind.COMPANY_CHANGED)][1:] == ["removed"]
    assert shop.handle(MyCompany(), by=anna) == Refused(Reason.NOT_FOUND)
    assert buyer_of(shop.account(anna.account_id)) == Buyer()


def test_one_number_of_two_companies_waits_once(shop: Shop, anna: SignedInCustomer) -> None:
    """F23: however many companies have a number, it is asked once; a new one need not wait for an old turn."""
    shop.require(company(GERMAN), by=anna)
    record(shop, anna, GERMAN, VatStatus.VALID)
    shop.clock.forward(days=1)
    berta = shop.customer(shop.open_account("berta@mail.example").session)
    shop.require(company(GERMAN), by=berta)
    assert checks(shop) == [(GERMAN, shop.clock.now, 0)]
    assert stored(shop, berta).vat_status is VatStatus.PENDING
    carla = shop.open_account("carla@mail.example", company=CompanyInput(name="C", vat_number=GERMAN))
    assert checks(shop) == [(GERMAN, shop.clock.now, 0)]
    record(shop, berta, GERMAN, VatStatus.VALID)
    for one in (anna, berta, shop.customer(carla.session)):
        assert stored(shop, one).vat_status is VatStatus.VALID
        assert stored(shop, one).vat_checked_at == shop.clock.now


def test_the_company_of_a_registration(shop: Shop) -> None:
    """F04, F21: a company given at registration is there after the proof, its number in the queue."""
    wish = CompanyInput(name="Druck & Co", vat_number="136695976", country="DE")
    anna = shop.customer(shop.open_account(company=wish).session)
    assert shop.require(MyCompany(), by=anna).vat_number == GERMAN
    assert checks(shop) == [(GERMAN, shop.clock.now, 0)]


@pytest.mark.parametrize("command", [company(GERMAN), RemoveCompany(), MyCompany()])
def test_only_for_customers(shop: Shop, command: Any) -> None:
    """F13, F21: a number is no credential; without a session there is no company to speak of."""
    for actor in (shop.visitor(), Agent("17"), System()):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)


@pytest.mark.parametrize("command", [company(GERMAN), RemoveCompany()])
def test_writes_are_counted_by_account(command: Any) -> None:
    """AB-01: the writes of one account have an allowance."""
    shop = Shop(limits={**ALLOWANCES, Limit.ACCOUNT: Allowance(1, timedelta(minutes=15))})
    anna = shop.customer(shop.open_account().session)
    shop.handle(command, by=anna)
    refused = shop.handle(command, by=anna)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.TOO_MANY_ATTEMPTS


def test_two_companies_at_once(shop: Shop, anna: SignedInCustomer) -> None:
    """CC-05: of two numbers saved at once the later one stands; both wait, and the worker drops the other."""
    shop.overtaken_by(company(GERMAN), by=anna)
    assert shop.require(company(FRENCH), by=anna).vat_number == FRENCH
    assert stored(shop, anna).vat_number == FRENCH
    assert [number for number, *_ in checks(shop)] == [GERMAN, FRENCH]


def test_no_customer_is_a_consumer() -> None:
    """F11: guests, and accounts without a company, buy as consumers."""
    assert buyer_of(None) == Buyer()
    assert buyer_of(None, place=Place("FR")) == Buyer(place=Place("FR"))


def test_a_buyer_has_what_is_known() -> None:
    """F24: number, status and place go into the decision, from the record and from what the owner sees."""
    known = Company(
        "X", "de136695976", GERMAN, VatStatus.VALID, vat_checked_at=datetime(2026, 11, 1, tzinfo=UTC)
    )
    assert buyer_of(known, place=Place("DE")) == Buyer(
        is_business=True, number=VatNumber(GERMAN), status=VatStatus.VALID, place=Place("DE")
    )
    assert buyer_of(company_view(known, Shop().settings, locale="en", on=TODAY)) == buyer_of(known)


@pytest.mark.parametrize("status", [one for one in VatStatus if one is not VatStatus.NOT_GIVEN])
def test_old_answers_confirm_nothing(status: VatStatus) -> None:
    """RL-10: an answer from before the given time counts as unverified; no other status gets better by it."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    known = Company("X", GERMAN, GERMAN, status, vat_checked_at=at)
    assert buyer_of(known, answered_since=at).status is status
    late = buyer_of(known, answered_since=at + timedelta(seconds=1)).status
    assert late is (VatStatus.UNVERIFIED if status is VatStatus.VALID else status)
    undated = buyer_of(evolve(known, vat_checked_at=None), answered_since=at).status
    assert undated is late


@pytest.mark.parametrize(
    ("number", "status", "treatment", "rate"),
    [
        (GERMAN, VatStatus.VALID, Treatment.INTRA_COMMUNITY_SUPPLY, Decimal(0)),
        (GERMAN, VatStatus.PENDING, Treatment.DOMESTIC, Decimal(20)),
        (GERMAN, VatStatus.UNVERIFIED, Treatment.DOMESTIC, Decimal(20)),
        (GERMAN, VatStatus.INVALID, Treatment.DOMESTIC, Decimal(20)),
        (AUSTRIAN, VatStatus.VALID, Treatment.DOMESTIC, Decimal(20)),
    ],
)
def test_the_way_to_a_decision(
    shop: Shop, anna: SignedInCustomer, number: str, status: VatStatus, treatment: Treatment, rate: Decimal
) -> None:
    """F24, F25, RL-09: an account goes into the decision as it is; a confirmed foreign number exempts."""
    shop.require(company(number), by=anna)
    account = shop.account(anna.account_id)
    told = evolve(account, company=evolve(stored(shop, anna), vat_status=status))
    shop.storage.write([update(account, told)])
    supply = Supply(ships_from=Place("AT"), ships_to=Place("DE", postcode="10115"), on=TODAY)
    decision = decide_vat(supply, buyer_of(shop.account(anna.account_id)), shop.settings.seller)
    assert (decision.treatment, decision.rate) == (treatment, rate)


def test_a_view_is_a_value(shop: Shop, anna: SignedInCustomer) -> None:
    """DP-03: a view holds what the owner may see of the company, and nothing of the account."""
    view = shop.require(company(), by=anna)
    assert isinstance(view, CompanyView)
    assert {one.name for one in CompanyView.__attrs_attrs__} == {
        "name", "vat_number", "vat_as_typed", "vat_status", "vat_problem", "vat_checked_at", "advice",
    }  # fmt: skip
