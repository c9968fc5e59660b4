"""What became of something: one timeline of an address, an order or a VAT number."""

from datetime import timedelta
from typing import Any, get_args

import attrs
import pytest
from attrs import evolve
from pydantic import ValidationError

from customer_accounts.account import AccountStatus
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent
from customer_accounts.address_digest import address_digest, keyed_digest
from customer_accounts.changes import update
from customer_accounts.email_suggestion import suggest_correction
from customer_accounts.evidence import OrderVatState
from customer_accounts.features.account_merge import MergeAccounts
from customer_accounts.features.bounce import RecordBounce
from customer_accounts.features.claim_order import ClaimOrder
from customer_accounts.features.company import SetCompany
from customer_accounts.features.conversion_requests import RequestConversion
from customer_accounts.features.lookup import ACCOUNTS_AT_ONCE, Lookup, Timeline
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.privacy import CloseAccount, ExportMyData
from customer_accounts.features.registration import Register
from customer_accounts.features.support import ConvertGuest
from customer_accounts.features.timeline import (
    ClaimEntry,
    EventEntry,
    FoundAccount,
    MailEntry,
    MergeEntry,
    OrderEntry,
    OrderVatEntry,
    RegistrationEntry,
    RequestEntry,
    TimelineEntry,
    VatEvidenceEntry,
    WaitingVatCheck,
)
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.inputs import CompanyInput
from customer_accounts.outbox import (
    BounceKind,
    EventKind,
    MailOutcome,
    MailPurpose,
    MailStatus,
    Queue,
)
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import records
from customer_accounts.testing.records import stored
from customer_accounts.vat import VatAnswer, VatStatus
from tests.orders import GUEST, SYSTEM, place, stored_order
from tests.shop import PASSWORD, Shop
from tests.vat_orders import GERMAN, provisional, say

IDA = Agent("17", name="Ida")
ANNA = "anna@mail.example"


def look(shop: Shop, **what: Any) -> Timeline:
    """Give the first page, a long one, of what is looked up."""
    return shop.require(Lookup(**{"reason": "asked by phone", "limit": 100, **what}), by=IDA)


def of_kind(timeline: Timeline, kind: Any) -> list[Any]:
    """Give the entries of one kind, newest first."""
    return [one for one in timeline.entries if isinstance(one, kind)]


def told(timeline: Timeline) -> list[EventKind]:
    """Give what the audit trail tells, newest first."""
    return [one.event for one in of_kind(timeline, EventEntry)]


def purposes(timeline: Timeline) -> set[MailPurpose]:
    """Give what mails are for."""
    return {one.purpose for one in of_kind(timeline, MailEntry)}


def ship(shop: Shop, reference: str = "ref-1") -> None:
    """Let an order leave, which mails its tracking number."""
    parcel = ParcelInput(tracking_number="AT-1")
    shop.require(
        RecordShipment(reference=reference, shipment_id="s-1", parcels=(parcel,), shipped_at=shop.clock.now),
        by=SYSTEM,
    )


