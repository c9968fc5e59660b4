"""SMTP whose answers come in time, all of them together: a worker holds a mail for so long and no longer."""

import smtplib
from time import monotonic
from typing import Any

#: Seconds for one message, from the connection to the last answer; less than the half of its lease that is left when
#: it is begun, so that no other worker sends it meanwhile (RL-04).
WHOLE = 120.0


class Smtp(smtplib.SMTP):
    """Waits for each answer no longer than its timeout, and for all of them no longer than `WHOLE`."""

    timeout: float

    def __init__(self, *args: Any, **options: Any) -> None:
        self._until = monotonic() + WHOLE
        super().__init__(*args, **options)

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer.

        Raises:
            SMTPServerDisconnected: the time is over.
        """
        left = self._until - monotonic()
        if left <= 0:
            self.close()
            raise smtplib.SMTPServerDisconnected("the server takes too long for one message")
        assert self.sock is not None  # the question went over it
        self.sock.settimeout(min(self.timeout, left))
        return super().getreply()


class SmtpOverTls(Smtp, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""
