"""Evidence about VAT numbers: kept, added, exported, asked for again (F23, F25)."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from customer_accounts.actors import Agent
from customer_accounts.changes import Kept
from customer_accounts.evidence import EvidenceSource, OrderVatState, TraderMatches, VatEvidenceRecord
from customer_accounts.features.company import SetCompany
from customer_accounts.features.privacy import CloseAccount, ExportMyData
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.features.vat_checkup import BeginVatCheckup
from customer_accounts.features.vat_correction import ApproveVatCorrection
from customer_accounts.features.vat_evidence import AddVatEvidence, ExportVatEvidence, RecheckVat, VatRecheck
from customer_accounts.inputs import CompanyInput
from customer_accounts.outbox import EventKind, VatCheckRecord
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import VatAnswer, VatStatus
from tests.shop import PASSWORD, Shop
from tests.vat_orders import GERMAN, SYSTEM, decision, order, provisional, say, taxed, vat_of

IDA = Agent("17", name="Ida")


def evidence(shop: Shop) -> list[VatEvidenceRecord]:
    """Give the evidence that is stored, oldest first."""
    return shop.stored(VatEvidenceRecord)


def company(shop: Shop, typed: str = "de 136 695 976") -> Any:
    """Give a customer of a company whose number waits."""
    customer = shop.customer(shop.open_account().session)
    shop.require(SetCompany(company=CompanyInput(name="Druck & Co", vat_number=typed)), by=customer)
    return customer


def document(shop: Shop, **fields: Any) -> AddVatEvidence:
    """Give the command that adds a letter for the order."""
    given = {"reference": "r-1", "valid_on": vat_of(shop).supplied_on, "document": "letter 17", **fields}
    return AddVatEvidence(**given)


class TestKeeping:
    """What is kept of an answer."""

    def test_everything_is_kept(self, shop: Shop) -> None:
        """F23: as typed and compact, of whom, for whom, when, the body with its hash, and the versions."""
        company(shop)
        answer = VatAnswer(
            GERMAN, VatStatus.VALID, "VALID", shop.clock.now, endpoint="https://vies.example/check", http_status=200,
            raw='{"valid":true}', consultation_number="WAPI-1", name="Druck", matches=(("city", "VALID"),),
            requester="ATU13585627", requester_refused=True,
        )  # fmt: skip
        shop.require(RecordVatAnswer(answer=answer), by=SYSTEM)
        (kept,) = evidence(shop)
        assert (kept.number, kept.as_typed, kept.source) == (
            GERMAN,
            "de 136 695 976",
            EvidenceSource.REGISTER,
        )
        assert (kept.endpoint, kept.http_status, kept.requester) == (
            "https://vies.example/check", 200, "ATU13585627",
        )  # fmt: skip
        assert (kept.raw, kept.raw_sha256, kept.requester_refused) == (answer.raw, answer.raw_sha256, True)
        assert (kept.name, kept.address, kept.matches) == ("Druck", None, TraderMatches(city="VALID"))
        assert (kept.consultation_number, kept.checked_at) == ("WAPI-1", shop.clock.now)
        assert kept.library_version
        assert kept.data_version

    def test_an_outage_is_kept_once_a_day_and_kind(self, shop: Shop) -> None:
        """F25: a night of the same fault is one row; another fault, or the next day, is another."""
        company(shop)
        for code in ("TIMEOUT", "TIMEOUT", "MS_UNAVAILABLE", "MS_UNAVAILABLE"):
            shop.clock.forward(hours=1)
            told = say(shop, VatStatus.UNVERIFIED, code=code)
            assert (told.evidence_id is None) == (
                len(evidence(shop)) == 0 or evidence(shop)[-1].id != told.evidence_id
            )
        assert [one.code for one in evidence(shop)] == ["TIMEOUT", "MS_UNAVAILABLE"]
        shop.clock.forward(days=1)
        say(shop, VatStatus.UNVERIFIED, code="MS_UNAVAILABLE")
        shop.clock.forward(hours=1)
        say(shop, VatStatus.VALID)
        shop.clock.forward(hours=1)
        say(shop, VatStatus.VALID)
        assert [one.status for one in evidence(shop)][2:] == ["unverified", "valid", "valid"]

    def test_a_guest_has_evidence_too(self, shop: Shop) -> None:
        """F23: a company that orders without an account."""
        shop.require(BeginVatCheckup(number=GERMAN, as_typed="DE 136695976"), by=SYSTEM)
        told = say(shop, VatStatus.VALID)
        assert [(one.id, one.as_typed) for one in evidence(shop)] == [(told.evidence_id, "DE 136695976")]

    def test_it_outlives_the_account_and_goes_with_the_invoice(self, shop: Shop) -> None:
        """DP-01: closing an account takes none away; ten years after the end of the year it is purged."""
        customer = company(shop)
        told = say(shop, VatStatus.VALID)
        made = decision(VatStatus.VALID, on=date(2026, 12, 31))
        command = taxed(shop, made=made, evidence_id=told.evidence_id)
        shop.require(command, by=SYSTEM)
        shop.require(CloseAccount(current_password=PASSWORD), by=customer)
        assert len(evidence(shop)) == 1
        shop.clock.now = shop.clock.now.replace(year=2036, month=12, day=30)
        assert Kept.VAT_EVIDENCE not in {one for one, count in shop.accounts.purge().purged.items() if count}
        shop.clock.now = shop.clock.now.replace(year=2037, month=1, day=2)
        purged = shop.accounts.purge().purged
        assert (purged[Kept.ORDER_VAT], purged[Kept.VAT_EVIDENCE]) == (1, 1)

    def test_the_account_exports_its_own(self, shop: Shop) -> None:
        """DP-01: what the company's number and its orders name, and nothing of what others typed."""
        customer = company(shop)
        say(shop, VatStatus.VALID)
        other = company_of_other(shop)
        data = json.loads(shop.require(ExportMyData(), by=customer).to_json())
        (row,) = data["vat_evidence"]
        assert (row["number"], row["name"], row["address"]) == (GERMAN, "withheld", "withheld")
        assert "as_typed" not in row
        assert json.loads(shop.require(ExportMyData(), by=other).to_json())["vat_evidence"] == []


