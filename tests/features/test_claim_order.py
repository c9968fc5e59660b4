"""One guest order joins with a second fact, or on evidence."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
from pydantic import ValidationError

from customer_accounts.actors import Agent
from customer_accounts.changes import Save
from customer_accounts.claim import COVERAGE, ClaimCause, ClaimRecord, Grade, OrderAddresses
from customer_accounts.features.claim_order import ClaimOrder, ClaimWithEvidence
from customer_accounts.features.guest_claim import Claimed
from customer_accounts.features.order_dispute import RecordDispute
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.orders import SYSTEM, place, stored_order
from tests.shop import Shop

ANNA = "anna@mail.example"
SLIP = "ana@mail.example"
AGENT = Agent("17", "Eva")
UNKNOWN = Refused(Reason.NOT_FOUND, field="number")


class Story:
    """Anna, who is signed in and misses an order."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.anna = shop.open_account(ANNA)

    def place(self, email: str = SLIP, reference: str = "ref-1", **more: Any) -> None:
        """Place a guest's order, seven years ago unless something else is said."""
        at = self.shop.clock() - timedelta(days=2500)
        given: dict[str, Any] = {"email": email, "placed_at": at} | more
        place(self.shop, reference, **given)

    def claim(self, number: str = "N-ref-1", postcode: str = "8010") -> Claimed | Refused:
        """Claim by number and postcode."""
        customer = self.shop.customer(self.anna.session)
        return self.shop.handle(ClaimOrder(number=number, postcode=postcode), by=customer)

    def on_evidence(self, by: Any = AGENT, **given: Any) -> Claimed | Refused:
        """Claim as staff or as the shop's machinery."""
        command = ClaimWithEvidence(
            account_id=self.anna.account_id, fact="invoice seen", reason="letter", **given
        )
        return self.shop.handle(command, by=by)

    @property
    def owners(self) -> list[UUID | None]:
        """Give the owners of all orders."""
        return [one.owner for one in self.shop.stored(OrderRecord)]


@pytest.fixture(name="story")
def _story(shop: Shop) -> Story:
    return Story(shop)


@pytest.mark.parametrize("email", [ANNA, SLIP, "anna@mial.example", "Anna@Mail.example"])
def test_an_old_order_and_a_mistyped_address_join(story: Story, email: str) -> None:
    """GM-01: number and postcode make good for age and for a slip; the record says which facts there were."""
    story.place(email)
    outcome = story.claim()
    order = stored_order(story.shop)
    assert outcome == Claimed(1, order.claim_id)
    assert order.owner == story.anna.account_id
    (claim,) = story.shop.stored(ClaimRecord)
    assert (claim.cause, claim.grade, claim.facts) == (
        ClaimCause.CUSTOMER, Grade.SECOND_FACT, "order_number postcode",
    )  # fmt: skip
    assert [one.to for one in story.shop.mails(MailPurpose.GUEST_ORDERS_CLAIMED)] == [ANNA]


@pytest.mark.parametrize(
    ("number", "postcode"),
    [(" #N-ref-1 ", "A-8010"), ("N-ref-1", "80 10"), ("N-ref-1", "a-8010")],
)
def test_typed_in_another_way_it_is_the_same(story: Story, number: str, postcode: str) -> None:
    """GM-01: blanks, the mark before a number and the country before a postcode do not matter."""
    story.place()
    assert isinstance(story.claim(number, postcode), Claimed)


@pytest.mark.parametrize(
    ("number", "postcode"),
    [("N-ref-1", "8011"), ("N-ref-2", "8010"), ("N-ref-1", ""), ("", "8010")],
)
def test_wrong_and_unknown_are_answered_alike(story: Story, number: str, postcode: str) -> None:
    """GM-05, AZ-01: nothing tells whether an order exists; the try is in the host's trail, without what was typed."""
    story.place()
    before = story.shop.storage._tables
    assert story.claim(number, postcode) == UNKNOWN
    assert story.shop.storage._tables is before
    (event,) = story.shop.events(EventKind.CLAIM_REFUSED)
    assert (event.account_id, event.detail) == (story.anna.account_id, "number postcode")


