"""F21 to F25: companies, their VAT numbers, and the tax on what they order."""

from decimal import Decimal

from customer_accounts.actors import SignedInCustomer
from customer_accounts.demo.everyday import account, company_of, order, ship, signs_in, tracking_number
from customer_accounts.demo.scene import Person, Scene
from customer_accounts.features.company import buyer_of
from customer_accounts.features.sign_in import SignedIn
from customer_accounts.inputs import CompanyInput
from customer_accounts.order import OrderStatus
from customer_accounts.refusals import Reason
from customer_accounts.testing.fake_vies import Behaviour, fault, garbage, invalid, valid
from customer_accounts.vat import (
    Amounts,
    Buyer,
    ListPrice,
    Place,
    PricedLine,
    Supply,
    Treatment,
    VatDecision,
    VatStatus,
    decide_vat,
    invoice_lines,
    line_amounts,
)

GERMAN, FRENCH = "DE136695976", "FR40303265045"
BERLIN = Place("DE", postcode="10115", city="Berlin")
#: What everybody sees in the shop: a printer at 120 euros, Austrian VAT of 20 percent included.
PRINTER = ListPrice(Decimal("120.00"), Decimal(20))


def company(scene: Scene, person: Person, name: str, vat_number: str) -> SignedInCustomer:
    """Let a company register with its number."""
    return account(scene, person, CompanyInput(name=name, vat_number=vat_number))


def to_berlin(scene: Scene, buyer: Buyer) -> VatDecision:
    """Decide the VAT of a printer that goes from Austria to Berlin."""
    supply = Supply(ships_from=Place("AT"), ships_to=BERLIN, on=scene.clock().date())
    return decide_vat(supply, buyer, scene.stage.seller)


def price_of(decision: VatDecision) -> Amounts:
    """Give net, VAT and gross of one printer under a decision.

    Raises:
        LookupError: no rate is known.
    """
    if decision.rate is None:
        raise LookupError(f"no rate is known for {decision.charging_state}")
    return line_amounts(PricedLine(PRINTER, Decimal(1), decision.rate))


def number_of_the_account(scene: Scene) -> None:
    """F21: the number belongs to the account; it is no credential, and an unreadable one refuses nothing."""
    people = scene.person("Anna"), scene.person("Bert")
    anna = company(scene, people[0], "Muster GmbH", "de 136 695 976")
    shown = company_of(scene, anna)
    scene.saw(
        "registers", (shown.name, shown.vat_number) == ("Muster GmbH", GERMAN), shown, number=shown.vat_number
    )
    answer = signs_in(scene, people[0])
    scene.saw("signs_in", isinstance(answer, SignedIn), answer)
    bert = company(scene, people[1], "Bert SA", "hello")
    unreadable = company_of(scene, bert)
    scene.saw("unreadable", unreadable.vat_number is None, unreadable, advice=scene.quoted(unreadable.advice))
    by_number = signs_in(scene, scene.person("Mallory", GERMAN))
    scene.refused("no_credential", by_number, Reason.EMAIL_INVALID, number=GERMAN)


def foreign_number_needs_vies(scene: Scene) -> None:
    """F22: what VIES knows is accepted; what it does not know is not, and the company learns what to do."""
    scene.stage.vies.set(GERMAN, valid(name="Muster GmbH"))
    scene.stage.vies.set(FRENCH, invalid())
    anna = company(scene, scene.person("Anna"), "Muster GmbH", GERMAN)
    bert = company(scene, scene.person("Bert"), "Bert SA", FRENCH)
    before = company_of(scene, anna)
    scene.saw("pending", before.vat_status is VatStatus.PENDING, before, advice=scene.quoted(before.advice))
    scene.stage.check_vat_numbers()
    known, unknown = company_of(scene, anna), company_of(scene, bert)
    scene.saw("known", known.vat_status is VatStatus.VALID, known, advice=scene.quoted(known.advice))
    scene.but(
        "unknown", unknown.vat_status is VatStatus.INVALID, unknown, advice=scene.quoted(unknown.advice)
    )


