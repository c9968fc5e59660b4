"""The decision table as typed rows, and the one evaluator over them.

Rules: rows are tried in order and the first whose conditions all hold decides; a condition is a question and
the answers that satisfy it, nothing else; no rule, country or rate stands in this code, all of it is
``data/table.toml``. A host may bring a table of its own: `DecisionTable.from_data` refuses cells that mean
nothing.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Self

import attrs

from customer_accounts.vat.circumstances import ANSWERS, LATER_ANSWERS, Answers, Question
from customer_accounts.vat.files import DataError, load, rows, table, text, texts, truth

_POSITION = {question.value: position for position, question in enumerate(Question)}


class Treatment(StrEnum):
    """What a supply is for VAT."""

    #: Taxed where the goods lie or the seller is.
    DOMESTIC = "domestic"
    #: Taxed where the goods arrive or the customer is.
    DISTANCE_SALE = "distance_sale"
    #: Exempt, Art. 138 Directive 2006/112/EC.
    INTRA_COMMUNITY_SUPPLY = "intra_community_supply"
    #: Exempt, Art. 146.
    EXPORT = "export"
    #: Dispatched outside the Union; who imports decides.
    IMPORT = "import"
    #: The customer owes the tax, Art. 196.
    REVERSE_CHARGE = "reverse_charge"
    #: Supplied outside the Union, Art. 44 and 58.
    OUTSIDE_SCOPE = "outside_scope"


@attrs.frozen
class Condition:
    """One condition: the answers to one question that satisfy it."""

    question: str
    wanted: tuple[str, ...]

    def holds(self, answers: Answers) -> bool:
        """Say whether it holds."""
        return answers[_POSITION[self.question]] in self.wanted


@attrs.frozen
class Row:
    """One row of the table; `data/table.toml` says what each cell means."""

    rule: str
    key: str
    when: tuple[Condition, ...] = attrs.field(hash=False)
    treatment: Treatment
    tax: str
    law: str
    category: str = ""
    vatex: str = ""
    note: str = ""
    numbers: str = ""
    other_law: str = ""
    national: str = ""
    provisional: bool = False
    review: bool = False


@attrs.frozen
class Remark:
    """A warning or a way to reclaim: its name, and the answers under which it applies."""

    name: str
    when: Mapping[str, tuple[str, ...]] = attrs.field(hash=False)
    review: bool = False

    def applies(self, answers: Mapping[str, str]) -> bool:
        """Say whether it applies."""
        return all(answers[question] in wanted for question, wanted in self.when.items())


@attrs.frozen(eq=False)
class DecisionTable:
    """All rows, warnings and ways to reclaim."""

    version: str
    rows: tuple[Row, ...]
    warnings: tuple[Remark, ...]
    reclaims: tuple[Remark, ...]
    national: Mapping[str, Mapping[str, str]]
    _by_supply: Mapping[str, tuple[Row, ...]] = attrs.field(init=False, repr=False)
    # All combinations of answers are a few hundred thousand, those that occur a few hundred: found once,
    # kept.
    _found: dict[Answers, Row] = attrs.field(init=False, factory=dict[Answers, Row], repr=False)

    def __attrs_post_init__(self) -> None:
        """Sort the rows by what they are about."""
        kinds = ANSWERS[Question.SUPPLY]
        by_supply = {kind: tuple(row for row in self.rows if kind in row.when[0].wanted) for kind in kinds}
        object.__setattr__(self, "_by_supply", by_supply)

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Self:
        """Build a table from the content of a table file.

        Raises:
            DataError: a cell asks a question or wants an answer that does not exist.
        """
        return cls(
            version=text(data["version"]),
            rows=tuple(_row(cells) for cells in rows(data["row"])),
            warnings=tuple(_remark("code", cells) for cells in rows(data["warning"])),
            reclaims=tuple(_remark("kind", cells) for cells in rows(data["reclaim"])),
            national={
                name: {state: text(law) for state, law in table(cell).items()}
                for name, cell in table(data["national"]).items()
            },
        )

    def rows_for(self, supply: str) -> Sequence[Row]:
        """Give the rows about one kind of supply, in order."""
        return self._by_supply[supply]

    def find(self, answers: Answers) -> Row:
        """Give the first row whose conditions all hold.

        Raises:
            DataError: no row decides; a table must be total.
        """
        row = self._found.get(answers)
        if row is None:
            row = self._found[answers] = self._search(answers)
        return row

    def _search(self, answers: Answers) -> Row:
        for row in self._by_supply[answers[0]]:
            if all(condition.holds(answers) for condition in row.when):
                return row
        raise DataError(f"no row of the table decides {answers}")


@cache
def packaged_table() -> DecisionTable:
    """Give the table of the package."""
    return DecisionTable.from_data(load("table"))


def row_from(cells: Mapping[str, object]) -> Row:
    """Build one row from its cells; unlike `DecisionTable.from_data` it keeps conditions of an older table
    as they are.
    """
    then = table(cells["then"])
    return Row(
        rule=text(cells["rule"]),
        key=text(cells["key"]),
        when=tuple(Condition(name, texts(wanted)) for name, wanted in table(cells["when"]).items()),
        treatment=Treatment(text(then["treatment"])),
        tax=text(then["tax"]),
        law=text(then.get("law")),
        category=text(then.get("category")),
        vatex=text(then.get("vatex")),
        note=text(then.get("note")),
        numbers=text(then.get("numbers")),
        other_law=text(then.get("other_law")),
        national=text(then.get("national")),
        provisional=truth(then.get("provisional")),
        review=truth(then.get("review")),
    )


def _row(cells: Mapping[str, object]) -> Row:
    row = row_from(cells)
    known = {question.value: answers for question, answers in ANSWERS.items()}
    for condition in row.when:
        _check(condition.question, condition.wanted, known)
    if not row.when or row.when[0].question != Question.SUPPLY:
        raise DataError(f"{row.key}: the first condition of a row says which supplies it is about")
    if row.tax not in LATER_ANSWERS["tax"]:
        raise DataError(f"{row.key}: tax cannot be {row.tax!r}")
    if not row.law and not row.other_law:
        raise DataError(f"{row.key}: no law is named")
    return row


def _remark(name: str, cells: Mapping[str, object]) -> Remark:
    when = {question: texts(wanted) for question, wanted in table(cells["when"]).items()}
    known = {**{question.value: answers for question, answers in ANSWERS.items()}, **LATER_ANSWERS}
    for question, wanted in when.items():
        _check(question, wanted, known)
    return Remark(text(cells[name]), when, truth(cells.get("review")))


def _check(question: str, wanted: Sequence[str], known: Mapping[str, Sequence[str]]) -> None:
    if question not in known or not wanted or not set(wanted) <= set(known[question]):
        raise DataError(f"no such condition: {question} = {list(wanted)}")
