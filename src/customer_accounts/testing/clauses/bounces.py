"""Clauses: mails that came back."""

from attrs import evolve

from customer_accounts.changes import BounceMail
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.outbox import BounceKind, MailOutcome, MailRecord, MailStatus
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.clauses.queues import leased
from customer_accounts.testing.records import EXACT, NOW, stored


def mail_of(storage: Storage, mail: MailRecord) -> Facts:
    """Give the facts of one mail."""
    return storage.read(Scope(parts=frozenset({Part.MAILS}), mail=mail.id))


class BounceClauses(Clauses):
    """One mail by its id, and the note that it came back."""

    @needs(Part.MAILS)
    def test_a_mail_is_found_by_its_id(self, storage: Storage) -> None:
        """The one named, whole, and nobody else's; none without a name."""
        mail, other = records.a_full_mail(), records.a_mail()
        storage.write(stored(mail, other))
        assert mail_of(storage, mail) == Facts(mails=(mail,))
        assert mail_of(storage, other) == Facts(mails=(other,))
        assert storage.read(Scope(parts=frozenset({Part.MAILS}))) == Facts()

    @needs(Part.MAILS)
    def test_a_bounce_is_noted_on_its_mail(self, storage: Storage) -> None:
        """Kind, time and reason, and nothing else of the mail; of this mail alone."""
        mail, other = records.a_mail(), records.a_mail()
        storage.write(stored(mail, other))
        storage.write([BounceMail(mail.id, None, BounceKind.SOFT, EXACT, "4.2.2 Größe")])
        soft = evolve(mail, bounce=BounceKind.SOFT, bounced_at=EXACT, bounce_reason="4.2.2 Größe")
        assert mail_of(storage, mail).mails == (soft,)
        storage.write([BounceMail(mail.id, BounceKind.SOFT, BounceKind.HARD, NOW, "5.1.1")])
        hard = evolve(mail, bounce=BounceKind.HARD, bounced_at=NOW, bounce_reason="5.1.1")
        assert mail_of(storage, mail).mails == (hard,)
        assert mail_of(storage, other).mails == (other,)

    @needs(Part.MAILS)
    def test_a_bounce_that_was_overtaken_is_not_noted(self, storage: Storage) -> None:
        """CC-05: another bounce than the one that was read, or a mail that is gone, fails the write."""
        mail = records.a_mail(bounce=BounceKind.SOFT, bounced_at=EXACT, bounce_reason="4.2.2")
        storage.write(stored(mail))
        for mail_id, known in (
            (mail.id, None),
            (mail.id, BounceKind.HARD),
            (records.some_id(), None),
        ):
            try:
                storage.write([BounceMail(mail_id, known, BounceKind.HARD, NOW, "late")])
            except StaleWriteError:
                continue
            raise AssertionError("the bounce was noted all the same")
        assert mail_of(storage, mail).mails == (mail,)

    @needs(Part.MAILS, Feature.MAIL_QUEUE)
    def test_a_bounce_disturbs_no_worker(self, storage: Storage) -> None:
        """RL-03: a mail that bounced while a worker held it is finished by that worker, and keeps its bounce."""
        mail = records.a_mail()
        storage.write(stored(mail))
        (task,) = leased(storage)
        storage.write([BounceMail(mail.id, None, BounceKind.HARD, EXACT, "5.1.1")])
        storage.finish(task, MailOutcome(MailStatus.SENT, NOW, "250 ok"))
        (found,) = mail_of(storage, mail).mails
        assert (found.status, found.reply, found.to) == (MailStatus.SENT, "250 ok", "")
        assert (found.bounce, found.bounced_at, found.bounce_reason) == (BounceKind.HARD, EXACT, "5.1.1")
