"""Taking everything along and being forgotten."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import attrs
import pytest
from pydantic import ValidationError

from customer_accounts.account import (
    AccountRecord,
    Company,
    Consent,
    IdentityRecord,
    PostalAddress,
)
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.belongings import (
    AddressRecord,
    SubscriptionRecord,
    SubscriptionStatus,
    WishItem,
    WishListRecord,
)
from customer_accounts.changes import Record, insert
from customer_accounts.claim import ClaimRecord
from customer_accounts.features.claim_undo import UndoClaim
from customer_accounts.features.guest_claim import ClaimGuestOrders
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.features.privacy import AccountClosed, CloseAccount, DataExport, ExportMyData, _plain
from customer_accounts.features.sign_in import SignIn, SignOutEverywhere
from customer_accounts.order import OrderRecord, OrderStatus, Parcel, Shipment
from customer_accounts.outbox import EventKind, MailPurpose, VatCheckRecord
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import TokenRecord
from customer_accounts.vat import VatStatus
from tests.orders import place
from tests.overtaken import Overtaken
from tests.shop import PASSWORD, Shop

EMAIL = "anna@mail.example"
AGENT = Agent("17", "Paula")
SECRETS = ("password_hash", "token", "digest", "proof", "secret")
CANARY = "digest-of-a-link"


def _order(shop: Shop, owner: UUID, number: int = 1) -> OrderRecord:
    placed = shop.clock.now - timedelta(days=number)
    parcels = (Parcel("Post", f"T{number}"),)
    return OrderRecord(
        reference=f"order {number:03}",
        number=str(number),
        placed_at=placed,
        status=OrderStatus.SHIPPED,
        email=EMAIL,
        email_key=EMAIL,
        name="Anna Berger",
        postcode="1010",
        owner=owner,
        status_at=placed,
        shipments=(Shipment("s1", placed, parcels),),
    )


def _everything(shop: Shop, account_id: UUID, email: str = EMAIL) -> list[Record]:
    """Give one record of every kind that belongs to an account."""
    now = shop.clock.now
    return [
        IdentityRecord(provider="google", subject=f"sub {account_id}", account_id=account_id, linked_at=now),
        AddressRecord(
            id=uuid4(),
            account_id=account_id,
            address=PostalAddress("Anna Berger", "Ring 1", "Wien", "AT"),
            created_at=now,
        ),
        WishListRecord(
            id=uuid4(),
            account_id=account_id,
            name="Birthday",
            created_at=now,
            items=(WishItem("lamp", 2, now),),
        ),
        SubscriptionRecord(
            account_id=account_id,
            email=email,
            email_key=email,
            consent=Consent("2026-01", now, "account"),
            status=SubscriptionStatus.ACTIVE,
            proof=CANARY,
        ),
        VatCheckRecord(number="ATU12345675", due_at=now),
    ]


def _anna(shop: Shop) -> SignedInCustomer:
    opened = shop.open_account(EMAIL, name="Anna Berger")
    shop.storage.write([insert(one) for one in _everything(shop, opened.account_id)])
    company = Company("Berger GmbH", "ATU12345675", "ATU12345675", VatStatus.VALID)
    shop.change(opened.account_id, company=company, default_address=uuid4(), default_wish_list=uuid4())
    return shop.customer(opened.session)


def _export(shop: Shop, customer: SignedInCustomer, after: str | None = None) -> DataExport:
    return shop.require(ExportMyData(orders_after=after), by=customer)


def _keys(data: object) -> set[str]:
    if isinstance(data, dict):
        return set(data) | {key for value in data.values() for key in _keys(value)}
    return {key for value in data for key in _keys(value)} if isinstance(data, list) else set()


class TestExport:
    """The customer gets everything that is stored, and nothing that is secret."""

    def test_holds_every_kind_of_record(self, shop: Shop) -> None:
        """DP-01: what was put in comes out, as a JSON text."""
        customer = _anna(shop)
        shop.storage.write([insert(_order(shop, customer.account_id))])
        data: dict[str, Any] = json.loads(_export(shop, customer).to_json())
        assert data["account"]["email"] == EMAIL
        assert data["account"]["company"]["vat_number"] == "ATU12345675"
        assert data["account"]["company"]["vat_status"] == "valid"
        assert data["account"]["has_password"] is True
        assert data["sign_ins"][0]["provider"] == "google"
        assert data["addresses"][0]["address"]["street"] == "Ring 1"
        assert data["wish_lists"][0]["items"][0]["quantity"] == 2
        assert data["newsletter"][0]["consent"]["text_version"] == "2026-01"
        assert data["vat_checks"][0]["number"] == "ATU12345675"
        assert data["orders"][0]["shipments"][0]["parcels"][0]["tracking_number"] == "T1"
        assert "account_opened" in [one["kind"] for one in data["events"]]
        assert data["claims"] == []
        assert datetime.fromisoformat(data["account"]["created_at"]).utcoffset() == timedelta(0)

    def test_leaves_out_nothing_but_secrets_and_counters(self, shop: Shop) -> None:
        """DP-01: a field that is added to a record is exported unless it is named as left out."""
        exported = _keys(json.loads(_export(shop, _anna(shop)).to_json()))
        fields = {one.name for one in attrs.fields(AccountRecord)}
        assert fields - exported == {"password_hash", "version", "session_epoch", "email_key"}

    def test_holds_no_secret(self, shop: Shop) -> None:
        """LG-01: no hash, no link and no digest of one is in it, nor in its repr."""
        customer = _anna(shop)
        shop.require(RequestPasswordReset(email=EMAIL), by=shop.visitor())
        export = _export(shop, customer)
        text = export.to_json()
        account = shop.account(customer.account_id)
        digests = [one.digest for one in shop.stored(TokenRecord)]
        links = [shop.text_of(one) for one in shop.stored(TokenRecord)]
        assert digests
        for secret in (account.password_hash, PASSWORD, CANARY, *digests, *links):
            assert secret not in text
        assert not _keys(json.loads(text)) & set(SECRETS)
        assert EMAIL not in repr(export)

    def test_gives_the_orders_in_portions(self, shop: Shop) -> None:
        """DP-01: 230 orders come in three calls, each once, and the events with the first of these."""
        customer = _anna(shop)
        shop.storage.write([insert(_order(shop, customer.account_id, one)) for one in range(230)])
        seen, events, after = [], [], None
        for _ in range(3):
            export = _export(shop, customer, after)
            data = json.loads(export.to_json())
            seen += [one["number"] for one in data["orders"]]
            events.append(len(data["events"]))
            after = export.next_orders
        assert after is None
        assert seen == [str(number) for number in range(230)]
        assert events[0] > 0
        assert events[1:] == [0, 0]

    @pytest.mark.parametrize(
        "cursor", ["", "x", "2026-01-01 x", "0001-01-01T00:00:00+23:59 x", "99 9", "MSAA", "OTkgAA"]
    )
    def test_refuses_a_cursor_that_is_none(self, shop: Shop, cursor: str) -> None:
        """A place that was tampered with is no place."""
        outcome = shop.handle(ExportMyData(orders_after=cursor), by=_anna(shop))
        assert outcome == Refused(Reason.NOT_FOUND, field="orders_after")

    def test_holds_nothing_of_other_accounts(self, shop: Shop) -> None:
        """AZ-01: two customers with everything; each export tells of its own only."""
        customer = _anna(shop)
        other = shop.open_account("bert@mail.example")
        theirs = _everything(shop, other.account_id, "bert@mail.example")
        shop.storage.write([insert(one) for one in theirs if not isinstance(one, VatCheckRecord)])
        shop.storage.write([insert(_order(shop, other.account_id))])
        text = _export(shop, customer).to_json()
        assert "bert" not in text
        assert str(other.account_id) not in text
        assert json.loads(text)["orders"] == []

    def test_is_written_into_the_trail(self, shop: Shop) -> None:
        """LG-02: who took the data along, and when."""
        customer = _anna(shop)
        _export(shop, customer)
        assert [one.account_id for one in shop.events(EventKind.DATA_EXPORTED)] == [customer.account_id]


class TestClosing:
    """What was the customer's goes; what the shop must keep stays."""

    def test_removes_everything_and_frees_the_address(self, shop: Shop) -> None:
        """DP-01, SE-02: no record of the account is left but its empty shell and its orders."""
        customer = _anna(shop)
        order = _order(shop, customer.account_id)
        shop.storage.write([insert(order)])
        shop.require(RequestPasswordReset(email=EMAIL), by=shop.visitor())
        closed = shop.require(CloseAccount(current_password=PASSWORD), by=customer)
        assert closed == AccountClosed(customer.account_id, shop.clock.now)
        kinds: tuple[type[Record], ...] = (
            IdentityRecord, AddressRecord, WishListRecord, SubscriptionRecord, TokenRecord,
        )  # fmt: skip
        assert [shop.stored(kind) for kind in kinds] == [[]] * 5
        shell = shop.account(customer.account_id)
        assert (shell.email, shell.email_key, shell.name, shell.password_hash) == ("", None, "", None)
        assert (shell.company, shell.default_address, shell.default_wish_list) == (None, None, None)
        assert "Anna" not in repr(shell)
        assert shop.stored(OrderRecord) == [order]
        assert shop.open_account(EMAIL).claimed == 0

    def test_keeps_claims_without_their_address(self, shop: Shop) -> None:
        """DP-01, GM-02: why an order is in an account stays with the order; support can still undo it."""
        customer = _anna(shop)
        place(shop, "guest-1", email=EMAIL)
        shop.require(ClaimGuestOrders(), by=customer)
        (before,) = shop.stored(ClaimRecord)
        shop.require(CloseAccount(current_password=PASSWORD), by=customer)
        assert shop.stored(ClaimRecord) == [attrs.evolve(before, email_key="", version=2)]
        undo = UndoClaim(claim_id=before.id, reason="letter")
        assert shop.require(undo, by=Agent("17")).orders == 1

    def test_ends_sessions_and_links(self, shop: Shop) -> None:
        """SE-02, TK-06: neither the session nor a link that was mailed works any more."""
        customer = _anna(shop)
        shop.require(RequestPasswordReset(email=EMAIL), by=shop.visitor())
        token = shop.link(shop.mails(MailPurpose.RESET_PASSWORD)[-1])
        shop.require(CloseAccount(current_password=PASSWORD), by=customer)
        assert shop.handle(SignOutEverywhere(), by=customer) == Refused(Reason.SESSION_ENDED)
        reset = ResetPassword(token=token, new_password="nine loud kingfishers")
        assert shop.handle(reset, by=shop.visitor()) == Refused(Reason.LINK_INVALID)
        sign_in = SignIn(email=EMAIL, password=PASSWORD)
        assert shop.handle(sign_in, by=shop.visitor()) == Refused(Reason.SIGN_IN_FAILED)
        assert shop.account(customer.account_id).session_epoch > customer.session_epoch

    def test_leaves_no_link(self, shop: Shop) -> None:
        """SE-02, DP-01: no link with power over the account stays in the storage, used or not."""
        customer = _anna(shop)
        shop.require(RequestPasswordReset(email=EMAIL), by=shop.visitor())
        assert [one for one in shop.stored(TokenRecord) if one.account_id == customer.account_id]
        shop.require(CloseAccount(current_password=PASSWORD), by=customer)
        assert [one for one in shop.stored(TokenRecord) if one.account_id == customer.account_id] == []

    def test_leaves_other_accounts_alone(self, shop: Shop) -> None:
        """Only the account's own records go."""
        customer = _anna(shop)
        other = shop.open_account("bert@mail.example")
        everything = _everything(shop, other.account_id, "bert@mail.example")
        theirs = [one for one in everything if not isinstance(one, VatCheckRecord)]
        shop.storage.write([insert(one) for one in theirs])
        shop.require(CloseAccount(current_password=PASSWORD), by=customer)
        assert all(shop.stored(type(one)) == [one] for one in theirs)
        assert shop.account(other.account_id).is_open

    def test_tells_the_owner(self, shop: Shop) -> None:
        """LG-04: the last mail goes to the address that the account had."""
        customer = _anna(shop)
        shop.require(CloseAccount(current_password=PASSWORD), by=customer)
        assert [one.to for one in shop.mails(MailPurpose.ACCOUNT_CLOSED)] == [EMAIL]
        assert [one.email for one in shop.events(EventKind.ACCOUNT_CLOSED)] == ["a***@mail.example"]

    def test_needs_the_password(self, shop: Shop) -> None:
        """PW-10: an open session alone closes nothing."""
        customer = _anna(shop)
        outcome = shop.handle(CloseAccount(current_password="wrong"), by=customer)
        assert outcome == Refused(Reason.PASSWORD_WRONG, field="current_password")
        assert shop.account(customer.account_id).is_open

    def test_needs_a_fresh_session_where_there_is_no_password(self, shop: Shop) -> None:
        """PW-10: who signs in elsewhere has just done so."""
        customer = _anna(shop)
        shop.change(customer.account_id, password_hash=None)
        shop.clock.forward(minutes=16)
        assert shop.handle(CloseAccount(), by=customer) == Refused(Reason.REAUTHENTICATE)
        fresh = attrs.evolve(customer, authenticated_at=shop.clock.now)
        assert isinstance(shop.handle(CloseAccount(), by=fresh), AccountClosed)

    def test_is_decided_again_when_something_was_added_meanwhile(self, shop: Shop) -> None:
        """CC: a change of the account between read and write is not lost sight of."""
        customer = _anna(shop)

        def add() -> None:
            late = _everything(shop, customer.account_id)[2]
            shop.storage.write([insert(late)])
            shop.change(customer.account_id, name="Anna B.")

        storage = Overtaken(shop.storage, add)
        accounts = Accounts(storage, shop.settings, clock=shop.clock)
        assert isinstance(
            accounts.handle(CloseAccount(current_password=PASSWORD), by=customer), AccountClosed
        )
        assert shop.stored(WishListRecord) == []
        assert storage.reads == 2


