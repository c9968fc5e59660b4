"""Later guest orders join the account on demand."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent
from customer_accounts.changes import Save
from customer_accounts.command import Decision
from customer_accounts.errors import StaleWriteError
from customer_accounts.features.email_confirmation import Confirmed
from customer_accounts.features.guest_claim import Claimed, ClaimGuestOrders
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason, Refused
from tests.orders import SYSTEM, place, stored_order
from tests.shop import Shop

ANNA = "anna@mail.example"


def _claim(shop: Shop, anna: Confirmed) -> Claimed | Refused:
    return shop.handle(ClaimGuestOrders(), by=shop.customer(anna.session))


def _change_account(shop: Shop, **change: Any) -> None:
    (account,) = shop.stored(AccountRecord)
    shop.storage.write([Save(attrs.evolve(account, version=account.version + 1, **change), account.version)])


def test_later_guest_orders_join_on_demand(shop: Shop) -> None:
    """F11, F16: they stay a guest's until their customer asks, and change nothing but their owner."""
    anna = shop.open_account(ANNA)
    place(shop, "ref-1", email="Anna@mail.example")
    place(shop, "ref-2", email=ANNA)
    before = stored_order(shop, "ref-1")
    assert before.owner is None
    assert _claim(shop, anna) == Claimed(claimed=2, remaining=0)
    after = stored_order(shop, "ref-1")
    assert after == attrs.evolve(before, owner=anna.account_id, claim_id=after.claim_id, version=2)
    assert after.claim_id == stored_order(shop, "ref-2").claim_id is not None
    (event,) = shop.events(EventKind.GUEST_ORDERS_CLAIMED)
    assert (event.account_id, event.email, event.detail) == (
        anna.account_id, "a***@mail.example", str(after.claim_id),
    )  # fmt: skip


def test_asking_again_moves_nothing_twice(shop: Shop) -> None:
    """GM-02, RL-08: the second claim finds nothing and writes nothing; later orders are another claim."""
    anna = shop.open_account(ANNA)
    place(shop, "ref-1", email=ANNA)
    _claim(shop, anna)
    before = shop.storage._tables
    assert _claim(shop, anna) == Claimed(0, 0)
    assert shop.storage._tables is before
    place(shop, "ref-2", email=ANNA)
    assert _claim(shop, anna) == Claimed(1, 0)
    assert stored_order(shop, "ref-1").claim_id != stored_order(shop, "ref-2").claim_id


def test_only_the_accounts_own_address(shop: Shop) -> None:
    """GM-01, AZ-01: orders of another address and orders of other accounts stay where they are."""
    bob = shop.open_account("bob@mail.example")
    anna = shop.open_account(ANNA)
    place(shop, "ref-1", email="anna@mail.example.example")
    place(shop, "ref-2", email=ANNA, by=shop.customer(bob.session))
    place(shop, "ref-3", email="anna+shop@mail.example")
    assert _claim(shop, anna) == Claimed(0, 0)
    assert {one.owner for one in shop.stored(OrderRecord)} == {None, bob.account_id}


def test_old_orders_stay_and_are_counted(shop: Shop) -> None:
    """GM-01: addresses are given to other people, so the proof of the mailbox covers young orders only."""
    anna = shop.open_account(ANNA)
    limit = shop.clock() - shop.settings.claim_within
    place(shop, "old", email=ANNA, placed_at=limit - timedelta(seconds=1))
    place(shop, "just", email=ANNA, placed_at=limit)
    assert _claim(shop, anna) == Claimed(claimed=1, remaining=1)
    assert stored_order(shop, "old").owner is None
    assert _claim(shop, anna) == Claimed(claimed=0, remaining=1)


@pytest.mark.parametrize("change", [{"email_verified_at": None}, {"email_key": None}])
def test_nothing_without_proof(shop: Shop, change: dict[str, Any]) -> None:
    """GM-01, PH-08: an address that the account has not proven brings nothing."""
    anna = shop.open_account(ANNA)
    place(shop, email=ANNA)
    _change_account(shop, **change)
    assert _claim(shop, anna) == Refused(Reason.NOT_ALLOWED)
    assert stored_order(shop).owner is None


def test_what_is_told_is_what_moved(shop: Shop) -> None:
    """GM-02: an order that arrives between the read and the write is moved and counted."""
    anna = shop.open_account(ANNA)
    place(shop, "ref-1", email=ANNA)
    env = shop.accounts._around.env()
    customer = shop.customer(anna.session)
    facts = shop.storage.read(ClaimGuestOrders().scope(customer, env))
    place(shop, "ref-2", email=ANNA)
    decision = ClaimGuestOrders().decide(facts, env, customer)
    assert isinstance(decision, Decision)
    assert decision.counted is not None
    assert decision.counted(shop.storage.write(decision.changes)) == Claimed(2, 0)


def test_an_address_that_changed_meanwhile_brings_nothing(shop: Shop) -> None:
    """GM-01, CC-05: the claim is bound to the account as it was read."""
    anna = shop.open_account(ANNA)
    place(shop, email=ANNA)
    env = shop.accounts._around.env()
    customer = shop.customer(anna.session)
    late = ClaimGuestOrders().decide(
        shop.storage.read(ClaimGuestOrders().scope(customer, env)), env, customer
    )
    assert isinstance(late, Decision)
    _change_account(shop, email="new@mail.example", email_key="new@mail.example")
    with pytest.raises(StaleWriteError):
        shop.storage.write(late.changes)
    assert stored_order(shop).owner is None
    assert _claim(shop, anna) == Claimed(0, 0)


def test_is_a_signed_in_customers(shop: Shop) -> None:
    """GM-01, SE-01: no visitor, no agent, no system, no ended session."""
    anna = shop.open_account(ANNA)
    wanted: Any = ClaimGuestOrders()
    for actor in (shop.visitor(), Agent("17"), SYSTEM):
        assert shop.handle(wanted, by=actor) == Refused(Reason.NOT_ALLOWED)
    ended = attrs.evolve(shop.customer(anna.session), session_epoch=99)
    assert shop.handle(wanted, by=ended) == Refused(Reason.SESSION_ENDED)


def test_is_counted() -> None:
    """AB-01: claims are writes of an account."""
    shop = Shop(limits=dict(ALLOWANCES) | {Limit.ACCOUNT: Allowance(1, timedelta(hours=1))})
    anna = shop.open_account(ANNA)
    _claim(shop, anna)
    refused = _claim(shop, anna)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.TOO_MANY_ATTEMPTS
