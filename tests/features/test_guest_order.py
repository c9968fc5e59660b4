"""Orders as they are placed: by guests, by customers, by the shop's own order intake."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import attrs
import pytest
from pydantic import SecretStr, ValidationError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.changes import Save
from customer_accounts.claim import ClaimCause, ClaimRecord, Grade
from customer_accounts.command import Decision
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Part
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_claim import ClaimGuestOrders
from customer_accounts.features.guest_order import OrderRecorded, RecordOrder
from customer_accounts.inputs import NewsletterInput
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.wording import LOCALES, texts_of
from tests.orders import GUEST, SYSTEM, order, place, stored_order
from tests.shop import ELSEWHERE, PASSWORD, Shop

ANNA = "anna@mail.example"
WISH = NewsletterInput(text_version="2026-11")


class TestGuest:
    """An order without an account."""

    def test_belongs_to_nobody(self, shop: Shop) -> None:
        """F11: a guest orders with nothing but an address, and the order is nobody's."""
        result = place(shop, locale="fr", email=" Gerda@Mail.example ")
        found = stored_order(shop)
        assert (result.reference, result.number, result.email) == ("ref-1", "N-ref-1", "Gerda@Mail.example")
        assert (found.owner, found.claim_id, found.status) == (None, None, OrderStatus.PLACED)
        assert (found.email, found.email_key, found.locale) == ("Gerda@Mail.example", GUEST, "fr")
        assert (found.placed_at, found.status_at, found.storefront) == (shop.clock(), shop.clock(), "default")
        assert [(one.email, one.detail) for one in shop.events(EventKind.ORDER_RECORDED)] == [
            ("G***@Mail.example", "ref-1")
        ]

    def test_nothing_is_kept_beyond_the_order(self, shop: Shop) -> None:
        """F12, GM-04: after a guest's order there is the order, and no other record of the guest."""
        place(shop)
        kinds = {kind: rows for kind, rows in shop.storage._tables.records.items() if rows}
        assert list(kinds) == [OrderRecord]
        assert shop.mails() == []

    def test_no_order_is_offered_what_an_earlier_one_held(self, shop: Shop) -> None:
        """F12: the second order has what was typed for it; no answer gives back what the first one held."""
        first = place(shop, name="Gerda Gast", postcode="8010")
        second = place(shop, "ref-2", name="", postcode="")
        assert (stored_order(shop, "ref-2").name, stored_order(shop, "ref-2").postcode) == ("", "")
        assert {field.name for field in attrs.fields(OrderRecorded)} == {
            "reference", "number", "email", "email_suggestion", "advice", "account_begun",
        }  # fmt: skip
        assert "Gerda Gast" not in repr((first, second))

    def test_an_address_that_belongs_to_an_account_changes_nothing(self, shop: Shop) -> None:
        """F11, EN-01, EN-07: the order stays a guest's, the answer is the same, and so is what is written."""
        shop.open_account(ANNA)
        before = shop.storage._tables
        known = place(shop, "same", email=ANNA)
        assert stored_order(shop, "same").owner is None
        writes = len(shop.storage._tables.events) - len(before.events)
        other = Shop()
        unknown = place(other, "same", email=ANNA)
        assert known == unknown
        assert writes == len(other.storage._tables.events) == 1

    @pytest.mark.parametrize("typed", ["", "anna", "anna@", "a b@mail.example", "anna@mail.example\n"])
    def test_an_unreadable_address_is_refused(self, shop: Shop, typed: str) -> None:
        """F17: an order whose tracking mail could not arrive is not taken."""
        refused = shop.handle(order(shop, email=typed), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.field) == (Reason.EMAIL_INVALID, "email")
        assert shop.stored(OrderRecord) == []

    def test_an_unreadable_address_comes_with_its_correction(self, shop: Shop) -> None:
        """F17: the refusal says which address was probably meant."""
        refused = shop.handle(order(shop, email="gerda@gmail,com"), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "gerda@gmail.com")

    def test_a_likely_typing_error_is_told(self, shop: Shop) -> None:
        """F17: the warning comes with the answer, and the order stands."""
        assert place(shop, email="gerda@gmial.com").email_suggestion == "gerda@gmail.com"
        assert place(shop, "ref-2").email_suggestion is None
        assert stored_order(shop).email == "gerda@gmial.com"

    @pytest.mark.parametrize(
        ("locale", "words"), [("fr", "suivi"), ("de", "Sendungsnummer"), ("en", "tracking")]
    )
    def test_the_advice_says_where_the_tracking_number_goes(
        self, shop: Shop, locale: str, words: str
    ) -> None:
        """F14, F17: the checkout says in the customer's language where the tracking mail will go."""
        advice = place(shop, locale=locale).advice
        assert words in advice
        assert GUEST in advice

    def test_the_texts_exist_in_all_languages(self) -> None:
        """Every text of the feature is there in French, German and English."""
        for texts in texts_of("guest_order").values():
            assert tuple(texts) == LOCALES

    def test_no_newsletter_for_a_guest(self, shop: Shop) -> None:
        """F13: a newsletter wish needs an account; the order is refused so that the form can say it."""
        refused = shop.handle(order(shop, newsletter=WISH), by=shop.visitor())
        assert refused == Refused(Reason.ACCOUNT_NEEDED, field="newsletter")
        assert shop.stored(OrderRecord) == []

    def test_a_guest_names_no_account(self, shop: Shop) -> None:
        """AZ-01: nobody but the system may put an order into an account by its id."""
        anna = shop.open_account(ANNA)
        wanted = order(shop, account_id=anna.account_id)
        for actor in (shop.visitor(), shop.customer(anna.session)):
            assert shop.handle(wanted, by=actor) == Refused(Reason.NOT_ALLOWED, field="account_id")

    def test_orders_of_one_network_are_counted(self) -> None:
        """AB-01: the wide brake of the network counts every order."""
        shop = Shop(limits=dict(ALLOWANCES) | {Limit.ORDER_NETWORK: Allowance(2, timedelta(hours=1))})
        place(shop, "ref-1")
        place(shop, "ref-2")
        refused = shop.handle(order(shop, "ref-3"), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS

    def test_staff_places_no_orders(self, shop: Shop) -> None:
        """Only guests, customers and the system place orders."""
        wanted: Any = order(shop)
        assert shop.handle(wanted, by=Agent("17")) == Refused(Reason.NOT_ALLOWED)


class TestAgain:
    """The same order told twice."""

    def test_the_same_order_gets_the_same_answer(self, shop: Shop) -> None:
        """RL-08: a repeat after a lost answer creates, mails and records nothing twice."""
        wishes: dict[str, Any] = {"open_account": True, "acknowledge": True, "email": "gerda@gmial.com"}
        first = place(shop, **wishes)
        before = shop.storage._tables
        shop.clock.forward(minutes=5)
        again = shop.require(order(shop, placed_at=stored_order(shop).placed_at, **wishes), by=shop.visitor())
        assert again == first
        assert shop.storage._tables is before

    def test_another_zone_or_spelling_is_the_same_order(self, shop: Shop) -> None:
        """RL-08: the same moment in another zone and the same mailbox in another spelling are the same."""
        first = place(shop)
        vienna = shop.clock().astimezone(timezone(timedelta(hours=1)))
        assert place(shop, placed_at=vienna, email="GERDA@mail.example") == first
        assert stored_order(shop).placed_at.tzinfo is UTC

    @pytest.mark.parametrize(
        "change",
        [
            {"number": "N-2"},
            {"email": "other@mail.example"},
            {"name": "Somebody Else"},
            {"postcode": "1010"},
            {"locale": "fr"},
            {"placed_at": datetime(2026, 1, 1, tzinfo=UTC)},
        ],
    )
    def test_another_order_under_the_reference_is_refused(self, shop: Shop, change: dict[str, Any]) -> None:
        """RL-08: another content under the same reference is a conflict that tells nothing of the first."""
        place(shop)
        refused = shop.handle(order(shop, **change), by=shop.visitor())
        assert refused == Refused(Reason.ORDER_CONFLICT, field="reference")
        assert len(shop.stored(OrderRecord)) == 1

    def test_an_order_of_an_account_is_no_guests_order(self, shop: Shop) -> None:
        """AZ-01: the same content by somebody else is another order."""
        anna = shop.open_account(ANNA)
        place(shop, by=shop.customer(anna.session))
        assert shop.handle(order(shop), by=shop.visitor()) == Refused(
            Reason.ORDER_CONFLICT, field="reference"
        )

    def test_a_guests_order_that_was_claimed_meanwhile_is_the_same(self, shop: Shop) -> None:
        """RL-08, truth 6: the checkout's late repeat neither fails nor takes the order out of the account."""
        anna = shop.open_account(ANNA)
        first = place(shop, email=ANNA)
        shop.require(ClaimGuestOrders(), by=shop.customer(anna.session))
        assert place(shop, email=ANNA) == first
        assert stored_order(shop).owner == anna.account_id

    @pytest.mark.parametrize(("begins", "parts"), [(False, set()), (True, {Part.TOKENS, Part.REGISTRATIONS})])
    def test_reads_no_links_unless_an_account_begins(
        self, shop: Shop, begins: bool, parts: set[Part]
    ) -> None:
        """RL-09: an address with ten thousand orders, each with its link, does not slow the checkout down."""
        scope = order(shop, open_account=begins).scope(shop.visitor(), shop.accounts._around.env())
        assert scope.parts & {Part.TOKENS, Part.REGISTRATIONS} == parts

    def test_two_checkouts_at_once_store_one_order(self, shop: Shop) -> None:
        """CC-05: what was decided on earlier facts is not written; decided again it is the same answer."""
        env = shop.accounts._around.env()
        wanted = order(shop)
        facts = shop.storage.read(wanted.scope(shop.visitor(), env))
        late = wanted.decide(facts, env, shop.visitor())
        assert isinstance(late, Decision)
        first = shop.require(wanted, by=shop.visitor())
        with pytest.raises(StaleWriteError):
            shop.storage.write(late.changes)
        assert shop.require(wanted, by=shop.visitor()) == first


class TestCustomer:
    """An order of an account."""

    def test_goes_by_the_accounts_own_address(self, shop: Shop) -> None:
        """F07: the order is the account's at once, in its language and under its proven address."""
        anna = shop.open_account("Anna@mail.example", locale="de")
        result = place(shop, by=shop.customer(anna.session), email="")
        found = stored_order(shop)
        assert (found.owner, found.email, found.email_key) == (anna.account_id, "Anna@mail.example", ANNA)
        assert (found.locale, found.claim_id) == ("de", None)
        assert result.email_suggestion is None
        assert "Kundenkonto" in result.advice

    def test_may_go_by_another_address(self, shop: Shop) -> None:
        """F17: an address that is typed for this order counts, and the account keeps its own."""
        anna = shop.open_account(ANNA)
        result = place(shop, by=shop.customer(anna.session), email="gift@gmial.com")
        assert (stored_order(shop).email, result.email_suggestion) == ("gift@gmial.com", "gift@gmail.com")
        assert shop.account(anna.account_id).email == ANNA

    def test_repeats_without_an_address_after_a_change_of_it(self, shop: Shop) -> None:
        """RL-08: what was left to the account is not compared, since it may have changed meanwhile."""
        anna = shop.open_account(ANNA)
        customer = shop.customer(anna.session)
        first = place(shop, by=customer, email="")
        old = shop.account(anna.account_id)
        moved = attrs.evolve(
            old, email="new@mail.example", email_key="new@mail.example", version=old.version + 1
        )
        shop.storage.write([Save(moved, old.version)])
        assert place(shop, by=customer, email="").reference == first.reference
        assert stored_order(shop).email == ANNA

    def test_opens_no_second_account(self, shop: Shop) -> None:
        """F15: who has an account opens none; the wish is left aside so that no order is lost to it."""
        anna = shop.open_account(ANNA)
        result = place(shop, by=shop.customer(anna.session), email="", open_account=True)
        assert not result.account_begun
        assert len(shop.mails()) == 1
        assert shop.registrations() == []

    def test_subscribes_with_its_own_command(self, shop: Shop) -> None:
        """A consent is never dropped silently: with a customer's order it is refused, naming the way."""
        anna = shop.open_account(ANNA)
        wanted = order(shop, newsletter=WISH, open_account=True)
        refused = shop.handle(wanted, by=shop.customer(anna.session))
        assert refused == Refused(Reason.NOT_ALLOWED, field="newsletter", detail="subscribe_newsletter")

    def test_needs_a_session_that_has_not_ended(self, shop: Shop) -> None:
        """SE-01: a session of before the last reset places no order into the account."""
        anna = shop.open_account(ANNA)
        old = attrs.evolve(shop.customer(anna.session), session_epoch=99)
        assert shop.handle(order(shop), by=old) == Refused(Reason.SESSION_ENDED)

    def test_is_counted_by_account(self) -> None:
        """AB-01: the writes of one customer are counted by account, not by network."""
        shop = Shop(limits=dict(ALLOWANCES) | {Limit.ACCOUNT: Allowance(1, timedelta(hours=1))})
        anna = shop.open_account(ANNA)
        customer = shop.customer(anna.session, ip="203.0.113.7")
        place(shop, by=customer)
        refused = shop.handle(order(shop, "ref-2"), by=customer)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS


class TestSystem:
    """The shop's own order intake."""

    def test_takes_in_a_guests_order(self, shop: Shop) -> None:
        """F11: without an account it is a guest's, with no limit on their number."""
        place(shop, by=SYSTEM)
        assert stored_order(shop).owner is None

    def test_takes_in_a_customers_order(self, shop: Shop) -> None:
        """F07: the account that it names owns the order."""
        anna = shop.open_account(ANNA)
        place(shop, by=SYSTEM, account_id=anna.account_id, email="")
        assert (stored_order(shop).owner, stored_order(shop).email) == (anna.account_id, ANNA)

    def test_names_an_account_that_is_there(self, shop: Shop) -> None:
        """An order never belongs to an account that does not exist or is closed."""
        refused = shop.handle(order(shop, account_id=uuid4()), by=SYSTEM)
        assert refused == Refused(Reason.NOT_FOUND, field="account_id")

    def test_can_open_an_account_with_it(self, shop: Shop) -> None:
        """F15: the registration has no browser, so whoever opens the link sets nothing that others chose."""
        place(shop, by=SYSTEM, open_account=True)
        (pending,) = shop.registrations()
        assert pending.browser != shop.visitor().browser_digest
        mail = shop.mails(MailPurpose.CONFIRM_REGISTRATION)[0]
        confirmed = shop.require(ConfirmEmail(token=shop.link(mail)), by=shop.visitor())
        assert confirmed.generated_password
        assert stored_order(shop).owner == confirmed.account_id


class TestOpenAccount:
    """A guest who wants an account as well."""

    def test_begins_a_registration_in_the_same_write(self, shop: Shop) -> None:
        """F15, GEN-02: one answer, one mail with a link, and after the proof the order is in the account."""
        result = place(shop, open_account=True, locale="en")
        (pending,) = shop.registrations()
        assert result.account_begun
        assert "confirm your address" in result.advice
        assert (pending.email, pending.name, pending.generate_password) == (GUEST, "Gerda Gast", True)
        assert pending.password_hash is None
        (mail,) = shop.mails()
        assert (mail.purpose, mail.to) == (MailPurpose.CONFIRM_REGISTRATION, GUEST)
        confirmed = shop.require(ConfirmEmail(token=shop.link(mail)), by=shop.visitor())
        assert confirmed.generated_password
        assert confirmed.claimed == 1
        assert stored_order(shop).owner == confirmed.account_id

    def test_takes_a_chosen_password(self, shop: Shop) -> None:
        """F02, F15: the chosen password is armed in the browser that ordered."""
        place(shop, open_account=True, password=SecretStr(PASSWORD))
        (pending,) = shop.registrations()
        assert pending.password_hash is not None
        assert PASSWORD not in repr(pending)
        confirmed = shop.require(ConfirmEmail(token=shop.link(shop.mails()[0])), by=shop.visitor())
        assert confirmed.generated_password is None
        assert shop.account(confirmed.account_id).password_hash == pending.password_hash

    def test_a_strangers_password_is_not_armed(self, shop: Shop) -> None:
        """PH-05, PH6: in another browser the link asks for the password or a new one."""
        place(shop, open_account=True, password=SecretStr(PASSWORD))
        refused = shop.handle(ConfirmEmail(token=shop.link(shop.mails()[0])), by=shop.visitor(ELSEWHERE))
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.PASSWORD_REQUIRED

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("", Reason.PASSWORD_EMPTY),
            ("short", Reason.PASSWORD_TOO_SHORT),
            ("password123", Reason.PASSWORD_TOO_COMMON),
        ],
    )
    def test_refuses_a_bad_password_and_takes_no_order(
        self, shop: Shop, password: str, reason: Reason
    ) -> None:
        """PW-12, F03: the same gate as everywhere, a blank field is no wish to generate; all or nothing."""
        refused = shop.handle(order(shop, open_account=True, password=password), by=shop.visitor())
        assert isinstance(refused, Refused)
        assert refused.reason is reason
        assert shop.stored(OrderRecord) == []

    def test_a_known_address_gets_the_same_answer(self, shop: Shop) -> None:
        """F11, EN-01, EN-02: the owner is told by mail, the checkout sees no difference."""
        anna = shop.open_account(ANNA)
        known = place(shop, "same", email=ANNA, open_account=True, by=shop.visitor(ELSEWHERE))
        unknown = place(Shop(), "same", email=ANNA, open_account=True)
        assert known == unknown
        assert [one.account_id for one in shop.mails(MailPurpose.ALREADY_REGISTERED)] == [anna.account_id]
        assert stored_order(shop, "same").owner is None
        assert len(shop.stored(AccountRecord)) == 1

    def test_keeps_the_newsletter_wish_until_the_proof(self, shop: Shop) -> None:
        """F13: with an account the wish waits, and becomes a subscription with the proof of the mailbox."""
        place(shop, open_account=True, newsletter=WISH)
        assert shop.stored(SubscriptionRecord) == []
        (pending,) = shop.registrations()
        assert pending.consent is not None
        assert (pending.consent.text_version, pending.consent.source) == ("2026-11", "checkout")
        shop.require(ConfirmEmail(token=shop.link(shop.mails()[0])), by=shop.visitor())
        assert [one.email_key for one in shop.stored(SubscriptionRecord)] == [GUEST]

    def test_nothing_of_the_order_becomes_a_belonging(self, shop: Shop) -> None:
        """F12, GM-04: opening an account makes no address or list of what was typed for one order."""
        place(shop, open_account=True)
        shop.require(ConfirmEmail(token=shop.link(shop.mails()[0])), by=shop.visitor())
        assert shop.stored(AddressRecord) == shop.stored(WishListRecord) == []

    def test_is_counted_like_a_registration(self) -> None:
        """AB-01, AB-08: mails to one address are capped, whoever orders under it."""
        shop = Shop(limits=dict(ALLOWANCES) | {Limit.REGISTER_ADDRESS: Allowance(1, timedelta(hours=1))})
        place(shop, open_account=True)
        refused = shop.handle(
            order(shop, "ref-2", open_account=True, email="GERDA@mail.example"), by=shop.visitor()
        )
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.TOO_MANY_ATTEMPTS
        place(shop, "ref-2")


