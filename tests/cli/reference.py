"""The page of the command line, made from the program: ``python -m tests.cli.reference`` writes it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from customer_accounts.cli.app import app
from customer_accounts.cli.database import VARIABLE
from customer_accounts.cli.ending import Exit
from tests.cli.running import run

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"

_EXITS = {
    Exit.DONE: "Done; there is nothing to do.",
    Exit.OPEN: "Something is left to do, or was not found.",
    Exit.USAGE: "The command was typed wrongly, or an extra or a setting is missing.",
    Exit.FAULT: "Something outside failed, such as the database; the same command may work later.",
    Exit.PIPE: "Whoever read the output has gone, such as `head`; nothing is said about that.",
}

_HEAD = f"""# The program customer-accounts

It comes with the extra `cli`, commands on the database with `sql` as well: `pip install 'customer-accounts[cli,sql]'`.
`python -m customer_accounts` is the same. [](../how_to/migrations.md) and [](../how_to/mail_worker.md) show `db` and
`mail` at work, [](../how_to/import.md) shows `import`, [](../how_to/support_desk.md) `lookup`, [](vat_tool.md)
`vat`.

Nothing secret is ever an option or printed. The database comes from `--url` or from `{VARIABLE}`; a
URL with a password only from there.

What a program reads goes to standard output, everything about the run itself to standard error.

| Exit code | Says |
|---|---|
"""


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the path of each command, groups left out."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path
    else:
        for name, one in below.items():
            yield from commands(one, (*path, name))


def page() -> str:
    """Write the page."""
    exits = "".join(f"| {code.value} | {text} |\n" for code, text in _EXITS.items())
    parts = [f"{_HEAD}{exits}"]
    for path in commands(get_command(app)):
        told = run(*path, "--help", environment={"TERMINAL_WIDTH": "100"}).stdout.strip()
        parts.append(f"\n## {' '.join(path)}\n\n```text\n{told}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
