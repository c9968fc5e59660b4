"""Handing mails to a mail server: `SmtpMailer`, and `AsyncSmtpMailer` for async hosts (extra ``async``).

Rules:

* One connection for each message: a worker sends a few mails in a row, and a connection that was kept may
  be dead.
* A refusal of the recipient or of the message with a 5xx code is permanent; everything else may be tried
  again: 4xx, no connection, no answer within *timeout*, and also a refused sign-in or sender, because the
  operator can mend those.
* No connection, no answer, a refused session or sign-in and 421 are an outage: no other mail would fare better.
  What got no answer after it was handed over may have been taken all the same.
* All that goes to and fro for one message has `smtp_in_time.WHOLE` together, whatever *timeout* is.
* The first digit of an answer decides (RFC 5321, 4.2.1): whatever begins with 2 is a yes.
* What fails after the server took the message (QUIT) is no failure, or the mail would go out twice.
* A server that lacks what a message or the settings need (SMTPUTF8, STARTTLS) is told as such; nothing is
  sent in clear instead.
* Exactly one recipient, and no address with a blank, a control character or an angle bracket: no command
  can be added.
* A reply is kept in the mail's row, so the recipient's address is taken out of it (RL-07).
"""

import asyncio
import re
import smtplib
import ssl
from collections.abc import Awaitable
from contextlib import closing, suppress
from email.message import EmailMessage
from email.policy import EmailPolicy
from importlib.util import find_spec
from typing import TYPE_CHECKING

from attrs import field, frozen
from attrs.validators import gt

from customer_accounts.adapters.smtp_in_time import WHOLE, Smtp, SmtpOverTls
from customer_accounts.errors import SettingsError
from customer_accounts.outbox import one_line
from customer_accounts.ports import MailError

if TYPE_CHECKING:
    from aiosmtplib import SMTPResponse

_NO_SMTPUTF8 = "the mail server does not support SMTPUTF8, which an address in this mail needs"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>\x00-\x1f\x7f@]+")

#: Refusals that no later try will change, if their code is 5xx.
_FINAL = frozenset({"recipient", "message"})
_PERMANENT = 500
_YES = range(200, 300)
_OK = 250
#: "Service not available, closing transmission channel": may be said at any step (RFC 5321, 4.2.1).
_CLOSING = 421


@frozen
class _Envelope:
    """What the server is told about a message, and the message as it goes over the wire."""

    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    data: bytes = field(repr=False)

    @property
    def international(self) -> bool:
        return not (self.sender + self.recipient).isascii()

    @property
    def options(self) -> list[str]:
        return ["SMTPUTF8", "BODY=8BITMIME"] if self.international else []

    def reply(self, code: int, text: str) -> str:
        """Give the server's reply on one line, without the recipient."""
        told = re.sub(re.escape(self.recipient), "…", text, flags=re.IGNORECASE)
        return one_line(f"{code} {' '.join(told.split())}")

    def refusal(self, what: str, code: int, text: str) -> MailError:
        """Give the error for a refusal of *what*: the session, the sender, the recipient or the message."""
        final = what in _FINAL and code >= _PERMANENT
        outage = what == "session" or code == _CLOSING
        return MailError(f"{what} refused: {self.reply(code, text)}", permanent=final, outage=outage)


