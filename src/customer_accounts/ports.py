"""All protocols that a host or an adapter implements, in one place.

Sync ones are for Django and Flask, their ``Async`` twins for FastAPI and Litestar; the rules behind are the same.
Faults: a storage may raise what its driver raises, the command then has no effect.  Every other port may fail or
hang without stopping a registration or an order (RL-09).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Literal, Protocol, overload, runtime_checkable
from uuid import UUID

from customer_accounts.changes import Change, Counts
from customer_accounts.facts import Facts, Scope
from customer_accounts.hashing import Verification
from customer_accounts.limiting import Allowance
from customer_accounts.outbox import (
    Backlog,
    EventRecord,
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    Queue,
    VatTask,
)
from customer_accounts.password_policy import BreachCheck
from customer_accounts.vat import VatAnswer, VatNumber

#: Called after the commit with each audit event; also with those that no transaction holds, such as a failed sign-in.
EventSink = Callable[[EventRecord], None]


@runtime_checkable
class Storage(Protocol):
    """Where records live; `customer_accounts.adapters.memory.MemoryStorage` is its executable specification."""

    def read(self, scope: Scope, /) -> Facts:
        """Give one snapshot of the parts that *scope* names (see `customer_accounts.facts`)."""
        ...

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Apply all changes in one transaction, or none.

        Raises:
            StaleWriteError: a version, unique key or one-time token was lost to somebody else.
        """
        ...

    @overload
    def lease(
        self, queue: Literal[Queue.MAIL], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask]: ...
    @overload
    def lease(
        self, queue: Literal[Queue.VAT], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[VatTask]: ...
    def lease(
        self, queue: Queue, /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask] | Sequence[VatTask]:
        """Take at most *limit* tasks that are due at *now*, for nobody else until *until* (RL-04)."""
        ...

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """Mark a leased mail as sent or dropped, and blank its recipient and details (RL-07)."""
        ...

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """Give a leased task back for a later try, or for None give it up for good; attempts count up.

        This and `finish` do nothing once somebody else has leased the task: the new holder's word counts (RL-04).
        """
        ...

    def release(self, task: MailTask | VatTask, /) -> None:
        """Give a leased task back as it was, for anybody at once, unless somebody else has leased it."""
        ...


@runtime_checkable
class AsyncStorage(Protocol):
    """The async twin of `Storage`."""

    async def read(self, scope: Scope, /) -> Facts:
        """See `Storage.read`."""
        ...

    async def write(self, changes: Sequence[Change], /) -> Counts:
        """See `Storage.write`."""
        ...

    @overload
    async def lease(
        self, queue: Literal[Queue.MAIL], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask]: ...
    @overload
    async def lease(
        self, queue: Literal[Queue.VAT], /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[VatTask]: ...
    async def lease(
        self, queue: Queue, /, *, limit: int, now: datetime, until: datetime
    ) -> Sequence[MailTask] | Sequence[VatTask]:
        """See `Storage.lease`."""
        ...

    async def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `Storage.finish`."""
        ...

    async def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `Storage.fail`."""
        ...

    async def release(self, task: MailTask | VatTask, /) -> None:
        """See `Storage.release`."""
        ...


@runtime_checkable
class Outbox(Protocol):
    """What a storage tells those who run the shop about its mails; a storage without it still sends all of them."""

    def backlog(self) -> Backlog:
        """Count what waits."""
        ...

    def mails(
        self, status: MailStatus, /, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> Sequence[MailRecord]:
        """Give mails that stand so, by ``due_at`` and id; the next page begins *after* the last one's."""
        ...

    def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """Queue a dead mail again, its tries counted anew, and record *event* with it; False if it is not dead."""
        ...


@runtime_checkable
class AsyncOutbox(Protocol):
    """The async twin of `Outbox`."""

    async def backlog(self) -> Backlog:
        """See `Outbox.backlog`."""
        ...

    async def mails(
        self, status: MailStatus, /, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> Sequence[MailRecord]:
        """See `Outbox.mails`."""
        ...

    async def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """See `Outbox.requeue`."""
        ...


class MailError(Exception):
    """A mailer could not hand a mail over.

    Args:
        reason: what happened, for the mail's row; names no recipient.
        permanent: another try is useless (SMTP 5xx).
        outage: the server takes no mail at all at the moment, so that a worker need not try the others now.
        taken: the server may have taken it all the same, so that each further try may send it once more.
    """

    def __init__(
        self, reason: str, *, permanent: bool = False, outage: bool = False, taken: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.outage = outage
        self.taken = taken


class Mailer(Protocol):
    """Hands one finished message to a mail server."""

    def send(self, message: EmailMessage, /) -> str:
        """Send *message* and give the server's reply.

        Raises:
            MailError: it could not be handed over.
        """
        ...


class AsyncMailer(Protocol):
    """The async twin of `Mailer`."""

    async def send(self, message: EmailMessage, /) -> str:
        """See `Mailer.send`."""
        ...


class VatRegister(Protocol):
    """Asks a register such as VIES about one number; a fault is an UNVERIFIED answer, never an exception."""

    def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """Ask about *number*; with *requester*, the shop's own, the register gives a consultation number."""
        ...


class AsyncVatRegister(Protocol):
    """The async twin of `VatRegister`."""

    async def check(self, number: VatNumber, requester: VatNumber | None = None, /) -> VatAnswer:
        """See `VatRegister.check`."""
        ...


class PasswordHasher(Protocol):
    """Hashes passwords and checks them against what is stored."""

    def hash(self, password: str, /) -> str:
        """Give a PHC string.

        Raises:
            HasherBusyError: no slot became free within the hasher's own limit.
        """
        ...

    def verify(self, password: str, stored: str | None, /) -> Verification:
        """Check a password; without a stored hash the same work is done and the answer is no (EN-04)."""
        ...


class RateLimiter(Protocol):
    """Counts tries; the count is made before the answer, in one step (AB-05)."""

    def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """Count one try under *key*; give None if it is within the allowance, else how long to wait."""
        ...


class AsyncRateLimiter(Protocol):
    """The async twin of `RateLimiter`."""

    async def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """See `RateLimiter.hit`."""
        ...


class BreachedPasswords(Protocol):
    """Says whether a password is known from a breach; an outage is `BreachCheck.UNAVAILABLE`."""

    def check(self, password: str, /) -> BreachCheck:
        """Look *password* up; bounded in time, sends at most 5 characters of its SHA-1 away (PW-08)."""
        ...


class AsyncBreachedPasswords(Protocol):
    """The async twin of `BreachedPasswords`."""

    async def check(self, password: str, /) -> BreachCheck:
        """See `BreachedPasswords.check`."""
        ...


class OrderFactCheck(Protocol):
    """Says whether a customer knows something about an order that only the host can check, such as a card's digits.

    It is asked before anything is written, once for each `customer_accounts.ClaimOrder` with a fact, also about
    numbers that nobody has: take the same time for them.  Whatever it raises counts as False.
    """

    def holds(self, number: str, fact: str, /) -> bool:
        """Whether *fact* is true of the order with *number*; bounded in time, keeps and logs no *fact*.

        Args:
            number: as it is printed for the customer, without the blanks and the mark typed around it.
            fact: exactly as typed; to be compared in constant time.
        """
        ...


class AsyncOrderFactCheck(Protocol):
    """The async twin of `OrderFactCheck`."""

    async def holds(self, number: str, fact: str, /) -> bool:
        """See `OrderFactCheck.holds`."""
        ...
