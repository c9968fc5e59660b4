"""Tables for people to read; programs take ``--json``."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

#: Where output goes into a file or another program, a line is as long as it needs to be.
_WIDE = 400


def print_table(rows: Sequence[Mapping[str, str | int]]) -> None:
    """Print rows that all have the same columns; what they hold is text and never markup."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDE
    table = Table(*(name.replace("_", " ") for name in rows[0]), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)
