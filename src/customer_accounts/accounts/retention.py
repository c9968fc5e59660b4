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
    ]
