"""The program ``customer-accounts``, also ``python -m customer_accounts``: ``demo``, and the commands of ``cli``."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec

USAGE = "usage: python -m customer_accounts demo [options]"
#: What the demo imports beyond the core; the extra ``demo`` brings all of it.
NEEDED = ("aiosmtpd", "rich", "sqlalchemy")
#: The same for all other commands and the extra ``cli``.
NEEDED_BY_COMMANDS = ("rich", "typer")


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name, and give the exit code.

    Args:
        arguments: what follows ``python -m customer_accounts``.
    """
    if arguments and arguments[0] == "demo":
        if _lacks(NEEDED, "The demo", "demo"):
            return 2
        from customer_accounts.demo import main as demo  # noqa: PLC0415 - needs the extra just looked for

        return demo(list(arguments[1:]))
    if any(find_spec(one) is None for one in NEEDED_BY_COMMANDS):
        return _without_commands(arguments)
    from customer_accounts.cli.app import run as commands  # noqa: PLC0415 - needs the extra just looked for

    return commands(list(arguments))


def run() -> None:
    """Run what the command line says, and end the process."""
    sys.exit(main(sys.argv[1:]))


def _without_commands(arguments: Sequence[str]) -> int:
    asked_for_help = bool(arguments) and arguments[0] in ("-h", "--help")
    print(USAGE, file=sys.stdout if asked_for_help else sys.stderr)
    if asked_for_help:
        return 0
    if arguments:
        _lacks(NEEDED_BY_COMMANDS, "Every other command", "cli")
    return 2


def _lacks(modules: Sequence[str], who: str, extra: str) -> bool:
    missing = [one for one in modules if find_spec(one) is None]
    if missing:
        print(f"{who} needs {', '.join(missing)}: pip install 'customer-accounts[{extra}]'", file=sys.stderr)
    return bool(missing)


if __name__ == "__main__":
    run()
