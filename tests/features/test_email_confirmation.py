"""The proof of the mailbox: link or code, here or elsewhere, once."""

import pickle
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from customer_accounts.account import AccountRecord
from customer_accounts.changes import insert, update
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail, InspectLink, Needs
from customer_accounts.features.registration import Register
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose, TokenRecord
from tests.shop import ELSEWHERE, PASSWORD, Shop

ANNA = "anna@mail.example"
OTHER = "thirteen other herons"


def _register(shop: Shop, email: str = ANNA, *, generate: bool = False, browser: str | None = None) -> str:
    """Register and give the link of the mail."""
    visitor = shop.visitor() if browser is None else shop.visitor(browser)
    password = None if generate else SecretStr(PASSWORD)
    shop.require(
        Register(email=email, password=password, generate_password=generate, name="Anna"), by=visitor
    )
    return shop.link(shop.mails(MailPurpose.CONFIRM_REGISTRATION)[-1])


def _reason(answer: object) -> Reason:
    assert isinstance(answer, Refused)
    return answer.reason


def _verifies(shop: Shop, confirmed: Confirmed, password: str) -> bool:
    return shop.accounts._around.hasher.verify(password, shop.account(confirmed.account_id).password_hash).ok


class TestSameBrowser:
    """The link opened where the registration began."""

    def test_begins_the_account(self, shop: Shop) -> None:
        """F04: one click; the chosen password is armed, the first session begins."""
        confirmed = shop.require(ConfirmEmail(token=_register(shop)), by=shop.visitor())
        account = shop.account(confirmed.account_id)
        assert (account.email, account.email_key, account.name) == (ANNA, ANNA, "Anna")
        assert account.email_verified_at == shop.clock()
        assert _verifies(shop, confirmed, PASSWORD)
        assert not account.password_generated
        assert (confirmed.session.account_id, confirmed.session.session_epoch) == (account.id, 1)
        assert confirmed.generated_password is None

    def test_shows_the_generated_password_once(self, shop: Shop) -> None:
        """F03, GEN-01, GEN-02: made now, returned now, stored as a hash, hidden in repr."""
        confirmed = shop.require(ConfirmEmail(token=_register(shop, generate=True)), by=shop.visitor())
        password = confirmed.generated_password
        assert password is not None
        assert len(password.split("-")) == 4
        assert _verifies(shop, confirmed, password)
        assert shop.account(confirmed.account_id).password_generated
        assert password not in repr(confirmed)
        assert password not in repr(shop.storage._tables)
        with pytest.raises(TypeError, match="password"):
            pickle.dumps(confirmed)

    def test_strict_profile_wants_the_generated_one_changed(self) -> None:
        """GEN-03: must_change follows the settings, for generated passwords only."""
        shop = Shop(must_change_generated=True)
        generated = shop.require(ConfirmEmail(token=_register(shop, generate=True)), by=shop.visitor())
        chosen = shop.require(ConfirmEmail(token=_register(shop, "b@mail.example")), by=shop.visitor())
        assert shop.account(generated.account_id).must_change_password
        assert not shop.account(chosen.account_id).must_change_password

    def test_a_new_password_may_be_set(self, shop: Shop) -> None:
        """Truth 1: who proves the mailbox decides, wishes of the same browser stay."""
        confirmed = shop.require(
            ConfirmEmail(token=_register(shop), new_password=SecretStr(OTHER)), by=shop.visitor()
        )
        assert _verifies(shop, confirmed, OTHER)
        assert not _verifies(shop, confirmed, PASSWORD)
        assert confirmed.wishes_dropped == ()

    def test_one_may_be_generated_after_all(self, shop: Shop) -> None:
        """F03: the choice can still be changed at the proof."""
        confirmed = shop.require(
            ConfirmEmail(token=_register(shop), generate_password=True), by=shop.visitor()
        )
        assert _verifies(shop, confirmed, confirmed.generated_password or "")


