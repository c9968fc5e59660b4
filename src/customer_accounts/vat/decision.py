"""What was decided about one supply, kept with the order.

Rules: a decision carries what it was made from, so it can be explained and read back years later; texts are made when
asked for; a decision read back from `to_json` is the decision of that day, whatever the table says today.
"""

from datetime import date
from decimal import Decimal

import attrs

from customer_accounts.vat.circumstances import Answers
from customer_accounts.vat.explain import Explanation, explain
from customer_accounts.vat.places import territory
from customer_accounts.vat.rates import RateSource
from customer_accounts.vat.reasons import reasons_for
from customer_accounts.vat.reclaim import ReclaimAdvice, reclaim_advice
from customer_accounts.vat.table import DecisionTable, Row, Treatment
from customer_accounts.vat.wording import wording


@attrs.frozen
class VatDecision:
    """The VAT treatment of one supply; made by `decide_vat`, read back by `decision_from_json`.

    Args:
        row: the row of the table that decided.
        answers: what it decided from, in the order of `Question`.
        origin: id of the territory where the supply starts.
        destination: id of the territory where it goes.
        home: state in which the customer deducts VAT.
        number: the customer's VAT number in compact form, or None.
        rate_source: the rate and where it comes from; None where the host decides or no rate is known.
        rates: how good the rate is: ``current``, ``old``, ``other_category``, ``unknown`` or ``none``.
        on: day of supply.
        seller: state of the seller.
        seller_number: the seller's VAT number, or None.
        data_version: versions of the data it was made with.
    """

    row: Row
    answers: Answers
    origin: str
    destination: str
    home: str
    number: str | None
    rate_source: RateSource | None
    rates: str
    on: date
    seller: str
    seller_number: str | None
    data_version: str
    _table: DecisionTable | None = attrs.field(default=None, repr=False, eq=False)
    _kept: Explanation | None = attrs.field(default=None, repr=False, eq=False)

    @property
    def rule(self) -> str:
        """The rule of the table, such as ``G04``."""
        return self.row.rule

    @property
    def treatment(self) -> Treatment:
        """What the supply is for VAT."""
        return self.row.treatment

    @property
    def provisional(self) -> bool:
        """Whether it will be decided again, when the register answers or somebody has looked."""
        return self.row.provisional

    @property
    def rate(self) -> Decimal | None:
        """The rate in percent, 0 where no VAT is charged, None where the host decides or no rate is known."""
        return self.rate_source.percent if self.rate_source else None

    @property
    def en16931_category(self) -> str | None:
        """Category of the invoice line in EN 16931 (UNTDID 5305): S, K, G, AE or O."""
        return self.row.category or None

    @property
    def vatex_code(self) -> str | None:
        """Code of the exemption reason in EN 16931, if there is one."""
        return self.row.vatex or None

    @property
    def national_law(self) -> str:
        """National article by the state of dispatch or of the seller, or empty where only the Directive is known."""
        if not self._table:
            return self._kept_law.partition("; ")[2]
        return self._table.national.get(self.row.national, {}).get(territory(self.origin).state, "")
