"""Undoing a change of the e-mail address from the mailbox that the account has or had."""

from datetime import timedelta

import pytest

from customer_accounts.account import AccountRecord, IdentityRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import SignedInCustomer
from customer_accounts.changes import insert
from customer_accounts.features.email_change import ConfirmEmailChange, EmailChanged, RequestEmailChange
from customer_accounts.features.email_change_undo import CancelEmailChange, EmailChangeCancelled
from customer_accounts.features.identity_approval import ApproveIdentities
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.features.registration import Register
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.overtaken import Overtaken
from tests.shop import BROWSER, ELSEWHERE, PASSWORD, Shop

OLD, NEW, THIRD = "anna@mail.example", "mallory@new.example", "mallory@third.example"


def _anna(shop: Shop) -> SignedInCustomer:
    return shop.customer(shop.open_account(OLD).session, browser=BROWSER)


def _ask(shop: Shop, customer: SignedInCustomer, email: str = NEW) -> tuple[str, str]:
    """Ask for a change and give both links: the new mailbox's and the old one's."""
    shop.require(RequestEmailChange(email=email, current_password=PASSWORD), by=customer)
    mails = (MailPurpose.CONFIRM_EMAIL_CHANGE, MailPurpose.EMAIL_CHANGE_REQUESTED)
    confirm, cancel = (shop.link(shop.mails(one)[-1]) for one in mails)
    return confirm, cancel


def _change(shop: Shop, customer: SignedInCustomer, email: str = NEW) -> tuple[SignedInCustomer, str]:
    """Change the address and give the session after it, with the link that goes back."""
    confirm, _ = _ask(shop, customer, email)
    changed = shop.require(ConfirmEmailChange(token=confirm), by=customer)
    old = next(
        one for one in reversed(shop.mails(MailPurpose.EMAIL_CHANGED)) if one.detail("audience") == "old"
    )
    return shop.customer(changed.session, browser=BROWSER), shop.link(old)


def _cancel(shop: Shop, token: str) -> EmailChangeCancelled | Refused:
    return shop.handle(CancelEmailChange(token=token), by=shop.visitor(ELSEWHERE))


def _signs_in(shop: Shop, email: str, password: str = PASSWORD) -> bool:
    return isinstance(shop.handle(SignIn(email=email, password=password), by=shop.visitor()), SignedIn)


class TestBeforeTheChange:
    """The warning withdraws what was asked for."""

    def test_kills_the_requests_and_the_sessions(self, shop: Shop) -> None:
        """EM-12, PH4: no link of any request works any more, and whoever asked is signed out."""
        customer = _anna(shop)
        first, _ = _ask(shop, customer, THIRD)
        second, cancel = _ask(shop, customer)
        assert _cancel(shop, cancel) == EmailChangeCancelled(customer.account_id, OLD, restored=False)
        for token in (first, second):
            outcome = shop.handle(ConfirmEmailChange(token=token), by=shop.visitor(BROWSER))
            assert outcome == Refused(Reason.LINK_INVALID)
        ask = RequestEmailChange(email=NEW, current_password=PASSWORD)
        assert shop.handle(ask, by=customer) == Refused(Reason.SESSION_ENDED)
        assert [one.detail for one in shop.events(EventKind.EMAIL_CHANGE_CANCELLED)] == ["withdrawn"]

    def test_leaves_the_password_as_it_is(self, shop: Shop) -> None:
        """Nothing had changed yet; the mail advises to choose another one."""
        _, cancel = _ask(shop, _anna(shop))
        _cancel(shop, cancel)
        assert _signs_in(shop, OLD)
        assert shop.mails(MailPurpose.RESET_PASSWORD) == []

    def test_uses_the_links_of_all_warnings(self, shop: Shop) -> None:
        """Truth 2: the older warning answers that it is done."""
        customer = _anna(shop)
        _, older = _ask(shop, customer, THIRD)
        _, newer = _ask(shop, customer)
        assert isinstance(_cancel(shop, newer), EmailChangeCancelled)
        assert _cancel(shop, older) == Refused(Reason.ALREADY_DONE)

    def test_is_decided_again_when_the_change_was_faster(self, shop: Shop) -> None:
        """CC: a confirmation in between is undone instead of withdrawn."""
        customer = _anna(shop)
        confirm, cancel = _ask(shop, customer)
        storage = Overtaken(
            shop.storage, lambda: shop.require(ConfirmEmailChange(token=confirm), by=customer)
        )
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(CancelEmailChange(token=cancel), by=shop.visitor())
        assert outcome == EmailChangeCancelled(customer.account_id, OLD, restored=True)


