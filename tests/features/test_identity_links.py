"""Linking a sign-in at Google or Facebook to an account, and removing it."""

from typing import Any

import pytest
from attrs import evolve
from pydantic import ValidationError

from customer_accounts.account import IdentityRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import SignedInCustomer
from customer_accounts.changes import update
from customer_accounts.features.email_change import ConfirmEmailChange, RequestEmailChange
from customer_accounts.features.identity import VerifiedIdentity
from customer_accounts.features.identity_links import (
    IdentityLinked,
    IdentityUnlinked,
    LinkIdentity,
    UnlinkIdentity,
)
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.features.sign_in import SignedIn
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.identities import google, in_session, to_link
from tests.overtaken import Overtaken
from tests.shop import PASSWORD, Shop

NEW = "nine loud kingfishers"


def _anna(shop: Shop, email: str = "anna@mail.example") -> SignedInCustomer:
    return in_session(shop, shop.open_account(email))


def _link(shop: Shop, customer: SignedInCustomer, identity: VerifiedIdentity | None = None) -> object:
    return shop.handle(LinkIdentity(identity=identity or to_link(shop)), by=customer)


def _unlink(shop: Shop, customer: SignedInCustomer, provider: str = "google") -> Any:
    return shop.handle(UnlinkIdentity(provider=provider), by=customer)


class TestLinking:
    """A signed-in customer adds another way in."""

    def test_lets_the_identity_sign_in(self, shop: Shop) -> None:
        """F18, F20: from then on without a password."""
        customer = _anna(shop)
        assert _link(shop, customer) == IdentityLinked("google")
        outcome = shop.handle(SignInWithIdentity(identity=google(shop)), by=shop.visitor())
        assert isinstance(outcome, SignedIn)
        assert outcome.account_id == customer.account_id

    def test_tells_the_owner(self, shop: Shop) -> None:
        """SO-05, LG-04: by mail and in the trail, naming the provider."""
        _link(shop, _anna(shop))
        mail = shop.mails(MailPurpose.IDENTITY_LINKED)[0]
        assert (mail.to, mail.detail("provider")) == ("anna@mail.example", "google")
        assert [one.detail for one in shop.events(EventKind.IDENTITY_LINKED)] == ["google"]

    def test_twice_is_once(self, shop: Shop) -> None:
        """RL-08: the repeat gets the same answer and writes nothing."""
        customer = _anna(shop)
        _link(shop, customer)
        before = shop.storage._tables
        assert _link(shop, customer) == IdentityLinked("google")
        assert shop.storage._tables is before

    def test_needs_a_session_that_has_just_begun(self, shop: Shop) -> None:
        """SO-05: an open session that somebody left behind links nothing."""
        customer = _anna(shop)
        shop.clock.forward(minutes=16)
        assert _link(shop, customer) == Refused(Reason.REAUTHENTICATE)
        assert shop.stored(IdentityRecord) == []

    def test_needs_the_session_that_began_it(self, shop: Shop) -> None:
        """SO-04: a stranger's identity cannot be hung on a victim's session, nor a sign-in used to link."""
        customer = _anna(shop)
        for identity in (evolve(to_link(shop), session_id="another"), google(shop)):
            assert _link(shop, customer, identity) == Refused(Reason.IDENTITY_STALE)

    def test_never_names_the_account_that_has_it(self, shop: Shop) -> None:
        """SO-08: linked elsewhere, and a second one of the same provider, are refused alike."""
        anna, bert = _anna(shop), _anna(shop, "bert@mail.example")
        _link(shop, anna)
        elsewhere = _link(shop, bert)
        second = _link(shop, anna, to_link(shop, subject="google-2"))
        assert elsewhere == second == Refused(Reason.IDENTITY_IN_USE)
        assert len(shop.stored(IdentityRecord)) == 1

    def test_loses_to_another_account_that_links_it_first(self, shop: Shop) -> None:
        """SO-01: one identity opens one account, also when two link it at once."""
        anna, bert = _anna(shop), _anna(shop, "bert@mail.example")
        storage = Overtaken(shop.storage, lambda: _link(shop, bert))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(LinkIdentity(identity=to_link(shop)), by=anna)
        assert outcome == Refused(Reason.IDENTITY_IN_USE)

    def test_approves_what_waited_after_a_reset(self, shop: Shop) -> None:
        """PH3: whoever links it again has signed in with the new password."""
        _link(shop, _anna(shop))
        shop.require(RequestPasswordReset(email="anna@mail.example"), by=shop.visitor())
        token = shop.link(shop.mails(MailPurpose.RESET_PASSWORD)[0])
        done = shop.require(ResetPassword(token=token, new_password=NEW), by=shop.visitor())
        assert [one.approved for one in shop.stored(IdentityRecord)] == [False]
        assert _link(shop, in_session(shop, done)) == IdentityLinked("google")
        assert [one.approved for one in shop.stored(IdentityRecord)] == [True]
        assert len(shop.mails(MailPurpose.IDENTITY_LINKED)) == 2

    def test_takes_an_identity_from_the_adapter_only(self) -> None:
        """SO-06: no request body becomes an identity."""
        with pytest.raises(ValidationError):
            LinkIdentity.model_validate({"identity": {"provider": "google", "subject": "1"}})


