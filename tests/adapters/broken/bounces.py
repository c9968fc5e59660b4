"""Storages that do wrong with mails that came back."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from customer_accounts.changes import BounceMail, Change, Counts
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Scope
from customer_accounts.outbox import BounceKind, MailTask
from tests.adapters.broken.storage import Broken, Reading, Writing, breaks


@breaks("test_a_mail_is_found_by_its_id")
class ShowsNoMailDetails(Reading):
    """Gives a mail without its details."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Leave them out."""
        return evolve(facts, mails=tuple(evolve(one, details=()) for one in facts.mails))


@breaks("test_a_bounce_is_noted_on_its_mail")
class ForgetsTheReason(Writing):
    """Keeps no reason of a bounce."""

    def bent(self, changes: list[Change]) -> list[Change]:
        """Drop it, of soft ones."""
        return [
            evolve(one, reason="") if isinstance(one, BounceMail) and one.bounce is BounceKind.SOFT else one
            for one in changes
        ]


@breaks("test_a_bounce_that_was_overtaken_is_not_noted")
class ToldOfNoOvertaking(Broken):
    """Says nothing where a bounce was overtaken."""

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write without it then."""
        try:
            return super().write(changes)
        except StaleWriteError:
            if not any(isinstance(one, BounceMail) for one in changes):
                raise
            return Counts()


@breaks("test_a_bounce_disturbs_no_worker")
class FinishesOverABounce(Broken):
    """Writes the whole row of a finished mail as it was leased."""

    def finish(self, task: MailTask, outcome: Any, /) -> None:
        """Finish, then forget what came meanwhile."""
        super().finish(task, outcome)
        mail = self._tables.mails.get(task.mail.id)
        if mail is not None:
            self._tables.mails[mail.id] = evolve(mail, bounce=None, bounced_at=None, bounce_reason="")
