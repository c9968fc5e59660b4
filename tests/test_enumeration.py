"""Nobody learns from an answer whether an address has an account (EN-01, EN-03, EN-07).

Each property puts one address into every state that an account can be in, gives the same command to each, and compares
with the shop that has never heard of the address: the answer, the storage calls and the hash computations.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from attrs import define, evolve, field
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent, SignedInCustomer, Visitor
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.casework import ConversionRequestRecord
from customer_accounts.changes import Change, Counts
from customer_accounts.command import Command
from customer_accounts.facts import Facts, Scope
from customer_accounts.features.claim_order import ClaimOrder
from customer_accounts.features.conversion_answers import (
    AskCustomer,
    Question,
)
from customer_accounts.features.conversion_requests import (
    ConversionRequested,
    RequestConversion,
)
from customer_accounts.features.email_change import RequestEmailChange
from customer_accounts.features.guest_order import OrderRecorded, RecordOrder
from customer_accounts.features.guest_order_page import OpenAccountFromOrder
from customer_accounts.features.merge_request import MergeRequested, RequestMerge
from customer_accounts.features.order_dispute import RecordDispute
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.privacy import CloseAccount
from customer_accounts.features.registration import CorrectRegistrationAddress, Register, ResendConfirmation
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.hashing import CHEAPEST, Argon2Hasher, Argon2Parameters, Verification
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.accounts.doubles import OrderFacts
from tests.identities import facebook
from tests.orders import SYSTEM, order, place
from tests.shop import ELSEWHERE, PASSWORD, Shop

EMAIL = "vera@mail.example"
WRONG = "never the right words"
OLD = Argon2Parameters(memory=16, rounds=1, lanes=1)
ACTING = "bert@mail.example"
STRANGER = Visitor(ip="203.0.113.7", browser="a third browser somewhere")


class State(StrEnum):
    """What an address can be to a shop."""

    UNKNOWN = "unknown"
    KNOWN = "known"
    UNCONFIRMED = "unconfirmed"
    SOCIAL_ONLY = "social only"
    CLOSED = "closed"
    OLD_PARAMETERS = "old parameters"
    GARBAGE_HASH = "garbage hash"


class CountingStorage:
    """A storage that keeps a record of what was asked of it."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self.lease, self.finish, self.fail = storage.lease, storage.finish, storage.fail
        self.release = storage.release
        self.calls: list[object] = []

    def read(self, scope: Scope, /) -> Facts:
        """Remember the scope and read."""
        self.calls.append(scope)
        return self._storage.read(scope)

    def write(self, changes: Sequence[Change], /) -> Counts:
        """Remember that something was written."""
        self.calls.append("write")
        return self._storage.write(changes)


@define
class CountingHasher:
    """A hasher that counts its computations."""

    behind: Argon2Hasher = field(factory=lambda: Argon2Hasher(CHEAPEST, allow_cheap=True))
    computed: int = 0

    def hash(self, password: str, /) -> str:
        """Count and hash."""
        self.computed += 1
        return self.behind.hash(password)

    def verify(self, password: str, stored: str | None, /) -> Verification:
        """Count and compare."""
        self.computed += 1
        return self.behind.verify(password, stored)


@define
class Seen:
    """All that somebody outside can see of one command."""

    outcome: object
    calls: list[object]
    computed: int


def _shop_in(state: State) -> tuple[Shop, SignedInCustomer]:
    """Give a shop to which `EMAIL` is in a state, and a customer of it."""
    shop = Shop()
    acting = shop.open_account(ACTING)
    if state is State.UNCONFIRMED:
        shop.require(Register(email=EMAIL, password=PASSWORD), by=shop.visitor(ELSEWHERE))
    elif state is not State.UNKNOWN:
        opened = shop.open_account(EMAIL)
        if state is State.SOCIAL_ONLY:
            shop.change(opened.account_id, password_hash=None)
        elif state is State.OLD_PARAMETERS:
            shop.change(opened.account_id, password_hash=Argon2Hasher(OLD, allow_cheap=True).hash(PASSWORD))
        elif state is State.GARBAGE_HASH:
            shop.change(opened.account_id, password_hash="garbage")
        elif state is State.CLOSED:
            shop.require(CloseAccount(account_id=opened.account_id, reason="letter"), by=Agent("1"))
    return shop, shop.customer(acting.session)


