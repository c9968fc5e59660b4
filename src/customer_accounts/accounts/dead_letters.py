"""Queueing again what was given up (RL-06), and who did it (LG-02)."""

from datetime import datetime
from uuid import uuid4

from customer_accounts.actors import Agent, System
from customer_accounts.command import name_of
from customer_accounts.outbox import EventKind, EventRecord, MailRecord


def requeueing(mail: MailRecord, by: Agent | System, at: datetime) -> EventRecord:
    """Give the event that is written with it; names the mail by what it is for and by its masked address."""
    return EventRecord(
        id=uuid4(),
        at=at,
        kind=EventKind.MAIL_REQUEUED,
        actor=name_of(by),
        account_id=mail.account_id,
        email=mail.masked_to,
        email_digest=mail.to_digest,
        detail=mail.purpose.value,
    )


def no_outbox(storage: object) -> TypeError:
    """Say that a storage cannot tell about its mails."""
    return TypeError(f"{type(storage).__name__} is no customer_accounts.ports.Outbox")