@pytest.mark.parametrize("stored", ["AT-17a", "AT-17A", "at-17a", "#AT-17A", "#at-17a"])
@pytest.mark.parametrize("typed", ["AT-17a", " At-17A", "at-17a ", "# at-17A", "#AT-17a"])
def test_a_number_is_typed_as_customers_type(story: Story, stored: str, typed: str) -> None:
    """GM-01: capitals and the mark before a number are forgiven; mixed ones are the host's, to be typed as printed."""
    story.place(number=stored)
    mixed = stored == "AT-17a" and typed.strip("# ") != stored
    assert story.claim(typed) == UNKNOWN if mixed else isinstance(story.claim(typed), Claimed)


def test_a_number_that_was_typed_exactly_is_meant(story: Story) -> None:
    """GM-01: where the host has numbers that differ in capitals or in a mark only, the printed one is found."""
    numbers = ("at-1", "AT-1", "#AT-1")
    for number in numbers:
        story.place(number=number, reference=number)
    for number in numbers:
        assert isinstance(story.claim(number), Claimed)
        assert stored_order(story.shop, number).owner == story.anna.account_id
        story.place(number=number, reference=f"{number} again", postcode="1010")
    assert story.claim("At-1", "1010") == UNKNOWN  # three have it so


def test_an_order_without_a_postcode_has_no_second_fact(story: Story) -> None:
    """GM-01: an empty postcode fits nothing."""
    story.place(postcode="")
    for postcode in ("", " ", "-", "8010"):
        assert story.claim(postcode=postcode) == UNKNOWN


def test_a_strangers_address_is_no_slip(story: Story) -> None:
    """GM-01: whoever finds a parcel's label gets nothing."""
    story.place("zoe@mail.example")
    assert story.claim() == UNKNOWN


def test_an_address_with_an_account_is_nobodys_slip(story: Story) -> None:
    """GM-01, PH7: a neighbour's order belongs to the neighbour, however near the address."""
    story.shop.open_account(SLIP)
    story.place(SLIP)
    assert story.claim() == UNKNOWN


def test_owned_and_disputed_orders_stay(story: Story) -> None:
    """GM-01: what somebody owns and what is under dispute joins by no fact."""
    bob = story.shop.open_account("bob@mail.example")
    story.place(ANNA, by=story.shop.customer(bob.session))
    assert story.claim() == UNKNOWN
    story.place(ANNA, "ref-2")
    story.shop.require(RecordDispute(reference="ref-2"), by=SYSTEM)
    assert story.claim("N-ref-2") == UNKNOWN
    story.shop.require(RecordDispute(reference="ref-2", disputed=False), by=SYSTEM)
    assert isinstance(story.claim("N-ref-2"), Claimed)


def test_two_orders_of_one_number_are_told_apart_by_the_postcode(story: Story) -> None:
    """GM-01: where both fit, none joins; staff can tell which."""
    story.place(number="7", postcode="8010")
    story.place(number="7", postcode="1010", reference="ref-2")
    assert isinstance(story.claim("7", "1010"), Claimed)
    assert story.owners == [None, story.anna.account_id]
    story.place(number="8", reference="ref-3")
    story.place(number="8", reference="ref-4")
    assert story.claim("8") == UNKNOWN


def test_again_moves_nothing_twice(story: Story) -> None:
    """RL-08, GM-02: the answer names the claim that moved it."""
    story.place()
    story.claim()
    before = story.shop.storage._tables
    assert story.claim() == Claimed(0, stored_order(story.shop).claim_id)
    assert story.shop.storage._tables is before


@pytest.mark.parametrize(("addresses", "slip", "stranger"), [
    (OrderAddresses.OWN, False, False), (OrderAddresses.NEAR, True, False), (OrderAddresses.ANY, True, True),
])  # fmt: skip
def test_a_shop_decides_what_a_second_fact_covers(
    addresses: OrderAddresses, slip: bool, stranger: bool
) -> None:
    """GM-01: grades and thresholds are data."""
    coverage = attrs.evolve(COVERAGE[Grade.SECOND_FACT], addresses=addresses, within=timedelta(days=3000))
    story = Story(Shop(claim_coverage={Grade.SECOND_FACT: coverage}))
    story.place(ANNA, "own")
    story.place(SLIP, "slip")
    story.place("zoe@mail.example", "stranger")
    story.place(ANNA, "older", placed_at=story.shop.clock() - timedelta(days=3001))
    found = [isinstance(story.claim(f"N-{one}"), Claimed) for one in ("own", "slip", "stranger", "older")]
    assert found == [True, slip, stranger, False]


