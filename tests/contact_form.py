"""Guests who write in the contact form, for the tests of their requests and of the answers."""

from typing import Any

from customer_accounts.actors import Visitor
from customer_accounts.casework import ConversionRequestRecord
from customer_accounts.features.conversion_requests import RequestConversion
from tests.orders import GUEST
from tests.shop import Shop


def ask(shop: Shop, email: str = GUEST, *, by: Visitor | None = None, **more: Any) -> Any:
    """Send the form, and give the answer."""
    return shop.handle(RequestConversion(email=email, **more), by=by or shop.visitor())


def ask_in_french(shop: Shop) -> None:
    """Send the form with everything filled in."""
    ask(shop, message="Bonjour,\nun compte s’il vous plaît", order_number="2026-1", locale="fr", name="Gerda")


def requests_of(shop: Shop) -> list[ConversionRequestRecord]:
    """Give the requests that are stored."""
    return shop.stored(ConversionRequestRecord)
