"""Whether a queued mail still makes sense when its turn comes (RL-05).

Rules:

* A mail that is nothing but its link is dropped once that link is used, expired or gone, or once the secret
  that made it is kept no longer.
* A mail that reports a fact (a new password, a parcel on its way) goes out whatever became of its link,
  only without
  it: the owner is told in any case (LG-04), and the tracking number arrives in any case.
* A link goes to no other mailbox than the one it was made for, and into no mail of another purpose (TK-03).
* A mail to a guest about an order goes only to the address that the order has now: one that was put right
  is told nothing.
* A mail about an order, a shipment or a storefront that is gone is dropped, and so is one whose recipient
  is gone.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from customer_accounts.email_syntax import EmailFault, Mailbox, read_mailbox
from customer_accounts.order import Shipment
from customer_accounts.outbox import MailPurpose, MailTask
from customer_accounts.settings import Settings, Storefront
from customer_accounts.token import Purpose, TokenRecord


class StaleReason(StrEnum):
    """Why a mail is dropped before it is sent."""

    RECIPIENT_GONE = "recipient_gone"
    STOREFRONT_GONE = "storefront_gone"
    LINK_USED = "link_used"
    LINK_EXPIRED = "link_expired"
    LINK_GONE = "link_gone"
    LINK_WRONG = "link_wrong"
    SECRET_GONE = "secret_gone"  # noqa: S105 - a reason, no secret
    ORDER_GONE = "order_gone"
    SHIPMENT_GONE = "shipment_gone"
    SUPERSEDED = "superseded"
    ADDRESS_CORRECTED = "address_corrected"


@frozen
class Stale:
    """A mail that is not sent any more; *reason* goes into its row."""

    reason: StaleReason


#: Mails that make no sense without a working link, and the purpose of that link.
NEEDED: Mapping[MailPurpose, Purpose] = MappingProxyType(
    {
        MailPurpose.CONFIRM_REGISTRATION: Purpose.CONFIRM_REGISTRATION,
        MailPurpose.RESET_PASSWORD: Purpose.RESET_PASSWORD,
        MailPurpose.SET_PASSWORD: Purpose.SET_PASSWORD,
        MailPurpose.CONFIRM_EMAIL_CHANGE: Purpose.CONFIRM_EMAIL_CHANGE,
        MailPurpose.EMAIL_CHANGE_REQUESTED: Purpose.CANCEL_EMAIL_CHANGE,
        MailPurpose.CONFIRM_NEWSLETTER: Purpose.CONFIRM_NEWSLETTER,
        MailPurpose.CONFIRM_MERGE: Purpose.CONFIRM_MERGE,
    }
)

#: Mails that report a fact and offer a link as long as it works.
OFFERED: Mapping[MailPurpose, Purpose] = MappingProxyType(
    {
        MailPurpose.PASSWORD_CHANGED: Purpose.APPROVE_IDENTITIES,
        MailPurpose.EMAIL_CHANGED: Purpose.CANCEL_EMAIL_CHANGE,
        MailPurpose.ACCOUNTS_MERGED: Purpose.UNDO_MERGE,
        MailPurpose.ORDER_RECEIVED: Purpose.VIEW_ORDER,
        MailPurpose.ORDER_STATUS: Purpose.VIEW_ORDER,
        MailPurpose.TRACKING: Purpose.VIEW_ORDER,
        MailPurpose.GUEST_ORDERS_CLAIMED: Purpose.UNDO_CLAIM,
    }
)

ABOUT_ORDERS = frozenset(
    {MailPurpose.ORDER_RECEIVED, MailPurpose.ORDER_STATUS, MailPurpose.TRACKING, MailPurpose.VAT_CORRECTED}
)


@frozen
class WorkingLink:
    """A token that can still be used, with the secret that makes its text again."""

    token: TokenRecord
    secret: bytes = field(repr=False)


@frozen
class Fresh:
    """A mail that is to be sent, with what was looked up on the way.

    Args:
        to: where it goes: the mailbox of the mail's row, never anything typed later (EM-05).
        link: the mail's own link, if it has one that works.
        way_out: the link that ends the newsletter, if it works.
        shipment: the shipment that a tracking mail is about.
    """

    to: Mailbox
    storefront: Storefront
    link: WorkingLink | None = None
    way_out: WorkingLink | None = None
    shipment: Shipment | None = None


def examine(task: MailTask, settings: Settings, now: datetime) -> Fresh | Stale:
    """Say whether a mail is still to be sent."""
    to = read_mailbox(task.mail.to)
    if isinstance(to, EmailFault):
        return Stale(StaleReason.RECIPIENT_GONE)
    storefront = settings.storefront_at(task.mail.storefront)
    if storefront is None:
        return Stale(StaleReason.STOREFRONT_GONE)
    link = _link(task, to, settings, now)
    if isinstance(link, StaleReason):
        return Stale(link)
    way_out = _way_out(task, to, settings, now)
    if isinstance(way_out, StaleReason):
        return Stale(way_out)
    shipment = _shipment(task, to)
    if isinstance(shipment, StaleReason):
        return Stale(shipment)
    return Fresh(to, storefront, link, way_out, shipment)


def _link(task: MailTask, to: Mailbox, settings: Settings, now: datetime) -> WorkingLink | StaleReason | None:
    needed, offered = NEEDED.get(task.mail.purpose), OFFERED.get(task.mail.purpose)
    if task.token is not None and task.token.purpose is not (needed or offered):
        return StaleReason.LINK_WRONG
    link = _working(task.token, to, settings, now)
    return link if needed or isinstance(link, WorkingLink) else None


def _way_out(
    task: MailTask, to: Mailbox, settings: Settings, now: datetime
) -> WorkingLink | StaleReason | None:
    # Whoever unsubscribed in the meantime gets neither the question nor the welcome.
    mail, token = task.mail, task.extra_token
    if token is not None and token.purpose is not Purpose.UNSUBSCRIBE:
        return StaleReason.LINK_WRONG
    if mail.purpose is MailPurpose.NEWSLETTER_WELCOME or mail.extra_token is not None:
        return _working(token, to, settings, now)
    return None


def _working(
    token: TokenRecord | None, to: Mailbox, settings: Settings, now: datetime
) -> WorkingLink | StaleReason:
    if token is None:
        return StaleReason.LINK_GONE
    if token.used_at is not None:
        return StaleReason.LINK_USED
    if not token.is_live(now):
        return StaleReason.LINK_EXPIRED
    if token.email_key != to.key:
        return StaleReason.LINK_WRONG
    secret = settings.secret_named(token.key_id)
    return StaleReason.SECRET_GONE if secret is None else WorkingLink(token, secret)


def _shipment(task: MailTask, to: Mailbox) -> Shipment | StaleReason | None:
    mail, order = task.mail, task.order
    if mail.purpose not in ABOUT_ORDERS:
        return None
    if order is None:
        return StaleReason.ORDER_GONE
    if mail.account_id is None and to.key != order.email_key:
        # Put right before it left: the mistyped address may be a stranger's.
        return StaleReason.ADDRESS_CORRECTED
    if mail.purpose is not MailPurpose.TRACKING:
        return None
    shipment = next((one for one in order.shipments if one.id == mail.shipment_id), None)
    if shipment is None:
        return StaleReason.SHIPMENT_GONE
    announced = mail.detail("corrected")
    # A newer mail with the right numbers waits behind this one.
    return StaleReason.SUPERSEDED if announced not in ("", str(shipment.corrected)) else shipment
