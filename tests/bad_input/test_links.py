"""A link for something else is answered like no link at all, by every command that takes one (AZ-01, TK-03)."""

from types import MappingProxyType
from typing import Any

import pytest

from customer_accounts.command import Command
from customer_accounts.refusals import Refused
from customer_accounts.token import Purpose, TokenRecord, link_text
from tests.bad_input.stage import Stage
from tests.bad_input.valid import ALL, EXAMPLES, Example, name_of

FIELDS = ("token", "reference_token")
#: By introspection: every command with a field for a link.
WITH_LINK = [one for one in ALL if any(name in one.model_fields for name in FIELDS)]
#: What is taken besides the link of the example.
ALSO: MappingProxyType[str, set[Purpose]] = MappingProxyType(
    {
        # It only looks, and says what a link is for.
        "InspectLink": set(Purpose),
        # The answer of the shop to a letter leads to the same page.
        "ResetPassword": {Purpose.SET_PASSWORD},
    }
)
NO_LINK = link_text(b"a secret of another shop altogether", Purpose.RESET_PASSWORD, "1" * 32)


@pytest.fixture(name="theatre", scope="module")
def _theatre() -> Stage:
    """A shop with links for everything."""
    return Stage()


def _examples(kind: type[Command], stage: Stage) -> list[tuple[Example, str]]:
    found = [(one, set(FIELDS) & set(one.fields(stage))) for one in EXAMPLES[kind.__name__]]
    return [(example, names.pop()) for example, names in found if names]


def _answer(stage: Stage, kind: type[Command], example: Example, name: str, text: str) -> Any:
    command: Any = kind.model_validate({**example.fields(stage), name: text})
    stage.restart()
    answer = stage.handle(command, by=example.actor(stage))
    stage.restart()
    return answer


@pytest.mark.parametrize("kind", WITH_LINK, ids=name_of)
def test_a_link_for_something_else_is_no_link(theatre: Stage, kind: type[Command]) -> None:
    """TK-03, AZ-01: each purpose that a command does not take gets the very answer of a link that nobody made."""
    taken, own = set(), set()
    for example, name in _examples(kind, theatre):
        missing = _answer(theatre, kind, example, name, NO_LINK)
        assert isinstance(missing, Refused)
        for purpose in Purpose:
            theatre.restart()
            text = theatre.token(purpose)
            if _answer(theatre, kind, example, name, text) != missing:
                taken.add(purpose)
            if text == example.fields(theatre)[name]:
                own.add(purpose)
    assert taken == own | ALSO.get(kind.__name__, set())


def test_the_stage_has_a_link_for_everything(theatre: Stage) -> None:
    """The comparison above leaves out no purpose."""
    assert {one.purpose for one in theatre.stored(TokenRecord)} == set(Purpose)
