"""An existing shop brings its customers and its guests' orders along."""

import asyncio
import base64
import hashlib
import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from attrs import evolve
from pydantic import SecretStr, ValidationError

from customer_accounts.account import AccountRecord, RegistrationRecord
from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.accounts.importing import (
    csv_rows,
    customers_of,
    import_batches,
    import_batches_async,
    orders_of,
)
from customer_accounts.actors import SignedInCustomer
from customer_accounts.adapters.legacy_hashes import DjangoPbkdf2
from customer_accounts.adapters.memory import AsyncMemoryStorage
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, SubscriptionStatus
from customer_accounts.errors import ConflictError
from customer_accounts.facts import Part, Scope
from customer_accounts.features.data_import import ImportBatch
from customer_accounts.features.delivery_address import MyAddresses
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.import_rows import Imported, ImportedCustomer, RejectedRow, RowProblem
from customer_accounts.features.my_orders import MyOrders
from customer_accounts.features.registration import Register
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.hashing import CHEAPEST, Argon2Hasher
from customer_accounts.order import GuestOrderGroup, OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind, MailPurpose, VatCheckRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import cheap_settings
from customer_accounts.vat import VatStatus
from tests.orders import GUEST, SYSTEM, place, stored_order
from tests.shop import PASSWORD, Shop

#: Made by Django 5.2 of "eleven quiet herons", with few rounds.
DJANGO = "pbkdf2_sha256$1000$saltsaltsalt$"
ANNA: dict[str, str] = {
    "key": "7", "email": "Anna@Mail.example", "proven": "true", "created_at": "2019-05-01T10:00:00+02:00",
    "name": "Anna", "locale": "de",
}  # fmt: skip
ORDER: dict[str, str] = {
    "reference": "old-1", "number": "2019-1", "placed_at": "2019-05-02T10:00:00Z", "email": GUEST,
    "status": "delivered", "name": "Gerda", "postcode": "8010",
}  # fmt: skip