class TestElsewhere:
    """The link opened in another browser."""

    def test_asks_for_a_password(self, shop: Shop) -> None:
        """PH-05, PH6: the stranger's password is never armed by the owner's click."""
        token = _register(shop)
        assert (
            _reason(shop.handle(ConfirmEmail(token=token), by=shop.visitor(ELSEWHERE)))
            is Reason.PASSWORD_REQUIRED
        )
        assert shop.stored(AccountRecord) == []

    def test_leads_nowhere_that_a_stranger_chose(self, shop: Shop) -> None:
        """PH6: the owner who sets a new password is not sent on to a path of the registering stranger."""
        shop.require(Register(email=ANNA, password=PASSWORD, continue_to="/sign-out"), by=shop.visitor())
        token = shop.link(shop.mails()[-1])
        confirmed = shop.require(ConfirmEmail(token=token, new_password=OTHER), by=shop.visitor(ELSEWHERE))
        assert confirmed.continue_to == ""

    def test_the_chosen_password_shows_who_it_is(self, shop: Shop) -> None:
        """F04: the registering person on another device keeps all they entered."""
        confirmed = shop.require(
            ConfirmEmail(token=_register(shop), password=SecretStr(PASSWORD)), by=shop.visitor(ELSEWHERE)
        )
        assert shop.account(confirmed.account_id).name == "Anna"
        assert confirmed.wishes_dropped == ()
        assert _verifies(shop, confirmed, PASSWORD)

    def test_a_wrong_password_begins_nothing(self, shop: Shop) -> None:
        """PH-05: refused, counted, and the link can be used again."""
        token = _register(shop)
        attempt = ConfirmEmail(token=token, password=SecretStr("not the right one"))
        assert _reason(shop.handle(attempt, by=shop.visitor(ELSEWHERE))) is Reason.PASSWORD_WRONG
        answers = [shop.handle(attempt, by=shop.visitor(ELSEWHERE)) for _ in range(12)]
        assert _reason(answers[-1]) is Reason.TOO_MANY_ATTEMPTS
        assert isinstance(shop.handle(ConfirmEmail(token=token), by=shop.visitor()), Confirmed)

    def test_a_new_password_leaves_the_strangers_wishes_behind(self, shop: Shop) -> None:
        """PH-05: name and wishes of whoever registered are not taken over by somebody else's proof."""
        confirmed = shop.require(
            ConfirmEmail(token=_register(shop), new_password=SecretStr(OTHER)), by=shop.visitor(ELSEWHERE)
        )
        assert _verifies(shop, confirmed, OTHER)
        assert not _verifies(shop, confirmed, PASSWORD)
        assert shop.account(confirmed.account_id).name == ""
        assert confirmed.wishes_dropped == ("name",)

    def test_a_generated_one_needs_nothing(self, shop: Shop) -> None:
        """F03: it is made at the proof and shown to whoever proved, wherever they are."""
        token = _register(shop, generate=True)
        confirmed = shop.require(ConfirmEmail(token=token), by=shop.visitor(ELSEWHERE))
        assert _verifies(shop, confirmed, confirmed.generated_password or "")

    def test_a_weak_new_password_is_refused(self, shop: Shop) -> None:
        """PW-12: the same policy here, and the field is named."""
        attempt = ConfirmEmail(token=_register(shop), new_password=SecretStr("motdepasse1"))
        refused = shop.handle(attempt, by=shop.visitor(ELSEWHERE))
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.field) == (Reason.PASSWORD_TOO_COMMON, "new_password")


