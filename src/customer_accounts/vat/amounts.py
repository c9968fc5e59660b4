"""Amounts of money that add up: net, VAT and gross.

Rules: Decimal only, finite, rounded half up; net + VAT = gross in every value that exists; a host's own
decimal context has no influence.
"""

from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

import attrs

#: Far more digits than any amount has, so that a host's own decimal context cannot round in between.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
#: Currencies without a smaller unit (ISO 4217, list one), and the forint, which is invoiced in whole units as well.
WITHOUT_CENTS = frozenset(
    (
        *("BIF", "CLP", "DJF", "GNF", "HUF", "ISK", "JPY", "KMF", "KRW"),
        *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
    )
)


def finite(_: object, attribute: "attrs.Attribute[Decimal]", value: Decimal) -> None:
    """Refuse what is no finite Decimal (an attrs validator)."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"{attribute.name} is a finite Decimal")


@attrs.frozen
class Amounts:
    """Net, VAT and gross that add up.

    Raises:
        ValueError: they do not.
    """

    net: Decimal = attrs.field(validator=finite)
    vat: Decimal = attrs.field(validator=finite)
    gross: Decimal = attrs.field(validator=finite)

    def __attrs_post_init__(self) -> None:
        """Refuse amounts that do not add up."""
        with localcontext(EXACT):
            if self.net + self.vat != self.gross:
                raise ValueError("net and VAT must add up to gross")

    def __add__(self, other: "Amounts") -> "Amounts":
        """Add part by part."""
        with localcontext(EXACT):
            return Amounts(self.net + other.net, self.vat + other.vat, self.gross + other.gross)

    def __sub__(self, other: "Amounts") -> "Amounts":
        """Subtract part by part."""
        with localcontext(EXACT):
            return Amounts(self.net - other.net, self.vat - other.vat, self.gross - other.gross)


NOTHING = Amounts(Decimal(0), Decimal(0), Decimal(0))


def round_half_up(amount: Decimal, digits: int = 2) -> Decimal:
    """Round as invoices do: half a cent goes up, away from zero."""
    return amount.quantize(Decimal(1).scaleb(-digits), context=EXACT)
