"""One row of a CSV file: what it says about an order, and what was decided, as further columns.

Rules: a cell that is missing or empty means what the options of the command say; a row that cannot be understood
gets its reason in ``vat_error`` and no decision, and the next one goes on; what was decided is worded once for
all orders that are alike.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TypeVar

import attrs

from customer_accounts.cli.vat_input import read_number
from customer_accounts.vat import (
    Buyer,
    Place,
    Seller,
    Supply,
    SupplyKind,
    VatDecision,
    VatStatus,
    decide_vat,
)
from customer_accounts.vat.outcome import Outcome

E = TypeVar("E", bound=StrEnum)

#: What a row may say; the first group is about the number, the rest about the order.
INPUT = (
    *("number", "country", "status", "business", "place"),
    *("from", "from_postcode", "from_city", "to", "postcode", "city", "region"),
    *("kind", "on", "pickup", "category"),
)
#: What is added to each row.
ABOUT_NUMBER = ("vat_number", "vat_number_problem")
ABOUT_ORDER = (
    *("vat_rate", "vat_rule", "vat_treatment", "vat_state", "vat_provisional", "vat_review", "vat_category"),
    *("vat_vatex", "vat_law", "vat_note", "vat_warnings", "vat_reclaim"),
)
ERROR = "vat_error"

_NOTHING = ("",) * len(ABOUT_ORDER)
_YES = frozenset({"1", "y", "yes", "true", "j", "ja", "o", "oui", "x"})
_NO = frozenset({"", "0", "n", "no", "false", "nein", "non"})
#: Outcomes whose words are kept; a shop has a few hundred.
_KEPT = 10_000


class RowError(ValueError):
    """A row that cannot be understood; the text says why, by the name of its column."""


@attrs.define
class Decider:
    """Decides the rows of a file.

    Args:
        seller: who sells.
        defaults: what a missing cell means, by column.
        today: the day of supply where a row names none.
        lang: language of notes.
        orders: whether to decide orders; else only numbers are looked at.
    """

    seller: Seller
    defaults: Mapping[str, str]
    today: date
    lang: str
    orders: bool = True
    _worded: dict[tuple[int, str, int], tuple[Outcome, tuple[str, ...]]] = attrs.field(
        factory=dict, init=False
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are added."""
        return (*ABOUT_NUMBER, *(ABOUT_ORDER if self.orders else ()), ERROR)

    def cells(self, row: Mapping[str, str]) -> list[str]:
        """Give the cells that are added to a row."""
        given = {**self.defaults, **{name: cell for name, cell in row.items() if cell}}.get
        country = given("country", "") or given("to", "")
        number, problem = read_number(given("number", ""), country or None)
        about_number = [number.compact if number else "", str(problem) if problem else ""]
        if not self.orders:
            return [*about_number, ""]
        try:
            buyer = Buyer(
                is_business=_flag("business", given("business", "")),
                number=number,
                status=_member("status", VatStatus, given("status", "not_given")),
                place=_place("place", given("place", "")),
                problem=problem.reason if problem else None,
            )
            decision = decide_vat(self._supply(given), buyer, self.seller)
        except ValueError:
            return [*about_number, *_NOTHING, self._faults(given)]
        return [*about_number, *self._decided(decision), ""]

    def _supply(self, given: Callable[[str, str], str]) -> Supply:
        pickup = _flag("pickup", given("pickup", ""))
        kind = _member("kind", SupplyKind, given("kind", "goods"))
        to = given("to", "")
        if not to and not pickup and kind is SupplyKind.GOODS:
            raise RowError("to: goods need a destination, or pickup")
        return Supply(
            kind=kind,
            ships_from=_start(given),
            ships_to=_end(given),
            on=_day(given("on", ""), self.today),
            pickup=pickup,
            rate_category=given("category", "standard"),
        )

    def _faults(self, given: Callable[[str, str], str]) -> str:
        """Say everything that is wrong with a row."""
        told: dict[str, None] = {}
        for read in (
            lambda: _flag("business", given("business", "")),
            lambda: _member("status", VatStatus, given("status", "not_given")),
            lambda: _place("place", given("place", "")),
            lambda: _flag("pickup", given("pickup", "")),
            lambda: _member("kind", SupplyKind, given("kind", "goods")),
            lambda: _start(given),
            lambda: _end(given),
            lambda: _day(given("on", ""), self.today),
            lambda: self._supply(given),
        ):
            try:
                read()
            except ValueError as error:
                told[" ".join(str(error).split())] = None
        return "; ".join(told)

    def _decided(self, decision: VatDecision) -> Sequence[str]:
        rate = "" if decision.rate is None else format(decision.rate, "f")
        outcome = decision.outcome
        key = (id(outcome), decision.rates, decision.on.year)
        kept = self._worded.get(key)
        if kept is None:
            if len(self._worded) >= _KEPT:
                self._worded.clear()
            # The outcome is kept as well, so that no other one can come to have its address.
            kept = self._worded[key] = outcome, _words(decision, self.lang)
        return (rate, *kept[1])


def _words(decision: VatDecision, lang: str) -> tuple[str, ...]:
    """Give all cells of a decision but its rate, in the order of their columns."""
    return (
        decision.rule,
        decision.treatment.value,
        decision.charging_state,
        "yes" if decision.provisional else "no",
        "yes" if decision.manual_review else "no",
        decision.en16931_category or "",
        decision.vatex_code or "",
        decision.legal_basis,
        " ".join(decision.invoice_notes(lang)),
        " ".join(decision.warnings),
        decision.reclaim.kind.value,
    )


def _start(given: Callable[[str, str], str]) -> Place | None:
    return _place("from", given("from", ""), given("from_postcode", ""), given("from_city", ""))


def _end(given: Callable[[str, str], str]) -> Place | None:
    to, postcode, city, region = (given(name, "") for name in ("to", "postcode", "city", "region"))
    return _place("to", to, postcode, city, region)


def _place(column: str, country: str, postcode: str = "", city: str = "", region: str = "") -> Place | None:
    if not country:
        return None
    try:
        return Place(country, postcode or None, city or None, region or None)
    except ValueError as error:
        raise RowError(f"{column}: {error}") from None


def _flag(column: str, cell: str) -> bool:
    word = cell.strip().lower()
    if word not in _YES | _NO:
        raise RowError(f"{column}: yes or no is expected")
    return word in _YES


def _member(column: str, kind: type[E], cell: str) -> E:
    try:
        return kind(cell.strip().lower())
    except ValueError:
        raise RowError(f"{column}: one of {', '.join(kind)} is expected") from None


def _day(cell: str, today: date) -> date:
    if not cell:
        return today
    try:
        return date.fromisoformat(cell.strip())
    except ValueError:
        raise RowError("on: a day such as 2026-11-28 is expected") from None
