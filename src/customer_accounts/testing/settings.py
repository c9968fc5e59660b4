"""Settings and a clock for tests: the shop profile with a hasher that costs next to nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from customer_accounts.hashing import CHEAPEST
from customer_accounts.settings import Settings, Storefront


def cheap_settings(**changes: Any) -> Settings:
    """Give settings for tests only; never use them in a shop, their password hashes are worth nothing.

    Args:
        changes: settings to set differently.
    """
    settings = Settings(
        secret="a secret that is only good for tests",
        storefront=Storefront(name="Demo Shop", base_url="https://shop.example", contact="help@shop.example"),
        hashing=CHEAPEST,
        allow_cheap_hashing=True,
    )
    return evolve(settings, **changes)


class FixedClock:
    """A clock that stands still until a test moves it.

    Args:
        now: where it begins, UTC.
    """

    def __init__(self, now: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now

    def forward(self, **by: float) -> None:
        """Move on by a `timedelta`, such as ``minutes=10``."""
        self.now += timedelta(**by)
