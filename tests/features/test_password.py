"""Changing the password while signed in."""

import pickle
from typing import Any

import pytest
from attrs import evolve
from pydantic import ValidationError

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.changes import insert
from customer_accounts.features.email_confirmation import Confirmed
from customer_accounts.features.password import ChangePassword, PasswordChanged
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.hashing import CHEAPEST, Argon2Hasher
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.password_policy import BreachCheck
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose, TokenRecord
from tests.overtaken import Overtaken
from tests.shop import PASSWORD, Shop
from tests.test_ownership import commands

NEW = "nine loud kingfishers"
EMAIL = "anna@mail.example"


def _opened(shop: Shop) -> tuple[Confirmed, SignedInCustomer]:
    opened = shop.open_account(name="Anna Berger")
    return opened, shop.customer(opened.session)


def _change(current: str | None = PASSWORD, new: str | None = NEW, **more: Any) -> ChangePassword:
    return ChangePassword(current_password=current, new_password=new, **more)


def _reason(outcome: object) -> tuple[Reason, str | None]:
    assert isinstance(outcome, Refused)
    return outcome.reason, outcome.field


def _token(account: AccountRecord, shop: Shop, purpose: Purpose, **changed: Any) -> TokenRecord:
    """Give a link of an account to store."""
    token = TokenRecord(
        digest=f"digest of {purpose} {changed}",
        token_id="00",
        key_id="1",
        purpose=purpose,
        email=account.email,
        email_key=account.email_key or "",
        created_at=shop.clock.now,
        expires_at=shop.clock.now,
        account_id=account.id,
    )
    return evolve(token, **changed)


class TestChanging:
    """Whoever knows the current password sets another one."""

    def test_replaces_the_password(self, shop: Shop) -> None:
        """PW-10: the new password signs in, the old one does not any more."""
        _, customer = _opened(shop)
        shop.require(_change(), by=customer)
        old, new = (
            shop.handle(SignIn(email=EMAIL, password=one), by=shop.visitor()) for one in (PASSWORD, NEW)
        )
        assert old == Refused(Reason.SIGN_IN_FAILED)
        assert isinstance(new, SignedIn)

    def test_ends_all_other_sessions_and_goes_on_with_a_new_one(self, shop: Shop) -> None:
        """SE-01: the session of the result works, the earlier ones do not."""
        _, customer = _opened(shop)
        shop.clock.forward(hours=1)
        changed = shop.require(_change(), by=customer)
        assert changed.session.authenticated_at == shop.clock.now
        assert shop.handle(_change(NEW, "x" * 30), by=customer) == Refused(Reason.SESSION_ENDED)
        assert _reason(shop.handle(_change(), by=shop.customer(changed.session)))[0] is Reason.PASSWORD_WRONG

    def test_tells_the_owner(self, shop: Shop) -> None:
        """LG-04: a mail to the stored address, and an entry in the trail."""
        opened, customer = _opened(shop)
        shop.require(_change(), by=customer)
        mail = shop.mails(MailPurpose.PASSWORD_CHANGED)[0]
        assert (mail.to, mail.account_id, mail.token) == (EMAIL, opened.account_id, None)
        assert [one.account_id for one in shop.events(EventKind.PASSWORD_CHANGED)] == [opened.account_id]

    def test_kills_the_links_of_the_account(self, shop: Shop) -> None:
        """TK-06, PH-06: waiting links die; the ways out of newsletters, to orders and back do not."""
        opened, customer = _opened(shop)
        account = shop.account(opened.account_id)
        dying = [
            _token(account, shop, purpose)
            for purpose in Purpose
            if purpose not in (Purpose.UNSUBSCRIBE, Purpose.VIEW_ORDER, Purpose.UNDO_CLAIM)
        ]
        staying = [
            _token(account, shop, Purpose.UNSUBSCRIBE),
            _token(account, shop, Purpose.VIEW_ORDER),
            _token(account, shop, Purpose.UNDO_CLAIM),
            _token(account, shop, Purpose.CANCEL_EMAIL_CHANGE, email_key="earlier@mail.example"),
            _token(account, shop, Purpose.RESET_PASSWORD, used_at=shop.clock.now),
            _token(account, shop, Purpose.RESET_PASSWORD, account_id=None),
        ]
        before = shop.stored(TokenRecord)
        shop.storage.write([insert(one) for one in (*dying, *staying)])
        shop.require(_change(), by=customer)
        assert shop.stored(TokenRecord) == [*before, *staying]

    def test_makes_a_password_on_demand(self, shop: Shop) -> None:
        """GEN-02: a generated password is in the result once; it is in no repr and no pickle."""
        opened, customer = _opened(shop)
        changed = shop.require(_change(new=None, generate_password=True), by=customer)
        made = changed.generated_password
        assert made is not None
        assert made not in repr(changed)
        with pytest.raises(TypeError):
            pickle.dumps(changed)
        assert isinstance(shop.handle(SignIn(email=EMAIL, password=made), by=shop.visitor()), SignedIn)
        account = shop.account(opened.account_id)
        assert account.password_generated
        assert not account.must_change_password

    def test_answers_the_demand_to_change(self) -> None:
        """GEN-03: in a strict shop a chosen password lifts the demand, a generated one renews it."""
        shop = Shop(must_change_generated=True)
        opened, customer = _opened(shop)
        changed = shop.require(_change(new=None, generate_password=True), by=customer)
        assert shop.account(opened.account_id).must_change_password
        shop.require(_change(changed.generated_password), by=shop.customer(changed.session))
        assert not shop.account(opened.account_id).must_change_password
        assert not shop.account(opened.account_id).password_generated

    def test_is_decided_again_when_somebody_was_faster(self, shop: Shop) -> None:
        """CC: of two changes from one session one wins; the other finds its session ended."""
        _, customer = _opened(shop)
        storage = Overtaken(shop.storage, lambda: shop.require(_change(new="other good words"), by=customer))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        assert accounts.handle(_change(), by=customer) == Refused(Reason.SESSION_ENDED)
        assert storage.reads == 2


