"""A mail came back, and the mail's row keeps it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from customer_accounts.actors import Agent
from customer_accounts.features.bounce import BounceRecorded, RecordBounce
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.features.registration import Register
from customer_accounts.outbox import BounceKind, EventKind, MailPurpose, MailRecord
from customer_accounts.refusals import Reason, Refused
from tests.orders import GUEST, SYSTEM, place
from tests.shop import PASSWORD, Shop

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _ship(shop: Shop, reference: str) -> MailRecord:
    parcels = (ParcelInput(tracking_number="AT-1"),)
    shop.require(
        RecordShipment(reference=reference, shipment_id="s-1", parcels=parcels, shipped_at=shop.clock.now),
        by=SYSTEM,
    )
    return shop.mails(MailPurpose.TRACKING)[-1]


@pytest.fixture(name="mail")
def _mail(shop: Shop) -> MailRecord:
    """The tracking mail of a guest's order."""
    place(shop)
    return _ship(shop, "ref-1")


def _told(shop: Shop, message_id: object, **more: Any) -> BounceRecorded | Refused:
    fields = {"message_id": str(message_id), "kind": "hard", "at": AT, "reason": "5.1.1 unknown"} | more
    return shop.handle(RecordBounce(**fields), by=SYSTEM)


def _stored(shop: Shop, mail: MailRecord) -> MailRecord:
    return shop.storage._tables.mails[mail.id]


def test_is_kept_with_the_mail(shop: Shop, mail: MailRecord) -> None:
    """F17: kind, time in UTC and reason, under the Message-ID that the mail was sent with."""
    at = AT.astimezone(timezone(timedelta(hours=2)))
    expected = BounceRecorded(mail.id, "g***@mail.example", BounceKind.HARD)
    assert _told(shop, f"<{mail.id}@shop.example>", at=at) == expected
    kept = _stored(shop, mail)
    assert (kept.bounce, kept.bounced_at, kept.bounce_reason) == (BounceKind.HARD, AT, "5.1.1 unknown")
    assert kept.bounced_at is not None
    assert kept.bounced_at.tzinfo is UTC


@pytest.mark.parametrize("form", ["<{0}@shop.example>", "{0}@shop.example", "{0}", "<{0}>"])
def test_reads_what_providers_send(shop: Shop, mail: MailRecord, form: str) -> None:
    """With and without brackets and host."""
    assert isinstance(_told(shop, form.format(mail.id)), BounceRecorded)


def test_the_same_again_changes_nothing(shop: Shop, mail: MailRecord) -> None:
    """RL-08: told twice, written once; a soft one after a hard one is no news either."""
    _told(shop, mail.id)
    before = shop.storage._tables
    _told(shop, mail.id)
    answer = _told(shop, mail.id, kind="soft", reason="4.2.2 full")
    assert shop.storage._tables is before
    assert isinstance(answer, BounceRecorded)
    assert answer.kind is BounceKind.HARD


def test_a_hard_one_takes_the_place_of_a_soft_one(shop: Shop, mail: MailRecord) -> None:
    """The gravest stays; each is in the audit trail."""
    _told(shop, mail.id, kind="soft", reason="4.2.2 full")
    assert _stored(shop, mail).bounce is BounceKind.SOFT
    _told(shop, mail.id)
    assert _stored(shop, mail).bounce is BounceKind.HARD
    details = [one.detail for one in shop.events(EventKind.MAIL_BOUNCED)]
    assert details == [f"{mail.id} soft: 4.2.2 full", f"{mail.id} hard: 5.1.1 unknown"]


def test_keeps_no_address(shop: Shop, mail: MailRecord) -> None:
    """RL-07, LG-02: addresses in the reason are masked, in the row and in the trail."""
    _told(shop, mail.id, reason=f"550 5.1.1 <{GUEST}>: user unknown")
    assert _stored(shop, mail).bounce_reason == "550 5.1.1 <g***@mail.example>: user unknown"
    (event,) = shop.events(EventKind.MAIL_BOUNCED)
    assert event.email == "g***@mail.example"
    assert GUEST not in event.detail


def test_the_account_has_it_in_its_trail(shop: Shop) -> None:
    """LG-02: the event of a mail to an account names the account."""
    anna = shop.open_account()
    place(shop, by=shop.customer(anna.session), email="")
    _told(shop, _ship(shop, "ref-1").id)
    (event,) = shop.events(EventKind.MAIL_BOUNCED)
    assert event.account_id == anna.account_id


def test_stops_nothing(shop: Shop, mail: MailRecord) -> None:
    """F17: the mail stands as before, and further mails to that address are queued."""
    _told(shop, mail.id)
    assert (_stored(shop, mail).status, _stored(shop, mail).to) == (mail.status, mail.to)
    place(shop, "ref-2")
    assert _ship(shop, "ref-2").to == GUEST
    shop.require(Register(email=GUEST, password=PASSWORD), by=shop.visitor())
    assert [one.to for one in shop.mails(MailPurpose.CONFIRM_REGISTRATION)] == [GUEST]


@pytest.mark.parametrize("message_id", [uuid4(), "<CAF=x@mail.example>", "<>", "not ours"])
def test_an_unknown_mail(shop: Shop, mail: MailRecord, message_id: object) -> None:
    """What is not our mail, or is gone, is not found."""
    before = shop.storage._tables
    assert _told(shop, message_id) == Refused(Reason.NOT_FOUND, field="message_id")
    assert shop.storage._tables is before


def test_is_the_shops_own(shop: Shop, mail: MailRecord) -> None:
    """AZ-01: nobody else tells of bounces."""
    command: Any = RecordBounce(message_id=str(mail.id), kind=BounceKind.HARD, at=AT)
    for actor in (shop.visitor(), Agent("17")):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
