"""``customer-accounts import``: files of an earlier shop, and what the program says about them."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from customer_accounts.adapters.sql import HostOrders, SqlStorage, schema
from customer_accounts.cli.ending import Exit
from customer_accounts.cli.importing import REMEDIES
from customer_accounts.facts import Part, Scope
from customer_accounts.features.import_rows import RowProblem
from customer_accounts.outbox import MailStatus
from tests.cli.running import run
from tests.postgres import Database
from tests.sqlite import shop_in

SINCE = "2019-05-01T10:00:00Z"
ANNA = {"key": "1", "email": "Anna@mail.example", "proven": "true", "created_at": SINCE}
BERT = {**ANNA, "key": "2", "email": "bert@mail.example"}
GUESTS = {
    "reference": "old-1",
    "number": "1",
    "placed_at": SINCE,
    "email": "gerda@mail.example",
    "of_customer": "",
}
ANNAS = {**GUESTS, "reference": "old-2", "number": "2", "email": "anna@mail.example", "of_customer": "true"}

ORDERS = HostOrders(table="shop_order")
#: A table that is there and holds something else.
NO_ORDERS = HostOrders(table="ca_mails")
HOST_ORDERS = "tests.cli.test_import:ORDERS"


@contextmanager
def shop_order(url: str) -> Iterator[Callable[[str], list[str]]]:
    """Make a host's table of orders beside ours, and give what reads the references in a table."""
    engine = create_engine(url)
    with engine.begin() as connection:
        columns = ", ".join(
            f"{one.name} {one.type.compile(engine.dialect)}{'' if one.nullable else ' NOT NULL'}"
            for one in schema.orders.columns
        )
        connection.execute(text(f"CREATE TABLE shop_order ({columns}, PRIMARY KEY (reference))"))

    def names(table: str) -> list[str]:
        with engine.connect() as connection:
            return list(connection.scalars(text(f"SELECT reference FROM {table}")))

    yield names
    engine.dispose()


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    """The URL of a SQLite file with its tables."""
    return shop_in(tmp_path)


def written(path: Path, *rows: Mapping[str, str], delimiter: str = ",", encoding: str = "utf-8") -> str:
    """Write a CSV file, and give its path."""
    with path.open("w", newline="", encoding=encoding) as file:
        out = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        out.writeheader()
        out.writerows(rows)
    return str(path)


def accounts(url: str, *emails: str) -> Sequence[str]:
    """Give the addresses that have an account."""
    storage = SqlStorage(url)
    found = storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=emails)).accounts
    storage.close()
    return sorted(one.email for one in found)


def test_customers_and_orders_come_along(url: str, tmp_path: Path) -> None:
    """Both files in one run, customers first; again everything is known, and nothing is left to do."""
    customers = written(tmp_path / "customers.csv", ANNA, BERT)
    orders = written(tmp_path / "orders.csv", GUESTS, ANNAS)
    words = ("import", "--url", url, "--customers", customers, "--orders", orders)
    first, again = run(*words), run(*words)
    assert (first.exit_code, first.stdout) == (Exit.DONE, "")
    assert "2 customers, 0 invited, 2 orders new; 0 known; 0 left out." in first.stderr
    assert (again.exit_code, again.stdout) == (Exit.DONE, "")
    assert "0 customers, 0 invited, 0 orders new; 4 known; 0 left out." in again.stderr
    assert accounts(url, "anna@mail.example", "bert@mail.example") == [
        "Anna@mail.example",
        "bert@mail.example",
    ]


def test_a_dry_run_says_the_same_and_writes_nothing(url: str, tmp_path: Path) -> None:
    """Orders of customers who would be new count, too; afterwards the database is as before."""
    customers = written(tmp_path / "customers.csv", ANNA, {**ANNA, "key": "9"})
    orders = written(tmp_path / "orders.csv", GUESTS, ANNAS)
    words = ("import", "--url", url, "--customers", customers, "--orders", orders)
    for _ in range(2):
        rehearsed = run(*words, "--dry-run")
        assert rehearsed.exit_code == Exit.OPEN
        assert (
            "1 customers, 0 invited, 2 orders new; 0 known; 1 left out. Nothing was written."
            in rehearsed.stderr
        )
        assert accounts(url, "anna@mail.example") == []
    done = run(*words)
    assert done.stdout == rehearsed.stdout
    assert accounts(url, "anna@mail.example") == ["Anna@mail.example"]


