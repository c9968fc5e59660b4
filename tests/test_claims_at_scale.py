"""The long run of claims in small, on both databases."""

import pytest

from customer_accounts.adapters.sql import SqlStorage
from tests.claims_at_scale import Scale, Totals, main
from tests.postgres import Database


def _played(storage: SqlStorage) -> tuple[list[Totals], list[str]]:
    lines: list[str] = []
    totals = Scale(storage, 120, 30, tell=lines.append).run()
    storage.close()
    return totals, lines


def _hold(totals: list[Totals], lines: list[str]) -> None:
    imported, converted, undone = totals
    assert imported == Totals(120, 0)
    assert converted == Totals(0, 120)
    assert undone.guests + undone.owned == 120
    assert 0 < undone.guests < 120
    assert [line.split()[0] for line in lines] == ["imported", "converted", "undone"]


def test_totals_stay_equal_on_postgresql(postgres_shop: Database) -> None:
    """GM-02: imported, converted, half of them undone: no order is lost and none doubled."""
    _hold(*_played(SqlStorage(postgres_shop.url)))


def test_totals_stay_equal_on_sqlite(capsys: pytest.CaptureFixture[str]) -> None:
    """GM-02: the command of the long run says so, with time and memory of each step."""
    main(["60", "15", "sqlite"])
    told = capsys.readouterr().out
    assert told.startswith("sqlite: 60 guest orders over 15 addresses\n")
    assert told.count("together 60\n") == 3
    assert told.endswith("totals equal\n")
