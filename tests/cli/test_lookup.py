"""``customer-accounts lookup``: one timeline on the command line, and the look in the audit trail."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Visitor
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.cli.app import app
from customer_accounts.cli.ending import Exit
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.registration import Register
from customer_accounts.outbox import EventKind
from customer_accounts.permissions import AgentTask
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import NOW, stored
from customer_accounts.testing.settings import FixedClock
from tests.cli.running import run
from tests.cli.test_import import HOST_ORDERS, ORDERS, shop_order

ANNA = "anna@mail.example"
SETTINGS = cheap_settings(agent_permissions={AgentTask.LOOK_UP: "look_up"})


@pytest.fixture(name="url")
def _url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A shop on SQLite in which Anna registered and ordered, with its settings in a module beside it."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    storage = SqlStorage(url)
    storage.create_schema()
    shop = Accounts(storage, SETTINGS, clock=FixedClock(NOW))
    anna = Visitor(browser="a random secret from a cookie")
    shop.require(Register(email=ANNA, password="eleven quiet herons", name="Anna Huber"), by=anna)
    shop.require(RecordOrder(reference="r-1", number="2026-1", placed_at=NOW, email=ANNA), by=anna)
    storage.close()
    return url


def look(url: str, *words: str, stdin: str = "") -> Result:
    """Look something up as agent 17."""
    given = ["lookup", "--url", url, "--settings", "tests.cli.test_lookup:SETTINGS"]
    given += ["--agent", "17", "--reason", "asked by phone", *words]
    return CliRunner().invoke(app, given, input=stdin, env={"COLUMNS": "400"})


def rows(shown: Result) -> list[dict[str, Any]]:
    """Read what was printed."""
    return [json.loads(line) for line in shown.stdout.splitlines()]


@pytest.mark.parametrize(
    "subject", [("--email", "Anna@MAIL.example"), ("--order", "2026-1"), ("--order", "r-1")]
)
def test_shows_what_happened(url: str, subject: tuple[str, str]) -> None:
    """By address, number and reference; masked, a row for each entry, times first."""
    shown = look(url, *subject)
    assert shown.exit_code == Exit.DONE, shown.stderr
    assert "purpose=confirm_registration to=a***@mail.example status=queued" in shown.stdout
    assert "reference=r-1 number=2026-1 status=placed" in shown.stdout
    assert ANNA not in shown.stdout
    assert "Huber" not in shown.stdout


def test_finds_orders_in_the_table_of_the_host(url: str) -> None:
    """With --host-orders, an order of that table is found, and those of ours are not."""
    with shop_order(url):
        storage = SqlStorage(url, orders=ORDERS)
        by = Visitor(browser="another random secret, from a cookie")
        order = RecordOrder(reference="r-2", number="2026-2", placed_at=NOW, email=ANNA)
        Accounts(storage, SETTINGS, clock=FixedClock(NOW)).require(order, by=by)
        storage.close()
        for number, code in (("2026-2", Exit.DONE), ("2026-1", Exit.OPEN)):
            assert look(url, "--order", number, "--host-orders", HOST_ORDERS).exit_code == code


def test_is_in_the_audit_trail(url: str) -> None:
    """LG-02: the agent that was named, and what for; an address from standard input is in no shell's history."""
    assert look(url, "--email", "-", stdin=f"{ANNA}\n").exit_code == Exit.DONE
    found = [one for one in rows(look(url, "--email", ANNA, "--json")) if one["kind"] == "event"]
    (event,) = [one for one in found if one["event"] == EventKind.LOOKED_UP]
    assert (event["by"], event["detail"]) == ("agent:17", "email: asked by phone")


def test_wants_to_know_who_looks(url: str) -> None:
    """LG-02: an empty name is nobody's, such as that of a variable which is not set."""
    shown = look(url, "--email", ANNA, "--agent", "")
    assert (shown.exit_code, "--agent: id must say who it is" in shown.stderr) == (Exit.USAGE, True)


def test_goes_on_page_by_page(url: str) -> None:
    """What is told on standard error goes into the next command, until there is no more."""
    seen: list[Any] = []
    words: tuple[str, ...] = ()
    while True:
        shown = look(url, "--order", "r-1", "--json", "--limit", "1", *words)
        seen += [one["kind"] for one in rows(shown)]
        if "--after" not in shown.stderr:
            break
        words = ("--after", shown.stderr.split()[-1])
    assert sorted(seen) == ["event", "event", "mail", "order", "registration"]


def test_a_vat_number(url: str) -> None:
    """Accounts and numbers that wait are rows of their own; what is left out is told."""
    storage = SqlStorage(url)
    company = records.a_company()
    number = company.vat_number
    assert number is not None
    accounts = [records.an_account(company=company) for _ in range(51)]
    storage.write(stored(*accounts, records.a_vat_check(number=number)))
    storage.close()
    shown = look(url, "--vat", number, "--json")
    kinds = [one["kind"] for one in rows(shown)]
    assert (kinds.count("found_account"), kinds.count("waiting_vat_check")) == (50, 1)
    assert "1 more accounts are left out" in shown.stderr
    assert f"number={number}" in look(url, "--vat", number).stdout


def test_nothing(url: str) -> None:
    """What the shop has nothing of ends with 1, and is a look all the same."""
    assert look(url, "--order", "none").exit_code == Exit.OPEN
    storage = SqlStorage(url)
    with storage._transactions.reading() as connection:
        details = connection.exec_driver_sql("SELECT detail FROM ca_events WHERE kind = 'looked_up'").all()
    storage.close()
    assert [one.detail.partition(": ")[2] for one in details] == ["asked by phone"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "either an address, or an order, or a VAT number"),
        (("--email", ANNA, "--order", "1"), "either an address, or an order, or a VAT number"),
        (("--email", "anna"), "--email: This e-mail address cannot be read"),
        (("--vat", "nonsense"), "--vat: We found nothing"),
        (("--email", ANNA, "--after", "x"), "--after: We found nothing"),
        (("--email", ANNA, "--reason", ""), "--reason: String should have at least 1 character"),
    ],
)
def test_what_is_typed_wrongly(url: str, words: tuple[str, ...], says: str) -> None:
    """Ends with 2 and says why."""
    shown = look(url, *words)
    assert shown.exit_code == Exit.USAGE
    assert says in shown.stderr


def test_wants_who_and_why(url: str) -> None:
    """LG-02: nobody looks without a name and a reason, nor without the shop's settings."""
    for missing in ("--agent", "--reason", "--settings"):
        given = {"--agent": "17", "--reason": "asked", "--settings": "tests.cli.test_lookup:SETTINGS"}
        del given[missing]
        words = [word for pair in given.items() for word in pair]
        assert run("lookup", "--url", url, "--email", ANNA, *words).exit_code == Exit.USAGE
