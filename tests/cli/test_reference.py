"""The page of the command line is the program's own help."""

from typer.main import get_command

from customer_accounts.cli.app import app
from customer_accounts.cli.ending import Exit
from tests.cli import reference


def test_the_page_is_what_the_program_says() -> None:
    """Every command, option and exit code is on the page as it is; ``python -m tests.cli.reference`` writes it anew."""
    assert reference.PAGE.read_text("utf-8") == reference.page()


def test_every_command_is_found() -> None:
    """Groups are gone through, whoever added them."""
    found = set(reference.commands(get_command(app)))
    assert {("db", "upgrade"), ("db", "sql"), ("mail", "requeue"), ("vat", "check")} <= found


def test_every_exit_code_is_explained() -> None:
    """No exit code is left out of the page."""
    assert set(reference._EXITS) == set(Exit)
