"""What the first proof of a mailbox does."""

import pytest
from attrs import evolve
from pydantic import SecretStr

from customer_accounts.account import IdentityRecord
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import insert, update
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.registration import Register
from customer_accounts.inputs import AddressInput, CompanyInput, NewsletterInput
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import MailPurpose, VatCheckRecord
from customer_accounts.vat import VatStatus
from tests.shop import ELSEWHERE, PASSWORD, Shop

ANNA = "anna@mail.example"
COMPANY = CompanyInput(name="Muster GmbH", vat_number="DE136695976")
ADDRESS = AddressInput(name="Anna", street="Hauptplatz 1", city="Graz", country="AT", postcode="8010")


def _guest_order(shop: Shop, reference: str, email: str = ANNA, *, days: float = 1) -> None:
    from datetime import timedelta

    placed = shop.clock() - timedelta(days=days)
    shop.storage.write(
        [
            insert(
                OrderRecord(
                    reference=reference,
                    number=reference,
                    placed_at=placed,
                    status=OrderStatus.PLACED,
                    email=email,
                    email_key=email.lower(),
                    status_at=placed,
                )
            )
        ]
    )


def _begin(shop: Shop, browser: str | None = None, **wishes: object) -> Confirmed:
    register = Register(email=ANNA, password=SecretStr(PASSWORD), **wishes)
    shop.require(register, by=shop.visitor())
    token = shop.link(shop.mails(MailPurpose.CONFIRM_REGISTRATION)[-1])
    if browser is None:
        return shop.require(ConfirmEmail(token=token), by=shop.visitor())
    command = ConfirmEmail(token=token, new_password=SecretStr("thirteen other herons"))
    return shop.require(command, by=shop.visitor(browser))


class TestWishes:
    """Wishes given before the proof."""

    def test_become_true_with_the_proof(self, shop: Shop) -> None:
        """F04: subscription, company with its check, and default address, in the same write."""
        wish = NewsletterInput(text_version="2026-11")
        confirmed = _begin(shop, newsletter=wish, company=COMPANY, address=ADDRESS, continue_to="/checkout")
        account = shop.account(confirmed.account_id)
        (subscription,) = shop.stored(SubscriptionRecord)
        (address,) = shop.stored(AddressRecord)
        (check,) = shop.stored(VatCheckRecord)
        assert subscription.status is SubscriptionStatus.ACTIVE
        assert (subscription.consent.text_version, subscription.confirmed_at) == ("2026-11", shop.clock())
        assert subscription.proof
        assert account.default_address == address.id
        assert account.company is not None
        assert check.number == "DE136695976"
        assert confirmed.continue_to == "/checkout"

    def test_of_a_stranger_are_left_behind(self, shop: Shop) -> None:
        """PH-05: no newsletter, company or delivery address of somebody else waits in the owner's account."""
        wish = NewsletterInput(text_version="2026-11")
        confirmed = _begin(shop, ELSEWHERE, newsletter=wish, company=COMPANY, address=ADDRESS)
        account = shop.account(confirmed.account_id)
        assert (account.company, account.default_address) == (None, None)
        assert shop.stored(SubscriptionRecord) == []
        assert shop.stored(AddressRecord) == []
        assert shop.stored(VatCheckRecord) == []
        assert confirmed.wishes_dropped == ("newsletter", "company", "address")

    @pytest.mark.parametrize("number", ["", "hello"])
    def test_a_number_that_no_register_knows_is_not_asked(self, shop: Shop, number: str) -> None:
        """F25: a missing or unreadable number stops nothing and asks nobody."""
        confirmed = _begin(shop, company=CompanyInput(name="Muster GmbH", vat_number=number))
        company = shop.account(confirmed.account_id).company
        assert company is not None
        assert company.vat_status is not VatStatus.VALID
        assert shop.stored(VatCheckRecord) == []

    def test_the_emptied_registration_holds_nothing(self, shop: Shop) -> None:
        """PH-02: what stays for the registering tab has no password and no wishes."""
        from customer_accounts.account import RegistrationRecord

        _begin(shop, company=COMPANY, address=ADDRESS)
        (kept,) = shop.stored(RegistrationRecord)
        assert kept.confirmed_at == shop.clock()
        assert (kept.password_hash, kept.company, kept.address, kept.name) == (None, None, None, "")


