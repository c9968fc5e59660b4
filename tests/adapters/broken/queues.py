"""Storages whose queues lose, keep or repeat work."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from customer_accounts.changes import Change, Counts, Kept, Purge, QueueMail
from customer_accounts.outbox import MailOutcome, MailStatus, MailTask, Queue, VatCheckRecord, VatTask
from tests.adapters.broken.storage import Broken, Writing, breaks


@breaks("test_a_mail_is_queued_once")
class ReplacesMails(Writing):
    """Replaces a mail that waits by one with its id."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        for change in changes:
            known = self._tables.mails.get(change.mail.id) if isinstance(change, QueueMail) else None
            if known is not None and isinstance(change, QueueMail) and known.status is MailStatus.QUEUED:
                self._tables.mails[known.id] = evolve(change.mail, leased_until=known.leased_until)
        return changes


@breaks("test_a_sent_mail_is_not_queued_again")
class QueuesAgain(Writing):
    """Queues a mail again that was sent already."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Do it as the class says."""
        for change in changes:
            known = self._tables.mails.get(change.mail.id) if isinstance(change, QueueMail) else None
            if known is not None and known.finished_at is not None:
                del self._tables.mails[known.id]
        return changes


@breaks("test_mails_are_leased_when_they_are_due")
class LeasesThree(Broken):
    """Leases three mails although two are wanted."""

    def lease(self, queue: Any, /, *, limit: int, **how: Any) -> Any:
        """Do it as the class says."""
        return super().lease(queue, limit=max(limit, 3), **how)


@breaks(
    "test_an_expired_lease_is_retaken",
    # Where nobody takes a lease over, nobody can be late.
    "test_a_late_worker_changes_nothing",
)
class NeverRetakes(Broken):
    """Leaves a mail to a worker that died."""

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """Do it as the class says."""
        for mail in list(self._tables.mails.values()):
            if mail.leased_until is not None and mail.leased_until < now:
                self._tables.mails[mail.id] = evolve(mail, leased_until=datetime.max.replace(tzinfo=UTC))
        return super().lease(queue, limit=limit, now=now, until=until)


@breaks("test_a_task_brings_what_its_text_needs")
class ForgetsTheSecondLink(Broken):
    """Leases a mail without its second link."""

    def lease(self, queue: Any, /, **how: Any) -> Any:
        """Do it as the class says."""
        tasks = super().lease(queue, **how)
        return [evolve(one, extra_token=None) if isinstance(one, MailTask) else one for one in tasks]


@breaks("test_a_finished_mail_stays_finished")
class TakesBack(Broken):
    """Gives a mail back that was finished."""

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """Do it as the class says."""
        mail = self._tables.mails.get(task.mail.id) if isinstance(task, MailTask) else None
        if mail is not None and retry_at is not None:
            self._tables.mails[mail.id] = evolve(mail, status=MailStatus.QUEUED)
        super().fail(task, retry_at=retry_at, reason=reason)


@breaks("test_a_failed_mail_is_tried_again_at_its_time")
class ForgetsReasons(Broken):
    """Gives a failed mail back without keeping the reason."""

    def fail(self, task: MailTask | VatTask, /, *, retry_at: Any, reason: str) -> None:
        """Do it as the class says."""
        super().fail(task, retry_at=retry_at, reason="")


@breaks("test_a_dead_mail_is_not_tried_again")
class WakesTheDead(Broken):
    """Leases a mail again a week after it was given up."""

    def lease(self, queue: Any, /, *, now: datetime, **how: Any) -> Any:
        """Do it as the class says."""
        for mail in list(self._tables.mails.values()):
            if mail.status is MailStatus.DEAD and mail.due_at < now - timedelta(days=7):
                self._tables.mails[mail.id] = evolve(mail, status=MailStatus.QUEUED)
        return super().lease(queue, now=now, **how)


@breaks("test_finished_mails_are_purged")
class KeepsTheDead(Broken):
    """Never purges a mail that was given up."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Do it as the class says."""
        dead = [one for one in self._tables.mails.values() if one.status is MailStatus.DEAD]
        purges = any(isinstance(one, Purge) and one.kind is Kept.MAILS for one in changes)
        for one in dead if purges else ():
            self._tables.mails[one.id] = evolve(one, due_at=datetime.max.replace(tzinfo=UTC))
        return super().write(changes)


@breaks("test_a_worker_may_be_slower_than_the_purge")
class WantsTheMail(Broken):
    """Fails where a finished mail is gone."""

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """Do it as the class says."""
        if task.mail.id not in self._tables.mails:
            raise LookupError("no such mail")
        super().finish(task, outcome)


@breaks("test_vat_checks_are_leased")
class LeasesTheNewestFirst(Broken):
    """Leases the VAT check first that waits the shortest."""

    def lease(self, queue: Any, /, **how: Any) -> Any:
        """Do it as the class says."""
        tasks = super().lease(queue, **how)
        return tasks[::-1] if queue is Queue.VAT else tasks


@breaks("test_a_failed_vat_check_waits_for_its_next_try")
class CountsNoTries(Broken):
    """Does not count the tries of a VAT check."""

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """Do it as the class says."""
        super().fail(task, retry_at=retry_at, reason=reason)
        rows: dict[Any, Any] = self._tables.records.get(VatCheckRecord, {})
        if isinstance(task, VatTask) and task.check.number in rows:
            rows[task.check.number] = evolve(rows[task.check.number], attempts=0)


@breaks(
    "test_a_lease_is_no_change_of_a_vat_check",
    # There, too, the check that was leased is removed.
    "test_a_worker_may_fail_with_a_check_that_is_gone",
)
class LeasesAreChanges(Broken):
    """Counts a lease as a change of the VAT check."""

    def lease(self, queue: Any, /, **how: Any) -> Any:
        """Do it as the class says."""
        tasks = super().lease(queue, **how)
        rows: dict[Any, Any] = self._tables.records.get(VatCheckRecord, {})
        for one in tasks if queue is Queue.VAT else ():
            rows[one.check.number] = evolve(rows[one.check.number], version=one.check.version + 1)
        return tasks


@breaks("test_a_finished_mail_tells_nothing_of_its_recipient")
class KeepsTheDetails(Broken):
    """Keeps what a mail told when it is sent."""

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """Do it as the class says."""
        super().finish(task, outcome)
        kept = self._tables.mails.get(task.mail.id)
        if kept is not None and kept.finished_at is not None:
            self._tables.mails[kept.id] = evolve(kept, details=task.mail.details)
