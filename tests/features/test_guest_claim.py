"""Later guest orders join the account on demand, and can be seen before."""

from datetime import timedelta
from typing import Any

import attrs
import pytest
from pydantic import ValidationError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent
from customer_accounts.belongings import AddressRecord
from customer_accounts.changes import Save
from customer_accounts.claim import COVERAGE, ClaimCause, ClaimRecord, Grade
from customer_accounts.command import Decision
from customer_accounts.errors import StaleWriteError
from customer_accounts.features.claim_plan import NotInherited, Stays
from customer_accounts.features.delivery_address import AddAddress
from customer_accounts.features.email_confirmation import Confirmed
from customer_accounts.features.guest_claim import (
    Claimed,
    ClaimGuestOrders,
    ClaimInspection,
    ClaimPreview,
    PreviewClaim,
)
from customer_accounts.features.registration import Register
from customer_accounts.inputs import AddressInput
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import TokenRecord
from tests.orders import SYSTEM, place, stored_order
from tests.shop import BROWSER, ELSEWHERE, PASSWORD, Shop

ANNA = "anna@mail.example"
AGENT = Agent("17", "Eva")
HOME = AddressInput(name="Anna B.", street="Ring 5/3", postcode="A-1010", city="Wien", country="AT")
SAME = HOME.model_copy(update={"name": "anna b", "street": "RING  5/3,", "postcode": "1010"})
WORK = HOME.model_copy(update={"street": "Gasse 7"})
BY_NAME = {Grade.MAILBOX: attrs.evolve(COVERAGE[Grade.MAILBOX], other_names=False)}


def _claim(shop: Shop, anna: Confirmed, **given: Any) -> Claimed | Refused:
    return shop.handle(ClaimGuestOrders(**given), by=shop.customer(anna.session, browser=BROWSER))


def _claimed(shop: Shop, anna: Confirmed, **given: Any) -> int:
    outcome = _claim(shop, anna, **given)
    assert isinstance(outcome, Claimed)
    return outcome.claimed


def _preview(shop: Shop, anna: Confirmed, **given: Any) -> ClaimPreview:
    outcome = shop.require(PreviewClaim(**given), by=shop.customer(anna.session, browser=BROWSER))
    assert isinstance(outcome, ClaimPreview)
    return outcome


def _inspect(shop: Shop, email: str = ANNA) -> ClaimInspection:
    outcome = shop.require(PreviewClaim(email=email), by=AGENT)
    assert isinstance(outcome, ClaimInspection)
    return outcome


def _change_account(shop: Shop, **change: Any) -> None:
    (account,) = shop.stored(AccountRecord)
    shop.storage.write([Save(attrs.evolve(account, version=account.version + 1, **change), account.version)])


def _young() -> timedelta:
    return COVERAGE[Grade.MAILBOX].within or timedelta(0)


def test_later_guest_orders_join_on_demand(shop: Shop) -> None:
    """F11, F16: they stay a guest's until their customer asks, and change nothing but their owner."""
    anna = shop.open_account(ANNA)
    place(shop, "ref-1", email="Anna@mail.example")
    place(shop, "ref-2", email=ANNA)
    before = stored_order(shop, "ref-1")
    assert before.owner is None
    claimed = _claim(shop, anna)
    after = stored_order(shop, "ref-1")
    assert claimed == Claimed(2, after.claim_id)
    assert after == attrs.evolve(before, owner=anna.account_id, claim_id=after.claim_id, version=2)
    assert after.claim_id == stored_order(shop, "ref-2").claim_id is not None
    (event,) = shop.events(EventKind.GUEST_ORDERS_CLAIMED)
    assert (event.account_id, event.email, event.detail) == (
        anna.account_id, "a***@mail.example", f"{after.claim_id} customer mailbox",
    )  # fmt: skip


def test_a_claim_has_a_record(shop: Shop) -> None:
    """GM-02: who asked, on which proof, for which account and address, and how many orders were to move."""
    anna = shop.open_account(ANNA)
    place(shop, email=ANNA)
    claimed = _claim(shop, anna)
    assert isinstance(claimed, Claimed)
    assert shop.stored(ClaimRecord) == [
        ClaimRecord(
            id=claimed.claim_id or anna.account_id, account_id=anna.account_id, at=shop.clock(),
            by=f"signedincustomer:{anna.account_id}", cause=ClaimCause.CUSTOMER, grade=Grade.MAILBOX,
            email_key=ANNA, orders=1,
        )
    ]  # fmt: skip


