"""From the rows that came to facts: records put together and in their order."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from customer_accounts.adapters.sql.fields import Values
from customer_accounts.adapters.sql.layout import Prepared
from customer_accounts.adapters.sql.mapping import (
    ACCOUNTS,
    ADDRESSES,
    CLAIMS,
    EVENTS,
    IDENTITIES,
    MAILS,
    MERGES,
    ORDER_VAT,
    ORDERS,
    PROPOSALS,
    REGISTRATIONS,
    REQUESTS,
    SUBSCRIPTIONS,
    TOKENS,
    VAT_CHECKS,
    VAT_EVIDENCE,
    VAT_PAUSES,
    WISH_LISTS,
    Node,
)
from customer_accounts.adapters.sql.reading_history import history_records
from customer_accounts.facts import Facts, Part
from customer_accounts.history import History
from customer_accounts.order import GuestOrderGroup

#: Names the row that comes where nobody has an address (`stand_in`).
NOBODYS = "nobody's account"


def answer(question: Prepared, rows: Sequence[Values], history: History | None = None) -> Facts:
    """Make facts of the rows that came; *history* is the scope's."""
    if not rows:
        return _NOTHING
    found = question.sorted(rows)
    if NOBODYS in found:
        _records(ACCOUNTS, {ACCOUNTS: found[NOBODYS]})
    given: dict[str, Any] = {
        part: _records(of, found) for of in found if (part := _PARTS.get(of)) is not None
    }
    for part in _NEWEST_FIRST.intersection(given):
        given[part] = given[part][::-1]
    if Part.GUEST_ORDERS in found:
        given[Part.GUEST_ORDERS] = _groups(found[Part.GUEST_ORDERS])
    if history is not None:
        given[Part.HISTORY] = history_records(history, found)
    return Facts(**given)


def _groups(rows: Sequence[Values]) -> tuple[GuestOrderGroup, ...]:
    return tuple(sorted((GuestOrderGroup(*row) for row in rows), key=_group_key))


def _group_key(one: GuestOrderGroup) -> tuple[str, bool, bool, str, str]:
    return one.email_key, one.recent, one.disputed, one.name, str(one.owner or "")


def _records(node: Node, found: Mapping[Any, list[Values]]) -> tuple[Any, ...]:
    return tuple(sorted(node.records(found), key=_ORDER[node]))


#: The order in which records of a kind are given, oldest first where they have an age.
_ORDER: dict[Node, Callable[[Any], Any]] = {
    ACCOUNTS: attrgetter("created_at", "id"),
    REGISTRATIONS: attrgetter("created_at", "id"),
    TOKENS: attrgetter("created_at", "digest"),
    IDENTITIES: attrgetter("linked_at", "provider", "subject"),
    ORDERS: attrgetter("placed_at", "reference"),
    ADDRESSES: attrgetter("created_at", "id"),
    WISH_LISTS: attrgetter("created_at", "id"),
    SUBSCRIPTIONS: attrgetter("account_id"),
    VAT_CHECKS: attrgetter("due_at", "number"),
    VAT_EVIDENCE: attrgetter("checked_at", "id"),
    ORDER_VAT: attrgetter("recorded_at", "reference"),
    VAT_PAUSES: attrgetter("register"),
    EVENTS: attrgetter("at", "id"),
    CLAIMS: attrgetter("at", "id"),
    REQUESTS: attrgetter("created_at", "id"),
    PROPOSALS: attrgetter("created_at", "id"),
    MERGES: attrgetter("at", "id"),
    MAILS: attrgetter("queued_at", "id"),
}

#: Where the records of a kind stand in the facts.
_PARTS: dict[Hashable, Part] = {
    ACCOUNTS: Part.ACCOUNTS,
    REGISTRATIONS: Part.REGISTRATIONS,
    TOKENS: Part.TOKENS,
    IDENTITIES: Part.IDENTITIES,
    ORDERS: Part.ORDERS,
    ADDRESSES: Part.ADDRESSES,
    WISH_LISTS: Part.WISH_LISTS,
    SUBSCRIPTIONS: Part.SUBSCRIPTIONS,
    VAT_CHECKS: Part.VAT_CHECKS,
    VAT_EVIDENCE: Part.VAT_EVIDENCE,
    ORDER_VAT: Part.ORDER_VAT,
    VAT_PAUSES: Part.VAT_PAUSES,
    EVENTS: Part.EVENTS,
    CLAIMS: Part.CLAIMS,
    REQUESTS: Part.REQUESTS,
    PROPOSALS: Part.PROPOSALS,
    MERGES: Part.MERGES,
    MAILS: Part.MAILS,
}
_NEWEST_FIRST = frozenset({Part.ORDERS, Part.VAT_EVIDENCE, Part.ORDER_VAT})
_NOTHING = Facts()
