"""The contract of mailers, held by both SMTP mailers, and broken ones that it catches."""

from email.message import EmailMessage

import pytest

from customer_accounts import testing
from customer_accounts.adapters.smtp import AsyncSmtpMailer, SmtpMailer
from customer_accounts.ports import MailError
from customer_accounts.testing import Mailbox, MailerContract


class TestSmtpMailer(MailerContract):
    """The sync mailer."""

    @pytest.fixture
    def mailer(self, mailbox: Mailbox) -> SmtpMailer:
        """The mailer of this library."""
        return SmtpMailer(mailbox.host, mailbox.port)


class TestAsyncSmtpMailer(MailerContract):
    """The async mailer."""

    @pytest.fixture
    def mailer(self, mailbox: Mailbox) -> AsyncSmtpMailer:
        """The async mailer of this library."""
        return AsyncSmtpMailer(mailbox.host, mailbox.port)


class _Broken:
    """A mailer that calls every fault permanent."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailer = SmtpMailer(mailbox.host, mailbox.port)

    def send(self, message: EmailMessage, /) -> str:
        """Send, or give up for good."""
        try:
            return self._mailer.send(message)
        except MailError as error:
            raise MailError(error.reason, permanent=True) from error


def test_a_mailer_that_gives_up_too_early_is_caught() -> None:
    """RL-06: the contract notices a mailer whose transient faults would bury mails."""
    contract = MailerContract()
    with Mailbox() as mailbox, pytest.raises(AssertionError):
        contract.test_everything_else_may_be_tried_again(
            _Broken(mailbox), mailbox, testing.mailbox.Fault.TEMPORARY_FAILURE
        )


def test_unknown_names_are_an_attribute_error() -> None:
    """A misspelt import from the testing package fails as any other."""
    with pytest.raises(AttributeError, match="no attribute"):
        _ = testing.Contract
