"""Two commands that overlap, one between the read and the write of the other, and whether it shows.

Whatever happens meanwhile, the outcome must be that of the two one after the other, in one order or the other
(serialisability): then no change is lost, nothing is doubled, and no decision stands on facts that were gone.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import attrs
from attrs import frozen
from sqlalchemy import select

from customer_accounts.accounts import Accounts
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.adapters.memory_write import Tables
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.mapping import NODES
from customer_accounts.changes import Change, Counts, key_of
from customer_accounts.command import Command
from customer_accounts.facts import Facts, Scope
from customer_accounts.outbox import EventRecord, MailRecord
from customer_accounts.ports import Storage
from customer_accounts.refusals import Refused
from tests.bad_input.stage import Stage, Unlimited
from tests.bad_input.valid import ALL
from tests.crashes.backends import Sqlite
from tests.fragile import scenes_of
from tests.test_lost_answers import READS

#: Fields that differ by chance between two runs, or only count them.
_BY_CHANCE = frozenset(
    {
        "browser", "digest", "extra_token", "key_id", "orders", "password_hash", "proof", "token", "token_id",
        "version",
    }
)  # fmt: skip

_TOLD: dict[int, tuple[Any, Any]] = {}
_REMEMBERED = 10_000

WRITING: list[type[Command]] = [one for one in ALL if one.__name__ not in READS]


class Interleaved:
    """A storage on which something happens once, right before the first write.

    Args:
        storage: the storage behind.
        meanwhile: what happens.
    """

    def __init__(self, storage: Storage, meanwhile: Any) -> None:
        self._storage = storage
        self._meanwhile = meanwhile
        self.lease, self.finish, self.fail = storage.lease, storage.finish, storage.fail
        self.release = storage.release

    def read(self, scope: Scope, /) -> Facts:
        """Read."""
        return self._storage.read(scope)

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Let it happen, then write."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return self._storage.write(changes)


@frozen
class Outcome:
    """What two commands came to: what is stored, and what kind of answer each got."""

    stored: frozenset[tuple[Any, int]]
    first: str
    second: str


class Pair:
    """Two commands in the shop of `tests.bad_input.stage`, each in the scene in which it does most."""

    def __init__(self, stage: Stage, first: type[Command], second: type[Command]) -> None:
        self._stage = stage
        self.kinds = first, second
        try:
            self._asked = self._begin(-1, -1)
        except (
            IndexError
        ):  # what the second one wants is used up in the scene of the first, or the other way round
            self._asked = self._begin(0, 0)
        self.begun: Tables = stage.storage._tables

    def _begin(self, *places: int) -> list[tuple[Any, Any]]:
        stage = self._stage
        stage.restart()
        scenes = [scenes_of(kind)[place] for kind, place in zip(self.kinds, places, strict=True)]
        for scene in scenes:
            scene.before(stage)
        return [
            (kind(**one.example.fields(stage)), one.example.actor(stage))
            for kind, one in zip(self.kinds, scenes, strict=True)
        ]

    def given(self, number: int, command: Any, actor: Any) -> None:
        """Put another command in the place of one of them."""
        self._asked[number] = command, actor

    def give(self, number: int, storage: Storage) -> str:
        """Give one of the commands, and the kind of its answer."""
        command, actor = self._asked[number]
        stage = self._stage
        shop = Accounts(
            storage, stage.settings, clock=stage.clock, limiter=Unlimited(), order_facts=stage.order_facts
        )
        answer = shop.handle(command, by=actor)
        return answer.reason if isinstance(answer, Refused) else type(answer).__name__


class Ground(Protocol):
    """Where a pair of commands meets."""

    def filled(self, tables: Tables) -> Storage:
        """Give a storage that holds these records."""
        ...

    def tables(self) -> Tables:
        """Give what it holds."""
        ...


class InMemory:
    """Storages in memory."""

    def filled(self, tables: Tables) -> Storage:
        """See `Ground.filled`."""
        self._storage = MemoryStorage()
        self._storage._tables = tables
        return self._storage

    def tables(self) -> Tables:
        """See `Ground.tables`."""
        return self._storage._tables


class OnSqlite:
    """One SQLite file, filled again for each pair."""

    def __init__(self, folder: Path) -> None:
        self._file = Sqlite(folder)

    def filled(self, tables: Tables) -> Storage:
        """See `Ground.filled`."""
        self._file.fill(tables)
        return SqlStorage(self._file.watched.engine)

    def tables(self) -> Tables:
        """See `Ground.tables`."""
        found, engine = Tables(), self._file.watched.engine
        with engine.connect() as connection:
            for kind, node in NODES.items():
                rows = {one: connection.execute(select(*one.columns)).all() for one in node.family()}
                records = node.records(rows)  # type: ignore[arg-type]  # rows are values
                if kind is MailRecord:
                    found.mails = {one.id: one for one in records}
                elif kind is EventRecord:
                    found.events = records
                else:
                    found.records[kind] = {key_of(one): one for one in records}
        return found

    def close(self) -> None:
        """Close the file."""
        self._file.watched.engine.dispose()


def in_turn(pair: Pair, made: Ground, order: Sequence[int]) -> Outcome:
    """Let the commands happen one after the other."""
    storage, answers = made.filled(pair.begun), ["", ""]
    for number in order:
        answers[number] = pair.give(number, storage)
    return Outcome(stored(made.tables()), *answers)


def overlapping(pair: Pair, made: Ground) -> Outcome:
    """Let the second happen between the read and the write of the first."""
    storage, answers = made.filled(pair.begun), ["", ""]

    def meanwhile() -> None:
        answers[1] = pair.give(1, storage)

    answers[0] = pair.give(0, Interleaved(storage, meanwhile))
    if not answers[1]:  # the first one wrote nothing
        meanwhile()
    return Outcome(stored(made.tables()), *answers)


def stored(tables: Tables) -> frozenset[tuple[Any, int]]:
    """Count what is stored, by everything in it that is not by chance."""
    told: Counter[Any] = Counter()
    for rows in tables.records.values():
        for record in rows.values():
            told[_told_once(record)] += 1
    for mail in tables.mails.values():
        told[_told_once(mail)] += 1
    for event in tables.events:
        told["event", event.kind] += 1
    return frozenset(told.items())


def _told_once(record: Any) -> Any:
    """Remember what was told of a record: most of them are in the shop before every pair."""
    if len(_TOLD) > _REMEMBERED:
        _TOLD.clear()
    # As long as it is remembered nothing else has its place in memory.
    _, told = _TOLD.get(id(record)) or _TOLD.setdefault(id(record), (record, _told(record)))
    return told


def _told(value: Any) -> Any:
    if isinstance(value, MailRecord):
        return "mail", value.purpose, value.to
    if isinstance(value, tuple):
        return tuple(_told(one) for one in value)
    if attrs.has(type(value)):
        fields = (one.name for one in attrs.fields(type(value)))
        return type(value).__name__, *(_one(value, name) for name in fields)
    return "there" if isinstance(value, UUID | datetime) else value


def _one(record: Any, name: str) -> Any:
    value = getattr(record, name)
    return value is not None if name in _BY_CHANCE else _told(value)


def difference(found: Outcome, expected: Outcome) -> str:
    """Say in what an outcome differs from another one."""
    more, less = found.stored - expected.stored, expected.stored - found.stored
    return (
        f"{found.first}, {found.second} and not {expected.first}, {expected.second}; more {more}, less {less}"
    )
