"""The records that belong to an account: delivery addresses, wish lists, the newsletter subscription.

They are reached through the account alone; a guest has none of them (F12, F13).
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import frozen

from customer_accounts.account import Consent, PostalAddress


@frozen(kw_only=True)
class AddressRecord:
    """A delivery address of an account; which one is the default stands on the account."""

    id: UUID
    account_id: UUID
    address: PostalAddress
    created_at: datetime
    version: int = 1


@frozen
class WishItem:
    """One product on a wish list; ``product`` is the host's own reference."""

    product: str
    quantity: int
    added_at: datetime


@frozen(kw_only=True)
class WishListRecord:
    """A named list of products, in the order in which they were added."""

    id: UUID
    account_id: UUID
    name: str
    created_at: datetime
    items: tuple[WishItem, ...] = ()
    version: int = 1


class SubscriptionStatus(StrEnum):
    """Where a newsletter subscription stands; only ACTIVE ones get mail."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@frozen(kw_only=True)
class SubscriptionRecord:
    """A newsletter subscription with the record of its consent; one for each account.

    Args:
        email: the address that the consent covers; a change of address ends the subscription's right to it.
        consent: what was agreed to, when and where.
        confirmed_at: when the mailbox proved it (double opt-in), UTC.
        proof: what proved it, such as the digest of the link that was used.
    """

    account_id: UUID
    email: str
    email_key: str
    consent: Consent
    status: SubscriptionStatus = SubscriptionStatus.PENDING
    confirmed_at: datetime | None = None
    proof: str | None = None
    ended_at: datetime | None = None
    version: int = 1
