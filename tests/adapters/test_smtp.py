"""The mailers against a real mail server."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from customer_accounts.accounts.mail_delivery import LEASE
from customer_accounts.adapters import smtp, smtp_in_time
from customer_accounts.adapters.smtp import AsyncSmtpMailer, SmtpMailer
from customer_accounts.adapters.smtp_in_time import WHOLE
from customer_accounts.errors import SettingsError
from customer_accounts.ports import MailError
from customer_accounts.testing.mailbox import Fault, Mailbox

TO = "anna@mail.example"

Mailer = SmtpMailer | AsyncSmtpMailer
Make = Callable[..., Mailer]


def send(mailer: Mailer, message: EmailMessage) -> str:
    """Send with either mailer."""
    if isinstance(mailer, SmtpMailer):
        return mailer.send(message)
    return asyncio.run(_sent(mailer, message))


async def _sent(mailer: AsyncSmtpMailer, message: EmailMessage) -> str:
    """Send, and let the loop finish: a connection that was given up is closed in its next rounds."""
    try:
        return await mailer.send(message)
    finally:
        for _ in range(5):
            await asyncio.sleep(0)


def refused(mailer: Mailer, message: EmailMessage) -> MailError:
    """Give the error of a mail that could not be handed over."""
    with pytest.raises(MailError) as caught:
        send(mailer, message)
    return caught.value


def letter(to: str = TO, body: str = "Hello\n") -> EmailMessage:
    """Make a small message."""
    message = EmailMessage(policy=WIRE)
    user, _, domain = to.rpartition("@")
    message["From"] = "mail@shop.example"
    message["To"] = Address("", user, domain)
    message["Message-ID"] = "<1@shop.example>"
    message["Subject"] = "A letter"
    message.set_content(body)
    return message


@contextmanager
def server(*answers: bytes, greeting: bytes = b"220 hello\r\n") -> Iterator[int]:
    """Answer each line with the next of *answers*, then end the connection; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(greeting)
                for answer in answers:
                    if not lines.readline():
                        return
                    connection.sendall(answer)

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)


