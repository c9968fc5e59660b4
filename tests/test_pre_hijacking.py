"""The nine scenarios of pre-hijacking: Mallory knows only Vera's address, and is there first.

Five attack classes of Sudhodanan and Paverd, "Pre-hijacked accounts" (USENIX Security 2022), and four of our own.  Each
test plays one story from the first move to the last through the public runner.
"""

from datetime import timedelta

import pytest
from attrs import evolve

from customer_accounts.account import AccountRecord, IdentityRecord
from customer_accounts.actors import Agent, SignedInCustomer, browser_digest
from customer_accounts.changes import insert
from customer_accounts.features.email_change import ConfirmEmailChange, EmailChanged, RequestEmailChange
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.identity import VerifiedIdentity
from customer_accounts.features.identity_approval import ApproveIdentities
from customer_accounts.features.identity_links import LinkIdentity
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.features.registration import InspectRegistration, Register, Registered
from customer_accounts.features.sign_in import SignedIn, SignIn, SignOutEverywhere
from customer_accounts.features.social_sign_in import SignInWithIdentity, SocialOutcome
from customer_accounts.features.support import ConvertGuest
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.identities import SESSION, facebook, google, to_link
from tests.shop import Shop

VERA, MALLORY = "vera@gmail.example", "mallory@mail.example"
VERAS_BROWSER, MALLORYS_BROWSER = "the browser on Vera's phone", "the browser of Mallory, far away"
VERAS_PASSWORD, MALLORYS_PASSWORD = "eleven quiet herons", "seven greedy magpies"
LINK_INVALID = Refused(Reason.LINK_INVALID)


class Story:
    """A shop, and what Vera and Mallory can do in it."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.vera = self.shop.visitor(VERAS_BROWSER)
        self.mallory = self.shop.visitor(MALLORYS_BROWSER, ip="198.51.100.9")

    def mallory_registers(self, email: str = VERA) -> str:
        """Let Mallory register an address, and give the link that arrives in its mailbox."""
        self.shop.require(Register(email=email, password=MALLORYS_PASSWORD), by=self.mallory)
        return self.newest(MailPurpose.CONFIRM_REGISTRATION)

    def vera_opens_an_account(self, password: str = VERAS_PASSWORD) -> Confirmed:
        """Let Vera register and confirm on her phone."""
        self.shop.require(Register(email=VERA, password=password), by=self.vera)
        link = self.newest(MailPurpose.CONFIRM_REGISTRATION)
        return self.shop.require(ConfirmEmail(token=link), by=self.vera)

    def vera_resets(self) -> SignedInCustomer:
        """Let Vera set a new password by way of her mailbox."""
        self.shop.require(RequestPasswordReset(email=VERA), by=self.vera)
        command = ResetPassword(token=self.newest(MailPurpose.RESET_PASSWORD), new_password=VERAS_PASSWORD)
        return self.shop.customer(self.shop.require(command, by=self.vera).session)

    def newest(self, purpose: MailPurpose) -> str:
        """Give the link in the newest mail of a kind."""
        return self.shop.link(self.shop.mails(purpose)[-1])

    def signs_in(self, email: str, password: str) -> SignedIn | Refused:
        """Try a password, from Mallory's browser."""
        return self.shop.handle(SignIn(email=email, password=password), by=self.mallory)

    def mallory_is_in(self, opened: Confirmed, password: str) -> SignedInCustomer:
        """Let Mallory, who somehow got the password, sign in to Vera's account."""
        signed_in = self.signs_in(VERA, password)
        assert isinstance(signed_in, SignedIn)
        assert signed_in.account_id == opened.account_id
        return self.shop.customer(signed_in.session, session_id=SESSION, browser=MALLORYS_BROWSER)

    def enters(self, identity: VerifiedIdentity, browser: str) -> SocialOutcome | Refused:
        """Sign in through a provider."""
        begun = evolve(identity, browser=browser_digest(browser))
        return self.shop.handle(SignInWithIdentity(identity=begun), by=self.shop.visitor(browser))

    def guest_orders(self, email: str, count: int = 3) -> None:
        """Let somebody order as a guest."""
        placed = self.shop.clock.now - timedelta(days=1)
        orders = [
            OrderRecord(
                reference=f"{email} {number}",
                number=str(number),
                placed_at=placed,
                status=OrderStatus.PLACED,
                email=email,
                email_key=email,
                status_at=placed,
            )
            for number in range(count)
        ]
        self.shop.storage.write([insert(one) for one in orders])

    def owners(self) -> list[object]:
        """Give the owners of all orders."""
        return [one.owner for one in self.shop.stored(OrderRecord)]


