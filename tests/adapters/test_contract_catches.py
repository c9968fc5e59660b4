"""Each clause of the contract catches the fault that it is for: a storage broken in one way fails that clause alone."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from attrs import fields

from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.changes import Purge
from customer_accounts.facts import Facts, Part
from customer_accounts.outbox import Queue
from customer_accounts.testing import Feature, StorageContract
from customer_accounts.testing.clauses.needs import _PARTS, Use
from tests.adapters import broken
from tests.adapters.broken.bounces import ToldOfNoOvertaking
from tests.adapters.broken.queues import CountsNoTries
from tests.adapters.broken.storage import CAUGHT_BY, Broken

for _module in pkgutil.iter_modules(broken.__path__):
    importlib.import_module(f"{broken.__name__}.{_module.name}")

#: What a shop may leave out; links, accounts and registrations are what the rules are about.
LEFT_OUT: list[frozenset[Use]] = [
    *(frozenset({one}) for one in Feature),
    *(frozenset({one}) for one in _PARTS.values() if one is not Part.ORDERS),
    frozenset({Part.ORDERS, Part.GUEST_ORDERS}),
]


def test_every_clause_has_a_storage_that_it_catches() -> None:
    """Each clause is the only one that catches some broken storage, and no storage names a clause that is gone."""
    names = {name for name, _ in clauses()}
    assert set().union(*CAUGHT_BY.values()) == names
    assert set().union(*(caught for caught in CAUGHT_BY.values() if len(caught) == 1)) == names


@pytest.mark.parametrize("storage", [Broken, *CAUGHT_BY], ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_clause(storage: type[Broken]) -> None:
    """A storage with one fault fails the clause that forbids it and no other; one without a fault fails none."""
    assert set(failing(storage)) == CAUGHT_BY.get(storage, set())


def test_a_clause_that_fails_shows_what_it_compared() -> None:
    """The tests of a host are told the values, not only that an assertion failed."""
    told = str(failing(CountsNoTries)["test_a_failed_vat_check_waits_for_its_next_try"])
    assert "At index 0 diff: 0 != 1" in told


def test_a_clause_that_wants_an_error_says_that_none_came() -> None:
    """The tests of a host are told what was let pass."""
    said = failing(ToldOfNoOvertaking)["test_a_bounce_that_was_overtaken_is_not_noted"]
    assert "the bounce was noted all the same" in str(said)


@pytest.mark.parametrize("left_out", LEFT_OUT, ids=lambda uses: "+".join(sorted(uses)))
def test_a_host_leaves_out_what_its_shop_does_not_use(left_out: frozenset[Use]) -> None:
    """A storage that knows nothing of what is left out fails no clause that stays; one that is whole loses some."""

    Without = type("Without", (StorageContract,), {"left_out": left_out})  # noqa: N806  # a class
    gone = {name for name, _ in clauses() if getattr(Without, name) is None}
    assert gone
    kept = [(name, clause) for name, clause in clauses() if name not in gone]
    assert failing(lambda: Ignorant(left_out), kept, Without) == {}


class Ignorant(Broken):
    """Fails where it meets something that is left out."""

    def __init__(self, left_out: frozenset[Use]) -> None:
        super().__init__()
        self._left_out = left_out

    def read(self, scope: Any, /) -> Facts:
        """Read, if nothing asks for what is left out."""
        self._refuse(*scope.parts)
        return super().read(scope)

    def write(self, changes: Any, /) -> Any:
        """Write, if nothing is of what is left out."""
        for change in changes:
            # Every command leaves its trace: a storage without a trail drops it.
            record = getattr(change, "record", None)
            if record is not None and type(record) in _PARTS:
                self._refuse(_PARTS[type(record)])
            if isinstance(change, Purge):
                self._refuse(Feature.RETENTION)
        return super().write(changes)

    def lease(self, queue: Any, /, **how: Any) -> Any:
        """Lease, if that queue is not left out."""
        self._refuse(Feature.MAIL_QUEUE if queue is Queue.MAIL else Feature.VAT_QUEUE)
        return super().lease(queue, **how)

    def backlog(self) -> Any:
        """Tell, if the outbox is not left out."""
        self._refuse(Feature.OUTBOX)
        return super().backlog()

    def mails(self, *wanted: Any, **page: Any) -> Any:
        """Tell, if the outbox is not left out."""
        self._refuse(Feature.OUTBOX)
        return super().mails(*wanted, **page)

    def requeue(self, *wanted: Any, **how: Any) -> Any:
        """Queue again, if the outbox is not left out."""
        self._refuse(Feature.OUTBOX)
        return super().requeue(*wanted, **how)

    def host(self) -> Any:
        """Give a host, or none."""
        return None if Feature.HOST_TRANSACTION in self._left_out else super().host()

    def _refuse(self, *uses: Use) -> None:
        if self._left_out & set(uses):
            raise NotImplementedError(str(uses))


def test_every_part_has_its_place() -> None:
    """Each part that a scope can name is a field of the facts."""
    assert {part.value for part in Part} == {one.name for one in fields(Facts)} - {"breach", "fact_holds"}


def clauses() -> list[tuple[str, Callable[..., None]]]:
    """Give all clauses with their names."""
    return [
        one for one in inspect.getmembers(StorageContract, inspect.isfunction) if one[0].startswith("test_")
    ]


CLAUSES = clauses()


def failing(
    make: Callable[[], Broken],
    wanted: list[tuple[str, Callable[..., None]]] | None = None,
    contract: type[StorageContract] = StorageContract,
) -> dict[str, BaseException]:
    """Give the clauses that a storage does not keep, with what each says."""
    failed: dict[str, BaseException] = {}
    for name, clause in CLAUSES if wanted is None else wanted:
        for error in filter(None, (_broken(clause, make(), values, contract) for values in _cases(clause))):
            failed[name] = error
    return failed


@cache
def _cases(clause: Callable[..., None]) -> list[dict[str, Any]]:
    marks = [mark for mark in getattr(clause, "pytestmark", ()) if mark.name == "parametrize"]
    return [{mark.args[0]: value} for mark in marks for value in mark.args[1]] or [{}]


@cache
def _wanted(clause: Callable[..., None]) -> frozenset[str]:
    return frozenset(inspect.signature(clause).parameters)


def _broken(
    clause: Callable[..., None], storage: Broken, values: dict[str, Any], contract: type[StorageContract]
) -> BaseException | None:
    second: MemoryStorage = storage.second()
    given: dict[str, Any] = {"storage": storage, "second_storage": second, "host": storage.host(), **values}
    wanted = {name: value for name, value in given.items() if name in _wanted(clause)}
    try:
        clause(contract(), **wanted)
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  # a storage may break in any way
        return error
    return None