class TestByAddress:
    """An address leads to its account, and to all that stands under it without one."""

    def test_a_guest(self, shop: Shop) -> None:
        """Orders, mails, written requests and the trail of somebody without an account, newest first."""
        place(shop)
        shop.clock.forward(hours=1)
        ship(shop)
        shop.clock.forward(hours=1)
        shop.require(RequestConversion(email=GUEST, name="Gerda Gast", message="Bitte!"), by=shop.visitor())
        shop.clock.forward(hours=1)
        shop.require(ConvertGuest(email=GUEST, reason="letter"), by=IDA)
        found = look(shop, email=" Gerda@MAIL.example")
        assert found.accounts == ()
        assert purposes(found) == {MailPurpose.TRACKING, MailPurpose.SET_PASSWORD}
        assert told(found) == [
            EventKind.GUEST_CONVERTED, EventKind.CONVERSION_REQUESTED, EventKind.SHIPMENT_RECORDED,
            EventKind.ORDER_RECORDED,
        ]  # fmt: skip
        (order,), (request,), (invited,) = (
            of_kind(found, kind) for kind in (OrderEntry, RequestEntry, RegistrationEntry)
        )
        assert (order.reference, order.number, order.account_id, order.shipments) == (
            "ref-1",
            "N-ref-1",
            None,
            1,
        )
        assert order.email == request.email == invited.email == "g***@mail.example"
        assert [one.at for one in found.entries] == sorted((one.at for one in found.entries), reverse=True)
        assert found.next is None

    def test_a_customer(self, shop: Shop) -> None:
        """The account, what it did, its mails, its orders and its claims; nothing of somebody else."""
        place(shop, email=ANNA)
        place(shop, "ref-2")
        anna = shop.open_account(name="Anna Huber")
        found = look(shop, email=ANNA)
        assert found.accounts == (
            FoundAccount(
                anna.account_id, "a***@mail.example", AccountStatus.OPEN, shop.clock.now, None, None,
                VatStatus.NOT_GIVEN,
            ),
        )  # fmt: skip
        assert {EventKind.REGISTRATION_REQUESTED, EventKind.ACCOUNT_OPENED} <= set(told(found))
        assert MailPurpose.CONFIRM_REGISTRATION in purposes(found)
        (order,), (claim,) = of_kind(found, OrderEntry), of_kind(found, ClaimEntry)
        assert (order.reference, order.account_id, order.claim_id) == ("ref-1", anna.account_id, claim.id)
        assert (claim.account_id, claim.orders) == (anna.account_id, 1)

    def test_a_claim_of_somebody_else(self, shop: Shop) -> None:
        """A guest whose orders another account has is told which claim took them."""
        place(shop, email="ana@mail.example", name="", placed_at=shop.clock.now)
        anna = shop.open_account()
        shop.require(ClaimOrder(number="N-ref-1", postcode="8010"), by=shop.customer(anna.session))
        found = look(shop, email="ana@mail.example")
        (order,) = of_kind(found, OrderEntry)
        assert (found.accounts, order.account_id) == ((), anna.account_id)

    def test_a_closed_account(self, shop: Shop) -> None:
        """What was mailed and noted under the address is found for as long as it is kept, also after the closing."""
        anna = shop.open_account()
        shop.require(CloseAccount(account_id=anna.account_id, reason="asked by letter"), by=IDA)
        found = look(shop, email=ANNA)
        assert found.accounts == ()
        assert EventKind.ACCOUNT_CLOSED in told(found)
        assert MailPurpose.ACCOUNT_CLOSED in purposes(found)

    def test_a_merged_account(self) -> None:
        """The address that ended leads to the merge, and so does the account that goes on."""
        shop = Shop(four_eyes=frozenset())
        agent = Agent("17", may=frozenset({"merge_accounts"}))
        anna, other = shop.open_account(), shop.open_account("a.huber@mail.example")
        merge = MergeAccounts(
            surviving=ANNA, absorbed="a.huber@mail.example", reason="letter", evidence="two letters"
        )
        shop.require(merge, by=agent)
        for email in (ANNA, "a.huber@mail.example"):
            (entry,) = of_kind(look(shop, email=email), MergeEntry)
            assert (entry.account_id, entry.absorbed_id) == (anna.account_id, other.account_id)

    def test_nobody(self, shop: Shop) -> None:
        """An address that the shop never had to do with has an empty timeline, but for earlier looks."""
        place(shop)
        assert look(shop, email="nobody@mail.example") == Timeline((), 0, (), (), None)
        assert told(look(shop, email="nobody@mail.example")) == [EventKind.LOOKED_UP]

    def test_a_new_secret_hides_nothing(self, shop: Shop) -> None:
        """What was kept under an earlier secret is found for as long as the shop has that secret."""
        shop.require(Register(email=ANNA, password=PASSWORD), by=shop.visitor())
        renewed = evolve(shop.settings, secret="n" * 40, secret_id="2")
        later = Accounts(shop.storage, renewed, clock=shop.clock)
        asked = Lookup(email=ANNA, reason="asked")
        found = later.require(asked, by=IDA)
        assert (of_kind(found, MailEntry), told(found)) == ([], [])
        both = evolve(renewed, old_secrets={"1": shop.settings.secret})
        found = Accounts(shop.storage, both, clock=shop.clock).require(asked, by=IDA)
        assert purposes(found) == {MailPurpose.CONFIRM_REGISTRATION}
        assert EventKind.REGISTRATION_REQUESTED in told(found)


