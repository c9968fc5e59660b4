"""Bad input to every command: a typed refusal, or a validation error that names the field and echoes nothing.

Commands and their fields are found by introspection, and each must have an example of its valid form: a new command
cannot be forgotten.  Then one field at a time holds something absurd.  What comes of it is one of three:

* a `ValidationError` at that very field, without the input in any of its forms (LG-01);
* a `Refused`, after which the storage is as before, but for the counters that refusals are stated to keep;
* success, if what stands in the field may stand there (`may_stand`).
"""

import json
import logging
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from pydantic import ValidationError

from customer_accounts.account import RegistrationRecord
from customer_accounts.adapters.memory_write import Tables
from customer_accounts.changes import Record
from customer_accounts.command import Command
from customer_accounts.email_address import EmailAddress
from customer_accounts.features.sign_in import SignIn
from customer_accounts.outbox import EventKind
from customer_accounts.password_policy import MAXIMUM_BYTES
from customer_accounts.refusals import Refused
from customer_accounts.wording import LOCALES
from tests.bad_input.absurd import CANARY, EVERYTHING
from tests.bad_input.judging import assert_silent, kind_of, may_stand
from tests.bad_input.stage import Stage, texts_in
from tests.bad_input.valid import ALL, EXAMPLES, Example, Path, name_of, places, replaced

#: What refusals may announce although it holds what was written: the host is to read who asks for what.
TOLD = frozenset({EventKind.RESELLER_PRICING_REFUSED})
#: A name of the suite that only ever is refused, whoever asks (F27).
ALWAYS_REFUSED = "RequestResellerPricing"


@pytest.fixture(name="theatre", scope="module")
def _theatre() -> Stage:
    """A shop in which every command has something to do."""
    return Stage()


@pytest.fixture(name="stage")
def _stage(theatre: Stage) -> Stage:
    """The same shop at its beginning."""
    theatre.restart()
    return theatre


def test_every_command_has_an_example(stage: Stage) -> None:
    """A new command must be tried here, with every field that it has."""
    assert {one.__name__ for one in ALL} == set(EXAMPLES)
    for kind in ALL:
        given = set[str]()
        for one in EXAMPLES[kind.__name__]:
            stage.restart()
            given |= one.fields(stage).keys()
        # These are of somebody else's use of the command, and hold nothing that would succeed.
        assert set(kind.model_fields) - given <= {"generate_password"}


@pytest.mark.parametrize("kind", ALL, ids=name_of)
def test_the_examples_succeed(stage: Stage, kind: type[Command]) -> None:
    """What is refused below is refused for the one field that was changed."""
    for example in EXAMPLES[kind.__name__]:
        command: Any = kind.model_validate(example.fields(stage))
        refused = isinstance(stage.handle(command, by=example.actor(stage)), Refused)
        assert refused == (kind.__name__ == ALWAYS_REFUSED)
        stage.restart()


@pytest.mark.parametrize("kind", ALL, ids=name_of)
def test_absurd_values_are_refused(
    stage: Stage, kind: type[Command], caplog: pytest.LogCaptureFixture
) -> None:
    """LG-01, EM-01, EM-08, PW-03: each field of each command, with everything that nobody means in it."""
    caplog.set_level(logging.DEBUG)
    for example in EXAMPLES[kind.__name__]:
        for path, field in places(kind):
            for label, value in EVERYTHING.items():
                _try(stage, kind, example, path, kind_of(path, field), value, f"{path} {label}")
    assert CANARY not in caplog.text


def _try(
    stage: Stage, kind: type[Command], example: Example, path: Path, what: str, value: object, case: str
) -> None:
    fields = replaced(example.fields(stage), path, value)
    try:
        command: Any = kind.model_validate(fields)
    except ValidationError as error:
        assert_silent(error, case, path)
        return
    own, given = example.actor(stage), example.fields(stage)
    for actor in (own, *(one for one in stage.actors(kind) if type(one) is not type(own))):
        result = stage.handle(command, by=actor)
        if isinstance(result, Refused):
            _assert_nothing_told(stage, result, case)
        else:
            if type(actor) is type(own) and path[0] in given:
                assert may_stand(what, value), case
            assert what != "password" or CANARY not in _written(stage, result), case
        stage.restart()


def _assert_nothing_told(stage: Stage, refused: Refused, case: str) -> None:
    """Hold that a refusal wrote nothing but counters, and echoes nothing anywhere."""
    texts = [refused.text(locale) for locale in LOCALES]
    assert CANARY not in f"{evolve(refused, suggestion=None)!r} {texts}", case
    if refused.suggestion is not None:
        EmailAddress.parse(refused.suggestion)  # the likely address (EM-10), never anything else
    told = [one for one in stage.announced if one.kind not in TOLD]
    assert CANARY not in str(list(texts_in(told))), case
    assert _without_counters(stage.storage._tables) == _without_counters(stage.start), case


