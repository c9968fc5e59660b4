"""Deciding the VAT of a supply.

Rules, in short (the table says them in full): the tax depends on where goods start and end, or where seller
and customer of a service are, never on the number itself.  A number exempts only where the register confirmed
it, the goods leave for another member state, and another state issued it.  "Could not check" charges VAT for
now, and never blocks.

Source: Directive 2006/112/EC; the articles stand in each row of ``data/table.toml``.  This is no tax advice.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from customer_accounts.vat.decision import VatDecision
from customer_accounts.vat.order import OrderDecision
from customer_accounts.vat.outcome import Outcome, outcome_of
from customer_accounts.vat.parties import Buyer, Seller, Supply
from customer_accounts.vat.rates import STANDARD, RateSource, RateTable, is_old, packaged_rates
from customer_accounts.vat.situation import situation_key
from customer_accounts.vat.table import DecisionTable, packaged_table


def decide_vat(
    supply: Supply,
    buyer: Buyer,
    seller: Seller,
    *,
    rates: RateTable | None = None,
    table: DecisionTable | None = None,
) -> VatDecision:
    """Decide the VAT of one supply; every combination of inputs is decided.

    >>> from datetime import date
    >>> from customer_accounts.vat.places import Place
    >>> bern = Supply(ships_from=Place("AT"), ships_to=Place("CH"), on=date(2026, 11, 22))
    >>> decide_vat(bern, Buyer(), Seller("AT")).treatment.value
    'export'

    Args:
        supply: what is supplied, from where to where.
        buyer: who buys.
        seller: who sells, and how it accounts for VAT.
        rates: a host's own rates; the package's standard rates otherwise. Wrap both in `HostRates` to ask
            one after the other.
        table: a host's own table; the package's otherwise.
    """
    outcome = outcome_of(table or packaged_table(), situation_key(supply, buyer, seller))
    quality, rate = _rate(outcome, supply, seller, rates or packaged_rates())
    number = buyer.number
    return VatDecision(outcome, number.compact if number else None, supply.on, quality, rate)


def decide_order(
    supplies: Iterable[Supply],
    buyer: Buyer,
    seller: Seller,
    *,
    rates: RateTable | None = None,
    table: DecisionTable | None = None,
) -> OrderDecision:
    """Decide the VAT of every line of an order, each by its own kind, warehouse and destination.

    The cost of shipping follows the goods: give it the decision of the line it belongs to, or split it with
    `prices.allocate`.
    """
    lines = tuple(decide_vat(supply, buyer, seller, rates=rates, table=table) for supply in supplies)
    return OrderDecision(lines)


def _rate(
    outcome: Outcome, supply: Supply, seller: Seller, rates: RateTable
) -> tuple[str, RateSource | None]:
    tax = outcome.row.tax
    if tax == "zero":
        return "none", _no_tax(outcome.charging.state)
    if tax == "none":
        return "none", None
    place, category = outcome.charging, supply.rate_category
    quality = "current"
    rate = rates.rate(place.state, place.rate_key, supply.on, category)
    if rate is None and category != STANDARD:
        rate = rates.rate(place.state, place.rate_key, supply.on, STANDARD)
        quality = "other_category"
    if rate is None:
        return "unknown", None
    return ("old" if is_old(rate, supply.on, seller.rates_max_age_days) else quality), rate


@cache
def _no_tax(state: str) -> RateSource:
    return RateSource(state, Decimal(0), None, region=state, source="no VAT is charged")
