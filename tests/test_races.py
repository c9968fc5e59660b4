"""Races: commands that were given at once, on the memory storage and on an SQLite file, in many rounds.

In each round all callers have read before any of them writes, so that each decides on the same state.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from customer_accounts.accounts.mail_delivery import LEASE
from customer_accounts.changes import Counts
from customer_accounts.features.email_change import ConfirmEmailChange, EmailChanged, RequestEmailChange
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.password_reset import PasswordReset, RequestPasswordReset, ResetPassword
from customer_accounts.features.registration import Register, Registered
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.features.wish_list import AddToWishList, CreateWishList
from customer_accounts.outbox import MailPurpose, Queue
from customer_accounts.refusals import Reason, Refused
from tests.hijack.test_invariant import BEGINNINGS
from tests.hijack.world import ACTIONS, World
from tests.races import CALLERS, Arena
from tests.shop import PASSWORD

pytestmark = pytest.mark.slow

PASSWORDS = [f"{bird} on the roof at night" for bird in ("owls", "herons", "swifts", "magpies")]


@pytest.fixture(name="arena", params=["memory", "sqlite"])
def _arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    """A shop on a storage that many use at once."""
    arena = Arena(request.param, tmp_path)
    yield arena
    if arena.kind == "sqlite":
        arena.storage.close()


def test_registrations_at_once(arena: Arena) -> None:
    """CC-01, PH-04: registrations at once wait apart, a double click once; the first proof leaves one account."""
    for number in arena.rounds():
        email = f"anna{number}@mail.example"
        people = [arena.visitor(name) for name in ("anna", "mallory", "mallory again")]
        asked: list[Any] = [(Register(email=email, password=PASSWORD), one) for one in people]
        answers = arena.at_once([asked[0], *asked])
        assert all(isinstance(one, Registered) for one in answers)
        assert len({repr(one) for one in answers}) == 1
        waiting = arena.facts(email).registrations
        assert {one.browser for one in waiting} == {one.browser_digest for one in people}
        assert len(waiting) == len(people)
        links = [arena.text_of(one.token) for one in arena.mails(MailPurpose.CONFIRM_REGISTRATION, email)]
        proofs = [arena.shop().handle(ConfirmEmail(token=one), by=people[0]) for one in links]
        assert len([one for one in proofs if isinstance(one, Confirmed)]) == 1
        after = arena.facts(email)
        assert len(after.accounts) == 1
        assert [one.browser for one in after.registrations] == [people[0].browser_digest]


def test_one_link_is_used_once(arena: Arena) -> None:
    """CC-02, TK-05: of four clicks at once one has an effect, and the others are told that it is done."""
    for number in arena.rounds():
        email, anna = f"anna{number}@mail.example", arena.visitor("anna")
        confirm = ConfirmEmail(token=arena.registered(email, anna))
        proofs = arena.at_once([(confirm, anna)] * CALLERS)
        assert sorted(type(one).__name__ for one in proofs) == ["Confirmed", "Refused", "Refused", "Refused"]
        assert {one.reason for one in proofs if isinstance(one, Refused)} == {Reason.ALREADY_DONE}
        assert len(arena.facts(email).accounts) == 1
        arena.shop().require(RequestPasswordReset(email=email), by=anna)
        link = arena.link(MailPurpose.RESET_PASSWORD, email)
        resets = arena.at_once([(ResetPassword(token=link, new_password=one), anna) for one in PASSWORDS])
        assert Counter(type(one) for one in resets) == {PasswordReset: 1, Refused: CALLERS - 1}
        works = [
            isinstance(arena.shop().handle(SignIn(email=email, password=one), by=anna), SignedIn)
            for one in PASSWORDS
        ]
        assert works == [isinstance(one, PasswordReset) for one in resets]


def test_changes_of_address_at_once(arena: Arena) -> None:
    """CC-03, PH-06: of two links to two addresses one wins, and confirms the address that it was mailed to."""
    for number in arena.rounds():
        visitor = arena.visitor("anna")
        anna = arena.customer(f"anna{number}@mail.example", visitor)
        wanted = [f"{name}{number}@mail.example" for name in ("first", "second")]
        for email in wanted:
            arena.clock.forward(seconds=1)
            arena.shop().require(RequestEmailChange(email=email, current_password=PASSWORD), by=anna)
        links = [arena.link(MailPurpose.CONFIRM_EMAIL_CHANGE, email) for email in wanted]
        answers = arena.at_once([(ConfirmEmailChange(token=one), visitor) for one in links])
        (won,) = [one for one in answers if isinstance(one, EmailChanged)]
        assert won.email == wanted[answers.index(won)]
        owners = [[one.id for one in arena.facts(email).accounts] for email in wanted]
        assert owners == [[anna.account_id] if one == won.email else [] for one in wanted]
        (lost,) = [one for one in answers if one is not won]
        assert lost == Refused(Reason.LINK_INVALID)


def test_one_address_gets_one_account(arena: Arena) -> None:
    """CC-04, EM-03: two accounts that move to one address and a new one for it: one wins, the others are refused."""
    for number in arena.rounds():
        email = f"wanted{number}@mail.example"
        asked: list[Any] = []
        for name in ("anna", "bert"):
            visitor = arena.visitor(name)
            customer = arena.customer(f"{name}{number}@mail.example", visitor)
            arena.shop().require(RequestEmailChange(email=email, current_password=PASSWORD), by=customer)
            link = arena.link(MailPurpose.CONFIRM_EMAIL_CHANGE, email)
            asked.append((ConfirmEmailChange(token=link), visitor))
        carla = arena.visitor("carla")
        asked.append((ConfirmEmail(token=arena.registered(email, carla)), carla))
        answers = arena.at_once(asked)
        assert sorted(isinstance(one, Refused) for one in answers) == [False, True, True]
        assert {one for one in answers if isinstance(one, Refused)} == {Refused(Reason.LINK_INVALID)}
        facts = arena.facts(email)
        assert len(facts.accounts) == 1
        assert facts.registrations == () or facts.registrations[0].confirmed_at is not None


def test_no_change_is_lost(arena: Arena) -> None:
    """CC-05: four writes to one record all count, whoever was overtaken."""
    for number in arena.rounds():
        anna = arena.customer(f"anna{number}@mail.example", arena.visitor("anna"))
        wishes = arena.shop().require(CreateWishList(name=f"List {number}"), by=anna)
        asked = [(AddToWishList(list_id=wishes.id, product=f"PLA-{one}"), anna) for one in range(CALLERS)]
        arena.at_once(asked)
        stored = next(
            one for one in arena.facts(f"anna{number}@mail.example").wish_lists if one.id == wishes.id
        )
        assert sorted(one.product for one in stored.items) == [f"PLA-{one}" for one in range(CALLERS)]
        assert stored.version == 1 + CALLERS


class SlowPostbox:
    """A mail server that takes its time, so that another worker comes by meanwhile."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    def send(self, message: EmailMessage, /) -> str:
        """Take the message after a while."""
        sleep(0.002)
        self.sent[message["Message-ID"]] += 1
        return "250 OK"