class TestAfterTheChange:
    """The old mailbox takes its account back."""

    @pytest.mark.parametrize("which", ["warning", "notice"])
    def test_puts_the_old_address_back(self, shop: Shop, which: str) -> None:
        """EM-12: both the link of the warning and that of the notice undo the change for a fortnight."""
        customer = _anna(shop)
        confirm, warning = _ask(shop, customer)
        shop.require(ConfirmEmailChange(token=confirm), by=customer)
        notice = shop.link(shop.mails(MailPurpose.EMAIL_CHANGED, to=OLD)[0])
        shop.clock.forward(days=14)
        token = warning if which == "warning" else notice
        assert _cancel(shop, token) == EmailChangeCancelled(customer.account_id, OLD, restored=True)
        account = shop.account(customer.account_id)
        assert (account.email, account.email_key, account.email_verified_at) == (OLD, OLD, shop.clock.now)
        assert [one.detail for one in shop.events(EventKind.EMAIL_CHANGE_CANCELLED)] == ["restored"]
        assert _cancel(shop, notice) == Refused(Reason.ALREADY_DONE)

    def test_leaves_no_way_in_to_who_changed_it(self, shop: Shop) -> None:
        """PH3, SE-01: password, sessions and recent sign-ins end; the mailbox sets a new password."""
        mallory, back = _change(shop, _anna(shop))
        google = IdentityRecord(
            provider="google", subject="m", account_id=mallory.account_id, linked_at=shop.clock.now
        )
        shop.storage.write([insert(google)])
        _cancel(shop, back)
        ask = RequestEmailChange(email=NEW, current_password=PASSWORD)
        assert shop.handle(ask, by=mallory) == Refused(Reason.SESSION_ENDED)
        assert (_signs_in(shop, OLD), _signs_in(shop, NEW)) == (False, False)
        assert [one.approved for one in shop.stored(IdentityRecord)] == [False]
        mail = shop.mails(MailPurpose.RESET_PASSWORD)[0]
        assert mail.to == OLD
        shop.require(ResetPassword(token=shop.link(mail), new_password="anna's new words"), by=shop.visitor())
        assert _signs_in(shop, OLD, "anna's new words")
        told = shop.mails(MailPurpose.PASSWORD_CHANGED)[-1]
        assert told.detail("identities") == "google"
        shop.require(ApproveIdentities(token=shop.link(told)), by=shop.visitor())

    def test_tells_the_other_mailbox(self, shop: Shop) -> None:
        """LG-04: whoever had the address in good faith learns of it, without a link."""
        _, back = _change(shop, _anna(shop))
        _cancel(shop, back)
        mail = shop.mails(MailPurpose.EMAIL_CHANGED, to=NEW)[-1]
        assert (mail.detail("audience"), mail.token) == ("old", None)

    def test_survives_changes_and_resets_of_the_password(self, shop: Shop) -> None:
        """EM-12: whoever carried the account away cannot bury the way back under a new password."""
        mallory, back = _change(shop, _anna(shop))
        change = ChangePassword(current_password=PASSWORD, new_password="mallory's own words")
        shop.require(change, by=mallory)
        shop.require(RequestPasswordReset(email=NEW), by=shop.visitor())
        reset = shop.link(shop.mails(MailPurpose.RESET_PASSWORD)[-1])
        shop.require(ResetPassword(token=reset, new_password="and different ones"), by=shop.visitor())
        assert isinstance(_cancel(shop, back), EmailChangeCancelled)
        assert shop.account(mallory.account_id).email == OLD

    def test_survives_further_changes_of_the_address(self, shop: Shop) -> None:
        """EM-12: any number of further changes is undone at once, and the later ways back are dead."""
        mallory, back = _change(shop, _anna(shop))
        shop.clock.forward(minutes=5)
        for number in range(4):
            _ask(shop, mallory, f"m{number}@new.example")
        mallory, later = _change(shop, mallory, THIRD)
        assert isinstance(_cancel(shop, back), EmailChangeCancelled)
        assert shop.account(mallory.account_id).email == OLD
        assert _cancel(shop, later) == Refused(Reason.LINK_INVALID)

    def test_of_a_later_mailbox_leaves_that_of_the_first(self, shop: Shop) -> None:
        """EM-12: whoever undoes their own further change does not end the first owner's link."""
        mallory, back = _change(shop, _anna(shop))
        shop.clock.forward(minutes=5)
        _, later = _change(shop, mallory, THIRD)
        shop.clock.forward(minutes=5)
        assert isinstance(_cancel(shop, later), EmailChangeCancelled)
        assert shop.account(mallory.account_id).email == NEW
        assert isinstance(_cancel(shop, back), EmailChangeCancelled)
        assert shop.account(mallory.account_id).email == OLD

    def test_is_over_once_the_old_address_has_another_account(self, shop: Shop) -> None:
        """CC-04, PH-01: the owner of the old mailbox opened a new account; that proof ended the link."""
        mallory, back = _change(shop, _anna(shop))
        shop.open_account(OLD)
        assert _cancel(shop, back) == Refused(Reason.LINK_INVALID)
        assert shop.account(mallory.account_id).email == NEW

    def test_loses_to_an_account_that_begins_meanwhile(self, shop: Shop) -> None:
        """CC-04: one of the two gets the address, never both."""
        _, back = _change(shop, _anna(shop))
        storage = Overtaken(shop.storage, lambda: shop.open_account(OLD))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(CancelEmailChange(token=back), by=shop.visitor())
        assert outcome == Refused(Reason.LINK_INVALID)
        assert sum(one.email_key == OLD for one in shop.stored(AccountRecord)) == 1

    def test_refuses_an_address_that_is_taken_though_the_link_lives(self, shop: Shop) -> None:
        """CC-04: an import may give the address to an account without any proof; it stays there."""
        mallory, back = _change(shop, _anna(shop))
        other = shop.open_account("other@mail.example")
        shop.change(other.account_id, email=OLD, email_key=OLD)
        assert _cancel(shop, back) == Refused(Reason.LINK_INVALID)
        assert shop.account(mallory.account_id).email == NEW

    def test_deletes_registrations_that_wait_for_the_old_address(self, shop: Shop) -> None:
        """PH-01: the proof of the mailbox ends what others set up for it meanwhile."""
        _, back = _change(shop, _anna(shop))
        shop.require(Register(email=OLD, password="words of a rival"), by=shop.visitor(ELSEWHERE))
        assert len(shop.registrations()) == 1
        _cancel(shop, back)
        assert shop.registrations() == []

    def test_works_for_a_fortnight(self, shop: Shop) -> None:
        """TK-04: the link's own life is the limit."""
        mallory, back = _change(shop, _anna(shop))
        shop.clock.forward(seconds=timedelta(days=14).total_seconds() + 1)
        assert _cancel(shop, back) == Refused(Reason.LINK_EXPIRED)
        assert shop.account(mallory.account_id).email == NEW


def test_a_change_after_an_undone_one_works(shop: Shop) -> None:
    """Nothing is left behind that stops the owner from changing the address later."""
    _, back = _change(shop, _anna(shop))
    _cancel(shop, back)
    token = shop.link(shop.mails(MailPurpose.RESET_PASSWORD)[0])
    done = shop.require(ResetPassword(token=token, new_password=PASSWORD), by=shop.visitor())
    customer = shop.customer(done.session, browser=BROWSER)
    confirm, _ = _ask(shop, customer, THIRD)
    assert isinstance(shop.handle(ConfirmEmailChange(token=confirm), by=customer), EmailChanged)
