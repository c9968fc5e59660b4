"""What hosts use to test their shop and to prove their own adapters."""

from customer_accounts.testing.settings import FixedClock, cheap_settings

__all__ = ["FixedClock", "cheap_settings"]