def test_no_mail_is_sent_by_two_workers(arena: Arena) -> None:
    """RL-04: four workers send each mail once; what a killed worker held back goes out when its lease is over."""
    for number in range(6):
        command = Register(email=f"anna{number}@mail.example", password=PASSWORD)
        arena.shop().require(command, by=arena.visitor("anna"))
    held = arena.storage.lease(Queue.MAIL, limit=1, now=arena.clock.now, until=arena.clock.now + LEASE)
    postbox = SlowPostbox()
    for expected in (5, 6):
        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(lambda _: arena.shop().deliver_mail(postbox, limit=2), range(2 * CALLERS)))
        assert postbox.sent.total() == expected
        assert set(postbox.sent.values()) == {1}
        arena.clock.now += LEASE + timedelta(seconds=1)
    assert len(held) == 1


def _overtaken(world: World, name: str) -> None:
    """Let somebody act once, between the next read and its write."""
    write = world.shop.storage.write

    def first(changes: Any, /) -> Counts:
        world.shop.storage.write = write  # type: ignore[method-assign]  # put back what is replaced below
        getattr(world, name)()
        return write(changes)

    world.shop.storage.write = first  # type: ignore[method-assign]  # an interleaving, made to happen


@pytest.mark.parametrize(
    "beginning", ["the attacker wants the address", "both registered", "the owner is in"]
)
@pytest.mark.parametrize("first", [one for one in ACTIONS if not one.startswith(("an_", "two_"))])
def test_every_pair_keeps_the_invariant(first: str, beginning: str) -> None:
    """CC-06: whatever one of the two does between the read and the write of the other, the attacker stays out."""
    world = World()
    for name in BEGINNINGS[beginning]:
        getattr(world, name)()
    start = _state(world)
    for second in ACTIONS:
        _set_back(world, start)
        _overtaken(world, second)
        getattr(world, first)()
        world.shop.storage.__dict__.pop("write", None)
        world.check()


def _state(world: World) -> tuple[Any, ...]:
    return (
        world.shop.storage._tables, world.shop.clock.now, world.owners_session, list(world.attackers_sessions),
        world.proven, world.orders,
    )  # fmt: skip


def _set_back(world: World, state: tuple[Any, ...]) -> None:
    tables, now, owners_session, attackers_sessions, proven, orders = state
    world.shop.storage._tables, world.shop.clock.now = tables, now
    world.owners_session, world.attackers_sessions = owners_session, list(attackers_sessions)
    world.proven, world.orders = proven, orders
