"""The 27 promises of the shop's FAQ, each with its opposite: what somebody who must not get it gets.

Every test plays on a real SQLite file with a real mail server, and again on the async runner, in memory and
on PostgreSQL (`tests.faq.stage`).
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from customer_accounts.features.benefits import Benefit, MyAccount, benefits_of
from customer_accounts.features.company import SetCompany, buyer_of
from customer_accounts.features.delivery_address import (
    AddAddress,
    ChangeAddress,
    MyAddresses,
    SetDefaultAddress,
)
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.guest_order_page import ViewGuestOrder
from customer_accounts.features.identity_links import LinkIdentity, UnlinkIdentity
from customer_accounts.features.my_orders import MyOrder, MyOrders
from customer_accounts.features.newsletter import ConfirmNewsletter, SubscribeNewsletter
from customer_accounts.features.order_notices import Audience, OrderEvent, order_mails
from customer_accounts.features.order_tracking import RecordOrderStatus
from customer_accounts.features.registration import (
    CorrectRegistrationAddress,
    Register,
    Registered,
    ResendConfirmation,
)
from customer_accounts.features.reseller import RequestResellerPricing
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.features.support import ConvertGuest
from customer_accounts.features.unsubscription import Unsubscribe
from customer_accounts.features.wish_list import (
    AddToWishList,
    MyWishLists,
    RemoveFromWishList,
    RenameWishList,
)
from customer_accounts.inputs import AddressInput, CompanyInput, NewsletterInput
from customer_accounts.order import OrderStatus
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing.fake_vies import FakeVies, fault, invalid, valid
from customer_accounts.testing.mailbox import Mailbox, code_in
from customer_accounts.vat import (
    Buyer,
    ListPrice,
    Place,
    PricedLine,
    Seller,
    Supply,
    Treatment,
    VatDecision,
    VatNumber,
    VatStatus,
    decide_vat,
    invoice_lines,
    line_amounts,
)
from tests.faq.stage import AGENT, PASSWORD, STRANGER, SYSTEM, Stage, customer, identity, visitor

ANNA = "anna@mail.example"
MALLORY = "mallory@mail.example"
GRAZ = AddressInput(name="Anna", street="Hauptplatz 1", city="Graz", country="AT", postcode="8010")
AT, DE = Place("AT"), Place("DE", postcode="10115", city="Berlin")
SELLER = Seller("AT", oss=True, number=VatNumber.parse("ATU13585627"))
TODAY = date(2026, 11, 23)


@pytest.fixture(name="stage", params=["sqlite", "async", "asyncpg"])
def _stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """The shop on which a promise is played."""
    on_server = request.param == "asyncpg"
    database_url = request.getfixturevalue("postgres_shop").asyncpg_url if on_server else None
    with Mailbox() as mailbox:
        stage = Stage(request.param, tmp_path, mailbox, database_url)
        yield stage
        stage.close()


def _reason(answer: object) -> Reason:
    assert isinstance(answer, Refused), answer
    return answer.reason


def _statuses(stage: Stage, by: object) -> dict[str, OrderStatus]:
    page = stage.again(MyOrders(), by)
    return {one.reference: one.status for one in page.orders}


def test_F01_anyone_registers_at_any_time(stage: Stage) -> None:
    """F01: three people register at odd hours and sign in; somebody who only signs in gets nothing."""
    for hour, name in enumerate(("anna", "bert", "zoë")):
        stage.clock.forward(hours=7 * hour)
        stage.account(f"{name}@mail.example")
        assert isinstance(
            stage.again(SignIn(email=f"{name}@mail.example", password=PASSWORD), STRANGER), SignedIn
        )
    stranger = stage.again(SignIn(email="nobody@mail.example", password=PASSWORD), STRANGER)
    assert _reason(stranger) is Reason.SIGN_IN_FAILED


def test_F02_the_customer_chooses_a_password(stage: Stage) -> None:
    """F02: the chosen password works, to the letter; no other does, and a weak one cannot be chosen."""
    stage.register(ANNA, password="Ça va bien à Graz ?")
    stage.confirm(ANNA)
    assert isinstance(stage.again(SignIn(email=ANNA, password="Ça va bien à Graz ?"), STRANGER), SignedIn)
    for wrong in ("ça va bien à Graz ?", "Ça va bien à Graz", "Ça va bien à Graz ? ", ""):
        assert _reason(stage.again(SignIn(email=ANNA, password=wrong), STRANGER)) is Reason.SIGN_IN_FAILED
    weak = stage.handle(Register(email=MALLORY, password="motdepasse1"), STRANGER)
    assert _reason(weak) is Reason.PASSWORD_TOO_COMMON


def test_F03_or_lets_the_system_generate_one(stage: Stage) -> None:
    """F03: made at the proof, shown once, works; it is in no mail, and nobody who did not ask gets one."""
    stage.register(ANNA, generate_password=True)
    confirmed = stage.confirm(ANNA)
    password = confirmed.generated_password
    assert password is not None
    assert isinstance(stage.again(SignIn(email=ANNA, password=password), STRANGER), SignedIn)
    assert password not in stage.texts(ANNA)
    stage.register("bert@mail.example")
    assert stage.confirm("bert@mail.example").generated_password is None
    blank = stage.handle(Register(email=MALLORY, password=""), STRANGER)
    assert _reason(blank) is Reason.PASSWORD_EMPTY


def test_F04_a_confirmation_arrives_by_mail(stage: Stage) -> None:
    """F04: one mail with link and code, in the customer's language; before the proof there is no account."""
    stage.register(ANNA, locale="fr")
    (mail,) = stage.mail(ANNA)
    assert mail["Content-Language"] == "fr"
    assert code_in(mail)
    assert _reason(stage.again(SignIn(email=ANNA, password=PASSWORD), STRANGER)) is Reason.SIGN_IN_FAILED
    assert _reason(stage.again(ConfirmEmail(token="x" * 43), STRANGER)) is Reason.LINK_INVALID
    stage.confirm(ANNA)
    assert isinstance(stage.again(SignIn(email=ANNA, password=PASSWORD), STRANGER), SignedIn)
    assert stage.mail(MALLORY) == []