class TestGuestOrders:
    """Orders of the proven address."""

    def test_recent_ones_join_and_older_ones_are_offered(self, shop: Shop) -> None:
        """F16, GM-01: the mailbox covers eighteen months; the rest is counted, and others' orders are untouched."""
        for number, (email, days) in enumerate([(ANNA, 1), (ANNA, 547), (ANNA, 600), ("b@mail.example", 1)]):
            _guest_order(shop, f"o{number}", email, days=days)
        confirmed = _begin(shop)
        assert confirmed.claimed == 2
        owners = {one.reference: one.owner for one in shop.stored(OrderRecord)}
        assert owners == {"o0": confirmed.account_id, "o1": confirmed.account_id, "o2": None, "o3": None}

    def test_owned_ones_stay(self, shop: Shop) -> None:
        """GM-01: an order that somebody owns never moves."""
        other = shop.open_account("other@mail.example")
        _guest_order(shop, "o1")
        (order,) = shop.stored(OrderRecord)
        shop.storage.write([update(order, evolve(order, owner=other.account_id))])
        _guest_order(shop, "o2")
        began = _begin(shop)
        assert began.claimed == 1
        owners = [one.owner for one in shop.stored(OrderRecord)]
        assert owners == [other.account_id, began.account_id]

    def test_the_count_is_that_of_the_write(self, shop: Shop) -> None:
        """GM-02: an order that arrives between read and write is moved, and counted."""
        read = shop.storage.read

        def _late(scope: object) -> object:
            facts = read(scope)  # type: ignore[arg-type]  # passed through
            if len(shop.stored(OrderRecord)) == 1 and shop.registrations():
                _guest_order(shop, "late")
            return facts

        _guest_order(shop, "early")
        shop.require(Register(email=ANNA, password=SecretStr(PASSWORD)), by=shop.visitor())
        token = shop.link(shop.mails()[-1])
        shop.storage.read = _late  # type: ignore[method-assign,assignment]  # a race on purpose
        assert shop.require(ConfirmEmail(token=token), by=shop.visitor()).claimed == 2


class TestIdentity:
    """An identity that waits in the registration."""

    @pytest.mark.parametrize(("taken", "browser"), [(False, None), (True, None), (False, ELSEWHERE)])
    def test_is_linked_only_if_free_and_proven_here(
        self, shop: Shop, taken: bool, browser: str | None
    ) -> None:
        """SO-01, PH5: linked with the proof in the same browser, never twice, never by somebody else's proof."""
        if taken:
            other = shop.open_account("other@mail.example")
            linked = IdentityRecord(
                provider="facebook", subject="4711", account_id=other.account_id, linked_at=shop.clock()
            )
            shop.storage.write([insert(linked)])
        shop.require(Register(email=ANNA, password=SecretStr(PASSWORD)), by=shop.visitor())
        (pending,) = shop.registrations()
        identity = evolve(pending, identity_provider="facebook", identity_subject="4711")
        shop.storage.write([update(pending, identity)])
        token = shop.link(shop.mails(MailPurpose.CONFIRM_REGISTRATION)[-1])
        command = ConfirmEmail(token=token, new_password=SecretStr("thirteen other herons"))
        visitor = shop.visitor() if browser is None else shop.visitor(browser)
        confirmed = shop.require(command, by=visitor)
        own = [one for one in shop.stored(IdentityRecord) if one.account_id == confirmed.account_id]
        assert len(own) == (0 if taken or browser else 1)
        assert confirmed.wishes_dropped == (("identity",) if browser else ())
