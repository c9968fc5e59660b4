"""How far an order is and what has left, told by the shop's own system (F07, F14).

* An order only goes forward (`NEXT_STATUSES`); what is told twice happens once.
* An order has any number of shipments, each with any number of parcels.  The same shipment told again does
  nothing; with other parcels it is put right, and a new mail says so.
* Who hears of it says `customer_accounts.features.order_notices`: an account of every step, a guest of the
  parcel.  A status of SHIPPED alone sends nothing: the tracking mail comes with the shipment, which knows
  the numbers.  A guest's tracking mail has the link to the order's page
  (`customer_accounts.features.guest_order_page`).
* The tracking mail goes to the address that the order stores; where the account that owns it has another, there, too.

Refusals: NOT_FOUND, ORDER_STATUS_BACKWARDS.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC
from types import MappingProxyType
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from attrs import evolve, frozen
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import System
from customer_accounts.changes import Change, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.guest_order_page import link_to_order
from customer_accounts.features.order_notices import OrderEvent, audience_of, mail_about, order_mails
from customer_accounts.inputs import Input, Line, Moment, Reference
from customer_accounts.issue import record_event
from customer_accounts.order import OrderRecord, OrderStatus, Parcel, Shipment
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.token import TokenRecord

#: Which statuses may follow one: forward in any stride, and cancelled only before anything has left.
NEXT_STATUSES: Mapping[OrderStatus, frozenset[OrderStatus]] = MappingProxyType(
    {
        OrderStatus.PLACED: frozenset(OrderStatus) - {OrderStatus.PLACED},
        OrderStatus.PAID: frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.CANCELLED}),
        OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED}),
        OrderStatus.DELIVERED: frozenset(),
        OrderStatus.CANCELLED: frozenset(),
    }
)

_HTTPS = re.compile(r"https://[!-~]{1,492}\Z")


def _secure_address(url: str) -> str:
    if url and not (_HTTPS.match(url) and _has_host(url)):
        raise PydanticCustomError("not_https", "must be an https address of at most 500 characters")
    return url


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _a_name(status: object) -> object:
    # Looking for anything else among the members of an enum writes it out first, however large or deep it is.
    if not isinstance(status, str):
        raise PydanticCustomError("status_unknown", "must be the name of a status")
    return status


class ParcelInput(Input):
    """One parcel as the carrier names it; ``url`` leads to the carrier's https tracking page, or is empty."""

    carrier: Annotated[Line, StringConstraints(max_length=100, strip_whitespace=True)] = ""
    tracking_number: Annotated[Reference, StringConstraints(max_length=100)]
    url: Annotated[str, StringConstraints(max_length=500), AfterValidator(_secure_address)] = ""

    def parcel(self) -> Parcel:
        """Give it as a value."""
        return Parcel(self.carrier, self.tracking_number, self.url)


@frozen
class StatusRecorded:
    """How far an order is now."""

    reference: str
    number: str
    status: OrderStatus


@frozen
class ShipmentRecorded:
    """A shipment as it is stored now; ``corrected`` counts the times its parcels were put right."""

    reference: str
    shipment_id: str
    status: OrderStatus
    corrected: int


def _order_scope(reference: str) -> Scope:
    return Scope(parts=frozenset({Part.ACCOUNTS, Part.TOKENS, Part.ORDERS}), order=reference)


class RecordOrderStatus(Command):
    """Tell how far an order is; told again, it does nothing."""

    actors: ClassVar = (System,)

    reference: Reference
    status: Annotated[OrderStatus, BeforeValidator(_a_name)]
    at: Moment

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _order_scope(self.reference)

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[StatusRecorded] | Refusal:
        """See `Command.decide`."""
        order = facts.order(self.reference)
        if order is None:
            return refuse(Reason.NOT_FOUND, about="reference")
        result = StatusRecorded(order.reference, order.number, self.status)
        if order.status is self.status:
            return Decision(result)
        if self.status not in NEXT_STATUSES[order.status]:
            return refuse(Reason.ORDER_STATUS_BACKWARDS, about="status")
        further = evolve(order, status=self.status, status_at=self.at.astimezone(UTC))
        return Decision(result, [update(order, further), *self._mails(order, facts, env)])

    def _mails(self, order: OrderRecord, facts: Facts, env: Env) -> list[Change]:
        owner = facts.account(order.owner)
        # Without a shipment there is no number to track: the tracking mail comes with it.
        wanted = order_mails(audience_of(owner), OrderEvent(self.status))
        purposes = [one for one in wanted if one is not MailPurpose.TRACKING]
        to = order if owner is None else _at_home(order, owner)
        return [mail_about(env, one, to, owner, status=self.status.value) for one in purposes]


