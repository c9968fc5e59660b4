"""Asking VIES over real HTTP on this machine: sync and async behave alike, whatever it does."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme

from customer_accounts.adapters import vies_transport
from customer_accounts.adapters.vies import AsyncViesRegister, ViesRegister
from customer_accounts.adapters.vies_traffic import StateLimit, Traffic
from customer_accounts.adapters.vies_transport import LARGEST_BODY, HttpAnswer, post
from customer_accounts.ports import AsyncVatRegister, VatRegister
from customer_accounts.testing.fake_vies import (
    Behaviour,
    FakeVies,
    fault,
    garbage,
    hang_up,
    invalid,
    slow,
    valid,
)
from customer_accounts.vat import VatAnswer, VatNumber, VatStatus, magic_numbers
from customer_accounts.vat.vies import Trader

GERMAN = VatNumber("DE136695976")
SHOP = VatNumber("ATU13585627")
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

Check = Callable[..., VatAnswer]


@pytest.fixture
def vies() -> Iterator[FakeVies]:
    """A fake VIES."""
    with FakeVies() as fake:
        yield fake


@pytest.fixture(params=["sync", "async"])
def check(request: pytest.FixtureRequest, vies: FakeVies) -> Check:
    """One check, by either register; pauses take no time but are kept."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        """Take note instead of waiting."""
        pauses.append(seconds)

    def run(number: VatNumber, requester: VatNumber | None = None, **settings: Any) -> VatAnswer:
        trader = settings.pop("trader", None)
        free = Traffic(StateLimit(at_once=99, per_second=1e9), failures=99)
        facts = {
            "base_url": vies.url,
            "clock": lambda: AT,
            "jitter": lambda: 0.5,
            "traffic": free,
            **settings,
        }
        if request.param == "sync":
            register = ViesRegister(sleep=pauses.append, **facts)
            return register.check(number, requester, trader=trader)
        return asyncio.run(AsyncViesRegister(sleep=pause, **facts).check(number, requester, trader=trader))

    run.pauses = pauses  # type: ignore[attr-defined]  # read back by the test of pauses
    return run


def test_both_fit_their_ports() -> None:
    """They are the registers that the workers ask."""
    register: VatRegister = ViesRegister()
    twin: AsyncVatRegister = AsyncViesRegister()
    assert register
    assert twin


@pytest.mark.parametrize("shape", ["post", "get"])
def test_valid_and_invalid_in_both_shapes(check: Check, vies: FakeVies, shape: Any) -> None:
    """Both shapes of answer over HTTP, with everything that is evidence."""
    vies.set("DE136695976", valid("Example GmbH", "Weg 1", shape=shape))
    answer = check(GERMAN, SHOP)
    assert (answer.status, answer.number, answer.name) == (VatStatus.VALID, "DE136695976", "Example GmbH")
    assert answer.consultation_number == "WAPIAAAAX1234567"
    assert (answer.requester, answer.checked_at, answer.http_status) == ("ATU13585627", AT, 200)
    assert answer.endpoint == f"{vies.url}/check-vat-number"
    assert '"Example GmbH"' in answer.raw
    vies.set("DE136695976", invalid(shape=shape))
    assert check(GERMAN).status is VatStatus.INVALID


FAULTS = sorted(set(magic_numbers().values()) - {"VALID", "INVALID"})


@pytest.mark.parametrize("shape", ["post", "get"])
@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_in_both_shapes(check: Check, vies: FakeVies, code: str, shape: Any) -> None:
    """No fault makes a number valid, none but INVALID_INPUT makes it invalid."""
    vies.set("DE136695976", fault(code, shape=shape))
    answer = check(GERMAN, attempts=1)
    assert answer.code == code
    assert answer.status is (VatStatus.INVALID if code == "INVALID_INPUT" else VatStatus.UNVERIFIED)


@pytest.mark.parametrize(("magic", "code"), sorted(magic_numbers().items()))
def test_the_test_services_magic_numbers(check: Check, magic: str, code: str) -> None:
    """All 13 of them, at the test service's own address."""
    answer = check(VatNumber(f"DE{magic}"), test_service=True, attempts=1)
    assert answer.code == code
    assert answer.endpoint.endswith("/check-vat-test-service")


