"""A claim is undone exactly: by the mailbox, by its customer, by support."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
from pydantic import ValidationError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent
from customer_accounts.belongings import AddressRecord
from customer_accounts.changes import Kept, Remove, Save, insert
from customer_accounts.claim import ClaimCause, ClaimRecord
from customer_accounts.features.claim_undo import ClaimUndone, ClaimView, ClaimViews, MyClaims, UndoClaim
from customer_accounts.features.delivery_address import ChangeAddress, SetDefaultAddress
from customer_accounts.features.email_change import RequestEmailChange
from customer_accounts.features.email_confirmation import Confirmed
from customer_accounts.features.guest_claim import Claimed, ClaimGuestOrders
from customer_accounts.features.my_orders import MyOrders
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.privacy import CloseAccount
from customer_accounts.inputs import AddressInput
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import records
from customer_accounts.token import Purpose, TokenRecord
from tests.orders import SYSTEM, place, stored_order
from tests.shop import PASSWORD, Shop

ANNA = "anna@mail.example"
AGENT = Agent("17", "Eva")
HOME = AddressInput(name="Anna B.", street="Ring 5", postcode="1010", city="Wien", country="AT")
WORK = HOME.model_copy(update={"street": "Gasse 7"})


class Story:
    """Anna, who has claimed two guest orders and two addresses."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.anna: Confirmed = shop.open_account(ANNA)
        place(shop, "ref-1", email=ANNA)
        place(shop, "ref-2", email=ANNA)
        self.before = self.state()
        outcome = shop.require(ClaimGuestOrders(addresses=(HOME, WORK)), by=self.customer())
        assert isinstance(outcome, Claimed)
        assert outcome.claim_id is not None
        self.claim_id: UUID = outcome.claim_id

    def customer(self, **more: Any) -> Any:
        """Give Anna, signed in."""
        return self.shop.customer(self.anna.session, **more)

    def state(self) -> tuple[Any, ...]:
        """Give what a claim changes, without the counters of versions and sessions."""
        account = attrs.evolve(self.shop.account(self.anna.account_id), version=1, session_epoch=1)
        orders = tuple(attrs.evolve(one, version=1) for one in self.shop.stored(OrderRecord))
        return account, orders, tuple(self.shop.stored(AddressRecord))

    def link(self) -> str:
        """Give the link of the mail."""
        return self.shop.link(self.shop.mails(MailPurpose.GUEST_ORDERS_CLAIMED)[-1])

    def by_link(self) -> Any:
        """Undo with the link of the mail."""
        return self.shop.handle(UndoClaim(token=self.link()), by=self.shop.visitor(None))

    def by_customer(self) -> Any:
        """Undo while signed in."""
        return self.shop.handle(UndoClaim(claim_id=self.claim_id), by=self.customer())

    def by_agent(self, reason: str = "letter") -> Any:
        """Undo as support."""
        return self.shop.handle(UndoClaim(claim_id=self.claim_id, reason=reason), by=AGENT)

    def claim(self) -> ClaimRecord:
        """Give the record of the claim."""
        found: ClaimRecord = next(one for one in self.shop.stored(ClaimRecord) if one.id == self.claim_id)
        return found


@pytest.fixture(name="story")
def _story(shop: Shop) -> Story:
    return Story(shop)


@pytest.mark.parametrize(
    ("way", "by", "reason"),
    [
        ("by_link", "visitor", "link"), ("by_agent", "agent:17", "letter"), ("by_customer", "signedincustomer", ""),
    ],
)  # fmt: skip
def test_gives_back_exactly(story: Story, way: str, by: str, reason: str) -> None:
    """GM-02: undo(claim(x)) == x for orders, addresses and account; the record says who and why."""
    assert getattr(story, way)() == ClaimUndone(story.claim_id, 2, 2)
    assert story.state() == story.before
    claim = story.claim()
    assert claim.undone_at == story.shop.clock()
    assert claim.undone_by.startswith(by)
    assert claim.undone_reason == reason
    (event,) = story.shop.events(EventKind.CLAIM_UNDONE)
    assert (event.account_id, event.email) == (story.anna.account_id, "a***@mail.example")
    (mail,) = story.shop.mails(MailPurpose.CLAIM_UNDONE)
    assert (mail.to, mail.detail("claimed")) == (ANNA, "2")


@pytest.mark.parametrize("way", ["by_link", "by_agent", "by_customer"])
def test_happens_once(story: Story, way: str) -> None:
    """GM-02, TK-05: a second undo changes nothing, by whichever way."""
    getattr(story, way)()
    after = story.shop.storage._tables
    story.anna = attrs.evolve(
        story.anna, session=attrs.evolve(story.anna.session, session_epoch=_epoch(story))
    )
    for again in (story.by_link, story.by_agent, story.by_customer):
        assert again() == Refused(Reason.ALREADY_DONE)
    assert story.shop.storage._tables is after


