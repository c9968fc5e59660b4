"""Reading composed mails as their reader does."""

import re
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from attrs import evolve

from customer_accounts.mail import Stale, StaleReason, compose
from customer_accounts.outbox import MailTask
from customer_accounts.settings import Settings
from tests.mail.samples import (
    NOW,
    SETTINGS,
)


def sent(one: MailTask, settings: Settings = SETTINGS, now: datetime = NOW) -> EmailMessage:
    """Give a mail that is sent, as its reader's mailbox parses it."""
    message = compose(one, settings, now)
    assert isinstance(message, EmailMessage), message
    return message_from_bytes(message.as_bytes(), policy=default)


def text(one: MailTask, settings: Settings = SETTINGS, now: datetime = NOW) -> str:
    """Give the text part of a mail that is sent, without its line breaks."""
    part = sent(one, settings, now).get_body(("plain",))
    assert part is not None
    return re.sub(r"\s+", " ", part.get_content())


def reason(one: MailTask, settings: Settings = SETTINGS, now: datetime = NOW) -> StaleReason:
    """Say why a mail is not sent."""
    stale = compose(one, settings, now)
    assert isinstance(stale, Stale)
    return stale.reason


def with_link(one: MailTask, **changes: Any) -> MailTask:
    """Change the link of a mail."""
    assert one.token is not None
    return evolve(one, token=evolve(one.token, **changes))


def with_mail(one: MailTask, **changes: Any) -> MailTask:
    """Change the row of a mail."""
    return evolve(one, mail=evolve(one.mail, **changes))
