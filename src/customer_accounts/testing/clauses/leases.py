"""Clauses: whoever lost a lease changes nothing any more, and what is given back is anybody's."""

from collections.abc import Callable

from attrs import evolve

from customer_accounts.facts import Part
from customer_accounts.outbox import MailOutcome, MailStatus
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.clauses.queues import leased, leased_checks
from customer_accounts.testing.records import NOW, later, stored


class LeaseClauses(Clauses):
    """Leases that ended, by time or because they were given back."""

    @needs(Feature.MAIL_QUEUE)
    def test_a_late_worker_changes_nothing(self, storage: Storage) -> None:
        """RL-04: a worker whose lease was taken over neither ends the mail, nor gives it back, nor gives it up."""
        storage.write(stored(records.a_full_mail()))
        (lost,) = leased(storage)
        (held,) = leased(storage, minutes=6)
        late: tuple[Callable[[], None], ...] = (
            lambda: storage.finish(lost, MailOutcome(MailStatus.SENT, NOW, "250 late")),
            lambda: storage.fail(lost, retry_at=None, reason="550 late"),
            lambda: storage.fail(lost, retry_at=NOW, reason="421 late"),
            lambda: storage.release(lost),
        )
        for call in late:
            call()
            assert leased(storage, minutes=11) == []
        storage.fail(held, retry_at=later(minutes=12), reason="451 held")
        (again,) = leased(storage, minutes=12)
        assert again.mail.attempts == lost.mail.attempts + 1
        assert (again.mail.to, again.mail.details) == (lost.mail.to, lost.mail.details)

    @needs(Feature.MAIL_QUEUE)
    def test_a_lease_may_end_late_if_nobody_wanted_it(self, storage: Storage) -> None:
        """RL-03: a slow worker may still say that it sent the mail, as long as nobody else has taken it."""
        storage.write(stored(records.a_mail()))
        (slow,) = leased(storage)
        storage.finish(slow, MailOutcome(MailStatus.SENT, later(hours=1), "250 ok"))
        assert leased(storage, hours=2) == []

    @needs(Feature.MAIL_QUEUE)
    def test_a_released_mail_is_anybodys_at_once(self, storage: Storage) -> None:
        """A worker that stops gives back what it has not tried: nothing is counted, and nobody waits."""
        storage.write(stored(records.a_full_mail()))
        (task,) = leased(storage)
        storage.release(task)
        (again,) = leased(storage, seconds=1)
        assert again.mail == evolve(task.mail, leased_until=later(minutes=5, seconds=1))

    @needs(Feature.MAIL_QUEUE)
    def test_a_finished_mail_is_not_released(self, storage: Storage) -> None:
        """RL-03: giving back a mail that was sent does not send it again."""
        storage.write(stored(records.a_mail()))
        (task,) = leased(storage)
        storage.finish(task, MailOutcome(MailStatus.SENT, NOW))
        storage.release(task)
        assert leased(storage, days=1) == []

    @needs(Part.VAT_CHECKS, Feature.VAT_QUEUE)
    def test_a_late_vat_worker_changes_nothing(self, storage: Storage) -> None:
        """RL-04: the same for VAT checks."""
        storage.write(stored(records.a_vat_check()))
        (lost,) = leased_checks(storage)
        (held,) = leased_checks(storage, minutes=6)
        late: tuple[Callable[[], None], ...] = (
            lambda: storage.fail(lost, retry_at=None, reason="late"),
            lambda: storage.fail(lost, retry_at=NOW, reason="late"),
            lambda: storage.release(lost),
        )
        for call in late:
            call()
            assert leased_checks(storage, minutes=11) == []
        storage.fail(held, retry_at=later(minutes=12), reason="MS_UNAVAILABLE")
        assert [task.check.number for task in leased_checks(storage, minutes=12)] == [held.check.number]

    @needs(Part.VAT_CHECKS, Feature.VAT_QUEUE)
    def test_a_released_vat_check_is_anybodys_at_once(self, storage: Storage) -> None:
        """A worker that stops gives back the numbers that it has not asked about."""
        storage.write(stored(records.a_vat_check()))
        (task,) = leased_checks(storage)
        storage.release(task)
        (again,) = leased_checks(storage, seconds=1)
        assert again.check.due_at == task.check.due_at
