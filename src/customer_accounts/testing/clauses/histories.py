"""Clauses: what happened, of several kinds, as one list in pages (rules: `customer_accounts.history`)."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from attrs import evolve

from customer_accounts.account import RegistrationRecord
from customer_accounts.casework import ConversionRequestRecord
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.history import KINDS, History, place_of
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, needs
from customer_accounts.testing.records import NOW, later, stored

_HISTORY = frozenset({Part.HISTORY})
_numbers = count(1)

#: How a record of each kind is made, with a value in many fields where such a one exists.
MADE: Mapping[type, Callable[[], Any]] = {
    RegistrationRecord: records.a_registration,
    EventRecord: lambda: records.an_event(None),
    MailRecord: records.a_full_mail,
    OrderRecord: records.a_full_order,
    ClaimRecord: records.a_full_claim,
    MergeRecord: records.a_full_merge,
    ConversionRequestRecord: records.a_full_request,
    VatEvidenceRecord: records.full_vat_evidence,
    OrderVatRecord: records.full_order_vat,
}


def some_value(name: str) -> Any:
    """Give a value of a field of a history that nobody else has."""
    return records.some_id() if name == "account_ids" else f"value {next(_numbers)}"


def history(**values: Any) -> History:
    """Give the history of some values."""
    return History(**values)


def reached_by(record: Any, path: str, value: Any) -> Any:
    """Give a record that is found by *value* in the field at *path*."""
    name, _, inner = path.partition(".")
    return evolve(record, **{name: evolve(getattr(record, name), **{inner: value}) if inner else value})


def at(record: Any, hours: int) -> Any:
    """Give a record of another time."""
    return evolve(record, **{KINDS[type(record)].time: later(hours=hours)})


class HistoryClauses(Clauses):
    """Ways to a record, pages, and what a history leaves alone."""

    def _kinds(self) -> Iterator[type]:
        return (kind for kind, make in MADE.items() if self.used(make()))

    @needs(Part.HISTORY)
    def test_a_history_finds_each_kind_by_each_value(self, storage: Storage) -> None:
        """By each value: the records that have it, whole, and no others; by what nobody has, and by "", none."""
        for kind in self._kinds():
            for path, name in KINDS[kind].ways.items():
                value = some_value(name)
                own, other = (reached_by(MADE[kind](), path, one) for one in (value, some_value(name)))
                storage.write(stored(own, other))
                found = storage.read(Scope(parts=_HISTORY, history=history(**{name: (value,)})))
                assert found == Facts(history=(own,))
                absent = () if name == "account_ids" else ("",)
                nobody = history(**{name: (some_value(name), *absent)})
                assert storage.read(Scope(parts=_HISTORY, history=nobody)) == Facts()

    @needs(Part.HISTORY)
    def test_nobody_has_an_empty_history(self, storage: Storage) -> None:
        """The address "", which is what an address is that could not be read, finds nothing where rows have it."""
        for kind in self._kinds():
            for path, name in KINDS[kind].ways.items():
                if name == "email_keys":
                    storage.write(stored(reached_by(MADE[kind](), path, "")))
        assert storage.read(Scope(parts=_HISTORY, history=History(email_keys=("",)))) == Facts()
        assert storage.read(Scope(parts=_HISTORY, history=History())) == Facts()
        assert storage.read(Scope(parts=_HISTORY)) == Facts()

    @needs(Part.HISTORY)
    def test_a_history_comes_in_pages(self, storage: Storage) -> None:
        """Pages by key give every record once, newest first, all kinds in one list, also where many have one time."""
        values = {
            name: (some_value(name), some_value(name))
            for name in ("account_ids", "email_keys", "digests", "references", "vat_numbers")
        }
        own: list[Any] = []
        for kind in self._kinds():
            for path, name in KINDS[kind].ways.items():
                if (path, name) != (KINDS[kind].key, "references"):
                    made = (reached_by(MADE[kind](), path, one) for one in values[name])
                    own += [at(one, hours) for hours, one in enumerate(made)]
        storage.write(stored(*own, *(make() for kind, make in MADE.items() if kind in self._kinds())))
        expected = sorted(own, key=place_of, reverse=True)
        for limit in (1, 3, 100):
            seen: list[Any] = []
            page = history(limit=limit, **values)
            while found := storage.read(Scope(parts=_HISTORY, history=page)).history:
                assert len(found) <= limit
                seen += found
                page = evolve(page, after=place_of(found[-1]))
            assert seen == expected

    @needs(Part.HISTORY, Part.MAILS)
    def test_what_several_values_reach_comes_once(self, storage: Storage) -> None:
        """A mail that account, address and order lead to is one record of the history."""
        mail = evolve(records.a_full_mail(), account_id=records.some_id())
        storage.write(stored(mail))
        wanted = history(
            account_ids=(mail.account_id,), digests=(mail.to_digest,), references=(mail.order_reference,)
        )
        assert storage.read(Scope(parts=_HISTORY, history=wanted)).history == (mail,)

    @needs(Part.HISTORY, Part.EVENTS, Part.MAILS)
    def test_a_history_stands_beside_other_parts(self, storage: Storage) -> None:
        """What is asked for besides comes as ever, and the history has none of it, nor it any of the history."""
        account, other = records.an_account(), records.some_id()
        events = [
            records.an_event(one, at=later(hours=n)) for n, one in enumerate((account.id, other, other))
        ]
        mails = [records.a_mail(), records.a_mail(account_id=other, queued_at=NOW)]
        storage.write(stored(account, *events, *mails))
        parts = _HISTORY | {Part.ACCOUNTS, Part.EVENTS, Part.MAILS}
        scope = Scope(
            parts=parts, account_id=account.id, mail=mails[0].id, email_keys=("key 1",), vat_numbers=("1",),
            account_ids=(records.some_id(),), history=history(
                account_ids=(other,), email_keys=("key 2", "key 3"), references=("2",), vat_numbers=("2",),
            ),
        )  # fmt: skip
        found = storage.read(scope)
        assert (found.accounts, found.events, found.mails) == ((account,), (events[0],), (mails[0],))
        assert found.history == (events[2], events[1], mails[1])
        assert storage.read(evolve(scope, parts=parts - _HISTORY)).history == ()
