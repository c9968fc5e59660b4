"""Claims and their undoing over any state: nothing lost, nothing twice, any order, and back exactly (GM-01, GM-02)."""

import os
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from attrs import define, evolve, field
from hypothesis import given, note, settings
from hypothesis import strategies as st

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent, SignedInCustomer, System, Visitor
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.changes import insert
from customer_accounts.claim import COVERAGE, Grade
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.claim_order import ClaimOrder, ClaimWithEvidence
from customer_accounts.features.claim_undo import UndoClaim
from customer_accounts.features.delivery_address import comparing_key
from customer_accounts.features.guest_claim import Claimed, ClaimGuestOrders
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.order_dispute import RecordDispute
from customer_accounts.inputs import AddressInput
from customer_accounts.order import OrderRecord
from customer_accounts.refusals import Refused
from customer_accounts.testing import FixedClock, cheap_settings, records
from tests.races import Unlimited

#: ``CLAIM_EXAMPLES=2000`` is the long run (CONTRIBUTING).
EXAMPLES = int(os.environ.get("CLAIM_EXAMPLES", "60"))
ANNA, SLIP, BERT = "anna@mail.example", "ana@mail.example", "bert@mail.example"
AGENT, GUEST, HOST = Agent("17"), Visitor(ip="203.0.113.7"), System()
YOUNG = COVERAGE[Grade.MAILBOX].within or timedelta(0)
STREETS = [
    AddressInput(name="Anna", street=street, postcode="1010", city="Wien", country="AT")
    for street in ("Ring 5", "RING  5", "Gasse 7")
]

SQL = SqlStorage("sqlite://")
SQL.create_schema()


def _sqlite() -> SqlStorage:
    with SQL._transactions.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return SQL


STORAGES: dict[str, Any] = {"memory": MemoryStorage, "sqlite": _sqlite}


@define
class World:
    """A shop with Anna and Bert, who have proven their addresses, and guest orders of anybody."""

    kind: str
    clock: FixedClock = field(factory=FixedClock)
    references: list[str] = field(factory=list)
    storage: Any = field(init=False)
    shop: Accounts = field(init=False)
    people: dict[str, AccountRecord] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.storage = STORAGES[self.kind]()
        self.shop = Accounts(self.storage, cheap_settings(), clock=self.clock, limiter=Unlimited())
        self.people = {email: records.an_account(email=email, email_key=email) for email in (ANNA, BERT)}
        self.storage.write([insert(one) for one in self.people.values()])

    def customer(self, email: str) -> SignedInCustomer:
        """Give somebody as signed in now, whatever ended earlier sessions."""
        account = self.facts(email).accounts[0]
        return SignedInCustomer(account.id, account.session_epoch)

    def facts(self, email: str) -> Facts:
        """Give the account of an address with what it has."""
        parts = frozenset({Part.ACCOUNTS, Part.ADDRESSES, Part.CLAIMS})
        found: Facts = self.storage.read(Scope(parts=parts, email_keys=(email,)))
        return found

    def place(self, email: str, age: timedelta, disputed: bool) -> None:
        """Let a guest order."""
        reference = f"r{len(self.references)}"
        self.references.append(reference)
        command = RecordOrder(
            reference=reference, number=reference, placed_at=self.clock() - age, email=email, postcode="8010"
        )
        self.shop.require(command, by=GUEST)
        if disputed:
            self.shop.require(RecordDispute(reference=reference), by=HOST)

    def orders(self) -> dict[str, OrderRecord]:
        """Give all orders, without the counter of their versions."""
        found = {}
        for reference in self.references:
            scope = Scope(parts=frozenset({Part.ORDERS}), order=reference)
            (order,) = self.storage.read(scope).orders
            found[reference] = evolve(order, version=1)
        return found

    def owners(self) -> dict[str, str | None]:
        """Give who owns which order, by address."""
        names: dict[UUID | None, str | None] = {one.id: email for email, one in self.people.items()}
        return {reference: names.get(one.owner) for reference, one in self.orders().items()}

    def state(self) -> tuple[Any, ...]:
        """Give all that claims change, without counters."""
        both = [self.facts(email) for email in (ANNA, BERT)]
        accounts = [evolve(one.accounts[0], version=1, session_epoch=1) for one in both]
        return self.orders(), accounts, [set(one.addresses) for one in both]

    def do(self, claim: tuple[Any, ...]) -> UUID | None:
        """Make one claim and give its id, or None if it moved nothing."""
        kind, *what = claim
        command, actor = _command(self, kind, *what)
        outcome = self.shop.handle(command, by=actor)
        assert isinstance(outcome, Claimed | Refused)
        moved = isinstance(outcome, Claimed) and (outcome.claimed or outcome.addresses)
        return outcome.claim_id if isinstance(outcome, Claimed) and moved else None

    def undo(self, claim_id: UUID) -> None:
        """Undo a claim as support."""
        self.shop.require(UndoClaim(claim_id=claim_id, reason="letter"), by=AGENT)