def test_the_owner_is_told_with_the_way_back(shop: Shop) -> None:
    """LG-04: the mail goes to the account's own address, and its link undoes this claim."""
    anna = shop.open_account(ANNA)
    place(shop, email=ANNA)
    claimed = _claim(shop, anna)
    assert isinstance(claimed, Claimed)
    (mail,) = shop.mails(MailPurpose.GUEST_ORDERS_CLAIMED)
    (token,) = [one for one in shop.stored(TokenRecord) if one.digest == mail.token]
    assert (mail.to, mail.detail("claimed"), token.claim_id) == (ANNA, "1", claimed.claim_id)
    assert token.expires_at == shop.clock() + shop.settings.claim_undo_within


def test_asking_again_moves_nothing_twice(shop: Shop) -> None:
    """GM-02, RL-08: the second claim finds nothing and writes nothing; later orders are another claim."""
    anna = shop.open_account(ANNA)
    place(shop, "ref-1", email=ANNA)
    _claim(shop, anna)
    before = shop.storage._tables
    assert _claim(shop, anna) == Claimed(0)
    assert shop.storage._tables is before
    place(shop, "ref-2", email=ANNA)
    assert _claimed(shop, anna) == 1
    assert stored_order(shop, "ref-1").claim_id != stored_order(shop, "ref-2").claim_id


def test_only_the_accounts_own_address(shop: Shop) -> None:
    """GM-01, AZ-01: orders of another address and orders of other accounts stay where they are."""
    bob = shop.open_account("bob@mail.example")
    anna = shop.open_account(ANNA)
    place(shop, "ref-1", email="anna@mail.example.example")
    place(shop, "ref-2", email=ANNA, by=shop.customer(bob.session))
    place(shop, "ref-3", email="anna+shop@mail.example")
    assert _claim(shop, anna) == Claimed(0)
    assert {one.owner for one in shop.stored(OrderRecord)} == {None, bob.account_id}


def test_old_orders_stay(shop: Shop) -> None:
    """GM-01: addresses are given to other people, so the proof of the mailbox covers young orders only."""
    anna = shop.open_account(ANNA)
    limit = shop.clock() - _young()
    place(shop, "old", email=ANNA, placed_at=limit - timedelta(seconds=1))
    place(shop, "just", email=ANNA, placed_at=limit)
    assert _claimed(shop, anna) == 1
    assert stored_order(shop, "old").owner is None
    assert _claim(shop, anna) == Claimed(0)


def test_a_shop_decides_how_old(shop: Shop) -> None:
    """GM-01: thresholds are data; without one the proof of the mailbox covers orders of any age."""
    shop = Shop(claim_coverage={Grade.MAILBOX: attrs.evolve(COVERAGE[Grade.MAILBOX], within=None)})
    anna = shop.open_account(ANNA)
    place(shop, "old", email=ANNA, placed_at=shop.clock() - timedelta(days=4000))
    assert _claimed(shop, anna) == 1


def test_another_persons_name_keeps_back_only_where_the_shop_says_so(shop: Shop) -> None:
    """GM-01: a name is a grade by setting only; case and blanks of a name do not matter."""
    names = ("Anna Berger", "ANNA  BERGER ", "Bert Berger", "")
    for coverage, moved in ((COVERAGE, 4), (BY_NAME, 2)):
        shop = Shop(claim_coverage=coverage)
        anna = shop.open_account(ANNA, name="Anna Berger")
        for number, name in enumerate(names):
            place(shop, f"ref-{number}", email=ANNA, name=name)
        assert _preview(shop, anna).orders == moved
        assert _claimed(shop, anna) == moved
        owned = [one.name for one in shop.stored(OrderRecord) if one.owner]
        assert owned == list(names[:moved])


@pytest.mark.parametrize("change", [{"email_verified_at": None}, {"email_key": None}])
def test_nothing_without_proof(shop: Shop, change: dict[str, Any]) -> None:
    """GM-01, PH-08: an address that the account has not proven brings nothing, and shows nothing."""
    anna = shop.open_account(ANNA)
    place(shop, email=ANNA)
    _change_account(shop, **change)
    assert _claim(shop, anna) == Refused(Reason.NOT_ALLOWED)
    assert shop.handle(PreviewClaim(), by=shop.customer(anna.session)) == Refused(Reason.NOT_ALLOWED)
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
    assert decision.counted(shop.storage.write(decision.changes)).claimed == 2


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
    assert _claim(shop, anna) == Claimed(0)