def _epoch(story: Story) -> int:
    return story.shop.account(story.anna.account_id).session_epoch


def test_the_orders_can_be_claimed_again(story: Story) -> None:
    """GM-01: they are guest orders like any other, for whoever proves the address."""
    story.by_customer()
    assert story.shop.require(ClaimGuestOrders(), by=story.customer()).claimed == 2


def test_what_came_since_stays(story: Story) -> None:
    """GM-02 (three-way rule): status, parcels and dispute of the orders, later orders, edited addresses."""
    shop, (home, work) = story.shop, story.shop.stored(AddressRecord)
    order = stored_order(shop, "ref-1")
    since = attrs.evolve(order, status=OrderStatus.PAID, disputed=True, version=order.version + 1)
    shop.storage.write([Save(since, order.version)])
    place(shop, "signed-in", by=story.customer(), email="")
    place(shop, "later", email=ANNA)
    shop.require(ClaimGuestOrders(), by=story.customer())
    edited = work.address.street + "/9"
    shop.require(
        ChangeAddress(address_id=work.id, address=WORK.model_copy(update={"street": edited})),
        by=story.customer(),
    )
    assert story.by_customer() == ClaimUndone(story.claim_id, 2, 1)
    assert stored_order(shop, "ref-1") == attrs.evolve(
        since, owner=None, claim_id=None, version=since.version + 1
    )
    owners = {one.reference: one.owner for one in shop.stored(OrderRecord)}
    anna = story.anna.account_id
    assert owners == {"ref-1": None, "ref-2": None, "signed-in": anna, "later": anna}
    (left,) = shop.stored(AddressRecord)
    assert left.address.street == edited
    assert shop.account(anna).default_address == left.id
    assert home.id != left.id


def test_an_address_that_was_chosen_since_stays(story: Story) -> None:
    """GM-02 (three-way rule): who makes an address the default wants to keep it."""
    _, work = story.shop.stored(AddressRecord)
    story.shop.require(SetDefaultAddress(address_id=work.id), by=story.customer())
    assert story.by_customer().addresses == 1
    assert story.shop.stored(AddressRecord) == [work]
    assert story.shop.account(story.anna.account_id).default_address == work.id


def test_a_default_that_nobody_chose_keeps_no_address(story: Story) -> None:
    """GM-02: an address of a later claim that became the default because no other was left goes with its claim."""
    garden = HOME.model_copy(update={"street": "Weg 9"})
    later = story.shop.require(ClaimGuestOrders(addresses=(garden,)), by=story.customer())
    assert story.by_customer().addresses == 2
    (left,) = story.shop.stored(AddressRecord)
    assert story.shop.account(story.anna.account_id).default_address == left.id
    story.shop.require(UndoClaim(claim_id=later.claim_id), by=story.customer())
    assert story.state() == story.before


def test_an_order_that_moved_on_is_left_alone(story: Story) -> None:
    """GM-02: only what is still of this claim and this owner goes back."""
    order = stored_order(story.shop, "ref-1")
    elsewhere = attrs.evolve(order, owner=UUID(int=9), version=order.version + 1)
    story.shop.storage.write([Save(elsewhere, order.version)])
    assert story.by_customer().orders == 1
    assert stored_order(story.shop, "ref-1") == elsewhere


