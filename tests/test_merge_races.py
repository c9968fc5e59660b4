"""Races of merges: whatever happens at once, no order is lost, doubled or given to nobody.

The sums of orders before and after are printed for each race (``pytest -s``); ``RACE_ROUNDS=200`` is the long run.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.changes import Change, insert
from customer_accounts.facts import Page, Part, Scope
from customer_accounts.features.account_merge import AccountsMerged, MergeAccounts
from customer_accounts.features.account_merge_undo import MergeUndone, UndoMerge
from customer_accounts.features.benefits import MyAccount
from customer_accounts.features.guest_claim import Claimed, ClaimGuestOrders
from customer_accounts.features.guest_order import OrderRecorded, RecordOrder
from customer_accounts.features.privacy import AccountClosed, CloseAccount
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import cheap_settings
from customer_accounts.testing.records import an_order
from tests.races import Arena, arenas
from tests.shop import PASSWORD

pytestmark = pytest.mark.slow

CHEF = Agent("1", may=frozenset({"merge_accounts"}))
OTHER = Agent("2", may=frozenset({"merge_accounts"}))


@pytest.fixture(name="arena", params=["memory", "sqlite", "postgres"])
def _arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    """A shop on a storage that many use at once, in which one agent is enough."""
    for arena in arenas(request, tmp_path):
        arena.settings = cheap_settings(four_eyes=frozenset())
        yield arena


def _orders(arena: Arena, owner: UUID) -> int:
    found = arena.storage.read(Scope(parts=frozenset({Part.ORDERS}), account_id=owner, page=Page(limit=100)))
    return len(found.orders)


def _guest_orders(arena: Arena, *emails: str) -> int:
    found = arena.storage.read(Scope(parts=frozenset({Part.ACCOUNTS, Part.GUEST_ORDERS}), email_keys=emails))
    return sum(one.count for one in found.guest_orders)


def _order(arena: Arena, reference: str) -> RecordOrder:
    return RecordOrder(reference=reference, number=reference, placed_at=arena.clock.now)


def _stored(arena: Arena, order: RecordOrder) -> OrderRecord:
    """Give an order as it is stored, which it is once."""
    (found,) = arena.storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference)).orders
    stored: OrderRecord = found
    return stored


def _placed(arena: Arena, email: str, count: int, owner: UUID | None = None) -> None:
    changes: list[Change] = [
        insert(an_order(email_key=email, owner=owner, placed_at=arena.clock.now)) for _ in range(count)
    ]
    arena.storage.write(changes)


def _accounts(arena: Arena, number: int) -> tuple[tuple[str, SignedInCustomer], tuple[str, SignedInCustomer]]:
    """Open two accounts, each with two orders of its own and three that wait as a guest's."""
    made = []
    for name in ("anna", "bert"):
        email = f"{name}{number}@mail.example"
        customer = arena.customer(email, arena.visitor(email))
        _placed(arena, email, 2, customer.account_id)
        _placed(arena, email, 3)
        made.append((email, customer))
    return made[0], made[1]


def _merge(surviving: str, absorbed: str) -> MergeAccounts:
    return MergeAccounts(surviving=surviving, absorbed=absorbed, reason="one person", evidence="letter")


def test_merge_and_sign_in(arena: Arena) -> None:
    """CC-06, SE-02: a sign-in is before the merge or refused; no session of the absorbed account outlives it."""
    for number in arena.rounds():
        (anna, one), (bert, two) = _accounts(arena, number)
        signing = [SignIn(email=email, password=PASSWORD) for email in (bert, anna)]
        asked: list[Any] = [(_merge(anna, bert), CHEF), *((each, arena.visitor("new")) for each in signing)]
        merged, ended, other = arena.at_once(asked)
        assert isinstance(merged, AccountsMerged)
        assert isinstance(other, SignedIn)
        if isinstance(ended, SignedIn):
            session = ended.session
            customer = SignedInCustomer(session.account_id, session.session_epoch)
            assert arena.shop().handle(MyAccount(), by=customer) == Refused(Reason.SESSION_ENDED)
        else:
            assert ended == Refused(Reason.SIGN_IN_FAILED)
        assert (_orders(arena, one.account_id), _orders(arena, two.account_id)) == (4, 0)


