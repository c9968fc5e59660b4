"""What hosts use to test their shop and to prove their own adapters.

The contracts need pytest, and the mailbox needs aiosmtpd; each is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from customer_accounts.testing.settings import FixedClock, cheap_settings

if TYPE_CHECKING:
    from customer_accounts.testing.clauses.needs import Feature
    from customer_accounts.testing.mailbox import Mailbox
    from customer_accounts.testing.mailer_contract import MailerContract
    from customer_accounts.testing.storage_contract import AsyncStorageContract, StorageContract

__all__ = [
    "AsyncStorageContract",
    "Feature",
    "FixedClock",
    "Mailbox",
    "MailerContract",
    "StorageContract",
    "cheap_settings",
]

_LATER = {
    "AsyncStorageContract": "storage_contract",
    "Feature": "clauses.needs",
    "Mailbox": "mailbox",
    "MailerContract": "mailer_contract",
    "StorageContract": "storage_contract",
}


def __getattr__(name: str) -> type:
    """Import a contract or the mailbox.

    Raises:
        ImportError: pytest or aiosmtpd is not installed.
    """
    if name in _LATER:
        found: type = getattr(import_module(f"customer_accounts.testing.{_LATER[name]}"), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
