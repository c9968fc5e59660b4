"""How commands end: exit codes, and what is said on standard error."""

from enum import IntEnum
from importlib.util import find_spec

import typer


class Exit(IntEnum):
    """What the exit code says."""

    DONE = 0
    """Done; there is nothing to do."""

    OPEN = 1
    """Something is left to do, or was not found."""

    USAGE = 2
    """The command was typed wrongly, or an extra or a setting is missing."""

    FAULT = 3
    """Something outside failed, such as the database; the same command may work later."""

    PIPE = 141
    """Whoever read the output has gone, as ``head`` does; other programs end so by the signal SIGPIPE (128 + 13)."""


def told(text: str) -> None:
    """Say something about the run itself."""
    typer.echo(text, err=True)


def ended(code: Exit, text: str) -> typer.Exit:
    """Say why a command ends, and give what ends it, to be raised."""
    told(text)
    return typer.Exit(code)


def needs(extra: str, *modules: str) -> None:
    """End the command if modules of an extra are missing."""
    missing = [one for one in modules if find_spec(one) is None]
    if missing:
        raise ended(Exit.USAGE, f"This needs {', '.join(missing)}: pip install 'customer-accounts[{extra}]'")
