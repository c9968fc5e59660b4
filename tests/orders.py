"""Orders for the tests of the features that follow one."""

from typing import Any

from customer_accounts.actors import SignedInCustomer, System, Visitor
from customer_accounts.features.guest_order import OrderRecorded, RecordOrder
from customer_accounts.order import OrderRecord
from tests.shop import Shop

GUEST = "gerda@mail.example"
SYSTEM = System()


def order(shop: Shop, reference: str = "ref-1", **more: Any) -> RecordOrder:
    """Make the command for a guest's order placed now; *more* says what is different."""
    given: dict[str, Any] = {
        "reference": reference,
        "number": f"N-{reference}",
        "placed_at": shop.clock(),
        "email": GUEST,
        "name": "Gerda Gast",
        "postcode": "8010",
    }
    return RecordOrder(**given | more)


def place(
    shop: Shop, reference: str = "ref-1", by: Visitor | SignedInCustomer | System | None = None, **more: Any
) -> OrderRecorded:
    """Place an order, as a guest if nobody else is named."""
    return shop.require(order(shop, reference, **more), by=by or shop.visitor())


def stored_order(shop: Shop, reference: str = "ref-1") -> OrderRecord:
    """Give an order as it is stored."""
    found: OrderRecord = next(one for one in shop.stored(OrderRecord) if one.reference == reference)
    return found
