"""``customer-accounts db``: the tables and their revisions, from the command line."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from customer_accounts.adapters.sql import SqlStorage, migrations
from customer_accounts.adapters.sql.migrations import VERSION_TABLE, standing
from customer_accounts.cli.database import VARIABLE
from customer_accounts.cli.ending import Exit
from tests.cli.running import run
from tests.postgres import Database

HEAD = standing.chain()[-1].revision


@pytest.fixture(name="url")
def _url(tmp_path: Path) -> str:
    """The URL of a new SQLite file."""
    return f"sqlite:///{tmp_path / 'shop.db'}"


def test_an_upgrade_tells_what_it_made(url: str) -> None:
    """Each revision made is printed with its sentence; a second run has nothing to do."""
    first = run("db", "upgrade", "--url", url)
    assert first.exit_code == Exit.DONE
    assert first.stdout.splitlines()[0] == "0001  The tables as release 0.1.0 made them."
    assert len(first.stdout.splitlines()) == len(standing.chain())
    second = run("db", "upgrade", "--url", url)
    assert (second.exit_code, second.stdout, second.stderr) == (Exit.DONE, "", "Nothing to do.\n")


def test_the_url_may_come_from_the_environment(url: str) -> None:
    """Without the option, the variable names the database."""
    assert run("db", "upgrade", environment={VARIABLE: url}).exit_code == Exit.DONE
    assert migrations.current(url).up_to_date


def test_an_upgrade_may_stop_earlier(url: str) -> None:
    """With --to, the revisions after it are left for later, and current says which."""
    assert run("db", "upgrade", "--url", url, "--to", "0001").exit_code == Exit.DONE
    assert migrations.current(url).revision == "0001"


def test_current_says_what_is_left(tmp_path: Path, url: str) -> None:
    """The revision alone goes to standard output; the exit code is 1 while anything is left to do."""
    (tmp_path / "shop.db").touch()
    before = run("db", "current", "--url", url)
    assert (before.exit_code, before.stdout) == (Exit.OPEN, "none\n")
    assert "to do: 0001" in before.stderr
    run("db", "upgrade", "--url", url)
    after = run("db", "current", "--url", url)
    assert (after.exit_code, after.stdout, after.stderr) == (Exit.DONE, f"{HEAD}\n", "")


@pytest.mark.parametrize("words", [("current",), ("prepare",), ("stamp", "head")])
def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, url: str, words: tuple[str, ...]) -> None:
    """A mistyped name ends with exit code 2 and the way out, and leaves no file behind; only upgrade makes one."""
    result = run("db", *words, "--url", url)
    assert (result.exit_code, result.stdout) == (Exit.USAGE, "")
    assert "customer-accounts db upgrade" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_tables_of_create_schema_are_stamped_once(url: str) -> None:
    """What create_schema made is refused with the way out, and upgraded from the revision that is named then."""
    storage = SqlStorage(url)
    storage.create_schema()
    storage.close()
    assert "db stamp" in run("db", "current", "--url", url).stderr
    refused = run("db", "upgrade", "--url", url)
    assert refused.exit_code == Exit.OPEN
    assert "db stamp" in refused.stderr
    stamped = run("db", "stamp", "head", "--url", url)
    assert stamped.exit_code == Exit.DONE
    assert HEAD in stamped.stderr
    assert run("db", "upgrade", "--url", url).stderr == "Nothing to do.\n"


def test_sqlite_has_nothing_to_prepare(url: str) -> None:
    """On SQLite whoever writes waits for all others anyway."""
    run("db", "upgrade", "--url", url, "--to", "0001")
    done = run("db", "prepare", "--url", url)
    assert (done.exit_code, done.stdout, done.stderr) == (Exit.DONE, "", "Nothing to make beforehand.\n")


def test_a_preparation_tells_what_it_made(postgres: Database) -> None:
    """The name of each index goes to standard output; a second run makes none."""
    migrations.upgrade(postgres.url, "0010")
    first, second = (run("db", "prepare", environment={VARIABLE: postgres.url}) for _ in range(2))
    assert first.stdout.splitlines() == ["ix_ca_claims_at", "ix_ca_merges_absorbed_id"]
    assert (first.exit_code, first.stderr) == (Exit.DONE, "2 made.\n")
    assert (second.stdout, second.stderr) == ("", "Nothing to make beforehand.\n")


def test_the_sql_is_printed_and_nothing_else() -> None:
    """Standard output is the SQL, to be kept in a file; it is PostgreSQL's unless another database is named."""
    whole = run("db", "sql")
    assert whole.exit_code == Exit.DONE
    assert whole.stdout == migrations.sql("postgresql")
    assert run("db", "sql", "--dialect", "sqlite").stdout == migrations.sql("sqlite")
    assert "CREATE TABLE ca_accounts" not in run("db", "sql", "--since", "0001").stdout
    unknown = run("db", "sql", "--since", "9999")
    assert (unknown.exit_code, unknown.stdout) == (Exit.OPEN, "")
    assert "9999 is not known" in unknown.stderr


