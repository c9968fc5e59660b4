"""The page of the tool shows what the tool prints."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.running import run

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "vat_tool.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ customer-accounts (.*)\n((?:.*\n)*?)```", PAGE)


@pytest.mark.parametrize(("words", "shown"), EXAMPLES, ids=[words for words, _ in EXAMPLES])
def test_examples_print_what_is_shown(words: str, shown: str) -> None:
    """Each example of the page, run; a page may show the beginning only."""
    printed = run(*shlex.split(words)).stdout.replace("\u00a0", " ").replace("\u202f", " ")
    assert shown
    assert printed.startswith(shown.replace("\u00a0", " ").replace("\u202f", " "))


def test_the_page_has_examples_of_each_command() -> None:
    """Numbers, decisions and reasons are shown."""
    assert {words.split()[1] for words, _ in EXAMPLES} == {"check", "decide", "explain"}
