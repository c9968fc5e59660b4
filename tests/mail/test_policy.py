"""The folding of headers."""

import unicodedata
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customer_accounts.mail.clean import header_text
from customer_accounts.mail.policy import MailPolicy

LONG = 'Ma, boutique "tres" <jolie> & compagnie, avec un nom long, mais vraiment tres long (et \\ plus)'


def folded(name: str, *, utf8: bool = False, user: str = "help") -> EmailMessage:
    """Give a message with this sender's name as its reader's mailbox parses it."""
    message = EmailMessage(MailPolicy(linesep="\r\n", utf8=utf8))
    message["From"] = Address(header_text(name), user, "shop.example")
    message["Subject"] = "Hello"
    assert not {"Cc", "Zl", "Zp"} & set(map(unicodedata.category, message.as_string().replace("\r\n", "")))
    return message_from_bytes(message.as_bytes(), policy=default)


@given(name=st.text(max_size=150), utf8=st.booleans())
@example(name=LONG, utf8=False)
@example(name=LONG + "é", utf8=False)
@example(name=LONG + "é", utf8=True)
@example(name="=?utf-8?q?x=0D=0ABcc=3A_y?=", utf8=False)
@example(name="ß" * 100, utf8=False)
def test_one_sender_stays_one_sender(name: str, utf8: bool) -> None:
    """CPython issue 80222: whatever the shop is called, its name and address arrive, and nothing else."""
    message = folded(name, utf8=utf8)
    assert message.keys() == ["From", "Subject"]
    (mailbox,) = message["From"].addresses
    assert mailbox.addr_spec == "help@shop.example"
    # Python leaves the bytes of a raw quoted name undecoded, and puts blanks between encoded words.
    display_name = mailbox.display_name.encode("utf-8", "surrogateescape").decode()
    assert "".join(display_name.split()) == "".join(header_text(name).split())


@pytest.mark.parametrize("name", [LONG, "é" * 60, LONG + "é"])
def test_lines_of_a_long_name_are_short_enough(name: str) -> None:
    """RFC 2047: encoded words of at most 75 characters; RFC 5322: no line of more than 998."""
    message = EmailMessage(MailPolicy(linesep="\r\n"))
    message["From"] = Address(name, "help", "shop.example")
    lines = message.as_bytes().split(b"\r\n")
    assert all(len(line) <= (78 if b"=?" in line else 998) for line in lines)


def test_long_web_address_stays_whole() -> None:
    """RFC 8058: the way out is written whole, never as an encoded word."""
    url = f"<https://shop.example/{'x' * 200}>"
    message = EmailMessage(MailPolicy(linesep="\r\n"))
    message["List-Unsubscribe"] = url
    assert f"List-Unsubscribe: {url}\r\n".encode() in message.as_bytes()
    assert f"List-Unsubscribe: {url}\r\n" in message.as_string()


def test_other_headers_are_left_to_python() -> None:
    """A subject and a sender without a name are folded as ever."""
    message = EmailMessage(MailPolicy(linesep="\r\n"))
    message["From"] = "help@shop.example"
    message["Subject"] = "Größe " * 30
    parsed = message_from_bytes(message.as_bytes(), policy=default)
    assert parsed["From"] == "help@shop.example"
    assert parsed["Subject"].split() == ["Größe"] * 30
    assert max(map(len, message.as_bytes().split(b"\r\n"))) <= 78