class TestByOrder:
    """An order leads to who owns it, or to the guest."""

    @pytest.mark.parametrize("named", ["ref-1", "N-ref-1", " N-ref-1 "])
    def test_a_guests_order(self, shop: Shop, named: str) -> None:
        """By reference or number, the order and all that stands under the guest's address."""
        place(shop)
        place(shop, "ref-2")
        shop.require(RequestPasswordReset(email=GUEST), by=shop.visitor())
        ship(shop)
        found = look(shop, order=named)
        assert {one.reference for one in of_kind(found, OrderEntry)} == {"ref-1", "ref-2"}
        assert purposes(found) == {MailPurpose.NO_ACCOUNT, MailPurpose.TRACKING}

    @pytest.mark.parametrize("typed", ["at-7", "AT-7", "#at-7", " At-7"])
    def test_typed_as_customers_type_it(self, shop: Shop, typed: str) -> None:
        """Capitals and the mark before a number are forgiven, where nobody has it so."""
        place(shop, number="AT-7")
        place(shop, "ref-2", number="AT-8", email="zoe@mail.example")
        assert [one.reference for one in of_kind(look(shop, order=typed), OrderEntry)] == ["ref-1"]

    def test_typed_exactly(self, shop: Shop) -> None:
        """Of numbers that differ in capitals only, and of a reference, the one is meant that was typed."""
        for number, reference, email in (
            ("AT-7", "ref-1", GUEST), ("at-7", "ref-2", "zoe@mail.example"), ("x", "#at-7", "bob@mail.example"),
        ):  # fmt: skip
            place(shop, reference, number=number, email=email)
            provisional(shop, f"vat of {reference}")
        for typed, meant in (("AT-7", "ref-1"), ("at-7", "ref-2"), ("#at-7", "#at-7")):
            found = look(shop, order=typed)
            assert [one.reference for one in of_kind(found, OrderEntry)] == [meant]

    def test_a_customers_order(self, shop: Shop) -> None:
        """An order that was claimed leads to its owner; the address that was mistyped with it is somebody else's."""
        place(shop, email="ana@mail.example", name="", placed_at=shop.clock.now)
        stranger = shop.open_account("ana@mail.example")
        anna = shop.open_account()
        order = stored_order(shop)
        shop.storage.write([update(order, evolve(order, owner=anna.account_id))])
        ship(shop)
        found = look(shop, order="ref-1")
        assert [one.id for one in found.accounts] == [anna.account_id]
        assert MailPurpose.TRACKING in purposes(found)
        assert EventKind.ACCOUNT_OPENED in told(found)
        assert stranger.account_id not in {one.account_id for one in of_kind(found, EventEntry)}

    def test_its_vat(self, shop: Shop) -> None:
        """The VAT of a guest's order stands in the timeline, as it stands now, and what the register said."""
        provisional(shop)
        say(shop, VatStatus.INVALID)
        for named in ("r-1", "N-r-1"):
            found = look(shop, order=named)
            (vat,), (answer,) = of_kind(found, OrderVatEntry), of_kind(found, VatEvidenceEntry)
            assert (vat.reference, vat.state) == ("r-1", OrderVatState.CHARGED)
            assert (answer.number, answer.status) == (GERMAN, VatStatus.INVALID)

    def test_none(self, shop: Shop) -> None:
        """An order that is not there has an empty timeline."""
        place(shop)
        assert look(shop, order="N-ref-2") == Timeline((), 0, (), (), None)


