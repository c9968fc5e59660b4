"""The message around a letter: headers, and the two parts.

Rules:

* The Message-ID is made from the mail's id, so that a mail that was sent twice can be told by it (RL-03).
* ``Auto-Submitted`` keeps answering machines quiet (RFC 3834); bounces still come.
* Mails about the newsletter carry the way out in one click (RFC 8058).
* An address whose local part is not ASCII makes a message that needs SMTPUTF8 (RFC 6532); any other mail is
  plain ASCII on its way.
* Every value in a header went through `header_text` or through `read_mailbox`: nothing in a record adds a
  header.
"""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import urlsplit
from uuid import UUID

from attrs import field, frozen

from customer_accounts.email_syntax import EmailFault, Mailbox, read_mailbox
from customer_accounts.mail.blocks import Letter
from customer_accounts.mail.clean import header_text
from customer_accounts.mail.plain import plain_of
from customer_accounts.mail.policy import MailPolicy
from customer_accounts.settings import Storefront


@frozen
class Envelope:
    """What the headers say around a letter.

    Args:
        mail_id: the mail's id, which makes the Message-ID.
        date: the date of the message, UTC.
        unsubscribe: the address of the way out of the newsletter, or empty.
    """

    mail_id: UUID
    to: Mailbox = field(repr=False)
    storefront: Storefront
    date: datetime
    unsubscribe: str = field(default="", repr=False)


def message_of(letter: Letter, html: str, envelope: Envelope) -> EmailMessage:
    """Put a letter and its finished HTML part into a message."""
    to, storefront = envelope.to, envelope.storefront
    contact = _own_mailbox(storefront.contact)
    sender = _own_mailbox(storefront.sender or storefront.contact)
    international = not all(box.address.isascii() for box in (to, contact, sender))
    message = EmailMessage(MailPolicy(linesep="\r\n", utf8=international))
    message["Message-ID"] = f"<{envelope.mail_id}@{_host_of(storefront)}>"
    message["Date"] = envelope.date
    message["From"] = _address(sender, header_text(storefront.name))
    if sender != contact:
        message["Reply-To"] = _address(contact)
    message["To"] = _address(to)
    message["Subject"] = header_text(letter.subject)
    message["Auto-Submitted"] = "auto-generated"
    # The answering machine of Exchange knows this header only; DR and NDR stay allowed, they are bounces.
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    _fill(message, plain_of(letter), html, f"=_{envelope.mail_id.hex}")
    # After the parts: making them takes the Content headers away.
    message["Content-Language"] = letter.language
    return message


def _fill(message: EmailMessage, plain: str, html: str, boundary: str) -> None:
    # Quoted-printable never yields "=_", so the boundary is in no part.
    message.set_content(plain, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(boundary)


def _own_mailbox(address: str) -> Mailbox:
    mailbox = read_mailbox(address)
    assert not isinstance(mailbox, EmailFault)  # a `Storefront` has read it before
    return mailbox


def _address(mailbox: Mailbox, name: str = "") -> Address:
    return Address(name, mailbox.local_part, mailbox.domain)


def _host_of(storefront: Storefront) -> str:
    host = urlsplit(storefront.base_url).hostname or "localhost"
    if ":" in host:
        return f"[IPv6:{host}]"
    return host if host.isascii() else host.encode("idna").decode()
