"""``customer-accounts vat recheck``: the numbers that wait are asked, with a bar, and can be stopped."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from typer.testing import Result

from customer_accounts.accounts import Accounts
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import insert
from customer_accounts.cli.ending import Exit
from customer_accounts.cli.vat_order import now
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.testing.fake_vies import FakeVies, fault, invalid, valid
from tests.cli.running import run
from tests.vat.cases import AUSTRIAN, FRENCH, GERMAN

NUMBERS = (GERMAN, FRENCH, AUSTRIAN)


@pytest.fixture(name="vies")
def _vies() -> Iterator[FakeVies]:
    """A register on this machine that confirms every number."""
    with FakeVies() as fake:
        for number in NUMBERS:
            fake.set(number.compact, valid())
        yield fake


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    """A database in which three numbers wait, each wanted by somebody at the checkout."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    storage = SqlStorage(url)
    storage.create_schema()
    due, wanted = now() - timedelta(minutes=1), now() + timedelta(hours=1)
    storage.write(
        [insert(VatCheckRecord(number=one.compact, due_at=due, wanted_until=wanted)) for one in NUMBERS]
    )
    storage.close()
    return url


def recheck(url: str, vies: FakeVies, *words: str) -> Result:
    """Run the command against a register."""
    return run("vat", "recheck", "--url", url, *words, environment={"CUSTOMER_ACCOUNTS_VIES_URL": vies.url})


def test_every_number_that_waits_is_asked(url: str, vies: FakeVies) -> None:
    """All are confirmed: exit code 0, the sums on standard output, the bar on standard error; then nothing is left."""
    result = recheck(url, vies)
    assert (result.exit_code, result.stdout) == (Exit.DONE, "valid 3, invalid 0, unverified 0, discarded 0\n")
    assert "3/3" in result.stderr
    again = recheck(url, vies, "--json")
    assert (again.exit_code, json.loads(again.stdout)["valid"]) == (Exit.DONE, 0)


def test_what_has_no_clear_answer_is_open(url: str, vies: FakeVies) -> None:
    """An unknown number is an answer; a register that blocks the shop is none, and ends the run."""
    vies.set(FRENCH.compact, invalid())
    vies.set(AUSTRIAN.compact, fault("IP_BLOCKED"))
    result = recheck(url, vies, "--json", "--at-once", "1")
    found = json.loads(result.stdout)
    assert result.exit_code == Exit.OPEN
    assert (found["unverified"], found["paused"], found["late"]) == (1, True, [])
    assert "asked to stop" in result.stderr


def test_the_limit_and_the_requester_are_kept(url: str, vies: FakeVies) -> None:
    """One number is asked, on behalf of the shop's own."""
    result = recheck(url, vies, "--limit", "1", "--requester", "ATU13585627")
    assert (result.exit_code, result.stdout) == (Exit.DONE, "valid 1, invalid 0, unverified 0, discarded 0\n")


def test_the_shops_own_settings_are_used(
    url: str, vies: FakeVies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings are named like an application of a web server; what is none is told."""
    (tmp_path / "our_shop.py").write_text(
        "from customer_accounts.testing import cheap_settings\nSETTINGS = cheap_settings()\nOTHER = 5\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert recheck(url, vies, "--settings", "our_shop:SETTINGS").exit_code == Exit.DONE
    for name in ("our_shop:OTHER", "our_shop:NONE", "our_shop", "no_such_shop:SETTINGS", ":"):
        assert recheck(url, vies, "--settings", name).exit_code == Exit.USAGE
    assert sys.modules["our_shop"]


@pytest.mark.parametrize(
    "words", [("--seller", "CH"), ("--requester", "nonsense"), ("--vies-url", "http://x.example")]
)
def test_what_cannot_be_ends_the_command(url: str, vies: FakeVies, words: tuple[str, str]) -> None:
    """A wrong option is told before anybody is asked."""
    result = recheck(url, vies, *words)
    assert (result.exit_code, result.stdout) == (Exit.USAGE, "")


def test_a_run_may_be_stopped(url: str, vies: FakeVies, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C after the first answer: it is recorded, the run says so, and the next one asks the rest."""
    original = Accounts.check_vat_numbers

    def interrupted(self: Accounts, *args: object, **options: object) -> object:
        show = options.pop("progress")

        def note(report: object) -> None:
            show(report)  # type: ignore[operator]  # what the command gave
            raise KeyboardInterrupt

        return original(self, *args, progress=note, **options)  # type: ignore[arg-type]  # as above

    with monkeypatch.context() as patched:
        patched.setattr(Accounts, "check_vat_numbers", interrupted)
        stopped = recheck(url, vies, "--at-once", "1")
    assert (stopped.exit_code, "Stopped" in stopped.stderr) == (Exit.OPEN, True)
    assert stopped.stdout == "valid 1, invalid 0, unverified 0, discarded 0\n"


def test_late_confirmations_are_told(url: str, vies: FakeVies, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders that are exempt after all are counted; they wait for approval."""
    from customer_accounts.accounts.vat_checks import VatReport

    class Late:
        reference = "R-1"

    report = VatReport(valid=1, late=(Late(),))  # type: ignore[arg-type]  # all that the command reads of it
    monkeypatch.setattr(Accounts, "check_vat_numbers", lambda *_, **__: report)
    result = recheck(url, vies, "--json")
    assert json.loads(result.stdout)["late"] == ["R-1"]
    assert "1 orders are exempt after all" in result.stderr


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, vies: FakeVies) -> None:
    """A mistyped name ends with exit code 2 and the way out, and leaves no file behind."""
    result = recheck(f"sqlite:///{tmp_path / 'typo.db'}", vies)
    assert result.exit_code == Exit.USAGE
    assert "there is no such file" in result.stderr
    assert "customer-accounts db upgrade" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/{}", "/file:{}?uri=true", ""])
def test_a_database_without_tables_is_told(tmp_path: Path, vies: FakeVies, place: str) -> None:
    """An empty file, one named by a URI, and a database in memory: exit code 2 and the way out."""
    (tmp_path / "empty.db").touch()
    result = recheck(f"sqlite://{place.format(tmp_path / 'empty.db')}", vies)
    assert (result.exit_code, "customer-accounts db upgrade" in result.stderr) == (Exit.USAGE, True)


def test_a_rehearsal_asks_another_address(url: str, vies: FakeVies) -> None:
    """The address may be typed, and the register's service for tests is asked by its own."""
    first = run("vat", "recheck", "--url", url, "--vies-url", vies.url, "--limit", "1")
    assert (first.exit_code, first.stdout) == (Exit.DONE, "valid 1, invalid 0, unverified 0, discarded 0\n")
    words = ("--vies-url", vies.url, "--test-service", "--at-once", "1")
    second = run("vat", "recheck", "--url", url, *words)
    assert second.stdout == "valid 2, invalid 0, unverified 0, discarded 0\n"
    engine = create_engine(url)
    with engine.connect() as connection:
        asked = connection.execute(text("SELECT endpoint FROM ca_vat_evidence")).scalars().all()
    engine.dispose()
    endings = sorted(one.rpartition("/")[2] for one in asked)
    assert endings == ["check-vat-number", "check-vat-test-service", "check-vat-test-service"]
