"""Storages whose history lacks something, repeats something, or gets into other parts."""

from operator import attrgetter

from attrs import evolve

from customer_accounts.account import RegistrationRecord
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.history import KINDS, place_of, wanted_of
from customer_accounts.merge import MergeRecord
from customer_accounts.outbox import MailRecord
from tests.adapters.broken.storage import Reading, breaks


@breaks("test_a_history_finds_each_kind_by_each_value")
class ForgetsTheAbsorbedAddress(Reading):
    """Finds no merge by the address that ended with it."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if scope.history is None or not scope.history.email_keys or scope.history.account_ids:
            return facts
        return evolve(facts, history=tuple(one for one in facts.history if not isinstance(one, MergeRecord)))


@breaks("test_nobody_has_an_empty_history")
class TellsTheHistoryOfNobody(Reading):
    """Finds registrations whose address could not be read."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if scope.history is None or scope.history.email_keys != ("",):
            return facts
        nobodys = [one for one in self._tables.all(RegistrationRecord) if one.email_key == ""]
        return evolve(facts, history=tuple(nobodys))


@breaks("test_a_history_comes_in_pages")
class SkipsWhatHappenedAtOnce(Reading):
    """Begins a page with the time before that of the last record."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        after = scope.history.after if scope.history is not None else None
        if after is None:
            return facts
        return evolve(facts, history=tuple(one for one in facts.history if place_of(one).at < after.at))


@breaks("test_what_several_values_reach_comes_once")
class GivesItForEachWay(Reading):
    """Gives a mail as often as there are ways to it."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        history = scope.history
        if history is None:
            return facts
        ways = KINDS[MailRecord].ways.items()
        given = (
            one
            for one in facts.history
            for path, name in (ways if isinstance(one, MailRecord) else [("id", "")])
            if not name or attrgetter(path)(one) in wanted_of(history, name)
        )
        return evolve(facts, history=tuple(given))


@breaks("test_a_history_stands_beside_other_parts")
class MixesTheHistoryIn(Reading):
    """Gives the mails of the history also where another mail was asked for."""

    def bent(self, scope: Scope, facts: Facts) -> Facts:
        """Do it as the class says."""
        if Part.MAILS not in scope.parts:
            return facts
        more = (one for one in facts.history if isinstance(one, MailRecord))
        return evolve(facts, mails=(*facts.mails, *more))