def _seen(state: State, command: Command, by: Callable[[SignedInCustomer], Any]) -> Seen:
    """Give a command to a shop in a state, with everything counted."""
    shop, customer = _shop_in(state)
    storage, hasher = CountingStorage(shop.storage), CountingHasher()
    accounts = Accounts(storage, shop.settings, hasher=hasher, clock=shop.clock)
    outcome: object = accounts.handle(command, by=by(customer))  # type: ignore[arg-type]  # any command
    return Seen(outcome, [_without_account(one) for one in storage.calls], hasher.computed)


def _without_account(call: object) -> object:
    # The acting customer's id is another one in each shop.
    return (call.parts, call.email_keys, call.browser, call.identity) if isinstance(call, Scope) else call


def _visitor(_: SignedInCustomer) -> Visitor:
    return STRANGER


def _customer(customer: SignedInCustomer) -> SignedInCustomer:
    return customer


def _same_as_unknown(
    state: State, command: Command, by: Callable[[SignedInCustomer], Any], hashes: int
) -> Seen:
    seen = _seen(state, command, by)
    assert seen == _seen(State.UNKNOWN, command, by)
    assert seen.computed == hashes
    return seen


STATES = st.sampled_from(State)
SPELLINGS = st.sampled_from([EMAIL, f" {EMAIL} ", EMAIL.upper(), "Vera@Mail.example"])
LOCALES = st.sampled_from(["fr", "de", "en"])


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS, locale=LOCALES, generate=st.booleans())
def test_registering_looks_the_same(state: State, email: str, locale: str, generate: bool) -> None:
    """EN-01, EN-03, EN-07: one answer, one read and one write, one hash for a chosen password."""
    password = None if generate else "eleven quiet herons"
    command = Register(email=email, password=password, generate_password=generate, locale=locale)
    seen = _same_as_unknown(state, command, _visitor, 0 if generate else 1)
    assert not isinstance(seen.outcome, Refused)
    assert len(seen.calls) == 2


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS, password=st.sampled_from([WRONG, "", "x" * 2000]))
def test_signing_in_with_a_wrong_password_looks_the_same(state: State, email: str, password: str) -> None:
    """EN-01, EN-03, EN-07: SIGN_IN_FAILED, one read and no write, one computation whatever is stored."""
    seen = _same_as_unknown(state, SignIn(email=email, password=password), _visitor, 1)
    assert seen.outcome == Refused(Reason.SIGN_IN_FAILED)
    assert len(seen.calls) == 1


