"""A real mail server for tests: it runs on this machine, keeps what it gets, and fails when told to.

Rules: it listens on the loopback interface only, on a port that the system chooses; what it accepted stays
in memory in the order of arrival; each fault is one that real servers show.
"""

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from typing import Any, Self
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session
from attrs import frozen

from customer_accounts.settings import LINKS, Storefront

_ROUNDS = 5

_TEXT = r"([A-Za-z0-9_-]{43})"
_CODE = re.compile(r"^\s*([A-Z2-7]{4}-[A-Z2-7]{4})\s*$", re.MULTILINE)


class Fault(StrEnum):
    """How the server fails."""

    REFUSE_RECIPIENT = "550 at RCPT: no such mailbox"
    REFUSE_MESSAGE = "554 after the message: refused for good"
    TEMPORARY_FAILURE = "451 at RCPT: try again later"
    DROP_CONNECTION = "the connection ends before the message is taken"
    LOSE_ANSWER = "the message is taken, but the connection ends before the answer"
    HANG = "no answer to RCPT until the fault is over"


@frozen
class _Taken:
    recipients: tuple[str, ...]
    data: bytes


class _Handler:
    """What the server calls.  Not the mailbox itself: the server looks at every attribute at each connection."""

    def __init__(self, taken: list[_Taken], fault: Callable[[], Fault | None]) -> None:
        self._taken = taken
        self._fault = fault

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient; called by the server."""
        while self._fault() is Fault.HANG:  # noqa: ASYNC110 - the fault is set from other threads
            await asyncio.sleep(0.01)
        if self._fault() is Fault.REFUSE_RECIPIENT:
            return f"550 5.1.1 <{address}> no such mailbox"
        if self._fault() is Fault.TEMPORARY_FAILURE:
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take or refuse a message; called by the server."""
        if self._fault() is Fault.REFUSE_MESSAGE:
            return "554 5.6.0 message refused"
        if self._fault() is not Fault.DROP_CONNECTION:
            self._taken.append(_Taken(tuple(envelope.rcpt_tos), bytes(envelope.original_content or b"")))
        if self._fault() in (Fault.DROP_CONNECTION, Fault.LOSE_ANSWER) and server.transport is not None:
            server.transport.close()
        return f"250 2.0.0 taken as {len(self._taken)}"


class Mailbox:
    """A mail server on a free port of this machine, as a context manager.

    >>> with Mailbox() as mailbox:
    ...     mailbox.messages
    []

    Args:
        implicit_tls: TLS from the first byte, with this certificate.
        smtp_options: options of `aiosmtpd.smtp.SMTP`, such as ``tls_context``, or ``enable_SMTPUTF8=False``.
    """

    host = "127.0.0.1"

    def __init__(self, *, implicit_tls: ssl.SSLContext | None = None, **smtp_options: Any) -> None:
        self.port = 0
        self._tls = implicit_tls
        self.fault: Fault | None = None
        self._taken: list[_Taken] = []
        self._options: dict[str, Any] = {
            "enable_SMTPUTF8": True,
            "hostname": "mailbox.example",
            **smtp_options,
        }
        self._ready = threading.Event()
        self._sessions: WeakSet[SMTP] = WeakSet()
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and end the connections that are open."""
        self.stop()

    def stop(self) -> None:
        """Stop listening, as a mail server that is gone; a second time does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    @property
    def messages(self) -> list[EmailMessage]:
        """All messages that were taken, oldest first."""
        return [_parsed(one.data) for one in list(self._taken)]

    @property
    def raw(self) -> list[bytes]:
        """The same, as they came over the wire."""
        return [one.data for one in list(self._taken)]

    def to(self, address: str) -> list[EmailMessage]:
        """Give the messages to one address, oldest first; upper and lower case count."""
        return [_parsed(one.data) for one in list(self._taken) if address in one.recipients]

    def last(self, address: str) -> EmailMessage:
        """Give the newest message to one address.

        Raises:
            LookupError: there is none.
        """
        found = self.to(address)
        if not found:
            raise LookupError(f"no mail to {address}")
        return found[-1]

    def clear(self) -> None:
        """Forget all messages."""
        self._taken.clear()

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Show *fault* to every client until the block ends."""
        self.fault = fault
        try:
            yield
        finally:
            self.fault = None

    def _run(self) -> None:
        loop = self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(loop.create_server(self._session, self.host, 0, ssl=self._tls))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        loop.run_forever()
        server.close()
        loop.run_until_complete(self._end_sessions())
        loop.close()

    def _session(self) -> SMTP:
        session = SMTP(_Handler(self._taken, lambda: self.fault), loop=self._loop, **self._options)
        self._sessions.add(session)
        return session

    async def _end_sessions(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for session in self._sessions:
            if isinstance(session.transport, asyncio.WriteTransport):
                session.transport.abort()
        # A connection under TLS needs several rounds of the loop to be gone.
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw.replace(b"\r\n", b"\n"), policy=default)


def text_of(message: EmailMessage) -> str:
    """Give the plain text part of a message.

    Raises:
        LookupError: it has none.
    """
    part = message.get_body(("plain",))
    if part is None:
        raise LookupError("the mail has no text part")
    return str(part.get_content())


def link_in(message: EmailMessage, link: str, storefront: Storefront | None = None) -> str:
    """Give the address of one page from a message, such as ``confirm`` or ``sign_in``.

    Args:
        message: a message that the server took.
        link: a name of `customer_accounts.settings.LINKS`.
        storefront: the storefront whose patterns count; by default the patterns of `LINKS`.

    Raises:
        LookupError: the message has no such link.
    """
    return _match(message, link, storefront).group()


def token_in(message: EmailMessage, link: str, storefront: Storefront | None = None) -> str:
    """Give only the one-time text of a link; takes the same arguments as `link_in`."""
    return _match(message, link, storefront).group(1)


def code_in(message: EmailMessage) -> str:
    """Give the short code from a message, as it is printed.

    Raises:
        LookupError: the message has none.
    """
    found = _CODE.search(text_of(message))
    if found is None:
        raise LookupError("the mail has no code")
    return found.group(1)


def _match(message: EmailMessage, link: str, storefront: Storefront | None) -> re.Match[str]:
    base = r"https?://[^\s<>]+?" if storefront is None else re.escape(storefront.base_url.rstrip("/"))
    path = re.escape((storefront.links if storefront else LINKS)[link]).replace(r"\{token\}", _TEXT)
    found = re.search(rf"{base}{path}(?=\s|\Z)", text_of(message))
    if found is None:
        raise LookupError(f"the mail has no link {link!r}")
    return found