def _command(world: World, kind: str, email: str, which: int) -> tuple[Any, Any]:
    command: Any
    reference = world.references[which % len(world.references)] if world.references else "none"
    if kind == "own":
        return ClaimGuestOrders(addresses=tuple(STREETS[which % 3 :])), world.customer(email)
    if kind == "number":
        return ClaimOrder(number=reference, postcode="8010"), world.customer(email)
    account = world.people[email].id
    if kind == "order":
        command = ClaimWithEvidence(account_id=account, reference=reference, fact="seen")
    else:
        command = ClaimWithEvidence(account_id=account, email=SLIP, fact="seen")
    return command, AGENT


AGES = st.sampled_from([timedelta(0), YOUNG, YOUNG + timedelta(seconds=1), timedelta(days=3000)])
ORDERS = st.lists(st.tuples(st.sampled_from([ANNA, SLIP, BERT]), AGES, st.booleans()), max_size=6)
KINDS = st.sampled_from(["own", "number", "order", "address"])
CLAIMS = st.tuples(KINDS, st.sampled_from([ANNA, BERT]), st.integers(0, 9))
#: Claims of one person: whoever comes first has no advantage there.
HERS = st.tuples(KINDS, st.just(ANNA), st.integers(0, 9))


def _world(kind: str, orders: Sequence[tuple[str, timedelta, bool]]) -> World:
    world = World(kind)
    for one in orders:
        world.place(*one)
    return world


def _may_own(order: OrderRecord, owner: str | None) -> bool:
    """Whether an order may belong to somebody: nobody, or one whose own address or slip it was placed under."""
    return owner is None or (
        not order.disputed and order.email_key in {ANNA: (ANNA, SLIP), BERT: (BERT, SLIP)}[owner]
    )