def company_of_other(shop: Shop) -> Any:
    """Give another customer with the same number, who has no answer yet."""
    other = shop.customer(shop.open_account("bert@mail.example").session)
    shop.require(SetCompany(company=CompanyInput(name="X", vat_number=GERMAN)), by=other)
    return other


class TestAdding:
    """An agent adds a document."""

    @pytest.mark.parametrize("answered", [False, True])
    def test_a_document_confirms_the_order(self, shop: Shop, answered: bool) -> None:
        """F25: beyond the days of the register an agent's document counts, for that order and its day alone."""
        provisional(shop)
        shop.clock.forward(days=30)
        if answered:
            say(shop, VatStatus.VALID)
        command = document(shop, document_sha256="a" * 64, consultation_number="FON-1")
        late = shop.require(command, by=IDA)
        assert (late.refund, next(iter(late.decision)).rule) == (Decimal(20), "G04")
        added = evidence(shop)[-1]
        assert (added.source, added.added_by, added.document) == (
            EvidenceSource.AGENT,
            "agent:17",
            "letter 17",
        )
        assert (added.status, added.code, added.consultation_number) == ("valid", "DOCUMENT", "FON-1")
        assert vat_of(shop).corrected_evidence_id == added.id
        assert shop.require(command, by=IDA) == late
        assert len(shop.events(EventKind.VAT_EVIDENCE_ADDED)) == 1
        assert shop.require(ApproveVatCorrection(reference="r-1"), by=IDA).evidence_id == added.id
        again = shop.require(BeginVatCheckup(number="DE999999999"), by=SYSTEM)
        assert again.status is VatStatus.PENDING

    def test_a_document_makes_no_number_valid(self, shop: Shop) -> None:
        """F25: the checkout still asks the register."""
        provisional(shop)
        shop.require(document(shop), by=IDA)
        assert shop.require(BeginVatCheckup(number=GERMAN), by=SYSTEM).ask

    def test_refusals(self, shop: Shop) -> None:
        """F25: of another day, of an order that is settled or has no number, or of none at all."""
        provisional(shop)
        other_day = document(shop, valid_on=vat_of(shop).supplied_on + timedelta(days=1))
        told = Refused(Reason.EVIDENCE_OF_OTHER_DAY, field="valid_on", detail=str(vat_of(shop).supplied_on))
        assert shop.handle(other_day, by=IDA) == told
        say(shop, VatStatus.VALID)
        settled = Refused(Reason.VAT_NOT_CORRECTABLE, field="reference", detail="confirmed_late")
        assert shop.handle(document(shop), by=IDA) == settled
        missing = Refused(Reason.NOT_FOUND, field="reference")
        assert shop.handle(document(shop, reference="none"), by=IDA) == missing
        order(shop, "r-2")
        assert shop.handle(document(shop, reference="r-2"), by=IDA) == missing
        shop.require(taxed(shop, "r-3", made=decision(number=None)), by=SYSTEM)
        assert shop.handle(document(shop, reference="r-3"), by=IDA) == missing

    def test_one_document_for_the_same_order_after_a_second_decision(self, shop: Shop) -> None:
        """RL-08: evidence that is there already is not inserted twice."""
        provisional(shop)
        command = document(shop)
        shop.require(command, by=IDA)
        kept = vat_of(shop)
        back = evolve(
            kept, state=OrderVatState.CHARGED, corrected_evidence_id=None, evidence_id=evidence(shop)[0].id
        )
        shop.storage._tables.records[type(kept)]["r-1"] = back
        shop.require(command, by=IDA)
        assert len(evidence(shop)) == 1

    def test_a_shop_may_want_a_permission(self) -> None:
        """F25: the host says which agents may add evidence."""
        shop = Shop(agent_permissions={AgentTask.CORRECT_VAT: "refunds"})
        provisional(shop)
        assert shop.handle(document(shop), by=IDA) == Refused(Reason.PERMISSION_MISSING, detail="refunds")


