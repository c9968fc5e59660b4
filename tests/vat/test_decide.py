"""Decisions: one test for each row and each trap, and what holds for all of them."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.vat import (
    Buyer,
    HostRates,
    Place,
    RateSource,
    Seller,
    Supply,
    Treatment,
    VatDecision,
    VatNumber,
    VatStatus,
    decide_order,
    decide_vat,
    packaged_rates,
    packaged_table,
)
from tests.vat.cases import (
    AUSTRIAN,
    FRENCH,
    GERMAN,
    NORTHERN_IRISH,
    ON,
    PLACES,
    buyers,
    company,
    decided,
    goods,
    numbers,
    sellers,
    service,
    supplies,
)

OSS = Seller("AT", oss=True)
SMALL = Seller("AT", below_threshold=True)
AS_CONSUMER = Seller("AT", oss=True, unverified_business="consumer")


def outcome(decision: VatDecision) -> tuple[str, str, str | None]:
    """Rule, treatment and rate."""
    rate = decision.rate
    return decision.rule, decision.treatment.value, str(rate) if rate is not None else None


def test_the_example_of_the_design() -> None:
    """A German company with a confirmed number: exempt, with everything the invoice and the record need."""
    decision = decide_vat(
        Supply(
            kind="goods",
            ships_from=Place("AT"),
            ships_to=Place("DE", postcode="10115", city="Berlin"),
            on=ON,
            pickup=False,
        ),
        Buyer(is_business=True, number=VatNumber.parse("de 136 695 976"), status=VatStatus.VALID),
        Seller(country="AT", oss=True),
    )
    assert decision.rule == "G04"
    assert decision.treatment is Treatment.INTRA_COMMUNITY_SUPPLY
    assert (decision.rate, decision.provisional) == (Decimal(0), False)
    assert (decision.en16931_category, decision.vatex_code) == ("K", "VATEX-EU-IC")
    assert decision.legal_basis.startswith("Art. 138(1), (1a) Directive 2006/112/EC; Art. 6 Abs. 1")
    assert decision.needs_both_numbers
    assert (decision.warnings, decision.manual_review) == ((), False)
    assert decision.rate_source is not None
    assert decision.rate_source.country == "AT"


GOODS = [
    # G00: dispatch from outside the Union is never one of the rules inside it
    ("CH", "AT", company(AUSTRIAN), OSS, ("G00", "import", None)),
    ("GB", "DE", Buyer(), OSS, ("G00", "import", None)),
    (Place("ES", "35001"), "DE", company(GERMAN), OSS, ("G00", "import", None)),
    (Place("CY", region="CY-N"), "DE", Buyer(), OSS, ("G00", "import", None)),
    # G02: exports, whatever the customer
    ("AT", "CH", Buyer(), OSS, ("G02", "export", "0")),
    ("AT", "CH", company(GERMAN), OSS, ("G02", "export", "0")),
    ("AT", "CH", company(GERMAN, "unverified"), OSS, ("G02", "export", "0")),
    ("AT", "GB", Buyer(), OSS, ("G02", "export", "0")),
    ("AT", Place("ES", "35001"), Buyer(), OSS, ("G02", "export", "0")),
    ("AT", Place("FR", "97110"), company(FRENCH), OSS, ("G02", "export", "0")),
    ("AT", Place("DE", "78266"), company(GERMAN), OSS, ("G02", "export", "0")),
    ("AT", Place("FI", "22100"), Buyer(), OSS, ("G02", "export", "0")),
    ("AT", Place("GB", "IM1 1AA"), Buyer(), OSS, ("G02", "export", "0")),
    ("ES", Place("ES", "38001"), Buyer(), OSS, ("G02", "export", "0")),
    ("DE", Place("DE", "27498"), Buyer(), OSS, ("G02", "export", "0")),
    ("AT", Place("CY", region="CY-N"), Buyer(), OSS, ("G02", "export", "0")),
    # from Northern Ireland Great Britain is home, by British law, and Switzerland is an export
    ("XI", "GB", Buyer(), Seller("XI"), ("G03", "domestic", "20")),
    ("XI", Place("GB", "IM1 1AA"), company(NORTHERN_IRISH), Seller("XI"), ("G03", "domestic", "20")),
    ("XI", "CH", Buyer(), Seller("XI"), ("G02", "export", "0")),
    ("XI", "DE", company(GERMAN), Seller("XI"), ("G04", "intra_community_supply", "0")),
    # G03: the goods stay in the state of dispatch
    ("AT", "AT", Buyer(), OSS, ("G03", "domestic", "20")),
    ("AT", "AT", company(AUSTRIAN), OSS, ("G03", "domestic", "20")),
    ("AT", "AT", company(GERMAN), OSS, ("G03", "domestic", "20")),
    ("DE", "DE", company(GERMAN), OSS, ("G03", "domestic", "19")),
    ("FR", "MC", company(FRENCH), OSS, ("G03", "domestic", "20")),
    ("AT", Place("DE", "87567"), Buyer(), OSS, ("G03", "domestic", "20")),
    # G04: exempt with a confirmed number of another state
    ("AT", "DE", company(GERMAN), OSS, ("G04", "intra_community_supply", "0")),
    ("AT", "MC", company(FRENCH), OSS, ("G04", "intra_community_supply", "0")),
    ("AT", "FR", company(GERMAN), OSS, ("G04", "intra_community_supply", "0")),
    ("AT", Place("GB", "BT1 1AA"), company(NORTHERN_IRISH), OSS, ("G04", "intra_community_supply", "0")),
    ("DE", "AT", company(AUSTRIAN), OSS, ("G04", "intra_community_supply", "0")),
    # G05: a number of the state of dispatch never exempts
    ("AT", "DE", company(AUSTRIAN), OSS, ("G05", "domestic", "20")),
    ("AT", "DE", company(AUSTRIAN, "unverified"), OSS, ("G05", "domestic", "20")),
    ("DE", "AT", company(GERMAN, "pending"), OSS, ("G05", "domestic", "19")),
    # G06: not answered yet: VAT now, decided again later
    ("AT", "DE", company(GERMAN, "unverified"), OSS, ("G06", "domestic", "20")),
    ("AT", "DE", company(GERMAN, "pending"), OSS, ("G06", "domestic", "20")),
    ("AT", "DE", company(GERMAN, "unverified"), AS_CONSUMER, ("G06", "distance_sale", "19")),
    (
        "AT",
        "DE",
        company(GERMAN, "unverified"),
        Seller("AT", below_threshold=True, unverified_business="consumer"),
        ("G06", "domestic", "20"),
    ),
    # G07: no number that counts
    ("AT", "DE", company(), OSS, ("G07", "domestic", "20")),
    ("AT", "DE", company(GERMAN, "invalid"), OSS, ("G07", "domestic", "20")),
    ("AT", "DE", company(None, problem="wrong_kind"), OSS, ("G07", "domestic", "20")),
    ("AT", "DE", company(None, problem="malformed"), OSS, ("G07", "domestic", "20")),
    ("AT", "DE", company(AUSTRIAN, "invalid"), OSS, ("G07", "domestic", "20")),
    ("AT", "DE", company(GERMAN, "invalid"), AS_CONSUMER, ("G07", "distance_sale", "19")),
    (
        "AT",
        "DE",
        company(GERMAN, "invalid"),
        Seller("AT", below_threshold=True, unverified_business="consumer"),
        ("G07", "domestic", "20"),
    ),
    # G08 and G09: consumers
    ("AT", "DE", Buyer(), SMALL, ("G08", "domestic", "20")),
    ("AT", "DE", Buyer(), Seller("AT", below_threshold=True, oss=True), ("G09", "distance_sale", "19")),
    (
        "AT",
        "DE",
        Buyer(),
        Seller("AT", below_threshold=True, registered_in=["DE"]),
        ("G09", "distance_sale", "19"),
    ),
    (
        "DE",
        "FR",
        Buyer(),
        Seller("AT", below_threshold=True, registered_in=["DE"]),
        ("G09", "distance_sale", "20"),
    ),
    ("AT", "DE", Buyer(), OSS, ("G09", "distance_sale", "19")),
    ("AT", "DE", Buyer(number=GERMAN, status=VatStatus.VALID), OSS, ("G09", "distance_sale", "19")),
    ("AT", "HU", Buyer(), OSS, ("G09", "distance_sale", "27")),
    ("AT", "EL", Buyer(), OSS, ("G09", "distance_sale", "24")),
    ("AT", Place("PT", "9500-150"), Buyer(), OSS, ("G09", "distance_sale", "16")),
    ("AT", Place("PT", "9000-001"), Buyer(), OSS, ("G09", "distance_sale", "22")),
    ("DE", Place("AT", "6991"), Buyer(), Seller("DE", oss=True), ("G09", "distance_sale", "19")),
    ("AT", Place("GB", "BT1 1AA"), Buyer(), OSS, ("G09", "distance_sale", "20")),
    ("AT", Place("IT", "23030", "Valdisotto"), Buyer(), OSS, ("G09", "distance_sale", "22")),
]


@pytest.mark.parametrize(("start", "end", "buyer", "seller", "expected"), GOODS)
def test_goods(
    start: str | Place, end: str | Place, buyer: Buyer, seller: Seller, expected: tuple[str, str, str | None]
) -> None:
    """F22-F26: every row of the table for goods, and the traps of territories."""
    assert outcome(decide_vat(goods(start, end), buyer, seller)) == expected


SERVICES = [
    ("service", company(place=Place("CH")), OSS, ("S01", "outside_scope", "0")),
    ("service", company(place=Place("ES", "35001")), OSS, ("S01", "outside_scope", "0")),
    ("electronic_service", company(place=Place("US")), OSS, ("S01", "outside_scope", "0")),
    ("service", company(AUSTRIAN, place=Place("AT")), OSS, ("S02", "domestic", "20")),
    ("electronic_service", Buyer(place="AT"), OSS, ("S02", "domestic", "20")),
    ("service", company(GERMAN), OSS, ("S03", "reverse_charge", "0")),
    ("electronic_service", company(GERMAN, place=Place("DE")), OSS, ("S03", "reverse_charge", "0")),
    ("service", company(FRENCH, place=Place("MC")), OSS, ("S03", "reverse_charge", "0")),
    ("service", company(GERMAN, "unverified"), OSS, ("S04", "domestic", "20")),
    ("service", company(GERMAN, "invalid"), OSS, ("S04", "domestic", "20")),
    ("service", company(AUSTRIAN, place=Place("DE")), OSS, ("S04", "domestic", "20")),
    ("service", company(NORTHERN_IRISH, place=Place("DE")), OSS, ("S04", "domestic", "20")),
    ("service", Buyer(place="DE"), OSS, ("S04", "domestic", "20")),
    ("electronic_service", Buyer(place="DE"), OSS, ("S05", "distance_sale", "19")),
    ("electronic_service", Buyer(place="DE"), SMALL, ("S05", "domestic", "20")),
    ("electronic_service", company(GERMAN, "pending"), OSS, ("S05", "distance_sale", "19")),
    ("electronic_service", company(GERMAN, "pending"), SMALL, ("S05", "domestic", "20")),
    ("electronic_service", company(NORTHERN_IRISH, place=Place("DE")), OSS, ("S05", "distance_sale", "19")),
    ("service", company(NORTHERN_IRISH), OSS, ("S06", "outside_scope", "0")),
    ("service", company(place=Place("GB", "SW1A 1AA")), OSS, ("S06", "outside_scope", "0")),
    ("service", Buyer(place="CH"), OSS, ("S07", "domestic", "20")),
    ("service", Buyer(place=Place("GB", "BT1 1AA")), OSS, ("S07", "domestic", "20")),
    ("electronic_service", Buyer(place="CH"), OSS, ("S08", "outside_scope", "0")),
    ("electronic_service", Buyer(place=Place("GB", "BT1 1AA")), OSS, ("S08", "outside_scope", "0")),
    ("service", company(place="GB"), Seller("XI"), ("S02", "domestic", "20")),
    ("electronic_service", Buyer(place="GB"), Seller("XI"), ("S02", "domestic", "20")),
]


@pytest.mark.parametrize(("kind", "buyer", "seller", "expected"), SERVICES)
def test_services(kind: str, buyer: Buyer, seller: Seller, expected: tuple[str, str, str | None]) -> None:
    """Every row of the table for services; Northern Ireland is outside for them."""
    assert outcome(decide_vat(service(kind=kind), buyer, seller)) == expected


def test_collected_goods_are_domestic_whoever_comes() -> None:
    """G01: handed over where they lie, the number changes nothing; a foreign company gets a warning on
    file, unless the register denied its number; nobody has to look at it, for VAT is right until transport is proved.
    """
    for status in ("valid", "unverified", "pending", "invalid"):
        decision = decided(goods("AT", "DE", pickup=True), company(GERMAN, status))
        assert outcome(decision) == ("G01", "domestic", "20")
        assert decision.warnings == (() if status == "invalid" else ("collected_by_foreign_business",))
        assert not decision.manual_review
        assert not decision.provisional
    assert decided(goods("AT", "DE", pickup=True), company()).warnings == ()
    assert outcome(decided(Supply(ships_from="DE", on=ON, pickup=True))) == ("G01", "domestic", "19")


def test_where_a_service_goes_when_nobody_says() -> None:
    """The buyer's place, else for a business the state of its number, else the delivery address, else the
    seller's state, to be looked at.
    """
    assert decided(service(ships_to=Place("DE")), company(GERMAN, place=Place("CH"))).rule == "S01"
    assert decided(service(ships_to=Place("AT")), company(GERMAN)).rule == "S03"
    assert decided(service(ships_to=Place("CH")), company()).rule == "S01"
    assert decided(service(ships_to=Place("CH")), Buyer(number=GERMAN)).rule == "S07"
    assert decided(service(), company(GERMAN)).rule == "S03"
    unknown = decided(service(), Buyer())
    assert (unknown.rule, unknown.warnings, unknown.manual_review) == (
        "S02",
        ("customer_place_unknown",),
        True,
    )


def test_the_austrian_enclaves_follow_the_sellers_choice() -> None:
    """19 % from elsewhere in Austria only by the switch; from other states always; from there always."""
    to_riezlern = goods("AT", Place("AT", "6991"))
    assert decided(to_riezlern).rate == Decimal(20)
    switched = decided(to_riezlern, seller=Seller("AT", at_enclave="destination"))
    assert outcome(switched) == ("G03", "domestic", "19")
    assert decided(goods("AT", "AT"), seller=Seller("AT", at_enclave="destination")).rate == Decimal(20)
    assert decided(goods(Place("AT", "6991"), "AT")).rate == Decimal(19)
    assert decided(goods("DE", Place("DE", "87567"))).rate == Decimal(19)


def test_what_needs_a_persons_eyes() -> None:
    """Dispatch from outside and the northern part of Cyprus are provisional and to be reviewed."""
    for decision in (decided(goods("CH", "AT")), decided(goods("AT", Place("CY", region="CY-N")))):
        assert (decision.provisional, decision.manual_review) == (True, True)
    assert not decided(goods("AT", "CH")).manual_review


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (decided(goods("AT", "FR"), company(GERMAN)), "number_of_third_state"),
        (decided(goods("AT", "DE"), company(NORTHERN_IRISH)), "number_of_third_state"),
        (decided(goods("AT", "DE"), seller=Seller("AT")), "seller_not_registered_at_destination"),
        (decided(goods("DE", "AT")), "seller_not_registered_at_dispatch"),
        (
            decided(goods("DE", "DE"), company(GERMAN), Seller("AT", registered_in=["DE"])),
            "domestic_supply_by_foreign_seller",
        ),
        (
            decided(goods("AT", "AT"), Buyer(number=AUSTRIAN, status=VatStatus.VALID)),
            "consumer_with_confirmed_number",
        ),
        (decided(service(), Buyer(place="XI"), Seller("XI")), "services_from_northern_ireland"),
        (decided(service(), Buyer(place=Place("CY", region="CY-N"))), "law_suspended_at_destination"),
        (decided(goods("AT", "DE"), company(GERMAN, "invalid")), "refund_may_be_denied"),
        (decided(goods("AT", "DE"), company(GERMAN, "pending")), "refund_may_be_denied"),
        (decided(goods("AT", "AT", on=date(2020, 12, 31))), "rate_unknown"),
        (decided(goods("AT", "AT", rate_category="books")), "category_unknown"),
        (decided(goods("AT", "AT", on=date(2027, 6, 1))), "rates_old"),
    ],
)
def test_warnings_for_the_staff(decision: VatDecision, code: str) -> None:
    """What is allowed but should be known carries a warning, with its text in three languages."""
    assert code in decision.warnings
    texts = {decision.warning_texts(locale) for locale in ("fr", "de", "en")}
    assert len(texts) == 3


@pytest.mark.parametrize("seller", [Seller("AT", registered_in=["PL"]), Seller("AT", below_threshold=True)])
def test_a_sale_home_from_a_foreign_warehouse_needs_no_other_registration(seller: Seller) -> None:
    """The VAT of its own state is declared there, so a shop without the One Stop Shop is not warned of it."""
    home = decided(goods("PL", "AT"), seller=seller)
    assert (home.rule, home.rate) == ("G09", Decimal(20))
    assert "seller_not_registered_at_destination" not in home.warnings
    assert "seller_not_registered_at_destination" in decided(goods("PL", "DE"), seller=seller).warnings


def test_a_rate_that_is_not_known_is_not_guessed() -> None:
    """Before 2021 there is no rate: the decision stands, its rate is missing, somebody looks."""
    decision = decided(goods("AT", "AT", on=date(2020, 12, 31)))
    assert (decision.rule, decision.rate, decision.rate_source, decision.manual_review) == (
        "G03",
        None,
        None,
        True,
    )


def test_rates_are_those_of_the_day_of_supply() -> None:
    """Romania's change in August 2025 falls between two orders."""
    before, after = (decided(goods("AT", "RO", on=on)) for on in (date(2025, 7, 31), date(2025, 8, 1)))
    assert (before.rate, after.rate) == (Decimal(19), Decimal(21))
    assert after.rate_source is not None
    assert (after.rate_source.country, after.rate_source.since) == ("RO", date(2025, 8, 1))


