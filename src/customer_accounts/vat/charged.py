"""What was charged for the lines that wait for the register, beside what their rates come to.

Rules: the VAT of a line is its net at its rate, give or take what rounding does to a line or to an order; where lines
have several rates, their VAT lies between them.  A line whose category the rates do not know may have any rate up to
the standard one, and a line whose rate nobody knows may have any.  What does not wait was not charged for now.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext

from customer_accounts.vat.amounts import EXACT, WITHOUT_CENTS
from customer_accounts.vat.decision import VatDecision

_HUNDRED = Decimal(100)
_WHOLE_UNIT, _CENT = Decimal(1), Decimal("0.01")


def rates_explain(
    waiting: Sequence[VatDecision], net: Decimal, vat: Decimal, *, currency: str = "EUR", lines: int = 1
) -> bool:
    """Whether amounts can be what the lines that wait came to.

    Args:
        waiting: the decisions of these lines; without one nothing was charged.
        net: their net amount.
        vat: their VAT.
        currency: ISO 4217 code, for the unit that amounts are rounded to.
        lines: lines of the invoice that were rounded, where one decision stands for several.
    """
    if not waiting:
        return net == vat == 0
    lowest = min(_rates(line)[0] for line in waiting)
    highest = max(_rates(line)[1] for line in waiting)
    with localcontext(EXACT):
        slack = max(len(waiting), lines) * _rounding(highest, currency)
        return net * lowest / _HUNDRED - slack <= vat <= net * highest / _HUNDRED + slack


def _rates(line: VatDecision) -> tuple[Decimal, Decimal]:
    """Give the lowest and the highest rate that a line may have."""
    if line.rate is None:
        return Decimal(0), _HUNDRED
    return (Decimal(0) if line.rates == "other_category" else line.rate), line.rate


def _rounding(rate: Decimal, currency: str) -> Decimal:
    """Give what rounding does to one line at most.

    Half a unit to the gross and half a unit to the net, which counts with its VAT; twice, where a line's share of a
    rounded total is the difference of two sums.
    """
    unit = _WHOLE_UNIT if currency in WITHOUT_CENTS else _CENT
    return unit * (2 + rate / _HUNDRED)
