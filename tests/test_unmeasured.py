"""What counts for no coverage is named in `conftest.py`, and each name there is that of a test."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_whatever_counts_for_no_coverage_is_there(pytestconfig: pytest.Config) -> None:
    """A file that was renamed is measured again without anybody noticing, and takes twice as long."""
    shared = pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    assert shared is not None
    for beginning in (*shared.UNMEASURED, *shared.DIVIDED):
        path, _, name = beginning.partition("::")
        assert (ROOT / path).exists(), beginning
        assert not name or f" {name}" in (ROOT / path).read_text("utf-8"), beginning


def test_a_test_of_one_rule_is_measured(request: pytest.FixtureRequest) -> None:
    """Coverage is counted from every test that is not on the lists."""
    assert request.node.get_closest_marker("no_cover") is None
