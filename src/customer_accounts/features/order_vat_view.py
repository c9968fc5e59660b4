"""The VAT of orders as staff sees it: one row for each order, and a page of them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from attrs import frozen

from customer_accounts.evidence import OrderVatRecord, OrderVatState
from customer_accounts.features.late_confirmation import LateVatConfirmation, confirmation_of
from customer_accounts.order import OrderRecord


@frozen
class VatOrder:
    """The VAT of one order as staff sees it.

    Args:
        late: what to correct, once a confirmation came late; None otherwise.
    """

    reference: str
    order_number: str
    state: OrderVatState
    vat_number: str | None
    supplied_on: date
    recorded_at: datetime
    charged_net: Decimal
    charged_vat: Decimal
    currency: str
    evidence_id: UUID | None
    late: LateVatConfirmation | None


@frozen
class VatOrderPage:
    """One page of orders, the newest first; ``next`` goes into `FindVatOrders.after`, None at the end."""

    orders: tuple[VatOrder, ...]
    next: str | None


def view_of(taxed: OrderVatRecord, orders: Mapping[str, OrderRecord]) -> VatOrder:
    """Give the VAT of an order as staff sees it.

    Args:
        taxed: what is stored.
        orders: the orders by reference.
    """
    order = orders.get(taxed.reference)
    late = taxed.corrected_decision is not None
    return VatOrder(
        reference=taxed.reference,
        order_number=order.number if order else "",
        state=taxed.state,
        vat_number=taxed.number,
        supplied_on=taxed.supplied_on,
        recorded_at=taxed.recorded_at,
        charged_net=taxed.charged_net,
        charged_vat=taxed.charged_vat,
        currency=taxed.currency,
        evidence_id=taxed.evidence_id,
        late=confirmation_of(taxed, order) if late else None,
    )
