"""Another e-mail address for an account: asked for inside, proven from outside."""

from datetime import timedelta
from uuid import UUID

import pytest
from attrs import evolve

from customer_accounts.account import Consent
from customer_accounts.accounts import Accounts
from customer_accounts.actors import SignedInCustomer
from customer_accounts.belongings import SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import insert
from customer_accounts.features.email_change import ConfirmEmailChange, EmailChanged, RequestEmailChange
from customer_accounts.features.email_confirmation import ConfirmEmail, InspectLink, Needs
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.registration import Register
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose, TokenRecord
from tests.overtaken import Overtaken
from tests.shop import BROWSER, ELSEWHERE, PASSWORD, Shop

OLD, NEW = "anna@mail.example", "anna@new.example"
CONFIRM, WARNING = MailPurpose.CONFIRM_EMAIL_CHANGE, MailPurpose.EMAIL_CHANGE_REQUESTED


def _anna(shop: Shop) -> SignedInCustomer:
    return shop.customer(shop.open_account(OLD, locale="de").session, browser=BROWSER)


def _ask(email: str = NEW, password: str | None = PASSWORD) -> RequestEmailChange:
    return RequestEmailChange(email=email, current_password=password)


def _link(shop: Shop, customer: SignedInCustomer, email: str = NEW) -> str:
    shop.require(_ask(email), by=customer)
    return shop.link(shop.mails(CONFIRM)[-1])


def _confirm(shop: Shop, token: str, browser: str | None = BROWSER) -> EmailChanged | Refused:
    return shop.handle(ConfirmEmailChange(token=token), by=shop.visitor(browser))


def _reason(outcome: object) -> Reason:
    assert isinstance(outcome, Refused)
    return outcome.reason


def _signs_in(shop: Shop, email: str) -> bool:
    outcome = shop.handle(SignIn(email=email, password=PASSWORD), by=shop.visitor())
    return isinstance(outcome, SignedIn)


def _guest_order(shop: Shop, email: str, days_ago: int = 3) -> OrderRecord:
    placed = shop.clock.now - timedelta(days=days_ago)
    return OrderRecord(
        reference=f"{email} {days_ago}",
        number="1",
        placed_at=placed,
        status=OrderStatus.PLACED,
        email=email,
        email_key=email,
        status_at=placed,
    )