class TestOnce:
    """A link works once."""

    def test_the_second_click_is_told_it_is_done(self, shop: Shop) -> None:
        """TK-05, TK-07: the winner's second click, and a click on an older mail, answer "already done"."""
        older = _register(shop)
        shop.clock.forward(minutes=1)
        token = _register(shop)
        shop.require(ConfirmEmail(token=token), by=shop.visitor())
        for text in (token, older):
            assert _reason(shop.handle(ConfirmEmail(token=text), by=shop.visitor())) is Reason.ALREADY_DONE
        assert len(shop.stored(AccountRecord)) == 1

    def test_a_rivals_link_is_dead(self, shop: Shop) -> None:
        """PH-01, PH-04: the first proof deletes every other registration and its links, and says so."""
        rival = _register(shop, browser=ELSEWHERE)
        shop.require(ConfirmEmail(token=_register(shop)), by=shop.visitor())
        assert shop.registrations() == []
        assert (
            _reason(shop.handle(ConfirmEmail(token=rival), by=shop.visitor(ELSEWHERE))) is Reason.LINK_INVALID
        )
        (event,) = shop.events(EventKind.RIVALS_DELETED)
        assert event.detail == "1 registrations, 1 links"

    @pytest.mark.parametrize("late", [timedelta(days=2), timedelta(days=2, microseconds=1)])
    def test_expires_to_the_moment(self, shop: Shop, late: timedelta) -> None:
        """TK-04: two days after the mail it works, a microsecond later it does not."""
        token = _register(shop)
        shop.clock.now += late
        answer = shop.handle(ConfirmEmail(token=token), by=shop.visitor())
        assert isinstance(answer, Confirmed) is (late == timedelta(days=2))
        if isinstance(answer, Refused):
            assert answer.reason is Reason.LINK_EXPIRED

    def test_an_address_that_has_an_account_gets_no_second_one(self, shop: Shop) -> None:
        """EM-03: a link that is left over, whatever the reason, opens nothing beside an account of the address."""
        token = _register(shop)
        account = AccountRecord(
            id=UUID(int=1),
            email=ANNA,
            email_key=ANNA,
            email_verified_at=shop.clock(),
            created_at=shop.clock(),
        )
        shop.storage.write([insert(account)])
        assert _reason(shop.handle(ConfirmEmail(token=token), by=shop.visitor())) is Reason.LINK_INVALID
        assert shop.stored(AccountRecord) == [account]

    @pytest.mark.parametrize("text", ["", " ", "x" * 43, "x" * 42, "é" * 43])
    def test_unknown_texts_are_invalid(self, shop: Shop, text: str) -> None:
        """TK-08: empty, blank, unknown and malformed links are one refusal."""
        _register(shop)
        for command in (ConfirmEmail(token=text), InspectLink(token=text)):
            assert _reason(shop.handle(command, by=shop.visitor())) is Reason.LINK_INVALID

    @pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.CONFIRM_REGISTRATION])
    def test_links_of_other_purposes_do_nothing_here(self, shop: Shop, purpose: Purpose) -> None:
        """TK-03: a link that was mailed for something else confirms no registration."""
        from attrs import evolve

        token = _register(shop)
        (stored,) = shop.stored(TokenRecord)
        shop.storage.write([update(stored, evolve(stored, purpose=purpose, registration_id=None))])
        answer = shop.handle(ConfirmEmail(token=token, new_password=SecretStr(OTHER)), by=shop.visitor())
        assert _reason(answer) is Reason.LINK_INVALID


