"""A late confirmation is approved, and only then the customer is told (F24)."""

from decimal import Decimal
from typing import Any

import pytest

from customer_accounts.actors import Agent
from customer_accounts.evidence import OrderVatState
from customer_accounts.features.vat_correction import ApproveVatCorrection
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import OrderDecision, VatStatus
from tests.shop import Shop
from tests.vat_orders import SYSTEM, decision, order, provisional, say, taxed, vat_of

APPROVE = ApproveVatCorrection(reference="r-1")


@pytest.mark.parametrize("actor", [Agent("17"), SYSTEM])
def test_an_approval_tells_the_customer_once(shop: Shop, actor: Any) -> None:
    """RL-08: the mail goes to the address of the order, once; who approved is kept."""
    provisional(shop)
    say(shop, VatStatus.VALID)
    assert shop.mails() == []
    late = shop.require(APPROVE, by=actor)
    assert (late.reference, late.refund) == ("r-1", Decimal(20))
    assert shop.require(APPROVE, by=actor) == late
    (mail,) = shop.mails()
    assert (mail.purpose, mail.to, mail.locale) == (MailPurpose.VAT_CORRECTED, "firm@mail.example", "de")
    assert (mail.detail("refund"), mail.detail("vat_number")) == ("20,00 EUR", "DE136695976")
    kept = vat_of(shop)
    assert (kept.state, kept.approved_at) == (OrderVatState.CORRECTED, shop.clock.now)
    assert kept.approved_by in ("agent:17", "system:system")
    assert len(shop.events(EventKind.VAT_CORRECTION_APPROVED)) == 1


@pytest.mark.parametrize(("status", "variant"), [(VatStatus.PENDING, "whole"), (VatStatus.INVALID, "part")])
def test_the_mail_speaks_of_the_part_that_is_corrected(shop: Shop, status: VatStatus, variant: str) -> None:
    """F24: of an order whose other lines stay as they were, the mail does not say that it is free of VAT."""
    lines = OrderDecision((decision(on=shop.clock.now.date()), decision(status, on=shop.clock.now.date())))
    shop.require(taxed(shop).model_copy(update={"decision": lines.to_json()}), by=SYSTEM)
    say(shop, VatStatus.VALID)
    shop.require(APPROVE, by=SYSTEM)
    (mail,) = shop.mails()
    assert mail.detail("variant") == variant


def test_a_free_order_is_corrected_without_a_mail(shop: Shop) -> None:
    """F24: where no VAT was paid there is nothing to refund: the treatment changes, and no mail promises 0.00."""
    provisional(shop, charged_net=Decimal(0), charged_vat=Decimal("0.00"))
    assert [one.refund for one in say(shop, VatStatus.VALID).late] == [Decimal(0)]
    late = shop.require(APPROVE, by=SYSTEM)
    assert (late.refund, [line.rule for line in late.decision]) == (Decimal(0), ["G04"])
    assert vat_of(shop).state is OrderVatState.CORRECTED
    assert len(shop.events(EventKind.VAT_CORRECTION_APPROVED)) == 1
    assert shop.mails() == []


@pytest.mark.parametrize("status", [None, VatStatus.INVALID])
def test_what_was_not_confirmed_is_not_corrected(shop: Shop, status: VatStatus | None) -> None:
    """F25: an order that waits, or stays charged, has nothing to approve."""
    provisional(shop)
    if status is not None:
        say(shop, status)
    state = "charged" if status else "provisional"
    refused = Refused(Reason.VAT_NOT_CORRECTABLE, field="reference", detail=state)
    assert shop.handle(APPROVE, by=SYSTEM) == refused
    assert shop.mails() == []


def test_orders_without_vat(shop: Shop) -> None:
    """F24: no such order, or one whose VAT is not kept."""
    assert shop.handle(APPROVE, by=SYSTEM) == Refused(Reason.NOT_FOUND, field="reference")
    order(shop)
    assert shop.handle(APPROVE, by=SYSTEM) == Refused(Reason.NOT_FOUND, field="reference")


def test_a_shop_may_want_a_permission() -> None:
    """F24: a refund follows; the host says which agents may approve it."""
    shop = Shop(agent_permissions={AgentTask.CORRECT_VAT: "refunds"})
    provisional(shop)
    say(shop, VatStatus.VALID)
    assert shop.handle(APPROVE, by=Agent("17")) == Refused(Reason.PERMISSION_MISSING, detail="refunds")
    assert shop.require(APPROVE, by=Agent("17", may=frozenset({"refunds"})))


def test_customers_approve_nothing(shop: Shop) -> None:
    """F24: nobody pays themselves back."""
    provisional(shop)
    say(shop, VatStatus.VALID)
    command: Any = APPROVE
    anna = shop.customer(shop.open_account().session)
    for actor in (shop.visitor(), anna):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)