@pytest.mark.parametrize("state", [State.UNCONFIRMED, State.SOCIAL_ONLY, State.CLOSED, State.GARBAGE_HASH])
def test_signing_in_with_the_password_that_once_was_right_looks_the_same(state: State) -> None:
    """EN-01, PH-02: what cannot sign in says nothing about why."""
    seen = _same_as_unknown(state, SignIn(email=EMAIL, password=PASSWORD), _visitor, 1)
    assert seen.outcome == Refused(Reason.SIGN_IN_FAILED)


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS, locale=LOCALES)
def test_asking_for_a_new_password_looks_the_same(state: State, email: str, locale: str) -> None:
    """EN-01, EN-07: one answer, one read and one write, also for addresses that nobody has."""
    command = RequestPasswordReset(email=email, locale=locale)
    seen = _same_as_unknown(state, command, _visitor, 0)
    assert not isinstance(seen.outcome, Refused)
    assert len(seen.calls) == 2


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS, locale=LOCALES)
def test_asking_for_the_confirmation_again_looks_the_same(state: State, email: str, locale: str) -> None:
    """EN-01, EN-07: one answer, one read and one write, whether anything waits or not."""
    seen = _same_as_unknown(state, ResendConfirmation(email=email, locale=locale), _visitor, 0)
    assert not isinstance(seen.outcome, Refused)
    assert len(seen.calls) == 2


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS)
def test_changing_to_an_address_looks_the_same(state: State, email: str) -> None:
    """EN-01, EN-03, EN-07: a customer learns nothing about other customers' addresses."""
    command = RequestEmailChange(email=email, current_password=PASSWORD)
    seen = _same_as_unknown(state, command, _customer, 1)
    assert not isinstance(seen.outcome, Refused)
    assert len(seen.calls) == 2


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS, password=st.sampled_from([PASSWORD, WRONG]))
def test_asking_for_a_merge_looks_the_same(state: State, email: str, password: str) -> None:
    """EN-01, EN-03, EN-07: a customer who names another address is told the same, whoever has it, or nobody."""
    command = RequestMerge(email=email, current_password=password)
    seen = _same_as_unknown(state, command, _customer, 1)
    assert isinstance(seen.outcome, MergeRequested if password == PASSWORD else Refused)
    assert len(seen.calls) == (2 if password == PASSWORD else 1)


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS, locale=LOCALES, number=st.sampled_from(["", "N-1"]))
def test_writing_to_the_shop_looks_the_same(state: State, email: str, locale: str, number: str) -> None:
    """EN-01, EN-07, AB-08: the contact form tells nothing of an address, and mails nothing to it."""
    command = RequestConversion(email=email, locale=locale, order_number=number, id=UUID(int=1))
    seen = _same_as_unknown(state, command, _visitor, 0)
    assert isinstance(seen.outcome, ConversionRequested)
    assert len(seen.calls) == 2


@pytest.mark.parametrize("waiting", [0, 1, 3, 4])
@pytest.mark.parametrize("asked", [False, True])
def test_a_letter_tells_nothing_of_other_letters(waiting: int, asked: bool) -> None:
    """EN-01, EN-07: however many requests wait for an address, one more gets the same answer for as many calls."""
    shop = Shop()
    for number in range(waiting):
        shop.require(RequestConversion(email=EMAIL), by=shop.visitor(ip=f"203.0.113.{number}"))
    if asked and waiting:
        request = shop.stored(ConversionRequestRecord)[0]
        shop.require(AskCustomer(request_id=request.id, about=Question.POSTCODE), by=Agent("1"))
    storage = CountingStorage(shop.storage)
    accounts = Accounts(storage, shop.settings, clock=shop.clock)
    answer = accounts.require(RequestConversion(email=EMAIL), by=STRANGER)
    assert answer == Shop().require(RequestConversion(email=EMAIL), by=shop.visitor())
    assert len(storage.calls) == 2


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS)
def test_correcting_an_address_looks_the_same(state: State, email: str) -> None:
    """EN-01, EN-07: who registered under a slip of an address learns nothing about the one that was meant."""

    def seen(state: State) -> Seen:
        shop, _ = _shop_in(state)
        shop.require(Register(email="vera@mail.exampel", password=PASSWORD), by=STRANGER)
        storage, hasher = CountingStorage(shop.storage), CountingHasher()
        accounts = Accounts(storage, shop.settings, hasher=hasher, clock=shop.clock)
        outcome = accounts.handle(CorrectRegistrationAddress(email=email), by=STRANGER)
        return Seen(outcome, [_without_account(one) for one in storage.calls], hasher.computed)

    found = seen(state)
    assert found == seen(State.UNKNOWN)
    assert not isinstance(found.outcome, Refused)
    assert (len(found.calls), found.computed) == (2, 0)