class RecordShipment(Command):
    """Tell what has left, or put its tracking numbers right; the customer gets them by mail (F14).

    Args:
        shipment_id: the host's own name of the shipment, unique within the order.
        parcels: at most 50; none if the shipment cannot be tracked.
        shipped_at: when it left; the first time that was told stays.
    """

    actors: ClassVar = (System,)

    reference: Reference
    shipment_id: Reference
    parcels: Annotated[tuple[ParcelInput, ...], Field(max_length=50, fail_fast=True)]
    shipped_at: Moment

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _order_scope(self.reference)

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[ShipmentRecorded] | Refusal:
        """See `Command.decide`."""
        order = facts.order(self.reference)
        if order is None:
            return refuse(Reason.NOT_FOUND, about="reference")
        if order.status is OrderStatus.CANCELLED:
            return refuse(Reason.ORDER_STATUS_BACKWARDS, about="reference")
        known = next((one for one in order.shipments if one.id == self.shipment_id), None)
        shipment = self._shipment(known)
        further = _with_shipment(order, shipment)
        result = ShipmentRecorded(order.reference, shipment.id, further.status, shipment.corrected)
        if shipment == known:
            return Decision(result)
        told = record_event(
            env, actor, EventKind.SHIPMENT_RECORDED, email=order.email, account_id=order.owner,
            detail=f"{order.reference} {shipment.id} corrected={shipment.corrected}",
        )  # fmt: skip
        return Decision(
            result, [update(order, further), *_tracking_mails(further, shipment, facts, env), told]
        )

    def _shipment(self, known: Shipment | None) -> Shipment:
        parcels = tuple(one.parcel() for one in self.parcels)
        if known is None:
            return Shipment(self.shipment_id, self.shipped_at.astimezone(UTC), parcels)
        # The same parcels in another order are the same parcels.
        if Counter(known.parcels) == Counter(parcels):
            return known
        return evolve(known, parcels=parcels, corrected=known.corrected + 1)


def _with_shipment(order: OrderRecord, shipment: Shipment) -> OrderRecord:
    """Put a shipment into its place; the order is shipped now, unless it is further on."""
    shipments = {one.id: one for one in order.shipments} | {shipment.id: shipment}
    order = evolve(order, shipments=tuple(shipments.values()))
    if OrderStatus.SHIPPED not in NEXT_STATUSES[order.status]:
        return order
    return evolve(order, status=OrderStatus.SHIPPED, status_at=shipment.shipped_at)


def _tracking_mails(order: OrderRecord, shipment: Shipment, facts: Facts, env: Env) -> list[Change]:
    owner = facts.account(order.owner)
    event = OrderEvent.CORRECTED if shipment.corrected else OrderEvent.SHIPPED
    changes: list[Change] = []
    token: TokenRecord | None = None
    if owner is None:
        token, changes = link_to_order(order, facts, env)
    to = [order]
    if owner is not None and owner.email_key != order.email_key:
        # The order's address may be mistyped, given up, or somebody's who gets a present: the customer hears as well.
        to.append(_at_home(order, owner))
    # The number goes along, so that a mail that is overtaken by a correction is not sent any more.
    told = {"shipment_id": shipment.id, "corrected": str(shipment.corrected)}
    for purpose in order_mails(audience_of(owner), event):
        changes += [mail_about(env, purpose, one, owner, token=token, **told) for one in to]
    return changes


def _at_home(order: OrderRecord, owner: AccountRecord) -> OrderRecord:
    """Give the order with the address and language of its account, for a mail that goes there."""
    return evolve(order, email=owner.email, locale=owner.locale)
