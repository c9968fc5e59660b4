"""Races of conversions: whatever happens to an invitation at once, one account begins or none, and no order is lost.

The sums of orders before and after are printed (``pytest -s``); ``RACE_ROUNDS=200`` is the long run.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from customer_accounts.actors import Agent
from customer_accounts.changes import insert
from customer_accounts.facts import Page, Part, Scope
from customer_accounts.features.conversion_invitation import CancelInvitation
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.registration import Register, Registered
from customer_accounts.features.support import ConvertGuest
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import cheap_settings
from customer_accounts.testing.records import an_order
from tests.races import Arena, arenas
from tests.shop import PASSWORD

pytestmark = pytest.mark.slow

AGENT, OTHER = Agent("1"), Agent("2")


@pytest.fixture(name="arena", params=["memory", "sqlite", "postgres"])
def _arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    """A shop on a storage that many use at once, in which one agent is enough."""
    for arena in arenas(request, tmp_path):
        arena.settings = cheap_settings(four_eyes=frozenset())
        yield arena


def test_an_invitation_is_used_sent_anew_and_withdrawn(arena: Arena) -> None:
    """CC-06, GM-01: an invitation is used, sent anew and taken back, and its guest registers: one account or none."""
    before = after = 0
    for number in arena.rounds():
        email = f"gerda{number}@mail.example"
        arena.storage.write([insert(an_order(email_key=email, placed_at=arena.clock.now)) for _ in range(3)])
        arena.shop().require(ConvertGuest(email=email, reason="letter"), by=AGENT)
        link = arena.link(MailPurpose.SET_PASSWORD, email)
        confirm = ConfirmEmail(token=link, new_password=PASSWORD)
        asked: list[Any] = [
            (confirm, arena.visitor("gerda")),
            (ConvertGuest(email=email, reason="again"), OTHER),
            (CancelInvitation(email=email, reason="wrong"), AGENT),
            (Register(email=email, password="a stranger's own words"), arena.visitor("a stranger")),
        ]
        confirmed, *_, registered = arena.at_once(asked)
        assert isinstance(registered, Registered)
        accounts = arena.facts(email).accounts
        before += 3
        if isinstance(confirmed, Confirmed):
            assert [one.id for one in accounts] == [confirmed.account_id]
            page = Scope(
                parts=frozenset({Part.ORDERS}), account_id=confirmed.account_id, page=Page(limit=100)
            )
            after += len(arena.storage.read(page).orders)
        else:
            assert confirmed == Refused(Reason.LINK_INVALID)
            assert accounts == ()
            after += sum(one.count for one in arena.facts(email).guest_orders)
    print(f"{arena.kind}: {before} orders before, {after} after")  # noqa: T201  # the figures of the run
    assert after == before
