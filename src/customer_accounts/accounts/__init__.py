"""The two runners, sync and async, and the workers that send mail and ask registers."""

from customer_accounts.accounts.asynchronous import AsyncAccounts
from customer_accounts.accounts.synchronous import Accounts

__all__ = ["Accounts", "AsyncAccounts"]
