"""VAT: numbers, rates, and an explained decision for every order line.

`VatNumber` reads what people type, `decide_vat` decides one supply and `decide_order` an order; what a
register of numbers answers is a `VatAnswer`.  Everything here is pure: no clock, no network.  This is no tax
advice.
"""

from customer_accounts.vat.advice import AdviceCode, NumberAdvice, number_advice
from customer_accounts.vat.amounts import Amounts, round_half_up
from customer_accounts.vat.answer import CodeMeaning, Retry, VatAnswer, code_meaning, magic_numbers
from customer_accounts.vat.countries import canonical_country, vat_prefix
from customer_accounts.vat.decide import decide_order, decide_vat
from customer_accounts.vat.decision import VatDecision
from customer_accounts.vat.explain import Explanation, Step
from customer_accounts.vat.files import DataError
from customer_accounts.vat.invoice import invoice_lines
from customer_accounts.vat.late import waits_for_register
from customer_accounts.vat.number import VatNumber, VatNumberError
from customer_accounts.vat.number_kinds import NumberKind, NumberProblem
from customer_accounts.vat.order import OrderDecision
from customer_accounts.vat.parties import Buyer, Seller, Supply, SupplyKind
from customer_accounts.vat.places import Place, Territory
from customer_accounts.vat.prices import (
    Correction,
    Keep,
    ListPrice,
    PricedLine,
    RateTotal,
    Rounding,
    Totals,
    allocate,
    correction,
    line_amounts,
    totals,
)
from customer_accounts.vat.rates import HostRates, PackagedRates, RateSource, RateTable, packaged_rates
from customer_accounts.vat.reclaim import ReclaimAdvice, ReclaimKind
from customer_accounts.vat.status import VatStatus
from customer_accounts.vat.table import DecisionTable, Treatment, packaged_table

__all__ = [
    "AdviceCode",
    "Amounts",
    "Buyer",
    "CodeMeaning",
    "Correction",
    "DataError",
    "DecisionTable",
    "Explanation",
    "HostRates",
    "Keep",
    "ListPrice",
    "NumberAdvice",
    "NumberKind",
    "NumberProblem",
    "OrderDecision",
    "PackagedRates",
    "Place",
    "PricedLine",
    "RateSource",
    "RateTable",
    "RateTotal",
    "ReclaimAdvice",
    "ReclaimKind",
    "Retry",
    "Rounding",
    "Seller",
    "Step",
    "Supply",
    "SupplyKind",
    "Territory",
    "Totals",
    "Treatment",
    "VatAnswer",
    "VatDecision",
    "VatNumber",
    "VatNumberError",
    "VatStatus",
    "allocate",
    "canonical_country",
    "code_meaning",
    "correction",
    "decide_order",
    "decide_vat",
    "invoice_lines",
    "line_amounts",
    "magic_numbers",
    "number_advice",
    "packaged_rates",
    "packaged_table",
    "round_half_up",
    "totals",
    "vat_prefix",
    "waits_for_register",
]