@settings(max_examples=40)
@given(state=STATES, email=SPELLINGS, password=st.sampled_from([None, PASSWORD]))
def test_an_account_asked_for_at_the_checkout_looks_the_same(
    state: State, email: str, password: str | None
) -> None:
    """EN-01, EN-03, EN-07: a guest who wants an account with the order is told the same, whoever has the address."""
    command = RecordOrder(
        reference="ref-1",
        number="N-1",
        placed_at=Shop().clock.now,
        email=email,
        open_account=True,
        password=None if password is None else SecretStr(password),
    )
    seen = _same_as_unknown(state, command, _visitor, 0 if password is None else 1)
    assert isinstance(seen.outcome, OrderRecorded)
    assert len(seen.calls) == 2


@pytest.mark.parametrize("state", State)
def test_signing_in_through_a_provider_that_proves_no_mailbox_looks_the_same(state: State) -> None:
    """EN-01, EN-07: an address that Facebook tells is a claim like any other."""
    shop = Shop()
    command = SignInWithIdentity(identity=facebook(shop, EMAIL))
    seen = _same_as_unknown(state, command, lambda _: shop.visitor(), 0)
    assert not isinstance(seen.outcome, Refused)
    assert len(seen.calls) == 2


@pytest.mark.parametrize("state", State)
def test_the_owner_of_the_old_mailbox_sees_the_same_mail(state: State) -> None:
    """EN-01: the customer who asks reads the warning in the old mailbox; it too tells nothing."""
    shop, customer = _shop_in(state)
    shop.require(RequestEmailChange(email=EMAIL, current_password=PASSWORD), by=customer)
    mails = shop.mails(to=ACTING)[1:]
    assert [one.purpose for one in mails] == [MailPurpose.EMAIL_CHANGE_REQUESTED]
    assert mails[0].detail("new_address") == "v***@mail.example"


def test_a_right_password_costs_one_computation_or_two_on_old_parameters() -> None:
    """EN-03: verification, and the rehash that is due once; documented in `hashing`."""
    right = SignIn(email=EMAIL, password=PASSWORD)
    known, old = (_seen(state, right, _visitor) for state in (State.KNOWN, State.OLD_PARAMETERS))
    assert isinstance(known.outcome, SignedIn)
    assert isinstance(old.outcome, SignedIn)
    assert (known.computed, old.computed) == (1, 2)
    assert (len(known.calls), len(old.calls)) == (1, 2)


def test_a_lost_race_hashes_nothing_again() -> None:
    """EN-03: decided again, the same password is not computed a second time."""
    shop = Shop()
    visitor = shop.visitor()
    shop.require(Register(email=EMAIL, password=WRONG), by=visitor)
    hasher, lost = CountingHasher(), CountingStorage(shop.storage)

    def overtaken(changes: Sequence[Change], /) -> Counts:
        lost.write = CountingStorage.write.__get__(lost)  # type: ignore[method-assign]  # only once
        shop.require(Register(email=EMAIL, password=WRONG), by=visitor)
        return lost.write(changes)

    lost.write = overtaken  # type: ignore[method-assign]  # let another tab of the same browser be faster
    accounts = Accounts(lost, shop.settings, hasher=hasher, clock=shop.clock)
    accounts.require(Register(email=EMAIL, password=PASSWORD), by=visitor)
    assert len([one for one in lost.calls if isinstance(one, Scope)]) == 2
    assert hasher.computed == 1


@pytest.mark.parametrize("state", State)
def test_an_account_from_the_page_of_an_order_looks_the_same(state: State) -> None:
    """EN-01, EN-07, GM-05: the holder of a tracking link is told the same, whatever its address is to the shop."""

    def seen(state: State) -> Seen:
        shop, _ = _shop_in(state)
        place(shop, email=EMAIL)
        parcel = ParcelInput(tracking_number="AT-1")
        shipped = RecordShipment(
            reference="ref-1", shipment_id="s-1", parcels=(parcel,), shipped_at=shop.clock()
        )
        shop.require(shipped, by=SYSTEM)
        link = shop.link(shop.mails(MailPurpose.TRACKING)[-1])
        storage, hasher = CountingStorage(shop.storage), CountingHasher()
        accounts = Accounts(storage, shop.settings, hasher=hasher, clock=shop.clock)
        outcome = accounts.handle(OpenAccountFromOrder(reference_token=link), by=shop.visitor(ELSEWHERE))
        return Seen(outcome, [_without_account(one) for one in storage.calls], hasher.computed)

    found = seen(state)
    assert found == seen(State.UNKNOWN)
    assert not isinstance(found.outcome, Refused)
    assert (len(found.calls), found.computed) == (2, 0)


