"""Claims that race: with each other, with their undoing, with a confirmation and a conversion; no order is lost.

Sums of orders are printed before and after; ``-s`` shows them.  ``CLAIM_ROUNDS=200`` is the long run (CONTRIBUTING).
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.facts import Part, Scope
from customer_accounts.features.claim_order import ClaimOrder, ClaimWithEvidence
from customer_accounts.features.claim_undo import ClaimUndone, UndoClaim
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.guest_claim import Claimed, ClaimGuestOrders
from customer_accounts.features.guest_order import OrderRecorded, RecordOrder
from customer_accounts.features.support import ConvertGuest, GuestConversion
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.races import Arena, arenas

pytestmark = pytest.mark.slow

KINDS = ("memory", "sqlite", "postgres")
ROUNDS = {
    kind: int(os.environ.get("CLAIM_ROUNDS", default))
    for kind, default in zip(KINDS, (40, 6, 6), strict=True)
}
AGENT = Agent("17")


class Ledger:
    """The orders of one address in one round, counted before and after."""

    def __init__(self, arena: Arena, number: int) -> None:
        self.arena, self.number = arena, number
        self.email = f"anna{number}@mail.example"
        self.anna = arena.visitor(f"anna {number}")
        self.references: list[str] = []

    def order(self) -> RecordOrder:
        """Make the command for one more guest order."""
        reference = f"r{self.number}-{len(self.references)}"
        self.references.append(reference)
        return RecordOrder(
            reference=reference,
            number=reference,
            placed_at=self.arena.clock(),
            email=self.email,
            postcode="8010",
        )

    def place(self, count: int) -> None:
        """Let guest orders be placed."""
        for _ in range(count):
            self.arena.shop().require(self.order(), by=self.arena.visitor("a guest"))

    def stored(self) -> list[OrderRecord]:
        """Give the orders that are there."""
        parts = frozenset({Part.ORDERS})
        read = self.arena.storage.read
        return [
            one for reference in self.references for one in read(Scope(parts=parts, order=reference)).orders
        ]

    def owners(self) -> Counter[Any]:
        """Count the orders by owner."""
        return Counter(one.owner for one in self.stored())

    def customer(self) -> SignedInCustomer:
        """Open the account."""
        return self.arena.customer(self.email, self.anna)

    def balanced(self, before: Counter[Any]) -> Counter[Any]:
        """Hold that every order is there once, and print the sums."""
        after = self.owners()
        print(f"{self.arena.kind} {self.number}: before {sum(before.values())}, after {sum(after.values())}")  # noqa: T201 - shown by -s
        assert sum(after.values()) == len(self.references)
        return after


@pytest.fixture(name="arena", params=KINDS)
def _arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    """A shop on a storage that many use at once."""
    yield from arenas(request, tmp_path)


def rounds(arena: Arena) -> Iterator[Ledger]:
    """Give a ledger for each round; in memory each has a shop of its own."""
    for number in range(ROUNDS[arena.kind]):
        if arena.kind == "memory":
            arena.storage = MemoryStorage()
        yield Ledger(arena, number)


def test_claims_at_once_move_each_order_once(arena: Arena) -> None:
    """GM-02, CC-05: two browsers, support and an order that arrives: what is told adds up to what is owned."""
    for ledger in rounds(arena):
        customer = ledger.customer()
        ledger.place(5)
        before = ledger.owners()
        evidence = ClaimWithEvidence(account_id=customer.account_id, email=ledger.email, fact="seen")
        asked: list[Any] = [
            (ClaimGuestOrders(), customer), (ClaimGuestOrders(), customer), (evidence, AGENT),
            (ledger.order(), arena.visitor("a guest")),
        ]  # fmt: skip
        answers = arena.at_once(asked)
        assert [type(one) for one in answers] == [Claimed, Claimed, Claimed, OrderRecorded]
        after = ledger.balanced(before)
        told = sum(one.claimed for one in answers if isinstance(one, Claimed))
        assert after[customer.account_id] == told
        assert told in (5, 6)
        marks = Counter(one.claim_id for one in ledger.stored() if one.owner)
        assert {one.claim_id: one.claimed for one in answers if getattr(one, "claimed", 0)} == marks


def test_one_order_at_once_joins_once(arena: Arena) -> None:
    """GM-02: a second fact, evidence and a claim of all reach for the same order."""
    for ledger in rounds(arena):
        customer = ledger.customer()
        ledger.place(1)
        before = ledger.owners()
        (reference,) = ledger.references
        asked: list[Any] = [
            (ClaimOrder(number=reference, postcode="8010"), customer), (ClaimGuestOrders(), customer),
            (ClaimWithEvidence(account_id=customer.account_id, reference=reference, fact="seen"), AGENT),
        ]  # fmt: skip
        answers = arena.at_once(asked)
        assert sum(one.claimed for one in answers) == 1
        assert ledger.balanced(before) == {customer.account_id: 1}


def test_a_claim_and_its_undoing_at_once(arena: Arena) -> None:
    """GM-02: the first claim is undone once; each order is a guest's or the second claim's, none in between."""
    for ledger in rounds(arena):
        customer = ledger.customer()
        ledger.place(3)
        first = arena.shop().require(ClaimGuestOrders(), by=customer)
        link = arena.link(MailPurpose.GUEST_ORDERS_CLAIMED, ledger.email)
        ledger.place(2)
        before = ledger.owners()
        assert before == {customer.account_id: 3, None: 2}
        undo = UndoClaim(claim_id=first.claim_id, reason="letter")
        asked: list[Any] = [
            (ClaimGuestOrders(), customer), (undo, AGENT), (UndoClaim(token=link), arena.visitor("anna at home")),
        ]  # fmt: skip
        again, *undone = arena.at_once(asked)
        assert sorted(type(one).__name__ for one in undone) == ["ClaimUndone", "Refused"]
        assert {one.reason for one in undone if isinstance(one, Refused)} == {Reason.ALREADY_DONE}
        assert [one.orders for one in undone if isinstance(one, ClaimUndone)] == [3]
        after = ledger.balanced(before)
        claimed = (
            again.claimed if isinstance(again, Claimed) else 0
        )  # the link may have ended the session first
        assert after[customer.account_id] == claimed
        assert claimed in (0, 2, 5)
        assert first.claim_id not in {one.claim_id for one in ledger.stored()}


def test_a_confirmation_and_a_conversion_at_once(arena: Arena) -> None:
    """GM-01, GM-02: one account begins, with every order that was there; the invitation does no harm."""
    for ledger in rounds(arena):
        ledger.place(4)
        before = ledger.owners()
        link = arena.registered(ledger.email, ledger.anna)
        asked: list[Any] = [
            (ConfirmEmail(token=link), ledger.anna), (ConvertGuest(email=ledger.email, reason="letter"), AGENT),
            (ledger.order(), arena.visitor("a guest")),
        ]  # fmt: skip
        confirmed, converted, recorded = arena.at_once(asked)
        assert isinstance(confirmed, Confirmed)
        assert isinstance(converted, GuestConversion)
        assert isinstance(recorded, OrderRecorded)
        after = ledger.balanced(before)
        assert after[confirmed.account_id] == confirmed.claimed
        assert confirmed.claimed in (4, 5)
        (account,) = arena.facts(ledger.email).accounts
        assert account.id == confirmed.account_id
