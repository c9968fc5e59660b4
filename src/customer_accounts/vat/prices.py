"""Net, VAT and gross from a list price, to the cent.

Rules:

* Decimal only, ROUND_HALF_UP, per line or per total as the shop chooses; net + VAT = gross always, and totals
  are the sums of their parts.
* The net price comes from the list price alone.  No customer, company, status or quantity has a way into it
  (F27): where VAT falls away, everybody pays the same net.
* At another rate than the list's the shop keeps the net price (``constant_net``, the default) or the gross one
  (``constant_gross``); without VAT the net price is shown, whichever it keeps.
* Rounded per total, the lines share the cents of their total, so they still add up to it.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from enum import StrEnum

import attrs

from customer_accounts.vat.amounts import EXACT, NOTHING, Amounts, finite, round_half_up

_HUNDRED = Decimal(100)


class Keep(StrEnum):
    """What stays the same when the rate is not that of the list."""

    NET = "constant_net"
    GROSS = "constant_gross"


class Rounding(StrEnum):
    """Where amounts are rounded."""

    LINE = "line"
    TOTAL = "total"


@attrs.frozen
class ListPrice:
    """The price of one unit as the shop lists it; the same for everybody.

    Args:
        amount: the price.
        rate: rate of the list in percent, that of the shop's own state.
        includes_vat: the price is gross, as consumers see it.
    """

    amount: Decimal = attrs.field(validator=finite)
    rate: Decimal = attrs.field(validator=finite)
    includes_vat: bool = True

    def unit_net(self, digits: int = 4) -> Decimal:
        """Give the net price of one unit, for display; it depends on the list and on nothing else."""
        return round_half_up(self.exact_unit()[0], digits)

    def exact_unit(self) -> tuple[Decimal, Decimal]:
        """Give net and gross of one unit before any rounding."""
        with localcontext(EXACT):
            if self.includes_vat:
                return self.amount * _HUNDRED / (_HUNDRED + self.rate), self.amount
            return self.amount, self.amount * (_HUNDRED + self.rate) / _HUNDRED


@attrs.frozen
class PricedLine:
    """One line of an order with the rate that was decided.

    Args:
        price: list price of one unit.
        quantity: number of units; negative for a return.
        rate: rate in percent, `VatDecision.rate`.
    """

    price: ListPrice
    quantity: Decimal = attrs.field(converter=Decimal, validator=finite)
    rate: Decimal = attrs.field(validator=finite)

    def at(self, rate: Decimal) -> "PricedLine":
        """Give the same line at another rate."""
        return attrs.evolve(self, rate=rate)


@attrs.frozen
class RateTotal:
    """What an order comes to at one rate."""

    rate: Decimal
    amounts: Amounts


@attrs.frozen
class Totals:
    """What an order comes to: line by line, by rate, highest first, and in all; each adds up to the next."""

    lines: tuple[Amounts, ...]
    by_rate: tuple[RateTotal, ...]
    amounts: Amounts


@attrs.frozen
class Correction:
    """An order that was charged and whose VAT was decided again, after a late confirmation for example.

    Args:
        charged: what was charged.
        corrected: what is due; the treatment keeps the day of supply.
    """

    charged: Amounts
    corrected: Amounts

    @property
    def refund(self) -> Decimal:
        """The amount to pay back."""
        return (self.charged - self.corrected).gross


def line_amounts(line: PricedLine, *, keep: Keep | str = Keep.NET, digits: int = 2) -> Amounts:
    """Give net, VAT and gross of one line.

    Args:
        line: the line.
        keep: what stays when the rate is not the list's.
        digits: digits after the point of the currency.
    """
    return _rounded(_share(line, Keep(keep)), digits)


def totals(
    lines: Iterable[PricedLine],
    *,
    keep: Keep | str = Keep.NET,
    rounding: Rounding | str = Rounding.LINE,
    digits: int = 2,
) -> Totals:
    """Give what an order comes to; the totals by rate add up to the total.

    Args:
        lines: the lines.
        keep: what stays when the rate is not the list's.
        rounding: round each line, or only the sums of lines alike.
        digits: digits after the point of the currency.
    """
    shares = [_share(line, Keep(keep)) for line in lines]
    apart = Rounding(rounding) is Rounding.LINE
    rounded = [_rounded(share, digits) for share in shares] if apart else _sharing_cents(shares, digits)
    by_rate: dict[Decimal, Amounts] = {}
    for share, amounts in zip(shares, rounded, strict=True):
        by_rate[share.rate] = by_rate.get(share.rate, NOTHING) + amounts
    whole = sum(by_rate.values(), NOTHING)
    in_order = tuple(RateTotal(rate, by_rate[rate]) for rate in sorted(by_rate, reverse=True))
    return Totals(tuple(rounded), in_order, whole)


def correction(
    charged: Iterable[PricedLine],
    due: Iterable[PricedLine],
    *,
    keep: Keep | str = Keep.NET,
    rounding: Rounding | str = Rounding.LINE,
    digits: int = 2,
) -> Correction:
    """Give what changes for an order whose VAT is decided again; the day of supply stays.

    A line that bears no VAT after all keeps the net that was charged, so its VAT is paid back and no cent else; a line
    whose rate is the same stays as it was invoiced.

    Args:
        charged: the lines as they were invoiced.
        due: the same lines at the rates that are right, see `PricedLine.at`.
        keep: as when it was charged.
        rounding: as when it was charged.
        digits: as when it was charged.

    Raises:
        ValueError: there are more lines of one than of the other.
    """
    pairs = list(zip(charged, due, strict=True))
    before = totals((was for was, _ in pairs), keep=keep, rounding=rounding, digits=digits)
    stays = [
        Amounts(found.net, Decimal(0), found.net) if was.rate and not now.rate else found
        for (was, now), found in zip(pairs, before.lines, strict=True)
        if not now.rate or now.rate == was.rate
    ]
    anew = totals(
        (now for was, now in pairs if now.rate and now.rate != was.rate),
        keep=keep,
        rounding=rounding,
        digits=digits,
    )
    return Correction(before.amounts, sum(stays, anew.amounts))


def allocate(amount: Decimal, weights: Sequence[Decimal], *, digits: int = 2) -> tuple[Decimal, ...]:
    """Split an amount, such as the cost of shipping, over lines; the parts add up to the amount.

    Shipping follows the goods: each part is taxed like its line.

    Args:
        amount: what to split, a whole number of cents.
        weights: net values of the lines; equal shares if all are zero.
        digits: digits after the point of the currency.

    Raises:
        ValueError: there is nothing to split over, a weight is negative, or *amount* has more digits.
    """
    if not weights or any(weight < 0 for weight in weights) or round_half_up(amount, digits) != amount:
        raise ValueError("an amount in whole cents is split over weights that are not negative")
    parts: list[Decimal] = []
    with localcontext(EXACT):
        shares = list(weights) if any(weights) else [Decimal(1)] * len(weights)
        whole, seen, given = sum(shares, Decimal(0)), Decimal(0), Decimal(0)
        for share in shares:
            # Rounding the running sum leaves no remainder at the end.
            seen += share
            parts.append(round_half_up(amount * seen / whole, digits) - given)
            given += parts[-1]
    return tuple(parts)


@attrs.frozen
class _Share:
    """Exact net and gross of a line, and which of them the rest is computed from."""

    rate: Decimal
    from_gross: bool
    net: Decimal
    gross: Decimal


def _share(line: PricedLine, keep: Keep) -> _Share:
    rate = line.rate
    with localcontext(EXACT):
        net, gross = (line.quantity * unit for unit in line.price.exact_unit())
        if rate == line.price.rate:
            return _Share(rate, line.price.includes_vat, net, gross)
        if keep is Keep.GROSS and rate:
            return _Share(rate, True, gross * _HUNDRED / (_HUNDRED + rate), gross)
        return _Share(rate, False, net, net * (_HUNDRED + rate) / _HUNDRED)


def _sharing_cents(shares: Sequence[_Share], digits: int) -> list[Amounts]:
    """Round the running sums of lines alike: each line gets what it adds to them, and no remainder is left."""
    sums: dict[tuple[Decimal, bool], _Share] = {}
    found = []
    for share in shares:
        key = (share.rate, share.from_gross)
        so_far = sums.get(key, _Share(share.rate, share.from_gross, Decimal(0), Decimal(0)))
        with localcontext(EXACT):
            sums[key] = attrs.evolve(so_far, net=so_far.net + share.net, gross=so_far.gross + share.gross)
        found.append(_rounded(sums[key], digits) - _rounded(so_far, digits))
    return found


def _rounded(share: _Share, digits: int) -> Amounts:
    net = round_half_up(share.net, digits)
    with localcontext(EXACT):
        if share.from_gross:
            gross = round_half_up(share.gross, digits)
            return Amounts(net, gross - net, gross)
        vat = round_half_up(net * share.rate / _HUNDRED, digits)
        return Amounts(net, vat, net + vat)