def test_the_age_of_rates_that_warns_is_a_setting() -> None:
    """A shop that checks its rates itself can silence the warning."""
    later = goods("AT", "AT", on=date(2028, 1, 1))
    assert decided(later).warnings == ("rates_old",)
    assert decided(later, seller=Seller("AT", rates_max_age_days=10_000)).warnings == ()


def test_a_hosts_rates_come_first() -> None:
    """A reduced rate of the host is charged, with its source in the decision."""

    class Books:
        def rate(self, country: str, region: str, on: date, category: str) -> RateSource | None:
            return (
                RateSource(country, Decimal(7), date(2021, 1, 1), source="host")
                if category == "books"
                else None
            )

    rates = HostRates(Books(), packaged_rates())
    supply = goods("AT", "DE", rate_category="books")
    decision = decide_vat(supply, Buyer(), OSS, rates=rates)
    assert (decision.rate, decision.rates, decision.warnings) == (Decimal(7), "current", ())
    assert decide_vat(goods("AT", "DE"), Buyer(), OSS, rates=rates).rate == Decimal(19)


def test_an_order_is_decided_line_by_line() -> None:
    """Two warehouses, two destinations and a service in one order are four decisions."""
    lines = [goods("AT", "DE"), goods("AT", "CH"), goods("DE", "DE"), service()]
    order = decide_order(lines, company(GERMAN), OSS)
    assert [line.rule for line in order] == ["G04", "G02", "G03", "S03"]


