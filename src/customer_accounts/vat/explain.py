"""Why a decision came out as it did: conditions looked at, warnings, and how the VAT can be had back.

Rules: everything here is worked out only when somebody asks, from the answers and the table, or read back
from a stored decision; a stored one is never worked out again, for the table of today is not the table of
that day.
"""

from collections.abc import Mapping, Sequence

import attrs

from customer_accounts.vat.circumstances import Answers, Question
from customer_accounts.vat.files import rows, text, texts, truth
from customer_accounts.vat.table import DecisionTable, Remark, Row


@attrs.frozen
class Step:
    """One condition that was looked at.

    Args:
        rule: rule it belongs to.
        key: row it belongs to.
        question: what was asked.
        answer: what the supply answered.
        holds: whether the row wanted that answer.
    """

    rule: str
    key: str
    question: str
    answer: str
    holds: bool


@attrs.frozen
class Explanation:
    """What lies behind a decision.

    Args:
        steps: every condition that was looked at, in order.
        warnings: codes of what the shop's staff should know.
        reclaim: name of the way to have the VAT back.
        review: somebody should look at the decision.
    """

    steps: tuple[Step, ...]
    warnings: tuple[str, ...]
    reclaim: str
    review: bool

    def to_data(self) -> dict[str, object]:
        """Give it as plain data."""
        return {
            "steps": [attrs.asdict(step) for step in self.steps],
            "warnings": list(self.warnings),
            "reclaim": self.reclaim,
            "review": self.review,
        }


def explain(table: DecisionTable, row: Row, answers: Answers, later: Mapping[str, str]) -> Explanation:
    """Work out what lies behind a decision.

    Args:
        table: the table that decided.
        row: the row that decided.
        answers: the answers it decided from.
        later: the answers that exist only after the decision (`LATER_ANSWERS`).
    """
    known = {**answers_by_question(answers), **later}
    warnings = [remark for remark in table.warnings if remark.applies(known)]
    return Explanation(
        steps=tuple(_steps(table.rows_for(answers[0]), row, answers)),
        warnings=tuple(remark.name for remark in warnings),
        reclaim=_first(table.reclaims, known),
        review=row.review or any(remark.review for remark in warnings),
    )


def explanation_from(data: Mapping[str, object]) -> Explanation:
    """Read an explanation back from plain data."""
    return Explanation(
        steps=tuple(_step(cell) for cell in rows(data["steps"])),
        warnings=texts(data["warnings"]),
        reclaim=text(data["reclaim"]),
        review=truth(data["review"]),
    )


def answers_by_question(answers: Answers) -> dict[str, str]:
    """Give the answers by the name of their question."""
    return {question.value: answer for question, answer in zip(Question, answers, strict=True)}


def _steps(candidates: Sequence[Row], decided: Row, answers: Answers) -> list[Step]:
    known = answers_by_question(answers)
    steps: list[Step] = []
    for row in candidates[: candidates.index(decided) + 1]:
        for condition in row.when[1:]:
            holds = condition.holds(answers)
            steps.append(Step(row.rule, row.key, condition.question, known[condition.question], holds))
            if not holds:
                break
    return steps


def _first(remarks: Sequence[Remark], known: Mapping[str, str]) -> str:
    return next((remark.name for remark in remarks if remark.applies(known)), "")


def _step(cell: Mapping[str, object]) -> Step:
    return Step(
        rule=text(cell["rule"]),
        key=text(cell["key"]),
        question=text(cell["question"]),
        answer=text(cell["answer"]),
        holds=truth(cell["holds"]),
    )