class TestLink:
    """ "This was not me"."""

    def test_ends_the_sessions(self, story: Story) -> None:
        """SE-01, PH-06: somebody else was in the account: the sessions end, and what was asked for in them."""
        change = RequestEmailChange(email="evil@mail.example", current_password=PASSWORD)
        story.shop.require(change, by=story.customer())
        story.by_link()
        assert story.shop.handle(MyOrders(), by=story.customer()) == Refused(Reason.SESSION_ENDED)
        assert [
            one for one in story.shop.stored(TokenRecord) if one.purpose is Purpose.CONFIRM_EMAIL_CHANGE
        ] == []

    def test_the_others_end_no_session(self, story: Story) -> None:
        """SE-01: who undoes the own claim, or has support do it, stays signed in."""
        story.by_agent()
        assert not isinstance(story.shop.handle(MyOrders(), by=story.customer()), Refused)

    def test_outlives_a_change_of_password(self, story: Story) -> None:
        """PH3: whoever took the account over cannot bury the way back."""
        command = ChangePassword(current_password=PASSWORD, new_password="nine loud kingfishers")
        story.shop.require(command, by=story.customer())
        assert isinstance(story.by_link(), ClaimUndone)

    def test_ends_with_the_account(self, story: Story) -> None:
        """SE-02: closing ends it; support can still give the orders back, and nobody is written to."""
        link = story.link()
        story.shop.require(CloseAccount(current_password=PASSWORD), by=story.customer())
        outcome = story.shop.handle(UndoClaim(token=link), by=story.shop.visitor())
        assert outcome == Refused(Reason.LINK_INVALID)
        assert story.by_agent() == ClaimUndone(story.claim_id, 2, 0)
        assert story.shop.mails(MailPurpose.CLAIM_UNDONE) == []

    def test_an_account_that_is_gone_is_no_obstacle(self, story: Story) -> None:
        """GM-02: an import may have taken the account away; the orders are a guest's again."""
        story.shop.storage.write([Remove(story.shop.account(story.anna.account_id))])
        assert story.by_link().orders == 2

    def test_gives_the_orders_to_nobody(self, story: Story) -> None:
        """GM-01: the link is no way to get hold of orders, whoever has it."""
        bob = story.shop.open_account("bob@mail.example")
        outcome = story.shop.handle(UndoClaim(token=story.link()), by=story.shop.customer(bob.session))
        assert isinstance(outcome, ClaimUndone)
        assert {one.owner for one in story.shop.stored(OrderRecord)} == {None}

    def test_ends_after_its_time(self, story: Story) -> None:
        """TK-04: up to the second of its expiry."""
        story.shop.clock.forward(seconds=story.shop.settings.claim_undo_within.total_seconds() + 1)
        assert story.by_link() == Refused(Reason.LINK_EXPIRED)
        story.shop.clock.forward(seconds=-1)
        assert isinstance(story.by_link(), ClaimUndone)

    def test_the_links_of_one_claim_end_together(self, story: Story) -> None:
        """TK-06: siblings answer that it is done; links of other claims still work."""
        (used,) = [one for one in story.shop.stored(TokenRecord) if one.purpose is Purpose.UNDO_CLAIM]
        sibling = attrs.evolve(used, digest="0" * 64)
        other = attrs.evolve(used, digest="1" * 64, claim_id=UUID(int=3))
        story.shop.storage.write([insert(sibling), insert(other)])
        story.by_link()
        spent = {one.digest: one.used_at is not None for one in story.shop.stored(TokenRecord)}
        assert (spent[used.digest], spent[sibling.digest], spent[other.digest]) == (True, True, False)

    def test_of_a_claim_that_is_gone_is_invalid(self, story: Story) -> None:
        """TK-03: a link without its claim does nothing."""
        story.shop.storage.write([Remove(story.claim())])
        assert story.by_link() == Refused(Reason.LINK_INVALID)

    def test_of_another_purpose_is_invalid(self, story: Story) -> None:
        """TK-03, TK-08: neither another link nor what is none."""
        (confirm,) = story.shop.mails(MailPurpose.CONFIRM_REGISTRATION)
        for text in (story.shop.link(confirm), "", "x"):
            outcome = story.shop.handle(UndoClaim(token=text), by=story.shop.visitor())
            assert outcome == Refused(Reason.LINK_INVALID)


class TestClaimId:
    """By the id of the claim."""

    def test_not_by_visitors(self, story: Story) -> None:
        """GM-01: without signing in, the link of the mail is the only way."""
        outcome = story.shop.handle(UndoClaim(claim_id=story.claim_id), by=story.shop.visitor())
        assert outcome == Refused(Reason.NOT_ALLOWED, field="claim_id")

    def test_staff_says_why(self, story: Story) -> None:
        """GM-03: without a reason nothing happens, and the answer asks for one."""
        for reason in ("", "  "):
            refused = story.by_agent(reason)
            assert refused == Refused(Reason.REASON_NEEDED, field="reason")
        assert refused.http_status == 422
        assert refused.text("de").startswith("Bitte geben Sie den Grund an")
        assert isinstance(story.by_agent("asked by letter"), ClaimUndone)

    def test_not_by_others(self, story: Story) -> None:
        """AZ-01: a claim of somebody else is answered like none at all, for staff a missing one is."""
        bob = story.shop.customer(story.shop.open_account("bob@mail.example").session)
        outcome = story.shop.handle(UndoClaim(claim_id=story.claim_id), by=bob)
        missing = story.shop.handle(UndoClaim(claim_id=UUID(int=1)), by=bob)
        assert outcome == missing == Refused(Reason.NOT_FOUND, field="claim_id")
        agents = story.shop.handle(UndoClaim(claim_id=UUID(int=1), reason="x"), by=AGENT)
        assert agents == Refused(Reason.NOT_FOUND, field="claim_id")

    def test_within_its_time(self, story: Story) -> None:
        """GM-02: the window is the shop's, for customer and staff alike."""
        story.shop.clock.forward(seconds=story.shop.settings.claim_undo_within.total_seconds() + 1)
        assert story.by_customer() == story.by_agent() == Refused(Reason.TOO_LATE)
        story.shop.clock.forward(seconds=-1)
        assert isinstance(story.by_customer(), ClaimUndone)

    def test_a_merge_has_its_own_way_back(self, story: Story) -> None:
        """GM-02: half a merge is never undone."""
        merge = records.a_claim(
            account_id=story.anna.account_id, cause=ClaimCause.MERGE, at=story.shop.clock()
        )
        story.shop.storage.write([insert(merge)])
        outcome = story.shop.handle(UndoClaim(claim_id=merge.id), by=story.customer())
        assert outcome == Refused(Reason.NOT_ALLOWED, field="claim_id")

    def test_is_undone_where_a_merge_took_it(self, story: Story) -> None:
        """GM-02: after a merge the claim is undone in the account that has its orders now."""
        other = story.shop.open_account("bob@mail.example")
        claim = story.claim()
        carried = attrs.evolve(claim, account_id=other.account_id, version=2)
        orders = [
            Save(attrs.evolve(one, owner=other.account_id, version=one.version + 1), one.version)
            for one in story.shop.stored(OrderRecord)
        ]
        story.shop.storage.write([Save(carried, 1), *orders])
        assert story.by_customer() == Refused(Reason.NOT_FOUND, field="claim_id")
        assert story.by_link().orders == 2
        assert {one.owner for one in story.shop.stored(OrderRecord)} == {None}


