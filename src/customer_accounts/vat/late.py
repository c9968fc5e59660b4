"""From a decision that waits for the register to the one after its confirmation.

Rules: only what was charged for want of an answer is decided anew; everything else about the supply stays as it
was on its day, the day itself included.  The row comes from the same table, with one answer changed: the number is
valid.
"""

import json
from decimal import Decimal

import attrs

from customer_accounts.vat.circumstances import Answers, Question
from customer_accounts.vat.decision import VatDecision
from customer_accounts.vat.order import OrderDecision
from customer_accounts.vat.places import territory
from customer_accounts.vat.rates import RateSource
from customer_accounts.vat.status import VatStatus
from customer_accounts.vat.table import DecisionTable, packaged_table

_NUMBER = tuple(Question).index(Question.NUMBER)
_OPEN = frozenset({VatStatus.PENDING.value, VatStatus.UNVERIFIED.value})


def decisions_in(stored: str) -> OrderDecision:
    """Read what was kept with an order: the decision of one supply, or those of all lines.

    Raises:
        DataError: it is neither.
    """
    if stored.lstrip().startswith("["):
        return OrderDecision.from_json(stored)
    return OrderDecision((VatDecision.from_json(stored),))


def waits_for_register(decision: VatDecision, table: DecisionTable | None = None) -> bool:
    """Whether VAT is charged only because the register has not answered: with a valid number there would be none.

    Args:
        decision: the decision of the day.
        table: a host's own table; the package's otherwise.
    """
    answers = decision.outcome.answers
    if not decision.provisional or answers[_NUMBER] not in _OPEN:
        return False
    row = (table or packaged_table()).find(_with_valid_number(answers))
    return row.tax == "zero" and not row.provisional


def confirmed(decision: VatDecision, table: DecisionTable | None = None) -> VatDecision:
    """Give the decision with the number confirmed for the day of supply; one that does not wait stays.

    Args:
        decision: the decision of the day.
        table: a host's own table; the package's otherwise.
    """
    rules, before = table or packaged_table(), decision.outcome
    if not waits_for_register(decision, rules):
        return decision
    answers = _with_valid_number(before.answers)
    row = rules.find(answers)
    national = rules.national.get(row.national, {}).get(territory(before.origin).state, "")
    after = attrs.evolve(before, row=row, answers=answers, national_law=national, table=rules, kept=None)
    state = after.charging.state
    nothing = RateSource(state, Decimal(0), None, region=state, source="no VAT is charged")
    return attrs.evolve(decision, outcome=after, rates="none", rate_source=nothing)


def _with_valid_number(answers: Answers) -> Answers:
    return (*answers[:_NUMBER], VatStatus.VALID.value, *answers[_NUMBER + 1 :])


def all_confirmed(decisions: OrderDecision, table: DecisionTable | None = None) -> OrderDecision:
    """Give the decisions of an order with the number confirmed."""
    return OrderDecision(tuple(confirmed(line, table) for line in decisions))


def corrected_record(stored: str) -> str:
    """Give the record of a decision after the confirmation, in the layout in which it was kept."""
    after = all_confirmed(decisions_in(stored))
    is_list = isinstance(json.loads(stored), list)
    return after.to_json() if is_list else after.lines[0].to_json()
