"""Reading the data files of this package: TOML, read once, cells checked where they are used.

Data live in ``vat/data``: countries, territories, rates, the decision table, the codes of VIES, and texts.
Reading is lazy: a process that decides nothing loads nothing.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files


class DataError(ValueError):
    """A data file or a host's own table holds something that the rules cannot use."""


@cache
def load(name: str) -> Mapping[str, object]:
    """Give the content of ``data/<name>.toml``."""
    path = files("customer_accounts.vat").joinpath("data", f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def table(cell: object) -> Mapping[str, object]:
    """Give *cell* as a table; a missing one is empty."""
    if cell is None:
        return {}
    if not isinstance(cell, Mapping):
        raise DataError(f"a table is expected, not {cell!r}")
    return {text(key): value for key, value in cell.items()}


def rows(cell: object) -> list[Mapping[str, object]]:
    """Give *cell* as a list of tables; a missing one is empty."""
    if cell is None:
        return []
    if not isinstance(cell, list | tuple):
        raise DataError(f"a list is expected, not {cell!r}")
    return [table(item) for item in cell]


def text(cell: object) -> str:
    """Give *cell* as a text; a missing one is empty."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        raise DataError(f"a text is expected, not {cell!r}")
    return cell


def texts(cell: object) -> tuple[str, ...]:
    """Give *cell* as texts; a missing one is empty."""
    if cell is None:
        return ()
    if not isinstance(cell, list | tuple):
        raise DataError(f"a list is expected, not {cell!r}")
    return tuple(text(item) for item in cell)


def truth(cell: object) -> bool:
    """Give *cell* as true or false; a missing one is false."""
    if cell is None:
        return False
    if not isinstance(cell, bool):
        raise DataError(f"true or false is expected, not {cell!r}")
    return cell


def day(cell: object) -> date:
    """Give *cell* as a day."""
    if type(cell) is not date:
        raise DataError(f"a day is expected, not {cell!r}")
    return cell
