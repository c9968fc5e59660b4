"""Makes tests of the documents: every Python block of the README and of the docs runs, none can be skipped.

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keep the blocks of one document on one worker, in their order, and tests that share many rows."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - this hook runs only where xdist does

    class DocumentsTogether(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path, _, _ = nodeid.partition("::")
            return path if path.endswith((".md", "test_sql_server_indexes.py")) else nodeid

    return DocumentsTogether(config, log)