def test_is_a_signed_in_customers(shop: Shop) -> None:
    """GM-01, SE-01: no visitor, no agent, no system, no ended session."""
    anna = shop.open_account(ANNA)
    wanted: Any = ClaimGuestOrders()
    for actor in (shop.visitor(), AGENT, SYSTEM):
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


class TestAddresses:
    """Delivery addresses that come along."""

    def test_an_address_typed_two_ways_is_one(self, shop: Shop) -> None:
        """F10: what is known in another spelling is not added, and of two new spellings one is."""
        anna = shop.open_account(ANNA)
        shop.require(AddAddress(address=HOME), by=shop.customer(anna.session))
        spelled = WORK.model_copy(update={"street": "gasse 7"})
        outcome = _claim(shop, anna, addresses=(SAME, WORK, spelled))
        assert isinstance(outcome, Claimed)
        assert (outcome.claimed, outcome.addresses) == (0, 1)
        streets = [one.address.street for one in shop.stored(AddressRecord)]
        assert streets == ["Ring 5/3", "Gasse 7"]

    def test_the_first_one_becomes_the_default(self, shop: Shop) -> None:
        """F10: exactly one default, as soon as there is an address; an earlier default stays."""
        anna = shop.open_account(ANNA)
        _claim(shop, anna, addresses=(HOME,))
        (home,) = shop.stored(AddressRecord)
        assert shop.account(anna.account_id).default_address == home.id
        _claim(shop, anna, addresses=(WORK,))
        assert shop.account(anna.account_id).default_address == home.id
        made = [one.made_default for claim in shop.stored(ClaimRecord) for one in claim.addresses]
        assert made == [True, False]

    def test_no_more_than_the_account_may_have(self, shop: Shop) -> None:
        """F10: the shop's number of addresses holds for those that come along, too."""
        shop = Shop(addresses_per_account=1)
        anna = shop.open_account(ANNA)
        _claim(shop, anna, addresses=(HOME, WORK))
        assert len(shop.stored(AddressRecord)) == 1

    def test_one_that_cannot_be_used_is_refused(self, shop: Shop) -> None:
        """F10: the host learns which field is wrong, and nothing is written."""
        anna = shop.open_account(ANNA)
        place(shop, email=ANNA)
        wrong = HOME.model_copy(update={"postcode": "101"})
        customer = shop.customer(anna.session)
        for command in (ClaimGuestOrders(addresses=(wrong,)), PreviewClaim(addresses=(wrong,))):
            refused: Any = shop.handle(command, by=customer)
            assert (refused.reason, refused.field) == (Reason.ADDRESS_INVALID, "postcode")
        assert stored_order(shop).owner is None

    @pytest.mark.parametrize(("browser", "email", "comes"), [
        (BROWSER, ANNA, 1), (ELSEWHERE, ANNA, 0), (BROWSER, "other@mail.example", 0),
    ])  # fmt: skip
    def test_one_that_waits_in_this_browser_comes_along(
        self, shop: Shop, browser: str, email: str, comes: int
    ) -> None:
        """PH-01: an address from a registration of the same browser for the same mailbox; a stranger's never."""
        anna = shop.open_account(ANNA)
        register = Register(email=email, password=PASSWORD, address=HOME)
        shop.require(register, by=shop.visitor(browser))
        assert len(_preview(shop, anna).addresses) == comes
        _claim(shop, anna)
        assert len(shop.stored(AddressRecord)) == comes

    def test_one_that_waits_and_cannot_be_used_stays(self, shop: Shop) -> None:
        """F10: what nobody can put right now is left where it is."""
        anna = shop.open_account(ANNA)
        shop.require(Register(email=ANNA, password=PASSWORD, address=HOME), by=shop.visitor())
        (waiting,) = shop.registrations()
        assert waiting.address is not None
        bad = attrs.evolve(waiting, address=attrs.evolve(waiting.address, city=""), version=2)
        shop.storage.write([Save(bad, 1)])
        assert _claim(shop, anna) == Claimed(0)

    def test_without_a_browser_nothing_waits(self, shop: Shop) -> None:
        """PH-01: a session whose browser is not known brings no address of a registration."""
        anna = shop.open_account(ANNA)
        shop.require(Register(email=ANNA, password=PASSWORD, address=HOME), by=shop.visitor())
        assert shop.require(ClaimGuestOrders(), by=shop.customer(anna.session)) == Claimed(0)