class TestByVatNumber:
    """A VAT number leads to its companies, and to what the register said."""

    def test_a_company(self, shop: Shop) -> None:
        """The account with its number, the answers of the register, and the VAT of orders with that number."""
        customer = shop.customer(shop.open_account().session)
        company = CompanyInput(name="Druck & Co", vat_number=GERMAN)
        shop.require(SetCompany(company=company), by=customer)
        provisional(shop)
        answer = VatAnswer(GERMAN, VatStatus.VALID, "VALID", shop.clock.now, consultation_number="WAPI-1")
        shop.require(RecordVatAnswer(answer=answer), by=SYSTEM)
        found = look(shop, vat_number="de 136 695 976")
        (account,) = found.accounts
        assert (account.id, account.vat_number, account.vat_status) == (
            customer.account_id, GERMAN, VatStatus.VALID,
        )  # fmt: skip
        (evidence,), (vat,) = of_kind(found, VatEvidenceEntry), of_kind(found, OrderVatEntry)
        assert (evidence.number, evidence.status, evidence.consultation_number) == (
            GERMAN,
            VatStatus.VALID,
            "WAPI-1",
        )
        assert (vat.number, vat.reference) == (GERMAN, "r-1")
        assert EventKind.COMPANY_CHANGED in told(found)
        assert of_kind(look(shop, email=ANNA), VatEvidenceEntry) == [evidence]

    def test_a_number_that_waits(self, shop: Shop) -> None:
        """A number that the register has not answered for says when it is asked."""
        customer = shop.customer(shop.open_account().session)
        shop.require(SetCompany(company=CompanyInput(name="Druck", vat_number=GERMAN)), by=customer)
        waiting = (WaitingVatCheck(GERMAN, shop.clock.now, 0),)
        assert look(shop, vat_number=GERMAN).vat_checks == look(shop, email=ANNA).vat_checks == waiting

    def test_many_companies(self, shop: Shop) -> None:
        """Of many accounts with one number the newest are told of, and how many are left out."""
        company = evolve(records.a_company(), vat_number=GERMAN)
        accounts = [
            records.an_account(company=company, created_at=records.later(hours=n))
            for n in range(ACCOUNTS_AT_ONCE + 2)
        ]
        events = [records.an_event(one.id) for one in accounts]
        shop.storage.write(stored(*accounts, *events))
        found = look(shop, vat_number=GERMAN)
        assert [one.id for one in found.accounts] == [one.id for one in reversed(accounts[2:])]
        assert found.accounts_left_out == 2
        assert len(of_kind(found, EventEntry)) == ACCOUNTS_AT_ONCE

    def test_none(self, shop: Shop) -> None:
        """What cannot be a number is not found; one that nobody has has an empty timeline."""
        assert look(shop, vat_number=GERMAN) == Timeline((), 0, (), (), None)
        asked = Lookup(vat_number="nonsense", reason="asked")
        assert shop.handle(asked, by=IDA) == Refused(Reason.NOT_FOUND, field="vat_number")


class TestMails:
    """Every mail says where it stands."""

    def test_how_mails_stand(self, shop: Shop) -> None:
        """Queued, sent, dropped and dead, with the mail server's words and no address in them."""
        for _ in range(4):
            shop.require(RequestPasswordReset(email=GUEST), by=shop.visitor())
        tasks = shop.storage.lease(
            Queue.MAIL, limit=3, now=shop.clock.now, until=shop.clock.now + timedelta(minutes=5)
        )
        shop.storage.finish(tasks[0], MailOutcome(MailStatus.SENT, shop.clock.now, f"250 <{GUEST}> ok"))
        shop.storage.finish(tasks[1], MailOutcome(MailStatus.DROPPED, shop.clock.now, "expired"))
        shop.storage.fail(tasks[2], retry_at=None, reason=f"550 {GUEST}: unknown")
        found = {one.status: one for one in of_kind(look(shop, email=GUEST), MailEntry)}
        assert {status: one.reply for status, one in found.items()} == {
            MailStatus.SENT: "250 <g***@mail.example> ok",
            MailStatus.DROPPED: "expired",
            MailStatus.DEAD: "550 g***@mail.example: unknown",
            MailStatus.QUEUED: "",
        }
        assert {one.to for one in found.values()} == {"g***@mail.example"}

    def test_a_bounce(self, shop: Shop) -> None:
        """A mail that came back says how, when and why; the entry in the trail is found by the address too."""
        place(shop)
        ship(shop)
        (mail,) = shop.mails(MailPurpose.TRACKING)
        bounce = RecordBounce(message_id=str(mail.id), kind="hard", at=shop.clock.now, reason="5.1.1 unknown")
        shop.require(bounce, by=SYSTEM)
        found = look(shop, email=GUEST)
        (entry,) = of_kind(found, MailEntry)
        assert (entry.bounce, entry.bounced_at, entry.bounce_reason) == (
            BounceKind.HARD, shop.clock.now, "5.1.1 unknown",
        )  # fmt: skip
        assert EventKind.MAIL_BOUNCED in told(found)


