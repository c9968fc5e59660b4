"""How far an order is and what has left, told by the shop's own system."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from customer_accounts.account import AccountRecord, AccountStatus
from customer_accounts.actors import Agent
from customer_accounts.changes import Save
from customer_accounts.command import Decision
from customer_accounts.errors import StaleWriteError
from customer_accounts.features.claim_order import ClaimOrder
from customer_accounts.features.guest_order_page import ViewGuestOrder
from customer_accounts.features.order_tracking import (
    NEXT_STATUSES,
    ParcelInput,
    RecordOrderStatus,
    RecordShipment,
    ShipmentRecorded,
    StatusRecorded,
)
from customer_accounts.order import OrderStatus, Parcel, Shipment
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import TokenRecord
from tests.orders import GUEST, SYSTEM, place, stored_order
from tests.shop import Shop

ANNA = "anna@mail.example"
ONE = ParcelInput(carrier="Post", tracking_number="AT-1", url="https://post.example/track?n=AT-1")
TWO = ParcelInput(carrier="Post", tracking_number="AT-2")


def _status(shop: Shop, status: OrderStatus, reference: str = "ref-1") -> StatusRecorded | Refused:
    return shop.handle(RecordOrderStatus(reference=reference, status=status, at=shop.clock()), by=SYSTEM)


def _ship(
    shop: Shop, *parcels: ParcelInput, shipment: str = "s-1", reference: str = "ref-1"
) -> ShipmentRecorded | Refused:
    wanted = RecordShipment(
        reference=reference, shipment_id=shipment, parcels=parcels, shipped_at=shop.clock()
    )
    return shop.handle(wanted, by=SYSTEM)


def _order_of_account(shop: Shop, **more: Any) -> None:
    anna = shop.open_account(ANNA, locale="de")
    place(shop, by=shop.customer(anna.session), email="", **more)


def _close(shop: Shop) -> None:
    (account,) = shop.stored(AccountRecord)
    closed = attrs.evolve(account, status=AccountStatus.CLOSED, email_key=None, version=account.version + 1)
    shop.storage.write([Save(closed, account.version)])


class TestRecordOrderStatus:
    """RecordOrderStatus."""

    @pytest.mark.parametrize("before", OrderStatus)
    @pytest.mark.parametrize("after", OrderStatus)
    def test_goes_only_forward(self, shop: Shop, before: OrderStatus, after: OrderStatus) -> None:
        """F07: the table says which status may follow; the same again is no news, all else is refused."""
        place(shop)
        if before is not OrderStatus.PLACED:
            _status(shop, before)
        shop.clock.forward(hours=1)
        outcome = _status(shop, after)
        found = stored_order(shop)
        if after is before:
            assert outcome == StatusRecorded("ref-1", "N-ref-1", before)
            assert found.status_at < shop.clock()
        elif after in NEXT_STATUSES[before]:
            assert outcome == StatusRecorded("ref-1", "N-ref-1", after)
            assert (found.status, found.status_at) == (after, shop.clock())
        else:
            assert outcome == Refused(Reason.ORDER_STATUS_BACKWARDS, field="status")
            assert found.status is before

    def test_nothing_is_cancelled_that_has_left(self) -> None:
        """F07: cancelled follows placed and paid only; delivered and cancelled are the end."""
        before = {one for one, following in NEXT_STATUSES.items() if OrderStatus.CANCELLED in following}
        ends = {one for one, following in NEXT_STATUSES.items() if not following}
        assert before == {OrderStatus.PLACED, OrderStatus.PAID}
        assert ends == {OrderStatus.DELIVERED, OrderStatus.CANCELLED}
        assert set(NEXT_STATUSES) == set(OrderStatus)

    @given(steps=st.lists(st.sampled_from(OrderStatus), max_size=8))
    @hypothesis_settings(max_examples=60)
    def test_no_sequence_leads_back(self, steps: list[OrderStatus]) -> None:
        """F07: whatever is told in whatever order, an order never returns to a status that it has left."""
        shop = Shop()
        place(shop)
        seen = [OrderStatus.PLACED]
        for step in steps:
            _status(shop, step)
            status = stored_order(shop).status
            if status is not seen[-1]:
                assert status not in seen
                seen.append(status)

    def test_a_guest_hears_nothing(self, shop: Shop) -> None:
        """F14: no step of the progress causes a mail to a guest."""
        for number, steps in enumerate(((OrderStatus.PAID, OrderStatus.DELIVERED), (OrderStatus.CANCELLED,))):
            place(shop, f"ref-{number}")
            for step in steps:
                _status(shop, step, f"ref-{number}")
        assert shop.mails() == []

    def test_a_customer_hears_of_the_progress_at_the_accounts_address(self, shop: Shop) -> None:
        """F07, EM-05: each step is told once, in the account's language, to its proven address."""
        anna = shop.open_account(ANNA, locale="de")
        place(shop, by=shop.customer(anna.session), email="elsewhere@mail.example", locale="fr")
        for step in (OrderStatus.PAID, OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
            _status(shop, step)
        mails = shop.mails(MailPurpose.ORDER_STATUS)
        assert [one.detail("status") for one in mails] == ["paid", "delivered"]
        assert {(one.to, one.locale, one.account_id) for one in mails} == {(ANNA, "de", anna.account_id)}
        assert {one.order_reference for one in mails} == {"ref-1"}

    def test_a_customer_hears_of_a_cancellation(self, shop: Shop) -> None:
        """F07: a cancelled order is told."""
        _order_of_account(shop)
        _status(shop, OrderStatus.CANCELLED)
        assert [one.detail("status") for one in shop.mails(MailPurpose.ORDER_STATUS)] == ["cancelled"]

    def test_shipped_alone_sends_nothing(self, shop: Shop) -> None:
        """F14: the tracking mail comes with the shipment; without its number there is none."""
        _order_of_account(shop)
        _status(shop, OrderStatus.SHIPPED)
        assert shop.mails(MailPurpose.TRACKING) == shop.mails(MailPurpose.ORDER_STATUS) == []

    def test_an_order_of_a_closed_account_is_told_to_nobody(self, shop: Shop) -> None:
        """F14: who has closed the account is treated as a guest."""
        _order_of_account(shop)
        _close(shop)
        _status(shop, OrderStatus.PAID)
        assert shop.mails(MailPurpose.ORDER_STATUS) == []

    def test_needs_an_order(self, shop: Shop) -> None:
        """A missing order is said to be missing."""
        assert _status(shop, OrderStatus.PAID) == Refused(Reason.NOT_FOUND, field="reference")

    def test_is_the_systems(self, shop: Shop) -> None:
        """AZ-01: neither visitors nor customers nor agents move an order on."""
        anna = shop.open_account(ANNA)
        wanted: Any = RecordOrderStatus(reference="ref-1", status=OrderStatus.PAID, at=shop.clock())
        for actor in (shop.visitor(), shop.customer(anna.session), Agent("17")):
            assert shop.handle(wanted, by=actor) == Refused(Reason.NOT_ALLOWED)

    def test_a_lost_race_is_decided_again(self, shop: Shop) -> None:
        """CC-05: a step decided on an overtaken order is not written."""
        place(shop)
        env = shop.accounts._around.env()
        wanted = RecordOrderStatus(reference="ref-1", status=OrderStatus.CANCELLED, at=shop.clock())
        late = wanted.decide(shop.storage.read(wanted.scope(SYSTEM, env)), env, SYSTEM)
        assert isinstance(late, Decision)
        _ship(shop, ONE)
        with pytest.raises(StaleWriteError):
            shop.storage.write(late.changes)
        assert shop.handle(wanted, by=SYSTEM) == Refused(Reason.ORDER_STATUS_BACKWARDS, field="status")


class TestRecordShipment:
    """RecordShipment."""

    def test_sends_a_guest_the_tracking_number(self, shop: Shop) -> None:
        """F14: once the parcel ships, its number goes to the stored address, in the order's language."""
        place(shop, email="Gerda@Mail.example", locale="fr")
        outcome = _ship(shop, ONE)
        (mail,) = shop.mails()
        found = stored_order(shop)
        assert outcome == ShipmentRecorded("ref-1", "s-1", OrderStatus.SHIPPED, 0)
        assert found.shipments == (
            Shipment("s-1", shop.clock(), (Parcel("Post", "AT-1", "https://post.example/track?n=AT-1"),)),
        )
        assert (found.status, found.status_at) == (OrderStatus.SHIPPED, shop.clock())
        assert (mail.purpose, mail.to, mail.locale) == (MailPurpose.TRACKING, "Gerda@Mail.example", "fr")
        assert (mail.order_reference, mail.shipment_id, mail.detail("corrected")) == ("ref-1", "s-1", "0")
        assert shop.require(ViewGuestOrder(reference_token=shop.link(mail)), by=shop.visitor()).shipped
        assert [one.detail for one in shop.events(EventKind.SHIPMENT_RECORDED)] == ["ref-1 s-1 corrected=0"]

    def test_sends_a_customer_the_same_without_a_link(self, shop: Shop) -> None:
        """F07, F14: a customer gets the tracking number too, and follows it in the account."""
        _order_of_account(shop)
        _ship(shop, ONE)
        (mail,) = shop.mails(MailPurpose.TRACKING)
        assert (mail.to, mail.token, mail.locale) == (ANNA, None, "de")
        assert mail.account_id == stored_order(shop).owner
        assert [one for one in shop.stored(TokenRecord) if one.order_reference] == []

    def test_an_account_is_told_where_it_is_at_home_too(self, shop: Shop) -> None:
        """F07, F17: a mistyped order that its customer claimed is announced at the account's address as well."""
        anna = shop.open_account(ANNA, locale="de")
        place(shop, email="ana@mail.example", locale="fr")
        shop.require(ClaimOrder(number="N-ref-1", postcode="8010"), by=shop.customer(anna.session))
        _ship(shop, ONE)
        _ship(shop, TWO)
        mails = shop.mails(MailPurpose.TRACKING)
        told = [(one.to, one.locale, one.detail("corrected")) for one in mails]
        both = ("ana@mail.example", "fr"), (ANNA, "de")
        assert told == [(*one, corrected) for corrected in "01" for one in both]
        assert {(one.account_id, one.token) for one in mails} == {(anna.account_id, None)}

    def test_told_again_nothing_happens(self, shop: Shop) -> None:
        """RL-08: the same shipment again, in another order or told later, writes and mails nothing."""
        place(shop)
        first = _ship(shop, ONE, TWO)
        before = shop.storage._tables
        shop.clock.forward(hours=2)
        assert _ship(shop, TWO, ONE) == first
        assert shop.storage._tables is before

    def test_a_correction_is_told(self, shop: Shop) -> None:
        """F14: other numbers replace the wrong ones, are counted, and a new mail says so."""
        place(shop)
        _ship(shop, ONE)
        outcome = _ship(shop, TWO)
        again = _ship(shop, TWO)
        (shipment,) = stored_order(shop).shipments
        assert outcome == again == ShipmentRecorded("ref-1", "s-1", OrderStatus.SHIPPED, 1)
        assert shipment == Shipment("s-1", shop.clock(), (Parcel("Post", "AT-2"),), corrected=1)
        assert [one.detail("corrected") for one in shop.mails(MailPurpose.TRACKING)] == ["0", "1"]

    def test_twice_the_same_number_is_another_content(self, shop: Shop) -> None:
        """F14: a parcel too many is a difference, also where its number is known."""
        place(shop)
        _ship(shop, ONE)
        outcome = _ship(shop, ONE, ONE)
        assert isinstance(outcome, ShipmentRecorded)
        assert outcome.corrected == 1

    def test_an_order_has_several_shipments(self, shop: Shop) -> None:
        """F14: each shipment has its mail; a correction keeps its place among the others."""
        place(shop)
        _ship(shop, ONE, shipment="s-1")
        shop.clock.forward(days=1)
        _ship(shop, shipment="s-2")
        _ship(shop, ONE, TWO, shipment="s-1")
        found = stored_order(shop)
        assert [(one.id, len(one.parcels), one.corrected) for one in found.shipments] == [
            ("s-1", 2, 1),
            ("s-2", 0, 0),
        ]
        assert found.status_at == found.shipments[0].shipped_at
        assert [one.shipment_id for one in shop.mails()] == ["s-1", "s-2", "s-1"]

    def test_one_link_serves_all_mails_of_an_order(self, shop: Shop) -> None:
        """TK-06: many shipments do not push out the link of the first mail."""
        place(shop)
        for number in range(5):
            _ship(shop, ONE, shipment=f"s-{number}")
        links = {shop.link(one) for one in shop.mails(MailPurpose.TRACKING)}
        assert len(links) == 1
        view = shop.require(ViewGuestOrder(reference_token=links.pop()), by=shop.visitor())
        assert len(view.shipments) == 5

    def test_a_link_that_ends_soon_is_followed_by_a_new_one(self, shop: Shop) -> None:
        """F14: a late shipment's link works as long as it should; the earlier one keeps working meanwhile."""
        place(shop)
        _ship(shop, ONE)
        shop.clock.forward(days=90)
        _ship(shop, ONE, shipment="s-2")
        shop.clock.forward(days=1)
        _ship(shop, ONE, shipment="s-3")
        texts = [shop.link(one) for one in shop.mails(MailPurpose.TRACKING)]
        assert texts[0] == texts[1] != texts[2]
        for text in texts:
            shop.require(ViewGuestOrder(reference_token=text), by=shop.visitor())

    def test_a_link_is_not_shared_between_orders(self, shop: Shop) -> None:
        """TK-03: each order has its own link, also under one address."""
        place(shop, "ref-1")
        place(shop, "ref-2")
        _ship(shop, ONE, reference="ref-1")
        _ship(shop, TWO, reference="ref-2")
        first, second = (shop.link(one) for one in shop.mails(MailPurpose.TRACKING))
        assert first != second

    def test_a_link_whose_secret_is_gone_is_not_used_again(self, shop: Shop) -> None:
        """TK-02: a link that cannot be computed any more is replaced."""
        place(shop)
        _ship(shop, ONE)
        (token,) = shop.stored(TokenRecord)
        shop.storage.write([Save(attrs.evolve(token, key_id="gone", version=2), 1)])
        _ship(shop, ONE, shipment="s-2")
        assert {one.key_id for one in shop.stored(TokenRecord)} == {"gone", "1"}

    @pytest.mark.parametrize("status", [OrderStatus.PLACED, OrderStatus.PAID])
    def test_an_order_that_is_further_on_stays_there(self, shop: Shop, status: OrderStatus) -> None:
        """F07: a shipment moves an order to shipped and never back from delivered."""
        place(shop)
        _status(shop, status)
        _ship(shop, ONE)
        _status(shop, OrderStatus.DELIVERED)
        shop.clock.forward(days=1)
        outcome = _ship(shop, TWO)
        found = stored_order(shop)
        assert isinstance(outcome, ShipmentRecorded)
        assert (outcome.status, found.status) == (OrderStatus.DELIVERED, OrderStatus.DELIVERED)
        assert found.status_at == shop.clock() - timedelta(days=1)

    def test_nothing_leaves_for_a_cancelled_order(self, shop: Shop) -> None:
        """F07: a cancelled order is not shipped."""
        place(shop)
        _status(shop, OrderStatus.CANCELLED)
        assert _ship(shop, ONE) == Refused(Reason.ORDER_STATUS_BACKWARDS, field="reference")
        assert shop.mails() == []

    def test_the_parcel_of_a_closed_account_is_still_told(self, shop: Shop) -> None:
        """F14: who closed the account meanwhile gets the tracking number as a guest does, with a link."""
        _order_of_account(shop)
        _close(shop)
        _ship(shop, ONE)
        (mail,) = shop.mails(MailPurpose.TRACKING)
        assert (mail.to, mail.account_id) == (ANNA, None)
        assert shop.require(ViewGuestOrder(reference_token=shop.link(mail)), by=shop.visitor()).shipped

    def test_needs_an_order(self, shop: Shop) -> None:
        """A missing order is said to be missing."""
        assert _ship(shop, ONE) == Refused(Reason.NOT_FOUND, field="reference")

    def test_a_lost_race_is_decided_again(self, shop: Shop) -> None:
        """CC-05: two shipments told at once are both stored."""
        place(shop)
        env = shop.accounts._around.env()
        second = RecordShipment(reference="ref-1", shipment_id="s-2", parcels=(TWO,), shipped_at=shop.clock())
        late = second.decide(shop.storage.read(second.scope(SYSTEM, env)), env, SYSTEM)
        assert isinstance(late, Decision)
        _ship(shop, ONE)
        with pytest.raises(StaleWriteError):
            shop.storage.write(late.changes)
        shop.require(second, by=SYSTEM)
        assert [one.id for one in stored_order(shop).shipments] == ["s-1", "s-2"]

    def test_mails_carry_nothing_of_the_person(self, shop: Shop) -> None:
        """LG-05, TK-02: the row of the mail holds neither a name nor the link's text."""
        place(shop, name="Click http://evil.example")
        _ship(shop, ONE)
        (mail,) = shop.mails()
        row = repr(attrs.asdict(mail))
        assert "evil" not in row
        assert shop.link(mail) not in row
        assert GUEST in row

    def test_stores_times_in_utc(self, shop: Shop) -> None:
        """A time of any zone is stored in UTC."""
        place(shop)
        at = datetime.fromisoformat("2026-11-24T10:00:00+02:00")
        wanted = RecordShipment(reference="ref-1", shipment_id="s-1", parcels=(), shipped_at=at)
        shop.require(wanted, by=SYSTEM)
        assert stored_order(shop).shipments[0].shipped_at.tzinfo is UTC

    @pytest.mark.parametrize(
        "parcel",
        [
            {"tracking_number": ""},
            {"tracking_number": "x" * 101},
            {"tracking_number": "AT\r\nBcc: x@mail.example"},
            {"tracking_number": "AT-1", "carrier": "x" * 101},
            {"tracking_number": "AT-1", "carrier": "Po\x00st"},
            {"tracking_number": "AT-1", "url": "http://post.example/1"},
            {"tracking_number": "AT-1", "url": "javascript:alert(1)"},
            {"tracking_number": "AT-1", "url": "https://post.example/ 1"},
            {"tracking_number": "AT-1", "url": "https:///1"},
            {"tracking_number": "AT-1", "url": "https://[post.example/1"},
            {"tracking_number": "AT-1", "url": "https://post.example/" + "1" * 500},
            {"tracking_number": "AT-1", "weight": "2 kg"},
        ],
    )
    def test_parcels_are_bounded(self, parcel: dict[str, Any]) -> None:
        """AZ-02: single lines of bounded length, https addresses with a host, nothing else."""
        with pytest.raises(ValidationError):
            ParcelInput(**parcel)

    def test_a_shipment_has_at_most_fifty_parcels(self, shop: Shop) -> None:
        """AZ-02: the number of parcels is bounded."""
        with pytest.raises(ValidationError):
            RecordShipment(reference="r", shipment_id="s", parcels=(ONE,) * 51, shipped_at=shop.clock())
