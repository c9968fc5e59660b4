"""A small VIES on this machine, over real HTTP, with the faults that the real one shows.

It answers by number: valid, invalid, any fault in both shapes, garbage, somebody else's answer, too slow, or
a closed connection; a list of behaviours is worked off one by one, the last one stays.  Its test service
knows the magic numbers of the real one.

>>> with FakeVies() as vies:
...     vies.set("DE136695976", valid(name="Example GmbH"))
...     vies.url.startswith("http://127.0.0.1:")
True
"""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self

import attrs

from customer_accounts.vat.answer import magic_numbers

#: Shape of the answers of POST /check-vat-number, and of GET /ms/{country}/vat/{number}.
Shape = Literal["post", "get"]


@attrs.frozen
class Behaviour:
    """What the fake does when it is asked about a number.

    Args:
        body: JSON, or text to send; ``{country}`` and ``{number}`` in a text stand for what was asked.
        status: HTTP status.
        delay: seconds before it answers.
        hang_up: close the connection in place of an answer.
    """

    body: Mapping[str, object] | str = ""
    status: int = 200
    delay: float = 0.0
    hang_up: bool = False


def valid(name: str = "---", address: str = "---", *, shape: Shape = "post") -> Behaviour:
    """A number that is registered; name and address are withheld unless given."""
    return Behaviour(_verdict(True, shape, name, address))


def invalid(*, shape: Shape = "post") -> Behaviour:
    """A number that is not registered."""
    return Behaviour(_verdict(False, shape, "---", "---"))


def fault(code: str, *, shape: Shape = "post", status: int = 200) -> Behaviour:
    """A fault: in POST's shape an error wrapper, in GET's shape hidden in an answer with ``isValid:
    false``.
    """
    if shape == "get":
        return Behaviour({**_verdict(False, shape, "---", "---"), "userError": code}, status)
    return Behaviour({"actionSucceed": False, "errorWrappers": [{"error": code}]}, status)


def garbage(text: str = "<html><body>Service unavailable</body></html>", status: int = 200) -> Behaviour:
    """Something that is no answer at all."""
    return Behaviour(text, status)


def slow(seconds: float, then: Behaviour | None = None) -> Behaviour:
    """An answer that comes late."""
    return attrs.evolve(then or valid(), delay=seconds)


def hang_up() -> Behaviour:
    """A connection that is closed without an answer."""
    return Behaviour(hang_up=True)


class FakeVies:
    """A VIES that runs in a thread while its context is open.

    Args:
        default: what it does about numbers that were not set; invalid unless said.
    """

    def __init__(self, default: Behaviour | None = None) -> None:
        self.default = default or invalid()
        #: What was asked, in order: the JSON of each request.
        self.asked: list[dict[str, object]] = []
        self._behaviours: dict[str, list[Behaviour]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """The base address, for ``ViesRegister(base_url=…)``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/rest-api"

    def set(self, number: str, *behaviours: Behaviour) -> None:
        """Say what happens when *number* (compact) is asked: the first time, the second …, the last one
        stays.
        """
        with self._lock:
            self._behaviours[number] = list(behaviours)

    def behaviour_for(self, country: str, number: str, *, test_service: bool) -> Behaviour:
        """Give what to do about a number, and remember that it was done."""
        code = magic_numbers().get(number) if test_service else None
        if code:
            return {"VALID": valid(), "INVALID": invalid()}.get(code, fault(code))
        with self._lock:
            waiting = self._behaviours.get(country + number, [])
            if len(waiting) > 1:
                return waiting.pop(0)
            return waiting[0] if waiting else self.default

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than the fake lives."""
        self._closing.wait(seconds)

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and let nobody wait any longer."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, vies: FakeVies) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vies = vies

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that give up are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    @property
    def vies(self) -> FakeVies:
        """The fake that this connection belongs to."""
        assert isinstance(self.server, _Server), "only that server makes these handlers"
        return self.server.vies

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.vies.asked.append(asked)
        self._act(str(asked.get("countryCode")), str(asked.get("vatNumber")), asked)

    def do_GET(self) -> None:
        *_, country, _, number = self.path.split("/")
        self.vies.asked.append({"countryCode": country, "vatNumber": number})
        self._act(country, number, {})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Say nothing."""

    def _act(self, country: str, number: str, asked: Mapping[str, object]) -> None:
        vies = self.vies
        behaviour = vies.behaviour_for(
            country, number, test_service=self.path.endswith("/check-vat-test-service")
        )
        if behaviour.delay:
            vies.wait(behaviour.delay)
        if behaviour.hang_up:
            self.close_connection = True
            return
        body = _filled(behaviour.body, country, number, asked)
        self.send_response(behaviour.status)
        self.send_header("Content-Type", "application/json" if body.startswith(b"{") else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _verdict(registered: bool, shape: Shape, name: str, address: str) -> dict[str, object]:
    told: dict[str, object] = {"requestDate": "2026-11-22T10:00:00.000Z", "name": name, "address": address}
    if shape == "get":
        return {**told, "isValid": registered, "userError": "VALID" if registered else "INVALID"}
    return {**told, "valid": registered}


def _filled(
    body: Mapping[str, object] | str, country: str, number: str, asked: Mapping[str, object]
) -> bytes:
    if isinstance(body, str):
        return body.replace("{country}", country).replace("{number}", number).encode()
    filled = dict(body)
    if "valid" in filled or "isValid" in filled:
        filled.setdefault("vatNumber", number)
        # The real service gives a consultation number only to those who say who they are.
        filled.setdefault("requestIdentifier", "WAPIAAAAX1234567" if asked.get("requesterNumber") else "")
    if "valid" in filled:
        filled.setdefault("countryCode", country)
        for field in ("Name", "Street", "PostalCode", "City", "CompanyType"):
            told = asked.get(f"trader{field}")
            filled.setdefault(f"trader{field}Match", "VALID" if told else "NOT_PROCESSED")
    return json.dumps(filled).encode()