def test_names_one_claim() -> None:
    """Either the link or the id."""
    for given in ({}, {"token": "x", "claim_id": UUID(int=1)}):
        with pytest.raises(ValidationError, match="token or a claim_id"):
            UndoClaim.model_validate(given)


def test_is_not_the_systems(story: Story) -> None:
    """GM-02: customers and staff decide, no machinery."""
    command: Any = UndoClaim(claim_id=story.claim_id)
    assert story.shop.handle(command, by=SYSTEM) == Refused(Reason.NOT_ALLOWED)
    assert timedelta(0) < story.shop.settings.claim_undo_within
    assert isinstance(story.shop.account(story.anna.account_id), AccountRecord)


def test_a_customer_sees_the_own_claims(story: Story) -> None:
    """GM-02, AZ-01: what joined, and until when it can be undone; nothing of somebody else's claims."""
    until = story.shop.clock() + story.shop.settings.claim_undo_within
    shown = story.shop.require(MyClaims(), by=story.customer())
    assert shown == ClaimViews(
        (ClaimView(story.claim_id, ANNA, story.shop.clock(), ClaimCause.CUSTOMER, 2, 2, None, until),)
    )
    story.by_customer()
    (undone,) = story.shop.require(MyClaims(), by=story.customer()).claims
    assert (undone.undone_at, undone.undo_until) == (story.shop.clock(), None)
    bob = story.shop.customer(story.shop.open_account("bob@mail.example").session)
    assert story.shop.require(MyClaims(), by=bob) == ClaimViews(())


def test_who_asked_and_why_is_forgotten_in_time(story: Story) -> None:
    """DP-01: three years after a claim its evidence ends, once; which order is whose stays."""
    story.by_agent()
    claim, orders = story.claim(), story.shop.stored(OrderRecord)
    kept = story.shop.settings.claims_kept
    assert timedelta(days=3 * 365) < kept < timedelta(days=3 * 366)
    story.shop.clock.forward(seconds=kept.total_seconds())
    story.shop.accounts.purge()
    assert story.claim() == claim
    story.shop.clock.forward(seconds=1)
    assert story.shop.accounts.purge().purged[Kept.CLAIMS] == 1
    found = story.claim()
    assert (found.by, found.undone_by, found.undone_reason, found.email_key, found.facts) == (
        "",
        "",
        "",
        "",
        "",
    )
    assert (found.at, found.cause, found.undone_at) == (claim.at, claim.cause, claim.undone_at)
    assert story.shop.stored(OrderRecord) == orders
    assert story.shop.accounts.purge().purged[Kept.CLAIMS] == 0


def test_what_cannot_be_undone_any_more_is_shown_so(story: Story) -> None:
    """GM-02: after the window, and for a merge, which has its own way back."""
    at = story.shop.clock()
    merge = records.a_claim(account_id=story.anna.account_id, cause=ClaimCause.MERGE, at=at)
    story.shop.storage.write([insert(merge)])
    shown = story.shop.require(MyClaims(), by=story.customer()).claims
    assert {one.cause: one.undo_until is None for one in shown} == {
        ClaimCause.CUSTOMER: False,
        ClaimCause.MERGE: True,
    }
    story.shop.clock.forward(seconds=story.shop.settings.claim_undo_within.total_seconds() + 1)
    later = story.shop.require(MyClaims(), by=story.customer()).claims
    assert [one.undo_until for one in later] == [None, None]
