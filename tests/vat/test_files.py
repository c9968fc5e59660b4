"""Reading data files: cells are checked where they are used."""

from collections.abc import Callable
from datetime import datetime

import pytest

from customer_accounts.vat.files import DataError, day, load, rows, table, text, texts, truth


@pytest.mark.parametrize(
    ("read", "empty"), [(table, {}), (rows, []), (text, ""), (texts, ()), (truth, False)]
)
def test_a_missing_cell_is_empty(read: Callable[[object], object], empty: object) -> None:
    """Optional cells need no entry in the file."""
    assert read(None) == empty


@pytest.mark.parametrize(
    ("read", "cell"),
    [
        (table, []),
        (table, {5: "x"}),
        (rows, {}),
        (rows, ["x"]),
        (text, 5),
        (texts, "x"),
        (texts, [5]),
        (truth, "yes"),
        (day, "2026-11-22"),
        (day, datetime(2026, 11, 22)),  # noqa: DTZ001  # refused whatever its zone
    ],
)
def test_wrong_cells_are_refused(read: Callable[[object], object], cell: object) -> None:
    """A wrong cell is a DataError that shows it, at the place where it is read."""
    with pytest.raises(DataError, match="expected"):
        read(cell)


@pytest.mark.parametrize("name", ["countries", "rates", "table", "territories", "texts", "vies_codes"])
def test_every_data_file_is_in_the_package(name: str) -> None:
    """Each file is found as installed, and read once."""
    assert load(name)
    assert load(name) is load(name)
