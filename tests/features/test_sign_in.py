"""Signing in with address and password, and ending all sessions."""

from collections.abc import Sequence
from uuid import uuid4

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.changes import Change, Counts
from customer_accounts.features.email_change import ConfirmEmailChange, RequestEmailChange
from customer_accounts.features.registration import Register
from customer_accounts.features.sign_in import SignedIn, SignedOutEverywhere, SignIn, SignOutEverywhere
from customer_accounts.hashing import CHEAPEST, Argon2Hasher, Argon2Parameters
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import TokenRecord
from tests.overtaken import Overtaken
from tests.shop import ELSEWHERE, PASSWORD, Shop

EMAIL = "anna@mail.example"
OLD = Argon2Parameters(memory=16, rounds=1, lanes=1)
FAILED = Refused(Reason.SIGN_IN_FAILED)


def _sign_in(shop: Shop, email: str = EMAIL, password: str = PASSWORD) -> SignedIn | Refused:
    return shop.handle(SignIn(email=email, password=password), by=shop.visitor(ELSEWHERE))


def _old_hash() -> str:
    return Argon2Hasher(OLD, allow_cheap=True).hash(PASSWORD)


class TestSigningIn:
    """The right password opens the account."""

    def test_gives_a_session_of_the_account(self, shop: Shop) -> None:
        """SE-01: the session carries the account's epoch and the time of the proof."""
        opened = shop.open_account()
        shop.clock.forward(days=3)
        signed_in = shop.require(SignIn(email=EMAIL, password=PASSWORD), by=shop.visitor(ELSEWHERE))
        assert signed_in.account_id == opened.account_id
        assert signed_in.email == EMAIL
        assert not signed_in.must_change_password
        assert signed_in.session.session_epoch == shop.account(opened.account_id).session_epoch
        assert signed_in.session.authenticated_at == shop.clock.now
        assert [one.detail for one in shop.events(EventKind.SIGNED_IN)] == ["password"]

    def test_finds_the_account_by_any_spelling_of_the_address(self, shop: Shop) -> None:
        """EM-02: blanks and capitals do not matter, and the answer tells the stored spelling."""
        shop.open_account("Anna@Mail.example")
        signed_in = _sign_in(shop, "  aNNa@mail.EXAMPLE ")
        assert isinstance(signed_in, SignedIn)
        assert signed_in.email == "Anna@Mail.example"

    def test_stores_nothing(self, shop: Shop) -> None:
        """Truth 3: a success is one read; its event goes to the callback only."""
        shop.open_account()
        before = shop.storage._tables
        assert isinstance(_sign_in(shop), SignedIn)
        assert shop.storage._tables is before

    def test_says_that_a_generated_password_must_be_changed(self) -> None:
        """GEN-03: where the shop demands it, the sign-in says so."""
        shop = Shop(must_change_generated=True)
        opened = shop.open_account(password=None, generate_password=True)
        signed_in = _sign_in(shop, password=opened.generated_password or "")
        assert isinstance(signed_in, SignedIn)
        assert signed_in.must_change_password


class TestFailures:
    """Every failure looks the same."""

    def test_are_identical_in_every_case(self, shop: Shop) -> None:
        """EN-01: wrong password, unknown, pending, password-less and closed accounts get one answer."""
        opened = shop.open_account()
        shop.require(Register(email="pending@mail.example", password=PASSWORD), by=shop.visitor())
        social = shop.open_account("social@mail.example")
        shop.change(social.account_id, password_hash=None)
        closed = shop.open_account("closed@mail.example")
        shop.change(closed.account_id, email_key=None)
        assert _sign_in(shop, password="not the password") == FAILED
        for email in ("nobody", "pending", "social", "closed"):
            assert _sign_in(shop, f"{email}@mail.example") == FAILED
        assert len(shop.events(EventKind.SIGN_IN_FAILED)) == 5
        assert shop.account(opened.account_id).session_epoch == 1

    def test_include_a_pending_registration_in_its_own_browser(self, shop: Shop) -> None:
        """PH-02: a registration that waits for its proof signs nobody in, not even where it began."""
        shop.require(Register(email=EMAIL, password=PASSWORD), by=shop.visitor())
        assert shop.handle(SignIn(email=EMAIL, password=PASSWORD), by=shop.visitor()) == FAILED

    def test_include_an_empty_password(self, shop: Shop) -> None:
        """HS-06: no password is not a hash of an empty one."""
        opened = shop.open_account()
        shop.change(opened.account_id, password_hash=None)
        assert _sign_in(shop, password="") == FAILED

    def test_are_counted_by_address_in_any_spelling(self, shop: Shop) -> None:
        """AB-02: the eleventh try within a quarter of an hour is refused, whatever the capitals."""
        shop.open_account()
        for number in range(10):
            email = EMAIL.upper() if number % 2 else EMAIL
            assert _sign_in(shop, email, "wrong") == FAILED
        refused = _sign_in(shop)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS
        assert refused.retry_after is not None
        shop.clock.forward(minutes=16)
        assert isinstance(_sign_in(shop), SignedIn)

    def test_are_counted_by_network_across_addresses(self, shop: Shop) -> None:
        """AB-01, AB-03: the wide brake counts all tries of one network, successes clear nothing."""
        shop.open_account()
        for number in range(199):
            assert _sign_in(shop, f"a{number}@mail.example") == FAILED
        assert isinstance(_sign_in(shop), SignedIn)
        refused = _sign_in(shop, "other@mail.example")
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS

    def test_name_the_likely_address_when_it_cannot_be_read(self, shop: Shop) -> None:
        """F06: a comma for a dot is about typing, not about accounts."""
        refused = _sign_in(shop, "anna@gmail,com")
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "anna@gmail.com")

    @given(garbage=st.text(max_size=60))
    def test_include_stored_garbage(self, garbage: str) -> None:
        """HS-07: what is no hash refuses the sign-in and is told to the host, never to the customer."""
        shop = Shop()
        opened = shop.open_account()
        shop.change(opened.account_id, password_hash=garbage)
        assert _sign_in(shop) == FAILED
        told = shop.events(EventKind.HASH_NOT_RECOGNISED)
        assert [one.account_id for one in told] == [opened.account_id]