class TestPreview:
    """Seen before it is done."""

    def test_says_what_would_happen_and_writes_nothing(self, shop: Shop) -> None:
        """GM-02: number, first and last, addresses; and then the claim does exactly that."""
        anna = shop.open_account(ANNA)
        first, last = shop.clock() - timedelta(days=9), shop.clock()
        place(shop, "ref-1", email=ANNA, placed_at=first)
        place(shop, "ref-2", email=ANNA, placed_at=last)
        before = shop.storage._tables
        preview = _preview(shop, anna, addresses=(HOME, SAME))
        assert shop.storage._tables is before
        assert preview == ClaimPreview(2, first, last, (HOME.postal_address(),), tuple(NotInherited))
        outcome = _claim(shop, anna, addresses=(HOME, SAME))
        assert isinstance(outcome, Claimed)
        assert (outcome.claimed, outcome.addresses) == (2, 1)

    def test_reveals_nothing_that_the_proof_does_not_cover(self, shop: Shop) -> None:
        """DP-03, GM-01: old, disputed and owned orders leave no trace in what the customer sees."""
        anna = shop.open_account(ANNA)
        bob = shop.open_account("bob@mail.example")
        nothing = _preview(shop, anna)
        place(shop, "old", email=ANNA, placed_at=shop.clock() - _young() - timedelta(days=1))
        place(shop, "bobs", email=ANNA, by=shop.customer(bob.session))
        place(shop, "disputed", email=ANNA)
        order = stored_order(shop, "disputed")
        shop.storage.write([Save(attrs.evolve(order, disputed=True, version=2), 1)])
        place(shop, "near", email="ana@mail.example")
        assert _preview(shop, anna) == nothing
        assert _claim(shop, anna) == Claimed(0)

    def test_support_sees_what_stays_and_why(self, shop: Shop) -> None:
        """GM-03: old, disputed and owned orders, the names, and the addresses that are one slip away."""
        anna = shop.open_account(ANNA, name="Anna Berger")
        bob = shop.open_account("bob@mail.example")
        place(shop, "own", email=ANNA, name="anna berger")
        place(shop, "other", email=ANNA, name="Bert Berger")
        place(shop, "old", email=ANNA, placed_at=shop.clock() - _young() - timedelta(days=1))
        place(shop, "bobs", email=ANNA, by=shop.customer(bob.session))
        place(shop, "disputed", email=ANNA)
        order = stored_order(shop, "disputed")
        shop.storage.write([Save(attrs.evolve(order, disputed=True, version=2), 1)])
        place(shop, "near", email="ana@mail.example")
        place(shop, "far", email="zoe@mail.example")
        seen = _inspect(shop)
        assert seen.account_id == anna.account_id
        assert {one.why: one.group.count for one in seen.stays} == {
            Stays.OWNED: 1, Stays.DISPUTED: 1, Stays.TOO_OLD: 1,
        }  # fmt: skip
        assert (seen.plan.orders, seen.plan.other_names) == (2, ("Bert Berger",))
        assert [(one.email_key, one.count) for one in seen.near] == [("ana@mail.example", 1)]

    def test_support_asks_about_a_guest(self, shop: Shop) -> None:
        """GM-03: without an account the plan is for the one that the proof of the mailbox would begin."""
        place(shop, email=ANNA)
        seen = _inspect(shop, " Anna@mail.example")
        assert (seen.account_id, seen.plan.orders) == (None, 1)
        refused = shop.handle(PreviewClaim(email="nobody"), by=AGENT)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.EMAIL_INVALID

    def test_a_customer_asks_about_the_own_account_only(self, shop: Shop) -> None:
        """AZ-01: an address in the question is staff's."""
        anna = shop.open_account(ANNA)
        outcome = shop.handle(PreviewClaim(email="bob@mail.example"), by=shop.customer(anna.session))
        assert outcome == Refused(Reason.NOT_ALLOWED, field="email")
        with pytest.raises(ValidationError, match="own account only"):
            PreviewClaim(email=ANNA, addresses=(HOME,))


def test_the_names_that_were_compared_move(shop: Shop) -> None:
    """GM-01: where names count, an order that arrives in another name meanwhile stays."""
    shop = Shop(claim_coverage=BY_NAME)
    anna = shop.open_account(ANNA, name="Anna Berger")
    place(shop, "ref-1", email=ANNA, name="anna berger")
    env, customer = shop.accounts._around.env(), shop.customer(anna.session)
    facts = shop.storage.read(ClaimGuestOrders().scope(customer, env))
    place(shop, "ref-2", email=ANNA, name="Bert Berger")
    decision = ClaimGuestOrders().decide(facts, env, customer)
    assert isinstance(decision, Decision)
    shop.storage.write(decision.changes)
    assert stored_order(shop, "ref-1").owner == anna.account_id
    assert stored_order(shop, "ref-2").owner is None
