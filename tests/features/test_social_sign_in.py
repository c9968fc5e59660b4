"""Signing in through Google or Facebook, and beginning an account that way."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import evolve
from pydantic import ValidationError

from customer_accounts.account import AccountRecord, IdentityRecord
from customer_accounts.accounts import Accounts
from customer_accounts.belongings import SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import insert
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail, InspectLink, Needs
from customer_accounts.features.identity import VerifiedIdentity
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.registration import Register, Registered
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.features.social_sign_in import SignInWithIdentity, SocialOutcome
from customer_accounts.inputs import NewsletterInput
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.identities import facebook, google
from tests.overtaken import Overtaken
from tests.shop import BROWSER, ELSEWHERE, PASSWORD, Shop

GMAIL, MAIL = "vera@gmail.example", "vera@mail.example"


def _enter(shop: Shop, identity: VerifiedIdentity, browser: str | None = BROWSER) -> SocialOutcome | Refused:
    return shop.handle(SignInWithIdentity(identity=identity, locale="fr"), by=shop.visitor(browser))


def _link(shop: Shop, account_id: UUID, identity: VerifiedIdentity, *, approved: bool = True) -> None:
    provider, subject = identity.key
    record = IdentityRecord(
        provider=provider, subject=subject, account_id=account_id, linked_at=shop.clock.now
    )
    shop.storage.write([insert(evolve(record, approved=approved))])


def _guest_order(shop: Shop, email: str, days_ago: int) -> OrderRecord:
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


class TestLinked:
    """A linked identity signs in without a password."""

    def test_signs_in_to_its_account(self, shop: Shop) -> None:
        """F20: no password, no write, one event for the host."""
        opened = shop.open_account()
        _link(shop, opened.account_id, google(shop))
        before = shop.storage._tables
        signed_in = _enter(shop, google(shop))
        assert isinstance(signed_in, SignedIn)
        assert signed_in.account_id == opened.account_id
        assert signed_in.session.authenticated_at == shop.clock.now
        assert shop.storage._tables is before
        assert [one.detail for one in shop.events(EventKind.SIGNED_IN)] == ["google"]

    def test_goes_by_the_id_and_not_by_the_address(self, shop: Shop) -> None:
        """SO-01: another address, or none, changes nothing; another id is somebody else."""
        opened = shop.open_account()
        _link(shop, opened.account_id, google(shop))
        for email in ("other@gmail.example", None):
            outcome = _enter(shop, google(shop, email))
            assert isinstance(outcome, SignedIn)
            assert outcome.account_id == opened.account_id
        stranger = _enter(shop, google(shop, opened.email, subject="google-2"))
        assert stranger == Refused(Reason.SIGN_IN_TO_LINK)

    def test_waits_for_approval_after_a_reset(self, shop: Shop) -> None:
        """PH3: what was put off opens nothing."""
        opened = shop.open_account()
        _link(shop, opened.account_id, google(shop), approved=False)
        assert _enter(shop, google(shop)) == Refused(Reason.IDENTITY_NOT_APPROVED)

    def test_of_no_open_account_opens_nothing(self, shop: Shop) -> None:
        """SE-02: an identity that is left over from a closed account is a failed sign-in."""
        _link(shop, uuid4(), google(shop))
        assert _enter(shop, google(shop)) == Refused(Reason.SIGN_IN_FAILED)


class TestProvenMailbox:
    """The provider's word is the proof of the mailbox."""

    def test_begins_an_account_at_once(self, shop: Shop) -> None:
        """F19, F20: the account has no password, and the identity opens it from then on."""
        identity = google(shop, name=" Vera \n Berger ")
        opened = _enter(shop, identity)
        assert isinstance(opened, Confirmed)
        account = shop.account(opened.account_id)
        assert (account.email, account.name, account.locale) == (GMAIL, "Vera Berger", "fr")
        assert account.password_hash is None
        assert account.email_verified_at == shop.clock.now
        again = _enter(shop, identity)
        assert isinstance(again, SignedIn)
        assert again.account_id == opened.account_id

    def test_tells_the_owner_and_claims_the_orders(self, shop: Shop) -> None:
        """LG-04, GM-01: recent guest orders of the proven address join, and the mail counts them."""
        orders = [_guest_order(shop, GMAIL, days) for days in (1, 2, 900)]
        shop.storage.write([insert(one) for one in orders])
        opened = _enter(shop, google(shop))
        assert isinstance(opened, Confirmed)
        assert opened.claimed == 2
        mail = shop.mails(MailPurpose.ACCOUNT_OPENED)[0]
        assert (mail.to, mail.detail("claimed")) == (GMAIL, "2")

    def test_subscribes_who_asked_for_it(self, shop: Shop) -> None:
        """GDPR Art. 7(1): the record says when, to which wording, and what proved the mailbox."""
        command = SignInWithIdentity(
            identity=google(shop), newsletter=NewsletterInput(text_version="2026-01"), continue_to="/checkout"
        )
        opened = shop.require(command, by=shop.visitor())
        assert isinstance(opened, Confirmed)
        assert opened.continue_to == "/checkout"
        record = shop.stored(SubscriptionRecord)[0]
        assert (record.status, record.email_key) == (SubscriptionStatus.ACTIVE, GMAIL)
        assert (record.consent.source, record.proof) == ("social_sign_in", "google:google-1")

    def test_is_never_linked_to_an_account_by_its_address(self, shop: Shop) -> None:
        """SO-02: the customer signs in first; nothing is stored, and no mail goes out."""
        shop.open_account(GMAIL)
        before = shop.storage._tables
        assert _enter(shop, google(shop)) == Refused(Reason.SIGN_IN_TO_LINK)
        assert shop.storage._tables is before

    def test_ends_what_others_set_up(self, shop: Shop) -> None:
        """PH1: the pending registration of a stranger goes with the proof."""
        shop.require(Register(email=GMAIL, password=PASSWORD), by=shop.visitor(ELSEWHERE))
        token = shop.link(shop.mails(MailPurpose.CONFIRM_REGISTRATION)[0])
        assert isinstance(_enter(shop, google(shop)), Confirmed)
        assert shop.registrations() == []
        outcome = shop.handle(ConfirmEmail(token=token), by=shop.visitor(ELSEWHERE))
        assert outcome == Refused(Reason.LINK_INVALID)

    def test_loses_to_an_account_that_begins_meanwhile(self, shop: Shop) -> None:
        """CC: decided again, the address has an account by now."""
        storage = Overtaken(shop.storage, lambda: shop.open_account(GMAIL))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(SignInWithIdentity(identity=google(shop)), by=shop.visitor())
        assert outcome == Refused(Reason.SIGN_IN_TO_LINK)
        assert len(shop.stored(AccountRecord)) == 1

    def test_signs_in_when_the_same_click_came_twice(self, shop: Shop) -> None:
        """RL-08: of two answers of the provider at once, one opens the account and the other enters it."""
        storage = Overtaken(shop.storage, lambda: _enter(shop, google(shop)))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(SignInWithIdentity(identity=google(shop)), by=shop.visitor())
        assert isinstance(outcome, SignedIn)