def test_F05_no_mail_is_no_dead_end(stage: Stage) -> None:
    """F05: told about spam and the contact, sent again on request; who never registered gets no mail by it."""
    answer = stage.register(ANNA, locale="fr")
    assert "spam" in answer.advice
    assert answer.contact in answer.advice
    first = stage.token(ANNA, "confirm")
    stage.require(ResendConfirmation(email=ANNA), visitor())
    assert len(stage.mail(ANNA)) == 2
    stage.require(ConfirmEmail(token=first), visitor())
    stranger = stage.require(ResendConfirmation(email=MALLORY), STRANGER)
    assert isinstance(stranger, Registered)
    assert stage.mail(MALLORY) == []


def test_F06_typing_errors_are_pointed_out(stage: Stage) -> None:
    """F06: the likely address is suggested before anybody relies on it, and put right from the same browser only."""
    assert stage.register("anna@gmial.com").email_suggestion == "anna@gmail.com"
    assert stage.register(MALLORY, by=STRANGER).email_suggestion is None
    unreadable = stage.handle(Register(email="anna@gmail,com", password=PASSWORD), visitor())
    assert isinstance(unreadable, Refused)
    assert unreadable.suggestion == "anna@gmail.com"
    elsewhere = visitor("a browser that registered nothing")
    assert (
        _reason(stage.handle(CorrectRegistrationAddress(email=MALLORY), elsewhere)) is Reason.NOTHING_WAITING
    )
    stage.require(CorrectRegistrationAddress(email="anna@gmail.com"), visitor())
    stage.confirm("anna@gmail.com")
    assert isinstance(stage.again(SignIn(email="anna@gmail.com", password=PASSWORD), STRANGER), SignedIn)