class TestAcknowledgement:
    """The acknowledgement of an order."""

    @pytest.mark.parametrize(("setting", "asked"), [(True, None), (False, True)])
    def test_goes_to_guests(self, setting: bool, asked: bool | None) -> None:
        """F14: the acknowledgement that the law demands goes to guests too, without a link."""
        shop = Shop(acknowledge_orders=setting)
        place(shop, email="Gerda@mail.example", acknowledge=asked, locale="fr")
        (mail,) = shop.mails()
        assert (mail.purpose, mail.to) == (MailPurpose.ORDER_RECEIVED, "Gerda@mail.example")
        assert (mail.order_reference, mail.locale) == ("ref-1", "fr")
        assert (mail.account_id, mail.token, mail.details) == (None, None, ())

    @pytest.mark.parametrize(("setting", "asked"), [(False, None), (True, False)])
    def test_is_left_to_the_host(self, setting: bool, asked: bool | None) -> None:
        """F14: by default the host sends it, and a single order may say otherwise."""
        shop = Shop(acknowledge_orders=setting)
        place(shop, acknowledge=asked)
        assert shop.mails() == []

    def test_goes_to_customers(self, shop: Shop) -> None:
        """F07: a customer's acknowledgement names the account."""
        anna = shop.open_account(ANNA)
        place(shop, by=shop.customer(anna.session), email="", acknowledge=True)
        (mail,) = shop.mails(MailPurpose.ORDER_RECEIVED)
        assert (mail.to, mail.account_id) == (ANNA, anna.account_id)

    def test_carries_no_name(self, shop: Shop) -> None:
        """LG-05: nothing that a guest types but the address gets into the row of a mail."""
        place(shop, acknowledge=True, name="Click http://evil.example", postcode="WIN-1")
        assert "evil" not in repr(attrs.asdict(shop.mails()[0]))
        assert "WIN" not in repr(attrs.asdict(shop.mails()[0]))