class TestCode:
    """The short code."""

    def test_confirms_in_the_registering_browser(self, shop: Shop) -> None:
        """TK-09: as mailed, in any spelling."""
        _register(shop)
        code = shop.code(shop.mails()[0])
        confirmed = shop.require(ConfirmEmail(code=f" {code[:4].lower()}-{code[4:]} "), by=shop.visitor())
        assert _verifies(shop, confirmed, PASSWORD)

    @pytest.mark.parametrize("browser", [ELSEWHERE, None])
    def test_is_worth_nothing_elsewhere(self, shop: Shop, browser: str | None) -> None:
        """TK-09: another browser has no registration that the code could be for."""
        _register(shop)
        answer = shop.handle(ConfirmEmail(code=shop.code(shop.mails()[0])), by=shop.visitor(browser))
        assert _reason(answer) is Reason.NOTHING_WAITING

    @pytest.mark.parametrize(("minutes", "works"), [(10, True), (10.001, False)])
    def test_lives_ten_minutes(self, shop: Shop, minutes: float, works: bool) -> None:
        """TK-09: the code ends after ten minutes, the link of the same mail goes on."""
        token = _register(shop)
        shop.clock.forward(minutes=minutes)
        answer = shop.handle(ConfirmEmail(code=shop.code(shop.mails()[0])), by=shop.visitor())
        assert isinstance(answer, Confirmed) is works
        if not works:
            assert isinstance(shop.handle(ConfirmEmail(token=token), by=shop.visitor()), Confirmed)

    def test_five_tries_over_all_requests(self, shop: Shop) -> None:
        """TK-09: after five wrong tries the right code is refused too; each try is announced; the link works."""
        token = _register(shop)
        for _ in range(5):
            assert _reason(shop.handle(ConfirmEmail(code="AAAAAAAA"), by=shop.visitor())) is Reason.CODE_WRONG
        right = ConfirmEmail(code=shop.code(shop.mails()[0]))
        assert _reason(shop.handle(right, by=shop.visitor())) is Reason.CODE_WRONG
        assert len(shop.events(EventKind.CODE_WRONG)) == 6
        assert isinstance(shop.handle(ConfirmEmail(token=token), by=shop.visitor()), Confirmed)

    def test_a_new_mail_gives_no_new_tries(self, shop: Shop) -> None:
        """TK-09: registering again in the same browser keeps the count of wrong tries."""
        _register(shop)
        for _ in range(5):
            shop.handle(ConfirmEmail(code="AAAAAAAA"), by=shop.visitor())
        _register(shop)
        right = ConfirmEmail(code=shop.code(shop.mails()[-1]))
        assert isinstance(shop.handle(right, by=shop.visitor()), Refused)

    def test_second_time_is_told_it_is_done(self, shop: Shop) -> None:
        """TK-07: the tab that sends the code twice learns that all is well."""
        _register(shop)
        command = ConfirmEmail(code=shop.code(shop.mails()[0]))
        shop.require(command, by=shop.visitor())
        assert _reason(shop.handle(command, by=shop.visitor())) is Reason.ALREADY_DONE

    def test_a_secret_that_is_gone_takes_its_codes_along(self, shop: Shop) -> None:
        """TK-02: after a rotation without the old secret, codes of old mails are wrong and links still work."""
        token = _register(shop)
        code = shop.code(shop.mails()[0])
        rotated = Shop(secret="another secret of thirty-two letters", secret_id="2")
        rotated.accounts._storage = shop.storage
        assert _reason(rotated.handle(ConfirmEmail(code=code), by=shop.visitor())) is Reason.CODE_WRONG
        assert isinstance(rotated.handle(ConfirmEmail(token=token), by=shop.visitor()), Confirmed)


class TestInspectLink:
    """Looking consumes nothing."""

    @pytest.mark.parametrize(
        ("generate", "browser", "needs"),
        [
            (False, None, Needs.NOTHING),
            (False, ELSEWHERE, Needs.PASSWORD_OR_NEW),
            (True, ELSEWHERE, Needs.NOTHING),
        ],
    )
    def test_says_what_is_needed(self, shop: Shop, generate: bool, browser: str | None, needs: Needs) -> None:
        """TK-07: the page knows what to ask for, sees a masked address, and the link works afterwards."""
        token = _register(shop, generate=generate)
        visitor = shop.visitor() if browser is None else shop.visitor(browser)
        before = repr(shop.storage._tables)
        for _ in range(3):
            view = shop.require(InspectLink(token=token), by=visitor)
        assert (view.purpose, view.needs, view.email) == (
            Purpose.CONFIRM_REGISTRATION,
            needs,
            "a***@mail.example",
        )
        assert repr(shop.storage._tables) == before
        shop.require(ConfirmEmail(token=token), by=shop.visitor())
        assert _reason(shop.handle(InspectLink(token=token), by=visitor)) is Reason.ALREADY_DONE


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"token": "x", "code": "y"},
        {"token": "x", "password": "a", "new_password": "b"},
        {"token": "x", "password": "a", "generate_password": True},
    ],
)
def test_contradictions_are_validation_errors(fields: dict[str, object]) -> None:
    """LG-01: token and code, or two passwords, exclude each other; the error holds none of them."""
    with pytest.raises(ValidationError) as caught:
        ConfirmEmail(**fields)
    assert "input" not in repr([one.get("input") for one in caught.value.errors()])
