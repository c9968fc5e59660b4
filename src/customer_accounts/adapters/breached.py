"""Whether a password is known from a breach, asked of Have I Been Pwned without telling it the password.

Sent are the first five of the forty hexadecimal characters of the password's SHA-1; some thousand suffixes
come back, padded to a random length, and the comparison happens here.  The whole lookup ends within its time
limit, name resolution included.  It fails open: an outage, an error or an answer that is not understood is
`BreachCheck.UNAVAILABLE`, and the password policy then decides alone (PW-08).

Source: OWASP ASVS 5.0 6.2.12; Have I Been Pwned API v3, "Searching by range".
"""

import asyncio
import hashlib
import re
import socket
import threading
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from attrs import field, frozen

from customer_accounts.password_policy import BreachCheck, prepare, unhashable

_PREFIX = 5
# A padded answer has 800 to 1,000 rows of some 45 bytes; ten times that is not this service.
_LARGEST_ANSWER = 500_000
_ROW = re.compile(rb"([0-9A-Fa-f]{35}):([0-9]{1,12})")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def _safe_url(_value: object, _attribute: object, url: str) -> None:
    parts = urlsplit(url)
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    ):
        raise ValueError("the address must begin with https:// (http:// only on localhost)")


@frozen
class HaveIBeenPwned:
    """The `customer_accounts.ports.BreachedPasswords` that asks Have I Been Pwned or a mirror of it.

    Args:
        url: what the five characters are appended to.
        timeout: seconds for the whole lookup; it stands between the customer and the answer.

    Raises:
        ValueError: an address that is neither https nor on this machine.
    """

    url: str = field(default="https://api.pwnedpasswords.com/range/", validator=_safe_url)
    timeout: float = 2.0

    def check(self, password: str, /) -> BreachCheck:
        """Look *password* up; never raises, and asks nothing about a password that no policy accepts."""
        if unhashable(password):
            return BreachCheck.UNAVAILABLE
        digest = hashlib.sha1(prepare(password).encode(), usedforsecurity=False).hexdigest().upper()
        return _judge(_fetch(self.url + digest[:_PREFIX], self.timeout), digest[_PREFIX:].encode())


@frozen
class AsyncHaveIBeenPwned:
    """The async twin of `HaveIBeenPwned`; the lookup runs in a thread.

    Args:
        lookup: where and how long to ask.
    """

    lookup: HaveIBeenPwned = field(factory=HaveIBeenPwned)

    async def check(self, password: str, /) -> BreachCheck:
        """See `HaveIBeenPwned.check`."""
        return await asyncio.to_thread(self.lookup.check, password)


def _judge(answer: bytes | None, suffix: bytes) -> BreachCheck:
    """Compare the rows with *suffix*; a row that counts 0 is padding."""
    rows = [_ROW.fullmatch(line.strip()) for line in answer.splitlines()] if answer else []
    found = BreachCheck.NOT_FOUND if rows else BreachCheck.UNAVAILABLE
    for row in rows:
        if row is None:
            return BreachCheck.UNAVAILABLE
        if row[1].upper() == suffix and int(row[2]):
            found = BreachCheck.FOUND
    return found


def _fetch(url: str, timeout: float) -> bytes | None:
    """Return the body of a 200 answer that is complete within *timeout* seconds, else None."""
    answers: list[bytes] = []
    opened: list[socket.socket] = []
    # A socket's own timeout starts anew with every byte and does not cover name resolution, hence the thread.
    worker = threading.Thread(target=_get, args=(url, timeout, opened, answers), daemon=True)
    worker.start()
    worker.join(timeout)
    if worker.is_alive():
        _hang_up(opened)
        return None
    return answers[0] if answers else None


def _get(url: str, timeout: float, opened: list[socket.socket], answers: list[bytes]) -> None:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=timeout)
    try:
        connection.connect()
        opened.append(connection.sock)
        connection.request(
            "GET", parts.path, headers={"Add-Padding": "true", "User-Agent": "customer-accounts"}
        )
        response = connection.getresponse()
        body = response.read(_LARGEST_ANSWER + 1)
        if response.status == HTTPStatus.OK and len(body) <= _LARGEST_ANSWER:
            answers.append(body)
    except (OSError, HTTPException):
        return
    finally:
        connection.close()


def _hang_up(opened: list[socket.socket]) -> None:
    """End a lookup that is too late, so that its thread ends too."""
    for connected in opened:
        try:
            # Not the method of a TLS socket, which drops state that the other thread is using.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)
        except OSError:
            continue
