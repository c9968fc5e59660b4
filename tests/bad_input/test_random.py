"""Random input to every command: a command, or a validation error, and nothing else ever."""

from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from customer_accounts.command import Command
from tests.bad_input.judging import assert_silent
from tests.bad_input.valid import ALL

_TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["a@b.example", "fr", "AT", "/", "paid", "\ud800"]))
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=20),
    st.datetimes(),
    st.uuids(),
    _TEXTS,
)
_NAMES = sorted({name for one in ALL for name in one.model_fields} | {"name", "country", "text_version"})
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(_NAMES), _TEXTS), inner, max_size=4),
    ),
    max_leaves=12,
)


@st.composite
def _inputs(draw: st.DrawFn) -> tuple[type[Command], dict[str, Any]]:
    """Give a command and fields for it: some of its own and some of no command."""
    kind = draw(st.sampled_from(ALL))
    fields = draw(st.fixed_dictionaries({}, optional=dict.fromkeys(kind.model_fields, _VALUES)))
    more = draw(st.dictionaries(_TEXTS, _VALUES, max_size=1))
    return kind, {**fields, **more}


@hypothesis_settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(_inputs())
def test_any_dictionary_is_a_command_or_a_validation_error(
    given: tuple[type[Command], dict[str, Any]],
) -> None:
    """RL-10, LG-01: no input raises anything else, and an error can always be shown."""
    kind, fields = given
    try:
        made = kind.model_validate(fields)
    except ValidationError as error:
        assert_silent(error)
    else:
        assert isinstance(made, kind)
        assert fields.keys() <= kind.model_fields.keys()


@hypothesis_settings(max_examples=200)
@given(st.sampled_from(ALL), st.one_of(st.text(max_size=50), st.binary(max_size=50)))
def test_any_text_as_json_is_a_validation_error(kind: type[Command], body: str | bytes) -> None:
    """LG-01: what is read as JSON fails in the same way, without its input."""
    try:
        kind.model_validate_json(body)
    except ValidationError as error:
        assert_silent(error)
