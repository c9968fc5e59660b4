"""Clauses: what the outbox tells those who run the shop."""

from uuid import UUID

from attrs import evolve

from customer_accounts.facts import Part, Scope
from customer_accounts.outbox import Backlog, EventKind, MailOutcome, MailRecord, MailStatus
from customer_accounts.ports import Outbox, Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.clauses.queues import leased
from customer_accounts.testing.records import NOW, later, stored


def outbox_of(storage: Storage) -> Outbox:
    """Give the storage as what it must be as well."""
    assert isinstance(storage, Outbox), "a storage without an outbox leaves out Feature.OUTBOX"
    return storage


def given_up(storage: Storage, *mails: MailRecord) -> list[MailRecord]:
    """Queue mails and give them up; give them as they stand then, by time and id."""
    storage.write(stored(*mails))
    tasks = leased(storage)
    for task in tasks:
        storage.fail(task, retry_at=None, reason=task.mail.reply)
    dead = [
        evolve(one.mail, status=MailStatus.DEAD, attempts=one.mail.attempts + 1, leased_until=None)
        for one in tasks
    ]
    return sorted(dead, key=lambda one: (one.due_at, one.id))


def compared(mail: MailRecord) -> MailRecord:
    """Leave out what other clauses are about: the reason that is kept, and the order of the details."""
    return evolve(mail, reply="", details=tuple(sorted(mail.details, key=lambda one: one.name)))


class OutboxClauses(Clauses):
    """What waits, what was given up, and queueing that again."""

    @needs(Feature.OUTBOX, Feature.MAIL_QUEUE)
    def test_the_backlog_is_counted(self, storage: Storage) -> None:
        """RL-06: mails that wait are counted, those for another try as well, and so are dead ones; no others."""
        outbox = outbox_of(storage)
        assert outbox.backlog() == Backlog(0, 0, None)
        mails = [
            records.a_mail(queued_at=later(minutes=-n), due_at=later(seconds=n - 9)) for n in range(1, 6)
        ]
        storage.write(stored(*mails))
        sent, dropped, dead, failed, held = leased(storage)
        storage.finish(sent, MailOutcome(MailStatus.SENT, NOW))
        storage.finish(dropped, MailOutcome(MailStatus.DROPPED, NOW))
        storage.fail(dead, retry_at=None, reason="550 no such user")
        assert outbox.backlog() == Backlog(2, 1, held.mail.queued_at)
        storage.fail(failed, retry_at=later(hours=1), reason="451 later")
        storage.finish(held, MailOutcome(MailStatus.SENT, NOW))
        assert outbox.backlog() == Backlog(1, 1, failed.mail.queued_at)

    @needs(Feature.OUTBOX, Feature.MAIL_QUEUE)
    def test_dead_mails_are_listed_by_pages(self, storage: Storage) -> None:
        """RL-06: what was given up is listed whole, by time and id, page by page, and nothing else with it."""
        outbox = outbox_of(storage)
        mails = [records.a_full_mail(), records.a_full_mail(), records.a_full_mail()]
        dead = given_up(storage, evolve(mails[0], due_at=later(minutes=-1)), *mails[1:])
        waiting = records.a_mail()
        storage.write(stored(waiting))
        first = [compared(one) for one in outbox.mails(MailStatus.DEAD, limit=2)]
        assert first == [compared(one) for one in dead[:2]]
        second = outbox.mails(MailStatus.DEAD, after=(first[1].due_at, first[1].id), limit=2)
        assert [compared(one) for one in second] == [compared(one) for one in dead[2:]]
        assert list(outbox.mails(MailStatus.QUEUED)) == [waiting]

    @needs(Feature.OUTBOX, Feature.MAIL_QUEUE)
    def test_a_dead_mail_is_queued_again(self, storage: Storage) -> None:
        """RL-06: its tries begin anew at the time given, and nothing of it is lost."""
        outbox = outbox_of(storage)
        (mail,) = given_up(storage, records.a_full_mail())
        assert outbox.requeue(mail.id, due_at=later(hours=1), event=records.an_event(None))
        assert leased(storage, minutes=59) == []
        (task,) = leased(storage, hours=1)
        again = evolve(mail, status=MailStatus.QUEUED, attempts=0, due_at=later(hours=1))
        assert compared(evolve(task.mail, leased_until=None)) == compared(again)

    @needs(Feature.OUTBOX, Feature.MAIL_QUEUE, Part.EVENTS)
    def test_who_queued_it_again_is_recorded(self, storage: Storage) -> None:
        """LG-02: the event is written with it, and only if there was something to queue again."""
        outbox, account = outbox_of(storage), records.an_account()
        storage.write(stored(account))
        mail = records.a_full_mail()
        given_up(storage, mail)
        events = [records.an_event(account.id, kind=EventKind.MAIL_REQUEUED) for _ in range(3)]
        assert outbox.requeue(mail.id, due_at=NOW, event=events[0])
        assert not outbox.requeue(mail.id, due_at=NOW, event=events[1])
        assert not outbox.requeue(UUID(int=1), due_at=NOW, event=events[2])
        scope = Scope(parts=frozenset({Part.EVENTS}), account_id=account.id)
        assert storage.read(scope).events == (events[0],)