def test_F07_status_of_the_current_order(stage: Stage) -> None:
    """F07: the owner sees how far the order is; another customer and a visitor do not."""
    anna, mallory = stage.account(ANNA), stage.account(MALLORY)
    stage.order("o1", ANNA, by=anna)
    stage.require(RecordOrderStatus(reference="o1", status=OrderStatus.PAID, at=stage.clock()), SYSTEM)
    assert stage.again(MyOrder(reference="o1"), anna).status is OrderStatus.PAID
    assert _reason(stage.again(MyOrder(reference="o1"), mallory)) is Reason.NOT_FOUND
    assert stage.again(MyOrder(reference="o1"), mallory) == stage.again(MyOrder(reference="none"), mallory)
    assert _reason(stage.again(MyOrder(reference="o1"), STRANGER)) is Reason.NOT_ALLOWED


def test_F08_history_of_orders(stage: Stage) -> None:
    """F08: all orders of the account in pages, newest first; another customer's history does not hold them."""
    anna, mallory = stage.account(ANNA), stage.account(MALLORY)
    for number in range(5):
        stage.clock.forward(days=1)
        stage.order(f"o{number}", ANNA, by=anna)
    first = stage.again(MyOrders(limit=3), anna)
    rest = stage.again(MyOrders(limit=3, after=first.next), anna)
    assert [one.reference for one in (*first.orders, *rest.orders)] == ["o4", "o3", "o2", "o1", "o0"]
    assert rest.next is None
    assert _statuses(stage, mallory) == {}
    assert _reason(stage.again(MyOrders(), STRANGER)) is Reason.NOT_ALLOWED


def test_F09_wish_lists_are_kept(stage: Stage) -> None:
    """F09: a list appears with the first wish, is renamed and emptied; a stranger can do nothing with it."""
    anna, mallory = stage.account(ANNA), stage.account(MALLORY)
    stage.require(AddToWishList(product="printer"), anna)
    stage.require(AddToWishList(product="filament", quantity=3), anna)
    (wishes,) = stage.again(MyWishLists(), anna).lists
    assert {one.product: one.quantity for one in wishes.items} == {"printer": 1, "filament": 3}
    stage.require(RenameWishList(list_id=wishes.id, name="Atelier"), anna)
    stage.require(RemoveFromWishList(list_id=wishes.id, product="printer"), anna)
    (wishes,) = stage.again(MyWishLists(), anna).lists
    assert (wishes.name, [one.product for one in wishes.items]) == ("Atelier", ["filament"])
    foreign = stage.handle(AddToWishList(list_id=wishes.id, product="junk"), mallory)
    assert _reason(foreign) is Reason.NOT_FOUND
    assert _reason(stage.handle(AddToWishList(product="printer"), STRANGER)) is Reason.NOT_ALLOWED


def test_F10_delivery_addresses_are_managed(stage: Stage) -> None:
    """F10: kept as typed, checked by the country's format, one default; another customer's stay out of reach."""
    anna, mallory = stage.account(ANNA), stage.account(MALLORY)
    home = stage.require(AddAddress(address=GRAZ), anna)
    paris = GRAZ.model_copy(update={"country": "FR", "postcode": "75001", "city": "Paris"})
    second = stage.require(AddAddress(address=paris), anna)
    stage.require(SetDefaultAddress(address_id=second.id), anna)
    moved = GRAZ.model_copy(update={"street": "Herrengasse 2"})
    stage.require(ChangeAddress(address_id=home.id, address=moved), anna)
    shown = stage.again(MyAddresses(), anna).addresses
    assert {one.address.street: one.is_default for one in shown} == {
        "Herrengasse 2": False,
        "Hauptplatz 1": True,
    }
    wrong = GRAZ.model_copy(update={"postcode": "hello"})
    assert _reason(stage.handle(AddAddress(address=wrong), anna)) is Reason.ADDRESS_INVALID
    foreign = stage.handle(ChangeAddress(address_id=home.id, address=moved), mallory)
    assert _reason(foreign) is Reason.NOT_FOUND
    assert stage.again(MyAddresses(), mallory).addresses == ()
    assert _reason(stage.handle(AddAddress(address=GRAZ), STRANGER)) is Reason.NOT_ALLOWED