@given(supplies, buyers, sellers)
def test_everything_is_decided(supply: Supply, buyer: Buyer, seller: Seller) -> None:
    """RL-09, F25: no combination of inputs raises, blocks, or comes out differently the second time."""
    decision = decide_vat(supply, buyer, seller)
    assert decision == decide_vat(supply, buyer, seller)
    assert decision.explanation.steps[-1].holds
    assert decision.explanation.steps[-1].key == decision.outcome.row.key


@given(
    supplies,
    st.booleans(),
    numbers,
    sellers,
    st.sampled_from(("unverified", "pending", "invalid", "not_given")),
)
def test_what_is_not_confirmed_never_exempts(
    supply: Supply, is_business: bool, number: VatNumber | None, seller: Seller, status: str
) -> None:
    """Truth 7: whatever the rest, a number that is not confirmed gives no exempt supply inside the Union."""
    decision = decide_vat(
        supply, Buyer(is_business=is_business, number=number, status=VatStatus(status)), seller
    )
    assert decision.treatment not in {Treatment.INTRA_COMMUNITY_SUPPLY, Treatment.REVERSE_CHARGE}


@given(supplies, st.booleans(), sellers)
def test_a_confirmed_status_without_a_number_is_no_number(
    supply: Supply, is_business: bool, seller: Seller
) -> None:
    """A status alone, from a bug or a forged form, exempts nothing."""
    decision = decide_vat(supply, Buyer(is_business=is_business, status=VatStatus.VALID), seller)
    assert decision.treatment not in {Treatment.INTRA_COMMUNITY_SUPPLY, Treatment.REVERSE_CHARGE}


