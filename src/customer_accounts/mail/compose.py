"""From a leased mail to a finished message, or to the reason why it is not sent."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage

from customer_accounts.email_syntax import Mailbox, read_mailbox
from customer_accounts.mail.blocks import Letter
from customer_accounts.mail.html import html_of
from customer_accounts.mail.letter import write_letter
from customer_accounts.mail.matter import matter_of
from customer_accounts.mail.message import message_of
from customer_accounts.mail.staleness import Stale, why_stale
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
        now: the date of the message, UTC; links that are dead by then make the mail stale.
        texts: the shipped texts, or a host's (see `read_mail_texts`).
        layout: makes the HTML part; it must escape what the letter holds.

    Raises:
        SettingsError: the storefront's sender or contact is not one e-mail address.
    """
    stale = why_stale(task, settings, now)
    if stale is not None:
        return stale
    storefront = settings.storefront_at(task.mail.storefront)
    to = read_mailbox(task.mail.to)
    assert storefront is not None and isinstance(to, Mailbox), "a mail without them is stale"
    matter = matter_of(task, settings, storefront, now)
    letter = write_letter(matter, texts)
    return message_of(
        letter,
        layout(letter),
        mail_id=task.mail.id,
        to=to,
        storefront=storefront,
        now=now,
        unsubscribe=matter.links.get("unsubscribe", ""),
    )
