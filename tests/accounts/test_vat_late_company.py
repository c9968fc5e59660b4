"""A company orders as a guest while VIES is down: from the checkout to the refund and what is kept of it, on SQLite."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent, System
from customer_accounts.adapters.smtp import SmtpMailer
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.vies import ViesRegister
from customer_accounts.changes import Kept
from customer_accounts.evidence import OrderVatState
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.order_vat import FindVatOrders, RecordOrderVat
from customer_accounts.features.vat_correction import ApproveVatCorrection
from customer_accounts.features.vat_evidence import ExportVatEvidence
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.testing.fake_vies import FakeVies, fault, valid
from customer_accounts.testing.mailbox import Mailbox
from customer_accounts.vat import Place, Seller, Supply, Treatment, VatDecision, VatStatus, decide_vat

NUMBER, ADDRESS, REFERENCE = "DE136695976", "firm@mail.example", "r-1"
SYSTEM, AGENT = System(), Agent("17")


class Firm:
    """A shop on a SQLite file with VIES and a mail server on this machine; each use opens the file anew."""

    def __init__(self, path: Path, vies: FakeVies) -> None:
        self.url, self.vies = f"sqlite:///{path / 'shop.db'}", vies
        self.clock, self.settings = FixedClock(), cheap_settings(seller=Seller("AT"))
        storage = SqlStorage(self.url)
        storage.create_schema()
        storage.close()

    def do(self, act: Any) -> Any:
        """Do something with a runner, as one process of several would."""
        storage = SqlStorage(self.url)
        register = ViesRegister(base_url=self.vies.url, clock=self.clock, attempts=1)
        try:
            return act(Accounts(storage, self.settings, clock=self.clock, vat_register=register))
        finally:
            storage.close()

    def require(self, command: Any, by: Any = SYSTEM) -> Any:
        """Run a command that must not be refused."""
        return self.do(lambda accounts: accounts.require(command, by=by))

    def order(self) -> VatDecision:
        """Order 100 net from Austria to Germany as a guest, while the customer waits two seconds at most."""
        checked = self.do(lambda accounts: accounts.check_vat("de 136 695 976", wait=2.0))
        assert (checked.status, checked.code) == (VatStatus.PENDING, "MS_UNAVAILABLE")
        supply = Supply(
            on=self.clock.now.date(), ships_from=Place("AT"), ships_to=Place("DE", postcode="10115")
        )
        made = decide_vat(supply, checked.buyer(), self.settings.seller)
        order = RecordOrder(
            reference=REFERENCE, number="N-1", placed_at=self.clock.now, email=ADDRESS, locale="de"
        )
        self.require(order)
        charged = {"charged_net": Decimal("100.00"), "charged_vat": Decimal("20.00")}
        self.require(
            RecordOrderVat(
                reference=REFERENCE, decision=made.to_json(), evidence_id=checked.evidence_id, **charged
            )
        )
        return made

    def recheck(self) -> Any:
        """Run the worker."""
        return self.do(lambda accounts: accounts.check_vat_numbers(at_once=4))

    def waiting(self, state: OrderVatState) -> list[str]:
        """Give the orders in a state, as an agent sees them."""
        return [one.reference for one in self.require(FindVatOrders(state=state), by=AGENT).orders]

    def evidence(self) -> list[dict[str, Any]]:
        """Give what is exported for the order."""
        told = self.require(ExportVatEvidence(reference=REFERENCE), by=AGENT)
        rows: list[dict[str, Any]] = json.loads(told.to_json())["evidence"]
        return rows

    def purged_at(self, when: datetime) -> dict[Kept, int]:
        """Give what is purged at a time."""
        self.clock.now = when
        counts: dict[Kept, int] = self.do(lambda accounts: accounts.purge()).purged
        return counts


@pytest.fixture(name="firm")
def _firm(tmp_path: Path) -> Iterator[Firm]:
    """The shop; Germany's register is down."""
    with FakeVies(default=fault("MS_UNAVAILABLE")) as vies:
        yield Firm(tmp_path, vies)


def test_from_the_outage_to_the_refund(firm: Firm) -> None:
    """F23, F24, F25: charged for now, confirmed late, approved by an agent, told once, and proved for ten years."""
    made = firm.order()
    assert (made.provisional, made.rate) == (True, Decimal(20))
    firm.clock.forward(minutes=10)
    assert firm.recheck().unverified == 1
    assert firm.waiting(OrderVatState.PROVISIONAL) == [REFERENCE]

    firm.vies.set(NUMBER, valid("Beispiel GmbH"))
    firm.clock.forward(days=1)
    (late,) = firm.recheck().late
    (line,) = late.decision.lines
    assert (late.reference, late.refund) == (REFERENCE, Decimal("20.00"))
    assert (line.treatment, line.provisional) == (Treatment.INTRA_COMMUNITY_SUPPLY, False)
    assert late.supplied_on == firm.clock.now.date() - timedelta(days=1)
    with Mailbox() as mailbox:
        mailer = SmtpMailer(mailbox.host, mailbox.port)
        firm.do(lambda accounts: accounts.deliver_mail(mailer))
        assert mailbox.to(ADDRESS) == []
        assert firm.waiting(OrderVatState.CONFIRMED_LATE) == [REFERENCE]
        for _ in range(2):
            assert firm.require(ApproveVatCorrection(reference=REFERENCE), by=AGENT).refund == late.refund
            firm.do(lambda accounts: accounts.deliver_mail(mailer))
        (mail,) = mailbox.to(ADDRESS)
        told = mail.get_body(("plain",))
        assert told is not None
        text = told.get_content()
        assert NUMBER in text
        assert "20,00" in text
    assert firm.waiting(OrderVatState.CORRECTED) == [REFERENCE]
    assert firm.recheck().total == 0


def test_the_evidence_goes_with_the_invoice(firm: Firm) -> None:
    """F23, DP-01: a guest's evidence, the outage and the yes, with raw body and hash, for ten years and no longer."""
    firm.order()
    firm.vies.set(NUMBER, valid("Beispiel GmbH"))
    firm.clock.forward(days=1)
    firm.recheck()
    rows = firm.evidence()
    assert {one["code"] for one in rows} == {"MS_UNAVAILABLE", "VALID"}
    assert all(one["raw"] and len(one["raw_sha256"]) == 64 for one in rows)
    year = firm.clock.now.year
    early = firm.purged_at(datetime(year + 10, 12, 30, tzinfo=firm.clock.now.tzinfo))
    assert (early[Kept.ORDER_VAT], early[Kept.VAT_EVIDENCE]) == (0, 0)
    purged = firm.purged_at(datetime(year + 11, 1, 2, tzinfo=firm.clock.now.tzinfo))
    assert (purged[Kept.ORDER_VAT], purged[Kept.VAT_EVIDENCE]) == (1, 2)
