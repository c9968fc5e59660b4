"""What the invoice says about VAT."""

import pytest
from hypothesis import given

from customer_accounts.vat import Buyer, Seller, Supply, VatNumber, decide_order, decide_vat, invoice_lines
from tests.vat.cases import AUSTRIAN, GERMAN, buyers, company, decided, goods, sellers, service, supplies

SHOP = Seller("AT", oss=True, number=VatNumber.parse("ATU13585627"))


def test_a_domestic_number_is_printed_as_information() -> None:
    """F26: the Austrian company's number is on the invoice, and nothing else changes."""
    with_number = decided(goods("AT", "AT"), company(AUSTRIAN), SHOP)
    without = decided(goods("AT", "AT"), company(), SHOP)
    assert invoice_lines(with_number, "fr") == ("N°\u00a0de TVA du client\u00a0: ATU13585627",)
    assert invoice_lines(without, "fr") == ()
    assert with_number.rate == without.rate


@pytest.mark.parametrize(
    ("locale", "customer", "seller"),
    [
        ("de", "UID-Nummer des Kunden: DE136695976", "Unsere UID-Nummer: ATU13585627"),
        ("en", "Customer\u2019s VAT number: DE136695976", "Our VAT number: ATU13585627"),
        ("fr", "N°\u00a0de TVA du client\u00a0: DE136695976", "Notre n° de TVA\u00a0: ATU13585627"),
    ],
)
def test_an_exempt_supply_shows_the_note_and_both_numbers(locale: str, customer: str, seller: str) -> None:
    """Art. 226(3) and (4): both numbers, and the reason of the exemption."""
    lines = invoice_lines(decided(goods("AT", "DE"), company(GERMAN), SHOP), locale)
    assert "138" in lines[0]
    assert lines[1:] == (customer, seller)


def test_the_sellers_number_must_be_known_where_the_law_wants_it() -> None:
    """An invoice without it would be wrong, so it is refused; it may be given with the call."""
    decision = decided(service(), company(GERMAN), Seller("AT"))
    with pytest.raises(ValueError, match="VAT number"):
        invoice_lines(decision, "de")
    assert "ATU13585627" in invoice_lines(decision, "de", seller_number="ATU13585627")[-1]


def test_goods_from_a_foreign_warehouse_are_invoiced_under_its_states_number() -> None:
    """Art. 226(3): the number under which the goods were supplied, not that of the seat; without it, none."""
    german = VatNumber.parse("DE136695976")
    from_germany = goods("DE", "AT")
    both = Seller("AT", number=VatNumber.parse("ATU13585627"), other_numbers=[german])
    assert (
        invoice_lines(decided(from_germany, company(AUSTRIAN), both), "en")[-1]
        == "Our VAT number: DE136695976"
    )
    assert invoice_lines(decided(goods("AT", "DE"), company(GERMAN), both), "en")[-1].endswith("ATU13585627")
    with pytest.raises(ValueError, match="VAT number of DE"):
        invoice_lines(decided(from_germany, company(AUSTRIAN), SHOP), "en")


def test_an_order_says_each_thing_once() -> None:
    """Two exempt lines and a service: two notes, one number each."""
    order = decide_order([goods("AT", "DE"), goods("AT", "DE"), service()], company(GERMAN), SHOP)
    lines = invoice_lines(order, "en")
    assert len(lines) == len(set(lines)) == 4
    assert lines[0].startswith("VAT-exempt intra-Community supply")
    assert lines[1].startswith("Reverse charge")


@given(supplies, buyers, sellers)
def test_whatever_is_decided_can_be_printed(supply: Supply, buyer: Buyer, seller: Seller) -> None:
    """Any decision has its lines; a number that was given is among them; goods never say reverse charge."""
    lines = invoice_lines(decide_vat(supply, buyer, seller), "en", seller_number="ATU13585627")
    text = "\n".join(lines)
    assert (buyer.number is None) or buyer.number.compact in text
    assert supply.kind != "goods" or "Reverse charge" not in text
