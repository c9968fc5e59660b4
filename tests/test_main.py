"""``python -m customer_accounts``: the way into the demo, and what is said when there is none."""

import builtins
from importlib.util import find_spec

import pytest

from customer_accounts import __main__ as program
from customer_accounts import demo


@pytest.fixture(name="without_commands")
def _without_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra ``cli``."""
    monkeypatch.setattr(program, "find_spec", lambda name: None if name == "typer" else find_spec(name))


@pytest.mark.usefixtures("without_commands")
@pytest.mark.parametrize("arguments", [[], ["dmeo"], ["", "demo"]])
def test_anything_else_is_answered_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever asks for nothing, or for something else, learns what there is; the exit code says error."""
    assert program.main(arguments) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == program.USAGE
    assert [("typer" in line and "customer-accounts[cli]" in line) for line in said[1:]] == [True] * bool(
        arguments
    )


@pytest.mark.usefixtures("without_commands")
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_no_error(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The usage goes to standard output where it was asked for."""
    assert program.main([option]) == 0
    assert capsys.readouterr().out.strip() == program.USAGE


def test_with_the_extra_all_commands_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    """The extra ``cli`` brings the other commands; the demo is named beside them."""
    assert program.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "demo" in said
    assert " db " in said
    assert program.main(["dmeo"]) == 2
    assert "dmeo" in capsys.readouterr().err


def test_the_program_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed program takes its words from the command line and ends with the exit code."""
    monkeypatch.setattr("sys.argv", ["customer-accounts", "dmeo"])
    with pytest.raises(SystemExit) as end:
        program.run()
    assert end.value.code == 2


def test_the_extra_is_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the packages of the demo, the answer says what is missing and how to install it, without a traceback."""
    monkeypatch.setattr(program, "find_spec", lambda name: None if name == "aiosmtpd" else find_spec(name))
    assert program.main(["demo"]) == 2
    said = capsys.readouterr().err
    assert "needs aiosmtpd:" in said
    assert "customer-accounts[demo]" in said


def test_the_demo_gets_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows ``demo`` is the demo's own, and its exit code is the program's."""
    asked: list[list[str]] = []

    def play(arguments: list[str]) -> int:
        asked.append(arguments)
        return 1

    monkeypatch.setattr(demo, "main", play)
    assert program.main(["demo", "--lang", "fr"]) == 1
    assert asked == [["--lang", "fr"]]


def test_importing_the_program_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs only as a program; a tool that imports every module hears nothing."""
    monkeypatch.setattr(builtins, "print", lambda *_, **__: pytest.fail("it spoke"))
    assert program.__name__ == "customer_accounts.__main__"
