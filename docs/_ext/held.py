"""Which tests hold a requirement or a promise: found by reading the docstrings and names of the tests."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

from facts import DOCS

TESTS = DOCS.parent / "tests"
#: The suites that hosts run on their own adapters hold requirements too.
CONTRACTS = DOCS.parent / "src" / "customer_accounts" / "testing"
_ID = re.compile(r"\b(?:PH\d\b|(?:PH|PW|GEN|HS|EM|EN|TK|SO|GM|AZ|SE|AB|RL|CC|LG|DP|DOC|SUP)-\d\d\b)")
_SPAN = re.compile(r"\b(PH|PW|GEN|HS|EM|EN|TK|SO|GM|AZ|SE|AB|RL|CC|LG|DP|DOC)-(\d\d) to (?:\1-)?(\d\d)\b")


@cache
def tests_by_id() -> dict[str, list[str]]:
    """Give the tests that name a requirement in their docstring, by its id."""
    found: dict[str, list[str]] = {}
    for path in [*sorted(TESTS.rglob("test_*.py")), *sorted(CONTRACTS.rglob("*.py"))]:
        for name, doc in _docstrings(path):
            where = f"{path.relative_to(TESTS.parent).as_posix()}::{name}"
            for one in sorted(ids_in(doc)):
                found.setdefault(one, []).append(where)
    return found


def ids_in(text: str) -> set[str]:
    """Give the ids of requirements that a text names; "TK-01 to TK-03" names three."""
    ids = set(_ID.findall(text))
    for family, first, last in _SPAN.findall(text):
        ids |= {f"{family}-{number:02}" for number in range(int(first), int(last) + 1)}
    return ids


def _docstrings(path: Path) -> list[tuple[str, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            found.append((node.name, ast.get_docstring(node) or ""))
        elif isinstance(node, ast.ClassDef) and _runs(node):
            # What a class of tests or a state machine says holds for the tests in it.
            found.append((node.name, ast.get_docstring(node) or ""))
    return found


def _runs(node: ast.ClassDef) -> bool:
    return node.name.startswith("Test") or any("Machine" in ast.unparse(base) for base in node.bases)


@cache
def requirement_rows() -> dict[str, dict[str, str]]:
    """Give the requirements by id."""
    return tomllib.loads((DOCS / "_data" / "requirements.toml").read_text("utf-8"))


def promise_tests() -> dict[str, list[str]]:
    """Give the acceptance tests by the promise in their name."""
    found: dict[str, list[str]] = {}
    path = TESTS / "test_faq.py"
    for name, _ in _docstrings(path) if path.exists() else []:
        match = re.match(r"test_(F\d\d)_", name)
        if match:
            found.setdefault(match[1], []).append(name)
    return found


def tests_of(ids: list[str], modules: list[str]) -> list[str]:
    """Give one test for each requirement, out of the test files named first if there is one."""
    found = []
    for one in ids:
        tests = tests_by_id().get(one, [])
        places = [f"test_{module}.py::" for module in modules]
        near = [test for place in places for test in tests if place in test]
        found += (near or tests)[:1]
    return found
