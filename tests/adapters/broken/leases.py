"""Storages that believe whoever comes late, or tell the wrong things about the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import evolve

from customer_accounts.adapters.memory_queues import held_mail
from customer_accounts.outbox import (
    Backlog,
    EventRecord,
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    VatCheckRecord,
    VatTask,
)
from tests.adapters.broken.storage import Broken, breaks


@breaks("test_a_late_worker_changes_nothing")
class BelievesTheLate(Broken):
    """Gives up a mail for whoever held it once."""

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """Do it as the class says."""
        if isinstance(task, MailTask) and task.mail.id in self._tables.mails:
            task = evolve(task, mail=self._tables.mails[task.mail.id])
        super().fail(task, retry_at=retry_at, reason=reason)


@breaks("test_a_lease_may_end_late_if_nobody_wanted_it")
class ForgetsAfterTheLease(Broken):
    """Believes nobody whose lease is over."""

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """Do it as the class says."""
        if task.mail.leased_until is None or outcome.at <= task.mail.leased_until:
            super().finish(task, outcome)


@breaks("test_a_released_mail_is_anybodys_at_once")
class CountsReleases(Broken):
    """Counts a try that was not made."""

    def release(self, task: MailTask | VatTask, /) -> None:
        """Do it as the class says."""
        held = isinstance(task, MailTask) and held_mail(self._tables, task) is not None
        super().release(task)
        if held and isinstance(task, MailTask):
            mail = self._tables.mails[task.mail.id]
            self._tables.mails[mail.id] = evolve(mail, attempts=mail.attempts + 1)


@breaks("test_a_finished_mail_is_not_released")
class ReleasesTheSent(Broken):
    """Queues a mail again that was sent, if it is given back."""

    def release(self, task: MailTask | VatTask, /) -> None:
        """Do it as the class says."""
        super().release(task)
        if isinstance(task, MailTask) and self._tables.mails[task.mail.id].finished_at is not None:
            self._tables.mails[task.mail.id] = evolve(task.mail, leased_until=None)


@breaks("test_a_late_vat_worker_changes_nothing")
class BelievesTheLateAboutNumbers(Broken):
    """Gives back a VAT check for whoever held it once."""

    def release(self, task: MailTask | VatTask, /) -> None:
        """Do it as the class says."""
        rows: dict[Any, Any] = self._tables.records.get(VatCheckRecord, {})
        if isinstance(task, VatTask):
            task = VatTask(rows[task.check.number])
        super().release(task)


@breaks("test_a_released_vat_check_is_anybodys_at_once")
class KeepsReleasedNumbers(Broken):
    """Keeps a VAT check until the lease is over, although it was given back."""

    def release(self, task: MailTask | VatTask, /) -> None:
        """Do it as the class says."""
        if isinstance(task, MailTask):
            super().release(task)


@breaks("test_the_backlog_is_counted")
class CountsTheSent(Broken):
    """Counts mails that were sent as waiting."""

    def backlog(self) -> Backlog:
        """Do it as the class says."""
        sent = [one for one in self._tables.mails.values() if one.status is MailStatus.SENT]
        told = super().backlog()
        return evolve(told, queued=told.queued + len(sent))


@breaks("test_dead_mails_are_listed_by_pages")
class ForgetsThePage(Broken):
    """Gives the first page again and again."""

    def mails(
        self, status: MailStatus, /, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
    ) -> Sequence[MailRecord]:
        """Do it as the class says."""
        return super().mails(status, limit=limit)


@breaks("test_a_dead_mail_is_queued_again")
class KeepsTheTries(Broken):
    """Queues a dead mail again, with all tries that it had."""

    def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """Do it as the class says."""
        attempts = self._tables.mails[mail_id].attempts if mail_id in self._tables.mails else 0
        done = super().requeue(mail_id, due_at=due_at, event=event)
        if done:
            self._tables.mails[mail_id] = evolve(self._tables.mails[mail_id], attempts=attempts)
        return done


@breaks("test_who_queued_it_again_is_recorded")
class RecordsWhatItDidNot(Broken):
    """Records that somebody queued a mail again, although there was none."""

    def requeue(self, mail_id: UUID, /, *, due_at: datetime, event: EventRecord) -> bool:
        """Do it as the class says."""
        done = super().requeue(mail_id, due_at=due_at, event=event)
        if not done:
            self._tables.events.append(event)
        return done