@pytest.fixture(name="story")
def _story() -> Story:
    """A shop in which nothing has happened yet."""
    return Story()


def test_classic_federated_merge(story: Story) -> None:
    """PH1: Mallory registers Vera's address; Vera comes through Google and gets an account without Mallory."""
    link = story.mallory_registers()
    opened = story.enters(google(story.shop, VERA), VERAS_BROWSER)
    assert isinstance(opened, Confirmed)
    assert story.signs_in(VERA, MALLORYS_PASSWORD) == Refused(Reason.SIGN_IN_FAILED)
    assert story.shop.handle(ConfirmEmail(token=link), by=story.mallory) == LINK_INVALID
    gone = story.shop.handle(InspectRegistration(), by=story.mallory)
    assert gone == Refused(Reason.NOTHING_WAITING)
    told = story.shop.events(EventKind.RIVALS_DELETED)
    assert [one.account_id for one in told] == [opened.account_id]
    assert story.shop.account(opened.account_id).password_hash is None


def test_unexpired_session(story: Story) -> None:
    """PH2: Mallory has a session of Vera's account; Vera's reset ends it, with every link he asked for."""
    mallory = story.mallory_is_in(
        story.vera_opens_an_account("a password that leaked"), "a password that leaked"
    )
    ask = RequestEmailChange(email=MALLORY, current_password="a password that leaked")
    story.shop.require(ask, by=mallory)
    link = story.newest(MailPurpose.CONFIRM_EMAIL_CHANGE)
    vera = story.vera_resets()
    assert story.shop.handle(SignOutEverywhere(), by=mallory) == Refused(Reason.SESSION_ENDED)
    assert story.shop.handle(ConfirmEmailChange(token=link), by=mallory) == Refused(Reason.SESSION_ENDED)
    assert story.shop.handle(ConfirmEmailChange(token=link), by=story.mallory) == LINK_INVALID
    assert story.signs_in(VERA, "a password that leaked") == Refused(Reason.SIGN_IN_FAILED)
    story.shop.require(ChangePassword(current_password=VERAS_PASSWORD, new_password="two calm owls"), by=vera)


def test_trojan_identifier(story: Story) -> None:
    """PH3: Mallory links his Google to Vera's account; after her reset it opens nothing until she approves."""
    opened = story.vera_opens_an_account("a password that leaked")
    mallory = story.mallory_is_in(opened, "a password that leaked")
    trojan = to_link(story.shop, subject="mallory")
    story.shop.require(LinkIdentity(identity=trojan), by=mallory)
    assert [one.to for one in story.shop.mails(MailPurpose.IDENTITY_LINKED)] == [VERA]
    story.shop.clock.forward(days=20)
    story.vera_resets()
    told = story.shop.mails(MailPurpose.PASSWORD_CHANGED)[-1]
    assert (told.to, told.detail("identities")) == (VERA, "google")
    enters = story.enters(google(story.shop, MALLORY, subject="mallory"), MALLORYS_BROWSER)
    assert enters == Refused(Reason.IDENTITY_NOT_APPROVED)
    story.shop.require(ApproveIdentities(token=story.shop.link(told)), by=story.vera)
    assert [one.approved for one in story.shop.stored(IdentityRecord)] == [True]


