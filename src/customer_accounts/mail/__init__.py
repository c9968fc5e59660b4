"""Every mail that customers get: texts, composition, and when a mail is not sent any more."""

from customer_accounts.mail.blocks import (
    Block,
    Button,
    Code,
    Foot,
    Item,
    Letter,
    Link,
    Listing,
    Paragraph,
    SmallPrint,
)
from customer_accounts.mail.compose import compose
from customer_accounts.mail.html import html_of
from customer_accounts.mail.plain import plain_of
from customer_accounts.mail.staleness import Stale, StaleReason
from customer_accounts.mail.texts import SHIPPED, MailTexts, read_mail_texts

__all__ = [
    "SHIPPED",
    "Block",
    "Button",
    "Code",
    "Foot",
    "Item",
    "Letter",
    "Link",
    "Listing",
    "MailTexts",
    "Paragraph",
    "SmallPrint",
    "Stale",
    "StaleReason",
    "compose",
    "html_of",
    "plain_of",
    "read_mail_texts",
]