class TestClosingByAnAgent:
    """The shop closes an account on request, with a reason."""

    def test_names_the_account_and_the_reason(self, shop: Shop) -> None:
        """LG-02: who closed it and why is in the trail; the owner is told all the same."""
        customer = _anna(shop)
        command = CloseAccount(account_id=customer.account_id, reason="letter of 12 May")
        closed = shop.require(command, by=AGENT)
        assert closed.account_id == customer.account_id
        event = shop.events(EventKind.ACCOUNT_CLOSED)[0]
        assert (event.actor, event.detail, event.account_id) == (
            "agent:17", "letter of 12 May", customer.account_id,
        )  # fmt: skip
        assert len(shop.mails(MailPurpose.ACCOUNT_CLOSED)) == 1

    def test_can_be_repeated(self, shop: Shop) -> None:
        """RL-08: after a lost answer the same answer comes, and nothing happens twice."""
        customer = _anna(shop)
        command = CloseAccount(account_id=customer.account_id, reason="letter of 12 May")
        first = shop.require(command, by=AGENT)
        shop.clock.forward(hours=1)
        assert shop.require(command, by=AGENT) == first
        assert len(shop.mails(MailPurpose.ACCOUNT_CLOSED)) == 1

    def test_finds_no_account_that_is_none(self, shop: Shop) -> None:
        """A wrong id is NOT_FOUND."""
        outcome = shop.handle(CloseAccount(account_id=uuid4(), reason="letter"), by=AGENT)
        assert outcome == Refused(Reason.NOT_FOUND, field="account_id")

    def test_is_not_for_customers(self, shop: Shop) -> None:
        """AZ-01: a customer closes no account by naming it, not even their own; an agent must name one."""
        customer = _anna(shop)
        for account_id in (customer.account_id, shop.open_account("bert@mail.example").account_id):
            command = CloseAccount(account_id=account_id, reason="mine", current_password=PASSWORD)
            assert shop.handle(command, by=customer) == Refused(Reason.NOT_FOUND, field="account_id")
        assert shop.handle(CloseAccount(), by=AGENT) == Refused(Reason.NOT_FOUND, field="account_id")

    def test_goes_with_a_reason_only(self) -> None:
        """LG-02: an account without a reason, or a reason without an account, is no command."""
        for fields in ({"account_id": uuid4()}, {"account_id": uuid4(), "reason": "  "}, {"reason": "why"}):
            with pytest.raises(ValidationError, match="the reason"):
                CloseAccount.model_validate(fields)


def test_amounts_are_exported_digit_by_digit() -> None:
    """DP-01: an amount is text, since a number of JSON would lose what it ends with."""
    assert _plain(Decimal("119.90")) == "119.90"
