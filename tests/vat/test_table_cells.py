"""Every cell of the decision table counts: changed one at a time, a real order comes out differently.

The orders are made of addresses, numbers and sellers that a shop can have, not of answers, so nothing between
an order and its decision can decide in place of the table.
"""

import copy
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import product
from typing import cast

import pytest

from customer_accounts.vat import (
    Buyer,
    DataError,
    DecisionTable,
    Place,
    Seller,
    Supply,
    Treatment,
    VatDecision,
    VatNumber,
    VatStatus,
    decide_vat,
)
from customer_accounts.vat.circumstances import ANSWERS, LATER_ANSWERS, Question
from customer_accounts.vat.files import load
from tests.vat.cases import AUSTRIAN, FRENCH, GERMAN, NORTHERN_IRISH, ON, goods, service

Order = tuple[Supply, Buyer, Seller]
Cells = dict[str, object]

STARTS = (
    *(Place("AT"), Place("AT", "6991"), Place("DE"), Place("FR"), Place("XI")),
    *(Place("GB"), Place("CH"), Place("CY", region="CY-N")),
)
ENDS = (
    *(Place("AT"), Place("AT", "6991"), Place("DE"), Place("FR"), Place("XI")),
    *(Place("GB"), Place("CH"), Place("CY", region="CY-N")),
)
SHOPS = (
    Seller("AT", oss=True),
    Seller("AT"),
    Seller("AT", below_threshold=True),
    Seller("AT", below_threshold=True, unverified_business="consumer", registered_in=["FR"]),
    Seller("AT", oss=True, unverified_business="consumer", at_enclave="destination"),
    Seller("DE", registered_in=["AT"]),
    Seller("FR"),
    Seller("XI", oss=True),
)
STATES = ("valid", "unverified", "pending", "invalid")
NUMBERS = (GERMAN, AUSTRIAN, FRENCH, NORTHERN_IRISH)
CUSTOMERS = (
    *(Buyer(), Buyer(is_business=True), Buyer(is_business=True, problem="wrong_kind")),
    *(Buyer(is_business=True, problem="malformed"), Buyer(number=GERMAN, status=VatStatus.VALID)),
    *(
        Buyer(is_business=True, number=number, status=VatStatus(status))
        for number, status in product(NUMBERS, STATES)
    ),
)
HOMES = (None, Place("DE"), Place("AT"), Place("XI"), Place("GB"), Place("CH"), Place("CY", region="CY-N"))


def supplies() -> Iterator[Supply]:
    """Goods between all places, collected goods, and goods whose rate is missing, old or of another category."""
    yield from (goods(start, end) for start, end in product(STARTS, ENDS))
    yield from (goods(start, start, pickup=True) for start in STARTS)
    yield from (goods("AT", "DE", on=on) for on in (date(2020, 12, 31), date(2030, 1, 1)))
    yield goods("AT", "DE", rate_category="books")


def orders() -> Iterator[Order]:
    """Orders of every sort."""
    yield from product(supplies(), CUSTOMERS, SHOPS)
    for kind, customer, home, shop in product(("service", "electronic_service"), CUSTOMERS, HOMES, SHOPS):
        at_home = Buyer(
            is_business=customer.is_business,
            number=customer.number,
            status=customer.status,
            place=home,
            problem=customer.problem,
        )
        yield service(kind=kind), at_home, shop
    for home, shop in product(HOMES[1:], (SHOPS[0], SHOPS[4])):
        yield goods("AT", "DE"), Buyer(is_business=True, place=home), shop


@cache
def witnesses() -> Mapping[tuple[str, str, str], Order]:
    """For each row, warning and way to reclaim, and each answer to each question, one order that it is about.

    Where there are several, one with few warnings, so that no other one hides what is changed.
    """
    found: dict[tuple[str, str, str], tuple[int, Order]] = {}
    known: set[tuple[str, ...]] = set()
    for order in orders():
        decision = decide_vat(*order)
        answers = answers_of(decision)
        if tuple(answers.values()) in known:
            continue
        known.add(tuple(answers.values()))
        warnings = decision.warnings
        about = (decision.outcome.row.key, decision.reclaim.kind.value, *warnings)
        for name, (question, answer) in product(about, answers.items()):
            so_far = found.get((name, question, answer))
            if so_far is None or len(warnings) < so_far[0]:
                found[name, question, answer] = len(warnings), order
    return {about: order for about, (_, order) in found.items()}


def answers_of(decision: VatDecision) -> dict[str, str]:
    """What the order answers to each question, those that follow from the decision included."""
    answers = {
        question.value: answer for question, answer in zip(Question, decision.outcome.answers, strict=True)
    }
    home = decision.outcome.home_seen_from_charging_state
    later = {"treatment": decision.treatment.value, "tax": decision.outcome.row.tax}
    return {**answers, **later, "home": home, "rates": decision.rates}


def seen(order: Order, table: DecisionTable | None = None) -> object:
    """Everything that a host can see of the decision about an order, or that there is none."""
    try:
        decision = decide_vat(*order, table=table)
        return (
            *(decision.rule, decision.treatment, decision.provisional, decision.rate_source, decision.rate),
            *(
                decision.legal_basis,
                decision.en16931_category,
                decision.vatex_code,
                decision.needs_both_numbers,
            ),
            *(decision.warnings, decision.manual_review, decision.reclaim, decision.charging_state),
            *(decision.invoice_notes("fr"), decision.explanation.steps[-1].key, decision.reasons[-1]),
        )
    except (DataError, ValueError):
        return None


