"""What is decided on stale facts by one and changed meanwhile by another: no race gives anybody an account."""

from typing import Any

import pytest

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent, System
from customer_accounts.belongings import SubscriptionRecord
from customer_accounts.features.account_merge import MergeAccounts
from customer_accounts.features.account_merge_undo import UndoMerge
from customer_accounts.features.email_change import RequestEmailChange
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.newsletter import SubscribeNewsletter
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.features.privacy import CloseAccount
from customer_accounts.features.registration import CorrectRegistrationAddress, Register, ResendConfirmation
from customer_accounts.features.sign_in import SignOutEverywhere
from customer_accounts.features.unsubscription import IssueUnsubscribeLink
from customer_accounts.inputs import NewsletterInput
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose, TokenRecord
from tests.overtaken import Overtaken
from tests.shop import BROWSER, ELSEWHERE, PASSWORD, Shop

VICTIM, MALLORY = "victim@mail.example", "mallory@mail.example"


def _reason(outcome: object) -> Reason:
    assert isinstance(outcome, Refused)
    return outcome.reason


@pytest.mark.parametrize("ask", [ResendConfirmation, RequestPasswordReset])
@pytest.mark.parametrize("by_code", [False, True])
def test_a_link_proves_only_the_address_it_was_mailed_to(
    shop: Shop, ask: type[ResendConfirmation | RequestPasswordReset], by_code: bool
) -> None:
    """TK-03, PH-10: a mail to the first address that overlaps a correction proves nothing of the second."""
    shop.require(Register(email=MALLORY, password=PASSWORD), by=shop.visitor())

    def corrected() -> None:
        shop.require(CorrectRegistrationAddress(email=VICTIM), by=shop.visitor())

    late = Accounts(Overtaken(shop.storage, corrected), shop.settings, clock=shop.clock)
    late.require(ask(email=MALLORY), by=shop.visitor())
    mail = shop.mails(MailPurpose.CONFIRM_REGISTRATION, to=MALLORY)[-1]
    proof = ConfirmEmail(code=shop.code(mail)) if by_code else ConfirmEmail(token=shop.link(mail))
    wanted = Reason.CODE_WRONG if by_code else Reason.LINK_INVALID
    assert _reason(shop.handle(proof, by=shop.visitor())) is wanted
    assert shop.stored(AccountRecord) == []


def test_a_change_of_address_does_not_outlive_a_reset_that_overtook_it(shop: Shop) -> None:
    """PH4, PH-03: what a session asks for while its owner resets the password dies with that session."""
    opened = shop.open_account(VICTIM)
    intruder = shop.customer(opened.session, browser=BROWSER)
    shop.require(RequestPasswordReset(email=VICTIM), by=shop.visitor(ELSEWHERE))
    reset = shop.link(shop.mails(MailPurpose.RESET_PASSWORD)[-1])

    def recovered() -> None:
        shop.require(ResetPassword(token=reset, generate_password=True), by=shop.visitor(ELSEWHERE))

    late = Accounts(Overtaken(shop.storage, recovered), shop.settings, clock=shop.clock)
    outcome = late.handle(RequestEmailChange(email=MALLORY, current_password=PASSWORD), by=intruder)
    assert _reason(outcome) is Reason.SESSION_ENDED
    assert shop.mails(MailPurpose.CONFIRM_EMAIL_CHANGE) == []
    assert shop.account(opened.account_id).email == VICTIM


def test_a_subscription_does_not_outlive_its_account(shop: Shop) -> None:
    """DP-01: what is asked for while the account is closed leaves no address behind."""
    customer = shop.customer(shop.open_account(VICTIM).session)

    def closed() -> None:
        shop.require(CloseAccount(current_password=PASSWORD), by=customer)

    late = Accounts(Overtaken(shop.storage, closed), shop.settings, clock=shop.clock)
    outcome = late.handle(SubscribeNewsletter(text_version="2026-11"), by=customer)
    assert _reason(outcome) is Reason.SESSION_ENDED
    assert shop.stored(SubscriptionRecord) == []


def test_a_way_out_of_the_newsletter_does_not_outlive_its_account(shop: Shop) -> None:
    """DP-01: a campaign that asks while the account is closed gets no address, and leaves none behind."""
    wish = NewsletterInput(text_version="2026-11")
    opened = shop.open_account(VICTIM, newsletter=wish)

    def closed() -> None:
        shop.require(CloseAccount(current_password=PASSWORD), by=shop.customer(opened.session))

    late = Accounts(Overtaken(shop.storage, closed), shop.settings, clock=shop.clock)
    outcome = late.handle(IssueUnsubscribeLink(account_id=opened.account_id), by=System())
    assert _reason(outcome) is Reason.NOT_FOUND
    assert not any(one.purpose is Purpose.UNSUBSCRIBE for one in shop.stored(TokenRecord))


