"""One HTTP request within a total time, over the standard library; what `ViesRegister` sends with by default.

Rules: the time limit holds for everything together, name resolution and slow drips of bytes included; a body
has a largest size; redirections are not followed, for the register's address is the host's setting.
"""

import socket
import ssl
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

import attrs

#: An answer of VIES has some 500 bytes; a hundred times that is not VIES.
LARGEST_BODY = 65_536
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "customer-accounts",
}
_LOCAL = ("localhost", "127.0.0.1", "::1")


@attrs.frozen
class HttpAnswer:
    """An HTTP answer, body complete."""

    status: int
    body: bytes = attrs.field(repr=False)


class Transport(Protocol):
    """Sends one request; a host may bring its own, with a proxy or its own connections."""

    def __call__(self, url: str, body: bytes, timeout: float, /) -> HttpAnswer | None:
        """POST *body* to *url* and give the answer, or None if none came within *timeout* seconds."""
        ...


def safe_base_url(_instance: object, _attribute: object, url: str) -> None:
    """Refuse an address that is neither https nor on this machine (an attrs validator)."""
    parts = urlsplit(url)
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    ):
        raise ValueError("base_url begins with https:// (http:// only on this machine)")


def post(url: str, body: bytes, timeout: float, /) -> HttpAnswer | None:
    """POST *body* to *url* and give the answer, or None if none came within *timeout* seconds.

    The request runs in a thread of its own: a socket's timeout begins anew with each byte and does not cover
    the resolution of names.
    """
    answers: list[HttpAnswer] = []
    opened: list[socket.socket] = []
    worker = threading.Thread(target=_send, args=(url, body, timeout, opened, answers), daemon=True)
    worker.start()
    worker.join(timeout)
    if worker.is_alive():
        _hang_up(opened)
        return None
    return answers[0] if answers else None


def _send(
    url: str, body: bytes, timeout: float, opened: list[socket.socket], answers: list[HttpAnswer]
) -> None:
    parts = urlsplit(url)
    connection = _connection(parts, timeout)
    try:
        connection.connect()
        opened.append(connection.sock)
        connection.request("POST", parts.path, body=body, headers=HEADERS)
        response = connection.getresponse()
        content = response.read(LARGEST_BODY + 1)
        if len(content) <= LARGEST_BODY:
            answers.append(HttpAnswer(response.status, content))
    except (OSError, HTTPException, ValueError):  # ValueError: a status line or a length that is no number
        return
    finally:
        connection.close()


def _connection(parts: SplitResult, timeout: float) -> HTTPConnection:
    if parts.scheme != "https":
        return HTTPConnection(parts.netloc, timeout=timeout)
    # Said outright, so that nobody's change of the default turns verification off here.
    return HTTPSConnection(parts.netloc, timeout=timeout, context=ssl.create_default_context())


def _hang_up(opened: list[socket.socket]) -> None:
    for connected in opened:
        try:
            # Not the method of a TLS socket, which drops state that the other thread is using.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)
        except OSError:
            continue