class TestRefusals:
    """Nobody changes a password without proof, nor to a bad one."""

    @pytest.mark.parametrize("typed", ["not the password", "", None])
    def test_the_current_password_must_be_right(self, shop: Shop, typed: str | None) -> None:
        """PW-10: a wrong, empty or missing current password changes nothing and is told to the host."""
        opened, customer = _opened(shop)
        assert _reason(shop.handle(_change(typed), by=customer)) == (
            Reason.PASSWORD_WRONG,
            "current_password",
        )
        assert shop.account(opened.account_id).session_epoch == opened.session.session_epoch
        assert len(shop.events(EventKind.PASSWORD_WRONG)) == 1
        assert shop.events(EventKind.HASH_NOT_RECOGNISED) == []

    def test_a_stored_hash_that_cannot_be_read_is_told(self, shop: Shop) -> None:
        """HS-07: garbage in the storage refuses the change and is told to the host."""
        opened, customer = _opened(shop)
        shop.change(opened.account_id, password_hash="garbage")
        assert _reason(shop.handle(_change(), by=customer))[0] is Reason.PASSWORD_WRONG
        assert len(shop.events(EventKind.HASH_NOT_RECOGNISED)) == 1

    def test_guesses_are_counted_by_account(self, shop: Shop) -> None:
        """AB-01: the eleventh question within a quarter of an hour is not answered."""
        _, customer = _opened(shop)
        for _ in range(10):
            assert _reason(shop.handle(_change("guess"), by=customer))[0] is Reason.PASSWORD_WRONG
        assert _reason(shop.handle(_change(), by=customer))[0] is Reason.TOO_MANY_ATTEMPTS

    def test_an_account_without_password_needs_a_session_that_has_just_begun(self, shop: Shop) -> None:
        """PW-10: for lack of a password, signing in anew is the proof."""
        opened, customer = _opened(shop)
        shop.change(opened.account_id, password_hash=None)
        shop.clock.forward(minutes=16)
        assert _reason(shop.handle(_change(None), by=customer))[0] is Reason.REAUTHENTICATE
        unknown = evolve(customer, authenticated_at=None)
        assert _reason(shop.handle(_change(None), by=unknown))[0] is Reason.REAUTHENTICATE
        since = shop.clock.now
        shop.clock.forward(minutes=10)
        changed = shop.require(_change(None), by=evolve(customer, authenticated_at=since))
        assert changed.session.authenticated_at == since

    def test_the_new_password_is_another_one(self, shop: Shop) -> None:
        """GEN-03: changing a password to itself is no change, in whichever spelling of its accents."""
        opened, customer = _opened(shop)
        accented = "élan vers les forêts"
        hashed = Argon2Hasher(CHEAPEST, allow_cheap=True).hash(accented)
        shop.change(opened.account_id, password_hash=hashed)
        again = _change(accented, "e\u0301lan vers les fore\u0302ts")
        assert _reason(shop.handle(again, by=customer)) == (Reason.PASSWORD_SAME, "new_password")

    @pytest.mark.parametrize(
        ("new", "reason"),
        [
            (None, Reason.PASSWORD_EMPTY),
            ("", Reason.PASSWORD_EMPTY),
            ("short 7", Reason.PASSWORD_TOO_SHORT),
            ("anna.berger1", Reason.PASSWORD_CONTAINS_CONTEXT),
            ("password1234", Reason.PASSWORD_TOO_COMMON),
        ],
    )
    def test_the_new_password_passes_the_policy(self, shop: Shop, new: str | None, reason: Reason) -> None:
        """PW-12, PW-07: the same gate as at registration, the customer's name included."""
        _, customer = _opened(shop)
        assert _reason(shop.handle(_change(new=new), by=customer)) == (reason, "new_password")

    def test_the_new_password_is_not_a_breached_one(self, shop: Shop) -> None:
        """PW-08: the optional register of breached passwords is asked for the new password."""
        _, customer = _opened(shop)
        asked: list[str] = []

        class Register:
            """A register that knows every password."""

            def check(self, password: str, /) -> BreachCheck:
                """Say that it is known."""
                asked.append(password)
                return BreachCheck.FOUND

        accounts = Accounts(shop.storage, shop.settings, clock=shop.clock, breached=Register())
        assert _reason(accounts.handle(_change(), by=customer))[0] is Reason.PASSWORD_BREACHED
        assert asked == [NEW]

    def test_a_password_is_given_or_made_not_both(self) -> None:
        """A command that contradicts itself is no command."""
        with pytest.raises(ValidationError, match="not both"):
            _change(generate_password=True)

    def test_staff_cannot_change_it(self, shop: Shop) -> None:
        """PW-13: an agent is refused before anything is read."""
        _opened(shop)
        outcome = shop.handle(_change(), by=Agent("17"))  # type: ignore[misc]  # wrong on purpose
        assert outcome == Refused(Reason.NOT_ALLOWED)


def test_the_result_without_a_generated_password_shows_none(shop: Shop) -> None:
    """GEN-02: a chosen password is not echoed."""
    _, customer = _opened(shop)
    changed = shop.require(_change(), by=customer)
    assert isinstance(changed, PasswordChanged)
    assert changed.generated_password is None


def test_staff_sets_no_password() -> None:
    """PW-13: no command that staff may give takes a password, makes one, or takes a link that sets one."""
    of_staff = [one for one in commands() if Agent in one.actors]
    fields = {(one.__name__, name) for one in of_staff for name in one.model_fields}
    assert {one.__name__ for one in of_staff} >= {"ConvertGuest", "CloseAccount"}
    # The customer's own current password, when the customer and not staff closes the account; and the link that
    # takes orders out of an account, which sets nothing.
    assert {one for one in fields if "password" in one[1] or "token" in one[1]} == {
        ("CloseAccount", "current_password"),
        ("UndoClaim", "token"),
        ("MergeAccounts", "token"),
        ("PreviewMerge", "token"),
        ("UndoMerge", "token"),
    }
