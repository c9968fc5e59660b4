"""F26 and F27: neither a VAT number nor being a reseller changes a price."""

from decimal import Decimal

from customer_accounts.demo.everyday import account, company_of
from customer_accounts.demo.promises.companies import FRENCH, PRINTER, company, price_of
from customer_accounts.demo.scene import Scene
from customer_accounts.features.company import buyer_of
from customer_accounts.features.reseller import RequestResellerPricing, reseller_reply
from customer_accounts.refusals import Reason
from customer_accounts.testing.fake_vies import valid
from customer_accounts.vat import Buyer, Place, PricedLine, Supply, decide_vat, invoice_lines, line_amounts

AUSTRIAN = "ATU13585627"
GRAZ = Place("AT", postcode="8010", city="Graz")


def number_is_information(scene: Scene) -> None:
    """F26: at home the price is the same with and without a number; the number is printed, none is invented."""
    scene.stage.vies.set(AUSTRIAN, valid())
    anna = company(scene, scene.person("Anna"), "Grazer Druck GmbH", AUSTRIAN)
    scene.stage.check_vat_numbers()
    supply = Supply(ships_from=Place("AT"), ships_to=GRAZ, on=scene.clock().date())
    seller, money = scene.stage.seller, scene.narration.money
    given = decide_vat(supply, buyer_of(company_of(scene, anna)), seller)
    without = decide_vat(supply, Buyer(), seller)
    prices = price_of(given), price_of(without)
    scene.saw(
        "same", prices[0] == prices[1], prices, price=money(prices[0].gross), other=money(prices[1].gross)
    )
    lines = invoice_lines(given, scene.language)
    scene.saw("printed", any(AUSTRIAN in one for one in lines), lines, lines=scene.quoted(" · ".join(lines)))
    plain = invoice_lines(without, scene.language)
    scene.but("none", not any("ATU" in one for one in plain), plain)


def resellers_pay_the_same(scene: Scene) -> None:
    """F27: whoever asks for reseller prices is refused in words; the net price is everybody's."""
    people = scene.person("Bert"), scene.person("Gustav")
    bert = company(scene, people[0], "Reseller SARL", FRENCH)
    asked = RequestResellerPricing(message="50 pieces, please")
    refused = scene.shop.handle(asked, by=bert)
    scene.refused("company", refused, Reason.RESELLER_PRICING)
    scene.refused("visitor", scene.shop.handle(asked, by=people[1].visitor), Reason.RESELLER_PRICING)
    reply = reseller_reply(scene.language, scene.stage.settings.storefront)
    scene.saw("reply", scene.stage.settings.storefront.contact in reply, reply)
    one, fifty = (line_amounts(PricedLine(PRINTER, Decimal(count), Decimal(20))) for count in (1, 50))
    money = scene.narration.money
    scene.saw("same", fifty.net == 50 * one.net, fifty, one=money(one.net), fifty=money(fifty.net))
    consumer = account(scene, people[1])
    scene.but("alike", scene.shop.handle(asked, by=consumer) == refused, refused)