class TestInput:
    """What the command accepts at all."""

    @pytest.mark.parametrize(
        "wrong",
        [
            {"reference": ""},
            {"reference": "x" * 201},
            {"reference": "a\x00b"},
            {"number": "N" * 65},
            {"number": "N\r\nBcc: x@mail.example"},
            {"name": "two\nlines"},
            {"postcode": "8" * 33},
            {"email": "x" * 1001},
            {"locale": "tlh"},
            {"placed_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - a time without its zone is what is refused here
            {"status": "shipped"},
            {"owner": str(uuid4())},
            {"password": PASSWORD},
            {"generate_password": True},
            {"open_account": True, "password": PASSWORD, "generate_password": True},
        ],
    )
    def test_is_bounded(self, shop: Shop, wrong: dict[str, Any]) -> None:
        """AZ-02, LG-01: bounded texts on one line, only named fields, errors that repeat nothing typed."""
        with pytest.raises(ValidationError) as caught:
            order(shop, **wrong)
        assert PASSWORD not in str(caught.value)

    def test_offers_the_password_for_the_breach_check(self, shop: Shop) -> None:
        """PW-08: a chosen password can be looked up; without one there is nothing to look up."""
        assert order(shop, open_account=True, password=PASSWORD).password_to_set() == PASSWORD
        assert order(shop).password_to_set() is None

    def test_has_no_secret_in_its_repr(self, shop: Shop) -> None:
        """LG-01: the password does not show."""
        wanted: RecordOrder = order(shop, open_account=True, password=PASSWORD)
        assert PASSWORD not in repr(wanted)


class TestAutomatic:
    """Guest orders that join an account as they are placed, where the shop wants it."""

    @pytest.fixture(name="shop")
    def _shop(self) -> Shop:
        return Shop(claim_automatically=True)

    def test_joins_the_account_that_proved_the_address(self, shop: Shop) -> None:
        """F11: the guest gets the same answer, the owner the order and the mail with the way back."""
        anna = shop.open_account(ANNA)
        known = place(shop, email=ANNA)
        found = stored_order(shop)
        assert found.owner == anna.account_id
        (claim,) = shop.stored(ClaimRecord)
        assert (claim.id, claim.cause, claim.grade, claim.orders) == (
            found.claim_id, ClaimCause.AUTOMATIC, Grade.MAILBOX, 1,
        )  # fmt: skip
        assert claim.by == "visitor"
        assert [one.to for one in shop.mails(MailPurpose.GUEST_ORDERS_CLAIMED)] == [ANNA]
        other = Shop(claim_automatically=True)
        assert place(other, email=ANNA) == known

    def test_never_before_the_proof(self, shop: Shop) -> None:
        """GM-01, PH-08: no account, or one that has not proven the address, takes nothing."""
        place(shop, email=ANNA)
        anna = shop.open_account("bert@mail.example")
        shop.change(anna.account_id, email=ANNA, email_key=ANNA, email_verified_at=None)
        place(shop, "ref-2", email=ANNA)
        assert {one.owner for one in shop.stored(OrderRecord)} == {None}
        assert shop.stored(ClaimRecord) == []

    def test_not_unless_the_shop_wants_it(self, shop: Shop) -> None:
        """F11: by default later guest orders stay a guest's until they are claimed."""
        shop = Shop()
        shop.open_account(ANNA)
        place(shop, email=ANNA)
        assert stored_order(shop).owner is None

    def test_only_what_the_proof_covers(self, shop: Shop) -> None:
        """GM-01: an order that the host hands in years later stays a guest's."""
        shop.open_account(ANNA)
        place(shop, email=ANNA, placed_at=shop.clock() - timedelta(days=600))
        assert stored_order(shop).owner is None

    def test_again_is_the_same_order(self, shop: Shop) -> None:
        """RL-08: the repeat finds it in the account, and nothing happens twice."""
        shop.open_account(ANNA)
        first = place(shop, email=ANNA)
        before = shop.storage._tables
        assert place(shop, email=ANNA) == first
        assert shop.storage._tables is before

    def test_an_address_that_changed_meanwhile_takes_nothing(self, shop: Shop) -> None:
        """CC-05: decided again, the order is a guest's of an address that nobody has."""
        anna = shop.open_account(ANNA)
        write = shop.storage.write

        def _late(changes: Any, /) -> Any:
            shop.storage.write = write  # type: ignore[method-assign]  # put back
            shop.change(anna.account_id, email="z@mail.example", email_key="z@mail.example")
            return write(changes)

        shop.storage.write = _late  # type: ignore[method-assign]  # an interleaving, made to happen
        place(shop, email=ANNA)
        assert stored_order(shop).owner is None