class TestAskingAgain:
    """An agent lets a number be asked at once."""

    def test_a_number_is_asked_at_once(self, shop: Shop) -> None:
        """F22: the tax office has activated it; a repeat changes nothing."""
        company(shop)
        say(shop, VatStatus.INVALID)
        for _ in range(2):
            assert shop.require(RecheckVat(number="de 136695976"), by=IDA) == VatRecheck(
                GERMAN, shop.clock.now, paused=False
            )
        (check,) = shop.stored(VatCheckRecord)
        assert check.due_at == shop.clock.now
        assert len(shop.events(EventKind.VAT_RECHECK_ASKED)) == 1

    def test_a_number_that_was_lost_is_queued(self, shop: Shop) -> None:
        """F23: an account has the number, but nothing waits."""
        company(shop)
        shop.storage._tables.records[VatCheckRecord].clear()
        say_paused(shop)
        assert shop.require(RecheckVat(number=GERMAN), by=IDA).paused

    @pytest.mark.parametrize("number", ["", "hello", "FR40303265045", "DE136695977"])
    def test_numbers_that_nobody_has(self, shop: Shop, number: str) -> None:
        """F23: what nobody waits for is not asked; also one with a wrong check digit, or none at all."""
        company(shop)
        assert shop.handle(RecheckVat(number=number), by=IDA) == Refused(Reason.NOT_FOUND, field="number")


def say_paused(shop: Shop) -> None:
    """Let the register say that it is full for everybody."""
    answer = VatAnswer("FR40303265045", VatStatus.UNVERIFIED, "GLOBAL_MAX_CONCURRENT_REQ", shop.clock.now)
    shop.require(RecordVatAnswer(answer=answer), by=SYSTEM)


class TestExport:
    """The evidence for an auditor."""

    @pytest.mark.parametrize("by", [{"number": "de 136695976"}, {"reference": "r-1"}])
    def test_by_number_and_by_order(self, shop: Shop, by: dict[str, str]) -> None:
        """F23: everything, the raw answer with its hash included; withheld names are called so."""
        provisional(shop)
        say(shop, VatStatus.VALID)
        export = shop.require(ExportVatEvidence(**by), by=IDA)
        data = json.loads(export.to_json())
        (row,), (taxed,) = data["evidence"], data["orders"]
        assert (row["number"], row["name"], row["status"]) == (GERMAN, "withheld", "valid")
        assert row["checked_at"] == shop.clock.now.isoformat()
        assert (taxed["charged_vat"], taxed["supplied_on"]) == ("20.00", str(shop.clock.now.date()))
        assert GERMAN not in repr(export)
        assert len(shop.events(EventKind.VAT_EVIDENCE_EXPORTED)) == 1

    def test_nothing_is_kept(self, shop: Shop) -> None:
        """F23: of a number that nobody has asked about, and of one that cannot be read."""
        for number in (GERMAN, "hello"):
            assert shop.handle(ExportVatEvidence(number=number), by=IDA) == Refused(Reason.NOT_FOUND)

    @pytest.mark.parametrize("fields", [{}, {"number": GERMAN, "reference": "r-1"}])
    def test_one_of_the_two(self, fields: dict[str, str]) -> None:
        """A number or an order, not both."""
        with pytest.raises(ValueError, match="number or the reference"):
            ExportVatEvidence(**fields)


@pytest.mark.parametrize(
    "command",
    [
        RecheckVat(number=GERMAN), ExportVatEvidence(number=GERMAN),
        AddVatEvidence(reference="r-1", valid_on=date(2026, 11, 23), document="letter"),
    ],
)  # fmt: skip
def test_only_for_staff(shop: Shop, command: Any) -> None:
    """F23: customers neither add evidence nor read that of others."""
    anna = shop.customer(shop.open_account().session)
    for actor in (shop.visitor(), anna):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
