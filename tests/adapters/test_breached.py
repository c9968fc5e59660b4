"""The breach check against a real HTTP server: what is sent, what is understood, that it ends in time."""

import asyncio
import hashlib
import socket
import threading
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from customer_accounts.adapters import breached
from customer_accounts.adapters.breached import AsyncHaveIBeenPwned, HaveIBeenPwned
from customer_accounts.password_policy import BreachCheck

PASSWORD = "grüne Seife 7"
DIGEST = hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()
PREFIX, SUFFIX = DIGEST[:5], DIGEST[5:]
OTHER = "0" * 34 + "A"


@pytest.fixture(name="server")
def _server(httpserver: HTTPServer) -> HTTPServer:
    """Give a real HTTP server on the loopback interface."""
    return httpserver


def asking(server: HTTPServer, timeout: float = 10.0) -> HaveIBeenPwned:
    """Return a check that asks this server."""
    return HaveIBeenPwned(server.url_for("/range/"), timeout)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{OTHER}:3\r\n{SUFFIX}:12\r\n{'F' * 35}:1", BreachCheck.FOUND),
        (f"{SUFFIX.lower()}:1\n", BreachCheck.FOUND),
        (f"{OTHER}:3\r\n{'F' * 35}:1", BreachCheck.NOT_FOUND),
        (f"{OTHER}:3\r\n{SUFFIX}:0\r\n{'F' * 35}:0", BreachCheck.NOT_FOUND),
        (f"{SUFFIX}:0\r\n{SUFFIX}:2", BreachCheck.FOUND),
        ("", BreachCheck.UNAVAILABLE),
        ("<html>maintenance</html>", BreachCheck.UNAVAILABLE),
        (f"{SUFFIX}:12\r\n<html>", BreachCheck.UNAVAILABLE),
        (f"{SUFFIX}", BreachCheck.UNAVAILABLE),
        (f"{SUFFIX}:-1", BreachCheck.UNAVAILABLE),
        (b"\xff\xfe\x00garbage", BreachCheck.UNAVAILABLE),
        (f"{OTHER}:3\r\n" * 20_000, BreachCheck.UNAVAILABLE),
    ],
    ids=[
        "found", "lower case", "not found", "padding", "padding beside", "empty", "html", "half html",
        "no count", "negative", "binary", "endless",
    ],
)  # fmt: skip
def test_answers_are_understood_or_unavailable(
    server: HTTPServer, body: str | bytes, expected: BreachCheck
) -> None:
    """PW-08: a counted suffix is found, a padding row is not, and what is not understood decides nothing."""
    server.expect_request(f"/range/{PREFIX}").respond_with_data(body)
    assert asking(server).check(PASSWORD) is expected


def test_five_characters_leave_and_padding_is_asked_for(server: HTTPServer) -> None:
    """PW-08: the request names five characters of the SHA-1 and nothing else of the password."""
    server.expect_request(f"/range/{PREFIX}").respond_with_data(f"{SUFFIX}:1")
    asking(server).check(PASSWORD)
    ((request, _),) = server.log
    sent = f"{request.method} {request.full_path} {request.headers} {request.get_data(as_text=True)}"
    assert request.path == f"/range/{PREFIX}"
    assert request.headers["Add-Padding"] == "true"
    assert SUFFIX[:6] not in sent.upper()
    assert "Seife" not in sent


def test_the_decomposed_spelling_asks_the_same(server: HTTPServer) -> None:
    """PW-05, PW-08: the password is looked up in NFC, as it is hashed."""
    server.expect_request(f"/range/{PREFIX}").respond_with_data(f"{SUFFIX}:1")
    assert asking(server).check(PASSWORD.replace("ü", "u\u0308")) is BreachCheck.FOUND


