"""A new password by way of the mailbox."""

import pickle
from datetime import timedelta
from uuid import UUID

import pytest
from attrs import asdict, evolve
from pydantic import ValidationError

from customer_accounts.account import AccountStatus
from customer_accounts.accounts import Accounts
from customer_accounts.changes import insert
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword, ResetRequested
from customer_accounts.features.registration import Register
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.issue import issue_token
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose, TokenRecord, link_text
from tests.overtaken import Overtaken
from tests.shop import BROWSER, ELSEWHERE, PASSWORD, Shop

EMAIL = "anna@mail.example"
NEW = "nine loud kingfishers"


def _ask(shop: Shop, email: str = EMAIL, browser: str = ELSEWHERE) -> ResetRequested:
    return shop.require(RequestPasswordReset(email=email, locale="fr"), by=shop.visitor(browser))


def _link(shop: Shop, email: str = EMAIL) -> str:
    _ask(shop, email)
    return shop.link(shop.mails(MailPurpose.RESET_PASSWORD)[-1])


def _reset(shop: Shop, token: str, new: str | None = NEW) -> object:
    return shop.handle(ResetPassword(token=token, new_password=new), by=shop.visitor(ELSEWHERE))


def _signs_in(shop: Shop, password: str) -> bool:
    outcome = shop.handle(SignIn(email=EMAIL, password=password), by=shop.visitor())
    return isinstance(outcome, SignedIn)


def _guest_order(shop: Shop, reference: str, days_ago: int) -> OrderRecord:
    placed = shop.clock.now - timedelta(days=days_ago)
    return OrderRecord(
        reference=reference,
        number=reference,
        placed_at=placed,
        status=OrderStatus.PLACED,
        email=EMAIL,
        email_key=EMAIL,
        status_at=placed,
    )