@contextmanager
def trickling_server() -> Iterator[int]:
    """Answer with one byte after the other, for as long as somebody listens; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        gone = threading.Event()

        def talk() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(b"220 ")
                while not gone.wait(0.02):
                    connection.sendall(b"x")

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            gone.set()
            thread.join(5)


@pytest.fixture(name="mailbox", scope="module")
def _mailbox() -> Iterator[Mailbox]:
    """A mail server."""
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture(name="authority", scope="module")
def _authority() -> trustme.CA:
    """A certificate authority that nobody else trusts."""
    return trustme.CA()


@pytest.fixture(name="make", params=[SmtpMailer, AsyncSmtpMailer])
def _make(request: pytest.FixtureRequest) -> Make:
    """Both mailers, one after the other."""
    kind: type[Mailer] = request.param
    return lambda host="127.0.0.1", port=25, **options: kind(host, port, **options)


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """Give the TLS settings of a server on this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    """Give the TLS settings of a client that trusts that server."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_message_arrives_with_the_servers_reply(make: Make, mailbox: Mailbox) -> None:
    """The server gets the message word for word, and its reply is kept."""
    mailbox.clear()
    reply = send(make(port=mailbox.port), letter())
    assert reply == "250 2.0.0 taken as 1"
    assert mailbox.last(TO)["Subject"] == "A letter"
    assert mailbox.last(TO).get_content() == "Hello\n"


def test_lines_that_begin_with_a_dot_arrive_whole(make: Make, mailbox: Mailbox) -> None:
    """RFC 5321 4.5.2: a lone dot does not end the message."""
    mailbox.clear()
    body = ".\n..\n.hidden\nend\n"
    send(make(port=mailbox.port), letter(body=body))
    assert mailbox.last(TO).get_content() == body


@pytest.mark.parametrize(
    ("fault", "permanent", "reason"),
    [
        (Fault.REFUSE_RECIPIENT, True, "recipient refused: 550 5.1.1 <…> no such mailbox"),
        (Fault.REFUSE_MESSAGE, True, "message refused: 554 5.6.0 message refused"),
        (Fault.TEMPORARY_FAILURE, False, "recipient refused: 451 4.3.0 try again later"),
        (Fault.DROP_CONNECTION, False, "no mail server: SMTPServerDisconnected"),
        (Fault.LOSE_ANSWER, False, "no mail server: SMTPServerDisconnected"),
    ],
)
def test_faults_of_the_server(
    make: Make, mailbox: Mailbox, fault: Fault, permanent: bool, reason: str
) -> None:
    """RL-06, RL-07: a refusal for good is told from a fault that passes, and the reason names nobody."""
    mailbox.clear()
    with mailbox.failing(fault):
        error = refused(make(port=mailbox.port), letter())
    assert (error.reason, error.permanent) == (reason, permanent)
    assert error.taken is (fault in (Fault.LOSE_ANSWER, Fault.DROP_CONNECTION))
    assert len(mailbox.messages) == (1 if fault is Fault.LOSE_ANSWER else 0)
    assert send(make(port=mailbox.port), letter()).startswith("250")


def test_slow_server_is_given_up(make: Make, mailbox: Mailbox) -> None:
    """A server that does not answer in time is a fault that passes."""
    with mailbox.failing(Fault.HANG):
        error = refused(make(port=mailbox.port, timeout=0.2), letter())
    assert not error.permanent
    assert error.reason.startswith("no mail server: ")


@pytest.mark.parametrize("whole", [0.0, 0.3])
def test_a_message_has_its_time(
    make: Make, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, whole: float
) -> None:
    """RL-04: whatever the timeout of one answer, a server is given up before another worker may send the mail."""
    assert timedelta(seconds=WHOLE) < LEASE / 2
    for module in (smtp, smtp_in_time):
        monkeypatch.setattr(module, "WHOLE", whole)
    with mailbox.failing(Fault.HANG):
        error = refused(make(port=mailbox.port, timeout=3600), letter())
    assert (error.permanent, error.outage) == (False, True)


def test_an_answer_byte_by_byte_has_its_time(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """RL-04: a server that keeps sending, and never ends its answer, is given up like one that is silent."""
    for module in (smtp, smtp_in_time):
        monkeypatch.setattr(module, "WHOLE", 0.3)
    with trickling_server() as port:
        error = refused(make(port=port, timeout=3600), letter())
    assert (error.permanent, error.outage) == (False, True)


@pytest.mark.parametrize("code", [b"251", b"252"])
def test_whatever_begins_with_2_is_a_yes(make: Make, code: bytes) -> None:
    """RL-03: the first digit tells (RFC 5321, 4.2.1); a mail that was taken is not sent again for the other two."""
    body = letter(body="x\n").as_bytes().count(b"\n")
    lines = [b""] * body + [code + b" taken\r\n"]
    yes = code + b" ok\r\n"
    with server(b"250 hello\r\n", yes, yes, b"354 go on\r\n", *lines, b"221 bye\r\n") as port:
        assert send(make(port=port), letter(body="x\n")) == f"{code.decode()} taken"


def test_no_server_at_all(make: Make) -> None:
    """A connection that is refused is a fault that passes."""
    with Mailbox() as gone:
        port = gone.port
    error = refused(make(port=port), letter())
    assert not error.permanent
    assert error.__cause__ is not None


def test_server_that_greets_with_a_refusal(make: Make) -> None:
    """A server that refuses to talk may talk later, whatever its code."""
    with server(greeting=b"554 not now\r\n") as port:
        error = refused(make(port=port), letter())
    assert not error.permanent


@pytest.mark.parametrize("code", [b"450", b"550"])
def test_refused_sender_may_be_mended(make: Make, code: bytes) -> None:
    """The operator can mend a sender that the server refuses, so the mail is kept."""
    with server(b"250 hello\r\n", code + b" not you\r\n") as port:
        error = refused(make(port=port), letter())
    assert not error.permanent
    assert error.reason == f"sender refused: {code.decode()} not you"


@pytest.mark.parametrize(("code", "permanent"), [(b"554", True), (b"452", False)])
def test_refused_data_command(make: Make, code: bytes, permanent: bool) -> None:
    """A server may refuse the message before it has seen it."""
    with server(b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", code + b" no room\r\n") as port:
        error = refused(make(port=port), letter())
    assert error.permanent is permanent
    assert error.reason == f"message refused: {code.decode()} no room"


@pytest.mark.parametrize(("code", "outage"), [(b"421", True), (b"450", False), (b"550", False)])
def test_a_server_that_closes_is_an_outage(make: Make, code: bytes, outage: bool) -> None:
    """421 at any step says that no mail is taken now; other refusals are about this mail."""
    with server(b"250 hello\r\n", code + b" no\r\n") as port:
        error = refused(make(port=port), letter())
    assert (error.outage, error.permanent) == (outage, False)


def test_failing_goodbye_is_no_failure(make: Make) -> None:
    """RL-03: a mail that the server took is sent, even if the server is gone a moment later."""
    body = letter(body="x\n").as_bytes().count(b"\n")
    lines = [b""] * body + [b"250 taken\r\n"]
    with server(b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", *lines) as port:
        assert send(make(port=port), letter(body="x\n")) == "250 taken"


def test_address_that_is_not_ascii(make: Make, mailbox: Mailbox) -> None:
    """RFC 6531: an international address travels as UTF-8, envelope and headers."""
    mailbox.clear()
    to = "jürgen@mail.example"
    send(make(port=mailbox.port), letter(to))
    assert mailbox.to(to)
    assert f"To: {to}\r\n".encode() in mailbox.raw[0]


def test_server_without_international_addresses(make: Make) -> None:
    """A server that lacks SMTPUTF8 will not learn it by trying again."""
    with Mailbox(enable_SMTPUTF8=False) as mailbox:
        error = refused(make(port=mailbox.port), letter("jürgen@mail.example"))
        assert send(make(port=mailbox.port), letter()).startswith("250")
        assert len(mailbox.messages) == 1
    assert error.permanent
    assert "SMTPUTF8" in error.reason


def test_body_in_8_bits_needs_no_extension(make: Make, mailbox: Mailbox) -> None:
    """A message of a host with an 8-bit body goes out in 7 bits."""
    mailbox.clear()
    message = letter()
    message.set_content("Größe\n", cte="8bit")
    send(make(port=mailbox.port), message)
    assert mailbox.raw[0].isascii()
    assert mailbox.last(TO).get_content() == "Größe\n"


def _without(name: str) -> EmailMessage:
    message = letter()
    del message[name]
    return message


def _with(name: str, value: str) -> EmailMessage:
    message = _without(name)
    message[name] = value
    return message


@pytest.mark.parametrize(
    "message",
    [
        _without("To"),
        _without("From"),
        _with("To", "a@mail.example, b@mail.example"),
        _with("Cc", "b@mail.example"),
        _with("Bcc", "b@mail.example"),
        _with("To", "anna"),
        _with("To", '"a b"@mail.example'),
        _with("To", '"a>b"@mail.example'),
        _with("From", "a@mail.example, b@mail.example"),
    ],
)
def test_message_without_one_plain_recipient_is_refused(
    make: Make, mailbox: Mailbox, message: EmailMessage
) -> None:
    """EM-01: exactly one recipient, and nothing in an address that could be a command."""
    mailbox.clear()
    error = refused(make(port=mailbox.port), message)
    assert error.permanent
    assert mailbox.messages == []


def test_starttls(make: Make, authority: trustme.CA) -> None:
    """With STARTTLS and a password, both are used, in this order."""
    seen: list[tuple[str, bytes, bytes]] = []

    def authenticate(
        _server: SMTP, session: Session, _envelope: Envelope, _how: str, data: LoginPassword
    ) -> AuthResult:
        seen.append((type(session.ssl).__name__, data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)

    context = server_context(authority)
    with Mailbox(
        tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True
    ) as mailbox:
        trusted = {"starttls": True, "context": client_context(authority), "username": "shop"}
        assert send(make(port=mailbox.port, password="right", **trusted), letter()).startswith("250")
        error = refused(make(port=mailbox.port, password="wrong", **trusted), letter())
        assert not error.permanent
        assert "535" in error.reason
        assert "wrong" not in error.reason
    assert seen[0] == ("dict", b"shop", b"right")


def test_certificate_that_nobody_trusts(make: Make, authority: trustme.CA) -> None:
    """Without trust in its certificate, a server gets nothing."""
    with Mailbox(tls_context=server_context(authority)) as mailbox:
        error = refused(make(port=mailbox.port, starttls=True), letter())
        assert mailbox.messages == []
    assert not error.permanent


def test_server_without_starttls(make: Make, mailbox: Mailbox) -> None:
    """Where STARTTLS is asked for and missing, nothing is sent in clear."""
    mailbox.clear()
    error = refused(make(port=mailbox.port, starttls=True), letter())
    assert not error.permanent
    assert mailbox.messages == []


def test_tls_from_the_first_byte(make: Make, mailbox: Mailbox, authority: trustme.CA) -> None:
    """With *tls*, a server that speaks in clear gets nothing, and one that speaks TLS gets the mail."""
    mailbox.clear()
    trusted = client_context(authority)
    assert not refused(make(port=mailbox.port, tls=True, context=trusted, timeout=2), letter()).permanent
    assert mailbox.messages == []
    with Mailbox(implicit_tls=server_context(authority)) as secure:
        assert send(make(port=secure.port, tls=True, context=trusted), letter()).startswith("250")
        assert not refused(make(port=secure.port, tls=True), letter()).permanent
        assert len(secure.messages) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"tls": True, "starttls": True},
        {"username": "shop"},
        {"password": "secret"},
        {"host": "mail.example", "username": "shop", "password": "secret"},
    ],
)
def test_options_that_contradict_or_expose(make: Make, options: dict[str, str]) -> None:
    """A password never travels in clear to another machine; contradictions are told at once."""
    with pytest.raises(SettingsError) as caught:
        make(**options)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1])
def test_timeout_is_positive(make: Make, timeout: float) -> None:
    """A worker never waits for ever."""
    with pytest.raises(ValueError, match="timeout"):
        make(timeout=timeout)


def test_password_stays_out_of_the_repr(make: Make) -> None:
    """LG-01: no repr shows the password."""
    mailer = make(username="shop", password="sesame-open", starttls=True)
    assert "shop" in repr(mailer)
    assert "sesame-open" not in repr(mailer)


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without aiosmtplib the async mailer says which extra to install, and the sync one works."""
    monkeypatch.setattr("customer_accounts.adapters.smtp.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"customer-accounts\[async\]"):
        AsyncSmtpMailer("127.0.0.1")
    assert SmtpMailer("127.0.0.1").port == 25
