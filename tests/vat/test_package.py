"""The package as a whole: what it exports, and what it imports."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from customer_accounts import vat
from customer_accounts.vat.countries import countries

MODULES = sorted(Path(str(vat.__file__)).parent.glob("*.py"))
#: What the rules may build on; no clock, no network, no database, no framework.
ALLOWED = {"attrs", "stdnum"}
FORBIDDEN = {"time", "random", "secrets", "socket", "urllib", "http", "asyncio", "threading", "os"}


def imported(path: Path) -> Iterator[str]:
    """What a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_exports_are_sorted_and_real() -> None:
    """Every name in __all__ is there, in order, and documented."""
    assert vat.__all__ == sorted(vat.__all__)
    for name in vat.__all__:
        assert getattr(vat, name).__doc__


@pytest.mark.parametrize("path", MODULES, ids=[path.stem for path in MODULES])
def test_the_rules_are_pure_and_stand_alone(path: Path) -> None:
    """The standard library without clock, chance and network, attrs, stdnum and this package: no more."""
    for name in imported(path):
        root = name.partition(".")[0]
        own = name in ("customer_accounts.vat", "customer_accounts.arguments") or name.startswith(
            "customer_accounts.vat."
        )
        assert own or root in ALLOWED or root in sys.stdlib_module_names, name
        assert root not in FORBIDDEN, name
    assert ".now(" not in path.read_text(encoding="utf-8")


def test_no_rule_country_or_rate_stands_in_the_evaluator() -> None:
    """What decides is data: the modules on the way hold no rule id, country code or rate as a value."""
    states = {code for code, country in countries().items() if country.area != "outside"}
    rules = {row.rule for row in vat.packaged_table().rows}
    for name in ("table", "situation", "outcome", "decide", "explain", "circumstances"):
        tree = ast.parse(next(path for path in MODULES if path.stem == name).read_text(encoding="utf-8"))
        values = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not values & (states | rules | {16, 19, 20, 21, 22, 23, 24, 25}), name