def rows_of(data: Mapping[str, object], kind: str) -> list[dict[str, Cells]]:
    """The rows, warnings or ways to reclaim of a table's file."""
    return cast("list[dict[str, dict[str, object]]]", data[kind])


def changed(kind: str, index: int, part: str, name: str, cell: object) -> DecisionTable:
    """The table with one cell changed."""
    data = copy.deepcopy(dict(load("table")))
    row = rows_of(data, kind)[index]
    (row[part] if part else cast("Cells", row))[name] = cell
    return DecisionTable.from_data(data)


def name_of(row: Mapping[str, object]) -> str:
    """The name of a row, a warning or a way to reclaim."""
    return str(row.get("key") or row.get("code") or row["kind"])


CONDITIONS = [
    pytest.param(kind, index, question, answer, id=f"{name_of(row)} {question}={answer}")
    for kind in ("row", "warning", "reclaim")
    for index, row in enumerate(rows_of(load("table"), kind))
    for question, wanted in row["when"].items()
    for answer in cast("list[str]", wanted)
]


@pytest.mark.parametrize(("kind", "index", "question", "answer"), CONDITIONS)
def test_every_answer_that_is_wanted_counts(kind: str, index: int, question: str, answer: str) -> None:
    """Without it, an order that the row, the warning or the advice was about is another one's."""
    row = rows_of(load("table"), kind)[index]
    order = witnesses()[name_of(row), question, answer]
    left = [other for other in cast("list[str]", row["when"][question]) if other != answer]
    known = {one.value: answers for one, answers in ANSWERS.items()} | dict(LATER_ANSWERS)
    others = [other for other in known[question] if other != answer]
    assert seen(order, changed(kind, index, "when", question, left or others)) != seen(order)


#: What a cell may be changed to; a text that is nobody's name elsewhere.
OTHER = {
    "rule": ("G03", "G02"),
    "treatment": tuple(Treatment),
    "tax": ("zero", "origin"),
    "note": ("export", "reverse_charge"),
    "kind": ("consumer", "import"),
}
OUTCOMES = [
    pytest.param(index, part, name, id=f"{name_of(row)} {name}")
    for index, row in enumerate(rows_of(load("table"), "row"))
    for part, names in (("", ("rule", "key")), ("then", tuple(row["then"])))
    for name in names
]


@pytest.mark.parametrize(("index", "part", "name"), OUTCOMES)
def test_every_outcome_is_what_comes_out(index: int, part: str, name: str) -> None:
    """Rule, treatment, tax, law, category, code, note, numbers and flags of an order are the row's, and no other's."""
    row = rows_of(load("table"), "row")[index]
    cells = row[part] if part else cast("Cells", row)
    order = witnesses()[name_of(row), "supply", cast("list[str]", row["when"]["supply"])[0]]
    assert seen(order, changed("row", index, part, name, another(name, cells[name]))) != seen(order)


@pytest.mark.parametrize(
    ("kind", "index", "name"),
    [
        pytest.param(kind, index, name, id=f"{name_of(row)} {name}")
        for kind in ("warning", "reclaim")
        for index, row in enumerate(rows_of(load("table"), kind))
        for name in row
        if name != "when"
    ],
)
def test_every_warning_and_way_to_reclaim_is_named_by_the_table(kind: str, index: int, name: str) -> None:
    """Its name and its flag come from the table, too."""
    row = rows_of(load("table"), kind)[index]
    question, wanted = next(iter(row["when"].items()))
    order = witnesses()[name_of(row), question, cast("list[str]", wanted)[0]]
    assert seen(order, changed(kind, index, "", name, another(name, row[name]))) != seen(order)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        (name, state)
        for name, laws in rows_of({"national": [load("table")["national"]]}, "national")[0].items()
        for state in laws
    ],
)
def test_every_national_article_is_named_for_its_state(name: str, state: str) -> None:
    """The article by the state of dispatch or of the seller, and by no other."""
    data = copy.deepcopy(dict(load("table")))
    cast("dict[str, dict[str, str]]", data["national"])[name][state] = "another article"
    table = DecisionTable.from_data(data)
    number: VatNumber = AUSTRIAN if state != "AT" else GERMAN
    confirmed = Buyer(is_business=True, number=number, status=VatStatus.VALID)
    supply = {
        "export": goods(state, "CH"),
        "intra_community_supply": goods(state, number.iso_country),
        "reverse_charge": service(),
    }[name]
    for other in ("AT", "DE", "FR", "IT"):
        seller = Seller(other, registered_in=[state])
        if name == "reverse_charge" and number.iso_country == other:
            continue
        order = (supply, confirmed, seller)
        concerned = name != "reverse_charge" or other == state
        assert ("another article" in decide_vat(*order, table=table).legal_basis) is concerned
        assert "another article" not in decide_vat(*order).legal_basis


def another(name: str, value: object) -> object:
    """Another value for a cell."""
    if isinstance(value, bool):
        return not value
    return next((other for other in OTHER.get(name, ()) if other != value), "changed")


def test_all_days_of_supply_are_decided_by_the_same_row() -> None:
    """The table knows no days: what changes with time are the rates."""
    order = goods("AT", "DE"), Buyer(), SHOPS[0]
    late = goods("AT", "DE", on=date(2029, 1, 1)), Buyer(), SHOPS[0]
    assert decide_vat(*order).rule == decide_vat(*late).rule
    assert order[0].on == ON
