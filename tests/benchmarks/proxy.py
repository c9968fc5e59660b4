"""A TCP proxy in front of PostgreSQL: it counts round trips, and can make the way as long as a network's.

``python -m tests.benchmarks.proxy SOCKET DELAY`` prints its port, then answers each line on its input with the number
of round trips since the last one.  A round trip is a request that was answered: however many packets went one way
before some came back.  The delay is added once each way.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from attrs import define, field

ROOT = Path(__file__).parents[2]


@define
class _Counter:
    trips: int = 0
    asking: bool = False

    def saw(self, *, request: bool) -> None:
        if request and not self.asking:
            self.trips += 1
        self.asking = request


def _carry(
    source: socket.socket, target: socket.socket, delay: float, counter: _Counter, *, request: bool
) -> None:
    while data := source.recv(1 << 16):
        counter.saw(request=request)
        if delay:
            time.sleep(delay)
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def _serve(listener: socket.socket, path: str, delay: float, counter: _Counter) -> None:
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        for source, target, request in ((client, server, True), (server, client, False)):
            Thread(
                target=_carry, args=(source, target, delay, counter), kwargs={"request": request}, daemon=True
            ).start()


@define
class Proxy:
    """A running proxy: the URL of a database behind it, and its count."""

    port: int
    _process: "subprocess.Popen[str]" = field(repr=False)

    def url(self, database: str, user: str) -> str:
        """Give the URL of a database behind the proxy, for psycopg."""
        return f"postgresql+psycopg://{user}@127.0.0.1:{self.port}/{database}"

    def trips(self) -> int:
        """Give the number of round trips since the last time."""
        assert self._process.stdin is not None  # it was started with pipes
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def proxy(folder: Path, delay: float = 0) -> Iterator[Proxy]:
    """Run a proxy in front of the server that listens in *folder*; *delay* in seconds, each way."""
    command = [sys.executable, "-m", "tests.benchmarks.proxy", str(folder / ".s.PGSQL.5432"), str(delay)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield Proxy(int(process.stdout.readline()), process)
        finally:
            process.terminate()


def main() -> None:
    """Serve until the input ends."""
    path, delay = sys.argv[1], float(sys.argv[2])
    counter = _Counter()
    listener = socket.create_server(("127.0.0.1", 0))
    Thread(target=_serve, args=(listener, path, delay, counter), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    for _ in sys.stdin:
        print(counter.trips, flush=True)
        counter.trips = 0


if __name__ == "__main__":
    main()