def test_trojan_identifier_of_a_pending_registration(story: Story) -> None:
    """PH3: Mallory's Facebook waits with a registration of Vera's address; her confirmation leaves it behind."""
    assert isinstance(story.enters(facebook(story.shop, VERA), MALLORYS_BROWSER), Registered)
    link = story.newest(MailPurpose.CONFIRM_REGISTRATION)
    confirm = ConfirmEmail(token=link, new_password=VERAS_PASSWORD)
    story.shop.require(confirm, by=story.vera)
    assert story.shop.stored(IdentityRecord) == []
    assert not isinstance(story.enters(facebook(story.shop, VERA), MALLORYS_BROWSER), SignedIn)


def test_unexpired_email_change(story: Story) -> None:
    """PH4: Mallory starts a change to his address and keeps the link; Vera's reset kills it."""
    opened = story.vera_opens_an_account("a password that leaked")
    mallory = story.mallory_is_in(opened, "a password that leaked")
    ask = RequestEmailChange(email=MALLORY, current_password="a password that leaked")
    links = []
    for _ in range(4):
        story.shop.require(ask, by=mallory)
        links.append(story.newest(MailPurpose.CONFIRM_EMAIL_CHANGE))
    assert story.shop.handle(ConfirmEmailChange(token=links[0]), by=story.mallory) == LINK_INVALID
    story.vera_resets()
    for link in links:
        assert story.shop.handle(ConfirmEmailChange(token=link), by=story.mallory) == LINK_INVALID
    account = story.shop.account(opened.account_id)
    assert (account.email, account.email_key) == (VERA, VERA)


def test_unexpired_email_change_ends_by_itself(story: Story) -> None:
    """PH4, PH-06: without anybody doing anything, the start of a change is over after a day."""
    opened = story.vera_opens_an_account("a password that leaked")
    mallory = story.mallory_is_in(opened, "a password that leaked")
    ask = RequestEmailChange(email=MALLORY, current_password="a password that leaked")
    story.shop.require(ask, by=mallory)
    story.shop.clock.forward(hours=24, seconds=1)
    link = story.newest(MailPurpose.CONFIRM_EMAIL_CHANGE)
    outcome = story.shop.handle(ConfirmEmailChange(token=link), by=story.mallory)
    assert outcome == Refused(Reason.LINK_EXPIRED)


@pytest.mark.parametrize("claim", [False, None, "true", "True", 1])
def test_non_verifying_provider(story: Story, claim: object) -> None:
    """PH5: a provider that does not plainly say True proves no address; Vera's account is free of Mallory."""
    identity = google(story.shop, VERA, subject="mallory", email_verified=claim)
    assert isinstance(story.enters(identity, MALLORYS_BROWSER), Registered)
    assert story.shop.stored(AccountRecord) == []
    opened = story.vera_opens_an_account()
    assert story.shop.stored(IdentityRecord) == []
    assert isinstance(story.enters(identity, MALLORYS_BROWSER), Registered)
    assert [one.id for one in story.shop.stored(AccountRecord)] == [opened.account_id]


def test_click_to_arm(story: Story) -> None:
    """PH6: Vera clicks the link of Mallory's registration; his password is not armed by that, ever."""
    link = story.mallory_registers()
    bare = story.shop.handle(ConfirmEmail(token=link), by=story.vera)
    assert bare == Refused(Reason.PASSWORD_REQUIRED, field="password")
    assert story.signs_in(VERA, MALLORYS_PASSWORD) == Refused(Reason.SIGN_IN_FAILED)
    story.shop.require(ConfirmEmail(token=link, new_password=VERAS_PASSWORD), by=story.vera)
    assert story.signs_in(VERA, MALLORYS_PASSWORD) == Refused(Reason.SIGN_IN_FAILED)
    assert isinstance(story.signs_in(VERA, VERAS_PASSWORD), SignedIn)


def test_click_to_arm_by_a_change_of_address(story: Story) -> None:
    """PH6: Mallory moves his own account to Vera's address; her click alone does not put it there."""
    mallorys = story.shop.open_account(MALLORY, MALLORYS_PASSWORD)
    mallory = story.shop.customer(mallorys.session, browser=MALLORYS_BROWSER)
    ask = RequestEmailChange(email=VERA, current_password=MALLORYS_PASSWORD)
    story.shop.require(ask, by=mallory)
    link = story.newest(MailPurpose.CONFIRM_EMAIL_CHANGE)
    outcome = story.shop.handle(ConfirmEmailChange(token=link), by=story.vera)
    assert outcome == Refused(Reason.REAUTHENTICATE)
    assert story.signs_in(VERA, MALLORYS_PASSWORD) == Refused(Reason.SIGN_IN_FAILED)
    story.vera_opens_an_account()
    assert story.shop.handle(ConfirmEmailChange(token=link), by=story.mallory) == LINK_INVALID