def _numbered(*rows: Mapping[str, str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    yield from enumerate(rows, start=2)


def _customers(shop: Shop, *rows: Mapping[str, str], invite: bool = False) -> Imported:
    batches = customers_of(_numbered(*rows), invite=invite)
    return _sum(import_batches(shop.accounts, batches))


def _orders(shop: Shop, *rows: Mapping[str, str]) -> Imported:
    return _sum(import_batches(shop.accounts, orders_of(_numbered(*rows))))


def _sum(parts: Iterator[Imported]) -> Imported:
    total = Imported()
    for one in parts:
        total = total.plus(one)
    return total


def _address(before: str, street: str = "Ring 5") -> dict[str, str]:
    given = {"name": "Anna", "street": street, "city": "Wien", "country": "at", "postcode": "1010"}
    return {f"{before}_{name}": value for name, value in given.items()}


class TestCustomers:
    """Customers of the earlier shop."""

    def test_a_proven_one_becomes_an_account(self, shop: Shop) -> None:
        """F16: with the spelling, the language and the age that it had; nobody is mailed."""
        assert _customers(shop, ANNA) == Imported(customers=1)
        (account,) = shop.stored(AccountRecord)
        assert (account.email, account.email_key, account.name, account.locale) == (
            "Anna@Mail.example", "anna@mail.example", "Anna", "de",
        )  # fmt: skip
        assert account.created_at.isoformat() == "2019-05-01T08:00:00+00:00"
        assert account.email_verified_at == account.created_at
        assert shop.mails() == []

    def test_the_old_password_works(self) -> None:
        """HS-02, HS-03: a hash of the earlier shop signs in through its adapter, and is replaced then."""
        raw = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"saltsaltsalt", 1000)
        stored = DJANGO + base64.b64encode(raw).decode()
        shop = Shop()
        hasher = Argon2Hasher(CHEAPEST, allow_cheap=True, legacy=(DjangoPbkdf2(),))
        accounts = Accounts(shop.storage, shop.settings, clock=shop.clock, hasher=hasher)
        _customers(shop, {**ANNA, "password_hash": stored})
        signed_in = accounts.require(
            SignIn(email="anna@mail.example", password=SecretStr(PASSWORD)), by=shop.visitor()
        )
        assert isinstance(signed_in, SignedIn)
        assert shop.stored(AccountRecord)[0].password_hash.startswith("$argon2id$")

    @pytest.mark.parametrize(
        "wrong", [PASSWORD, "correct horse battery staple", "$", "", "abc123456789012345"]
    )
    def test_a_plain_password_is_never_stored(self, shop: Shop, wrong: str) -> None:
        """HS-02, LG-01: what does not look like a hash is rejected, and not repeated."""
        result = _customers(shop, {**ANNA, "password_hash": wrong})
        assert result.rejected == (RejectedRow(2, RowProblem.UNREADABLE, "password_hash"),)
        assert shop.stored(AccountRecord) == []

    def test_one_that_is_not_proven_is_left_out(self, shop: Shop) -> None:
        """PH-01: without a proof there is no account, and without the wish no mail; it is told."""
        result = _customers(shop, {**ANNA, "proven": "false"})
        assert result == Imported(rejected=(RejectedRow(2, RowProblem.NOT_PROVEN),))
        assert shop.stored(AccountRecord) == shop.stored(RegistrationRecord) == []

    def test_or_invited(self, shop: Shop) -> None:
        """PH-01, GM-01: the account begins with the proof, with the old password or a new one; guest orders join."""
        place(shop, email="anna@mail.example")
        result = _customers(shop, {**ANNA, "proven": "false"}, invite=True)
        assert result == Imported(invited=1)
        assert shop.stored(AccountRecord) == []
        (mail,) = shop.mails(MailPurpose.SET_PASSWORD)
        assert (mail.to, mail.detail("variant")) == ("Anna@Mail.example", "imported")
        confirm = ConfirmEmail(token=shop.link(mail), new_password=SecretStr(PASSWORD))
        assert shop.require(confirm, by=shop.visitor()).claimed == 1

    def test_whether_it_is_proven_must_be_said(self, shop: Shop) -> None:
        """PH-08: nothing is assumed."""
        row = {name: text for name, text in ANNA.items() if name != "proven"}
        assert _customers(shop, row).rejected == (RejectedRow(2, RowProblem.UNREADABLE, "proven"),)

    def test_duplicates_are_told_and_not_merged(self, shop: Shop) -> None:
        """EM-03, GM-02: the same address in another spelling, in the file or in the shop, is another row's."""
        shop.open_account("carl@mail.example")
        rows = (
            ANNA,
            {**ANNA, "key": "8", "email": "anna@MAIL.example"},
            {**ANNA, "key": "9", "email": "carl@mail.example"},
            {**ANNA, "key": "10", "email": "dora@mail.example", "proven": "no"},
            {**ANNA, "key": "11", "email": "Dora@mail.example", "proven": "no"},
        )
        result = _customers(shop, *rows, invite=True)
        assert (result.customers, result.invited) == (1, 1)
        assert [(one.line, one.problem) for one in result.rejected] == [
            (3, RowProblem.DUPLICATE), (4, RowProblem.DUPLICATE), (6, RowProblem.DUPLICATE),
        ]  # fmt: skip

    def test_again_nothing_happens_twice(self, shop: Shop) -> None:
        """RL-08: the earlier shop's key tells that a row was imported, also after the customer changed the account."""
        rows = (ANNA, {**ANNA, "key": "8", "email": "dora@mail.example", "proven": "no"})
        _customers(shop, *rows, invite=True)
        before = shop.storage._tables
        assert _customers(shop, *rows, invite=True) == Imported(known=2)
        assert shop.storage._tables is before
        (account,) = shop.stored(AccountRecord)
        shop.change(account.id, email="new@mail.example", email_key="new@mail.example")
        assert _customers(shop, *rows, invite=True) == Imported(known=2)

    def test_a_customer_who_stands_there_twice_is_invited_once(self, shop: Shop) -> None:
        """RL-08: also under another address; two invitations of one customer would hold up the whole import."""
        invited = {**ANNA, "proven": "no"}
        rows = (invited, {**invited, "email": "dora@mail.example"}, {**ANNA, "email": "erna@mail.example"})
        told = (RejectedRow(3, RowProblem.CONFLICT, "key"), RejectedRow(4, RowProblem.CONFLICT, "key"))
        assert _customers(shop, *rows, invite=True) == Imported(invited=1, rejected=told)
        assert [one.email_key for one in shop.stored(RegistrationRecord)] == ["anna@mail.example"]

    def test_one_row_holds_up_no_other(self, shop: Shop) -> None:
        """GM-02: a customer whose invitation waits at an earlier address is told; the rest of the batch comes in."""
        _customers(shop, {**ANNA, "proven": "no"}, invite=True)
        moved = {**ANNA, "proven": "no", "email": "new@mail.example"}
        bert = {**ANNA, "key": "8", "email": "bert@mail.example"}
        told = Imported(customers=1, rejected=(RejectedRow(2, RowProblem.CONFLICT, "key"),))
        assert _customers(shop, moved, bert, invite=True) == told
        accounts = AsyncAccounts(AsyncMemoryStorage(shop.storage), shop.settings, clock=shop.clock)

        async def again() -> list[Imported]:
            """Do the same with the async runner."""
            batches = customers_of(_numbered(moved, bert), invite=True)
            return [one async for one in import_batches_async(accounts, batches)]

        assert asyncio.run(again()) == [evolve(told, customers=0, known=1)]

    def test_an_order_that_others_hold_up_is_told(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        """RL-08: it is left out by its reference, and the next run has it."""

        def overtaken(*_: object, **__: object) -> Imported:
            raise ConflictError("ImportBatch")

        with monkeypatch.context() as patched:
            patched.setattr(shop.accounts, "require", overtaken)
            told = (RejectedRow(2, RowProblem.CONFLICT, "reference"),)
            assert _orders(shop, ORDER) == Imported(rejected=told)
        assert _orders(shop, ORDER) == Imported(orders=1)

    @pytest.mark.parametrize("proven", ["yes", "no"])
    def test_two_customers_under_one_key_are_told(self, shop: Shop, proven: str) -> None:
        """GM-02: who comes second under a key is no customer that is known, in the same batch or a later one."""
        first = {**ANNA, "proven": proven}
        other = {**first, "email": "bert@mail.example", "created_at": "2020-05-01T10:00:00Z"}
        told = (RejectedRow(3, RowProblem.CONFLICT, "key"),)
        result = _customers(shop, first, other, invite=True)
        assert (result.customers + result.invited, result.known, result.rejected) == (1, 0, told)
        assert _customers(shop, first, other, invite=True) == Imported(known=1, rejected=told)

    def test_the_same_customer_twice_in_one_batch(self, shop: Shop) -> None:
        """RL-08, GM-02: the second one is known; another address on the same day is not."""
        dora = {**ANNA, "key": "8", "email": "dora@mail.example", "proven": "no"}
        result = _customers(shop, ANNA, ANNA, dora, dora, {**ANNA, "email": "bert@mail.example"}, invite=True)
        told = (RejectedRow(6, RowProblem.CONFLICT, "key"),)
        assert result == Imported(customers=1, invited=1, known=2, rejected=told)

    def test_address_and_consent_come_along(self, shop: Shop) -> None:
        """F10, GDPR Art. 7: the address is the default; the consent has its record and nothing is widened."""
        more = {
            "address_name": "Anna", "address_street": "Ring 5", "address_city": "Wien", "address_country": "at",
            "address_postcode": "1010", "newsletter_text_version": "2018-05",
            "newsletter_at": "2019-05-01T10:00:00Z", "newsletter_source": "checkout",
            "newsletter_confirmed_at": "2019-05-01T11:00:00Z",
        }  # fmt: skip
        _customers(shop, {**ANNA, **more})
        (account,), (address,) = shop.stored(AccountRecord), shop.stored(AddressRecord)
        (subscription,) = shop.stored(SubscriptionRecord)
        assert (account.default_address, address.address.country) == (address.id, "AT")
        assert (subscription.status, subscription.consent.source) == (SubscriptionStatus.ACTIVE, "checkout")
        assert subscription.confirmed_at is not None

    def test_further_addresses_come_along(self, shop: Shop) -> None:
        """F10: as many as the file has, the first one is the default; again there are no more."""
        row = {**ANNA, **_address("address"), **_address("address2"), **_address("address3", "Gasse 7")}
        assert _customers(shop, row) == Imported(customers=1)
        (account,) = shop.stored(AccountRecord)
        customer = SignedInCustomer(account.id, account.session_epoch)
        shown = shop.require(MyAddresses(), by=customer).addresses
        assert sorted(one.address.street for one in shown) == ["Gasse 7", "Ring 5", "Ring 5"]
        assert [one.address.street for one in shown if one.is_default] == ["Ring 5"]
        assert _customers(shop, row) == Imported(known=1)
        assert len(shop.stored(AddressRecord)) == 3

    def test_a_company_comes_along_and_its_number_waits(self, shop: Shop) -> None:
        """F21, F23: as typed, checked by nobody yet; the register is asked once for all rows with the number."""
        company = {"company_name": "Druck & Co", "company_vat_number": "de 136 695 976"}
        rows = (
            {**ANNA, **company},
            {**ANNA, "key": "8", "email": "bert@mail.example", **company},
            {**ANNA, "key": "9", "email": "carl@mail.example", "company_name": "Ohne Nummer"},
            {**ANNA, "key": "10", "email": "dora@mail.example", **company, "company_vat_number": "17"},
        )
        assert _customers(shop, *rows) == Imported(customers=4)
        anna, _, carl, dora = (one.company for one in shop.stored(AccountRecord))
        assert (anna.name, anna.vat_number, anna.vat_status) == (
            "Druck & Co",
            "DE136695976",
            VatStatus.PENDING,
        )
        assert (carl.vat_status, dora.vat_as_typed, dora.vat_number) == (VatStatus.NOT_GIVEN, "17", None)
        assert [(one.number, one.due_at) for one in shop.stored(VatCheckRecord)] == [
            ("DE136695976", shop.clock.now)
        ]

    def test_a_number_that_waits_already_is_left_alone(self, shop: Shop) -> None:
        """F23: a number that another company has here is not queued twice, and the batch does not fail."""
        company = {"company_name": "Druck & Co", "company_vat_number": "DE136695976"}
        _customers(shop, {**ANNA, **company})
        before = shop.stored(VatCheckRecord)
        result = _customers(shop, {**ANNA, "key": "8", "email": "bert@mail.example", **company})
        assert (result, shop.stored(VatCheckRecord)) == (Imported(customers=1), before)

    @pytest.mark.parametrize("old_password", [True, False])
    def test_to_the_invited_they_come_with_the_old_password(self, shop: Shop, old_password: bool) -> None:
        """PH-05: company and address were typed by somebody unproven; they come only to who knows the password."""
        row = {**ANNA, "proven": "no", **_address("address"), "company_name": "Druck & Co"}
        stored = Argon2Hasher(CHEAPEST, allow_cheap=True).hash("the old words of Anna")
        _customers(shop, {**row, "password_hash": stored}, invite=True)
        (mail,) = shop.mails(MailPurpose.SET_PASSWORD)
        given = {"password": "the old words of Anna"} if old_password else {"new_password": PASSWORD}
        shop.require(ConfirmEmail(token=shop.link(mail), **given), by=shop.visitor())
        (account,) = shop.stored(AccountRecord)
        assert (account.company is not None, len(shop.stored(AddressRecord))) == (old_password, old_password)

    def test_a_consent_without_its_record_is_none(self, shop: Shop) -> None:
        """GDPR Art. 7: the row is rejected, so that nobody believes it was imported."""
        result = _customers(shop, {**ANNA, "newsletter_text_version": "2018-05"})
        (rejected,) = result.rejected
        assert rejected.problem is RowProblem.UNREADABLE
        assert "newsletter.confirmed_at" in rejected.detail

    def test_an_unreadable_address_is_told(self, shop: Shop) -> None:
        """EM-01: with its line and the reason, and the others go on."""
        result = _customers(shop, {**ANNA, "email": "anna@"}, {**ANNA, "key": "8"})
        assert result.customers == 1
        (rejected,) = result.rejected
        assert (rejected.line, rejected.problem) == (2, RowProblem.EMAIL_INVALID)


class TestOrders:
    """Orders of the earlier shop."""

    def test_a_guests_order_belongs_to_nobody(self, shop: Shop) -> None:
        """F11, GM-01: also where its address has an account; nobody is mailed."""
        _customers(shop, ANNA)
        result = _orders(shop, ORDER, {**ORDER, "reference": "old-2", "email": "anna@mail.example"})
        assert result == Imported(orders=2)
        order = stored_order(shop, "old-1")
        assert (order.owner, order.status, order.email) == (None, OrderStatus.DELIVERED, GUEST)
        assert stored_order(shop, "old-2").owner is None
        assert shop.mails() == []

    def test_a_customers_order_belongs_to_the_account(self, shop: Shop) -> None:
        """F08: it stands in the account's history; without that account the row is told."""
        _customers(shop, ANNA)
        of_anna = {**ORDER, "email": "ANNA@mail.example", "of_customer": "true"}
        result = _orders(shop, of_anna, {**of_anna, "reference": "old-2", "email": "nobody@mail.example"})
        assert result.rejected == (RejectedRow(3, RowProblem.NO_ACCOUNT, "email"),)
        (account,) = shop.stored(AccountRecord)
        assert stored_order(shop, "old-1").owner == account.id

    def test_the_reference_is_the_natural_key(self, shop: Shop) -> None:
        """RL-08, truth 6: the same order again is known, also after it was claimed; another one is a conflict."""
        _orders(shop, ORDER)
        anna = shop.open_account(GUEST)
        assert shop.require(MyOrders(), by=shop.customer(anna.session)).orders == ()
        before = shop.storage._tables
        result = _orders(shop, ORDER, {**ORDER, "number": "2019-2"})
        assert result == Imported(known=1, rejected=(RejectedRow(3, RowProblem.CONFLICT, "reference"),))
        assert shop.storage._tables is before

    def test_twice_in_one_batch(self, shop: Shop) -> None:
        """The second row finds the first."""
        assert _orders(shop, ORDER, ORDER) == Imported(orders=1, known=1)

    def test_an_unreadable_address_is_told(self, shop: Shop) -> None:
        """EM-01: an order that no mail reaches is not imported silently."""
        (rejected,) = _orders(shop, {**ORDER, "email": "?"}).rejected
        assert rejected.problem is RowProblem.EMAIL_INVALID


def _groups(storage: SqlStorage, start: int) -> tuple[GuestOrderGroup, ...]:
    keys = tuple(f"guest{n}@mail.example" for n in range(start, start + 100))
    parts = frozenset({Part.ACCOUNTS, Part.GUEST_ORDERS})
    return storage.read(Scope(parts=parts, email_keys=keys)).guest_orders


class TestFiles:
    """CSV files, batches and runners."""

    CSV = (
        "reference,number,placed_at,email,name\n"
        'old-1,1,2019-05-02T10:00:00Z,gerda@mail.example,"Gast,\nGerda"\n'
        "old-2,2,yesterday,gerda@mail.example,\n"
        "old-3,3,2019-05-02T10:00:00Z,gerda@mail.example,,too,many\n"
        "old-4,4\n"
        "old-5,5,2019-05-02T10:00:00Z,otto@mail.example,Otto\n"
    )

    def test_bad_rows_are_told_and_nothing_is_lost(self, shop: Shop) -> None:
        """Each row is imported, known or told: with the line of its end in the file, and the fields."""
        results = import_batches(
            shop.accounts, orders_of(csv_rows(io.StringIO(self.CSV, newline="")), size=2)
        )
        total = _sum(results)
        assert (total.orders, total.known) == (1, 0)
        assert [(one.line, one.problem, one.detail) for one in total.rejected] == [
            (3, RowProblem.UNREADABLE, "name"),
            (4, RowProblem.UNREADABLE, "placed_at"),
            (5, RowProblem.UNREADABLE, ""),
            (6, RowProblem.UNREADABLE, "placed_at, email"),
        ]
        assert "yesterday" not in repr(total)
        assert "Gerda" not in repr(total)

    def test_a_run_that_broke_off_goes_on(self, shop: Shop) -> None:
        """Resumable: what was imported before the break is known, the rest follows."""
        rows = [{**ORDER, "reference": f"old-{n}"} for n in range(7)]
        first = import_batches(shop.accounts, orders_of(_numbered(*rows), size=3))
        assert next(first) == Imported(orders=3)
        result = _orders(shop, *rows)
        assert (result.orders, result.known) == (4, 3)

    def test_progress_and_bounded_memory(self, shop: Shop) -> None:
        """An iterator is read one batch at a time: what was not asked for is not read."""
        read: list[int] = []

        def endless() -> Iterator[tuple[int, Mapping[str, str]]]:
            line = 1
            while True:
                line += 1
                read.append(line)
                yield line, {**ORDER, "reference": f"old-{line}"}

        progress = import_batches(shop.accounts, orders_of(endless(), size=10))
        assert [next(progress).orders for _ in range(3)] == [10, 10, 10]
        assert len(read) == 30

    def test_the_async_runner_does_the_same(self, shop: Shop) -> None:
        """The same batches through `AsyncAccounts`."""
        accounts = AsyncAccounts(AsyncMemoryStorage(shop.storage), shop.settings, clock=shop.clock)

        async def run() -> list[Imported]:
            """Import all batches."""
            batches = orders_of(_numbered(ORDER, {**ORDER, "number": "x"}), size=1)
            return [one async for one in import_batches_async(accounts, batches)]

        first, second = asyncio.run(run())
        assert (first.orders, second.rejected[0].problem) == (1, RowProblem.CONFLICT)

    def test_on_sqlite(self) -> None:
        """GM-02: 1,000 orders over 300 addresses, in batches, twice: the sums are equal."""
        storage = SqlStorage("sqlite://")
        storage.create_schema()
        accounts = Accounts(storage, cheap_settings())
        rows = [
            {**ORDER, "reference": f"old-{n}", "email": f"guest{n % 300}@mail.example"} for n in range(1000)
        ]
        assert _sum(import_batches(accounts, orders_of(_numbered(*rows)))) == Imported(orders=1000)
        assert _sum(import_batches(accounts, orders_of(_numbered(*rows)))) == Imported(known=1000)
        groups = [one for start in range(0, 300, 100) for one in _groups(storage, start)]
        assert (sum(one.count for one in groups), len(groups)) == (1000, 300)
        customers = [{**ANNA, "key": str(n), "email": f"customer{n}@mail.example"} for n in range(600)]
        done = _sum(import_batches(accounts, customers_of(_numbered(*customers), invite=False)))
        assert done == Imported(customers=600)
        storage.close()

    def test_the_trail_says_what_was_imported(self, shop: Shop) -> None:
        """LG-02: one entry for each batch that wrote."""
        _orders(shop, ORDER)
        _orders(shop, ORDER)
        (event,) = shop.events(EventKind.IMPORTED)
        assert (event.actor, event.detail) == ("system:import", "customers=0 invited=0 orders=1")

    def test_is_the_systems(self, shop: Shop) -> None:
        """AZ-01: no visitor imports anything."""
        wrong: Any = ImportBatch()
        assert shop.handle(wrong, by=shop.visitor()) == Refused(Reason.NOT_ALLOWED)
        assert shop.require(ImportBatch(), by=SYSTEM) == Imported()

    def test_a_batch_is_bounded(self) -> None:
        """A statement has a bounded number of values."""
        row = {**ANNA, "proven": True}
        with pytest.raises(ValidationError):
            ImportBatch.model_validate({"customers": [row] * 501})

    def test_hashes_are_in_no_repr(self) -> None:
        """LG-01: a batch in a log shows no hash."""
        row = ImportedCustomer.model_validate(
            {**ANNA, "password_hash": "$P$B1234567890123456789012345678901"}
        )
        assert "B12345" not in repr(ImportBatch(customers=(row,)))


def test_the_strangers_registration_waits_beside_the_imported_one(shop: Shop) -> None:
    """PH-04: an invitation does not push out, nor open, what somebody registered here."""
    shop.require(Register(email="anna@mail.example", password=PASSWORD), by=shop.visitor())
    _customers(shop, {**ANNA, "proven": "no"}, invite=True)
    assert len(shop.registrations()) == 2


def test_totals_add_up(shop: Shop) -> None:
    """Every row has exactly one outcome."""
    rows = [
        ANNA,
        ANNA,
        {**ANNA, "key": "2"},
        {**ANNA, "email": "x"},
        {**ANNA, "key": "3", "email": "b@mail.example"},
    ]
    result = _customers(shop, *rows)
    assert result.customers + result.invited + result.known + len(result.rejected) == len(rows)
    assert evolve(result, rejected=()) == Imported(customers=2, known=1)


def test_orders_are_records_like_any_other(shop: Shop) -> None:
    """The imported order can be claimed as every guest's order can."""
    _orders(shop, ORDER)
    (order,) = shop.stored(OrderRecord)
    assert (order.claim_id, order.version, order.status_at) == (None, 1, order.placed_at)
