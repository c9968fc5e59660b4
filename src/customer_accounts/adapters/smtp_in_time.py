"""SMTP whose answers come in time, all of them together: a worker holds a mail for so long and no longer."""

import smtplib
from collections.abc import Callable
from io import BufferedReader, RawIOBase
from socket import socket
from time import monotonic
from typing import Any

#: Seconds for one message, from the connection to the last answer; less than the half of its lease that is left when
#: it is begun, so that no other worker sends it meanwhile (RL-04).
WHOLE = 120.0


class Smtp(smtplib.SMTP):
    """Waits for each part of an answer no longer than its timeout, and for all of them no longer than `WHOLE`."""

    timeout: float
    file: BufferedReader | None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._until = monotonic() + WHOLE
        super().__init__(*args, **options)

    def send(self, s: Any) -> None:
        """Send a question or the message.

        Raises:
            TimeoutError: the time is over.
        """
        assert self.sock is not None  # it is connected from the beginning
        self.sock.settimeout(self.wait())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer.

        Raises:
            SMTPServerDisconnected: the time is over.
        """
        if self.file is None:  # at the beginning, and after STARTTLS
            assert self.sock is not None  # as above
            self.file = BufferedReader(_Received(self.sock, self.wait))
        return super().getreply()

    def wait(self) -> float:
        """Give the seconds that are left to wait.

        Raises:
            TimeoutError: none are.
        """
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the server takes too long for one message")
        return min(self.timeout, left)


class _Received(RawIOBase):
    """What a server sends, each part of it waited for no longer than *wait* says then."""

    def __init__(self, sock: socket, wait: Callable[[], float]) -> None:
        self._sock, self._wait = sock, wait

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what has come, and wait where nothing has."""
        self._sock.settimeout(self._wait())
        return self._sock.recv_into(buffer)


class SmtpOverTls(Smtp, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""
