"""The two runners, sync and async, and the workers that send mail and ask registers.

The async one is imported when it is first asked for: a sync host needs no event loop.
"""

from typing import TYPE_CHECKING

from customer_accounts.accounts.mail_run import MailMetrics, Pace
from customer_accounts.accounts.synchronous import Accounts

if TYPE_CHECKING:
    from customer_accounts.accounts.asynchronous import AsyncAccounts

__all__ = ["Accounts", "AsyncAccounts", "MailMetrics", "Pace"]

if not TYPE_CHECKING:  # pragma: no branch - a type checker must refuse names that are not there

    def __getattr__(name: str) -> type:
        """Import the async runner when it is first asked for."""
        if name != "AsyncAccounts":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from customer_accounts.accounts.asynchronous import AsyncAccounts  # noqa: PLC0415 - brings asyncio

        return AsyncAccounts