def _without_counters(tables: Tables) -> Any:
    """Give what is stored, without the tries of a code, which are counted on the registration (TK-09)."""
    if tables is _seen.get("tables"):
        return _seen["plain"]
    records: dict[type[Record], list[Any]] = {
        kind: [
            evolve(one, code_tries=0, version=0) if isinstance(one, RegistrationRecord) else one
            for one in rows.values()
        ]
        for kind, rows in tables.records.items()
    }
    events = [one for one in tables.events if one.kind is not EventKind.CODE_WRONG]
    _seen.update(tables=tables, plain=(records, tables.mails, events))
    return _seen["plain"]


#: The last tables that were looked at: most refusals write nothing, and leave the very same ones.
_seen: dict[str, Any] = {}


def _written(stage: Stage, result: object) -> str:
    tables = stage.storage._tables
    return f"{result!r} {list(texts_in([*tables.events, *tables.mails.values(), *stage.announced]))}"


@pytest.mark.parametrize("kind", ALL, ids=name_of)
def test_what_is_no_body_at_all(kind: type[Command]) -> None:
    """LG-01: anything in place of the whole command is a validation error that is short and silent."""
    for label, value in EVERYTHING.items():
        with pytest.raises(ValidationError) as caught:
            kind.model_validate(value)
        assert_silent(caught.value, label)


@pytest.mark.parametrize("kind", ALL, ids=name_of)
def test_crowds_of_fields_are_one_error(kind: type[Command]) -> None:
    """A small body cannot cause a long answer: too many fields are told in one sentence."""
    with pytest.raises(ValidationError) as caught:
        kind.model_validate({f"{CANARY}{number}": CANARY for number in range(10_000)})
    assert [one["type"] for one in caught.value.errors()] == ["too_many_fields"]
    assert_silent(caught.value)


BROKEN = {
    "no_json": CANARY,
    "cut_off": f'{{"password": "{CANARY}',
    "a_text": f'"{CANARY}"',
    "a_list": f'["{CANARY}"]',
    "a_number": "1" * 5_000,
    "not_a_number": "NaN",
    "half_a_pair": f'{{"{CANARY}": "\\ud800"}}',
    "no_utf8": b'{"password": "' + CANARY.encode() + b'\xff"}',
    "nested_lists": "[" * 100_000,
    "nested_objects": '{"id":' * 100_000,
    "twice_the_same": f'{{"nonsense": "{CANARY}", "nonsense": "{CANARY}"}}',
    "megabyte": json.dumps({"nonsense": CANARY * 80_000}),
    "crowd": json.dumps({f"nonsense{number}": CANARY for number in range(10_000)}),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken_json_is_not_echoed(body: str | bytes) -> None:
    """LG-01: a body that cannot be read, which may hold a password, is in no form in the error."""
    for kind in ALL:
        with pytest.raises(ValidationError) as caught:
            kind.model_validate_json(body)
        assert_silent(caught.value)


@pytest.mark.parametrize("kind", ALL, ids=name_of)
def test_json_of_absurd_values(kind: type[Command], stage: Stage) -> None:
    """LG-01: what JSON can hold of the absurd is refused as silently as anything else."""
    for path, _ in places(kind):
        for label, value in EVERYTHING.items():
            body = _as_json(replaced(EXAMPLES[kind.__name__][0].fields(stage), path, value))
            if body is None:
                continue
            try:
                kind.model_validate_json(body)
            except ValidationError as error:
                assert_silent(error, f"{path} {label}")


def _as_json(fields: object) -> str | None:
    try:
        return json.dumps(fields, default=_plain)
    except (TypeError, ValueError, RecursionError):
        return None


def _plain(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError


def test_duplicate_keys() -> None:
    """Of two fields of one name the last one counts, and the first one is not echoed."""
    body = f'{{"email": "a@b.example", "password": "{CANARY}", "password": 5}}'
    with pytest.raises(ValidationError) as caught:
        SignIn.model_validate_json(body)
    assert_silent(caught.value)
    assert [one["loc"] for one in caught.value.errors()] == [("password",)]


def test_no_hash_is_computed_of_what_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """PW-03 (D): whichever command brings a password, argon2 never sees more than 1,024 bytes of it."""
    stage = Stage()
    lengths = stage.count_hashes(monkeypatch)
    tried = 0
    for kind in ALL:
        for example in EXAMPLES[kind.__name__]:
            for path, field in places(kind):
                if kind_of(path, field) != "password":
                    continue
                for label in ("megabyte", "megabyte_of_blanks", "megabyte_of_composed_signs", "1001_signs"):
                    fields = replaced(example.fields(stage), path, EVERYTHING[label])
                    try:
                        command: Any = kind.model_validate(fields)
                    except ValidationError:
                        continue
                    stage.handle(command, by=example.actor(stage))
                    stage.restart()
                    tried += 1
    assert tried > 30
    assert lengths
    assert max(lengths) <= MAXIMUM_BYTES


def test_actors_that_are_none(stage: Stage) -> None:
    """An actor of another kind is refused before anything is read (RL-10)."""
    nobody: list[Any] = [None, "visitor", object(), {"account_id": stage.anna.account_id}]
    for kind in ALL:
        command: Any = kind.model_validate(EXAMPLES[kind.__name__][0].fields(stage))
        for one in nobody:
            result = stage.handle(command, by=one)
            assert isinstance(result, Refused)
            assert result.http_status == 403
            assert stage.storage._tables is stage.start
