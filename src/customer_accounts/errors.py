"""Exceptions: faults of the host, the program or the machinery, never an answer to a customer.

::

    CustomerAccountsError          never raised directly
    ├── RefusedError               `Accounts.require` got a refusal; carries it
    ├── ConflictError              a write was lost to others five times in a row, or once in a host's snapshot
    ├── StaleWriteError            raised by a storage: a version, unique key or one-time token was lost
    └── SettingsError              settings that would be unsafe or cannot work
"""

from customer_accounts.refusals import Refused


class CustomerAccountsError(Exception):
    """Base of all errors here; never raised directly."""


class RefusedError(CustomerAccountsError):
    """A refusal where the caller required a result; ``refused`` says why."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason.value)
        self.refused = refused


class ConflictError(CustomerAccountsError):
    """Somebody else changed the same records each of five times, or once where the host's transaction keeps its
    snapshot; the host may try the command again, in a new transaction.
    """


class StaleWriteError(CustomerAccountsError):
    """A version, unique key or one-time token was lost to somebody else; nothing was written.

    Args:
        what: the kind of record that was lost, for logs; names no value.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class SettingsError(CustomerAccountsError, ValueError):
    """Settings that would be unsafe or cannot work; the text names the setting."""
