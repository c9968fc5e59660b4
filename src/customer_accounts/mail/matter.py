"""What one mail is about: the words, links and lists that its text needs, taken from the records.

Rules:

* Only what the shop or the system made goes in: order numbers, parcels, dates, counts, display names of
  providers, and the masked new address, which goes to the proven old one only.  No name that a customer
  typed is in any mail, because whoever typed it may not be who reads it (LG-05).
* Links begin with the storefront's configured address (TK-10); their text is computed here and stored
  nowhere (TK-02).
* A word that is missing in the records is shown as an ellipsis: a notice that something changed must not
  get stuck on a missing detail.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from customer_accounts.mail.blocks import Item
from customer_accounts.mail.clean import clean, safe_url
from customer_accounts.mail.localised import amount_text, date_text, duration_text
from customer_accounts.mail.staleness import Fresh, WorkingLink
from customer_accounts.order import OrderRecord, OrderStatus, Parcel, Shipment
from customer_accounts.outbox import MailPurpose, MailRecord, MailTask
from customer_accounts.settings import LINK_OF, Settings, Storefront
from customer_accounts.token import Purpose, link_text, short_code
from customer_accounts.wording import known_locale

PROVIDERS = {"google": "Google", "google+": "Google", "facebook": "Facebook"}

#: Mails that tell how many orders joined or left.
COUNTED = frozenset({MailPurpose.ACCOUNT_OPENED, MailPurpose.GUEST_ORDERS_CLAIMED, MailPurpose.CLAIM_UNDONE})

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
    links: Mapping[str, str] = field(repr=False)
    lists: Mapping[str, tuple[Item, ...]]
    flags: frozenset[str]
    variants: tuple[str, ...] = ()
    code: str = field(default="", repr=False)


def matter_of(task: MailTask, fresh: Fresh, settings: Settings, now: datetime) -> Matter:
    """Gather what a mail is about."""
    language = known_locale(task.mail.locale) or "en"
    links = _links(fresh)
    lists = {"identities": _identities(task.mail), "parcels": _parcels(fresh.shipment)}
    code = _code(fresh.link, settings, now)
    flags = {name for name, given in (*links.items(), *lists.items(), ("code", code)) if given}
    return Matter(
        purpose=task.mail.purpose,
        language=language,
        storefront=fresh.storefront,
        words=_words(task, fresh, settings, language),
        links=links,
        lists=lists,
        flags=frozenset(flags | _flags_of_order(task, fresh.shipment)),
        variants=_variants(task, fresh.shipment),
        code=code,
    )


def _links(fresh: Fresh) -> dict[str, str]:
    links = {page: fresh.storefront.url(page) for page in _PAGES}
    for name, link in (("link", fresh.link), ("unsubscribe", fresh.way_out)):
        if link is not None:
            text = link_text(link.secret, link.token.purpose, link.token.token_id)
            links[name] = fresh.storefront.url(LINK_OF[link.token.purpose], text)
    return links


def _code(link: WorkingLink | None, settings: Settings, now: datetime) -> str:
    # A mail that was held up for longer than the code works shows the link only.
    if link is None or link.token.purpose is not Purpose.CONFIRM_REGISTRATION:
        return ""
    if now > link.token.created_at + settings.code_lifetime:
        return ""
    code = short_code(link.secret, link.token.token_id)
    return f"{code[:4]}-{code[4:]}"


def _words(task: MailTask, fresh: Fresh, settings: Settings, language: str) -> dict[str, str]:
    mail, order = task.mail, task.order
    words = {
        "shop": clean(fresh.storefront.name),
        "contact": fresh.storefront.contact,
        "code_lifetime": duration_text(settings.code_lifetime, language),
        "claimed": clean(mail.detail("claimed")),
        "new_address": clean(mail.detail("new_address")),
        "provider": _display(mail.detail("provider")),
        "refund": amount_text(clean(mail.detail("refund")), language),
        "vat_number": clean(mail.detail("vat_number")),
    }
    if fresh.link is not None:
        token = fresh.link.token
        words["lifetime"] = duration_text(token.expires_at - token.created_at, language)
    if order is not None:
        words |= {"number": clean(order.number), "placed_on": date_text(order.placed_at, language)}
    if fresh.shipment is not None:
        words["shipped_on"] = date_text(fresh.shipment.shipped_at, language)
    return {name: word or "…" for name, word in words.items()}


def _display(provider: str) -> str:
    return PROVIDERS.get(provider.strip().lower(), clean(provider))


def _identities(mail: MailRecord) -> tuple[Item, ...]:
    names = (_display(one) for one in mail.detail("identities").split(","))
    return tuple(Item(name) for name in dict.fromkeys(names) if name)


def _parcels(shipment: Shipment | None) -> tuple[Item, ...]:
    return tuple(map(_line_of, shipment.parcels)) if shipment else ()


def _line_of(parcel: Parcel) -> Item:
    parts = (clean(parcel.carrier), clean(parcel.tracking_number))
    return Item(" \N{EN DASH} ".join(part for part in parts if part) or "…", safe_url(parcel.url))


def _flags_of_order(task: MailTask, shipment: Shipment | None) -> set[str]:
    # The mail's own account counts: the account of an order may be closed, and then a guest is written to.
    flags = set() if task.order is None else {"owned" if task.mail.account_id else "guest"}
    return flags | ({"corrected"} if shipment and shipment.corrected else set())


def _variants(task: MailTask, shipment: Shipment | None) -> tuple[str, ...]:
    mail, order = task.mail, task.order
    if mail.purpose in COUNTED:
        return (_counted(_number(mail.detail("claimed"))),)
    if mail.purpose in (
        MailPurpose.REQUEST_QUESTION,
        MailPurpose.REQUEST_REFUSED,
        MailPurpose.SET_PASSWORD,
        MailPurpose.VAT_CORRECTED,
    ):
        return (mail.detail("variant"),)
    if mail.purpose is MailPurpose.ACCOUNTS_MERGED:
        return ("absorbed" if mail.detail("audience") == "absorbed" else "surviving",)
    if mail.purpose is MailPurpose.EMAIL_CHANGED:
        return ("old" if mail.detail("audience") == "old" else "new",)
    if shipment is not None:
        counted = _counted(len(shipment.parcels))
        return ("corrected", counted) if shipment.corrected else (counted,)
    return (_status(mail, order),) if order else ()


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0


def _counted(count: int) -> str:
    return {0: "none", 1: "one"}.get(count, "several")


def _status(mail: MailRecord, order: OrderRecord) -> str:
    # The status that was queued, so that two mails in a row do not both tell the latest.
    told = mail.detail("status")
    return told if told in tuple(OrderStatus) else order.status.value
