"""Orders that were charged because the register had not answered, for the tests of what becomes of them."""

from datetime import date
from decimal import Decimal
from typing import Any

from customer_accounts.actors import System
from customer_accounts.evidence import OrderVatRecord
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.order_vat import RecordOrderVat
from customer_accounts.features.vat_answer import RecordVatAnswer, VatAnswerRecorded
from customer_accounts.vat import (
    Buyer,
    Place,
    Seller,
    Supply,
    VatAnswer,
    VatDecision,
    VatNumber,
    VatStatus,
    decide_vat,
)
from tests.shop import Shop

GERMAN = "DE136695976"
SYSTEM = System()


def decision(
    status: VatStatus = VatStatus.PENDING, number: str | None = GERMAN, on: date | None = None, **supply: Any
) -> VatDecision:
    """Decide goods from Austria to Germany for a company with this number."""
    where = {"ships_from": Place("AT"), "ships_to": Place("DE", postcode="10115"), **supply}
    read = None if number is None else VatNumber(number)
    buyer = Buyer(is_business=True, number=read, status=status if read else VatStatus.NOT_GIVEN)
    return decide_vat(Supply(on=on or date(2026, 11, 23), **where), buyer, Seller("AT"))


def order(shop: Shop, reference: str = "r-1", **fields: Any) -> None:
    """Record an order of a guest."""
    command = RecordOrder(
        reference=reference, number=f"N-{reference}", placed_at=shop.clock.now, email="firm@mail.example",
        locale="de", **fields,
    )  # fmt: skip
    shop.require(command, by=SYSTEM)


def taxed(
    shop: Shop, reference: str = "r-1", made: VatDecision | None = None, **fields: Any
) -> RecordOrderVat:
    """Record an order and give the command that keeps its VAT; 100 net and 20 VAT were charged if it waits."""
    order(shop, reference)
    made = made or decision(on=shop.clock.now.date())
    charged = {"charged_net": Decimal("100.00"), "charged_vat": Decimal("20.00")}
    amounts = charged if made.provisional else {}
    return RecordOrderVat(reference=reference, decision=made.to_json(), **{**amounts, **fields})


def provisional(shop: Shop, reference: str = "r-1", **fields: Any) -> None:
    """Record an order whose VAT was charged for want of an answer."""
    shop.require(taxed(shop, reference, **fields), by=SYSTEM)


def say(shop: Shop, status: VatStatus, number: str = GERMAN, **more: Any) -> VatAnswerRecorded:
    """Let the register answer, now."""
    answer = VatAnswer(number, status, more.pop("code", status.upper()), shop.clock.now)
    return shop.require(RecordVatAnswer(answer=answer, **more), by=SYSTEM)


def vat_of(shop: Shop, reference: str = "r-1") -> OrderVatRecord:
    """Give the VAT of an order as it is stored."""
    (found,) = (one for one in shop.stored(OrderVatRecord) if one.reference == reference)
    assert isinstance(found, OrderVatRecord)
    return found