def test_needs_a_proven_address(story: Story) -> None:
    """PH-08: a second fact is second to the mailbox."""
    story.place()
    story.shop.change(story.anna.account_id, email_verified_at=None)
    assert story.claim() == Refused(Reason.NOT_ALLOWED)


@pytest.mark.parametrize(("limit", "closed"), [(Limit.CLAIM_ACCOUNT, True), (Limit.CLAIM_NUMBER, True)])
def test_tries_are_counted(limit: Limit, closed: bool) -> None:
    """AB-01, AB-07: by account and by number; closed while the limiter is down."""
    story = Story(Shop(limits=dict(ALLOWANCES) | {limit: Allowance(1, timedelta(hours=1))}))
    story.claim()
    outcome = story.claim(postcode="1010")
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.TOO_MANY_ATTEMPTS
    assert ALLOWANCES[limit].open_on_outage is not closed


def test_every_spelling_is_a_try_at_the_same_order() -> None:
    """AB-01: capitals and marks multiply no tries."""
    story = Story(Shop(limits=dict(ALLOWANCES) | {Limit.CLAIM_NUMBER: Allowance(1, timedelta(hours=1))}))
    assert story.claim("ab-1", "1010") == UNKNOWN
    for number in ("AB-1", "Ab-1", " # aB-1"):
        outcome = story.claim(number, "1011")
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.TOO_MANY_ATTEMPTS