@pytest.mark.parametrize("status", [301, 400, 429, 500, 503])
def test_any_other_status_is_unavailable(server: HTTPServer, status: int) -> None:
    """PW-08: errors fail open, and a redirect is not followed."""
    server.expect_request(f"/range/{PREFIX}").respond_with_data(
        f"{SUFFIX}:1", status=status, headers={"Location": server.url_for("/elsewhere")}
    )
    assert asking(server).check(PASSWORD) is BreachCheck.UNAVAILABLE
    assert len(server.log) == 1


@pytest.mark.parametrize("password", ["", "x" * 2_000, "\ud800" * 9])
def test_a_password_that_no_policy_accepts_is_not_asked_about(server: HTTPServer, password: str) -> None:
    """PW-03, PW-08: nothing is sent for an empty, overlong or malformed password."""
    assert asking(server).check(password) is BreachCheck.UNAVAILABLE
    assert server.log == []


def test_a_silent_server_is_unavailable(server: HTTPServer) -> None:
    """PW-08: the lookup gives up at its time limit, while the server still waits."""
    answered = threading.Event()

    def late(_request: Request) -> Response:
        answered.wait(30)
        return Response(f"{SUFFIX}:1")

    server.expect_request(f"/range/{PREFIX}").respond_with_handler(late)
    assert asking(server, timeout=0.05).check(PASSWORD) is BreachCheck.UNAVAILABLE
    assert not answered.is_set()
    answered.set()


@pytest.fixture(name="trickle")
def _trickle() -> Iterator[tuple[str, threading.Event]]:
    """Serve one connection a byte at a time, for ever; the event says that the client hung up."""
    hung_up = threading.Event()
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                try:
                    while not over.wait(0.01):
                        connection.sendall(b"0")
                except OSError:
                    hung_up.set()

        server = threading.Thread(target=serve)
        server.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/range/", hung_up
        over.set()
        server.join()


def test_a_trickling_server_is_cut_off(trickle: tuple[str, threading.Event]) -> None:
    """PW-08: the limit holds for the whole lookup, not for each byte, and the connection is then closed."""
    url, hung_up = trickle
    assert HaveIBeenPwned(url, timeout=0.2).check(PASSWORD) is BreachCheck.UNAVAILABLE
    assert hung_up.wait(30)


def test_nobody_listening_is_unavailable() -> None:
    """PW-08: a refused connection fails open."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert HaveIBeenPwned(f"http://127.0.0.1:{port}/range/").check(PASSWORD) is BreachCheck.UNAVAILABLE


def test_tls_is_verified(server: HTTPServer) -> None:
    """PW-08: a server that does not speak TLS, or with a wrong certificate, is unavailable under https."""
    address = server.url_for("/range/").replace("http:", "https:")
    assert HaveIBeenPwned(address).check(PASSWORD) is BreachCheck.UNAVAILABLE


def test_a_connection_that_ended_by_itself_is_no_fault() -> None:
    """PW-08: hanging up on what is already closed does nothing."""
    here, there = socket.socketpair()
    here.close()
    there.close()
    breached._hang_up([here])  # the race itself cannot be timed from outside


@pytest.mark.parametrize(
    "url",
    ["http://api.example/range/", "ftp://localhost/", "https:///range/", "", "http://127.0.0.1.example/"],
)
def test_only_https_leaves_the_machine(url: str) -> None:
    """PW-08: plain http is for a mirror on the same machine."""
    with pytest.raises(ValueError, match="https"):
        HaveIBeenPwned(url)
    assert HaveIBeenPwned().url.startswith("https://")


def test_the_async_twin_answers_the_same(server: HTTPServer) -> None:
    """PW-08: the async check is the same lookup in a thread."""
    server.expect_request(f"/range/{PREFIX}").respond_with_data(f"{SUFFIX}:1")
    twin = AsyncHaveIBeenPwned(asking(server))
    assert asyncio.run(twin.check(PASSWORD)) is BreachCheck.FOUND
    assert AsyncHaveIBeenPwned().lookup == HaveIBeenPwned()