class TestAsking:
    """Nothing changes before the new mailbox is proven."""

    def test_writes_to_both_mailboxes_and_changes_nothing(self, shop: Shop) -> None:
        """EM-12: the new one gets the link, the old one the warning; the old one stays the sign-in."""
        customer = _anna(shop)
        answer = shop.require(_ask("Anna@New.example"), by=customer)
        assert answer.email == "Anna@New.example"
        assert "help@shop.example" in answer.advice
        confirm, warning = shop.mails(CONFIRM)[0], shop.mails(WARNING)[0]
        assert (confirm.to, confirm.locale) == (answer.email, "de")
        assert warning.to == OLD
        assert warning.detail("new_address") == "A***@New.example"
        assert shop.account(customer.account_id).email == OLD
        assert (_signs_in(shop, OLD), _signs_in(shop, NEW)) == (True, False)
        assert len(shop.events(EventKind.EMAIL_CHANGE_REQUESTED)) == 1

    def test_needs_the_current_password(self, shop: Shop) -> None:
        """EM-12, PW-10: an open session alone does not carry the account away."""
        customer = _anna(shop)
        for wrong in ("wrong", None):
            assert _reason(shop.handle(_ask(password=wrong), by=customer)) is Reason.PASSWORD_WRONG
        assert shop.mails(CONFIRM) == shop.mails(WARNING) == []

    def test_needs_a_fresh_session_where_there_is_no_password(self, shop: Shop) -> None:
        """EM-12: who signs in elsewhere has just done so."""
        customer = _anna(shop)
        shop.change(customer.account_id, password_hash=None)
        shop.require(_ask(password=None), by=customer)
        shop.clock.forward(minutes=16)
        assert _reason(shop.handle(_ask(password=None), by=customer)) is Reason.REAUTHENTICATE

    def test_names_the_likely_address(self, shop: Shop) -> None:
        """F06: with the answer, or with the refusal of what cannot be read."""
        customer = _anna(shop)
        assert shop.require(_ask("anna@gmial.com"), by=customer).email_suggestion == "anna@gmail.com"
        refused = shop.handle(_ask("anna@gmail,com"), by=customer)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "anna@gmail.com")

    def test_refuses_the_address_that_it_has(self, shop: Shop) -> None:
        """EM-02: in any spelling."""
        customer = _anna(shop)
        assert _reason(shop.handle(_ask("ANNA@mail.example"), by=customer)) is Reason.SAME_ADDRESS

    def test_tells_the_owner_of_a_taken_address_and_nobody_else(self, shop: Shop) -> None:
        """EN-01: the same answer and the same warning; the owner is told, and no link exists."""
        customer = _anna(shop)
        shop.open_account(NEW)
        known = shop.require(_ask(), by=customer)
        free = shop.require(_ask("free@new.example"), by=customer)
        assert evolve(known, email="") == evolve(free, email="")
        assert [one.to for one in shop.mails(MailPurpose.ALREADY_REGISTERED)] == [NEW]
        assert [one.to for one in shop.mails(CONFIRM)] == ["free@new.example"]
        assert len(shop.mails(WARNING)) == 2

    def test_leaves_at_most_three_links_alive(self, shop: Shop) -> None:
        """PH-06: of four requests the first is gone, and so is its warning's link."""
        customer = _anna(shop)
        tokens = [_link(shop, customer, f"anna{number}@new.example") for number in range(4)]
        assert _reason(_confirm(shop, tokens[0])) is Reason.LINK_INVALID
        assert sum(one.purpose is Purpose.CANCEL_EMAIL_CHANGE for one in shop.stored(TokenRecord)) == 3
        assert isinstance(_confirm(shop, tokens[1]), EmailChanged)

    def test_is_capped_by_address_and_by_account(self, shop: Shop) -> None:
        """AB-08, AB-01: a stranger's mailbox is not bombed, a password is not guessed."""
        customer = _anna(shop)
        for _ in range(5):
            shop.require(_ask(), by=customer)
        assert _reason(shop.handle(_ask(), by=customer)) is Reason.TOO_MANY_ATTEMPTS
        for number in range(4):
            shop.require(_ask(f"anna{number}@new.example"), by=customer)
        assert _reason(shop.handle(_ask("last@new.example"), by=customer)) is Reason.TOO_MANY_ATTEMPTS