class TestEvidence:
    """What staff has seen, or the shop has checked."""

    @pytest.mark.parametrize(("by", "cause", "grade"), [
        (AGENT, ClaimCause.SUPPORT, Grade.SUPPORT), (SYSTEM, ClaimCause.CUSTOMER, Grade.SECOND_FACT),
    ])  # fmt: skip
    def test_says_which_fact(self, story: Story, by: Any, cause: ClaimCause, grade: Grade) -> None:
        """GM-03: who, which grade, which fact and why stand in the record; the owner is told."""
        story.place()
        outcome = story.on_evidence(by, reference="ref-1")
        assert outcome == Claimed(1, stored_order(story.shop).claim_id)
        (claim,) = story.shop.stored(ClaimRecord)
        assert (claim.cause, claim.grade, claim.facts, claim.reason) == (
            cause,
            grade,
            "invoice seen",
            "letter",
        )
        assert claim.by.startswith(("agent:17", "system"))
        assert len(story.shop.mails(MailPurpose.GUEST_ORDERS_CLAIMED)) == 1
        assert story.on_evidence(by, reference="ref-1") == Claimed(0, claim.id)

    def test_takes_all_orders_of_an_address(self, story: Story) -> None:
        """GM-03: of any age, but not those under dispute."""
        story.place("zoe@mail.example", "ref-1")
        story.place("zoe@mail.example", "ref-2")
        story.place("zoe@mail.example", "ref-3")
        story.shop.require(RecordDispute(reference="ref-3"), by=SYSTEM)
        outcome = story.on_evidence(email="Zoe@mail.example")
        assert isinstance(outcome, Claimed)
        assert outcome.claimed == 2
        assert story.owners == [story.anna.account_id, story.anna.account_id, None]
        assert story.shop.stored(ClaimRecord)[0].email_key == "zoe@mail.example"
        assert story.on_evidence(email="zoe@mail.example") == Claimed(0)

    def test_the_shops_check_covers_what_a_second_fact_covers(self, story: Story) -> None:
        """GM-01: a check by machine takes no stranger's orders along."""
        story.place("zoe@mail.example")
        assert story.on_evidence(SYSTEM, reference="ref-1") == Refused(Reason.NOT_ALLOWED, field="reference")
        refused = story.on_evidence(SYSTEM, email="zoe@mail.example")
        assert refused == Refused(Reason.NOT_ALLOWED, field="email")
        assert story.owners == [None]

    def test_an_age_holds_for_all_orders_of_an_address(self) -> None:
        """GM-01: where the shop sets one."""
        coverage = attrs.evolve(COVERAGE[Grade.SUPPORT], within=timedelta(days=10))
        story = Story(Shop(claim_coverage={Grade.SUPPORT: coverage}))
        story.place(ANNA, "old")
        story.place(ANNA, "new", placed_at=story.shop.clock())
        outcome = story.on_evidence(email=ANNA)
        assert isinstance(outcome, Claimed)
        assert outcome.claimed == 1
        assert story.owners == [None, story.anna.account_id]

    def test_takes_nothing_from_another_account(self, story: Story) -> None:
        """GM-01: an address that has an account is merged, never taken."""
        story.shop.open_account("zoe@mail.example")
        story.place("zoe@mail.example")
        assert story.on_evidence(email="zoe@mail.example") == Refused(Reason.NOT_ALLOWED, field="email")
        assert story.on_evidence(reference="ref-1") == Refused(Reason.NOT_ALLOWED, field="reference")

    def test_a_disputed_order_waits_for_the_end_of_the_dispute(self, story: Story) -> None:
        """GM-03: staff is told what stands in the way, and the order joins when it is over."""
        story.place(ANNA)
        story.shop.require(RecordDispute(reference="ref-1"), by=SYSTEM)
        for by in (AGENT, SYSTEM):
            refused = story.on_evidence(by, reference="ref-1")
            assert refused == Refused(Reason.ORDER_DISPUTED, field="reference")
        assert isinstance(refused, Refused)
        assert (refused.http_status, "litige" in refused.text("fr")) == (409, True)
        story.shop.require(RecordDispute(reference="ref-1", disputed=False), by=SYSTEM)
        assert isinstance(story.on_evidence(reference="ref-1"), Claimed)

    def test_an_order_of_another_account_is_told_as_such(self, story: Story) -> None:
        """GM-03: what somebody owns is merged or undone first."""
        bob = story.shop.open_account("bob@mail.example")
        story.place(ANNA, by=story.shop.customer(bob.session))
        assert story.on_evidence(reference="ref-1") == Refused(Reason.ORDER_OWNED, field="reference")

    def test_what_is_not_there_is_said(self, story: Story) -> None:
        """GM-03: staff may know what exists."""
        assert story.on_evidence(reference="ref-9") == Refused(Reason.NOT_FOUND, field="reference")
        unreadable = story.on_evidence(email="nobody")
        assert isinstance(unreadable, Refused)
        assert unreadable.reason is Reason.EMAIL_INVALID
        command = ClaimWithEvidence(account_id=UUID(int=1), reference="ref-1", fact="x")
        assert story.shop.handle(command, by=AGENT) == Refused(Reason.NOT_FOUND, field="account_id")

    def test_names_an_order_or_an_address(self) -> None:
        """Either, and never without the fact."""
        for given in ({"fact": "x"}, {"fact": "x", "reference": "r", "email": ANNA}, {"reference": "r"}):
            with pytest.raises(ValidationError):
                ClaimWithEvidence.model_validate({"account_id": UUID(int=1), **given})

    def test_is_not_a_customers(self, story: Story) -> None:
        """GM-01: nobody gives evidence for the own account."""
        command: Any = ClaimWithEvidence(account_id=story.anna.account_id, reference="ref-1", fact="x")
        for actor in (story.shop.visitor(), story.shop.customer(story.anna.session)):
            assert story.shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)


def test_the_address_must_still_be_the_accounts_own(story: Story) -> None:
    """CC-05: the claim is bound to the account as it was read; decided again, it looks again."""
    story.place()
    write = story.shop.storage.write

    def _late(changes: Any, /) -> Any:
        story.shop.storage.write = write  # type: ignore[method-assign]  # put back
        account = story.shop.account(story.anna.account_id)
        moved = attrs.evolve(
            account, email="z@mail.example", email_key="z@mail.example", version=account.version + 1
        )
        story.shop.storage.write([Save(moved, account.version)])
        return write(changes)

    story.shop.storage.write = _late  # type: ignore[method-assign]  # an interleaving, made to happen
    assert story.claim() == UNKNOWN
    assert story.owners == [None]
