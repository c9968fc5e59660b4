"""Makes tests of the documents, and shares the tests out: to the workers, and to what coverage is counted from.

Every Python block of the README and of the docs runs, none can be skipped.

Each document has a namespace and an empty working directory of its own; what one block leaves, the next one
of the same document finds.
"""

import os
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser


def _enter(namespace: dict[str, Any]) -> None:
    # SQLite files that an example leaves open cannot be deleted everywhere; the rest goes all the same.
    folder = TemporaryDirectory(ignore_cleanup_errors=True)
    namespace["__name__"] = "document"
    namespace["_back"] = (folder, os.getcwd())  # noqa: PTH109 - read here, restored below, used for nothing else
    os.chdir(folder.name)


def _leave(namespace: dict[str, Any]) -> None:
    folder, before = namespace.pop("_back")
    os.chdir(before)
    folder.cleanup()


#: PostgreSQL for whoever wants it; the server starts at the first use.
pytest_plugins = ["tests.postgres.fixtures"]

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["README.md", "docs/**/*.md"],
    excludes=["docs/_build/**", ".venv/**"],
    setup=_enter,
    teardown=_leave,
).pytest()


#: Go through so much that nobody could say which lines they are about.  What they reach counts for no coverage: each
#: branch is reached by a test of its own, whatever examples a property is given and whoever wins a race.
UNMEASURED = (
    "tests/adapters/test_sql.py::TestSqliteDjango",
    "tests/adapters/test_sql.py::TestSqliteMemory",
    "tests/adapters/test_sql.py::TestSqliteWithin",
    "tests/adapters/test_sql_async.py::TestPsycopgAsync",
    "tests/adapters/test_sql_host_orders.py::Test",
    "tests/adapters/test_sql_races.py",
    "tests/adapters/test_sql_server_indexes.py",
    "tests/bad_input/test_every_command.py",
    "tests/test_canary.py",
    "tests/test_conversion_races.py",
    "tests/test_demo.py",
    "tests/test_docs.py",
    "tests/test_docs_states.py",
    "tests/test_enumeration.py",
    "tests/test_faq.py",
    "tests/test_guest_properties.py",
    "tests/test_lookup_at_scale.py",
    "tests/test_ownership.py",
    "tests/test_pre_hijacking.py",
    "tests/test_races_postgres.py",
)
#: The same, and each of their tests goes to the next worker that is free, those that take longest first.
DIVIDED = (
    "tests/test_crashes.py",
    "tests/adapters/test_sql_host_orders.py::test_no_statement",
    "tests/adapters/test_sql_indexes.py::test_a_reading",
    "tests/vat/test_table.py::test_every_combination",
    "tests/vat/test_table.py::test_only_a_confirmed",
    "tests/test_generated_password.py::test_a_hundred_thousand",
    "tests/adapters/test_sql_agreement.py",
    "tests/test_lookup_properties.py",
    "tests/test_merge_races.py",
    "tests/test_load.py",
    "tests/test_claim_properties.py",
    "tests/hijack/",
    "tests/test_claim_races.py",
    "tests/test_races.py",
    "tests/adapters/test_contract_catches.py::test_a_fault_is_caught",
    "tests/adapters/test_contract_catches.py::test_a_host_leaves_out",
    "tests/test_pairs.py",
)


def _place(item: pytest.Item) -> int:
    """Put what is measured first, for what is kept by whoever calls first is computed but once."""
    for place, beginning in enumerate(DIVIDED, start=2):
        if item.nodeid.startswith(beginning):
            return place
    return int(item.nodeid.startswith(UNMEASURED))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is not measured; where workers share the tests, it comes last, and what can be divided at the end."""
    places = {item: _place(item) for item in items}
    for item in items:
        if places[item]:
            item.add_marker(pytest.mark.no_cover)
    if hasattr(config, "workerinput"):
        items.sort(key=places.__getitem__)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keep a file, or a class with many tests, on one worker for what it makes for all of them."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - this hook runs only where xdist does

    class InOrder(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(DIVIDED):
                return nodeid
            path, of_class, name = nodeid.partition("::Test")
            return path + of_class + name.partition("::")[0] if of_class else nodeid.partition("::")[0]

    config.option.loadscopereorder = False
    return InOrder(config, log)