@pytest.mark.parametrize(
    "behaviour",
    [
        garbage(),
        garbage(status=503),
        garbage("{}"),
        garbage('{"valid":"yes"}'),
        garbage('{"valid":true,"countryCode":"DE","vatNumber":"999999999"}'),
        garbage('{"valid":true}', 500),
        garbage(""),
        Behaviour({"isValid": False, "userError": "IP_BLOCKED"}),
        fault("MS_UNAVAILABLE", status=500),
        fault("SOMETHING_NEW", status=400),
        hang_up(),
    ],
)
def test_garbage_is_unverified(check: Check, vies: FakeVies, behaviour: Behaviour) -> None:
    """HTML, {}, a string for a boolean, another number's answer, hidden faults, closed connections."""
    vies.set("DE136695976", behaviour)
    assert check(GERMAN, attempts=1).status is VatStatus.UNVERIFIED


def test_a_slow_register_is_given_up_in_time(check: Check, vies: FakeVies) -> None:
    """The time limit holds for the whole check; what comes later is not waited for."""
    vies.set("DE136695976", slow(30))
    answer = check(GERMAN, timeout=0.3)
    assert (answer.status, answer.code) == (VatStatus.UNVERIFIED, "NO_RESPONSE")


def test_nobody_listens(check: Check, vies: FakeVies) -> None:
    """A refused connection is unverified."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = check(GERMAN, base_url=f"http://127.0.0.1:{port}", attempts=1)
    assert (answer.status, answer.code) == (VatStatus.UNVERIFIED, "NO_RESPONSE")


def test_a_busy_register_is_asked_again_with_growing_pauses(check: Check, vies: FakeVies) -> None:
    """Two busy answers and then a verdict: the verdict counts; pauses double and are jittered."""
    busy = fault("MS_MAX_CONCURRENT_REQ")
    vies.set("DE136695976", busy, busy, valid())
    assert check(GERMAN, first_pause=1.0).status is VatStatus.VALID
    assert check.pauses == [1.5, 3.0]  # type: ignore[attr-defined]  # set by the fixture
    assert len(vies.asked) == 3


def test_attempts_are_bounded(check: Check, vies: FakeVies) -> None:
    """After the last attempt the fault is the answer."""
    vies.set("DE136695976", fault("TIMEOUT"))
    assert check(GERMAN, attempts=2).code == "TIMEOUT"
    assert len(vies.asked) == 2


def test_no_attempt_begins_that_cannot_end_in_time(check: Check, vies: FakeVies) -> None:
    """A pause longer than the time that is left is not begun."""
    vies.set("DE136695976", fault("TIMEOUT"))
    assert check(GERMAN, timeout=5, first_pause=100).code == "TIMEOUT"
    assert len(vies.asked) == 1


@pytest.mark.parametrize("code", ["IP_BLOCKED", "VAT_BLOCKED", "GLOBAL_MAX_CONCURRENT_REQ", "INVALID_INPUT"])
def test_what_is_never_asked_again_by_itself(check: Check, vies: FakeVies, code: str) -> None:
    """Blocked shops, a register that is full for all, and refused input are left alone."""
    vies.set("DE136695976", fault(code), valid())
    assert check(GERMAN).code == code
    assert len(vies.asked) == 1


def test_a_refused_requester_is_left_out(check: Check, vies: FakeVies) -> None:
    """The shop's own number is wrong: the customer's is checked all the same, and the answer says so."""
    vies.set("DE136695976", fault("INVALID_REQUESTER_INFO"), valid())
    answer = check(GERMAN, SHOP)
    assert (answer.status, answer.requester, answer.requester_refused) == (VatStatus.VALID, None, True)
    vies.set("DE136695976", fault("INVALID_REQUESTER_INFO"))
    assert check(GERMAN, SHOP).code == "INVALID_REQUESTER_INFO"
    assert len(vies.asked) == 4


def test_approximate_requests(check: Check, vies: FakeVies) -> None:
    """What the customer says about the business is compared by the register."""
    vies.set("DE136695976", valid())
    answer = check(GERMAN, SHOP, trader=Trader(name="Example GmbH", city="Berlin"))
    assert dict(answer.matches)["name"] == "VALID"
    assert dict(answer.matches)["street"] == "NOT_PROCESSED"
    assert vies.asked[0]["traderCity"] == "Berlin"


def test_an_answer_without_end_is_cut_off(check: Check, vies: FakeVies) -> None:
    """More than any answer of VIES can have is no answer."""
    vies.set("DE136695976", garbage("x" * (LARGEST_BODY + 1)))
    assert check(GERMAN, attempts=1).code == "NO_RESPONSE"


@pytest.mark.parametrize("url", ["http://vies.example/rest-api", "ftp://127.0.0.1", "", "vies"])
def test_addresses_are_https_or_local(url: str) -> None:
    """A number and the shop's own go over the wire encrypted or not at all."""
    with pytest.raises(ValueError, match="https"):
        ViesRegister(base_url=url)
    with pytest.raises(ValueError, match="https"):
        AsyncViesRegister(base_url=url)


