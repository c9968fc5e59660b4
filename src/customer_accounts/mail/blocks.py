"""What a letter is made of, before it is HTML or plain text.

Rules: both parts of a mail are built from the same few blocks, so they always say the same.  A block holds
finished text of one language; nothing in it is markup, and whoever renders it escapes all of it.
"""

from attrs import field, frozen


@frozen
class Paragraph:
    """One paragraph of running text."""

    text: str


@frozen
class SmallPrint:
    """A remark that may be set smaller, such as how long a link works."""

    text: str


@frozen
class Button:
    """The one thing to press; its address also stands in clear below it.

    Args:
        hint: what introduces the address in clear.
    """

    label: str
    url: str = field(repr=False)
    hint: str


@frozen
class Link:
    """A further page that needs no button."""

    label: str
    url: str = field(repr=False)


@frozen
class Code:
    """A short code to be typed elsewhere, already grouped."""

    text: str = field(repr=False)


@frozen
class Item:
    """One line of a list; *url* may be empty."""

    text: str
    url: str = ""


@frozen
class Listing:
    """Several short lines; *label* names the links of those items that have one."""

    items: tuple[Item, ...]
    label: str = ""


Block = Paragraph | SmallPrint | Button | Link | Code | Listing


@frozen
class Foot:
    """Who writes, and whom to ask: it ends every mail.

    Args:
        question: the sentence that names the contact.
        contact: the address that customers write to, as it stands in *question*.
        postal: the shop's postal address, or empty.
    """

    shop: str
    url: str
    question: str
    contact: str
    postal: str = ""


@frozen
class Letter:
    """A whole mail in one language, without its headers.

    Args:
        preview: what a mailbox shows beside the subject.
    """

    language: str
    subject: str
    preview: str
    greeting: str
    blocks: tuple[Block, ...]
    closing: str
    foot: Foot
