"""A lean VIES in a process of its own: it answers after a while, and counts what each member state was asked at once.

It prints its port, and its figures as JSON once its standard input is closed.  `customer_accounts.testing.fake_vies`
has a thread for each question, which a hundred thousand of them would be measured with.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define, field

#: Seconds for an answer; the slow states take several times that.
SECONDS, SLOW_SECONDS, SLOW = 0.005, 0.05, frozenset({"BG", "HU"})


@define
class Counts:
    """What was asked: by number, and by state at a time."""

    asked: Counter[str] = field(factory=Counter)
    under_way: Counter[str] = field(factory=Counter)
    most: Counter[str] = field(factory=Counter)

    def begun(self, country: str, number: str) -> None:
        """Count a question."""
        self.asked[country + number] += 1
        self.under_way[country] += 1
        self.most[country] = max(self.most[country], self.under_way[country])

    def figures(self) -> dict[str, Any]:
        """Give the most questions at once by state, and how many numbers were asked more than once."""
        twice = sum(1 for times in self.asked.values() if times > 1)
        return {"numbers": len(self.asked), "twice": twice, "most": dict(self.most)}


class Connection(asyncio.Protocol):
    """One connection, with one question at a time."""

    def __init__(self, counts: Counts) -> None:
        self.counts, self.received = counts, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to answer on."""
        assert isinstance(transport, asyncio.Transport), "TCP"
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Begin to answer once the question is complete."""
        self.received += data
        head, complete, body = self.received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if not complete or len(body) < int(length):
            return
        self.received = b""
        asked = json.loads(body)
        country, number = asked["countryCode"], asked["vatNumber"]
        self.counts.begun(country, number)
        seconds = SLOW_SECONDS if country in SLOW else SECONDS
        asyncio.get_running_loop().call_later(seconds, self._answer, country, number)

    def _answer(self, country: str, number: str) -> None:
        self.counts.under_way[country] -= 1
        told = {"countryCode": country, "vatNumber": number, "valid": True, "name": "---", "address": "---"}
        body = json.dumps(told | {"requestDate": "2026-11-22T10:00:00.000Z"}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


async def _serve() -> None:
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(counts), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(counts.figures()), flush=True)


@contextmanager
def running() -> Iterator[tuple[str, dict[str, Any]]]:
    """Run it, and give its address and a dictionary that holds its figures afterwards."""
    command, figures = [sys.executable, "-m", "tests.benchmarks.vies"], dict[str, Any]()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}", figures
        finally:
            told, _ = process.communicate()
        figures |= json.loads(told)


if __name__ == "__main__":
    asyncio.run(_serve())
