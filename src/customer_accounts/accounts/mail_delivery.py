"""How a worker treats one leased mail: compose it, send it, or say why not (RL-03 to RL-06)."""

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from customer_accounts.accounts.steps import Surroundings, log
from customer_accounts.outbox import EventKind, EventRecord, MailOutcome, MailStatus, MailTask, one_line
from customer_accounts.ports import MailError
from customer_accounts.settings import Settings

if TYPE_CHECKING:
    from customer_accounts.mail import Stale

#: Writes a mail, or says why it is not sent any more; `customer_accounts.mail.compose` is the default.
Composer = Callable[[MailTask, Settings, datetime], "EmailMessage | Stale"]

#: Longer than any mailer's own time limit, so that no second worker sends the same row meanwhile (RL-04).
LEASE = timedelta(minutes=5)
#: How many mails a worker takes at once; few, so that a killed worker holds back few.
BATCH = 20
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
#: An outage gives no mail up that is younger: as long as a mail server has to go on trying (RFC 5321, 4.5.4.1).
PATIENCE = timedelta(days=5)


class Delivered(StrEnum):
    """What became of one leased mail."""

    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"
    DEAD = "dead"


@frozen
class DeliveryReport:
    """What a run of the mail worker did.

    Args:
        sent: handed over to the mail server.
        dropped: stale before they were sent, such as a link that was used meanwhile.
        failed: to be tried again later.
        dead: given up; they stay in the outbox with the server's last words.
    """

    sent: int = 0
    dropped: int = 0
    failed: int = 0
    dead: int = 0

    @property
    def total(self) -> int:
        """How many mails were looked at."""
        return self.sent + self.dropped + self.failed + self.dead

    def plus(self, one: Delivered) -> "DeliveryReport":
        """Count one more."""
        return evolve(self, **{one.value: getattr(self, one.value) + 1})


@frozen
class Failure:
    """A try that failed; without *retry_at* the mail is dead; an *outage* is everybody's, not only this mail's."""

    retry_at: datetime | None
    reason: str
    outage: bool = False

    @property
    def delivered(self) -> Delivered:
        """What to count it as."""
        return Delivered.DEAD if self.retry_at is None else Delivered.FAILED


#: What became of a mail that was begun; None if nobody knows.
Ending = MailOutcome | Failure | None


def delivered(ending: MailOutcome | Failure) -> Delivered:
    """Give what to count an ending as."""
    return ending.delivered if isinstance(ending, Failure) else Delivered(ending.status)


def prepared(task: MailTask, around: Surroundings, compose: Composer | None) -> EmailMessage | MailOutcome:
    """Compose the mail, or say why it is dropped."""
    # Loaded here: a process that sends no mail needs no templates.
    from customer_accounts import mail  # noqa: PLC0415  # see above

    now = around.clock()
    message = (compose or mail.compose)(task, around.settings, now)
    if isinstance(message, mail.Stale):
        return MailOutcome(MailStatus.DROPPED, now, message.reason)
    return message


def sent(task: MailTask, reply: str, around: Surroundings) -> MailOutcome:
    """Say that the server took it."""
    return MailOutcome(MailStatus.SENT, around.clock(), _kept(reply, task))


def failed(task: MailTask, error: Exception, around: Surroundings) -> Failure:
    """Decide when to try again: back-off with jitter, no more after a permanent error or too many tries.

    That the server was down is no fault of the mail: no number of tries gives it up before `PATIENCE` has ended,
    unless each of them may have sent it.
    """
    attempts = task.mail.attempts + 1
    reason = _kept(f"{type(error).__name__}: {error}", task)
    permanent = isinstance(error, MailError) and error.permanent
    outage = isinstance(error, MailError) and error.outage
    waits = isinstance(error, MailError) and outage and not error.taken and _is_young(task, around)
    if permanent or (attempts >= around.settings.mail_attempts and not waits):
        log.error("mail %s is dead after %d tries: %s", task.mail.id, attempts, reason)
        around.announce([_dead(task, reason, around)])
        return Failure(None, reason, outage)
    wait = min(_FIRST_WAIT * 2 ** min(attempts - 1, 10), _LONGEST_WAIT)
    return Failure(around.clock() + wait * random.uniform(1, 1.25), reason, outage)


def _is_young(task: MailTask, around: Surroundings) -> bool:
    return around.clock() - task.mail.queued_at < PATIENCE


def _kept(words: str, task: MailTask) -> str:
    """Give a server's words as the row keeps them: servers name the recipient, and answer in several lines.

    The row has no recipient once the mail is sent (RL-07), and logs never have one (LG-02, LG-03).
    """
    to, shown = task.mail.to, task.mail.masked_to
    return one_line(re.sub(re.escape(to), lambda _: shown, words, flags=re.IGNORECASE) if to else words)


def _dead(task: MailTask, reason: str, around: Surroundings) -> EventRecord:
    return EventRecord(
        id=task.mail.id,
        at=around.clock(),
        kind=EventKind.MAIL_DEAD,
        actor="system",
        account_id=task.mail.account_id,
        email=task.mail.masked_to,
        email_digest=task.mail.to_digest,
        detail=reason,
    )


def refused_inside() -> TypeError:
    """Say that mails are not sent inside of a transaction that may still be rolled back."""
    return TypeError(
        "mails are delivered outside of the host's transaction: were it rolled back, they would go twice"
    )
