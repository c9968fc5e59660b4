"""Every pair of commands that write, the second one between the read and the write of the first (CC-06).

In memory all pairs; on SQLite one for each command, others with another `PAIR_SEED`.
"""

import logging
import os
from collections.abc import Iterator
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from customer_accounts.account import AccountRecord, RegistrationRecord
from customer_accounts.accounts import Accounts
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.command import Command
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.password_reset import ResetPassword
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Refused
from customer_accounts.token import Purpose, TokenRecord
from tests.bad_input.stage import Stage, Unlimited
from tests.interleaving import (
    WRITING,
    Ground,
    InMemory,
    Interleaved,
    OnSqlite,
    Outcome,
    Pair,
    difference,
    in_turn,
    overlapping,
)
from tests.shop import BROWSER, ELSEWHERE

#: Pairs after which a link is left that another order would have ended; each such link opens nothing, see below.
LEFT_LINKS = MappingProxyType(
    {
        frozenset({"CloseAccount", "RequestPasswordReset"}): Purpose.RESET_PASSWORD,
        frozenset({"ConfirmEmailChange", "RequestPasswordReset"}): Purpose.RESET_PASSWORD,
        frozenset({"ConfirmEmail", "ResendConfirmation"}): Purpose.CONFIRM_REGISTRATION,
        frozenset({"CorrectRegistrationAddress", "ResendConfirmation"}): Purpose.CONFIRM_REGISTRATION,
    }
)
#: How many second commands a first one meets on SQLite.
ON_SQLITE = int(os.environ.get("PAIRS_ON_SQLITE", "1"))
SEED = os.environ.get("PAIR_SEED", "1")


@pytest.fixture(name="stage", scope="module")
def _stage() -> Stage:
    """A shop in which every command has something to do."""
    return Stage()


@pytest.fixture(name="sqlite", scope="module")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnSqlite]:
    """A file."""
    ground = OnSqlite(tmp_path_factory.mktemp("pairs"))
    yield ground
    ground.close()


def _name(kind: type[Command]) -> str:
    return kind.__name__


@pytest.mark.parametrize("first", WRITING, ids=_name)
def test_every_pair_is_as_one_after_the_other(stage: Stage, first: type[Command]) -> None:
    """CC-06, CC-05, GM-02: two commands that overlap come to what they come to one after the other, in some order."""
    for second in WRITING:
        _compare(Pair(stage, first, second), InMemory())


@pytest.mark.parametrize("first", WRITING, ids=_name)
def test_pairs_on_sqlite(stage: Stage, sqlite: OnSqlite, first: type[Command]) -> None:
    """CC-06, CC-05: the same on a real file."""
    for second in Random(SEED + _name(first)).sample(WRITING, min(ON_SQLITE, len(WRITING))):
        _compare(Pair(stage, first, second), sqlite)


@pytest.mark.parametrize("second", WRITING, ids=_name)
def test_a_customers_order_is_as_one_after_the_other(stage: Stage, second: type[Command]) -> None:
    """CC-06, GM-02: what overlaps an order of Anna's comes before or after it."""
    pair = Pair(stage, RecordOrder, second)
    order = RecordOrder(reference="a-new-one", number="1", placed_at=stage.clock.now, acknowledge=True)
    pair.given(0, order, stage.anna)
    _compare(pair, InMemory())


def _compare(pair: Pair, ground: Ground) -> None:
    logging.disable()  # a rehash that loses is logged, and right
    found = overlapping(pair, ground)
    logging.disable(logging.NOTSET)
    expected = [in_turn(pair, ground, order) for order in ((0, 1), (1, 0))]
    if found in expected or frozenset(map(_name, pair.kinds)) in LEFT_LINKS:
        return
    if _name(pair.kinds[0]) == "SignIn" and _rehash_lost(found, expected):
        return
    pytest.fail(f"{[_name(one) for one in pair.kinds]}: {[difference(found, one) for one in expected]}")


def _rehash_lost(found: Outcome, expected: list[Outcome]) -> bool:
    """Whether nothing differs but that a sign-in did not hash again, which it need not (HS-04)."""
    rehashed = ("event", EventKind.PASSWORD_REHASHED)
    return any(
        {kind for kind, _ in found.stored ^ one.stored} <= {rehashed} and found.second == one.second
        for one in expected
    )


@pytest.mark.parametrize("names", LEFT_LINKS, ids=lambda one: "+".join(sorted(one)))
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
def test_a_link_that_is_left_opens_nothing(stage: Stage, names: frozenset[str], turned: bool) -> None:
    """TK-06, CC-06: a link that was made while its account closed, moved or began is refused, and no session comes."""
    kinds = sorted((one for one in WRITING if _name(one) in names), key=_name, reverse=turned)
    pair, storage = Pair(stage, *kinds), MemoryStorage()
    storage._tables = pair.begun
    pair.give(0, Interleaved(storage, lambda: pair.give(1, storage)))
    left = [one for one in storage._tables.all(TokenRecord) if _is_left(one, LEFT_LINKS[names], storage)]
    shop = Accounts(storage, stage.settings, clock=stage.clock, limiter=Unlimited())
    for text in (stage.text_of(one) for one in left):
        for browser in (BROWSER, ELSEWHERE):
            proof: Any = ConfirmEmail(token=text)
            if LEFT_LINKS[names] is Purpose.RESET_PASSWORD:
                proof = ResetPassword(token=text, generate_password=True)
            assert isinstance(shop.handle(proof, by=stage.visitor(browser)), Refused)
    assert left or turned


def _is_left(link: TokenRecord, purpose: Purpose, storage: MemoryStorage) -> bool:
    """Whether a link could be used, but its account or registration is another one by now."""
    if link.purpose is not purpose or link.used_at is not None:
        return False
    holders = [
        *(one.email_key for one in storage._tables.all(AccountRecord) if one.id == link.account_id),
        *(
            one.email_key if one.confirmed_at is None else None
            for one in storage._tables.all(RegistrationRecord)
            if one.id == link.registration_id
        ),
    ]
    return link.email_key not in holders
