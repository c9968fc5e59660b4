"""What a mailer owes the library, as tests that a host runs on its own.

A host subclasses `MailerContract` and gives a fixture ``mailer`` that sends to the fixture ``mailbox``, a real mail
server on this machine::

    class TestOurMailer(MailerContract):
        @pytest.fixture
        def mailer(self, mailbox):
            return OurMailer(mailbox.host, mailbox.port)

Sync and async mailers are driven in the same words.
"""

from collections.abc import Iterator

import pytest

from customer_accounts.testing.clauses.mailer import MailerClauses
from customer_accounts.testing.mailbox import Mailbox


class MailerContract(MailerClauses):
    """The promises of `customer_accounts.ports.Mailer`; give a fixture ``mailer``."""

    @pytest.fixture
    def mailbox(self) -> Iterator[Mailbox]:
        """A mail server on this machine."""
        with Mailbox() as mailbox:
            yield mailbox