class TestAsking:
    """The page says one thing, the mailbox hears the truth."""

    def test_a_known_address_gets_a_link(self, shop: Shop) -> None:
        """EM-05: the link goes to the stored address, in the language of the account."""
        opened = shop.open_account("Anna@mail.example", locale="de")
        _ask(shop, "ANNA@mail.example")
        mail = shop.mails(MailPurpose.RESET_PASSWORD)[0]
        assert (mail.to, mail.locale, mail.account_id) == ("Anna@mail.example", "de", opened.account_id)

    def test_an_unknown_address_is_told_that_it_has_no_account(self, shop: Shop) -> None:
        """EN-01, EN-05: the owner of the mailbox hears it, nobody else; no link is mailed, and none opens anything."""
        _ask(shop, "nobody@mail.example")
        mail = shop.mails()[0]
        assert (mail.purpose, mail.to, mail.locale) == (MailPurpose.NO_ACCOUNT, "nobody@mail.example", "fr")
        assert mail.token is None
        (decoy,) = shop.stored(TokenRecord)
        link = link_text(shop.settings.secret, decoy.purpose, decoy.token_id)
        reset = ResetPassword(token=link, generate_password=True)
        refused = shop.handle(reset, by=shop.visitor(BROWSER))
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.LINK_INVALID

    def test_asking_again_and_again_writes_as_much_for_every_address(self, shop: Shop) -> None:
        """EN-05, TK-06: an address without an account has no more links than others, and none is left over."""
        shop.open_account()
        for number in (1, 2, 3, 3, 3):
            for email in (EMAIL, "nobody@mail.example"):
                _ask(shop, email)
                links = [one for one in shop.stored(TokenRecord) if one.purpose is Purpose.RESET_PASSWORD]
                assert len([one for one in links if one.email_key == email]) == number

    def test_as_many_columns_are_filled_for_every_address(self, shop: Shop) -> None:
        """EN-05: the link, the mail and the event differ in nothing but the mail's link, which is for owners only."""
        shop.open_account()
        filled: list[set[str]] = []
        for email in (EMAIL, "nobody@mail.example"):
            before = {one.id for one in shop.mails()}
            _ask(shop, email)
            (mail,) = (one for one in shop.mails() if one.id not in before)
            links = [one for one in shop.stored(TokenRecord) if one.email_key == email]
            filled.append({name for one in (mail, links[-1]) for name, value in asdict(one).items() if value})
        assert filled[0] - filled[1] == {"token"}
        assert filled[1] - filled[0] == set()

    def test_whoever_asked_before_opening_an_account_was_no_rival(self, shop: Shop) -> None:
        """LG-02: the trail tells of no stranger where the owner looked for an account first, and then opened one."""
        _ask(shop)
        shop.open_account()
        assert shop.events(EventKind.RIVALS_DELETED) == []

    def test_a_closed_account_has_no_link(self, shop: Shop) -> None:
        """SE-02: the address of a closed account is an unknown one."""
        opened = shop.open_account()
        shop.change(opened.account_id, email_key=None, status=AccountStatus.CLOSED)
        _ask(shop)
        assert shop.mails(MailPurpose.RESET_PASSWORD) == []
        assert len(shop.mails(MailPurpose.NO_ACCOUNT)) == 1

    def test_a_waiting_registration_gets_its_confirmation_again(self, shop: Shop) -> None:
        """PH-02: there is no password to reset before the proof; the proof is what is missing."""
        shop.require(Register(email=EMAIL, password=PASSWORD), by=shop.visitor(BROWSER))
        _ask(shop)
        mails = shop.mails()
        assert [one.purpose for one in mails] == [MailPurpose.CONFIRM_REGISTRATION] * 2
        token = shop.link(mails[1])
        refused = shop.handle(ConfirmEmail(token=token), by=shop.visitor(ELSEWHERE))
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.PASSWORD_REQUIRED

    def test_an_expired_registration_is_none(self, shop: Shop) -> None:
        """PH-09: what waited too long is an unknown address."""
        shop.require(Register(email=EMAIL, password=PASSWORD), by=shop.visitor(BROWSER))
        shop.clock.forward(days=8)
        _ask(shop)
        assert len(shop.mails(MailPurpose.NO_ACCOUNT)) == 1

    def test_the_answer_helps_with_typing_errors(self, shop: Shop) -> None:
        """F06: the likely address comes with the answer, or with the refusal of what cannot be read."""
        answer = _ask(shop, "anna@gmial.com")
        assert answer.email_suggestion == "anna@gmail.com"
        assert "help@shop.example" in answer.advice
        refused = shop.handle(RequestPasswordReset(email="anna@gmail,com"), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "anna@gmail.com")

    def test_mails_are_capped_by_address(self, shop: Shop) -> None:
        """AB-08: the sixth mail to one mailbox within the hour is not sent."""
        shop.open_account()
        for _ in range(5):
            _ask(shop)
        refused = shop.handle(RequestPasswordReset(email=EMAIL), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS

    def test_sign_in_and_reset_do_not_count_against_each_other(self, shop: Shop) -> None:
        """AB-06: whoever is locked out by wrong passwords still resets, and the other way round."""
        shop.open_account()
        for _ in range(10):
            assert not _signs_in(shop, "wrong")
        assert not _signs_in(shop, PASSWORD)
        for _ in range(5):
            _ask(shop)
        shop.clock.forward(minutes=16)
        assert _signs_in(shop, PASSWORD)

    def test_at_most_three_links_live(self, shop: Shop) -> None:
        """TK-06: of four requests, the first one's link is gone and the others work."""
        shop.open_account()
        tokens = [_link(shop) for _ in range(4)]
        assert _reset(shop, tokens[0]) == Refused(Reason.LINK_INVALID)
        assert not isinstance(_reset(shop, tokens[1]), Refused)
        assert _reset(shop, tokens[3]) == Refused(Reason.ALREADY_DONE)


class TestResetting:
    """The account belongs to whoever proves the mailbox."""

    def test_sets_the_password_and_signs_in(self, shop: Shop) -> None:
        """Truth 1: the new password works, the old one does not, and the session of the result is live."""
        opened = shop.open_account()
        token = _link(shop)
        done = shop.require(ResetPassword(token=token, new_password=NEW), by=shop.visitor(ELSEWHERE))
        assert done.account_id == opened.account_id
        assert (_signs_in(shop, PASSWORD), _signs_in(shop, NEW)) == (False, True)
        change = ChangePassword(current_password=NEW, new_password="and yet another one")
        shop.require(change, by=shop.customer(done.session))
        ended = shop.handle(change, by=shop.customer(opened.session))
        assert ended == Refused(Reason.SESSION_ENDED)

    def test_makes_a_password_on_demand(self, shop: Shop) -> None:
        """GEN-02: shown once with the result, in no repr and no pickle."""
        opened = shop.open_account()
        command = ResetPassword(token=_link(shop), generate_password=True)
        done = shop.require(command, by=shop.visitor(ELSEWHERE))
        assert done.generated_password is not None
        assert done.generated_password not in repr(done)
        assert _signs_in(shop, done.generated_password)
        assert shop.account(opened.account_id).password_generated
        with pytest.raises(TypeError):
            pickle.dumps(done)

    def test_gives_an_account_without_password_one(self, shop: Shop) -> None:
        """Truth 1: the mailbox is enough, also for who used to sign in elsewhere."""
        opened = shop.open_account()
        shop.change(opened.account_id, password_hash=None)
        _reset(shop, _link(shop))
        assert _signs_in(shop, NEW)

    def test_tells_the_owner(self, shop: Shop) -> None:
        """LG-04: by mail and in the trail; without linked sign-ins there is nothing to approve."""
        opened = shop.open_account()
        _reset(shop, _link(shop))
        mail = shop.mails(MailPurpose.PASSWORD_CHANGED)[0]
        assert (mail.to, mail.token, mail.detail("identities")) == (EMAIL, None, "")
        assert [one.account_id for one in shop.events(EventKind.PASSWORD_RESET)] == [opened.account_id]

    def test_kills_every_other_link_of_the_account(self, shop: Shop) -> None:
        """PH-03, PH4: pending changes of the address die, and so do links of others to it."""
        opened = shop.open_account()
        env = shop.accounts._around.env()
        theirs = issue_token(
            env, Purpose.CONFIRM_EMAIL_CHANGE, email=EMAIL, email_key=EMAIL, account_id=UUID(int=7)
        )
        ours = issue_token(
            env,
            Purpose.CONFIRM_EMAIL_CHANGE,
            email="new@mail.example",
            email_key="new@mail.example",
            account_id=opened.account_id,
        )
        shop.storage.write([insert(theirs), insert(ours)])
        _reset(shop, _link(shop))
        left = {one.digest for one in shop.stored(TokenRecord)}
        assert left.isdisjoint({theirs.digest, ours.digest})

    def test_leaves_registrations_of_others_waiting(self, shop: Shop) -> None:
        """EN-01: a browser must not learn from its registration that the address has an account."""
        shop.open_account()
        shop.require(Register(email=EMAIL, password=PASSWORD), by=shop.visitor(ELSEWHERE))
        before = shop.registrations()
        _reset(shop, _link(shop))
        assert shop.registrations() == before

    def test_is_the_first_proof_of_an_account_that_never_had_one(self, shop: Shop) -> None:
        """GM-01, PH-01: recent guest orders join, rivals go, and the mailbox counts as proven."""
        opened = shop.open_account()
        shop.change(opened.account_id, email_verified_at=None, password_hash=None)
        shop.require(Register(email=EMAIL, password=PASSWORD), by=shop.visitor(ELSEWHERE))
        shop.storage.write([insert(_guest_order(shop, "young", 3)), insert(_guest_order(shop, "old", 900))])
        env = shop.accounts._around.env()
        token = issue_token(
            env, Purpose.SET_PASSWORD, email=EMAIL, email_key=EMAIL, account_id=opened.account_id
        )
        shop.storage.write([insert(token)])
        command = ResetPassword(token=shop.text_of(token), new_password=NEW)
        done = shop.require(command, by=shop.visitor(ELSEWHERE))
        assert done.claimed == 1
        owners = {one.reference: one.owner for one in shop.stored(OrderRecord)}
        assert owners == {"young": opened.account_id, "old": None}
        assert shop.account(opened.account_id).email_verified_at == shop.clock.now
        assert shop.registrations() == []

    def test_moves_no_orders_later_on(self, shop: Shop) -> None:
        """GM-01: what was ordered as a guest beside an account is offered, never moved by a reset."""
        shop.open_account()
        shop.storage.write([insert(_guest_order(shop, "young", 3))])
        done = _reset(shop, _link(shop))
        assert getattr(done, "claimed", None) == 0
        assert [one.owner for one in shop.stored(OrderRecord)] == [None]

    def test_loses_to_a_use_of_the_same_link(self, shop: Shop) -> None:
        """TK-05: of two clicks at the same time one wins, the other is told that it is done."""
        shop.open_account()
        token = _link(shop)
        storage = Overtaken(shop.storage, lambda: _reset(shop, token, "the faster password"))
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        outcome = accounts.handle(ResetPassword(token=token, new_password=NEW), by=shop.visitor())
        assert outcome == Refused(Reason.ALREADY_DONE)
        assert _signs_in(shop, "the faster password")


class TestRefusals:
    """What cannot be a new password leaves the link as it was."""

    @pytest.mark.parametrize(
        ("new", "reason"),
        [
            (None, Reason.PASSWORD_EMPTY),
            ("short 7", Reason.PASSWORD_TOO_SHORT),
            ("anna.berger1", Reason.PASSWORD_CONTAINS_CONTEXT),
        ],
    )
    def test_the_new_password_passes_the_policy(self, shop: Shop, new: str | None, reason: Reason) -> None:
        """PW-12: the same gate as everywhere; the link still works afterwards."""
        shop.open_account(name="Anna Berger")
        token = _link(shop)
        refused = _reset(shop, token, new)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.field) == (reason, "new_password")
        assert not isinstance(_reset(shop, token), Refused)

    def test_a_link_dies_with_a_change_of_the_password(self, shop: Shop) -> None:
        """TK-06: a link that was asked for before a change does not undo it."""
        opened = shop.open_account()
        token = _link(shop)
        change = ChangePassword(current_password=PASSWORD, new_password=NEW)
        shop.require(change, by=shop.customer(opened.session))
        assert _reset(shop, token) == Refused(Reason.LINK_INVALID)

    def test_a_password_is_given_or_made_not_both(self) -> None:
        """A command that contradicts itself is no command."""
        with pytest.raises(ValidationError, match="not both"):
            ResetPassword(token="x", new_password=NEW, generate_password=True)

    def test_clicks_are_counted_by_network(self, shop: Shop) -> None:
        """AB-01: nobody tries links without end."""
        visitor = evolve(shop.visitor(), ip="2001:db8::1")
        for _ in range(300):
            shop.handle(ResetPassword(token="x"), by=visitor)
        neighbour = evolve(visitor, ip="2001:db8::2")
        refused = shop.handle(ResetPassword(token="x"), by=neighbour)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS
