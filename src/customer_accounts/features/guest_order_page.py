"""The page on which a guest follows a parcel (F14).

* It opens with the link of the tracking mail alone: 256 bits that cannot be guessed, never with an address
  and an order number (GM-05; CVE-2026-31887).
* It shows the number of the order and what has left, nothing of the person and nothing of the progress.
* Looking uses nothing up; the link works for as long as the settings say.
* When the address of an order is put right, all its links end (`links_ended`), and the next mail to the right
  mailbox has a new one.
* `OpenAccountFromOrder` offers an account (F15): its mail goes to the address that the order stores, never to one
  that is typed, and the answer is the same whether that address has an account.  The browser that asks learns
  nothing of the address and cannot confirm in its stead: the link may have been passed on.

Refusals: LINK_INVALID, LINK_EXPIRED.
Mails: those of `customer_accounts.features.registration`, for `OpenAccountFromOrder`.
"""

from typing import ClassVar

from attrs import evolve, frozen

from customer_accounts.actors import Visitor, network_of
from customer_accounts.changes import Change, Remove
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.live_links import live_token
from customer_accounts.features.order_account import begin_with_order
from customer_accounts.features.registration import answer
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


def links_ended(order: OrderRecord, facts: Facts) -> list[Change]:
    """End all links to an order whose address was wrong; the next mail about it makes a new one.

    Args:
        facts: with the links of the order.
    """
    return [
        Remove(one)
        for one in facts.tokens
        if one.purpose is Purpose.VIEW_ORDER and one.order_reference == order.reference
    ]


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
        order = _order_of(self.reference_token, facts, env)
        if isinstance(order, Refusal):
            return order
        return Decision(GuestOrderView(order.number, order.status in LEFT, order.shipments))


@frozen
class AccountOffered:
    """What the page says when an account was asked for: the same for every address.

    Args:
        advice: what to say about the mail that comes.
        contact: the shop's contact address.
    """

    advice: str
    contact: str


class OpenAccountFromOrder(Command):
    """Begin an account from the page of an order; the mail goes to the address that the order stores."""

    actors: ClassVar = (Visitor,)

    reference_token: TypedToken

    def limits(self, actor: Visitor, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        network, asked = network_of(actor.ip), link_digest(self.reference_token.strip())
        return hits(
            (Limit.LINK_NETWORK, network), (Limit.REGISTER_NETWORK, network), (Limit.REGISTER_ADDRESS, asked)
        )

    def scope(self, actor: Visitor, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.TOKENS, Part.ORDERS, Part.ACCOUNTS, Part.REGISTRATIONS})
        return Scope(parts=parts, token=link_digest(self.reference_token.strip()) or "")

    def decide(self, facts: Facts, env: Env, actor: Visitor, /) -> Decision[AccountOffered] | Refusal:
        """See `Command.decide`."""
        order = _order_of(self.reference_token, facts, env)
        if isinstance(order, Refusal):
            return order
        begun = begin_with_order(evolve(order, name=""), None, None, facts, env, actor, bound=False)
        assert not isinstance(begun, Refusal)  # only a chosen password can be refused
        told = answer(env, actor, order.email, order.locale)
        return Decision(AccountOffered(told.advice, told.contact), begun)


def _order_of(text: str, facts: Facts, env: Env) -> OrderRecord | Refusal:
    """Give the order that a link shows, as long as it has the address that the link was mailed to (TK-03)."""
    token = live_token(facts, text, env, Purpose.VIEW_ORDER)
    if isinstance(token, Refusal):
        return refuse(Reason.LINK_INVALID) if token.refused.reason is Reason.ALREADY_DONE else token
    order = facts.order(token.order_reference or "")
    if order is None or order.email_key != token.email_key:
        return refuse(Reason.LINK_INVALID)
    return order