class TestRehash:
    """An old hash is replaced at the next sign-in, and that write never matters to the customer."""

    def test_replaces_a_hash_on_old_parameters(self, shop: Shop) -> None:
        """HS-03: after one sign-in the stored hash is on today's parameters, and the trail says so."""
        opened = shop.open_account()
        shop.change(opened.account_id, password_hash=_old_hash())
        assert isinstance(_sign_in(shop), SignedIn)
        stored = shop.account(opened.account_id).password_hash
        verified = Argon2Hasher(CHEAPEST, allow_cheap=True).verify(PASSWORD, stored)
        assert verified.ok
        assert not verified.needs_rehash
        kinds = [one.kind for one in shop.storage._tables.events]
        assert EventKind.PASSWORD_REHASHED in kinds

    def test_gives_way_to_a_change_of_the_password(self, shop: Shop) -> None:
        """HS-03: whoever changed the password between the read and the rehash wins; the sign-in stands."""
        opened = shop.open_account()
        shop.change(opened.account_id, password_hash=_old_hash())
        newer = Argon2Hasher(CHEAPEST, allow_cheap=True).hash("another good password")
        storage = Overtaken(shop.storage, lambda: shop.change(opened.account_id, password_hash=newer))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(SignIn(email=EMAIL, password=PASSWORD), by=shop.visitor())
        assert isinstance(outcome, SignedIn)
        assert shop.account(opened.account_id).password_hash == newer

    def test_may_fail_without_failing_the_sign_in(self, shop: Shop) -> None:
        """HS-04: a storage that cannot write refuses nobody; the host is told."""
        opened = shop.open_account()
        shop.change(opened.account_id, password_hash=_old_hash())

        class Full(MemoryStorage):
            """A storage whose disk is full."""

            read = shop.storage.read

            def write(self, changes: Sequence[Change], /) -> Counts:
                """Fail."""
                raise OSError("no space left")

        told: list[EventKind] = []
        accounts = Accounts(
            Full(), shop.settings, clock=shop.clock, on_event=lambda event: told.append(event.kind)
        )
        outcome = accounts.handle(SignIn(email=EMAIL, password=PASSWORD), by=shop.visitor())
        assert isinstance(outcome, SignedIn)
        assert told == [EventKind.SIGNED_IN, EventKind.REHASH_FAILED]


class TestSigningOutEverywhere:
    """One click ends all sessions."""

    def test_ends_every_session_its_own_included(self, shop: Shop) -> None:
        """SE-01: the epoch moves on, and the session that asked is refused from then on."""
        opened = shop.open_account()
        customer = shop.customer(opened.session)
        assert shop.require(SignOutEverywhere(), by=customer) == SignedOutEverywhere(opened.account_id)
        assert shop.account(opened.account_id).session_epoch == opened.session.session_epoch + 1
        refused = shop.handle(SignOutEverywhere(), by=customer)
        assert refused == Refused(Reason.SESSION_ENDED)
        assert [one.account_id for one in shop.events(EventKind.SIGNED_OUT_EVERYWHERE)] == [opened.account_id]

    def test_leaves_the_password_and_the_links_alone(self, shop: Shop) -> None:
        """Only sessions end: the customer signs in again with the same password."""
        opened = shop.open_account()
        links = shop.stored(TokenRecord)
        shop.require(SignOutEverywhere(), by=shop.customer(opened.session))
        assert shop.stored(TokenRecord) == links
        assert isinstance(_sign_in(shop), SignedIn)

    def test_ends_what_a_session_asked_for(self, shop: Shop) -> None:
        """PH-06, SE-01: a change of the address would give whoever was signed out another session."""
        opened = shop.open_account()
        intruder = shop.customer(opened.session, browser=ELSEWHERE)
        shop.require(RequestEmailChange(email="mallory@mail.example", current_password=PASSWORD), by=intruder)
        link = shop.link(shop.mails(MailPurpose.CONFIRM_EMAIL_CHANGE)[-1])
        shop.require(SignOutEverywhere(), by=shop.customer(opened.session))
        refused = shop.handle(ConfirmEmailChange(token=link), by=shop.visitor(ELSEWHERE))
        assert refused == Refused(Reason.LINK_INVALID)
        assert shop.account(opened.account_id).email == EMAIL

    def test_is_for_customers_only(self, shop: Shop) -> None:
        """AZ: nobody signs out somebody else; a session of an unknown account is none."""
        opened = shop.open_account()
        stranger = evolve(shop.customer(opened.session), account_id=uuid4())
        assert shop.handle(SignOutEverywhere(), by=stranger) == Refused(Reason.SESSION_ENDED)
        assert len(shop.stored(AccountRecord)) == 1


def test_the_password_is_in_no_repr() -> None:
    """LG-01: a command prints no password."""
    assert PASSWORD not in repr(SignIn(email=EMAIL, password=PASSWORD))
