"""What one mail is about: the words, links and lists that its text needs, taken from the records.

Rules:

* Only what the shop or the system made goes in: order numbers, parcels, dates, counts, display names of providers, and
  the masked new address, which goes to the proven old one only.  No name that a customer typed is in any mail, because
  whoever typed it may not be who reads it (LG-05).
* Links begin with the storefront's configured address (TK-10); their text is computed here and stored nowhere (TK-02).
* A word that is missing in the records is shown as an ellipsis: a notice that something changed must not get stuck on
  a missing detail.
"""

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from customer_accounts.email_syntax import Mailbox, read_mailbox
from customer_accounts.mail.blocks import Item
from customer_accounts.mail.clean import clean, safe_url
from customer_accounts.mail.localised import date_text, duration_text
from customer_accounts.mail.staleness import working_link
from customer_accounts.order import OrderRecord, OrderStatus, Parcel, Shipment
from customer_accounts.outbox import MailPurpose, MailRecord, MailTask
from customer_accounts.settings import LINK_OF, Settings, Storefront
from customer_accounts.token import Purpose, TokenRecord, link_text, short_code
from customer_accounts.wording import known_locale

PROVIDERS = {"google": "Google", "google+": "Google", "facebook": "Facebook"}

#: Pages that need no token.
_PAGES = ("sign_in", "register", "forgotten", "account")


@frozen
class Matter:
    """What one mail is about.

    Args:
        words: what the placeholders of its texts stand for.
        links: full addresses by name; ``link`` is the mail's own one-time link, ``unsubscribe`` the way out.
        lists: the lines of its lists by name.
        flags: which of the optional parts it has.
        variants: which forms of a text to look for, the most telling first.
        code: the short code, grouped, or empty.
    """

    purpose: MailPurpose
    language: str
    storefront: Storefront
    words: Mapping[str, str]
    links: Mapping[str, str]
    lists: Mapping[str, tuple[Item, ...]]
    flags: frozenset[str]
    variants: tuple[str, ...] = ()
    code: str = ""


def matter_of(task: MailTask, settings: Settings, storefront: Storefront, now: datetime) -> Matter:
    """Gather what a mail is about; the mail must not be stale."""
    mail = task.mail
    language = known_locale(mail.locale) or "en"
    links = {page: storefront.url(page) for page in _PAGES} | _own_links(task, settings, storefront, now)
    code = _code_of(task, settings, now)
    lists = {"identities": _identities(mail), "parcels": _parcels(task)}
    flags = {name for name, given in (*links.items(), *lists.items(), ("code", code)) if given}
    return Matter(
        purpose=mail.purpose,
        language=language,
        storefront=storefront,
        words=_words(task, settings, storefront, language),
        links=links,
        lists=lists,
        flags=frozenset(flags | _flags_of_order(task)),
        variants=_variants(task),
        code=code,
    )


def shipment_of(task: MailTask) -> Shipment | None:
    """Give the shipment that a tracking mail is about."""
    shipments = task.order.shipments if task.order else ()
    return next((one for one in shipments if one.id == task.mail.shipment_id), None)


def _own_links(task: MailTask, settings: Settings, storefront: Storefront, now: datetime) -> dict[str, str]:
    mailbox = read_mailbox(task.mail.to)
    assert isinstance(mailbox, Mailbox), "a stale mail has no matter"
    named = {"link": task.token, "unsubscribe": task.extra_token}
    return {
        name: _url_of(token, settings, storefront)
        for name, token in named.items()
        if token is not None and working_link(token, mailbox, settings, now) is None
    }


def _secret_of(token: TokenRecord, settings: Settings) -> bytes:
    secret = settings.secret_named(token.key_id)
    assert secret is not None, "a link without its secret does not work"
    return secret


def _url_of(token: TokenRecord, settings: Settings, storefront: Storefront) -> str:
    text = link_text(_secret_of(token, settings), token.purpose, token.token_id)
    return storefront.url(LINK_OF[token.purpose], text)


def _code_of(task: MailTask, settings: Settings, now: datetime) -> str:
    # A mail that was held up for longer than the code works shows the link only.
    token = task.token
    if token is None or token.purpose is not Purpose.CONFIRM_REGISTRATION:
        return ""
    if now > token.created_at + settings.code_lifetime:
        return ""
    code = short_code(_secret_of(token, settings), token.token_id)
    return f"{code[:4]}-{code[4:]}"


def _words(task: MailTask, settings: Settings, storefront: Storefront, language: str) -> dict[str, str]:
    words = {
        "shop": clean(storefront.name),
        "contact": storefront.contact,
        "code_lifetime": duration_text(settings.code_lifetime, language),
        "claimed": clean(task.mail.detail("claimed")),
        "new_address": clean(task.mail.detail("new_address")),
        "provider": _display(task.mail.detail("provider")),
    }
    if task.token is not None:
        words["lifetime"] = duration_text(task.token.expires_at - task.token.created_at, language)
    if task.order is not None:
        words["number"] = clean(task.order.number)
        words["placed_on"] = date_text(task.order.placed_at, language)
    shipment = shipment_of(task)
    if shipment is not None:
        words["shipped_on"] = date_text(shipment.shipped_at, language)
    return {name: word or "…" for name, word in words.items()}


def _display(provider: str) -> str:
    return PROVIDERS.get(provider.strip().lower(), clean(provider))


def _identities(mail: MailRecord) -> tuple[Item, ...]:
    names = (_display(one) for one in mail.detail("identities").split(","))
    return tuple(Item(name) for name in dict.fromkeys(names) if name)


def _parcels(task: MailTask) -> tuple[Item, ...]:
    shipment = shipment_of(task)
    return tuple(_line_of(one) for one in shipment.parcels) if shipment else ()


def _line_of(parcel: Parcel) -> Item:
    parts = (clean(parcel.carrier), clean(parcel.tracking_number))
    return Item(" – ".join(part for part in parts if part) or "…", safe_url(parcel.url))


def _flags_of_order(task: MailTask) -> set[str]:
    order, shipment = task.order, shipment_of(task)
    flags = set() if order is None else {"owned" if order.owner else "guest"}
    return flags | ({"corrected"} if shipment and shipment.corrected else set())


def _variants(task: MailTask) -> tuple[str, ...]:
    mail = task.mail
    match mail.purpose:
        case MailPurpose.ACCOUNT_OPENED:
            claimed = mail.detail("claimed")
            return (_counted(int(claimed)),) if claimed.isdecimal() and claimed.isascii() else ("none",)
        case MailPurpose.EMAIL_CHANGED:
            return ("old" if mail.detail("audience") == "old" else "new",)
        case MailPurpose.ORDER_STATUS if task.order is not None:
            return (_status(mail, task.order),)
        case MailPurpose.TRACKING:
            shipment = shipment_of(task)
            counted = _counted(len(shipment.parcels) if shipment else 0)
            return ("corrected", counted) if shipment and shipment.corrected else (counted,)
        case _:
            return ()


def _counted(count: int) -> str:
    return {0: "none", 1: "one"}.get(count, "several")


def _status(mail: MailRecord, order: OrderRecord) -> str:
    # The status that was queued, so that two mails in a row do not both tell the latest.
    told = mail.detail("status")
    return told if told in tuple(OrderStatus) else order.status.value