def test_a_password_is_not_typed() -> None:
    """LG-01: a URL with a password is refused on the command line, and never printed."""
    typed = run("db", "current", "--url", "postgresql+psycopg://shop:hunter2@localhost/shop")
    assert typed.exit_code == Exit.USAGE
    assert VARIABLE in typed.stderr
    assert "hunter2" not in typed.output


def test_a_database_that_is_down_is_a_fault(tmp_path: Path) -> None:
    """LG-01: the driver's words are told without the password of the URL, and the exit code is 3."""
    url = f"postgresql+psycopg://shop:hunter2@/shop?host={tmp_path}"
    down = run("db", "upgrade", environment={VARIABLE: url})
    assert down.exit_code == Exit.FAULT
    assert "connection" in down.stderr
    assert "shop:***@" in down.stderr
    assert "hunter2" not in down.output


@pytest.mark.parametrize("url", ["shop:hunter2", "nosuchdatabase://hunter2", ""])
def test_what_is_no_url_is_not_repeated(url: str) -> None:
    """LG-01: whatever was put where a URL belongs may hold a secret."""
    for refused in (run("db", "current", "--url", url), run("db", "current", environment={VARIABLE: url})):
        assert refused.exit_code == Exit.USAGE
        assert "hunter2" not in refused.output


def test_a_missing_driver_is_named() -> None:
    """A database whose driver is not installed is named with the module that is missing."""
    missing = run("db", "current", "--url", "mysql://shop@localhost/shop")
    assert missing.exit_code == Exit.USAGE
    assert "MySQLdb" in missing.stderr


def test_a_missing_url_is_a_usage_error() -> None:
    """Without an option and a variable, the command says what it needs."""
    refused = run("db", "upgrade")
    assert refused.exit_code == Exit.USAGE
    assert VARIABLE in refused.stderr


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Without SQLAlchemy or Alembic the command says which extra brings them."""
    monkeypatch.setattr("customer_accounts.cli.ending.find_spec", lambda name: None)
    refused = run("db", "upgrade", "--url", url)
    assert refused.exit_code == Exit.USAGE
    assert "customer-accounts[sql]" in refused.stderr


def test_a_broken_statement_is_a_fault(url: str) -> None:
    """A table in the way ends the upgrade with the database's own words and without the statement."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE ca_events (id INTEGER)"))
    failed = run("db", "upgrade", "--url", url)
    assert failed.exit_code == Exit.FAULT
    assert "ca_events already exists" in failed.stderr
    assert "CREATE TABLE" not in failed.stderr
    assert not inspect(engine).has_table(VERSION_TABLE)
    engine.dispose()


def test_the_program_itself_on_postgresql(postgres: Database) -> None:
    """The installed program upgrades a real PostgreSQL database and exits with the documented codes."""
    program = [str(Path(sys.executable).with_name("customer-accounts")), "db"]
    environment = {VARIABLE: postgres.url}

    def exits(word: str) -> tuple[int, str]:
        done = subprocess.run(
            [*program, word], env=environment, capture_output=True, text=True, check=False, cwd=Path.cwd()
        )
        return done.returncode, done.stdout

    assert exits("current") == (1, "none\n")
    assert exits("upgrade")[0] == 0
    assert exits("current") == (0, f"{HEAD}\n")
    assert exits("nonsense")[0] == 2
