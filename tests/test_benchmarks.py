"""The benchmarks are no part of the test run; what they count, and the page that they write, is."""

from pathlib import Path

import pytest
from sqlalchemy import event

from customer_accounts import Accounts, Register, SignIn
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import insert
from tests.benchmarks import page
from tests.benchmarks.contenders.frame import PASSWORD
from tests.benchmarks.contenders.ours import NoHasher, account_of, settings, visitor
from tests.benchmarks.goals import Goal
from tests.benchmarks.rows import rows_of
from tests.postgres import Database

ADDRESS = "anna@gmail.com"


def _sent(url: str, command: Register | SignIn, *, make: bool = True) -> list[str]:
    """Give what a command sends to the database of a shop with one customer."""
    storage = SqlStorage(url)
    if make:
        storage.create_schema()
    storage.write([insert(account_of(ADDRESS))])
    shop, sent = Accounts(storage, settings(), hasher=NoHasher()), list[str]()
    assert storage._own is not None
    event.listen(storage._own, "before_cursor_execute", lambda *told: sent.append(told[2]))
    shop.handle(command, by=visitor(ADDRESS))
    storage.close()
    return [one for one in sent if not one.startswith("BEGIN")]


@pytest.mark.parametrize("address", [ADDRESS, "nobody@gmail.com"])
def test_a_registration_on_sqlite_is_one_read_and_an_insert_for_each_kind_of_row(
    tmp_path: Path, address: str
) -> None:
    """EN-03: five statements for a new address, and one fewer for a known one, which gets no link."""
    sent = _sent(f"sqlite:///{tmp_path / 'shop.db'}", Register(email=address, password=PASSWORD))
    verbs = [one.split()[0] for one in sent]
    assert verbs == ["SELECT", *["INSERT"] * (3 if address == ADDRESS else 4)]


def test_a_sign_in_on_sqlite_is_one_statement(tmp_path: Path) -> None:
    """A success reads one row by its unique key and writes nothing."""
    (sent,) = _sent(f"sqlite:///{tmp_path / 'shop.db'}", SignIn(email=ADDRESS, password=PASSWORD))
    assert sent.startswith("SELECT")


@pytest.mark.parametrize("address", [ADDRESS, "nobody@gmail.com"])
def test_a_registration_on_postgresql_is_two_statements(postgres_shop: Database, address: str) -> None:
    """EN-03: one read and one write, for known and for new addresses."""
    command = Register(email=address, password=PASSWORD)
    assert len(_sent(postgres_shop.url, command, make=False)) == 2


def test_a_sign_in_on_postgresql_is_one_statement(postgres_shop: Database) -> None:
    """As on SQLite."""
    assert len(_sent(postgres_shop.url, SignIn(email=ADDRESS, password=PASSWORD), make=False)) == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "reached"),
    [
        ([290.0, 300, 900], [90.0, 90, 90], True),
        ([301.0], [90.0], False),
        ([400.0], [121.0], True),
        ([400.0], [119.0], False),
        ([290.0], [70.0], True),
        # The machine slows down between turns, as much for one as for the other.
        ([301.0, 450, 600], [100.0, 150, 200], True),
        ([334.0, 501, 668], [100.0, 150, 200], False),
    ],
)
def test_a_goal_is_reached_as_it_stands_or_in_proportion(
    ours: list[float], theirs: list[float], reached: bool
) -> None:
    """A slower machine may take longer, by as much as what stands beside; a faster one changes no goal."""
    assert Goal(300, "µs", "floor", 90).reached(ours, theirs) is reached


@pytest.mark.parametrize(("ours", "theirs", "reached"), [(85, 60, True), (80, 40, True), (78, 40, False)])
def test_a_rate_is_to_be_reached_from_below(ours: float, theirs: float, reached: bool) -> None:
    """At least so many a second, or as many times theirs."""
    goal = Goal(85, "a second", "fastapi-users", 43, least=True)
    assert goal.reached([ours], [theirs]) is reached
    assert goal.words == "≥ 85 a second; on a slower machine ≥ 1.98 × fastapi-users"


def test_the_page_shows_the_run_that_was_kept() -> None:
    """The figures of the page are those of the file, and none is written by hand."""
    written = page.PAGE.read_text("utf-8")
    report = page.kept()
    assert page.with_report(written, report) == written
    changed = {**report, "rows": report["rows"][1:]}
    assert page.with_report(written, changed) != written


def test_the_kept_run_says_what_it_missed() -> None:
    """A target is reached or missed, and the page says which."""
    rows = rows_of(page.kept())
    assert all(row.reached is not None for row in rows if row.target)
    missed = [row for row in rows if row.reached is False]
    assert page.PAGE.read_text("utf-8").count("| missed |") == len(missed)
