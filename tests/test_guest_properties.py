"""Guest orders over any sequence: nothing lost, nothing twice, nothing without proof (GM-01, GM-02)."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from attrs import define, evolve, field
from hypothesis import given, note, settings
from hypothesis import strategies as st

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent
from customer_accounts.claim import COVERAGE, Grade
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.guest_claim import Claimed, ClaimGuestOrders
from customer_accounts.features.guest_order import OrderRecorded
from customer_accounts.features.registration import Register
from customer_accounts.features.support import ConvertGuest
from customer_accounts.limiting import Allowance, Limit
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailPurpose
from customer_accounts.token import TokenRecord
from tests.orders import order
from tests.shop import ELSEWHERE, PASSWORD, Shop

#: Three mailboxes, each in several spellings of one key; the third differs from the first by a dot only.
MAILBOXES = (
    ("anna@mail.example", "Anna@Mail.Example", " ANNA@mail.example "),
    ("zoë@bücher.example", "ZOË@xn--bcher-kva.example"),
    ("an.na@mail.example", "AN.NA@MAIL.EXAMPLE"),
)
EMAILS = st.sampled_from([spelling for mailbox in MAILBOXES for spelling in mailbox])
#: Today, just covered by the proof of the mailbox, and too old for it.
AGES = st.sampled_from([timedelta(0), timedelta(days=500), timedelta(days=600)])
YOUNG = COVERAGE[Grade.MAILBOX].within or timedelta(0)
LINKS = (MailPurpose.CONFIRM_REGISTRATION, MailPurpose.SET_PASSWORD)

STEPS = st.one_of(
    st.tuples(st.just("guest"), EMAILS, AGES, st.booleans()),
    st.tuples(st.just("guest"), EMAILS, AGES, st.just(False)),
    st.tuples(st.just("customer"), st.integers(0, 9), EMAILS),
    st.tuples(st.just("again"), st.integers(0, 99)),
    st.tuples(st.just("register"), EMAILS),
    st.tuples(st.just("convert"), EMAILS),
    st.tuples(st.just("confirm"), st.integers(0, 99)),
    st.tuples(st.just("claim"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 60])),
)


@define
class World:
    """A shop, what was placed in it, and who proved what."""

    shop: Shop = field(
        factory=lambda: Shop(limits={one: Allowance(10**6, timedelta(hours=1)) for one in Limit})
    )
    commands: list[tuple[Any, Any]] = field(factory=list)
    answers: list[OrderRecorded] = field(factory=list)
    proven: dict[UUID, Confirmed] = field(factory=dict)
    told: int = 0

    def orders(self) -> dict[str, OrderRecord]:
        """Give the stored orders."""
        return {one.reference: one for one in self.shop.stored(OrderRecord)}

    def step(self, kind: str, *what: Any) -> None:
        """Let one thing happen; the clock goes on a little each time."""
        self.shop.clock.forward(minutes=1)
        getattr(self, f"_{kind}")(*what)

    def _place(self, by: Any, **given: Any) -> None:
        command = order(self.shop, f"ref-{len(self.commands)}", **given)
        self.answers.append(self.shop.require(command, by=by))
        self.commands.append((command, by))

    def _guest(self, email: str, age: timedelta, open_account: bool) -> None:
        at = self.shop.clock() - age
        self._place(self.shop.visitor(), email=email, placed_at=at, open_account=open_account)
        assert self.orders()[f"ref-{len(self.commands) - 1}"].owner is None

    def _customer(self, which: int, email: str) -> None:
        account = self._account(which)
        if account is not None:
            self._place(self.shop.customer(account.session), email=email)

    def _again(self, which: int) -> None:
        if self.commands:
            at = which % len(self.commands)
            command, by = self.commands[at]
            assert self.shop.require(command, by=by) == self.answers[at]

    def _register(self, email: str) -> None:
        self.shop.require(Register(email=email, password=PASSWORD), by=self.shop.visitor(ELSEWHERE))

    def _convert(self, email: str) -> None:
        self.shop.handle(ConvertGuest(email=email, reason="letter"), by=Agent("17"))

    def _confirm(self, which: int) -> None:
        digests = {one.digest: one for one in self.shop.stored(TokenRecord)}
        links = [one.token for one in self.shop.mails() if one.purpose in LINKS and one.token in digests]
        if links:
            text = self.shop.text_of(digests[links[which % len(links)]])
            command = ConfirmEmail(token=text, new_password=PASSWORD)
            outcome = self.shop.handle(command, by=self.shop.visitor(None))
            if isinstance(outcome, Confirmed):
                self.proven[outcome.account_id] = outcome
                self.told += outcome.claimed

    def _claim(self, which: int) -> None:
        account = self._account(which)
        if account is not None:
            outcome = self.shop.require(ClaimGuestOrders(), by=self.shop.customer(account.session))
            self.told += outcome.claimed

    def _wait(self, days: int) -> None:
        self.shop.clock.forward(days=days)

    def _account(self, which: int) -> Confirmed | None:
        return list(self.proven.values())[which % len(self.proven)] if self.proven else None


def _check(world: World, before: dict[str, OrderRecord], after: dict[str, OrderRecord]) -> None:
    """Hold what must be true of the orders after any step."""
    accounts = {one.id: one for one in world.shop.stored(AccountRecord)}
    stored = Counter(one.reference for one in world.shop.stored(OrderRecord))
    assert stored == Counter(command.reference for command, _ in world.commands)
    for reference, old in before.items():
        new = after[reference]
        assert new == evolve(old, owner=new.owner, claim_id=new.claim_id, version=new.version)
        if old.owner is not None:
            assert new == old
        elif new.owner is not None:
            assert new.placed_at >= world.shop.clock() - YOUNG
    by = {command.reference: by for command, by in world.commands}
    for one in after.values():
        if one.claim_id is None:
            assert one.owner == getattr(by[one.reference], "account_id", None)
            continue
        assert one.owner in world.proven
        owner = accounts[one.owner]
        assert owner.email_key == one.email_key
        assert owner.email_verified_at is not None


@given(steps=st.lists(STEPS, max_size=30))
@settings(max_examples=120)
def test_no_order_is_lost_doubled_or_taken(steps: list[tuple[Any, ...]]) -> None:
    """GM-01, GM-02: over any sequence every order stays, once, as it was placed.

    Only an owner comes, once, and only one who proved the order's own address; what customers are told is
    what moved.
    """
    world = World()
    before = world.orders()
    for step in steps:
        world.step(*step)
        after = world.orders()
        _check(world, before, after)
        before = after
    moved = sum(1 for one in before.values() if one.claim_id is not None)
    note(f"{len(before)} orders, {moved} moved")
    assert moved == world.told


@given(ages=st.lists(AGES, min_size=1, max_size=6), claims=st.lists(st.integers(0, 6), max_size=4))
@settings(max_examples=60)
def test_claims_end_alike_whenever_they_are_made(ages: list[timedelta], claims: list[int]) -> None:
    """GM-02: however claims and orders follow each other, the last claim leaves the same orders."""
    shop = Shop()
    customer = shop.customer(shop.open_account("anna@mail.example").session)
    told = 0
    for number, age in enumerate(ages):
        told += sum(shop.require(ClaimGuestOrders(), by=customer).claimed for at in claims if at == number)
        command = order(shop, f"ref-{number}", email="Anna@mail.example", placed_at=shop.clock() - age)
        shop.require(command, by=shop.visitor())
    last = shop.require(ClaimGuestOrders(), by=customer)
    young = {f"ref-{number}" for number, age in enumerate(ages) if age < YOUNG}
    assert {one.reference for one in shop.stored(OrderRecord) if one.owner} == young
    assert told + last.claimed == len(young)
    assert shop.require(ClaimGuestOrders(), by=customer) == Claimed(0)
