"""A storage that fails at a chosen call, and every command in a scene in which it has something to do.

The commands and a valid form of each come from `tests.bad_input.valid`, which finds them by introspection: none can be
forgotten.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from attrs import frozen

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Actor, SignedInCustomer, Visitor
from customer_accounts.adapters.memory_write import Tables
from customer_accounts.belongings import AddressRecord
from customer_accounts.changes import Change, Counts
from customer_accounts.command import Command
from customer_accounts.facts import Facts, Scope
from customer_accounts.features.unsubscription import UnsubscribeNewsletter
from customer_accounts.features.wish_list import AddToWishList
from customer_accounts.hashing import Argon2Hasher, Argon2Parameters, Verification
from customer_accounts.outbox import EventKind
from customer_accounts.ports import Storage
from customer_accounts.token import TokenRecord
from tests.bad_input.stage import ANNA, Stage, Unlimited
from tests.bad_input.valid import ALL, EXAMPLES, Example
from tests.identities import to_link
from tests.orders import place
from tests.shop import PASSWORD

T = TypeVar("T")


class BrokenError(Exception):
    """The database is gone, or its answer is."""


class Fragile:
    """A storage that fails at one of its calls.

    Args:
        storage: the storage behind.
        breaks_at: which call fails, counted from 1; 0 for none.
        after: whether it fails when the work is done, so that only the answer is lost.
    """

    def __init__(self, storage: Storage, breaks_at: int = 0, *, after: bool = False) -> None:
        self._storage = storage
        self._breaks_at = breaks_at
        self._after = after
        self.calls: list[str] = []
        self.lease, self.finish, self.fail = storage.lease, storage.finish, storage.fail
        self.release = storage.release

    def read(self, scope: Scope, /) -> Facts:
        """Read, unless it is this call that fails."""
        return self._do("read", lambda: self._storage.read(scope))

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Write, unless it is this call that fails."""
        return self._do("write", lambda: self._storage.write(changes))

    def _do(self, name: str, work: Callable[[], T]) -> T:
        self.calls.append(name)
        breaks = len(self.calls) == self._breaks_at
        if breaks and not self._after:
            raise BrokenError(name)
        done = work()
        if breaks:
            raise BrokenError(name)
        return done


class Fallible:
    """A hasher that cannot compute."""

    def __init__(self) -> None:
        self.asked = 0

    def hash(self, password: str, /) -> str:
        """Fail."""
        self.asked += 1
        raise BrokenError("hash")

    def verify(self, password: str, stored: str | None, /) -> Verification:
        """Fail."""
        self.asked += 1
        raise BrokenError("verify")


@frozen
class Scene:
    """A command, and what happened before it.

    Args:
        before: what is done first.
        example: the command.
    """

    example: Example
    before: Callable[[Stage], object] = lambda _: None


def _by_customer(
    fields: Callable[[Stage], dict[str, Any]], before: Callable[[Stage], object] = lambda _: None
) -> Scene:
    return Scene(Example(SignedInCustomer, fields), before)


def _old_hash(stage: Stage) -> None:
    older = Argon2Hasher(Argon2Parameters(memory=16, rounds=1, lanes=1), allow_cheap=True)
    stage.change(stage.anna.account_id, password_hash=older.hash(PASSWORD))


def _default_address(stage: Stage) -> dict[str, Any]:
    default = stage.account(stage.anna.account_id).default_address
    return {"address_id": next(one.id for one in stage.stored(AddressRecord) if one.id != default)}


#: Commands whose usual example has nothing to write, in a shop where they have.
BUSY = MappingProxyType(
    {
        "AddToWishList": _by_customer(lambda _: {"product": "PLA-2"}),
        "ClaimGuestOrders": _by_customer(lambda _: {}, lambda stage: place(stage, "later", email=ANNA)),
        "LinkIdentity": _by_customer(lambda stage: {"identity": to_link(stage, provider="facebook")}),
        "RemoveFromWishList": _by_customer(
            lambda stage: {"product": "PLA-1", "list_id": stage.wish_list},
            lambda stage: stage.require(
                AddToWishList(product="PLA-1", list_id=stage.wish_list), by=stage.anna
            ),
        ),
        "SetDefaultAddress": _by_customer(_default_address),
        "SignIn": Scene(Example(Visitor, lambda _: {"email": ANNA, "password": PASSWORD}), _old_hash),
        "SubscribeNewsletter": _by_customer(
            lambda _: {"text_version": "2026-12"},
            lambda stage: stage.require(UnsubscribeNewsletter(), by=stage.anna),
        ),
    }
)


def scenes() -> Iterator[tuple[str, type[Command], Scene]]:
    """Give a name, a command and a scene, for all there are."""
    for kind in ALL:
        name = kind.__name__
        for number, example in enumerate(EXAMPLES[name], start=1):
            yield f"{name}-{number}", kind, Scene(example)
        if name in BUSY:
            yield f"{name}-busy", kind, BUSY[name]


@cache
def scenes_of(kind: type[Command]) -> list[Scene]:
    """Give all scenes of a command, the one in which it does most at the end."""
    return [scene for _, other, scene in scenes() if other is kind]


class Case:
    """One command in a shop that was set back to its beginning."""

    def __init__(self, stage: Stage, kind: type[Command], scene: Scene) -> None:
        stage.restart()
        scene.before(stage)
        stage.announced.clear()
        self.stage = stage
        self.before = self.tables
        self.command: Any = kind(**scene.example.fields(stage))
        self.actor: Actor = next(one for one in stage.actors(kind) if isinstance(one, scene.example.by))

    def give(self, storage: Any = None, hasher: Any = None) -> Any:
        """Give the command to a shop."""
        shop = Accounts(
            storage or self.stage.storage,
            self.stage.settings,
            clock=self.stage.clock,
            limiter=Unlimited(),
            hasher=hasher,
            order_facts=self.stage.order_facts,
            on_event=self.stage.announced.append,
        )
        return shop.handle(self.command, by=self.actor)

    @property
    def tables(self) -> Tables:
        """Give all that is stored."""
        return self.stage.storage._tables

    @property
    def told(self) -> list[EventKind]:
        """Give the kinds of what the host was told."""
        return [one.kind for one in self.stage.announced]


def shape(tables: Tables) -> dict[str, Any]:
    """Count everything that is stored."""
    return {
        "records": {kind.__name__: len(rows) for kind, rows in tables.records.items() if rows},
        "used links": sum(one.used_at is not None for one in tables.all(TokenRecord)),
        "mails": Counter(one.purpose for one in tables.mails.values()),
        "events": Counter(one.kind for one in tables.events),
    }