class TestUnprovenMailbox:
    """The identity waits until the mailbox is proven."""

    def test_waits_in_a_pending_registration(self, shop: Shop) -> None:
        """F19: the link of the mail, opened in the same browser, begins the account with the identity."""
        answer = _enter(shop, facebook(shop))
        assert isinstance(answer, Registered)
        assert shop.stored(AccountRecord) == shop.stored(IdentityRecord) == []
        token = shop.link(shop.mails(MailPurpose.CONFIRM_REGISTRATION)[0])
        opened = shop.require(ConfirmEmail(token=token), by=shop.visitor())
        assert shop.account(opened.account_id).password_hash is None
        signed_in = _enter(shop, facebook(shop))
        assert isinstance(signed_in, SignedIn)
        assert signed_in.account_id == opened.account_id

    def test_is_left_behind_where_the_link_is_opened_elsewhere(self, shop: Shop) -> None:
        """PH5, PH6: the owner of the mailbox sets a password, and a stranger's Facebook opens nothing."""
        _enter(shop, facebook(shop))
        token = shop.link(shop.mails(MailPurpose.CONFIRM_REGISTRATION)[0])
        needs = [
            shop.require(InspectLink(token=token), by=shop.visitor(browser)).needs
            for browser in (BROWSER, ELSEWHERE)
        ]
        assert needs == [Needs.NOTHING, Needs.NEW_PASSWORD]
        confirm = ConfirmEmail(token=token, new_password=PASSWORD)
        opened = shop.require(confirm, by=shop.visitor(ELSEWHERE))
        assert opened.wishes_dropped == ("identity",)
        assert shop.stored(IdentityRecord) == []
        assert isinstance(_enter(shop, facebook(shop)), Registered)

    def test_answers_the_same_whatever_the_address(self, shop: Shop) -> None:
        """EN-01: known, pending, unknown: one answer; the owner of a known address is told."""
        shop.open_account("known@mail.example")
        shop.require(Register(email="pending@mail.example", password=PASSWORD), by=shop.visitor(ELSEWHERE))
        answers = [
            _enter(shop, facebook(shop, f"{name}@mail.example", subject=name))
            for name in ("known", "pending", "unknown")
        ]
        assert all(isinstance(one, Registered) for one in answers)
        assert len({evolve(one, email="") for one in answers if isinstance(one, Registered)}) == 1
        assert len(shop.mails(MailPurpose.ALREADY_REGISTERED)) == 1
        assert shop.stored(IdentityRecord) == []

    @pytest.mark.parametrize("changed", [{"email_verified": False}, {"authoritative": False}])
    def test_is_also_what_google_does_not_vouch_for(self, shop: Shop, changed: dict[str, Any]) -> None:
        """PH-07: a Google account with a foreign or unverified address proves nothing."""
        assert isinstance(_enter(shop, google(shop, **changed)), Registered)
        assert shop.stored(AccountRecord) == []

    @pytest.mark.parametrize("email", [None, "", "not an address"])
    def test_needs_an_address(self, shop: Shop, email: str | None) -> None:
        """F19: without one there is nothing to prove; the customer registers."""
        assert _enter(shop, facebook(shop, email)) == Refused(Reason.IDENTITY_ADDRESS_MISSING)
        assert _enter(shop, google(shop, email)) == Refused(Reason.IDENTITY_ADDRESS_MISSING)

    def test_is_capped_by_identity(self, shop: Shop) -> None:
        """AB-08, AB-06: nobody bombs a mailbox; strangers who register its address stop no sign-in."""
        for _ in range(5):
            assert isinstance(_enter(shop, facebook(shop)), Registered)
        refused = _enter(shop, facebook(shop))
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS
        assert isinstance(_enter(shop, facebook(shop, subject="facebook-2")), Registered)

    def test_gives_a_password_by_way_of_the_mailbox(self, shop: Shop) -> None:
        """SO-07: whoever loses the provider still gets in through the mailbox."""
        assert isinstance(_enter(shop, google(shop)), Confirmed)
        refused = shop.handle(SignIn(email=GMAIL, password=""), by=shop.visitor())
        assert refused == Refused(Reason.SIGN_IN_FAILED)
        shop.require(RequestPasswordReset(email=GMAIL), by=shop.visitor())
        assert len(shop.mails(MailPurpose.RESET_PASSWORD)) == 1