class Order(StrEnum):
    """What an order can be to somebody who tries its number."""

    MISSING = "missing"
    OTHER_POSTCODE = "another postcode"
    OTHER_ADDRESS = "another address"
    OWNED = "owned"
    DISPUTED = "disputed"
    SLIP_WITH_ACCOUNT = "an address that has an account"


def _tried(state: Order) -> tuple[Shop, SignedInCustomer]:
    """Put an order into a state, and give who tries its number."""
    shop = Shop()
    customer = shop.customer(shop.open_account(ACTING).session)
    email = {Order.OTHER_ADDRESS: EMAIL, Order.SLIP_WITH_ACCOUNT: "bertt@mail.example"}.get(state, ACTING)
    if state in {Order.OWNED, Order.SLIP_WITH_ACCOUNT}:
        other = shop.open_account("bertt@mail.example")
    if state is Order.OWNED:
        place(shop, by=SYSTEM, email=email, postcode="8010", account_id=other.account_id)
    elif state is not Order.MISSING:
        place(shop, email=email, postcode="1010" if state is Order.OTHER_POSTCODE else "8010")
    if state is Order.DISPUTED:
        shop.require(RecordDispute(reference="ref-1"), by=SYSTEM)
    return shop, customer


@pytest.mark.parametrize("state", Order)
def test_a_number_that_is_tried_tells_nothing(state: Order) -> None:
    """EN-01, EN-07, AZ-01: whatever keeps an order back from a claim, its number is answered like an unknown one."""
    shop, customer = _tried(state)
    storage = CountingStorage(shop.storage)
    accounts = Accounts(storage, shop.settings, clock=shop.clock)
    outcome = accounts.handle(ClaimOrder(number="N-ref-1", postcode="8010"), by=customer)
    assert outcome == Refused(Reason.NOT_FOUND, field="number")
    assert len(storage.calls) == 1


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("state", [one for one in Order if one is not Order.OTHER_POSTCODE])
def test_a_fact_that_is_tried_tells_nothing(state: Order, holds: bool) -> None:
    """EN-01, EN-07: the host is asked the same once, and the answer is the same, whatever the order is or if it is."""
    shop, customer = _tried(state)
    storage, facts = CountingStorage(shop.storage), OrderFacts(answer=holds)
    accounts = Accounts(storage, shop.settings, order_facts=facts, clock=shop.clock)
    outcome = accounts.handle(ClaimOrder(number="N-ref-1", fact=SecretStr("4711")), by=customer)
    assert outcome == Refused(Reason.NOT_FOUND, field="number")
    assert (len(storage.calls), facts.asked) == (1, [("N-ref-1", "4711")])


@pytest.mark.parametrize("state", State)
def test_a_guest_order_that_may_join_at_once_looks_the_same(state: State) -> None:
    """EN-01, EN-07: where guest orders join as they are placed, the guest cannot tell whether this one did."""

    def seen(state: State) -> Seen:
        shop, _ = _shop_in(state)
        storage, hasher = CountingStorage(shop.storage), CountingHasher()
        settings = evolve(shop.settings, claim_automatically=True)
        accounts = Accounts(storage, settings, hasher=hasher, clock=shop.clock)
        outcome = accounts.handle(order(shop, email=EMAIL), by=shop.visitor(ELSEWHERE))
        return Seen(outcome, [_without_account(one) for one in storage.calls], hasher.computed)

    found = seen(state)
    assert found == seen(State.UNKNOWN)
    assert not isinstance(found.outcome, Refused)
    assert (len(found.calls), found.computed) == (2, 0)