class TestConfirming:
    """The proof of the new mailbox makes the change."""

    def test_makes_the_new_address_the_sign_in(self, shop: Shop) -> None:
        """EM-12, PH-08: the new address is proven now, and the old one is nobody's."""
        customer = _anna(shop)
        token = _link(shop, customer)
        shop.clock.forward(hours=1)
        changed = _confirm(shop, token)
        assert isinstance(changed, EmailChanged)
        account = shop.account(customer.account_id)
        assert (account.email, account.email_key, account.email_verified_at) == (NEW, NEW, shop.clock.now)
        assert (_signs_in(shop, OLD), _signs_in(shop, NEW)) == (False, True)
        shop.open_account(OLD)

    def test_ends_all_sessions_but_the_one_that_confirmed(self, shop: Shop) -> None:
        """SE-01: the session of the result works, those before do not."""
        customer = _anna(shop)
        changed = _confirm(shop, _link(shop, customer))
        assert isinstance(changed, EmailChanged)
        again = ChangePassword(current_password=PASSWORD, new_password="nine loud kingfishers")
        assert _reason(shop.handle(again, by=customer)) is Reason.SESSION_ENDED
        shop.require(again, by=shop.customer(changed.session))

    def test_works_signed_in_to_the_account_in_any_browser(self, shop: Shop) -> None:
        """Truth 1: whoever opens the link and the account has proven both."""
        customer = _anna(shop)
        token = _link(shop, customer)
        elsewhere = evolve(customer, browser=ELSEWHERE)
        assert shop.require(ConfirmEmailChange(token=token), by=elsewhere).email == NEW

    @pytest.mark.parametrize("browser", [ELSEWHERE, None])
    def test_does_not_work_for_a_stranger_who_opens_the_link(self, shop: Shop, browser: str | None) -> None:
        """PH-10: a click by the owner of the mailbox puts it on no account that another one can open."""
        customer = _anna(shop)
        token = _link(shop, customer)
        assert _reason(_confirm(shop, token, browser)) is Reason.REAUTHENTICATE
        stranger = shop.open_account("vera@mail.example")
        signed_in = shop.customer(stranger.session, browser=browser)
        outcome = shop.handle(ConfirmEmailChange(token=token), by=signed_in)
        assert _reason(outcome) is Reason.REAUTHENTICATE
        assert shop.account(customer.account_id).email == OLD

    def test_needs_the_session_where_no_browser_was_known(self, shop: Shop) -> None:
        """PH-10: a host that names no browser confirms signed in."""
        customer = evolve(_anna(shop), browser=None)
        token = _link(shop, customer)
        for browser in (BROWSER, None):
            assert _reason(_confirm(shop, token, browser)) is Reason.REAUTHENTICATE
        assert shop.require(ConfirmEmailChange(token=token), by=customer).email == NEW

    def test_says_before_that_a_sign_in_is_needed(self, shop: Shop) -> None:
        """TK-07: the page of the link knows what is missing, and looking consumes nothing."""
        token = _link(shop, _anna(shop))
        needs = [
            shop.require(InspectLink(token=token), by=shop.visitor(browser)).needs
            for browser in (BROWSER, ELSEWHERE, None)
        ]
        assert needs == [Needs.NOTHING, Needs.SIGN_IN, Needs.SIGN_IN]
        assert isinstance(_confirm(shop, token), EmailChanged)

    def test_tells_both_mailboxes(self, shop: Shop) -> None:
        """LG-04, EM-12: the old one can still say that it was not its owner."""
        customer = _anna(shop)
        _confirm(shop, _link(shop, customer))
        told = {one.detail("audience"): one for one in shop.mails(MailPurpose.EMAIL_CHANGED)}
        assert (told["old"].to, told["new"].to) == (OLD, NEW)
        back = next(one for one in shop.stored(TokenRecord) if one.digest == told["old"].token)
        assert (back.purpose, back.email_key) == (Purpose.CANCEL_EMAIL_CHANGE, OLD)
        assert told["new"].token is None
        assert [one.detail for one in shop.events(EventKind.EMAIL_CHANGED)] == ["from a***@mail.example"]

    def test_kills_the_other_links_of_the_account(self, shop: Shop) -> None:
        """TK-06, PH-06: other changes that were asked for die; an older mail for this one is already done."""
        customer = _anna(shop)
        other = _link(shop, customer, "third@new.example")
        first, second = _link(shop, customer), _link(shop, customer)
        assert isinstance(_confirm(shop, first), EmailChanged)
        assert _reason(_confirm(shop, other)) is Reason.LINK_INVALID
        assert _reason(_confirm(shop, second)) is Reason.ALREADY_DONE
        assert shop.account(customer.account_id).email == NEW

    def test_claims_the_guest_orders_of_the_new_address_only_now(self, shop: Shop) -> None:
        """PH7, GM-01: recent orders of the proven address join; older and foreign ones do not."""
        customer = _anna(shop)
        orders = [
            _guest_order(shop, NEW),
            _guest_order(shop, NEW, 900),
            _guest_order(shop, "other@new.example"),
        ]
        shop.storage.write([insert(one) for one in orders])
        token = _link(shop, customer)
        assert {one.owner for one in shop.stored(OrderRecord)} == {None}
        changed = _confirm(shop, token)
        assert isinstance(changed, EmailChanged)
        assert changed.claimed == 1
        owners = [one.owner for one in shop.stored(OrderRecord)]
        assert owners == [customer.account_id, None, None]

    def test_deletes_what_rivals_set_up_for_the_new_address(self, shop: Shop) -> None:
        """PH-01: pending registrations of the new address and links of others to it go."""
        customer = _anna(shop)
        token = _link(shop, customer)
        shop.require(Register(email=NEW, password="the rival's own words"), by=shop.visitor(ELSEWHERE))
        rival = shop.link(shop.mails(MailPurpose.CONFIRM_REGISTRATION)[-1])
        bert = shop.customer(shop.open_account("bert@mail.example").session, browser=ELSEWHERE)
        theirs = _link(shop, bert)
        assert isinstance(_confirm(shop, token), EmailChanged)
        assert shop.registrations() == []
        assert _reason(_confirm(shop, theirs, ELSEWHERE)) is Reason.LINK_INVALID
        outcome = shop.handle(ConfirmEmail(token=rival), by=shop.visitor(ELSEWHERE))
        assert _reason(outcome) is Reason.LINK_INVALID
        assert [one.account_id for one in shop.events(EventKind.RIVALS_DELETED)][-1] == customer.account_id

    def test_ends_the_newsletter_of_the_old_address(self, shop: Shop) -> None:
        """GDPR Art. 7(1): a consent covers the address that proved it."""
        customer = _anna(shop)
        other = shop.open_account("bert@mail.example")
        for account_id, status in (
            (customer.account_id, SubscriptionStatus.ACTIVE),
            (other.account_id, SubscriptionStatus.ACTIVE),
        ):
            shop.storage.write([insert(_subscription(shop, account_id, status))])
        _confirm(shop, _link(shop, customer))
        left = {one.account_id: one.status for one in shop.stored(SubscriptionRecord)}
        assert left[customer.account_id] is SubscriptionStatus.ENDED
        assert left[other.account_id] is SubscriptionStatus.ACTIVE
        assert len(shop.events(EventKind.NEWSLETTER_ENDED)) == 1

    def test_leaves_a_newsletter_that_had_ended_as_it_was(self, shop: Shop) -> None:
        """The time at which a consent ended is part of its record."""
        customer = _anna(shop)
        ended = _subscription(shop, customer.account_id, SubscriptionStatus.ENDED)
        shop.storage.write([insert(ended)])
        _confirm(shop, _link(shop, customer))
        assert shop.stored(SubscriptionRecord) == [ended]

    def test_loses_the_address_to_who_proved_it_first(self, shop: Shop) -> None:
        """CC-04: of two accounts that confirm one address, one wins and the other is refused cleanly."""
        anna = _anna(shop)
        bert = shop.customer(shop.open_account("bert@mail.example").session, browser=ELSEWHERE)
        annas, berts = _link(shop, anna), _link(shop, bert)
        storage = Overtaken(shop.storage, lambda: _confirm(shop, berts, ELSEWHERE))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(ConfirmEmailChange(token=annas), by=shop.visitor())
        assert _reason(outcome) is Reason.LINK_INVALID
        assert storage.reads == 2
        assert shop.account(bert.account_id).email_key == NEW

    def test_loses_the_address_to_an_account_that_began_with_it(self, shop: Shop) -> None:
        """CC-04: an address that has an account by now is not taken away from it."""
        customer = _anna(shop)
        token = _link(shop, customer)
        link = next(one for one in shop.stored(TokenRecord) if shop.text_of(one) == token)
        shop.open_account(NEW)
        # The opening deleted the link; put it back, as a storage that lost the race would still hold it.
        shop.storage.write([insert(link)])
        assert _reason(_confirm(shop, token)) is Reason.LINK_INVALID


def _subscription(shop: Shop, account_id: UUID, status: SubscriptionStatus) -> SubscriptionRecord:
    account = shop.account(account_id)
    return SubscriptionRecord(
        account_id=account_id,
        email=account.email,
        email_key=account.email_key or "",
        consent=Consent("2026-01", shop.clock.now, "account"),
        status=status,
    )
