"""From a leased mail to a finished message, or to the reason why it is not sent."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage

from customer_accounts.mail.blocks import Letter
from customer_accounts.mail.html import html_of
from customer_accounts.mail.letter import write_letter
from customer_accounts.mail.matter import matter_of
from customer_accounts.mail.message import Envelope, message_of
from customer_accounts.mail.staleness import Stale, examine
from customer_accounts.mail.texts import SHIPPED, MailTexts
from customer_accounts.outbox import MailTask
from customer_accounts.settings import Settings


def compose(
    task: MailTask,
    settings: Settings,
    now: datetime,
    *,
    texts: MailTexts = SHIPPED,
    layout: Callable[[Letter], str] = html_of,
) -> EmailMessage | Stale:
    """Compose the mail of one task; the same task at the same time gives the same message.

    Args:
        task: the mail's row with the links and the order that belong to it.
        settings: the shop's settings: storefronts, and the secrets that make links.
        now: the date of the message, UTC; links that are dead by then make the mail stale.
        texts: the shipped texts, or a host's (see `read_mail_texts`).
        layout: makes the HTML part; it must escape what the letter holds.
    """
    fresh = examine(task, settings, now)
    if isinstance(fresh, Stale):
        return fresh
    matter = matter_of(task, fresh, settings, now)
    letter = write_letter(matter, texts)
    way_out = matter.links.get("unsubscribe", "")
    envelope = Envelope(task.mail.id, fresh.to, fresh.storefront, now, way_out)
    return message_of(letter, layout(letter), envelope)