class TestTickets:
    """An identity comes from the adapter, in the browser that began it, and from nowhere else."""

    def test_an_identity_from_elsewhere_is_refused(self, shop: Shop) -> None:
        """SO-04: another browser, or none at all."""
        assert _enter(shop, google(shop), ELSEWHERE) == Refused(Reason.IDENTITY_STALE)
        assert _enter(shop, google(shop), None) == Refused(Reason.BROWSER_REQUIRED)

    def test_an_identity_is_never_read_from_a_request(self, shop: Shop) -> None:
        """SO-06: neither JSON nor a dictionary becomes an identity, however complete."""
        fields = {
            "provider": "google", "subject": "1", "issuer": "x", "audience": "y", "use": "sign_in",
            "verified_at": shop.clock.now.isoformat(), "email": GMAIL, "email_verified": True,
        }  # fmt: skip
        with pytest.raises(ValidationError):
            SignInWithIdentity.model_validate({"identity": fields})
        with pytest.raises(ValidationError):
            SignInWithIdentity.model_validate_json('{"identity": {"provider": "google", "subject": "1"}}')

    def test_the_command_shows_nothing_of_the_identity(self, shop: Shop) -> None:
        """LG-01: its repr holds no address."""
        assert "vera" not in repr(SignInWithIdentity(identity=google(shop)))
