"""What was charged for lines that wait, beside what their rates come to."""

from decimal import Decimal
from itertools import compress

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.vat import (
    ListPrice,
    PackagedRates,
    PricedLine,
    Seller,
    Supply,
    VatDecision,
    decide_vat,
    packaged_rates,
    totals,
)
from customer_accounts.vat.charged import rates_explain
from tests.vat.cases import GERMAN, company, decided, goods
from tests.vat_orders import decision

D = Decimal
WAITING = decision()
HUNGARY = decided(goods("HU", "DE"), company(GERMAN, "pending"))

priced = st.tuples(
    st.decimals(min_value=0, max_value=100_000, places=2), st.booleans(), st.integers(0, 200), st.booleans()
)
roundings = st.sampled_from(["line", "total"])
keeps = st.sampled_from(["constant_net", "constant_gross"])


def lines_of(rows: list[tuple[Decimal, bool, int, bool]], rates: list[Decimal]) -> list[PricedLine]:
    """Give priced lines, with the decided rates in turn."""
    return [
        PricedLine(ListPrice(price, D(20), includes_vat=gross), D(quantity), rates[number % len(rates)])
        for number, (price, gross, quantity, _) in enumerate(rows)
    ]


@given(st.lists(priced, min_size=1, max_size=12), keeps, roundings, st.sampled_from([("EUR", 2), ("HUF", 0)]))
def test_rounding_never_refuses_an_order(
    rows: list[tuple[Decimal, bool, int, bool]], keep: str, rounding: str, currency: tuple[str, int]
) -> None:
    """F24: whichever lines of an order wait, rounded each or once for the order, their sums are explained."""
    lines, (code, digits) = lines_of(rows, [D(20), D(27)]), currency
    waits = [row[3] for row in rows]
    whole = totals(lines, keep=keep, rounding=rounding, digits=digits)
    waiting = [HUNGARY if line.rate == 27 else WAITING for line in compress(lines, waits)]
    net = sum((line.net for line in compress(whole.lines, waits)), D(0))
    vat = sum((line.vat for line in compress(whole.lines, waits)), D(0))
    assert rates_explain(waiting, net, vat, currency=code)


@given(st.lists(priced, min_size=1, max_size=12), keeps, roundings)
def test_one_decision_may_stand_for_many_lines(
    rows: list[tuple[Decimal, bool, int, bool]], keep: str, rounding: str
) -> None:
    """F24: an order of one kind is decided once; so many lines are said to have been rounded."""
    whole = totals(lines_of(rows, [D(20)]), keep=keep, rounding=rounding).amounts
    assert rates_explain([WAITING], whole.net, whole.vat, lines=len(rows))


@given(st.decimals(min_value=3, max_value=10**6, places=2), st.sampled_from([7, 10, 17, 19, 21, 25, 27]))
def test_another_rate_is_no_rounding(net: Decimal, rate: int) -> None:
    """F24: the VAT of another rate is never explained, from an order of a few euros on."""
    assert not rates_explain([WAITING], net, (net * rate / 100).quantize(D("0.01")))


def test_several_rates_bound_the_vat() -> None:
    """F24: between the lowest and the highest rate of the lines, and not beyond."""
    both = [WAITING, HUNGARY]
    assert [rates_explain(both, D(100), D(vat)) for vat in (19, 20, 23, 27, 28)] == [
        False, True, True, True, False,
    ]  # fmt: skip


class Nothing(PackagedRates):
    """A table that knows no rate."""

    def rate(self, country: str, region: str, on: object, category: str) -> None:
        """Give none."""


def of_category(category: str, *, known: bool = True) -> VatDecision:
    """A decision that waits, about goods of some category."""
    supply = attrs.evolve(goods("AT", "DE"), rate_category=category)
    assert isinstance(supply, Supply)
    buyer = company(GERMAN, "pending")
    if known:
        return decided(supply, buyer)
    rates = packaged_rates()
    return decide_vat(supply, buyer, Seller("AT"), rates=Nothing(rates.as_of, rates.version, {}))


@pytest.mark.parametrize(("vat", "explained"), [("10", True), ("20", True), ("0", True), ("20.50", False)])
def test_a_reduced_rate_that_only_the_host_knows(vat: str, explained: bool) -> None:
    """F24: where the standard rate was taken for want of another, the host's may be lower."""
    assert rates_explain([of_category("books")], D(100), D(vat)) is explained


def test_a_rate_that_nobody_knows_explains_any_vat() -> None:
    """F24: nothing is refused for want of data."""
    unknown = of_category("standard", known=False)
    assert unknown.rate is None
    assert rates_explain([unknown], D(100), D(33))
    assert not rates_explain([unknown], D(100), D(133))