@frozen
class _Server:
    """What both mailers are told about the server; `SmtpMailer` explains each argument."""

    host: str
    port: int = 25
    username: str | None = field(default=None, kw_only=True)
    password: str | None = field(default=None, kw_only=True, repr=False)
    starttls: bool = field(default=False, kw_only=True)
    tls: bool = field(default=False, kw_only=True)
    timeout: float = field(default=10.0, kw_only=True, validator=gt(0))
    context: ssl.SSLContext | None = field(default=None, kw_only=True, repr=False)
    local_hostname: str | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse what contradicts itself or is unsafe."""
        if self.tls and self.starttls:
            raise SettingsError("tls and starttls exclude each other")
        if (self.username is None) != (self.password is None):
            raise SettingsError("username and password belong together")
        if self.username is not None and not (self.tls or self.starttls or self.host in _LOOPBACK):
            raise SettingsError("a password needs tls or starttls")

    def _trusted(self) -> ssl.SSLContext:
        return self.context or ssl.create_default_context()


@frozen
class SmtpMailer(_Server):
    """Sends each message over a connection of its own, with the standard library.

    Args:
        host: its name or address.
        port: 25 for a relay nearby, 587 with *starttls*, 465 with *tls*.
        username: with *password*, to sign in; needs *tls* or *starttls* unless the server is on this machine.
        starttls: change to TLS before anything is sent; if the server cannot, nothing is sent.
        tls: TLS from the first byte.
        timeout: seconds to wait for the connection and for each answer; all answers have two minutes together.
        context: TLS settings such as an own certificate authority; by default the system's authorities count.
        local_hostname: the name said in EHLO; by default this machine's.

    Raises:
        SettingsError: options that contradict each other, or a password that would travel in clear.
    """

    def send(self, message: EmailMessage, /) -> str:
        """Send *message* to its one recipient and give the server's reply.

        Raises:
            MailError: it could not be handed over; permanent if another try is useless.
        """
        envelope = _envelope_of(message)
        try:
            with closing(self._connection()) as smtp:
                self._open(smtp)
                reply = _hand_over(smtp, envelope)
                with suppress(smtplib.SMTPException, OSError):
                    smtp.quit()
                return reply
        except smtplib.SMTPResponseException as error:
            what = "message" if isinstance(error, smtplib.SMTPDataError) else "session"
            raise envelope.refusal(what, error.smtp_code, _text(error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise _unanswered(error, taken=False) from error

    def _connection(self) -> smtplib.SMTP:
        if self.tls:
            return SmtpOverTls(
                self.host, self.port, self.local_hostname, timeout=self.timeout, context=self._trusted()
            )
        return Smtp(self.host, self.port, self.local_hostname, self.timeout)

    def _open(self, smtp: smtplib.SMTP) -> None:
        if self.starttls:
            smtp.starttls(context=self._trusted())
        if self.username is not None and self.password is not None:
            smtp.login(self.username, self.password)


@frozen
class AsyncSmtpMailer(_Server):
    """The async twin of `SmtpMailer`, over aiosmtplib (extra ``async``); takes the same arguments.

    Raises:
        ImportError: aiosmtplib is not installed; the text names the extra.
        SettingsError: see `SmtpMailer`.
    """

    def __attrs_post_init__(self) -> None:
        """Say early what is missing."""
        super().__attrs_post_init__()
        if find_spec("aiosmtplib") is None:
            raise ImportError("AsyncSmtpMailer needs aiosmtplib: install customer-accounts[async]")

    async def send(self, message: EmailMessage, /) -> str:
        """See `SmtpMailer.send`."""
        import aiosmtplib  # noqa: PLC0415 - an extra, needed by this class only

        envelope = _envelope_of(message)
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            start_tls=self.starttls,
            use_tls=self.tls,
            timeout=self.timeout,
            tls_context=self._trusted() if self.tls or self.starttls else None,
            local_hostname=self.local_hostname,
        )
        stages: dict[type[Exception], str] = {
            aiosmtplib.SMTPSenderRefused: "sender",
            aiosmtplib.SMTPRecipientRefused: "recipient",
            aiosmtplib.SMTPDataError: "message",
        }
        handed_over = False
        try:
            async with asyncio.timeout(WHOLE):
                await client.connect()
                if envelope.international:
                    await client.ehlo()
                    if not client.supports_extension("smtputf8"):
                        raise MailError(_NO_SMTPUTF8, permanent=True)
                await _said(client.mail(envelope.sender, options=envelope.options, encoding="utf-8"))
                await _said(client.rcpt(envelope.recipient, encoding="utf-8"))
                handed_over = True
                code, text = await _said(client.data(envelope.data))
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            return envelope.reply(code, text)
        except aiosmtplib.SMTPResponseException as error:
            raise envelope.refusal(stages.get(type(error), "session"), error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _unanswered(error, taken=handed_over) from error
        finally:
            client.close()


async def _said(asked: "Awaitable[SMTPResponse]") -> tuple[int, str]:
    """Give an answer that is a yes, of which aiosmtplib takes some for a no."""
    from aiosmtplib import SMTPResponseException  # noqa: PLC0415 - as in `AsyncSmtpMailer.send`

    try:
        answer = await asked
    except SMTPResponseException as error:
        # The usual yes is no error, unless the server said it to DATA and has not seen the message.
        if error.code in _YES and error.code != _OK:
            return error.code, error.message
        raise
    return answer.code, answer.message


def _hand_over(smtp: smtplib.SMTP, envelope: _Envelope) -> str:
    smtp.ehlo_or_helo_if_needed()
    if envelope.international and not smtp.has_extn("smtputf8"):
        raise MailError(_NO_SMTPUTF8, permanent=True)
    _expect("sender", smtp.mail(envelope.sender, envelope.options), envelope)
    _expect("recipient", smtp.rcpt(envelope.recipient), envelope)
    try:
        answer = smtp.data(envelope.data)
    except smtplib.SMTPServerDisconnected as error:
        raise _unanswered(error, taken=True) from error
    return _expect("message", answer, envelope)


def _unanswered(error: Exception, *, taken: bool) -> MailError:
    return MailError(f"no mail server: {type(error).__name__}", outage=True, taken=taken)


def _expect(what: str, answer: tuple[int, bytes], envelope: _Envelope) -> str:
    code, text = answer
    if code not in _YES:
        raise envelope.refusal(what, code, _text(text))
    return envelope.reply(code, _text(text))


def _text(reply: bytes | str) -> str:
    return reply if isinstance(reply, str) else reply.decode("utf-8", "replace")


def _envelope_of(message: EmailMessage) -> _Envelope:
    sender, recipient = _only_address(message, "From"), _only_address(message, "To")
    if "Cc" in message or "Bcc" in message:
        raise MailError("a mail has exactly one recipient", permanent=True)
    policy = message.policy
    assert isinstance(policy, EmailPolicy), "only such a policy reads addresses"
    utf8 = not (sender + recipient).isascii()
    wire = policy.clone(linesep="\r\n", utf8=utf8, cte_type="8bit" if utf8 else "7bit")
    return _Envelope(sender, recipient, message.as_bytes(policy=wire))


def _only_address(message: EmailMessage, name: str) -> str:
    headers = message.get_all(name, [])
    addresses = [one.addr_spec for header in headers for one in getattr(header, "addresses", ())]
    if len(addresses) != 1 or not _ADDRESS.fullmatch(addresses[0]):
        raise MailError(f"a mail needs exactly one readable address in {name}", permanent=True)
    return str(addresses[0])