@given(
    st.sampled_from(PLACES),
    st.sampled_from(PLACES),
    buyers,
    buyers,
    sellers,
)
def test_the_number_changes_nothing_at_home_and_in_exports(
    start: Place, end: Place, one: Buyer, other: Buyer, seller: Seller
) -> None:
    """F26: goods that stay in the state of dispatch or leave the Union cost the same, whoever buys."""
    stays = start.territory.state == end.territory.state
    leaves = end.territory.area in {"outside", "united_kingdom", "suspended"}
    if stays or leaves:
        decisions = [decide_vat(goods(start, end), buyer, seller) for buyer in (one, other)]
        assert outcome(decisions[0]) == outcome(decisions[1])


def test_every_row_is_reached_by_real_orders() -> None:
    """Not only by answers: addresses, numbers and sellers that a shop can have reach every row."""
    places = (*PLACES, Place("GB", "IM1 1AA"))
    parties = [
        Buyer(is_business=is_business, number=number, status=status, place=place)
        for is_business, number, status, place in product(
            (True, False),
            (None, GERMAN, AUSTRIAN),
            ("valid", "unverified", "invalid"),
            (None, PLACES[2], *PLACES[5:8]),
        )
    ]
    shops = [
        shop
        for small in (True, False)
        for shop in (
            Seller("AT", below_threshold=small, at_enclave="destination"),
            Seller("AT", below_threshold=small, unverified_business="consumer"),
            Seller("XI"),
        )
    ]
    orders = [goods(start, end) for start, end in product(places[:3] + places[5:6] + places[7:8], places)]
    orders += [goods("AT", "AT", pickup=True), service(), service(kind="electronic_service")]
    reached = {
        decide_vat(order, party, shop).outcome.row.key
        for order, party, shop in product(orders, parties, shops)
    }
    assert reached == {row.key for row in packaged_table().rows}
