"""Sums to the cent: they add up, and nobody's net price is anybody else's."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.vat import (
    Amounts,
    Buyer,
    ListPrice,
    PricedLine,
    Seller,
    Supply,
    allocate,
    correction,
    decide_vat,
    line_amounts,
    round_half_up,
    totals,
)
from tests.vat.cases import GERMAN, buyers, company, decided, goods, sellers, supplies

D = Decimal


def amounts(net: str, vat: str, gross: str) -> Amounts:
    """Amounts from texts."""
    return Amounts(D(net), D(vat), D(gross))


@pytest.mark.parametrize(
    ("price", "quantity", "rate", "keep", "expected"),
    [
        # the list's own rate: what is listed is what is paid
        (ListPrice(D("9.99"), D(20)), 1, D(20), "constant_net", amounts("8.33", "1.66", "9.99")),
        (ListPrice(D("9.99"), D(20)), 3, D(20), "constant_net", amounts("24.98", "4.99", "29.97")),
        (
            ListPrice(D("8.33"), D(20), includes_vat=False),
            1,
            D(20),
            "constant_net",
            amounts("8.33", "1.67", "10.00"),
        ),
        # without VAT the net price is left
        (ListPrice(D("9.99"), D(20)), 1, D(0), "constant_net", amounts("8.33", "0.00", "8.33")),
        (ListPrice(D("9.99"), D(20)), 1, D(0), "constant_gross", amounts("8.33", "0.00", "8.33")),
        # another rate: keep the net price, or the gross one
        (ListPrice(D(120), D(20)), 1, D(27), "constant_net", amounts("100.00", "27.00", "127.00")),
        (ListPrice(D(120), D(20)), 1, D(27), "constant_gross", amounts("94.49", "25.51", "120.00")),
        (
            ListPrice(D(100), D(20), includes_vat=False),
            1,
            D("25.5"),
            "constant_net",
            amounts("100.00", "25.50", "125.50"),
        ),
        # returns mirror the sale
        (ListPrice(D("9.99"), D(20)), -1, D(20), "constant_net", amounts("-8.33", "-1.66", "-9.99")),
        # half a cent goes up
        (
            ListPrice(D("0.025"), D(0), includes_vat=False),
            1,
            D(0),
            "constant_net",
            amounts("0.03", "0.00", "0.03"),
        ),
    ],
)
def test_lines(price: ListPrice, quantity: int, rate: Decimal, keep: str, expected: Amounts) -> None:
    """Net, VAT and gross of one line, by what the list says and what was decided."""
    assert line_amounts(PricedLine(price, D(quantity), rate), keep=keep) == expected


def test_amounts_cannot_disagree() -> None:
    """Amounts that do not add up, or are no finite Decimals, cannot be built."""
    with pytest.raises(ValueError, match="add up"):
        amounts("8.33", "1.67", "9.99")
    with pytest.raises(TypeError, match="finite Decimal"):
        Amounts(D("NaN"), D(0), D(0))
    with pytest.raises(TypeError, match="finite Decimal"):
        ListPrice(9.99, D(20))  # type: ignore[arg-type]  # what this test is about


cents = st.decimals(min_value=0, max_value=100_000, places=2)
rates = st.sampled_from([D(0), D(7), D(19), D(20), D("25.5"), D(27)])
prices = st.builds(
    ListPrice, amount=cents, rate=st.sampled_from([D(19), D(20), D("25.5")]), includes_vat=st.booleans()
)
priced = st.builds(PricedLine, price=prices, quantity=st.integers(-20, 200), rate=rates)
keeps = st.sampled_from(["constant_net", "constant_gross"])
roundings = st.sampled_from(["line", "total"])


@given(st.lists(priced, max_size=8), keeps, roundings, st.integers(0, 3))
def test_sums_always_add_up(lines: list[PricedLine], keep: str, rounding: str, digits: int) -> None:
    """Net + VAT = gross in each line and part, lines and parts make the whole, all in whole cents."""
    whole = totals(lines, keep=keep, rounding=rounding, digits=digits)
    parts = [part.amounts for part in whole.by_rate]
    assert len(whole.lines) == len(lines)
    for name in ("net", "vat", "gross"):
        for pieces in (whole.lines, parts):
            assert sum((getattr(part, name) for part in pieces), D(0)) == getattr(whole.amounts, name)
        for part in (*whole.lines, *parts, whole.amounts):
            assert round_half_up(getattr(part, name), digits) == getattr(part, name)
    if rounding == "line":
        single = [line_amounts(line, keep=keep, digits=digits) for line in lines]
        assert tuple(single) == whole.lines
    assert [part.rate for part in whole.by_rate] == sorted({line.rate for line in lines}, reverse=True)


@given(st.lists(priced, min_size=1, max_size=8), keeps)
def test_rounded_per_total_no_line_is_off_by_more_than_the_cents_it_shares(
    lines: list[PricedLine], keep: str
) -> None:
    """A line that shares the cents of its total differs from itself alone by two cents at most."""
    shared = totals(lines, keep=keep, rounding="total").lines
    for line, amounts_of_line in zip(lines, shared, strict=True):
        alone = line_amounts(line, keep=keep)
        for name in ("net", "vat", "gross"):
            assert abs(getattr(amounts_of_line, name) - getattr(alone, name)) <= D("0.02")


@given(st.lists(priced, min_size=1, max_size=8), roundings)
def test_a_late_exemption_gives_back_the_vat_and_leaves_the_net(
    lines: list[PricedLine], rounding: str
) -> None:
    """Keeping the net, the refund of an order that is exempt after all is its VAT; a host pays back no cent else."""
    one_list = [PricedLine(lines[0].price, line.quantity, lines[0].rate) for line in lines]
    found = correction(one_list, [line.at(D(0)) for line in one_list], rounding=rounding)
    assert found.refund == found.charged.vat
    assert found.corrected.net == found.charged.net
    assert found.corrected.vat == 0


@given(st.lists(st.tuples(priced, st.booleans()), min_size=1, max_size=8), keeps, roundings)
def test_a_correction_pays_back_the_vat_of_what_became_exempt_and_leaves_the_rest(
    rows: list[tuple[PricedLine, bool]], keep: str, rounding: str
) -> None:
    """F24: as the mail says, the rest stays as it was invoiced, whatever is kept and wherever it is rounded."""
    lines = [line for line, _ in rows]
    due = [line.at(D(0)) if exempt else line for line, exempt in rows]
    charged = totals(lines, keep=keep, rounding=rounding)
    found = correction(lines, due, keep=keep, rounding=rounding)
    exempt_vat = [one.vat for one, (_, exempt) in zip(charged.lines, rows, strict=True) if exempt]
    assert found.charged == charged.amounts
    assert (found.refund, found.corrected.net) == (sum(exempt_vat, D(0)), charged.amounts.net)


def test_a_correction_agrees_with_the_late_confirmation() -> None:
    """A kept gross price of 59.90 at 27 %: 12.73 was charged, so 12.73 comes back."""
    line = PricedLine(ListPrice(D("59.90"), D(20)), D(1), D(27))
    found = correction([line], [line.at(D(0))], keep="constant_gross")
    assert (found.refund, found.corrected) == (D("12.73"), amounts("47.17", "0.00", "47.17"))


def test_a_correction_to_another_rate_is_computed_anew() -> None:
    """Where a line is due at another rate, it costs what it costs at that rate; lines of one order are paired."""
    line = PricedLine(ListPrice(D("59.90"), D(20)), D(1), D(27))
    assert correction([line], [line.at(D(20))]).corrected.gross == D("59.90")
    with pytest.raises(ValueError, match="shorter"):
        correction([line, line], [line])


@given(priced, keeps)
def test_vat_is_the_rate_of_the_net_but_for_rounding(line: PricedLine, keep: str) -> None:
    """Net and gross are each off by half a cent at most, so the VAT by those and the rate of one of them."""
    found = line_amounts(line, keep=keep)
    half_a_cent = D("0.005")
    assert abs(found.vat - found.net * line.rate / 100) <= half_a_cent * (2 + line.rate / 100)


@given(prices, st.integers(0, 500), rates, rates)
def test_the_net_price_is_the_same_for_everybody(
    price: ListPrice, quantity: int, one: Decimal, other: Decimal
) -> None:
    """F27: whatever was decided for whomever, the net of the same goods is the same."""
    nets = {line_amounts(PricedLine(price, D(quantity), rate)).net for rate in (one, other)}
    assert len(nets) == 1


@given(prices, supplies, buyers, buyers, sellers, st.integers(1, 1000))
def test_no_customer_status_or_quantity_changes_the_unit_price(
    price: ListPrice, supply: Supply, one: Buyer, other: Buyer, seller: Seller, quantity: int
) -> None:
    """F27: the same goods to two customers under any decision: one net unit price, times the quantity."""
    for buyer in (one, other):
        rate = decide_vat(supply, buyer, seller).rate
        if rate is not None:
            net = line_amounts(PricedLine(price, D(quantity), rate)).net
            assert abs(net - price.unit_net(10) * quantity) <= D("0.006")


@given(priced, keeps)
def test_a_return_mirrors_the_sale(line: PricedLine, keep: str) -> None:
    """Credit notes take back exactly what was charged."""
    back = PricedLine(line.price, -line.quantity, line.rate)
    whole = line_amounts(line, keep=keep) + line_amounts(back, keep=keep)
    assert not any((whole.net, whole.vat, whole.gross))


def test_per_total_rounds_once() -> None:
    """Three lines of a third of a cent: nothing per line, a cent in all."""
    lines = [PricedLine(ListPrice(D("0.0033"), D(20), includes_vat=False), D(1), D(0))] * 3
    assert totals(lines).amounts.net == 0
    whole = totals(lines, rounding="total")
    assert whole.amounts.net == D("0.01")
    assert [line.net for line in whole.lines] == [D("0.00"), D("0.01"), D("0.00")]


def test_a_hosts_decimal_context_changes_nothing() -> None:
    """A host that computes with few digits gets the same cents."""
    line = PricedLine(ListPrice(D("98765.43"), D(20)), D(7), D(27))
    expected = line_amounts(line)
    with localcontext() as context:
        context.prec = 3
        assert line_amounts(line) == expected
        assert totals([line]).amounts == expected


def test_a_late_confirmation_gives_back_the_vat() -> None:
    """The German company of yesterday's outage gets the VAT back, and pays the net that everybody pays."""
    price = ListPrice(D(120), D(20))
    waiting = decided(goods("AT", "DE"), company(GERMAN, "unverified"))
    confirmed = decided(goods("AT", "DE"), company(GERMAN))
    assert waiting.rate is not None
    assert confirmed.rate is not None
    lines = [PricedLine(price, D(2), waiting.rate)]
    found = correction(lines, [line.at(confirmed.rate) for line in lines])
    assert (found.refund, found.corrected) == (D("40.00"), amounts("200.00", "0.00", "200.00"))
    assert found.charged == amounts("200.00", "40.00", "240.00")


@given(cents, st.lists(cents, min_size=1, max_size=9))
def test_shipping_is_split_to_the_cent(amount: Decimal, weights: list[Decimal]) -> None:
    """The parts add up to the whole, and each is near its share."""
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    assert len(parts) == len(weights)
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        share = amount * weight / whole if whole else amount / len(weights)
        assert abs(part - share) <= D("0.01")


@pytest.mark.parametrize(("amount", "weights"), [(D(1), []), (D(1), [D(-1), D(2)]), (D("0.001"), [D(1)])])
def test_what_cannot_be_split(amount: Decimal, weights: list[Decimal]) -> None:
    """No lines, negative weights and parts of cents are refused."""
    with pytest.raises(ValueError, match="whole cents"):
        allocate(amount, weights)
