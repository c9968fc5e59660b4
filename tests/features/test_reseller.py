"""Resellers pay the same (F27)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from attrs import fields_dict
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from customer_accounts.account import Company
from customer_accounts.actors import Agent, System
from customer_accounts.features.company import buyer_of
from customer_accounts.features.reseller import RequestResellerPricing, reseller_reply
from customer_accounts.inputs import CompanyInput
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Storefront
from customer_accounts.vat import (
    ListPrice,
    Place,
    PricedLine,
    Seller,
    Supply,
    VatStatus,
    decide_vat,
    line_amounts,
)
from customer_accounts.wording import LOCALES
from tests.shop import Shop

FAQ = (
    "Malheureusement, cela nous est impossible. Nous vendons nos produits uniquement aux consommateurs "
    "finaux, et n'appliquons pas de prix particuliers pour les revendeurs."
)
REQUEST = RequestResellerPricing(message="50 spools, please", company=CompanyInput(name="Reseller SARL"))
CUSTOMERS = st.one_of(
    st.none(),
    st.just(Company("X")),
    st.builds(
        lambda number, status: Company("X", number, number, status),
        st.sampled_from(["DE136695976", "FR40303265045", "ATU13585627"]),
        st.sampled_from([one for one in VatStatus if one is not VatStatus.NOT_GIVEN]),
    ),
)
PLACES = st.sampled_from(["AT", "DE", "FR", "CH", "US"])


def test_everybody_is_refused_in_the_words_of_the_faq(shop: Shop) -> None:
    """F27: visitor, customer, company and agent get the same answer."""
    company = CompanyInput(name="Reseller SARL", vat_number="FR40303265045")
    anna = shop.customer(shop.open_account(company=company).session)
    for actor in (shop.visitor(), anna, Agent("17", "Eva")):
        refused = shop.handle(REQUEST, by=actor)
        assert refused == Refused(Reason.RESELLER_PRICING)
        assert refused.text("fr").replace("’", "'") == FAQ
        assert refused.http_status == 403
    actors = [one.actor for one in shop.events(EventKind.RESELLER_PRICING_REFUSED)]
    assert actors == ["visitor", f"signedincustomer:{anna.account_id}", "agent:17"]


def test_the_shop_learns_who_asks_and_stores_nothing(shop: Shop) -> None:
    """DP-01, LG-03: the message is told to the host on one line, and kept nowhere."""
    shop.handle(RequestResellerPricing(message="50 spools\r\nFAKE LOG LINE"), by=shop.visitor())
    (event,) = shop.events(EventKind.RESELLER_PRICING_REFUSED)
    assert event.detail == "50 spools\\u000d\\u000aFAKE LOG LINE"
    assert shop.storage._tables.events == []
    assert shop.mails() == []


def test_the_system_asks_for_no_price(shop: Shop) -> None:
    """F27: a price is asked for by people."""
    command: Any = REQUEST
    assert shop.handle(command, by=System()) == Refused(Reason.NOT_ALLOWED)


def test_a_message_has_a_length() -> None:
    """F27: a form's text fits; a book does not."""
    assert len(RequestResellerPricing(message="x" * 5000).message) == 5000
    with pytest.raises(ValidationError):
        RequestResellerPricing(message="x" * 5001)


@pytest.mark.parametrize("locale", [*LOCALES, "pt"])
def test_support_has_an_answer_ready(locale: str) -> None:
    """F27: the letter holds the refusal, the shop and its contact, in the language of whoever wrote."""
    front = Storefront(name="Demo {Shop}", base_url="https://shop.example", contact="help@shop.example")
    letter = reseller_reply(locale, front)
    assert Refused(Reason.RESELLER_PRICING).text(locale) in letter
    assert letter.count("Demo {Shop}") == 2
    assert "help@shop.example" in letter
    assert letter.endswith("\n")


def test_the_letters_differ_by_language() -> None:
    """F27: polite in each language, and never in two at once."""
    front = Storefront(name="Demo Shop", base_url="https://shop.example", contact="help@shop.example")
    openings = {locale: reseller_reply(locale, front).split("\n", 1)[0] for locale in LOCALES}
    assert openings == {"fr": "Bonjour,", "de": "Guten Tag,", "en": "Hello,"}


def test_a_list_price_knows_no_customer() -> None:
    """F27: there is no field through which a customer, a company or a quantity could reach a price."""
    assert set(fields_dict(ListPrice)) == {"amount", "rate", "includes_vat"}


@given(
    cents=st.integers(1, 10**7),
    gross=st.booleans(),
    one=CUSTOMERS,
    other=CUSTOMERS,
    place=PLACES,
    quantity=st.integers(1, 1000),
)
def test_no_customer_company_status_or_quantity_changes_the_net_price(
    cents: int, gross: bool, one: Company | None, other: Company | None, place: str, quantity: int
) -> None:
    """F27: two customers with any company and status pay the same net for the same goods, also in bulk."""
    price = ListPrice(Decimal(cents) / 100, Decimal(20), includes_vat=gross)
    supply = Supply(ships_from=Place("AT"), ships_to=Place(place), on=date(2026, 11, 23))
    seller = Seller("AT", oss=True)
    nets = set()
    for customer in (one, other):
        rate = decide_vat(supply, buyer_of(customer), seller).rate
        assert rate is not None
        nets.add(line_amounts(PricedLine(price, Decimal(quantity), rate)).net)
    (net,) = nets
    assert abs(net - quantity * price.unit_net(10)) <= Decimal("0.006")
