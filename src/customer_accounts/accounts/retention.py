"""What `purge` deletes, and when (DP-01)."""

from datetime import datetime

from customer_accounts.changes import Kept, Purge
from customer_accounts.settings import Settings


def purges(settings: Settings, now: datetime) -> list[Purge]:
    """Give the deletions that are due: what expired, and what was kept long enough."""
    return [
        Purge(Kept.REGISTRATIONS, now),
        Purge(Kept.TOKENS, now - settings.registration_lifetime),
        Purge(Kept.MAILS, now - settings.mails_kept),
        Purge(Kept.EVENTS, now - settings.events_kept),
        Purge(Kept.REQUESTS, now),
        Purge(Kept.PROPOSALS, now),
        # The VAT of orders first: what it names is kept.
        Purge(Kept.ORDER_VAT, _year_of(now - settings.vat_evidence_kept)),
        Purge(Kept.VAT_EVIDENCE, _year_of(now - settings.vat_evidence_kept)),
        Purge(Kept.MERGES, now),
        Purge(Kept.CLAIMS, now - settings.claims_kept),
    ]


def _year_of(moment: datetime) -> datetime:
    """Give the beginning of the year: the period runs from the end of the year of the supply (Art. 369k(2))."""
    return moment.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