def test_F11_a_guest_orders_without_an_account(stage: Stage) -> None:
    """F11: also with an address that belongs to an account, whose owner then does not have the order."""
    anna = stage.account(ANNA)
    unknown = stage.order("g1", "guest@mail.example")
    known = stage.order("g2", ANNA)
    assert (unknown.reference, known.reference) == ("g1", "g2")
    assert type(unknown) is type(known)
    assert _statuses(stage, anna) == {}
    assert stage.ship("g2").status is OrderStatus.SHIPPED
    conflict = stage.handle(
        stage.order_command("g1", MALLORY), visitor("the browser of somebody who guesses references")
    )
    assert _reason(conflict) is Reason.ORDER_CONFLICT


def test_F12_guest_data_is_not_kept_for_the_next_order(stage: Stage) -> None:
    """F12: after an order nothing of the guest can be read back: no address, no list, no account; a customer's can."""
    stage.order("g1", "guest@mail.example", name="Gustav", postcode="8010")
    guest = visitor("the guest's browser, again")
    for query in (MyAddresses(), MyAccount(), MyOrders(), MyWishLists()):
        assert _reason(stage.again(query, guest)) is Reason.NOT_ALLOWED
    assert (
        _reason(stage.again(SignIn(email="guest@mail.example", password=PASSWORD), guest))
        is Reason.SIGN_IN_FAILED
    )
    again = stage.order("g2", "guest@mail.example")
    assert "Gustav" not in repr(again)
    anna = stage.account(ANNA)
    stage.require(AddAddress(address=GRAZ), anna)
    assert len(stage.again(MyAddresses(), anna).addresses) == 1