@pytest.mark.parametrize("by_system", [False, True])
@pytest.mark.parametrize("merges", [False, True])
def test_an_order_is_recorded_as_if_its_account_ended_later(merges: bool, by_system: bool) -> None:
    """GM-02, CC-05: an order that overlaps a merge goes with the others; at a closing it stays with them."""
    shop = Shop(four_eyes=frozenset())
    opened = shop.open_account(VICTIM)
    ends, stays = opened.account_id, shop.open_account("owner@mail.example").account_id
    if merges:
        merge = MergeAccounts(
            surviving="owner@mail.example", absorbed=VICTIM, reason="one", evidence="letter"
        )
        shop.overtaken_by(merge, by=Agent("1", may=frozenset({"merge_accounts"})))
    else:
        shop.overtaken_by(CloseAccount(account_id=ends, reason="letter"), by=Agent("1"))
    buyer: Any = System() if by_system else shop.customer(opened.session)
    order = RecordOrder(
        reference="ref",
        number="N-1",
        placed_at=shop.clock.now,
        acknowledge=True,
        account_id=ends if by_system else None,
    )
    assert shop.require(order, by=buyer).email == VICTIM
    (stored,) = shop.stored(OrderRecord)
    assert (stored.owner, stored.email, stored.email_key) == (stays if merges else ends, VICTIM, VICTIM)
    (mail,) = shop.mails(MailPurpose.ORDER_RECEIVED, to=VICTIM)
    assert mail.account_id == stored.owner
    assert (shop.account(ends).is_open, shop.account(stays).is_open) == (False, True)
    if merges:
        undo = UndoMerge(surviving="owner@mail.example", absorbed=VICTIM, reason="two")
        shop.require(undo, by=Agent("1", may=frozenset({"merge_accounts"})))
        assert [(one.owner, one.claim_id) for one in shop.stored(OrderRecord)] == [(ends, None)]
    else:
        assert stored.claim_id is None


def test_an_order_stays_with_an_account_that_goes_on(shop: Shop) -> None:
    """GM-02: an order that overlaps a sign-out everywhere belongs to the account, as if it had come before."""
    opened = shop.open_account(VICTIM)
    customer = shop.customer(opened.session)
    shop.overtaken_by(SignOutEverywhere(), by=customer)
    shop.require(RecordOrder(reference="ref", number="N-1", placed_at=shop.clock.now), by=customer)
    assert [one.owner for one in shop.stored(OrderRecord)] == [opened.account_id]
    later = RecordOrder(reference="ref-2", number="N-2", placed_at=shop.clock.now)
    assert _reason(shop.handle(later, by=customer)) is Reason.SESSION_ENDED


def test_two_orders_of_one_account_do_not_overtake_each_other(shop: Shop) -> None:
    """CC-05: what an order holds its account for lets other orders of the same account pass."""
    opened = shop.open_account(VICTIM)
    customer = shop.customer(opened.session)
    before = shop.account(opened.account_id)
    first = RecordOrder(reference="ref", number="N-1", placed_at=shop.clock.now)
    shop.overtaken_by(first, by=customer)
    shop.require(first.model_copy(update={"reference": "ref-2"}), by=customer)
    assert [one.owner for one in shop.stored(OrderRecord)] == [opened.account_id] * 2
    assert shop.account(opened.account_id) == before


@pytest.mark.parametrize("merges", [False, True])
def test_an_order_that_was_recorded_before_its_account_ended_is_told_again(merges: bool) -> None:
    """RL-08, GM-02: a repeat overlaps the first try and the account's end: the same answer, and one order."""
    shop = Shop(four_eyes=frozenset())
    opened, agent = shop.open_account(VICTIM), Agent("1", may=frozenset({"merge_accounts"}))
    stays = shop.open_account("owner@mail.example").account_id
    customer = shop.customer(opened.session)
    order = RecordOrder(reference="ref", number="N-1", placed_at=shop.clock.now)
    told: list[object] = []

    def recorded_and_ended() -> None:
        told.append(shop.require(order, by=customer))
        if merges:
            emails = {"surviving": "owner@mail.example", "absorbed": VICTIM}
            shop.require(MergeAccounts(**emails, reason="one", evidence="letter"), by=agent)
        else:
            shop.require(CloseAccount(account_id=opened.account_id, reason="letter"), by=agent)

    late = Accounts(Overtaken(shop.storage, recorded_and_ended), shop.settings, clock=shop.clock)
    assert [late.handle(order, by=customer)] == told
    owner = stays if merges else opened.account_id
    assert [one.owner for one in shop.stored(OrderRecord)] == [owner]
