"""``python -m customer_accounts demo`` plays the whole FAQ as a story; its options are the demo's own."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec

USAGE = "usage: python -m customer_accounts demo [options]"
#: What the demo imports beyond the core; the extra ``demo`` brings all of it.
NEEDED = ("aiosmtpd", "rich", "sqlalchemy")


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name, and give the exit code.

    Args:
        arguments: what follows ``python -m customer_accounts``.
    """
    if not arguments or arguments[0] != "demo":
        asked_for_help = bool(arguments) and arguments[0] in ("-h", "--help")
        print(USAGE, file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    missing = [one for one in NEEDED if find_spec(one) is None]
    if missing:
        print(f"The demo needs {', '.join(missing)}: pip install 'customer-accounts[demo]'", file=sys.stderr)
        return 2
    from customer_accounts.demo import main as demo  # noqa: PLC0415 - needs the extra that was just looked for

    return demo(list(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
