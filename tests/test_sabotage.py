"""Sabotage is complete: each requirement has its fault or a reason why not, and a test that names it.

Whether each fault is noticed is tried by ``python -m tests.sabotage``; here the lists are compared.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sabotage.fault import Fault, edits_of
from tests.sabotage.features import FEATURES
from tests.sabotage.not_yet import NOT_YET
from tests.sabotage.on_sql import ON_SQL
from tests.sabotage.promises import PROMISES
from tests.sabotage.requirements import REQUIREMENTS
from tests.sabotage.vat import VAT

TESTS = Path(__file__).parent
IDS = (TESTS / "data" / "requirement_ids.txt").read_text("utf-8").split()
#: "TK-01", "PH3", and "TK-01 to TK-03", which names three.
_ID = re.compile(r"\b(?:([A-Z]{2,3})-(\d\d)(?: to \1-(\d\d))?|(PH\d))\b")


def named_in(text: str) -> Iterator[str]:
    """Give the ids that a text names."""
    for family, first, last, scenario in _ID.findall(text):
        if scenario:
            yield scenario
        else:
            yield from (f"{family}-{number:02}" for number in range(int(first), int(last or first) + 1))


def _named_by_tests() -> set[str]:
    named: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                named |= set(named_in(ast.get_docstring(node) or ""))
    return named


def test_each_requirement_has_a_fault_or_a_reason() -> None:
    """The list of requirements is the list of faults and of what is not tried, and nothing is in both."""
    tried = [one.id for one in REQUIREMENTS]
    assert len(IDS) == len(set(IDS)) == 123
    assert sorted(tried) == sorted(set(tried))
    assert set(tried).isdisjoint(NOT_YET)
    assert set(tried) | NOT_YET.keys() == set(IDS)


def test_each_promise_has_a_fault() -> None:
    """F01 to F27: one fault for each."""
    assert [one.id for one in PROMISES] == [f"F{number:02}" for number in range(1, 28)]


def test_each_requirement_that_is_tried_is_named_by_a_test() -> None:
    """What a fault breaks is held by a test that says so."""
    assert {one.id for one in REQUIREMENTS} - _named_by_tests() == set()


@pytest.mark.parametrize(
    "fault", [pytest.param(one, id=one.id) for one in (*PROMISES, *REQUIREMENTS, *ON_SQL, *VAT, *FEATURES)]
)
def test_a_fault_fits_the_code_of_today(fault: Fault) -> None:
    """What a fault changes is there to be changed, what it says is new, and the files of its tests exist."""
    assert [one.old for one in edits_of(fault.put_in) if not one.fits] == []
    assert fault.tests
    assert [one for one in fault.files if not (TESTS.parent / one).is_file()] == []


def test_ids_are_found_in_docstrings() -> None:
    """A span names each of its requirements."""
    assert list(named_in("PH3, TK-01 to TK-03: as EM-12 says")) == ["PH3", "TK-01", "TK-02", "TK-03", "EM-12"]
