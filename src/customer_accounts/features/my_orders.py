"""The orders of an account: how far each is, and all that there were (F07, F08).

* `MyOrders` shows them from the newest on, a page at a time; `MyOrder` shows one with its parcels.
* Only the account's own orders are ever shown: an order of somebody else and one that does not exist are
  answered alike, NOT_FOUND (AZ-01).
* The cursor of `MyOrders` is the place of a row and no permission; one that was tampered with is NOT_FOUND
  or another place among the account's own orders.

Refusals: NOT_FOUND.
"""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from attrs import frozen
from pydantic import Field, StringConstraints

from customer_accounts.actors import SignedInCustomer
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.features.acting import acting
from customer_accounts.inputs import Reference
from customer_accounts.order import OrderRecord, OrderStatus, Shipment
from customer_accounts.refusals import Reason

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A key is a reference, with the name of its kind before it where a list has several kinds.
_CURSOR = re.compile(r"([0-9]{1,17}) ([^\x00]{1,214})\Z", re.DOTALL)


@frozen
class OrderView:
    """An order as its owner sees it; lines and amounts are the host's."""

    reference: str
    number: str
    placed_at: datetime
    status: OrderStatus
    status_at: datetime
    shipments: tuple[Shipment, ...]


@frozen
class OrderPage:
    """One page of orders, the newest first; ``next`` goes into `MyOrders.after`, None at the end."""

    orders: tuple[OrderView, ...]
    next: str | None


class MyOrders(Command):
    """Show the account's orders, a page at a time (F08).

    Args:
        after: the ``next`` of the page before, or None for the first page.
        limit: orders on a page, 1 to 100; a page of 100 may be followed by an empty one.
    """

    actors: ClassVar = (SignedInCustomer,)

    after: Annotated[str, StringConstraints(max_length=1200)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        # One row more than is shown tells whether there is a next page.
        page = Page(after=place_of(self.after), limit=min(self.limit + 1, 100))
        return Scope(parts=frozenset({Part.ACCOUNTS, Part.ORDERS}), account_id=actor.account_id, page=page)

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[OrderPage] | Refusal:
        """See `Command.decide`."""
        if self.after is not None and place_of(self.after) is None:
            return refuse(Reason.NOT_FOUND, about="after")
        shown = facts.orders[: self.limit]
        more = len(facts.orders) == min(self.limit + 1, 100)
        return Decision(OrderPage(tuple(map(_view, shown)), cursor_of(shown[-1]) if more else None))


class MyOrder(Command):
    """Show one of the account's orders: how far it is, and what has left (F07)."""

    actors: ClassVar = (SignedInCustomer,)

    reference: Reference

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ACCOUNTS, Part.ORDERS}), order=self.reference)

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[OrderView] | Refusal:
        """See `Command.decide`."""
        order = facts.order(self.reference)
        if order is None or order.owner != acting(facts, actor).id:
            return refuse(Reason.NOT_FOUND, about="reference")
        return Decision(_view(order))


def _view(order: OrderRecord) -> OrderView:
    return OrderView(
        order.reference, order.number, order.placed_at, order.status, order.status_at, order.shipments
    )


def cursor_of(order: OrderRecord) -> str:
    """Give the place of an order in the list, in a form that goes into a link."""
    return cursor_at(order.placed_at, order.reference)


def cursor_at(at: datetime, key: object) -> str:
    """Give the place of a row in any list by time and key, in a form that goes into a link."""
    text = f"{(at - _EPOCH) // timedelta(microseconds=1)} {key}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> tuple[datetime, str] | None:
    """Read a cursor; None for what is none, or no place that a storage could look for."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        return None
    found = _CURSOR.match(text)
    if found is None:
        return None
    return _EPOCH + timedelta(microseconds=int(found[1])), found[2]
