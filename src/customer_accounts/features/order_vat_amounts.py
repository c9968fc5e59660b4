"""The amounts that go with the VAT of an order: what the lines that wait for the register came to, and only they.

A late confirmation pays back what was charged, so an amount that no rate of these lines explains is refused: the whole
order's in place of the lines', gross in place of net, the rate of another state.  Rounding explains up to two units
and a bit of the currency for each line, so an order is never refused for how its host rounds (`vat.charged`).
"""

from collections.abc import Sequence
from decimal import Decimal

from customer_accounts.command import Refusal, refuse
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import VatDecision
from customer_accounts.vat.charged import rates_explain


def refused_amounts(
    waiting: Sequence[VatDecision], net: Decimal | None, vat: Decimal | None, *, currency: str, lines: int
) -> Refusal | None:
    """Refuse amounts that are missing or not those of the lines that wait; None if all is well.

    Args:
        waiting: the decisions that wait for the register.
        net, vat: as given.
        currency: ISO 4217 code of the amounts.
        lines: lines of the invoice that were rounded.
    """
    missing = [name for name, given in (("charged_net", net), ("charged_vat", vat)) if given is None]
    if waiting and missing:
        told = (("fields", ", ".join(missing)),)
        return Refusal(Refused(Reason.VAT_AMOUNTS_MISSING, field=missing[0], values=told))
    if rates_explain(waiting, net or Decimal(0), vat or Decimal(0), currency=currency, lines=lines):
        return None
    return refuse(Reason.VAT_AMOUNTS_UNEXPLAINED, about="charged_vat" if vat else "charged_net")
