"""Whether a queued mail still makes sense when its turn comes (RL-05).

Rules:

* A mail that is nothing but its link is dropped once that link is used, expired or gone, or once the secret that made
  it is kept no longer.
* A mail that reports a fact (a new password, a parcel on its way) goes out whatever became of its link, only without
  it: the owner is told in any case (LG-04), and the tracking number arrives in any case.
* A link goes to no other mailbox than the one it was made for, and into no mail of another purpose (TK-03).
* A mail about an order, a shipment or a storefront that is gone is dropped, and so is one whose recipient is gone.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from attrs import frozen

from customer_accounts.email_syntax import EmailFault, Mailbox, read_mailbox
from customer_accounts.outbox import MailPurpose, MailTask
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose, TokenRecord


class StaleReason(StrEnum):
    """Why a mail is dropped before it is sent."""

    RECIPIENT_GONE = "recipient_gone"
    STOREFRONT_GONE = "storefront_gone"
    LINK_USED = "link_used"
    LINK_EXPIRED = "link_expired"
    LINK_GONE = "link_gone"
    LINK_WRONG = "link_wrong"
    SECRET_GONE = "secret_gone"
    ORDER_GONE = "order_gone"
    SHIPMENT_GONE = "shipment_gone"
    SUPERSEDED = "superseded"


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
    }
)

#: Mails that report a fact and offer a link as long as it works.
OFFERED: Mapping[MailPurpose, Purpose] = MappingProxyType(
    {
        MailPurpose.PASSWORD_CHANGED: Purpose.APPROVE_IDENTITIES,
        MailPurpose.EMAIL_CHANGED: Purpose.CANCEL_EMAIL_CHANGE,
        MailPurpose.ORDER_RECEIVED: Purpose.VIEW_ORDER,
        MailPurpose.ORDER_STATUS: Purpose.VIEW_ORDER,
        MailPurpose.TRACKING: Purpose.VIEW_ORDER,
    }
)

ABOUT_ORDERS = frozenset({MailPurpose.ORDER_RECEIVED, MailPurpose.ORDER_STATUS, MailPurpose.TRACKING})


def why_stale(task: MailTask, settings: Settings, now: datetime) -> Stale | None:
    """Say why a mail is not to be sent any more, or None if it is."""
    mail = task.mail
    mailbox = read_mailbox(mail.to)
    if isinstance(mailbox, EmailFault):
        return Stale(StaleReason.RECIPIENT_GONE)
    if settings.storefront_at(mail.storefront) is None:
        return Stale(StaleReason.STOREFRONT_GONE)
    reason = (
        _fault_of_link(task, mailbox, settings, now)
        or _fault_of_way_out(task, mailbox, settings, now)
        or _fault_of_order(task)
    )
    return None if reason is None else Stale(reason)


def working_link(token: TokenRecord | None, mailbox: Mailbox, settings: Settings, now: datetime) -> StaleReason | None:
    """Say why a link does not work for this mailbox, or None if it does."""
    if token is None:
        return StaleReason.LINK_GONE
    if token.used_at is not None:
        return StaleReason.LINK_USED
    if not token.is_live(now):
        return StaleReason.LINK_EXPIRED
    if token.email_key != mailbox.key:
        return StaleReason.LINK_WRONG
    return StaleReason.SECRET_GONE if settings.secret_named(token.key_id) is None else None


def _fault_of_link(task: MailTask, mailbox: Mailbox, settings: Settings, now: datetime) -> StaleReason | None:
    needed = NEEDED.get(task.mail.purpose)
    expected = needed or OFFERED.get(task.mail.purpose)
    if task.token is not None and task.token.purpose is not expected:
        return StaleReason.LINK_WRONG
    return working_link(task.token, mailbox, settings, now) if needed else None


def _fault_of_way_out(task: MailTask, mailbox: Mailbox, settings: Settings, now: datetime) -> StaleReason | None:
    # Whoever unsubscribed in the meantime gets neither the question nor the welcome.
    mail, token = task.mail, task.extra_token
    if token is not None and token.purpose is not Purpose.UNSUBSCRIBE:
        return StaleReason.LINK_WRONG
    if mail.purpose is MailPurpose.NEWSLETTER_WELCOME or mail.extra_token is not None:
        return working_link(token, mailbox, settings, now)
    return None


def _fault_of_order(task: MailTask) -> StaleReason | None:
    mail, order = task.mail, task.order
    if mail.purpose not in ABOUT_ORDERS:
        return None
    if order is None:
        return StaleReason.ORDER_GONE
    if mail.purpose is not MailPurpose.TRACKING:
        return None
    shipment = next((one for one in order.shipments if one.id == mail.shipment_id), None)
    if shipment is None:
        return StaleReason.SHIPMENT_GONE
    announced = mail.detail("corrected")
    # A newer mail with the right numbers waits behind this one.
    return StaleReason.SUPERSEDED if announced and announced != str(shipment.corrected) else None
