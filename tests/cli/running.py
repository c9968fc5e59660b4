"""How the tests run a command line: inside the process, with what was said on both channels."""

from typer.testing import CliRunner, Result

from customer_accounts.cli.app import app


def run(*words: str, environment: dict[str, str | None] | None = None) -> Result:
    """Run a command line; the result has ``exit_code``, ``stdout`` and ``stderr``."""
    given = {"CUSTOMER_ACCOUNTS_DATABASE_URL": None, "COLUMNS": "100", **(environment or {})}
    return CliRunner().invoke(app, list(words), env=given, prog_name="customer-accounts")
