"""The records and their fields, each with a class of data (DP-02), compared with `docs/_data/classification.toml`."""

import tomllib
from functools import cache
from types import UnionType
from typing import get_args, get_type_hints

import attrs
from facts import DOCS

from customer_accounts.account import Company, Consent, PostalAddress
from customer_accounts.belongings import WishItem
from customer_accounts.changes import Record
from customer_accounts.claim import Carried, ClaimedAddress
from customer_accounts.evidence import TraderMatches
from customer_accounts.merge import Moved
from customer_accounts.order import Parcel, Shipment
from customer_accounts.outbox import Detail, EventRecord, MailRecord

#: Values that stand inside records.
INSIDE = (
    Company,
    Consent,
    PostalAddress,
    WishItem,
    Shipment,
    Parcel,
    Detail,
    Carried,
    ClaimedAddress,
    TraderMatches,
    Moved,
)
#: What a field may be; the texts are printed above the table.
CLASSES = {
    "secret": "useless to everybody but the shop: a hash, a digest, the input of a link",
    "personal": "says something about a person: masked in logs, left out of every repr or shown to its owner only",
    "reference": "an id or key that leads to a person together with other records",
    "business": "about an order or a company, not about a person",
    "technical": "status, times, counters, versions",
}


def record_types() -> list[type]:
    """Give all kinds of records that a storage keeps, then the values inside them."""
    union: UnionType = Record
    return [*get_args(union), MailRecord, EventRecord, *INSIDE]


@cache
def classified() -> dict[str, dict[str, str]]:
    """Give the class of each field, by record."""
    return tomllib.loads((DOCS / "_data" / "classification.toml").read_text("utf-8"))


def gaps() -> list[str]:
    """Say which fields have no class, which entries have no field, and which secrets a repr would show."""
    found: list[str] = []
    known = classified()
    for kind in record_types():
        fields = {one.name: one for one in attrs.fields(kind)}
        given = known.get(kind.__name__, {})
        found += [f"{kind.__name__}.{name} has no class" for name in fields if name not in given]
        found += [f"{kind.__name__}.{name} does not exist" for name in given if name not in fields]
        found += [
            f"{kind.__name__}.{name} is secret but in the repr"
            for name, one in fields.items()
            if given.get(name) == "secret" and one.repr and not name.endswith("digest")
        ]
    found += [
        f"{name} is no record" for name in known if name not in {one.__name__ for one in record_types()}
    ]
    found += [
        f"{value} is no class" for rows in known.values() for value in rows.values() if value not in CLASSES
    ]
    return found


def type_text(kind: type, name: str) -> str:
    """Write a field's type for people."""
    hint = get_type_hints(kind)[name]
    text = hint.__name__ if isinstance(hint, type) else str(hint)
    for prefix in ("customer_accounts.account.", "customer_accounts.belongings.", "customer_accounts.order.",
                   "customer_accounts.outbox.", "customer_accounts.evidence.",
                   "customer_accounts.token.", "customer_accounts.vat.status.",
                   "datetime.", "uuid."):  # fmt: skip
        text = text.replace(prefix, "")
    return text
