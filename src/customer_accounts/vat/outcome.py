"""What the table says about a situation; the same for all orders that are alike, so it is worked out once and
shared.

Rules: an outcome depends on nothing but the situation and the table, never on amounts, days or the digits of
a number; a few hundred situations make up the orders of a shop, so they are remembered, up to a bound.
"""

from functools import cache, lru_cache

import attrs

from customer_accounts.vat.circumstances import Answers
from customer_accounts.vat.explain import Explanation
from customer_accounts.vat.places import Territory, territory, territory_version
from customer_accounts.vat.rates import packaged_rates
from customer_accounts.vat.situation import Situation, SituationKey, answers_for
from customer_accounts.vat.table import DecisionTable, Row


def _charging(outcome: "Outcome") -> Territory:
    return territory(outcome.destination if outcome.row.tax == "destination" else outcome.origin)


@attrs.frozen
class Outcome:
    """The row that decides a situation, and what it was decided from.

    Args:
        row: the row of the table.
        answers: what it was chosen by, in the order of `Question`.
        origin: id of the territory where the supply starts.
        destination: id of the territory where it goes.
        home: id of the territory where the customer deducts VAT.
        seller: state of the seller.
        seller_number: the seller's VAT number in the state where the supply starts, or None.
        national_law: national article by the state of dispatch or of the seller, or empty.
        data_version: versions of the data it was made with.
        table: the table that decided, or None for one that was read back.
        kept: the explanation of one that was read back.
    """

    row: Row
    answers: Answers
    origin: str
    destination: str
    home: str
    seller: str
    seller_number: str | None
    national_law: str
    data_version: str
    table: DecisionTable | None = attrs.field(default=None, repr=False, eq=False)
    kept: Explanation | None = attrs.field(default=None, repr=False, eq=False)
    #: The territory whose VAT is charged, or would be.
    charging: Territory = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_charging, takes_self=True)
    )

    @property
    def home_seen_from_charging_state(self) -> str:
        """Where the customer is at home: in the charging state, or in which area.

        Union law covers Northern Ireland for goods only; its businesses claim VAT on services back as British ones do
        (HMRC manual VROBP4010).
        """
        home = territory(self.home)
        if home.state == self.charging.state:
            return "charging_state"
        is_service = self.answers[0] != "goods"
        return "united_kingdom" if is_service and home.area == "northern_ireland" else home.area


@lru_cache(maxsize=65536)
def outcome_of(table: DecisionTable, key: SituationKey) -> Outcome:
    """Find what a table says about a situation."""
    situation = Situation(*key)
    answers = answers_for(situation)
    row = table.find(answers)
    state = territory(situation.origin).state
    number = situation.seller.number_in(state)
    return Outcome(
        row=row,
        answers=answers,
        origin=situation.origin,
        destination=situation.destination,
        home=situation.home,
        seller=situation.seller.country,
        seller_number=number.compact if number else None,
        national_law=table.national.get(row.national, {}).get(state, ""),
        data_version=_data_version(table.version),
        table=table,
    )


@cache
def _data_version(table_version: str) -> str:
    return f"table {table_version}, territories {territory_version()}, rates {packaged_rates().version}"
