"""What the modules of the newsletter share: where a subscription stands, and its links."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import field, frozen

from customer_accounts.account import AccountRecord, Consent
from customer_accounts.belongings import SubscriptionRecord, SubscriptionStatus
from customer_accounts.facts import Facts, Part
from customer_accounts.token import Purpose, TokenRecord
from customer_accounts.wording import wording

#: What must be known before a subscription may change.
PARTS = frozenset({Part.ACCOUNTS, Part.TOKENS, Part.SUBSCRIPTIONS})


@frozen
class NewsletterView:
    """Where the newsletter of an account stands.

    Args:
        status: None if it was never asked for; ENDED also once the address has changed.
        email: the address that it goes to, or would go to.
        consent: what was agreed to, when and where, or None.
        confirmed_at: when the mailbox proved it, UTC.
        ended_at: when it was ended, UTC.
    """

    status: SubscriptionStatus | None
    email: str = field(repr=False)
    consent: Consent | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None

    def text(self, locale: str) -> str:
        """Say it to the customer."""
        return wording("newsletter", self.status or "none", locale, email=self.email)


def newsletter_of(account: AccountRecord, records: Sequence[SubscriptionRecord]) -> NewsletterView:
    """Give the newsletter of an account as its owner sees it."""
    found = subscription_of(account.id, records)
    if found is None:
        return NewsletterView(None, account.email)
    covered = found.email_key == account.email_key
    status = found.status if covered else SubscriptionStatus.ENDED
    return NewsletterView(status, found.email, found.consent, found.confirmed_at, found.ended_at)


def subscription_of(account_id: UUID, records: Sequence[SubscriptionRecord]) -> SubscriptionRecord | None:
    """Give the subscription of an account, if it ever had one."""
    return next((one for one in records if one.account_id == account_id), None)


def unused_links(purpose: Purpose, account_id: UUID, facts: Facts) -> list[TokenRecord]:
    """Give the unused links of one purpose that an account has."""
    return [
        one
        for one in facts.tokens
        if one.purpose is purpose and one.account_id == account_id and one.used_at is None
    ]
