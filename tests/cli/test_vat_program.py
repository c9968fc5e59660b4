"""The installed program itself: ``customer-accounts vat`` in a process of its own, and its exit codes."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.changes import insert
from customer_accounts.cli.app import run
from customer_accounts.cli.ending import Exit
from customer_accounts.outbox import VatCheckRecord
from customer_accounts.testing.fake_vies import FakeVies, invalid, valid

EXEMPT = (
    "--to",
    "DE",
    "--business",
    "--number",
    "DE136695976",
    "--status",
    "valid",
    "--seller-number",
    "ATU13585627",
)


def program(*words: str, **environment: str) -> tuple[int, str]:
    """Run the program, and give its exit code and what it printed."""
    command = [str(Path(sys.executable).with_name("customer-accounts")), "vat", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def test_numbers_are_checked_at_the_register() -> None:
    """F23: over HTTP, one yes and one no; a no ends with its own code."""
    with FakeVies() as vies:
        vies.set("DE136695976", valid("Beispiel GmbH"))
        vies.set("FR40303265045", invalid())
        url = {"CUSTOMER_ACCOUNTS_VIES_URL": vies.url}
        code, told = program("check", "de 136 695 976", "--vies", **url)
        assert (code, "Beispiel GmbH" in told) == (Exit.DONE, True)
        assert program("check", "FR40303265045", "--vies", **url)[0] == Exit.OPEN
    assert [one["vatNumber"] for one in vies.asked] == ["136695976", "40303265045"]


def test_decisions_explanations_and_files(tmp_path: Path) -> None:
    """F24: decide, explain the record of it, and decide a file of orders."""
    code, told = program("decide", *EXEMPT, "--json")
    decided = json.loads(told)
    assert (code, decided["treatment"]) == (Exit.DONE, "intra_community_supply")
    kept, orders, target = (tmp_path / name for name in ("order.json", "orders.csv", "decided.csv"))
    kept.write_text(json.dumps(decided["record"]), encoding="utf-8")
    code, told = program("explain", str(kept), "--lang", "de")
    assert (code, decided["rule"] in told) == (Exit.DONE, True)
    orders.write_text("order,number,business,status,to\n1,DE136695976,yes,valid,DE\n", encoding="utf-8")
    assert program("bulk", str(orders), str(target))[0] == Exit.DONE
    assert decided["rule"] in target.read_text(encoding="utf-8")


def test_waiting_numbers_are_asked(tmp_path: Path) -> None:
    """F23: ``vat recheck`` on a SQLite file; then nothing is left."""
    url, due = f"sqlite:///{tmp_path / 'shop.db'}", datetime(2026, 1, 1, tzinfo=UTC)
    storage = SqlStorage(url)
    storage.create_schema()
    wanted = due.replace(year=2999)
    numbers = [f"{state}136695976" for state in ("DE", "FI", "SE")]
    storage.write([insert(VatCheckRecord(number=one, due_at=due, wanted_until=wanted)) for one in numbers])
    storage.close()
    with FakeVies(default=valid()) as vies:
        words = ("recheck", "--url", url, "--at-once", "2")
        sums = [program(*words, CUSTOMER_ACCOUNTS_VIES_URL=vies.url) for _ in range(2)]
    assert sums == [
        (Exit.DONE, "valid 3, invalid 0, unverified 0, discarded 0\n"),
        (Exit.DONE, "valid 0, invalid 0, unverified 0, discarded 0\n"),
    ]
    assert len(vies.asked) == 3


def test_whoever_stops_reading_is_told_nothing() -> None:
    """``decide --json | true``: the program ends quietly, as others do by SIGPIPE, and not as if work were left."""
    command = [str(Path(sys.executable).with_name("customer-accounts")), "vat", "decide", *EXEMPT, "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, env={}, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (Exit.PIPE, b"")


def test_mistakes_end_with_the_code_for_usage() -> None:
    """What is not understood is told, without a traceback."""
    assert program("decide", "--nonsense")[0] == Exit.USAGE


@pytest.mark.parametrize(("words", "code"), [(("vat", "check", "DE136695976"), 0), (("vat", "nonsense"), 2)])
def test_hosts_run_command_lines_of_their_own(words: tuple[str, ...], code: int) -> None:
    """The function behind the program gives the code in place of ending the process."""
    assert run(list(words)) == code