class TestUnlinking:
    """A way in is removed, never the last one."""

    @pytest.mark.parametrize("name", ["google", "Google+"])
    def test_closes_that_way(self, shop: Shop, name: str) -> None:
        """F18: under either name; the identity is an unknown one afterwards."""
        customer = _anna(shop)
        _link(shop, customer)
        assert isinstance(_unlink(shop, customer, name), IdentityUnlinked)
        assert shop.stored(IdentityRecord) == []
        mail = shop.mails(MailPurpose.IDENTITY_UNLINKED)[0]
        assert mail.detail("provider") == "google"
        assert [one.detail for one in shop.events(EventKind.IDENTITY_UNLINKED)] == ["google"]

    def test_ends_all_sessions_but_the_one_that_asked(self, shop: Shop) -> None:
        """SE-01: who came in that way is out."""
        customer = _anna(shop)
        _link(shop, customer)
        unlinked = _unlink(shop, customer)
        assert _unlink(shop, customer) == Refused(Reason.SESSION_ENDED)
        going_on = shop.customer(unlinked.session)
        assert unlinked.session.authenticated_at == customer.authenticated_at
        assert _unlink(shop, going_on) == Refused(Reason.IDENTITY_UNKNOWN, field="provider")

    def test_ends_what_a_session_asked_for(self, shop: Shop) -> None:
        """PH-06: who came in that way does not come back by a change of the address."""
        customer = _anna(shop)
        _link(shop, customer)
        shop.require(RequestEmailChange(email="mallory@mail.example", current_password=PASSWORD), by=customer)
        link = shop.link(shop.mails(MailPurpose.CONFIRM_EMAIL_CHANGE)[-1])
        assert isinstance(_unlink(shop, customer), IdentityUnlinked)
        refused = shop.handle(ConfirmEmailChange(token=link), by=shop.visitor(customer.browser))
        assert refused == Refused(Reason.LINK_INVALID)

    def test_leaves_the_last_way_in(self, shop: Shop) -> None:
        """SO-07: without a password, one usable sign-in stays."""
        customer = _anna(shop)
        _link(shop, customer)
        shop.change(customer.account_id, password_hash=None)
        assert _unlink(shop, customer) == Refused(Reason.LAST_WAY_IN)
        _link(shop, customer, to_link(shop, provider="facebook"))
        facebook = next(one for one in shop.stored(IdentityRecord) if one.provider == "facebook")
        shop.storage.write([update(facebook, evolve(facebook, approved=False))])
        assert _unlink(shop, customer) == Refused(Reason.LAST_WAY_IN)
        _link(shop, customer, to_link(shop, provider="facebook"))
        assert isinstance(_unlink(shop, customer), IdentityUnlinked)

    def test_twice_at_once_leaves_one_way_in(self, shop: Shop) -> None:
        """SO-07: two removals at the same time cannot take the last two ways in."""
        customer = _anna(shop)
        _link(shop, customer)
        _link(shop, customer, to_link(shop, provider="facebook"))
        shop.change(customer.account_id, password_hash=None)
        storage = Overtaken(shop.storage, lambda: _unlink(shop, customer, "facebook"))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(UnlinkIdentity(provider="google"), by=customer)
        assert outcome == Refused(Reason.SESSION_ENDED)
        assert len(shop.stored(IdentityRecord)) == 1

    def test_needs_a_session_that_has_just_begun(self, shop: Shop) -> None:
        """ASVS 7.5.1: a way in is not removed from a session that somebody left open."""
        customer = _anna(shop)
        _link(shop, customer)
        shop.clock.forward(minutes=16)
        assert _unlink(shop, customer) == Refused(Reason.REAUTHENTICATE)
