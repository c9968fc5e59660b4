"""How customers get charged VAT back."""

import re
from datetime import date

import pytest

from customer_accounts.vat import Buyer, Place, ReclaimAdvice, ReclaimKind, Seller, VatDecision
from tests.vat.cases import AUSTRIAN, FRENCH, GERMAN, NORTHERN_IRISH, company, decided, goods, service

AS_CONSUMER = Seller("AT", oss=True, unverified_business="consumer")


@pytest.mark.parametrize(
    ("decision", "kind"),
    [
        (decided(goods("AT", "AT"), company(AUSTRIAN)), "own_return"),
        (decided(goods("AT", "DE"), company(AUSTRIAN)), "own_return"),
        (decided(goods("AT", "DE"), company()), "directive_2008_9"),
        (decided(goods("AT", "DE"), company(GERMAN, "invalid")), "directive_2008_9"),
        (decided(goods("AT", "DE", pickup=True), company(FRENCH)), "directive_2008_9"),
        (decided(goods("AT", "AT"), company(place=Place("GB", "BT1 1AA"))), "directive_2008_9"),
        (decided(goods("AT", "AT"), company(NORTHERN_IRISH)), "directive_2008_9"),
        (decided(service(), company(NORTHERN_IRISH, place=Place("AT"))), "directive_86_560"),
        (decided(goods("AT", "AT"), company(place=Place("CH"))), "directive_86_560"),
        (decided(goods("AT", "DE"), company(GERMAN, "invalid"), AS_CONSUMER), "local_deduction"),
        (decided(goods("AT", "DE"), company(GERMAN)), "self_assessed"),
        (decided(goods("AT", "CH"), company(place=Place("CH"))), "nothing_charged"),
        (decided(goods("AT", "CH")), "nothing_charged"),
        (decided(goods("AT", "DE")), "consumer"),
        (decided(goods("CH", "AT")), "import"),
        (decided(service(), company(place=Place("CH"))), "outside_scope"),
        (decided(service(), company(NORTHERN_IRISH)), "outside_scope"),
        (decided(service(kind="electronic_service"), Buyer(place=Place("CH"))), "outside_scope"),
    ],
)
def test_the_way_to_the_money(decision: VatDecision, kind: str) -> None:
    """F25: own return at home, the home portal for VAT of another state, and so on; each in three
    languages.
    """
    assert decision.reclaim.kind == kind
    assert len({decision.reclaim.text(locale) for locale in ("fr", "de", "en")}) == 3


def test_a_service_is_not_imported() -> None:
    """Whoever buys a service outside the Union reads nothing about import and customs: no parcel crosses a border."""
    texts = [
        decided(service(), company(place=Place("CH"))).reclaim.text(locale) for locale in ("fr", "de", "en")
    ]
    assert not [
        text for text in texts if re.search(r"import|einfuhr|douane|zoll|dut(y|ies)", text, re.IGNORECASE)
    ]


def test_a_foreign_company_is_sent_to_the_portal_of_its_own_state() -> None:
    """F25: Austrian VAT of a German company: through Germany's portal, by 30 September of the next year."""
    advice = decided(goods("AT", "DE", on=date(2026, 3, 1)), company(GERMAN, "unverified")).reclaim
    assert (advice.kind, advice.state, advice.home) == (ReclaimKind.DIRECTIVE_2008_9, "AT", "DE")
    assert (advice.portal, advice.deadline) == ("BZSt-Online-Portal", date(2027, 9, 30))
    assert "30 septembre 2027" in advice.text("fr")
    assert "BZSt-Online-Portal" in advice.text("en")


def test_other_ways_have_no_portal_and_no_deadline() -> None:
    """A domestic company deducts in its own return; a Swiss one asks the state that charged."""
    for buyer in (company(AUSTRIAN), company(place=Place("CH"))):
        advice = decided(goods("AT", "AT"), buyer).reclaim
        assert (advice.portal, advice.deadline) == (None, None)


@pytest.mark.parametrize(
    ("home", "portal"), [(Place("PT", "9500-150"), "Portal das Finanças"), (Place("MC"), "impots.gouv.fr")]
)
def test_a_territory_has_the_portal_of_its_state(home: Place, portal: str) -> None:
    """A company on the Azores applies in Portugal, one in Monaco in France."""
    advice = decided(goods("DE", "AT"), company(place=home)).reclaim
    assert (advice.kind, advice.portal) == (ReclaimKind.DIRECTIVE_2008_9, portal)
    assert portal in advice.text("en")


def test_a_home_that_is_gone_names_no_portal() -> None:
    """A stored decision may name a territory that the list has no more."""
    advice = ReclaimAdvice(ReclaimKind.DIRECTIVE_2008_9, "AT", "XX-GONE", None)
    assert advice.portal is None
    assert "()" not in advice.text("en")


def test_the_last_year_of_the_calendar_has_no_next() -> None:
    """A day at the end of time is decided like any other."""
    advice = decided(goods("AT", "AT", on=date.max), Buyer(is_business=True, place="DE")).reclaim
    assert advice.deadline is None