def checked_by_the_register(scene: Scene) -> None:
    """F23: only the register's own answer counts; an outage or rubbish proves nothing, and is asked again."""
    scene.stage.vies.set(GERMAN, fault("MS_UNAVAILABLE"))
    scene.stage.vies.set(FRENCH, garbage())
    anna = company(scene, scene.person("Anna"), "Muster GmbH", GERMAN)
    bert = company(scene, scene.person("Bert"), "Bert SA", FRENCH)
    scene.stage.check_vat_numbers()
    down, rubbish = company_of(scene, anna), company_of(scene, bert)
    scene.saw("down", down.vat_status is VatStatus.UNVERIFIED, down, advice=scene.quoted(down.advice))
    scene.but("rubbish", rubbish.vat_status is VatStatus.UNVERIFIED, rubbish)
    scene.stage.vies.set(GERMAN, valid())
    scene.stage.vies.set(FRENCH, invalid())
    scene.clock.forward(days=1)
    scene.stage.check_vat_numbers()
    up, after = company_of(scene, anna), company_of(scene, bert)
    scene.saw("up", up.vat_status is VatStatus.VALID, up, number=up.vat_number)
    scene.but("unknown", after.vat_status is VatStatus.INVALID, after, number=after.vat_number)


def no_vat_for_accepted_companies(scene: Scene) -> None:
    """F24: goods to another state and a number that VIES confirms: exempt; a consumer there pays the tax."""
    scene.stage.vies.set(GERMAN, valid(name="Muster GmbH"))
    anna = company(scene, scene.person("Anna"), "Muster GmbH", GERMAN)
    scene.stage.check_vat_numbers()
    decision = to_berlin(scene, buyer_of(company_of(scene, anna)))
    money = scene.narration.money
    exempt = decision.treatment is Treatment.INTRA_COMMUNITY_SUPPLY and decision.rate == 0
    scene.saw("exempt", exempt, decision.rule, rule=decision.rule, price=money(price_of(decision).gross))
    lines = invoice_lines(decision, scene.language)
    scene.saw("invoice", any(GERMAN in one for one in lines), lines, lines=scene.quoted(" · ".join(lines)))
    consumer = to_berlin(scene, Buyer())
    price = price_of(consumer)
    scene.but(
        "consumer",
        consumer.rate == Decimal(19) and price.vat > 0,
        consumer.rule,
        price=money(price.gross),
        rate=consumer.rate,
        vat=money(price.vat),
    )


def unrecognised_number(scene: Scene) -> None:
    """F25: neither a number that VIES denies nor one it cannot check stops the order; neither is exempt."""
    _orders_unrecognised(scene, 1, scene.person("Anna"), VatStatus.INVALID, invalid())
    bert = scene.person("Bert")
    decision = _orders_unrecognised(scene, 2, bert, VatStatus.UNVERIFIED, fault("MS_UNAVAILABLE"))
    advice = decision.reclaim.text(scene.language)
    scene.saw("reclaim", "2008/9" in advice, advice, advice=scene.quoted(advice))
    scene.mail(bert.email, line=tracking_number(scene, 2))


def _orders_unrecognised(
    scene: Scene, number: int, person: Person, status: VatStatus, behaviour: Behaviour
) -> VatDecision:
    scene.stage.vies.set(GERMAN, behaviour)
    customer = company(scene, person, "Muster GmbH", GERMAN)
    scene.stage.check_vat_numbers()
    shown = company_of(scene, customer)
    printed = order(scene, number, person.email, customer)
    stands = shown.vat_status is status and ship(scene, number).status is OrderStatus.SHIPPED
    scene.saw(status.value.lower(), stands, shown, number=printed)
    decision = to_berlin(scene, buyer_of(shown))
    charged = decision.rate == Decimal(20) and decision.treatment is not Treatment.INTRA_COMMUNITY_SUPPLY
    price = scene.narration.money(price_of(decision).gross)
    scene.but("charged", charged, decision.rule, price=price, rate=decision.rate)
    return decision