def test_merge_and_claims(arena: Arena) -> None:
    """CC-06, GM-02: claims of both accounts and a merge at once: ten orders before, ten after, each once."""
    before = after = 0
    for number in arena.rounds():
        (anna, one), (bert, two) = _accounts(arena, number)
        asked: list[Any] = [(_merge(anna, bert), CHEF), (ClaimGuestOrders(), one), (ClaimGuestOrders(), two)]
        merged, own, other = arena.at_once(asked)
        assert isinstance(merged, AccountsMerged)
        assert isinstance(own, Claimed)
        assert isinstance(other, Claimed) or other == Refused(Reason.SESSION_ENDED)
        before += 10
        owned, left = _orders(arena, one.account_id), _guest_orders(arena, anna, bert)
        after += owned + left + _orders(arena, two.account_id)
        assert owned == (10 if isinstance(other, Claimed) else 7)
        assert left == 10 - owned
    print(f"{arena.kind}: {before} orders before, {after} after")  # noqa: T201  # the figures of the run
    assert after == before


def test_merges_crosswise(arena: Arena) -> None:
    """CC-06: two agents merge the same two accounts in opposite directions: one wins, and nothing is lost."""
    for number in arena.rounds():
        (anna, one), (bert, two) = _accounts(arena, number)
        answers = arena.at_once([(_merge(anna, bert), CHEF), (_merge(bert, anna), OTHER)])
        won = [each for each in answers if isinstance(each, AccountsMerged)]
        lost = [each for each in answers if isinstance(each, Refused)]
        assert (len(won), [each.reason for each in lost]) == (1, [Reason.NOT_FOUND])
        assert sorted((_orders(arena, one.account_id), _orders(arena, two.account_id))) == [0, 4]


def test_merges_in_a_row(arena: Arena) -> None:
    """CC-06, GM-02: an account is absorbed while it absorbs another: each order ends with one open account."""
    for number in arena.rounds():
        (anna, one), (bert, two) = _accounts(arena, number)
        email = f"carl{number}@mail.example"
        three = arena.customer(email, arena.visitor(email))
        first, second = arena.at_once([(_merge(bert, anna), CHEF), (_merge(email, bert), OTHER)])
        assert isinstance(second, AccountsMerged)
        owned = [_orders(arena, each.account_id) for each in (one, two, three)]
        if isinstance(first, AccountsMerged):
            assert owned == [0, 0, 4]
        else:
            assert first == Refused(Reason.NOT_FOUND, field="surviving")
            assert owned == [2, 0, 2]


def test_merge_and_orders(arena: Arena) -> None:
    """CC-06, GM-02: customers of both accounts order during a merge: each order is where the undoing finds it."""
    before = after = 0
    for number in arena.rounds():
        (anna, one), (bert, two) = _accounts(arena, number)
        orders = [_order(arena, f"{number}-{each}") for each in range(3)]
        asked: list[Any] = [(_merge(anna, bert), CHEF), *zip(orders, (one, two, two), strict=True)]
        merged, *recorded = arena.at_once(asked)
        assert isinstance(merged, AccountsMerged)
        assert all(isinstance(each, OrderRecorded) for each in recorded)
        owned, left = _orders(arena, one.account_id), _orders(arena, two.account_id)
        waiting = _guest_orders(arena, anna, bert)
        before, after = before + 13, after + owned + left + waiting
        assert (owned, left, waiting) == (7, 0, 6)
        undone = arena.shop().require(UndoMerge(surviving=anna, absorbed=bert, reason="two"), by=CHEF)
        assert undone.orders == 4
        owners = [_stored(arena, each).owner for each in orders]
        assert owners == [one.account_id, two.account_id, two.account_id]
    print(f"{arena.kind}: {before} orders before, {after} after")  # noqa: T201  # the figures of the run
    assert after == before