class TestTheTrail:
    """Each look is noted: by whom, what for, about whom, and never in clear."""

    def test_says_who_and_what_for(self, shop: Shop) -> None:
        """LG-02: the agent, the reason, the account, and the address masked beside its digest."""
        anna = shop.open_account()
        look(shop, email=ANNA)
        (event,) = shop.events(EventKind.LOOKED_UP)
        assert (event.actor, event.account_id, event.email, event.detail) == (
            "agent:17", anna.account_id, "a***@mail.example", "email: asked by phone",
        )  # fmt: skip
        assert event.email_digest == address_digest(shop.settings.secret, ANNA)

    @pytest.mark.parametrize(
        "subject", [{"email": ANNA}, {"order": "N-ref-1"}, {"order": "ref-1"}, {"vat_number": GERMAN}]
    )
    def test_names_nobody_in_clear(self, shop: Shop, subject: dict[str, str]) -> None:
        """LG-02: neither what was asked for nor an address that was typed into the reason stands in the event."""
        place(shop, email=ANNA)
        look(shop, **subject, reason=f"{ANNA} called")
        (event,) = shop.events(EventKind.LOOKED_UP)
        kept = " ".join(str(one) for one in attrs.astuple(event))
        assert not [one for one in (ANNA, "ref-1", GERMAN) if one in kept]
        assert "a***@mail.example called" in event.detail

    def test_can_be_searched(self, shop: Shop) -> None:
        """LG-02: whoever asks who looked at an order or a number finds it by the digest of that."""
        look(shop, order="N-ref-1")
        look(shop, vat_number="de 136 695 976")
        secret = shop.settings.secret
        assert [one.detail for one in shop.events(EventKind.LOOKED_UP)] == [
            f"order {keyed_digest(secret, 'order', 'N-ref-1')}: asked by phone",
            f"vat_number {keyed_digest(secret, 'vat_number', GERMAN)}: asked by phone",
        ]

    def test_stands_in_the_timeline(self, shop: Shop) -> None:
        """LG-02: the next look shows the one before, an order's too, by the guest's address."""
        place(shop)
        shop.clock.forward(hours=1)
        look(shop, order="N-ref-1")
        found = look(shop, email=GUEST)
        assert told(found)[0] is EventKind.LOOKED_UP

    def test_every_page_is_noted(self, shop: Shop) -> None:
        """LG-02: a later page is a look of its own, so nobody reads on unseen."""
        place(shop)
        page = look(shop, email=GUEST, limit=1)
        look(shop, email=GUEST, limit=1, after=page.next)
        assert len(shop.events(EventKind.LOOKED_UP)) == 2

    def test_is_in_the_export(self, shop: Shop) -> None:
        """DP-01: the customer sees in the export that staff looked; the digest is the machinery's."""
        anna = shop.open_account()
        look(shop, email=ANNA)
        data = shop.require(ExportMyData(), by=shop.customer(anna.session)).to_json()
        assert '"looked_up"' in data
        assert "digest" not in data


