"""Registration: the same answer for everybody, a mail for the right person, corrections from the same browser."""

from uuid import UUID, uuid5

import pytest
from pydantic import SecretStr

from customer_accounts.account import RegistrationRecord
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.registration import (
    CorrectRegistrationAddress,
    InspectRegistration,
    Register,
    Registered,
    RegistrationState,
    ResendConfirmation,
)
from customer_accounts.inputs import AddressInput, CompanyInput, NewsletterInput
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings
from customer_accounts.testing import cheap_settings
from customer_accounts.token import Purpose, TokenRecord, link_text
from tests.shop import BROWSER, ELSEWHERE, PASSWORD, Shop

ANNA = "anna@mail.example"


def _secret(text: str = PASSWORD) -> SecretStr:
    return SecretStr(text)


class TestRegister:
    """Register."""

    def test_stores_a_pending_registration_and_queues_its_mail(self, shop: Shop) -> None:
        """F01, F02, F04: nothing but a pending registration exists, and one mail with its link waits."""
        shop.require(
            Register(email=" Anna@Mail.example ", password=_secret(), name="Anna"), by=shop.visitor()
        )
        (pending,) = shop.registrations()
        (mail,) = shop.mails()
        assert (pending.email, pending.email_key, pending.name) == ("Anna@Mail.example", ANNA, "Anna")
        assert pending.password_hash is not None
        assert PASSWORD not in pending.password_hash
        assert (mail.purpose, mail.to) == (MailPurpose.CONFIRM_REGISTRATION, "Anna@Mail.example")
        assert [one.email for one in shop.events(EventKind.REGISTRATION_REQUESTED)] == ["A***@Mail.example"]

    def test_its_id_is_made_of_who_asks_for_what(self, shop: Shop) -> None:
        """RL-08: the id is the UUID of version 5 of the browser, the command and the address (RFC 9562)."""
        command = Register(email=ANNA, password=_secret())
        shop.require(command, by=shop.visitor())
        (pending,) = shop.registrations()
        name = f"{shop.visitor().browser_digest}:{command.id}:{ANNA}"
        assert pending.id == uuid5(UUID("2f1c1a52-6a0e-4b53-8f0e-6f2d1c8f0b11"), name)

    def test_generates_no_password_before_the_proof(self, shop: Shop) -> None:
        """F03, GEN-02: the wish is kept, the password does not exist yet."""
        shop.require(Register(email=ANNA, generate_password=True), by=shop.visitor())
        (pending,) = shop.registrations()
        assert pending.generate_password
        assert pending.password_hash is None

    def test_keeps_the_wishes(self, shop: Shop) -> None:
        """F04: newsletter, company, address and the way on wait in the pending registration."""
        shop.require(
            Register(
                email=ANNA,
                password=_secret(),
                locale="fr-CH",
                company=CompanyInput(name="Muster GmbH", vat_number="ATU13585627"),
                address=AddressInput(
                    name="Anna", street="Hauptplatz 1", city="Graz", country="AT", postcode="8010"
                ),
                newsletter=NewsletterInput(text_version="2026-11"),
                continue_to="/checkout",
            ),
            by=shop.visitor(),
        )
        (pending,) = shop.registrations()
        assert pending.company is not None
        assert pending.company.vat_number == "ATU13585627"
        assert pending.address is not None
        assert pending.address.city == "Graz"
        assert pending.consent is not None
        assert (pending.consent.text_version, pending.consent.at) == ("2026-11", shop.clock())
        assert (pending.locale, pending.continue_to) == ("fr", "/checkout")

    def test_warns_of_a_typing_error(self, shop: Shop) -> None:
        """F06: the likely address comes with the answer, and the registration stands all the same."""
        answer = shop.require(Register(email="anna@gmial.com", password=_secret()), by=shop.visitor())
        assert answer.email_suggestion == "anna@gmail.com"
        assert len(shop.registrations()) == 1

    def test_says_where_to_look(self, shop: Shop) -> None:
        """F05: the answer names the spam folder and the shop's contact, in the customer's language."""
        answer = shop.require(Register(email=ANNA, password=_secret(), locale="fr"), by=shop.visitor())
        assert "spam" in answer.advice
        assert answer.contact in answer.advice
        assert answer.contact == "help@shop.example"

    @pytest.mark.parametrize(
        "email", ["", "anna", "a@gmail,com", "a@b.example, c@d.example", "a\r\nBcc: b@c.example"]
    )
    def test_refuses_an_unreadable_address(self, shop: Shop, email: str) -> None:
        """F06, EM-01: refused with the field and, where there is one, the likely address; nothing is written."""
        refused = shop.handle(Register(email=email, password=_secret()), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.field) == (Reason.EMAIL_INVALID, "email")
        assert refused.suggestion == ("a@gmail.com" if email == "a@gmail,com" else refused.suggestion)
        assert shop.stored(RegistrationRecord) == []
        assert shop.mails() == []

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            (None, Reason.PASSWORD_EMPTY),
            ("", Reason.PASSWORD_EMPTY),
            ("seven77", Reason.PASSWORD_TOO_SHORT),
            ("x" * 1025, Reason.PASSWORD_TOO_LONG),
            ("motdepasse1", Reason.PASSWORD_TOO_COMMON),
            ("DemoShop2024!", Reason.PASSWORD_CONTAINS_CONTEXT),
            ("\ud800 surrogate", Reason.PASSWORD_MALFORMED),
        ],
    )
    def test_refuses_weak_passwords(self, shop: Shop, password: str | None, reason: Reason) -> None:
        """PW-09, PW-12: each weakness has its reason and a text; a blank field is never read as "generate"."""
        secret = None if password is None else SecretStr(password)
        refused = shop.handle(Register(email=ANNA, password=secret), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert refused.reason is reason
        assert refused.text("de")
        assert shop.stored(RegistrationRecord) == []

    def test_tells_the_owner_of_a_known_address(self, shop: Shop) -> None:
        """EN-02: the owner gets "you already have an account"; no link of the registration exists."""
        shop.open_account()
        stranger = shop.visitor(ELSEWHERE)
        answer = shop.require(Register(email="ANNA@mail.example", password=_secret()), by=stranger)
        assert isinstance(answer, Registered)
        (mail,) = shop.mails(MailPurpose.ALREADY_REGISTERED)
        assert (mail.to, mail.token) == (ANNA, None)
        (waiting,) = shop.registrations()
        assert [one for one in shop.stored(TokenRecord) if one.registration_id == waiting.id] == []

    def test_same_browser_replaces_its_own(self, shop: Shop) -> None:
        """F05, TK-06: registering again changes the password, and the link of the first mail still works."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        shop.require(Register(email=ANNA, password=_secret("twelve loud herons")), by=shop.visitor())
        assert len(shop.registrations()) == 1
        first = shop.link(shop.mails()[0])
        confirmed = shop.require(ConfirmEmail(token=first), by=shop.visitor())
        stored = shop.account(confirmed.account_id).password_hash
        assert shop.accounts._around.hasher.verify("twelve loud herons", stored).ok

    def test_other_browsers_have_their_own(self, shop: Shop) -> None:
        """PH-04: parallel registrations of one address do not touch each other."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor(ELSEWHERE))
        assert len(shop.registrations()) == 2

    def test_without_a_browser_nobody_shares_one(self, shop: Shop) -> None:
        """A host without cookies makes registrations that no browser owns."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor(None))
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor(None))
        assert len({one.browser for one in shop.registrations()}) == 2
        refused = shop.handle(InspectRegistration(), by=shop.visitor(None))
        assert isinstance(refused, Refused)

    def test_repeat_after_a_lost_answer(self, shop: Shop) -> None:
        """RL-08: the same command again leaves one registration."""
        command = Register(email=ANNA, password=_secret())
        assert shop.require(command, by=shop.visitor()) == shop.require(command, by=shop.visitor())
        assert len(shop.registrations()) == 1

    def test_the_oldest_of_too_many_goes(self, shop: Shop) -> None:
        """PH-09: at most five wait for one address, with their links; the newest always has its place."""
        for number in range(7):
            visitor = shop.visitor(f"browser number {number} of many")
            shop.require(Register(email=ANNA, password=_secret()), by=visitor)
            shop.clock.forward(hours=1)
        waiting = shop.registrations()
        assert len(waiting) == 5
        assert len(shop.stored(TokenRecord)) == 5
        assert shop.visitor("browser number 6 of many").browser_digest in {one.browser for one in waiting}

    def test_a_repeat_without_a_browser_leaves_one(self, shop: Shop) -> None:
        """RL-08: also where the host keeps no cookie, the same command creates nothing twice."""
        command = Register(email=ANNA, password=_secret())
        assert shop.require(command, by=shop.visitor(None)) == shop.require(command, by=shop.visitor(None))
        assert len(shop.registrations()) == 1

    def test_a_form_sent_again_with_another_address_is_another_registration(self, shop: Shop) -> None:
        """F06, RL-08: a customer who goes back and corrects the address sends the same id."""
        command = Register(email="anna@mial.example", password=_secret())
        shop.require(command, by=shop.visitor())
        shop.require(command.model_copy(update={"email": ANNA}), by=shop.visitor())
        assert [one.email for one in shop.registrations()] == ["anna@mial.example", ANNA]

    def test_a_repeat_after_the_proof_is_answered_alike(self, shop: Shop) -> None:
        """RL-08, EN-01: a form sent once more after the account began tells nothing and breaks nothing."""
        command = Register(email=ANNA, password=_secret())
        first = shop.require(command, by=shop.visitor())
        confirmed = shop.require(ConfirmEmail(token=shop.link(shop.mails()[0])), by=shop.visitor())
        assert shop.require(command, by=shop.visitor()) == first
        assert shop.account(confirmed.account_id).is_open
        assert shop.mails()[-1].purpose is MailPurpose.ALREADY_REGISTERED

    def test_one_browser_keeps_only_so_many(self) -> None:
        """PH-09: what a browser began stays small, however many addresses it types."""
        shop = Shop(registrations_per_browser=3)
        for number in range(5):
            shop.require(Register(email=f"a{number}@mail.example", password=_secret()), by=shop.visitor())
            shop.clock.forward(minutes=1)
        assert [one.email for one in shop.registrations()] == [
            f"a{number}@mail.example" for number in (2, 3, 4)
        ]
        assert len(shop.stored(TokenRecord)) == 3

    def test_refuses_an_address_that_no_carrier_could_use(self, shop: Shop) -> None:
        """F10: the address that becomes the default with the proof is checked like any other."""
        address = AddressInput(name="Anna", street="Weg 1", city="Wien", country="AT", postcode="10")
        command = Register(email=ANNA, password=_secret(), address=address)
        refused = shop.handle(command, by=shop.visitor())
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.field) == (Reason.ADDRESS_INVALID, "postcode")
        assert shop.registrations() == []

    def test_limits_by_address(self, shop: Shop) -> None:
        """AB-01, AB-02, AB-06: five an hour for one address in any spelling, then a wait that ends."""
        for email in (ANNA, "ANNA@mail.example", "Anna@MAIL.example", " anna@mail.example", ANNA):
            shop.require(Register(email=email, password=_secret()), by=shop.visitor(ip=None))
        refused = shop.handle(Register(email=ANNA, password=_secret()), by=shop.visitor(ip=None))
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS
        assert refused.retry_after is not None
        shop.clock.now += refused.retry_after
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor(ip=None))

    def test_strict_profile_asks_for_fifteen(self) -> None:
        """PW-01: the strict profile's minimum holds at registration."""
        strict = Settings.strict(secret="s" * 32, storefront=cheap_settings().storefront)
        shop = Shop(password_policy=strict.password_policy)
        refused = shop.handle(Register(email=ANNA, password=_secret("fourteen chars")), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert "15" in refused.text("en")


class TestResend:
    """ResendConfirmation."""

    def test_sends_another_link_and_the_older_works(self, shop: Shop) -> None:
        """F05, TK-06: of many mails the last three links live."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        for _ in range(3):
            shop.clock.forward(minutes=20)
            shop.require(ResendConfirmation(email=ANNA), by=shop.visitor())
        assert len(shop.mails(MailPurpose.CONFIRM_REGISTRATION)) == 4
        assert len(shop.stored(TokenRecord)) == 3
        older = shop.link(shop.mails()[1])
        shop.require(ConfirmEmail(token=older), by=shop.visitor())

    @pytest.mark.parametrize("known", [True, False])
    def test_answers_alike_and_mails_nobody(self, shop: Shop, known: bool) -> None:
        """EN-01: where nothing waits the answer is the same and no mail goes out."""
        if known:
            shop.open_account()
        before = len(shop.mails())
        answer = shop.require(ResendConfirmation(email=ANNA, locale="de"), by=shop.visitor(ELSEWHERE))
        assert answer.advice.startswith("Wir haben Ihnen")
        assert len(shop.mails()) == before

    def test_stores_a_link_for_a_known_address_too(self, shop: Shop) -> None:
        """EN-05, TK-06: as many rows as for a new address; the link is mailed to nobody and opens nothing."""
        shop.open_account()
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor(ELSEWHERE))
        for number in (1, 2, 3, 3):
            shop.require(ResendConfirmation(email=ANNA), by=shop.visitor(ELSEWHERE))
            links = [one for one in shop.stored(TokenRecord) if one.used_at is None]
            assert [one.purpose for one in links] == [Purpose.CONFIRM_REGISTRATION] * number
        assert {one.token for one in shop.mails(MailPurpose.ALREADY_REGISTERED)} == {None}
        link = link_text(shop.settings.secret, links[0].purpose, links[0].token_id)
        refused = shop.handle(ConfirmEmail(token=link), by=shop.visitor(ELSEWHERE))
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.LINK_INVALID

    def test_prefers_the_browsers_own(self, shop: Shop) -> None:
        """PH-05: of several registrations the asking browser's own gets the link."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        shop.clock.forward(minutes=1)
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor(ELSEWHERE))
        shop.require(ResendConfirmation(email=ANNA), by=shop.visitor())
        mail = shop.mails()[-1]
        token = next(one for one in shop.stored(TokenRecord) if one.digest == mail.token)
        own = next(one for one in shop.registrations() if one.browser == shop.visitor().browser_digest)
        assert token.registration_id == own.id

    def test_an_expired_one_is_not_resent(self, shop: Shop) -> None:
        """PH-09: after a week a registration is over."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        shop.clock.forward(days=8)
        shop.require(ResendConfirmation(email=ANNA), by=shop.visitor())
        assert len(shop.mails()) == 1

    def test_refuses_an_unreadable_address(self, shop: Shop) -> None:
        """EM-01: the same reading as everywhere."""
        refused = shop.handle(ResendConfirmation(email="anna"), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.EMAIL_INVALID

    def test_mails_are_capped(self, shop: Shop) -> None:
        """AB-08: nobody is flooded with confirmation mails."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        answers = [shop.handle(ResendConfirmation(email=ANNA), by=shop.visitor()) for _ in range(8)]
        assert [isinstance(one, Refused) for one in answers].count(True) == 3
        assert len(shop.mails()) == 6


class TestCorrect:
    """CorrectRegistrationAddress."""

    def test_moves_the_registration_to_the_right_address(self, shop: Shop) -> None:
        """F06: from the same browser, without starting again; the link to the wrong address is dead."""
        shop.require(Register(email="anna@mial.example", password=_secret(), name="Anna"), by=shop.visitor())
        wrong = shop.link(shop.mails()[0])
        answer = shop.require(CorrectRegistrationAddress(email=ANNA), by=shop.visitor())
        assert answer.email == ANNA
        (pending,) = shop.registrations()
        assert (pending.email_key, pending.name) == (ANNA, "Anna")
        assert shop.mails()[-1].to == ANNA
        refused = shop.handle(ConfirmEmail(token=wrong), by=shop.visitor())
        assert isinstance(refused, Refused)
        shop.require(ConfirmEmail(token=shop.link(shop.mails()[-1])), by=shop.visitor())

    def test_only_from_the_same_browser(self, shop: Shop) -> None:
        """PH-02: a stranger cannot turn somebody's registration to his own address."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        for stranger in (shop.visitor(ELSEWHERE), shop.visitor(None)):
            refused = shop.handle(CorrectRegistrationAddress(email="m@evil.example"), by=stranger)
            assert isinstance(refused, Refused)
            assert refused.reason is Reason.NOTHING_WAITING
        assert [one.email for one in shop.registrations()] == [ANNA]

    def test_the_oldest_of_too_many_at_the_new_address_goes(self, shop: Shop) -> None:
        """PH-09: corrections count like registrations, so that nobody heaps them up at one address."""
        for number in range(7):
            visitor = shop.visitor(f"browser number {number} of many", ip=f"203.0.113.{number}")
            shop.require(Register(email=f"a{number}@mail.example", password=_secret()), by=visitor)
            shop.require(CorrectRegistrationAddress(email=ANNA), by=visitor)
            shop.clock.forward(hours=1)
        assert len(shop.registrations()) == 5
        assert len(shop.stored(TokenRecord)) == 5

    def test_to_a_known_address_tells_its_owner(self, shop: Shop) -> None:
        """EN-01, EN-02: the answer is the same, the owner is told, no link exists."""
        shop.open_account()
        browser = shop.visitor(ELSEWHERE)
        shop.require(Register(email="new@mail.example", password=_secret()), by=browser)
        answer = shop.require(CorrectRegistrationAddress(email=ANNA), by=browser)
        assert answer.email == ANNA
        assert shop.mails()[-1].purpose is MailPurpose.ALREADY_REGISTERED
        assert [one for one in shop.stored(TokenRecord) if one.registration_id and not one.used_at] == []

    def test_swallows_an_own_registration_at_that_address(self, shop: Shop) -> None:
        """One browser has one registration for one address, also after a correction."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        shop.clock.forward(minutes=1)
        shop.require(Register(email="anna@mial.example", password=_secret()), by=shop.visitor())
        shop.require(CorrectRegistrationAddress(email=ANNA), by=shop.visitor())
        assert [one.email for one in shop.registrations()] == [ANNA]

    def test_a_correction_to_the_same_address_sends_a_new_mail(self, shop: Shop) -> None:
        """A customer who corrects nothing still gets a mail that works."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        shop.require(CorrectRegistrationAddress(email=ANNA), by=shop.visitor())
        shop.require(ConfirmEmail(token=shop.link(shop.mails()[-1])), by=shop.visitor())

    def test_refuses_an_unreadable_address(self, shop: Shop) -> None:
        """F06: nothing is lost, the registration waits as it was."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        refused = shop.handle(CorrectRegistrationAddress(email="anna@gmail,com"), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert refused.suggestion == "anna@gmail.com"
        assert [one.email for one in shop.registrations()] == [ANNA]


class TestInspect:
    """InspectRegistration."""

    def test_waits_then_is_confirmed_elsewhere(self, shop: Shop) -> None:
        """F04: the registering tab learns that the link was opened on the phone."""
        shop.require(Register(email="anna@gmial.com", password=_secret()), by=shop.visitor())
        view = shop.require(InspectRegistration(), by=shop.visitor())
        assert (view.state, view.email_suggestion) == (RegistrationState.WAITING, "anna@gmail.com")
        token = shop.link(shop.mails()[0])
        shop.require(ConfirmEmail(token=token, password=_secret()), by=shop.visitor(ELSEWHERE))
        view = shop.require(InspectRegistration(), by=shop.visitor())
        assert view.state is RegistrationState.CONFIRMED

    def test_a_known_address_waits_too(self, shop: Shop) -> None:
        """EN-01: the registering browser cannot tell a known address from a new one."""
        shop.open_account()
        for email in (ANNA, "new@mail.example"):
            visitor = shop.visitor(f"the browser that asks for {email}")
            shop.require(Register(email=email, password=_secret()), by=visitor)
            view = shop.require(InspectRegistration(), by=visitor)
            assert view.state is RegistrationState.WAITING

    def test_tells_other_browsers_nothing(self, shop: Shop) -> None:
        """PH-02: a registration is visible in its own browser only, and only for its time."""
        shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
        assert isinstance(shop.handle(InspectRegistration(), by=shop.visitor(ELSEWHERE)), Refused)
        shop.clock.forward(days=8)
        assert isinstance(shop.handle(InspectRegistration(), by=shop.visitor()), Refused)


def test_the_browser_secret_is_stored_nowhere(shop: Shop) -> None:
    """LG-01: only a digest of the browser's secret is kept."""
    shop.require(Register(email=ANNA, password=_secret()), by=shop.visitor())
    assert BROWSER not in repr(shop.storage._tables)
    assert all(BROWSER not in str(getattr(one, "browser", "")) for one in shop.registrations())