def test_a_host_may_bring_its_own_transport() -> None:
    """The transport is one function; the reading stays the same."""

    def transport(url: str, body: bytes, timeout: float, /) -> HttpAnswer:
        return HttpAnswer(200, b'{"valid":true,"countryCode":"DE","vatNumber":"136695976"}')

    answer = ViesRegister(transport=transport).check(GERMAN)
    assert answer.status is VatStatus.VALID
    assert answer.checked_at.tzinfo is UTC


def test_a_host_may_bring_its_own_async_client(vies: FakeVies) -> None:
    """Many checks share one client and its connections."""

    async def many() -> list[VatAnswer]:
        """Ask five times at once."""
        async with httpx2.AsyncClient() as client:
            register = AsyncViesRegister(base_url=vies.url, client=client)
            return await asyncio.gather(*(register.check(GERMAN) for _ in range(5)))

    assert {answer.status for answer in asyncio.run(many())} == {VatStatus.INVALID}


@contextlib.contextmanager
def raw_server(*pieces: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that sends bytes as they are, slowly if wanted, whatever is asked."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    for piece in pieces:
                        connection.sendall(piece)
                        stop.wait(pause)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
    thread.join(5)


@pytest.mark.parametrize(
    "head", [b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"]
)
def test_broken_http_is_no_answer(head: bytes) -> None:
    """Status lines that are none and bodies that break off are unverified."""
    with raw_server(head) as url:
        assert ViesRegister(base_url=url, attempts=1, timeout=5).check(GERMAN).status == "unverified"
    with raw_server(head) as url:
        register = AsyncViesRegister(base_url=url, attempts=1, timeout=5)
        assert asyncio.run(register.check(GERMAN)).status == "unverified"


def test_bytes_that_drip_do_not_stretch_the_time() -> None:
    """A byte now and then would keep a socket's own timeout alive for ever."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with raw_server(head, *[b" "] * 1000, pause=0.05) as url:
        assert post(url, b"{}", 0.3) is None
    with raw_server(head, *[b" "] * 1000, pause=0.05) as url:
        register = AsyncViesRegister(base_url=url, attempts=1, timeout=0.3)
        assert asyncio.run(register.check(GERMAN)).code == "NO_RESPONSE"


def test_hanging_up_a_closed_connection_is_harmless() -> None:
    """The other side may have been faster."""
    one, other = socket.socketpair()
    one.close()
    other.close()
    vies_transport._hang_up([one, other])
    assert one.fileno() == -1


@contextlib.contextmanager
def tls_server(authority: trustme.CA) -> Iterator[str]:
    """A server that answers valid over TLS, whatever is asked."""

    class Valid(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"valid":true,"countryCode":"DE","vatNumber":"136695976"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Valid) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that refuse us are the point
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_certificate_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody vouches for is refused, also where a host has turned verification off; a known one is asked."""
    authority = trustme.CA()
    monkeypatch.setattr(ssl, "_create_default_https_context", ssl._create_unverified_context)
    with tls_server(authority) as url:
        assert ViesRegister(base_url=url, attempts=1).check(GERMAN).code == "NO_RESPONSE"
        register = AsyncViesRegister(base_url=url, attempts=1)
        assert asyncio.run(register.check(GERMAN)).code == "NO_RESPONSE"
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert ViesRegister(base_url=url, attempts=1).check(GERMAN).status is VatStatus.VALID


def test_nobody_is_followed_elsewhere(check: Check, vies: FakeVies) -> None:
    """A redirection is no answer, also for a host's client that follows them; the number goes to no other address."""
    vies.set("DE136695976", Behaviour("{}", 302))
    assert check(GERMAN, attempts=1).code == "BAD_RESPONSE"
    assert len(vies.asked) == 1
