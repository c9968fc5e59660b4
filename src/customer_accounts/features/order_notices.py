"""Who hears by mail of what happens to an order (F14).

* `order_mails` is the one place that says which mail goes to whom: an account hears of every step, a guest
  of the acknowledgement and of the parcel, and of nothing in between.
* The steps *shipped* and *corrected* are told with a shipment, because only it knows the tracking numbers.
* A mail about an order goes to the address that the order stores, never to one that was typed later
  (EM-05). One about its progress goes to the account's own address, which is proven, and one about its parcels
  to both where they differ.
* An order whose account is closed is treated as a guest's: the parcel still comes.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from customer_accounts.account import AccountRecord
from customer_accounts.changes import QueueMail
from customer_accounts.command import Env
from customer_accounts.issue import queue_mail
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailPurpose
from customer_accounts.token import TokenRecord


class Audience(StrEnum):
    """Whose order a mail is about."""

    GUEST = "guest"
    ACCOUNT = "account"


class OrderEvent(StrEnum):
    """What happens to an order and may be told by mail."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    CORRECTED = "corrected"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


#: Which mails follow what; a guest hears nothing of the progress (F14).
ORDER_MAILS: Mapping[tuple[Audience, OrderEvent], tuple[MailPurpose, ...]] = MappingProxyType(
    {
        (Audience.GUEST, OrderEvent.PLACED): (MailPurpose.ORDER_RECEIVED,),
        (Audience.GUEST, OrderEvent.PAID): (),
        (Audience.GUEST, OrderEvent.SHIPPED): (MailPurpose.TRACKING,),
        (Audience.GUEST, OrderEvent.CORRECTED): (MailPurpose.TRACKING,),
        (Audience.GUEST, OrderEvent.DELIVERED): (),
        (Audience.GUEST, OrderEvent.CANCELLED): (),
        (Audience.ACCOUNT, OrderEvent.PLACED): (MailPurpose.ORDER_RECEIVED,),
        (Audience.ACCOUNT, OrderEvent.PAID): (MailPurpose.ORDER_STATUS,),
        (Audience.ACCOUNT, OrderEvent.SHIPPED): (MailPurpose.TRACKING,),
        (Audience.ACCOUNT, OrderEvent.CORRECTED): (MailPurpose.TRACKING,),
        (Audience.ACCOUNT, OrderEvent.DELIVERED): (MailPurpose.ORDER_STATUS,),
        (Audience.ACCOUNT, OrderEvent.CANCELLED): (MailPurpose.ORDER_STATUS,),
    }
)


def order_mails(audience: Audience, event: OrderEvent) -> tuple[MailPurpose, ...]:
    """Say which mails go to a guest or an account when something happens to the order (F14).

    >>> order_mails(Audience.GUEST, OrderEvent.PAID)
    ()

    Args:
        audience: whose order it is.
        event: what happened; PLACED is mailed only where the shop lets this library acknowledge orders.
    """
    return ORDER_MAILS[audience, event]


def audience_of(owner: AccountRecord | None) -> Audience:
    """Say whose order it is, from the open account that owns it."""
    return Audience.GUEST if owner is None else Audience.ACCOUNT


def mail_about(
    env: Env,
    purpose: MailPurpose,
    order: OrderRecord,
    owner: AccountRecord | None,
    *,
    token: TokenRecord | None = None,
    shipment_id: str | None = None,
    **details: str,
) -> QueueMail:
    """Queue a mail about an order, to the address that the order stores (EM-05).

    Args:
        env: the surroundings of the call.
        purpose: which mail.
        order: the order, with the address and language that the mail is for.
        owner: the open account that the order belongs to, or None for a guest's order.
        token: the link to the order's page, for a guest.
        shipment_id: the shipment that the mail is about.
        details: what else the mail's text needs.
    """
    return queue_mail(
        env,
        purpose,
        to=order.email,
        locale=order.locale,
        storefront=order.storefront,
        mail_id=None,
        account_id=owner.id if owner else None,
        token=token,
        extra_token=None,
        order_reference=order.reference,
        shipment_id=shipment_id,
        **details,
    )