class TestRefusals:
    """Who may not, and what cannot be looked up."""

    def test_is_an_agents(self, shop: Shop) -> None:
        """AZ-01: neither a visitor nor a customer nor the machinery looks anybody up, not even themselves."""
        anna = shop.open_account()
        asked: Any = Lookup(email=ANNA, reason="mine")
        for actor in (shop.visitor(), shop.customer(anna.session), SYSTEM):
            assert shop.handle(asked, by=actor) == Refused(Reason.NOT_ALLOWED)
        assert shop.events(EventKind.LOOKED_UP) == []

    def test_wants_the_permission(self) -> None:
        """A shop that lets only some of its staff look up refuses the others, and tells them nothing."""
        shop = Shop(agent_permissions={AgentTask.LOOK_UP: "look_up"})
        place(shop)
        asked = Lookup(email=GUEST, reason="asked")
        assert shop.handle(asked, by=IDA) == Refused(Reason.PERMISSION_MISSING, detail="look_up")
        assert shop.require(asked, by=Agent("18", may=frozenset({"look_up"}))).entries

    def test_an_unreadable_address(self, shop: Shop) -> None:
        """F06: what is no address is refused with the likely one."""
        refused = shop.handle(Lookup(email="anna@gmail,com", reason="asked"), by=IDA)
        assert isinstance(refused, Refused)
        expected = Reason.EMAIL_INVALID, suggest_correction("anna@gmail,com")
        assert (refused.reason, refused.suggestion) == expected

    @pytest.mark.parametrize(
        "after",
        ["", "x", "MTc", "MSBub25lIDE", "MSBtYWls", "MSBtYWlsIA", "MSBtYWlsIG5vLWlk"],
        ids=["empty", "short", "no place", "no such kind", "no key", "empty key", "no id"],
    )
    def test_a_place_that_is_none(self, shop: Shop, after: str) -> None:
        """A cursor that was tampered with is not found."""
        asked = Lookup(email=ANNA, reason="asked", after=after)
        assert shop.handle(asked, by=IDA) == Refused(Reason.NOT_FOUND, field="after")

    @pytest.mark.parametrize(
        "subject", [{}, {"email": ANNA, "order": "1"}, {"order": "1", "vat_number": GERMAN}]
    )
    def test_one_subject(self, subject: dict[str, str]) -> None:
        """One thing is looked up at a time."""
        with pytest.raises(ValidationError, match="either an address, or an order, or a VAT number"):
            Lookup(**{**subject, "reason": "asked"})


class TestReadings:
    """A page costs the same whatever there is."""

    @pytest.mark.parametrize(
        "subject",
        [{"email": ANNA}, {"email": "nobody@mail.example"}, {"order": "ref-1"}, {"vat_number": GERMAN}],
    )
    def test_two_readings_and_one_writing(self, shop: Shop, subject: dict[str, str]) -> None:
        """Whom it is about, what happened, and that somebody looked: three calls of the storage, for any page."""
        shop.open_account()
        for number in range(9):
            place(shop, f"ref-{number}", email=ANNA)
        calls: list[str] = []
        for name in ("read", "write"):
            _watch(shop.storage, name, calls)
        page = look(shop, **subject, limit=2)
        assert calls == ["read", "read", "write"]
        if page.next is not None:
            look(shop, **subject, limit=2, after=page.next)
            assert calls == ["read", "read", "write"] * 2


def _watch(storage: Any, name: str, calls: list[str]) -> None:
    done = getattr(storage, name)

    def watched(asked: Any, /) -> Any:
        calls.append(name)
        return done(asked)

    setattr(storage, name, watched)


def test_shows_these_fields_and_no_others() -> None:
    """DP-03: whoever adds a field to what agents see adds it here, and says why in the changelog."""
    kinds = (Timeline, FoundAccount, WaitingVatCheck, *get_args(TimelineEntry))
    assert {kind.__name__: " ".join(one.name for one in attrs.fields(kind)) for kind in kinds} == {
        "Timeline": "accounts accounts_left_out vat_checks entries next",
        "FoundAccount": "id email status created_at closed_at vat_number vat_status",
        "WaitingVatCheck": "number due_at attempts",
        "RegistrationEntry": "at id email expires_at confirmed_at",
        "EventEntry": "at id event by account_id email detail",
        "MailEntry": "at id purpose to status attempts finished_at reply bounce bounced_at bounce_reason"
        " account_id order_reference",
        "OrderEntry": "at reference number status status_at email account_id claim_id disputed shipments",
        "ClaimEntry": "at id account_id cause grade by orders facts reason undone_at undone_by undone_reason",
        "MergeEntry": "at id account_id absorbed_id by reason undo_until",
        "RequestEntry": "at id state email agent note changed_at",
        "VatEvidenceEntry": "at id number status code source consultation_number by",
        "OrderVatEntry": "at reference number state supplied_on",
    }
