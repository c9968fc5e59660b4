"""The table as data: total, every row reached, and wrong cells are refused (cells: `test_table_cells`)."""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import cast

import pytest

from customer_accounts.vat import DataError, DecisionTable, Treatment, packaged_table
from customer_accounts.vat.circumstances import ANSWERS, LATER_ANSWERS, Answers, Question
from customer_accounts.vat.files import load
from customer_accounts.vat.table import Row


@cache
def combinations() -> tuple[Answers, ...]:
    """Every combination of answers that can change a decision (the rest is for warnings)."""
    deciding = {condition.question for row in packaged_table().rows for condition in row.when}
    domains = [answers if question in deciding else answers[:1] for question, answers in ANSWERS.items()]
    return tuple(product(*domains))


def data() -> dict[str, object]:
    """A copy of the table's file, to be changed."""
    return copy.deepcopy(dict(load("table")))


def rows_of(table: Mapping[str, object]) -> list[dict[str, dict[str, object]]]:
    """The rows of a table's file."""
    return cast("list[dict[str, dict[str, object]]]", table["row"])


def decisions(table: DecisionTable, some: tuple[Answers, ...]) -> Iterator[Row]:
    """The rows that decide."""
    return (table.find(answers) for answers in some)


def test_every_combination_is_decided() -> None:
    """The table is total: no combination of answers falls through."""
    assert len(combinations()) > 300_000
    assert sum(1 for _ in decisions(packaged_table(), combinations())) == len(combinations())


def test_every_row_decides_something() -> None:
    """No row is unreachable behind those above it."""
    reached = {row.key for row in decisions(packaged_table(), combinations())}
    assert reached == {row.key for row in packaged_table().rows}


def test_the_table_has_the_published_rules() -> None:
    """G00-G09 and S01-S08, each row under one key; every treatment occurs."""
    table = packaged_table()
    goods = {f"G{number:02}" for number in range(10)}
    services = {f"S{number:02}" for number in range(1, 9)}
    assert {row.rule for row in table.rows} == goods | services
    assert len({row.key for row in table.rows}) == len(table.rows)
    assert {row.treatment for row in table.rows} == set(Treatment)


def test_only_a_confirmed_number_exempts_inside_the_union() -> None:
    """Truth 7: whatever else holds, no exempt supply to another member state without a valid number."""
    for answers in combinations():
        row = packaged_table().find(answers)
        if row.treatment in {Treatment.INTRA_COMMUNITY_SUPPLY, Treatment.REVERSE_CHARGE}:
            assert answers[list(Question).index(Question.NUMBER)] == "valid"


def test_the_order_of_the_rows_counts() -> None:
    """First match wins: with the rows reversed, other rows decide."""
    changed = data()
    rows_of(changed).reverse()
    table = DecisionTable.from_data(changed)
    assert any(
        table.find(answers).key != packaged_table().find(answers).key for answers in combinations()[::97]
    )


@pytest.mark.parametrize(
    ("where", "cell"),
    [
        ("when", {"supply": ["goods"], "colour": ["red"]}),
        ("when", {"supply": ["goods"], "customer": ["robot"]}),
        ("when", {"supply": ["goods"], "customer": []}),
        ("when", {"supply": ["goods"], "customer": "business"}),
        ("when", {"customer": ["business"]}),
        ("when", {}),
        ("then", {"treatment": "domestic", "tax": "elsewhere", "law": ""}),
        ("then", {"treatment": "smuggling", "tax": "zero", "law": ""}),
        ("then", {"treatment": "domestic", "tax": "zero"}),
        ("then", {"treatment": "domestic", "tax": "zero", "law": 5}),
        ("then", {"treatment": "domestic", "tax": "zero", "law": "", "review": "yes"}),
        ("then", "domestic"),
    ],
)
def test_cells_that_mean_nothing_are_refused(where: str, cell: object) -> None:
    """A host's own table is checked when it is read, not when an order comes."""
    changed = data()
    cast("dict[str, object]", rows_of(changed)[0])[where] = cell
    with pytest.raises(ValueError, match=r"condition|expected|tax|treatment|Treatment|supplies|law"):
        DecisionTable.from_data(changed)


@pytest.mark.parametrize("rows", [5, [5]])
def test_a_table_is_made_of_rows(rows: object) -> None:
    """Something else in place of the rows is refused."""
    changed = data()
    changed["row"] = rows
    with pytest.raises(DataError, match="expected"):
        DecisionTable.from_data(changed)


def test_warnings_ask_only_what_can_be_answered() -> None:
    """A warning about an unknown answer is refused too."""
    changed = data()
    cast("list[dict[str, object]]", changed["warning"])[0]["when"] = {"weather": ["rain"]}
    with pytest.raises(DataError, match="weather"):
        DecisionTable.from_data(changed)


def test_a_table_that_is_not_total_says_so() -> None:
    """Without its last row for consumers, the order is named that nothing decides."""
    changed = data()
    changed["row"] = rows_of(changed)[:1]
    table = DecisionTable.from_data(changed)
    with pytest.raises(DataError, match="no row of the table decides"):
        table.find(combinations()[0])


def test_every_way_to_reclaim_covers_every_decision() -> None:
    """Whatever was decided and wherever the customer is at home, there is advice."""
    known = {question.value: answers[0] for question, answers in ANSWERS.items()}
    for treatment, tax, home, customer in product(
        LATER_ANSWERS["treatment"], LATER_ANSWERS["tax"], LATER_ANSWERS["home"], ANSWERS[Question.CUSTOMER]
    ):
        later = {"treatment": treatment, "tax": tax, "home": home, "customer": customer}
        assert any(remark.applies({**known, **later}) for remark in packaged_table().reclaims)