@pytest.mark.parametrize("kind", STORAGES)
@given(
    orders=ORDERS,
    steps=st.lists(
        st.one_of(CLAIMS, st.tuples(st.just("undo"), st.integers(0, 9)), st.tuples(st.just("place"), ORDERS)),
        max_size=10,
    ),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_nothing_is_lost_doubled_or_taken(kind: str, orders: Any, steps: list[tuple[Any, ...]]) -> None:
    """GM-01, GM-02: over any sequence each order stays, once and unchanged, and goes from nobody to a prover only."""
    world, done = _world(kind, orders), list[UUID]()
    for step in steps:
        before, owned = world.orders(), world.owners()
        if step[0] == "place":
            for one in step[1][:2]:
                world.place(*one)
        elif step[0] == "undo":
            if done:
                world.undo(done.pop(step[1] % len(done)))
        else:
            done += filter(None, [world.do(step)])
        after, owners = world.orders(), world.owners()
        for reference, old in before.items():
            new = after[reference]
            assert new == evolve(old, owner=new.owner, claim_id=new.claim_id)
            assert owned[reference] is None or owners[reference] in (None, owned[reference])
            assert (new.claim_id is None) == (new.owner is None)
            assert _may_own(new, owners[reference])
    note(f"{len(world.references)} orders, {len(done)} claims in force")


@pytest.mark.parametrize("kind", STORAGES)
@given(orders=ORDERS, claims=st.lists(HERS, max_size=3), place=st.integers(0, 3), late=ORDERS)
@settings(max_examples=EXAMPLES // 3, deadline=None)
def test_claims_end_alike_in_any_order(
    kind: str, orders: Any, claims: list[Any], place: int, late: Any
) -> None:
    """GM-02: claims of one person commute, associate and repeat: the same orders are hers in the end."""
    ends = []
    for order in permutations(claims):
        world = _world(kind, orders)
        for claim in (*order, *order[:place]):
            world.do(claim)
        ends.append((world.owners(), {comparing_key(one.address) for one in world.facts(ANNA).addresses}))
    assert all(one == ends[0] for one in ends)


@pytest.mark.parametrize("kind", STORAGES)
@given(orders=ORDERS, before=st.lists(CLAIMS, max_size=2), claim=CLAIMS)
@settings(max_examples=EXAMPLES, deadline=None)
def test_undo_is_exact(kind: str, orders: Any, before: list[Any], claim: Any) -> None:
    """GM-02: undo(apply(x)) == x, whatever x is."""
    world = _world(kind, orders)
    for one in before:
        world.do(one)
    state = world.state()
    claim_id = world.do(claim)
    if claim_id is not None:
        assert world.state() != state
        world.undo(claim_id)
    assert world.state() == state


@pytest.mark.parametrize("kind", STORAGES)
@given(orders=ORDERS, claims=st.lists(CLAIMS, max_size=4), data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_claims_are_undone_in_any_order(kind: str, orders: Any, claims: list[Any], data: Any) -> None:
    """GM-02: whichever is undone first, all of them undone leave the orders as they were before the first."""
    world = _world(kind, orders)
    before = world.orders()
    done = [one for claim in claims if (one := world.do(claim)) is not None]
    for claim_id in data.draw(st.permutations(done)):
        world.undo(claim_id)
    assert world.orders() == before
    assert not world.facts(ANNA).addresses
    assert not world.facts(BERT).addresses


@pytest.mark.parametrize("kind", STORAGES)
@given(orders=ORDERS, late=ORDERS)
@settings(max_examples=EXAMPLES // 3, deadline=None)
def test_orders_that_come_meanwhile_are_moved_or_stay(kind: str, orders: Any, late: Any) -> None:
    """GM-02: between the read and the write others arrive: covered ones move, all of them go back with the undo."""
    world = _world(kind, orders)
    write = world.storage.write

    class Overtaken:
        read, lease, finish, fail, release = (
            world.storage.read,
            world.storage.lease,
            world.storage.finish,
            world.storage.fail,
            world.storage.release,
        )

        def write(self, changes: Any, /) -> Any:
            for one in late:
                world.place(*one)
            return write(changes)

    covered = [one for one in orders if one[0] == ANNA and one[1] <= YOUNG and not one[2]]
    shop = Accounts(Overtaken(), cheap_settings(), clock=world.clock, limiter=Unlimited())
    outcome = shop.require(ClaimGuestOrders(), by=world.customer(ANNA))
    owned = [reference for reference, owner in world.owners().items() if owner == ANNA]
    assert outcome.claimed == len(owned)
    assert len(owned) >= len(covered)
    if outcome.claim_id is not None:
        world.undo(outcome.claim_id)
    assert set(world.owners().values()) <= {None}
    again = world.shop.require(ClaimGuestOrders(), by=world.customer(ANNA))
    assert again.claimed == sum(
        one.email_key == ANNA and one.placed_at >= world.clock() - YOUNG and not one.disputed
        for one in world.orders().values()
    )
