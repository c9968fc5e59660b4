"""Clauses: work in a queue is leased to one worker at a time, and never lost."""

from attrs import evolve

from customer_accounts.changes import Counts, Kept, Purge, Remove
from customer_accounts.facts import Part, Scope
from customer_accounts.outbox import MailOutcome, MailStatus, MailTask, Queue, VatTask
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.records import NOW, later, stored


def leased(storage: Storage, limit: int = 9, **after: float) -> list[MailTask]:
    """Lease mails for five minutes, so long *after* `NOW`."""
    now = later(**after)
    return list(
        storage.lease(Queue.MAIL, limit=limit, now=now, until=later(**after) + (later(minutes=5) - NOW))
    )


def leased_checks(storage: Storage, **after: float) -> list[VatTask]:
    """Lease VAT checks for five minutes, so long *after* `NOW`."""
    return list(
        storage.lease(Queue.VAT, limit=9, now=later(**after), until=later(**after) + (later(minutes=5) - NOW))
    )


class QueueClauses(Clauses):
    """Mails and VAT checks: due, leased, finished, given back."""

    @needs(Feature.MAIL_QUEUE)
    def test_a_mail_is_queued_once(self, storage: Storage) -> None:
        """RL-08: a mail whose id is there is left alone, in the same write or in a later one."""
        mail = records.a_full_mail()
        other = evolve(mail, to="other@mail.example", details=mail.details[:1])
        storage.write(stored(mail, other))
        storage.write(stored(other))
        assert [task.mail.to for task in leased(storage)] == [mail.to]
        assert leased(storage) == []

    @needs(Feature.MAIL_QUEUE)
    def test_a_sent_mail_is_not_queued_again(self, storage: Storage) -> None:
        """RL-08: a mail that was sent is not sent again because its command is repeated."""
        mail = records.a_full_mail()
        storage.write(stored(mail))
        (task,) = leased(storage)
        storage.finish(task, MailOutcome(MailStatus.SENT, NOW, "250 ok"))
        storage.write(stored(mail))
        assert leased(storage, days=1) == []

    @needs(Feature.MAIL_QUEUE)
    def test_mails_are_leased_when_they_are_due(self, storage: Storage) -> None:
        """A mail is leased at its time and not before, the longest waiting first, as many as are wanted."""
        mails = [records.a_mail(due_at=later(minutes=minutes)) for minutes in (2, 1, 3)]
        storage.write(stored(*mails))
        assert leased(storage) == []
        assert [task.mail.id for task in leased(storage, limit=2, minutes=3)] == [mails[1].id, mails[0].id]
        assert [task.mail.id for task in leased(storage, minutes=3)] == [mails[2].id]

    @needs(Feature.MAIL_QUEUE)
    def test_an_expired_lease_is_retaken(self, storage: Storage) -> None:
        """RL-04: a leased mail is nobody else's until its time is over, and then anybody's."""
        storage.write(stored(records.a_mail()))
        (first,) = leased(storage)
        assert leased(storage, minutes=5) == []
        (second,) = leased(storage, minutes=5, seconds=1)
        assert second.mail == evolve(first.mail, leased_until=later(minutes=10, seconds=1))

    @needs(Feature.MAIL_QUEUE, Part.ORDERS)
    def test_a_task_brings_what_its_text_needs(self, storage: Storage) -> None:
        """A leased mail comes with its links and its order, or without those that are gone."""
        token, extra, order = records.a_token(), records.a_full_token(), records.a_full_order()
        whole = records.a_mail(
            token=token.digest,
            extra_token=extra.digest,
            order_reference=order.reference,
            due_at=later(seconds=-1),
        )
        bare = records.a_mail(token="0" * 64, order_reference="none")
        storage.write(stored(token, extra, order, whole, bare))
        first, second = leased(storage)
        assert (first.token, first.extra_token, first.order) == (token, extra, order)
        assert (second.token, second.extra_token, second.order) == (None, None, None)

    @needs(Feature.MAIL_QUEUE)
    def test_a_finished_mail_stays_finished(self, storage: Storage) -> None:
        """RL-03: a mail that was sent or dropped is never leased again, nor given back by a slow worker."""
        storage.write(stored(records.a_full_mail(), records.a_mail()))
        one, two = leased(storage)
        storage.finish(one, MailOutcome(MailStatus.SENT, NOW, "250 ok"))
        storage.finish(two, MailOutcome(MailStatus.DROPPED, NOW, "link used"))
        storage.fail(one, retry_at=NOW, reason="too late")
        assert leased(storage, days=1) == []

    @needs(Feature.MAIL_QUEUE, Part.MAILS)
    def test_a_finished_mail_tells_nothing_of_its_recipient(self, storage: Storage) -> None:
        """RL-07: of a mail that was sent or dropped stay purpose, masked address and reply, and nothing personal."""
        mails = (
            evolve(records.a_full_mail(), bounce=None, bounced_at=None, bounce_reason="") for _ in range(2)
        )
        storage.write(stored(*mails))
        for task, status in zip(leased(storage), (MailStatus.SENT, MailStatus.DROPPED), strict=True):
            storage.finish(task, MailOutcome(status, later(minutes=1), "250 ok"))
            (kept,) = storage.read(Scope(parts=frozenset({Part.MAILS}), mail=task.mail.id)).mails
            assert kept == evolve(
                task.mail, to="", details=(), status=status, finished_at=later(minutes=1), reply="250 ok",
                attempts=task.mail.attempts + 1, leased_until=None,
            )  # fmt: skip

    @needs(Feature.MAIL_QUEUE)
    def test_a_failed_mail_is_tried_again_at_its_time(self, storage: Storage) -> None:
        """RL-06: a mail that failed waits for its next try; the try and the reason are kept with it."""
        storage.write(stored(records.a_full_mail()))
        (task,) = leased(storage)
        storage.fail(task, retry_at=later(minutes=1), reason="421 busy")
        assert leased(storage, seconds=59) == []
        (again,) = leased(storage, minutes=1)
        expected = evolve(
            task.mail, attempts=task.mail.attempts + 1, reply="421 busy", due_at=later(minutes=1),
            leased_until=later(minutes=6),
        )  # fmt: skip
        assert again.mail == expected

    @needs(Feature.MAIL_QUEUE)
    def test_a_dead_mail_is_not_tried_again(self, storage: Storage) -> None:
        """RL-06: a mail that was given up is never leased again."""
        storage.write(stored(records.a_mail()))
        (task,) = leased(storage)
        storage.fail(task, retry_at=None, reason="550 no such user")
        assert leased(storage, days=9) == []

    @needs(Feature.MAIL_QUEUE, Feature.RETENTION)
    def test_finished_mails_are_purged(self, storage: Storage) -> None:
        """DP-01: mails that ended before the time go and are counted; waiting ones stay, however old."""
        waiting = records.a_mail(due_at=later(hours=1), queued_at=later(days=-99))
        storage.write(stored(waiting, *(records.a_full_mail() for _ in range(3))))
        sent, dead, edge = leased(storage)
        storage.finish(sent, MailOutcome(MailStatus.SENT, NOW))
        storage.fail(dead, retry_at=None, reason="550 no such user")
        storage.finish(edge, MailOutcome(MailStatus.SENT, later(seconds=1)))
        assert storage.write([Purge(Kept.MAILS, later(seconds=1))]) == Counts(purged={Kept.MAILS: 2})
        assert storage.write([Purge(Kept.MAILS, later(days=9))]).purged == {Kept.MAILS: 1}
        assert [task.mail.id for task in leased(storage, hours=1)] == [waiting.id]

    @needs(Feature.MAIL_QUEUE, Feature.RETENTION)
    def test_a_worker_may_be_slower_than_the_purge(self, storage: Storage) -> None:
        """Finishing or failing a mail that was purged meanwhile does nothing."""
        storage.write(stored(records.a_mail()))
        (task,) = leased(storage)
        storage.finish(task, MailOutcome(MailStatus.SENT, NOW))
        storage.write([Purge(Kept.MAILS, later(days=1))])
        storage.finish(task, MailOutcome(MailStatus.SENT, NOW))
        storage.fail(task, retry_at=NOW, reason="421 busy")
        assert leased(storage, days=1) == []

    @needs(Part.VAT_CHECKS, Feature.VAT_QUEUE)
    def test_vat_checks_are_leased(self, storage: Storage) -> None:
        """RL-04: a VAT check is leased at its time, the longest waiting first, to one worker at a time."""
        first, second, not_yet = (records.a_vat_check(due_at=later(minutes=n)) for n in (-2, -1, 1))
        storage.write(stored(second, not_yet, first))
        tasks = leased_checks(storage)
        assert [task.check for task in tasks] == [
            evolve(one, leased_until=later(minutes=5)) for one in (first, second)
        ]
        assert [task.check.number for task in leased_checks(storage, minutes=5)] == [not_yet.number]
        again = leased_checks(storage, minutes=5, seconds=1)
        assert [task.check.number for task in again] == [first.number, second.number]

    @needs(Part.VAT_CHECKS, Feature.VAT_QUEUE)
    def test_a_failed_vat_check_waits_for_its_next_try(self, storage: Storage) -> None:
        """A VAT check that failed waits for its next try; one that was given up is gone."""
        storage.write(stored(records.a_vat_check()))
        (task,) = leased_checks(storage)
        storage.fail(task, retry_at=later(hours=1), reason="MS_UNAVAILABLE")
        assert leased_checks(storage, minutes=59) == []
        (again,) = leased_checks(storage, hours=1)
        assert (again.check.attempts, again.check.due_at) == (1, later(hours=1))
        storage.fail(again, retry_at=None, reason="given up")
        assert leased_checks(storage, days=1) == []

    @needs(Part.VAT_CHECKS, Feature.VAT_QUEUE)
    def test_a_lease_is_no_change_of_a_vat_check(self, storage: Storage) -> None:
        """The answer of a register removes the check that was leased, read before or after the lease."""
        check = records.a_vat_check()
        storage.write(stored(check))
        leased_checks(storage)
        storage.write([Remove(check)])
        assert leased_checks(storage, days=1) == []

    @needs(Part.VAT_CHECKS, Feature.VAT_QUEUE)
    def test_a_worker_may_fail_with_a_check_that_is_gone(self, storage: Storage) -> None:
        """Giving back or giving up a VAT check that somebody has removed meanwhile does nothing."""
        check = records.a_vat_check()
        storage.write(stored(check))
        (task,) = leased_checks(storage)
        storage.write([Remove(check)])
        storage.fail(task, retry_at=None, reason="given up")
        storage.fail(task, retry_at=NOW, reason="MS_UNAVAILABLE")
        assert leased_checks(storage, days=1) == []