def test_F13_a_guest_gets_none_of_the_benefits(stage: Stage) -> None:
    """F13: no newsletter, no promotions, no benefit for a guest; the customer has them all and leaves with a click."""
    stage.order("g1", "guest@mail.example")
    assert benefits_of(STRANGER) == frozenset()
    assert _reason(stage.handle(SubscribeNewsletter(text_version="1"), STRANGER)) is Reason.NOT_ALLOWED
    wish = stage.order_command("g2", "guest@mail.example", newsletter=NewsletterInput(text_version="1"))
    assert _reason(stage.handle(wish, STRANGER)) is Reason.ACCOUNT_NEEDED
    anna = stage.account(ANNA)
    assert benefits_of(anna) == frozenset(Benefit)
    stage.require(SubscribeNewsletter(text_version="1"), anna)
    stage.require(ConfirmNewsletter(token=stage.token(ANNA, "newsletter")), STRANGER)
    welcome = stage.mail(ANNA)[-1]
    assert welcome["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stage.require(Unsubscribe(token=stage.token(ANNA, "unsubscribe")), STRANGER)
    assert "newsletter" not in stage.texts("guest@mail.example").lower()


def test_F14_a_guest_hears_of_the_parcel_only(stage: Stage) -> None:
    """F14: no progress mails for a guest, the tracking number once it ships; the customer gets progress mails."""
    anna = stage.account(ANNA)
    stage.order("g1", "guest@mail.example")
    stage.order("o1", ANNA, by=anna)
    before = len(stage.mail(ANNA))
    for reference in ("g1", "o1"):
        stage.require(
            RecordOrderStatus(reference=reference, status=OrderStatus.PAID, at=stage.clock()), SYSTEM
        )
    assert stage.mail("guest@mail.example") == []
    assert len(stage.mail(ANNA)) == before + 1
    stage.ship("g1", "1Z-GUEST")
    stage.ship("g1", "1Z-GUEST")
    (tracking,) = stage.mail("guest@mail.example")
    assert "1Z-GUEST" in stage.texts("guest@mail.example")
    assert "1Z-GUEST" not in stage.texts(ANNA)
    page = stage.again(ViewGuestOrder(reference_token=stage.token("guest@mail.example", "order")), STRANGER)
    assert page.number == "N-g1"
    assert tracking["Auto-Submitted"] == "auto-generated"
    assert order_mails(Audience.GUEST, OrderEvent.PAID) == ()
    assert len(order_mails(Audience.ACCOUNT, OrderEvent.PAID)) == 1


def test_F15_a_guest_opens_an_account_alone(stage: Stage) -> None:
    """F15: as any new customer, or with one tick at the checkout; only the mailbox's owner gets the orders."""
    stage.order("g1", ANNA)
    anna = stage.account(ANNA)
    assert _statuses(stage, anna) == {"g1": OrderStatus.PLACED}
    stage.order("g2", "bert@mail.example", by=visitor("bert's browser at the checkout"), open_account=True)
    bert = stage.confirm("bert@mail.example", visitor("bert's browser at the checkout"))
    assert bert.claimed == 1
    assert _statuses(stage, customer(bert.session)) == {"g2": OrderStatus.PLACED}
    mallory = stage.account(MALLORY)
    assert _statuses(stage, mallory) == {}


def test_F16_or_support_converts_the_guest(stage: Stage) -> None:
    """F16: the agent converts, the customer sets the password by mail, past orders come along; staff sees none."""
    stage.order("g1", ANNA)
    converted = stage.require(ConvertGuest(email=ANNA, reason="wrote to us on 23 November"), AGENT)
    link = stage.token(ANNA, "set_password")
    assert link not in repr(converted)
    confirmed = stage.require(ConfirmEmail(token=link, new_password=PASSWORD), visitor())
    assert confirmed.claimed == 1
    assert _statuses(stage, customer(confirmed.session)) == {"g1": OrderStatus.PLACED}
    assert isinstance(stage.again(SignIn(email=ANNA, password=PASSWORD), STRANGER), SignedIn)
    assert _reason(stage.handle(ConvertGuest(email=MALLORY, reason="x"), STRANGER)) is Reason.NOT_ALLOWED


def test_F17_the_typo_warning_at_guest_checkout(stage: Stage) -> None:
    """F17: the guest is warned like the customer; the order stands, and a right address brings no warning."""
    assert stage.order("g1", "guest@gmial.com").email_suggestion == "guest@gmail.com"
    assert stage.order("g2", "guest@gmail.com").email_suggestion is None
    unreadable = stage.handle(stage.order_command("g3", "guest@gmail,com"), STRANGER)
    assert isinstance(unreadable, Refused)
    assert (unreadable.reason, unreadable.suggestion) == (Reason.EMAIL_INVALID, "guest@gmail.com")
    assert stage.ship("g1").status is OrderStatus.SHIPPED


def test_F18_a_customer_links_a_social_account(stage: Stage) -> None:
    """F18: Facebook and Google+, from inside the account; somebody else cannot link the same one."""
    anna, mallory = stage.account(ANNA), stage.account(MALLORY)
    stage.require(LinkIdentity(identity=identity(stage, "facebook", "4711", by=anna)), anna)
    stage.require(LinkIdentity(identity=identity(stage, "google+", "108", by=anna)), anna)
    assert set(stage.again(MyAccount(), anna).providers) == {"facebook", "google"}
    taken = LinkIdentity(identity=identity(stage, "facebook", "4711", by=mallory))
    assert _reason(stage.handle(taken, mallory)) is Reason.IDENTITY_IN_USE
    assert _reason(stage.handle(taken, STRANGER)) is Reason.NOT_ALLOWED
    assert stage.again(MyAccount(), mallory).providers == ()


def test_F19_a_social_sign_in_creates_an_account(stage: Stage) -> None:
    """F19: at once where the provider answers for the address, after the proof otherwise; never over an account."""
    anna, bert = visitor(), visitor("bert's browser at the kitchen table")
    google = identity(stage, "google", "108", by=anna, email="anna@gmail.com", proven=True)
    created = stage.require(SignInWithIdentity(identity=google), anna)
    assert isinstance(created, Confirmed)
    assert stage.again(MyAccount(), customer(created.session)).email == "anna@gmail.com"
    facebook = identity(stage, "facebook", "4711", by=bert, email="bert@mail.example")
    assert isinstance(stage.require(SignInWithIdentity(identity=facebook), bert), Registered)
    stage.confirm("bert@mail.example", bert)
    assert isinstance(stage.require(SignInWithIdentity(identity=facebook), bert), SignedIn)
    stage.account(ANNA)
    for thief in (
        identity(stage, "facebook", "666", by=STRANGER, email=ANNA),
        identity(stage, "google", "666", by=STRANGER, email=ANNA, proven=True),
    ):
        answer = stage.handle(SignInWithIdentity(identity=thief), STRANGER)
        assert not isinstance(answer, SignedIn | Confirmed)


def test_F20_from_then_on_without_a_password(stage: Stage) -> None:
    """F20: the linked identity signs in from anywhere; another one with the same address, or after unlinking, not."""
    anna = stage.account(ANNA)
    stage.require(LinkIdentity(identity=identity(stage, "facebook", "4711", by=anna, email=ANNA)), anna)
    facebook = identity(stage, "facebook", "4711", by=STRANGER, email=ANNA)
    signed_in = stage.again(SignInWithIdentity(identity=facebook), STRANGER)
    assert isinstance(signed_in, SignedIn)
    assert signed_in.account_id == anna.account_id
    other = identity(stage, "facebook", "4712", by=STRANGER, email=ANNA)
    assert not isinstance(stage.again(SignInWithIdentity(identity=other), STRANGER), SignedIn)
    stage.require(UnlinkIdentity(provider="facebook"), customer(signed_in.session))
    assert not isinstance(stage.again(SignInWithIdentity(identity=facebook), STRANGER), SignedIn)


def test_F21_a_company_registers_with_its_vat_number(stage: Stage) -> None:
    """F21: the number belongs to the account and is no credential; an unreadable one warns and refuses nothing."""
    company = CompanyInput(name="Muster GmbH", vat_number="de 136 695 976")
    anna = stage.account(ANNA, company=company)
    shown = stage.again(MyAccount(), anna).company
    assert (shown.name, shown.vat_number) == ("Muster GmbH", "DE136695976")
    assert isinstance(stage.again(SignIn(email=ANNA, password=PASSWORD), STRANGER), SignedIn)
    as_credential = stage.again(SignIn(email="DE136695976", password=PASSWORD), STRANGER)
    assert isinstance(as_credential, Refused)
    bert = stage.account("bert@mail.example", company=CompanyInput(name="Bert", vat_number="hello"))
    assert stage.again(MyAccount(), bert).company.vat_number is None


def test_F22_a_foreign_number_needs_vies(stage: Stage) -> None:
    """F22: known to VIES it is accepted; not known to VIES, it is not, and the company is told what to do."""
    with FakeVies() as vies:
        vies.set("DE136695976", valid())
        vies.set("FR40303265045", invalid())
        anna = stage.account(ANNA, company=CompanyInput(name="Muster GmbH", vat_number="DE136695976"))
        bert = stage.account(
            "bert@mail.example", company=CompanyInput(name="Bert SA", vat_number="FR40303265045")
        )
        assert stage.again(MyAccount(), anna).company.vat_status is VatStatus.PENDING
        stage.check_vat_numbers(vies.url)
    assert stage.again(MyAccount(), anna).company.vat_status is VatStatus.VALID
    refused = stage.again(MyAccount(), bert).company
    assert refused.vat_status is VatStatus.INVALID
    assert "VIES" in refused.advice


def test_F23_the_number_is_checked_by_the_rules_of_the_union(stage: Stage) -> None:
    """F23: only the register's own answer makes a number valid; an outage, garbage or another's answer do not."""
    with FakeVies() as vies:
        vies.set("DE136695976", fault("MS_UNAVAILABLE"))
        anna = stage.account(ANNA)
        stage.require(SetCompany(company=CompanyInput(name="Muster GmbH", vat_number="DE136695976")), anna)
        stage.check_vat_numbers(vies.url)
        shown = stage.again(MyAccount(), anna).company
        assert shown.vat_status is VatStatus.UNVERIFIED
        vies.set("DE136695976", valid())
        stage.clock.forward(days=1)
        stage.check_vat_numbers(vies.url)
    assert stage.again(MyAccount(), anna).company.vat_status is VatStatus.VALID


def _company(stage: Stage, status: VatStatus, number: str = "DE136695976") -> Buyer:
    """Give the buyer that a company account is, after the register said so."""
    anna = stage.account(ANNA, company=CompanyInput(name="Muster GmbH", vat_number=number))
    with FakeVies() as vies:
        if status is VatStatus.UNVERIFIED:
            vies.set(number, fault("MS_UNAVAILABLE"))
        else:
            vies.set(number, valid() if status is VatStatus.VALID else invalid())
        stage.check_vat_numbers(vies.url)
    company = stage.again(MyAccount(), anna).company
    assert company.vat_status is status
    return buyer_of(company)


def _decided(buyer: Buyer, to: Place = DE) -> VatDecision:
    return decide_vat(Supply(kind="goods", ships_from=AT, ships_to=to, on=TODAY), buyer, SELLER)


CONSUMER = Buyer(is_business=False)


def test_F24_an_accepted_company_pays_no_vat(stage: Stage) -> None:
    """F24: goods to another member state, number valid: exempt under Art. 138; a consumer there pays the tax."""
    decision = _decided(_company(stage, VatStatus.VALID))
    assert (decision.rule, decision.treatment) == ("G04", Treatment.INTRA_COMMUNITY_SUPPLY)
    assert (decision.rate, decision.provisional) == (Decimal(0), False)
    assert _decided(CONSUMER).rate == Decimal(19)


@pytest.mark.parametrize("status", [VatStatus.INVALID, VatStatus.UNVERIFIED])
def test_F25_an_unrecognised_number_never_stops_the_order(stage: Stage, status: VatStatus) -> None:
    """F25: the order goes through, VAT is charged, and the company learns how to claim it back; never exempt."""
    decision = _decided(_company(stage, status))
    stage.order("o1", ANNA)
    assert decision.rate == Decimal(20)
    assert decision.treatment is not Treatment.INTRA_COMMUNITY_SUPPLY
    assert decision.provisional is (status is VatStatus.UNVERIFIED)
    assert decision.reclaim is not None
    assert "2008/9" in decision.reclaim.text("fr")
    assert stage.ship("o1").status is OrderStatus.SHIPPED


def test_F26_the_number_is_information_on_the_invoice(stage: Stage) -> None:
    """F26: at home the price is the same with and without number, which is printed; nothing is invented without."""
    home = Place("AT", postcode="8010", city="Graz")
    with_number = _decided(_company(stage, VatStatus.VALID, "ATU13585627"), home)
    without = _decided(CONSUMER, home)
    assert (with_number.rule, with_number.rate) == (without.rule, without.rate) == ("G03", Decimal(20))
    assert any("ATU13585627" in line for line in invoice_lines(with_number, "fr"))
    assert not any("ATU" in line for line in invoice_lines(without, "fr"))


def test_F27_resellers_pay_the_same(stage: Stage) -> None:
    """F27: whoever asks for reseller prices is refused in words; the company's net price is everybody's."""
    anna = stage.account(ANNA, company=CompanyInput(name="Reseller SARL", vat_number="FR40303265045"))
    for by in (anna, STRANGER):
        refused = stage.handle(RequestResellerPricing(message="50 pieces, please"), by)
        assert _reason(refused) is Reason.RESELLER_PRICING
        assert "consommateurs finaux" in refused.text("fr")
    company = buyer_of(stage.again(MyAccount(), anna).company)
    listed = ListPrice(Decimal("120.00"), Decimal(20))
    nets = {
        line_amounts(PricedLine(listed, Decimal(50), _decided(buyer).rate or Decimal(0))).net
        for buyer in (company, CONSUMER)
    }
    assert nets == {Decimal("5000.00")}


def test_every_promise_has_its_test() -> None:
    """The FAQ has 27 promises; none is left out here, none is skipped."""
    names = {name[5:8] for name in globals() if name.startswith("test_F")}
    assert names == {f"F{number:02}" for number in range(1, 28)}