def test_guest_merge(story: Story) -> None:
    """PH7: Vera's guest orders are nobody's until her mailbox is proven, and then they are hers."""
    story.guest_orders(VERA)
    story.mallory_registers()
    assert story.owners() == [None] * 3
    assert story.signs_in(VERA, MALLORYS_PASSWORD) == Refused(Reason.SIGN_IN_FAILED)
    opened = story.vera_opens_an_account()
    assert opened.claimed == 3
    assert story.owners() == [opened.account_id] * 3


def test_guest_merge_by_a_change_of_address(story: Story) -> None:
    """PH7: an account that asks for a guest's address gets the orders only with the proof of it."""
    story.guest_orders(VERA)
    opened = story.shop.open_account("vera@old.example", VERAS_PASSWORD)
    vera = story.shop.customer(opened.session, browser=VERAS_BROWSER)
    story.shop.require(RequestEmailChange(email=VERA, current_password=VERAS_PASSWORD), by=vera)
    assert story.owners() == [None] * 3
    link = story.newest(MailPurpose.CONFIRM_EMAIL_CHANGE)
    changed = story.shop.require(ConfirmEmailChange(token=link), by=story.vera)
    assert changed.claimed == 3
    assert story.owners() == [opened.account_id] * 3


def test_guest_merge_by_the_staff(story: Story) -> None:
    """PH7, PW-13: staff that converts a guest sends a proof; the password is chosen by who has the mailbox."""
    story.guest_orders(VERA)
    story.shop.require(ConvertGuest(email=VERA, reason="letter"), by=Agent("17"))
    assert story.owners() == [None] * 3
    assert story.shop.stored(AccountRecord) == []
    mail = story.shop.mails(MailPurpose.SET_PASSWORD)[-1]
    assert mail.to == VERA
    confirm = ConfirmEmail(token=story.shop.link(mail), new_password=VERAS_PASSWORD)
    opened = story.shop.require(confirm, by=story.vera)
    assert story.owners() == [opened.account_id] * 3


def test_sticky_verified(story: Story) -> None:
    """PH8: the proof belongs to the address; a new one counts as proven only once it is."""
    opened = story.vera_opens_an_account()
    vera = story.shop.customer(opened.session, browser=VERAS_BROWSER)
    story.shop.clock.forward(minutes=10)
    story.shop.require(RequestEmailChange(email=MALLORY, current_password=VERAS_PASSWORD), by=vera)
    before = story.shop.account(opened.account_id)
    assert (before.email, before.email_verified_at) == (VERA, story.shop.clock.now - timedelta(minutes=10))
    link = story.newest(MailPurpose.CONFIRM_EMAIL_CHANGE)
    assert isinstance(story.shop.handle(ConfirmEmailChange(token=link), by=vera), EmailChanged)
    after = story.shop.account(opened.account_id)
    assert (after.email, after.email_verified_at) == (MALLORY, story.shop.clock.now)


def test_swapped_addresses(story: Story) -> None:
    """PH9: two people swap their addresses at the provider; each still reaches their own account."""
    ulla = "ulla@gmail.example"
    first = story.enters(google(story.shop, VERA, subject="vera"), VERAS_BROWSER)
    second = story.enters(google(story.shop, ulla, subject="ulla"), MALLORYS_BROWSER)
    assert isinstance(first, Confirmed)
    assert isinstance(second, Confirmed)
    for subject, email, own in (("vera", ulla, first), ("ulla", VERA, second)):
        signed_in = story.enters(google(story.shop, email, subject=subject), VERAS_BROWSER)
        assert isinstance(signed_in, SignedIn)
        assert (signed_in.account_id, signed_in.email) == (own.account_id, own.email)
