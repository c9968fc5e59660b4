"""Clauses: a mailer hands a message over as it is, or says why not and whether to try again."""

import asyncio
from collections.abc import Coroutine
from email.message import EmailMessage
from typing import Any

import pytest

from customer_accounts.ports import AsyncMailer, Mailer, MailError
from customer_accounts.testing.mailbox import Fault, Mailbox, text_of


def _message(to: str = "anna@mail.example") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Demo Shop <help@shop.example>"
    message["To"] = to
    message["Subject"] = "Votre colis est parti"
    message["Message-ID"] = "<one-and-the-same@shop.example>"
    message.set_content("Bonjour,\n\n.une ligne qui commence par un point\nà bientôt\n")
    return message


def _sent(mailer: Mailer | AsyncMailer, message: EmailMessage) -> str:
    answer: Any = mailer.send(message)
    if isinstance(answer, Coroutine):
        answer = asyncio.run(answer)
    return str(answer)


class MailerClauses:
    """Messages, replies, and faults of a mail server."""

    def test_hands_the_message_over_and_gives_the_reply(
        self, mailer: Mailer | AsyncMailer, mailbox: Mailbox
    ) -> None:
        """RL-03: the message arrives as it is, under its own Message-ID, and the server's words are returned."""
        assert _sent(mailer, _message())
        (message,) = mailbox.to("anna@mail.example")
        assert message["Message-ID"] == "<one-and-the-same@shop.example>"
        assert message["Subject"] == "Votre colis est parti"
        assert "\n.une ligne qui commence par un point\nà bientôt" in text_of(message)

    def test_sends_to_the_named_recipient_only(self, mailer: Mailer | AsyncMailer, mailbox: Mailbox) -> None:
        """EM-01: one mail, one mailbox."""
        _sent(mailer, _message("bert@mail.example"))
        assert len(mailbox.messages) == 1
        assert mailbox.to("anna@mail.example") == []

    @pytest.mark.parametrize("fault", [Fault.REFUSE_RECIPIENT, Fault.REFUSE_MESSAGE])
    def test_a_refusal_for_good_is_permanent(
        self, mailer: Mailer | AsyncMailer, mailbox: Mailbox, fault: Fault
    ) -> None:
        """RL-06: after a 5xx answer to recipient or message another try is useless."""
        with mailbox.failing(fault), pytest.raises(MailError) as caught:
            _sent(mailer, _message())
        assert caught.value.permanent
        assert caught.value.reason

    @pytest.mark.parametrize("fault", [Fault.TEMPORARY_FAILURE, Fault.DROP_CONNECTION, Fault.LOSE_ANSWER])
    def test_everything_else_may_be_tried_again(
        self, mailer: Mailer | AsyncMailer, mailbox: Mailbox, fault: Fault
    ) -> None:
        """RL-06: a 4xx answer and a broken connection are no end; the next try goes through."""
        with mailbox.failing(fault), pytest.raises(MailError) as caught:
            _sent(mailer, _message())
        assert not caught.value.permanent
        before = len(mailbox.messages)
        _sent(mailer, _message())
        assert len(mailbox.messages) == before + 1

    def test_a_server_that_is_gone_is_a_transient_fault(
        self, mailer: Mailer | AsyncMailer, mailbox: Mailbox
    ) -> None:
        """RL-09: a mail server that does not answer is a fault to wait for."""
        mailbox.stop()
        with pytest.raises(MailError) as caught:
            _sent(mailer, _message())
        assert not caught.value.permanent