def test_orders_go_to_the_table_of_the_host(tmp_path: Path) -> None:
    """Named in the environment, rehearsed and done; nothing is written to ours, which is there all the same."""
    url = shop_in(tmp_path)
    with shop_order(url) as names:
        orders = written(tmp_path / "orders.csv", GUESTS)
        words = ("import", "--url", url, "--orders", orders)
        for more, says, there in (
            (("--dry-run",), "1 orders new; 0 known", []),
            ((), "1 orders new; 0 known", ["old-1"]),
            ((), "0 orders new; 1 known", ["old-1"]),
        ):
            done = run(*words, *more, environment={"CUSTOMER_ACCOUNTS_HOST_ORDERS": HOST_ORDERS})
            assert done.exit_code == Exit.DONE, done.stderr
            assert says in done.stderr
            assert (names("shop_order"), names("ca_orders")) == (there, [])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (HOST_ORDERS, "there is no table shop_order"),
        ("tests.cli.test_import:NO_ORDERS", "has no column"),
        ("tests.cli.test_import:SINCE", "is no customer_accounts.adapters.sql.HostOrders"),
        ("no_such_module:orders", "ModuleNotFoundError"),
        ("tests.cli.test_import", "name a module and what is in it"),
        (".test_import:ORDERS", "name a module and what is in it"),
        (":ORDERS", "name a module and what is in it"),
        ("broken_shop:orders", "broken_shop:orders: KeyError: 'SHOP_SECRET'"),
        ("leaving_shop:orders", "SystemExit"),
    ],
)
def test_a_table_of_the_host_that_does_not_fit_is_told(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    """Code 2, and nothing is written: no table, another one, something else, no module, one that raises or ends."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_shop.py").write_text("import os\nsecret = os.environ['SHOP_SECRET']\n")
    (tmp_path / "leaving_shop.py").write_text("raise SystemExit(0)\n")
    orders = written(tmp_path / "orders.csv", GUESTS)
    shown = run("import", "--url", url, "--orders", orders, "--host-orders", name)
    assert shown.exit_code == Exit.USAGE
    assert says in shown.stderr
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ca_orders")) == 0
    engine.dispose()


def test_on_a_server(postgres_shop: Database, tmp_path: Path) -> None:
    """The same on PostgreSQL, rehearsed and done, with the URL from the environment."""
    customers = written(tmp_path / "customers.csv", ANNA, BERT)
    environment: dict[str, str | None] = {"CUSTOMER_ACCOUNTS_DATABASE_URL": postgres_shop.url}
    for more, says in ((("--dry-run",), "2 customers"), ((), "2 customers"), ((), "2 known")):
        done = run("import", "--customers", customers, *more, environment=environment)
        assert done.exit_code == Exit.DONE
        assert says in done.stderr


def test_rows_left_out_are_named_with_a_remedy(url: str, tmp_path: Path) -> None:
    """File, line, problem and field, and what to do; never a value of the row; the others go on."""
    rows = [
        ANNA,
        {**ANNA, "key": "9"},
        {**BERT, "email": "bert@"},
        {**BERT, "created_at": "in spring"},
        {**BERT, "proven": "false"},
        BERT,
    ]
    customers = written(tmp_path / "customers.csv", *rows)
    orders = written(
        tmp_path / "orders.csv", GUESTS, {**GUESTS, "number": "7"}, {**ANNAS, "email": "x@mail.example"}
    )
    shown = run("import", "--url", url, "--customers", customers, "--orders", orders)
    assert shown.exit_code == Exit.OPEN
    assert shown.stdout.splitlines() == [
        f"{file}, line {line}: {problem}{detail}: {REMEDIES[problem]}"
        for file, line, problem, detail in (
            ("customers.csv", 3, RowProblem.DUPLICATE, " (email)"),
            ("customers.csv", 4, RowProblem.EMAIL_INVALID, " (domain)"),
            ("customers.csv", 5, RowProblem.UNREADABLE, " (created_at)"),
            ("customers.csv", 6, RowProblem.NOT_PROVEN, ""),
            ("orders.csv", 3, RowProblem.CONFLICT, " (reference)"),
            ("orders.csv", 4, RowProblem.NO_ACCOUNT, " (email)"),
        )
    ]
    assert "spring" not in shown.output
    assert "2 customers, 0 invited, 1 orders new; 0 known; 6 left out." in shown.stderr


def test_every_problem_has_its_remedy() -> None:
    """Whatever keeps a row out, there is something to be done."""
    assert REMEDIES.keys() == set(RowProblem)
    assert all(REMEDIES.values())


def test_programs_get_json(url: str, tmp_path: Path) -> None:
    """One object for each row left out, and the sums as the last one."""
    customers = written(tmp_path / "customers.csv", ANNA, {**ANNA, "key": "9"})
    shown = run("import", "--url", url, "--customers", customers, "--json")
    row, sums = (json.loads(line) for line in shown.stdout.splitlines())
    assert (row["file"], row["line"], row["problem"], row["detail"]) == (
        "customers.csv",
        3,
        "duplicate",
        "email",
    )
    assert row["remedy"] == REMEDIES[RowProblem.DUPLICATE]
    assert sums == {
        "customers": 1, "invited": 0, "orders": 0, "known": 0, "left_out": 1, "dry_run": False,
    }  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_as_spreadsheets_write_them(url: str, tmp_path: Path, delimiter: str) -> None:
    """A mark of byte order in front, semicolons or tabs between: all columns are found."""
    row = {
        **ANNA, "name": "Änna; Ölz, jun.", "company_name": "Druck & Co", "company_vat_number": "DE136695976",
        "address_name": "Anna", "address_street": "Ring 5", "address_city": "Wien", "address_country": "AT",
        "address2_name": "Anna", "address2_street": "Gasse 7", "address2_city": "Wien", "address2_country": "AT",
    }  # fmt: skip
    customers = written(tmp_path / "customers.csv", row, delimiter=delimiter, encoding="utf-8-sig")
    assert run("import", "--url", url, "--customers", customers).exit_code == Exit.DONE
    storage = SqlStorage(url)
    parts = frozenset({Part.ACCOUNTS, Part.ADDRESSES})
    found = storage.read(Scope(parts=parts, email_keys=("anna@mail.example",)))
    storage.close()
    assert found.accounts[0].name == "Änna; Ölz, jun."
    assert found.accounts[0].company is not None
    assert sorted(one.address.street for one in found.addresses) == ["Gasse 7", "Ring 5"]


def test_a_byte_that_is_no_utf_8_spoils_its_row_only(url: str, tmp_path: Path) -> None:
    """A file of another encoding is told by line and field, and what can be read is imported."""
    path = tmp_path / "customers.csv"
    rows = f"1,anna@mail.example,true,{SINCE},M\xfcller\n2,bert@mail.example,true,{SINCE},Bert\n"
    path.write_bytes(f"key,email,proven,created_at,name\n{rows}".encode("latin-1"))
    shown = run("import", "--url", url, "--customers", str(path))
    assert shown.exit_code == Exit.OPEN
    assert shown.stdout == f"customers.csv, line 2: unreadable (name): {REMEDIES[RowProblem.UNREADABLE]}\n"
    assert accounts(url, "anna@mail.example", "bert@mail.example") == ["bert@mail.example"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lacks: key, email, proven, created_at"),
        ("key,email,proven\n", "lacks: created_at"),
        ("key,email,proven,created_at,pasword\n", "has unknown: pasword"),
        ("key,email,proven,created_at,line\n", "has unknown: line"),
        ("key,email,proven,created_at,address_\x07\n", "has unknown: ?"),
        ("key,email,proven,created_at,address2_name,addressx_name\n", "has unknown: addressx_name"),
        ("key,email,proven,created_at,email\n", "has twice: email"),
    ],
)
def test_a_wrong_header_is_told_before_anything_is_written(
    url: str, tmp_path: Path, text: str, says: str
) -> None:
    """A column that is missing or misspelt is no reason to import half of the rest."""
    wrong = tmp_path / "customers.csv"
    wrong.write_text(text, "utf-8")
    orders = written(tmp_path / "orders.csv", GUESTS)
    shown = run("import", "--url", url, "--customers", str(wrong), "--orders", orders)
    assert (shown.exit_code, shown.stdout) == (Exit.USAGE, "")
    assert f"the first line {says}" in shown.stderr
    assert run("import", "--url", url, "--orders", orders).exit_code == Exit.DONE
    assert (
        "1 orders new"
        in run(
            "import", "--url", url, "--orders", written(tmp_path / "2.csv", ANNAS | {"of_customer": ""})
        ).stderr
    )


def test_a_file_that_is_no_csv_is_told_where(url: str, tmp_path: Path) -> None:
    """A field that never ends is no row; what came before it is named."""
    path = tmp_path / "orders.csv"
    path.write_text('reference,number,placed_at,email\n"' + "x" * 200_000, "utf-8")
    shown = run("import", "--url", url, "--orders", str(path))
    assert shown.exit_code == Exit.USAGE
    assert "no CSV after line 1" in shown.stderr


def test_customers_who_are_not_proven_are_invited(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PH-01: with the shop's own settings each gets one mail, and its storefront is the one that was named."""
    (tmp_path / "their_shop.py").write_text(
        "from customer_accounts.testing import cheap_settings\n"
        "from customer_accounts.settings import Storefront\n"
        "front = Storefront(name='Two', base_url='https://two.example', contact='help@two.example')\n"
        "settings = cheap_settings(storefronts={'two': front})\n"
    )
    monkeypatch.chdir(tmp_path)
    customers = written(tmp_path / "customers.csv", {**ANNA, "proven": "false"})
    words = (
        "import",
        "--url",
        url,
        "--customers",
        customers,
        "--invite",
        "--settings",
        "their_shop:settings",
    )
    assert run(*words, "--storefront", "two").exit_code == Exit.DONE
    assert "1 known" in run(*words, "--storefront", "two").stderr
    storage = SqlStorage(url)
    (mail,) = storage.mails(MailStatus.QUEUED)
    storage.close()
    assert (mail.to, mail.storefront) == ("Anna@mail.example", "two")
    wrong = run(*words, "--storefront", "three")
    assert wrong.exit_code == Exit.USAGE
    assert "no storefront 'three'" in wrong.stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--customers", "nowhere.csv"],
        ["--invite", "--customers", __file__],
        ["--settings", "no_such_module:settings", "--customers", __file__],
        ["--settings", ".test_import:settings", "--customers", __file__],
    ],
)
def test_what_is_missing_is_said(url: str, words: list[str]) -> None:
    """No file, a file that is not there, an invitation without a secret, settings that are none: code 2."""
    assert run("import", "--url", url, *words).exit_code == Exit.USAGE


def test_a_stopped_run_goes_on(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stops a run runs it once more: what was imported is known."""
    customers = written(tmp_path / "customers.csv", ANNA)
    orders = written(tmp_path / "orders.csv", GUESTS)
    words = ("import", "--url", url, "--customers", customers, "--orders", orders)
    with monkeypatch.context() as patch:
        patch.setattr("customer_accounts.cli.importing.orders_of", _raising(KeyboardInterrupt()))
        stopped = run(*words)
    assert stopped.exit_code == Exit.OPEN
    assert "goes on where it was" in stopped.stderr
    assert "0 customers, 0 invited, 1 orders new; 1 known" in run(*words).stderr


def _raising(error: BaseException) -> object:
    def raising(*_: object, **__: object) -> object:
        raise error

    return raising


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    """A URL with a slip in it imports nothing and makes no file; it is said what to do."""
    customers = written(tmp_path / "customers.csv", ANNA)
    shown = run("import", "--url", f"sqlite:///{tmp_path / 'other.db'}", "--customers", customers)
    assert shown.exit_code == Exit.USAGE
    assert "there is no such file" in shown.stderr
    assert not (tmp_path / "other.db").exists()
