"""Races of merges and conversions: whatever happens at once, no order is lost, doubled or given to nobody.

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
from customer_accounts.features.conversion_invitation import CancelInvitation
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.guest_claim import Claimed, ClaimGuestOrders
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.features.support import ConvertGuest
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import cheap_settings
from customer_accounts.testing.records import an_order
from tests.races import Arena
from tests.shop import PASSWORD

pytestmark = pytest.mark.slow

CHEF = Agent("1", may=frozenset({"merge_accounts"}))
OTHER = Agent("2", may=frozenset({"merge_accounts"}))


@pytest.fixture(name="arena", params=["memory", "sqlite"])
def _arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    """A shop on a storage that many use at once, in which one agent is enough."""
    arena = Arena(request.param, tmp_path)
    arena.settings = cheap_settings(four_eyes=frozenset())
    yield arena
    if arena.kind == "sqlite":
        arena.storage.close()


def _orders(arena: Arena, owner: UUID) -> int:
    found = arena.storage.read(Scope(parts=frozenset({Part.ORDERS}), account_id=owner, page=Page(limit=100)))
    return len(found.orders)


def _guest_orders(arena: Arena, *emails: str) -> int:
    found = arena.storage.read(Scope(parts=frozenset({Part.ACCOUNTS, Part.GUEST_ORDERS}), email_keys=emails))
    return sum(one.count for one in found.guest_orders)


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


def test_conversion_confirmation_and_withdrawal(arena: Arena) -> None:
    """CC-06, GM-01: an invitation is sent anew and taken back while the guest uses it: one account or none."""
    before = after = 0
    for number in arena.rounds():
        email = f"gerda{number}@mail.example"
        _placed(arena, email, 3)
        arena.shop().require(ConvertGuest(email=email, reason="letter"), by=CHEF)
        link = arena.link(MailPurpose.SET_PASSWORD, email)
        confirm = ConfirmEmail(token=link, new_password=PASSWORD)
        asked: list[Any] = [
            (confirm, arena.visitor("gerda")),
            (ConvertGuest(email=email, reason="again"), OTHER),
            (CancelInvitation(email=email, reason="wrong"), CHEF),
        ]
        confirmed = arena.at_once(asked)[0]
        accounts = arena.facts(email).accounts
        before += 3
        if isinstance(confirmed, Confirmed):
            assert [one.id for one in accounts] == [confirmed.account_id]
            after += _orders(arena, confirmed.account_id)
        else:
            assert confirmed == Refused(Reason.LINK_INVALID)
            assert accounts == ()
            after += _guest_orders(arena, email)
    print(f"{arena.kind}: {before} orders before, {after} after")  # noqa: T201  # the figures of the run
    assert after == before
