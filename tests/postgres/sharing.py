"""Who starts the server, who shares it, and that none is left behind.

The server belongs to a process of its own, the keeper (``python -m tests.postgres.sharing``).  Everybody who uses
it holds a shared lock on one file.  The keeper waits for that lock alone and gets it when the last user has ended,
however it ended; then it stops the server and removes its folder.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from time import sleep
from typing import IO

from tests.postgres.server import LONGEST, PATIENCE, NoServerError, Server


@contextmanager
def running_server(*, durable: bool = False, **settings: str) -> Iterator[Server]:
    """Give a server of one's own, which may be restarted and killed; it is stopped at the end.

    Args:
        durable: whether commits wait for the disk.
        settings: more settings of the server, such as ``max_connections="20"``.
    """
    with TemporaryDirectory(prefix="pg-meeting-") as meeting:
        with shared_server(Path(meeting), durable=durable, settings=settings) as server:
            yield server
        await_the_end(server)


def await_the_end(server: Server) -> None:
    """Wait until the keeper has had its turn: whoever asks for the lock first need not get it first."""
    for _ in range(PATIENCE * 100):
        if not server.folder.exists():
            return
        sleep(0.01)


@contextmanager
def shared_server(
    meeting: Path, *, durable: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Give the one server of all processes that meet in a folder; the first to come has it started."""
    with _locked(meeting / "users", fcntl.LOCK_SH):  # waits while a keeper stops its server
        with _locked(meeting / "first"):
            _fail_at_once(meeting)
            if not (meeting / "server").exists():
                _have_it_kept(meeting, durable, settings or {})
        yield _met(meeting)


def _fail_at_once(meeting: Path) -> None:
    """Do not try again what failed: a thousand tests that each wait for a server make a run without an end."""
    failed = meeting / "failed"
    if failed.exists():
        raise NoServerError(failed.read_text())


def _met(meeting: Path) -> Server:
    folder, durable, settings = json.loads((meeting / "server").read_text())
    return Server(Path(folder), durable, tuple(settings.items()))


def _have_it_kept(meeting: Path, durable: bool, settings: Mapping[str, str]) -> None:
    words = [str(meeting), json.dumps([durable, dict(settings)])]
    command = [sys.executable, "-m", "tests.postgres.sharing", *words]
    root = Path(__file__).parents[2]
    with (meeting / "said").open("w+") as said:
        done = subprocess.run(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
        )
        if done.returncode:
            said.seek(0)
            (meeting / "failed").write_text(said.read())
            _fail_at_once(meeting)


@contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[IO[str]]:
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield file


def _keep(meeting: Path, durable: bool, settings: Mapping[str, str]) -> None:
    """Start a server and stay with it; what was called returns as soon as the server answers."""
    server = Server(_short_folder(), durable, tuple(settings.items()))
    try:
        server.make()
        server.start()
    except BaseException:
        shutil.rmtree(server.folder)
        raise
    address = meeting / "server"
    address.write_text(json.dumps([str(server.folder), durable, settings]))
    if os.fork():
        return
    os.setsid()
    with _locked(meeting / "users"):
        address.unlink(missing_ok=True)
        if server.runs():
            server.stop()
        shutil.rmtree(server.folder)


def _short_folder() -> Path:
    """Make the server's folder where the path of its socket fits (see `Server`), wherever temporary files go."""
    usual = Path(mkdtemp(prefix="pg-"))
    if len(os.fsencode(usual)) <= LONGEST:
        return usual
    usual.rmdir()
    return Path(mkdtemp(prefix="pg-", dir="/tmp"))


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), *json.loads(sys.argv[2]))