def test_merge_and_close(arena: Arena) -> None:
    """CC-06, SE-02: either account is closed during a merge: the outcome is that of one after the other."""
    for number in arena.rounds():
        (anna, one), (bert, two) = _accounts(arena, number)
        who = (one, two)[number % 2]
        asked: list[Any] = [(_merge(anna, bert), CHEF), (CloseAccount(current_password=PASSWORD), who)]
        merged, closed = arena.at_once(asked)
        owned = [_orders(arena, each.account_id) for each in (one, two)]
        if isinstance(merged, Refused):
            assert merged.reason is Reason.NOT_FOUND
            assert isinstance(closed, AccountClosed)
            assert owned == [2, 2]
        else:
            assert isinstance(closed, AccountClosed) == (who is one)
            assert isinstance(closed, AccountClosed) or closed == Refused(Reason.SESSION_ENDED)
            assert owned == [4, 0]
        assert _guest_orders(arena, anna, bert) == 6


def test_close_and_orders(arena: Arena) -> None:
    """CC-06, GM-02: who orders and closes the account at once has ordered; the order is there once."""
    for number in arena.rounds():
        (anna, one), _ = _accounts(arena, number)
        orders = [_order(arena, f"{number}-{each}") for each in range(3)]
        asked: list[Any] = [(CloseAccount(current_password=PASSWORD), one), *((each, one) for each in orders)]
        closed, *recorded = arena.at_once(asked)
        assert isinstance(closed, AccountClosed)
        assert all(isinstance(each, OrderRecorded) for each in recorded)
        stored = [_stored(arena, each) for each in orders]
        assert {each.owner for each in stored} == {one.account_id}
        assert {each.email for each in stored} == {anna}
        assert (_orders(arena, one.account_id), _guest_orders(arena, anna)) == (5, 3)


def test_undo_and_use(arena: Arena) -> None:
    """CC-06, GM-02: the link and an agent undo a merge while the customer orders: undone once, the order stays."""
    for number in arena.rounds():
        (anna, one), (bert, two) = _accounts(arena, number)
        arena.shop().require(_merge(anna, bert), by=CHEF)
        link = UndoMerge(token=arena.link(MailPurpose.ACCOUNTS_MERGED, bert))
        undo, order = UndoMerge(surviving=anna, absorbed=bert, reason="two"), _order(arena, str(number))
        asked: list[Any] = [(link, arena.visitor("bert")), (undo, OTHER), (order, one)]
        by_link, by_agent, recorded = arena.at_once(asked)
        assert isinstance(by_agent, MergeUndone)
        assert isinstance(by_link, MergeUndone) or by_link.reason in {
            Reason.ALREADY_DONE,
            Reason.LINK_INVALID,
        }
        assert isinstance(recorded, OrderRecorded)
        assert _stored(arena, order).owner == one.account_id
        assert (_orders(arena, one.account_id), _orders(arena, two.account_id)) == (3, 2)


def test_undo_and_claim(arena: Arena) -> None:
    """CC-06, GM-02: a claim of the surviving account while the merge is undone: both happen, or the claim waits."""
    for number in arena.rounds():
        (anna, one), (bert, two) = _accounts(arena, number)
        arena.shop().require(_merge(anna, bert), by=CHEF)
        undo = UndoMerge(surviving=anna, absorbed=bert, reason="two persons")
        undone, claimed = arena.at_once([(undo, CHEF), (ClaimGuestOrders(), one)])
        assert isinstance(undone, MergeUndone)
        assert isinstance(claimed, Claimed)
        assert (_orders(arena, one.account_id), _orders(arena, two.account_id)) == (5, 2)
        assert _guest_orders(arena, anna, bert) == 3
