"""The contract of mailers, held by both SMTP mailers, and broken ones that it catches."""

import inspect
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

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


class Broken:
    """A mailer with one fault; each of its subclasses has another one."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailer = SmtpMailer(mailbox.host, mailbox.port)

    def send(self, message: EmailMessage, /) -> str:
        """Send."""
        return self._mailer.send(message)


class RenamesMessages(Broken):
    """Sends each try under a Message-ID of its own."""

    def send(self, message: EmailMessage, /) -> str:
        """Do it as the class says."""
        del message["Message-ID"]
        message["Message-ID"] = f"<{uuid4()}@shop.example>"
        return super().send(message)


class SendsACopy(Broken):
    """Sends the shop a copy."""

    def send(self, message: EmailMessage, /) -> str:
        """Do it as the class says."""
        copy = EmailMessage()
        copy["From"], copy["To"] = message["From"], "help@shop.example"
        super().send(copy)
        return super().send(message)


class KnowsOneMailbox(Broken):
    """Sends everything to one mailbox."""

    def send(self, message: EmailMessage, /) -> str:
        """Do it as the class says."""
        message.replace_header("To", "anna@mail.example")
        return super().send(message)


class HopesForever(Broken):
    """Calls every refusal a passing one."""

    def send(self, message: EmailMessage, /) -> str:
        """Do it as the class says."""
        try:
            return super().send(message)
        except MailError as error:
            raise MailError(error.reason) from error


class GivesUpOnAnswers(Broken):
    """Gives up for good whatever a server that it reached says."""

    def send(self, message: EmailMessage, /) -> str:
        """Do it as the class says."""
        try:
            return super().send(message)
        except MailError as error:
            gone = "ConnectionRefusedError" in error.reason
            raise MailError(error.reason, permanent=error.permanent or not gone) from error


class GivesUpOnSilence(Broken):
    """Gives up for good if no server answers."""

    def send(self, message: EmailMessage, /) -> str:
        """Do it as the class says."""
        try:
            return super().send(message)
        except MailError as error:
            gone = "ConnectionRefusedError" in error.reason
            raise MailError(error.reason, permanent=error.permanent or gone) from error


#: A mailer with one fault, and the clause that it breaks.
CAUGHT_BY: dict[type[Broken], set[str]] = {
    Broken: set(),
    RenamesMessages: {"test_hands_the_message_over_and_gives_the_reply"},
    # A copy is also one message more where the next try is counted.
    SendsACopy: {"test_sends_to_the_named_recipient_only", "test_everything_else_may_be_tried_again"},
    KnowsOneMailbox: {"test_sends_to_the_named_recipient_only"},
    HopesForever: {"test_a_refusal_for_good_is_permanent"},
    GivesUpOnAnswers: {"test_everything_else_may_be_tried_again"},
    GivesUpOnSilence: {"test_a_server_that_is_gone_is_a_transient_fault"},
}


def clauses() -> list[tuple[str, Callable[..., None]]]:
    """Give all clauses with their names."""
    return [
        one for one in inspect.getmembers(MailerContract, inspect.isfunction) if one[0].startswith("test_")
    ]


def test_every_clause_has_a_mailer_that_it_catches() -> None:
    """A clause that nothing breaks would be no promise; each is the only one that catches some broken mailer."""
    alone = (caught for caught in CAUGHT_BY.values() if len(caught) == 1)
    assert set().union(*alone) == {name for name, _ in clauses()}


@pytest.mark.parametrize("mailer", CAUGHT_BY, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_clause(mailer: type[Broken]) -> None:
    """RL-03, RL-06: a mailer with one fault fails the clause that forbids it and no other."""
    assert {name for name, clause in clauses() if not _keeps(clause, mailer)} == CAUGHT_BY[mailer]


def _keeps(clause: Callable[..., None], mailer: type[Broken]) -> bool:
    marks = [mark for mark in getattr(clause, "pytestmark", ()) if mark.name == "parametrize"]
    cases: list[dict[str, Any]] = [{mark.args[0]: one} for mark in marks for one in mark.args[1]] or [{}]
    for values in cases:
        with Mailbox() as mailbox:
            try:
                clause(MailerContract(), mailer=mailer(mailbox), mailbox=mailbox, **values)
            except (Exception, pytest.fail.Exception):  # noqa: BLE001  # a mailer may break in any way
                return False
    return True


def test_unknown_names_are_an_attribute_error() -> None:
    """A misspelt import from the testing package fails as any other."""
    with pytest.raises(AttributeError, match="no attribute"):
        _ = testing.Contract
