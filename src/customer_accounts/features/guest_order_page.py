"""The page on which a guest follows a parcel (F14).

* It opens with the link of the tracking mail alone: 256 bits that cannot be guessed, never with an address
  and an order number (GM-05; CVE-2026-31887).
* It shows the number of the order and what has left, nothing of the person and nothing of the progress.
* Looking uses nothing up; the link works for as long as the settings say.

Refusals: LINK_INVALID, LINK_EXPIRED.
"""

from typing import ClassVar

from attrs import frozen

from customer_accounts.actors import Visitor, network_of
from customer_accounts.changes import Change
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.email_confirmation import live_token
from customer_accounts.inputs import TypedToken
from customer_accounts.issue import issue_token, with_token
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.order import OrderRecord, OrderStatus, Shipment
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose, TokenRecord, link_digest

#: Statuses of an order that has left.
LEFT = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED})


@frozen
class GuestOrderView:
    """What the page of a guest's order may show (F14): the parcels, and nothing of the person.

    Args:
        number: the number printed for the customer.
        shipped: whether anything has left.
        shipments: what left, with the carriers' tracking numbers.
    """

    number: str
    shipped: bool
    shipments: tuple[Shipment, ...]


def link_to_order(order: OrderRecord, facts: Facts, env: Env) -> tuple[TokenRecord, list[Change]]:
    """Give the link to a guest's order: that of an earlier mail while it lasts long enough, else a new one.

    One link serves all mails about an order, so that no mail's link dies because further parcels leave.
    """
    long_enough = env.now + env.settings.lifetimes[Purpose.VIEW_ORDER] / 2
    for one in facts.tokens:
        if (one.purpose, one.order_reference, one.email_key) != (
            Purpose.VIEW_ORDER, order.reference, order.email_key,
        ):  # fmt: skip
            continue
        if one.is_live(long_enough) and env.settings.secret_named(one.key_id) is not None:
            return one, []
    token = issue_token(
        env, Purpose.VIEW_ORDER, email=order.email, email_key=order.email_key, order_reference=order.reference
    )
    return token, with_token(token, facts.tokens)


class ViewGuestOrder(Command):
    """Show a guest's parcels to whoever holds the link of the tracking mail; customers use `MyOrder`."""

    actors: ClassVar = (Visitor,)

    reference_token: TypedToken

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return hits((Limit.LINK_NETWORK, network_of(actor.ip)))

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        digest = link_digest(self.reference_token.strip()) or ""
        return Scope(parts=frozenset({Part.TOKENS, Part.ORDERS}), token=digest)

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[GuestOrderView] | Refusal:
        """See `Command.decide`."""
        token = live_token(facts, self.reference_token, env, Purpose.VIEW_ORDER)
        if isinstance(token, Refusal):
            return refuse(Reason.LINK_INVALID) if token.refused.reason is Reason.ALREADY_DONE else token
        order = facts.order(token.order_reference or "")
        if order is None or order.email_key != token.email_key:
            return refuse(Reason.LINK_INVALID)
        return Decision(GuestOrderView(order.number, order.status in LEFT, order.shipments))
