"""What an account brings, and the page that shows it (F13).

* `benefits_of` and `may` say who has which benefit: a signed-in customer all of them, everybody else none
  (F13). A host asks them wherever it gives a benefit by itself, such as promotions.
* In this library a benefit is enforced by the actors that its commands accept (`COMMANDS`): a guest who
  asks is refused with NOT_ALLOWED before anything is read.
* No benefit is a price: customers and guests pay the same (F13, F27).
* `MyAccount` shows a customer the account, its benefits and the ways to sign in to it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from attrs import field, frozen

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Actor, SignedInCustomer
from customer_accounts.belongings import SubscriptionStatus
from customer_accounts.command import Command, Decision, Env
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting
from customer_accounts.features.company import CompanyView, company_view
from customer_accounts.features.newsletter_state import newsletter_of
from customer_accounts.wording import wording


class Benefit(StrEnum):
    """What only an account brings."""

    ORDER_STATUS = "order_status"
    ORDER_HISTORY = "order_history"
    WISH_LISTS = "wish_lists"
    DELIVERY_ADDRESSES = "delivery_addresses"
    NEWSLETTER = "newsletter"
    PROMOTIONS = "promotions"

    def text(self, locale: str) -> str:
        """Say it to a customer, in the language of *locale*."""
        return wording("benefits", self, locale)


#: Which commands give each benefit; promotions are the host's messages and have none here.
COMMANDS: Mapping[Benefit, frozenset[str]] = MappingProxyType(
    {
        Benefit.ORDER_STATUS: frozenset({"MyOrder"}),
        Benefit.ORDER_HISTORY: frozenset({"MyOrders"}),
        Benefit.WISH_LISTS: frozenset(
            {
                "CreateWishList",
                "RenameWishList",
                "DeleteWishList",
                "AddToWishList",
                "RemoveFromWishList",
                "MyWishLists",
            }
        ),
        Benefit.DELIVERY_ADDRESSES: frozenset(
            {"AddAddress", "ChangeAddress", "RemoveAddress", "SetDefaultAddress", "MyAddresses"}
        ),
        Benefit.NEWSLETTER: frozenset({"SubscribeNewsletter"}),
        Benefit.PROMOTIONS: frozenset(),
    }
)


def benefits_of(actor: Actor) -> frozenset[Benefit]:
    """Give the benefits of an actor: all for a signed-in customer, none for anybody else (F13).

    Args:
        actor: who asks; for a customer, the host has checked the session.
    """
    return frozenset(Benefit) if isinstance(actor, SignedInCustomer) else frozenset()


def may(actor: Actor, benefit: Benefit) -> bool:
    """Say whether an actor has a benefit (F13)."""
    return benefit in benefits_of(actor)


@frozen
class AccountView:
    """An account as its owner sees it (DP-03).

    Args:
        has_password: whether one can sign in with a password.
        providers: identity providers through which one can sign in.
        providers_to_approve: those that wait for the approval from the mail first (PH3).
        newsletter: where the newsletter stands; None if it was never asked for.
    """

    email: str = field(repr=False)
    name: str = field(repr=False)
    locale: str
    benefits: frozenset[Benefit]
    company: CompanyView | None
    has_password: bool
    must_change_password: bool
    providers: tuple[str, ...]
    providers_to_approve: tuple[str, ...]
    newsletter: SubscriptionStatus | None


class MyAccount(Command):
    """Show the account, its benefits and the ways to sign in to it."""

    actors: ClassVar = (SignedInCustomer,)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.IDENTITIES, Part.SUBSCRIPTIONS})
        return Scope(parts=parts, account_id=actor.account_id)

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[AccountView]:
        """See `Command.decide`."""
        account = acting(facts, actor)
        own = sorted(
            (one for one in facts.identities if one.account_id == account.id), key=lambda one: one.provider
        )
        return Decision(
            AccountView(
                email=account.email,
                name=account.name,
                locale=account.locale,
                benefits=benefits_of(actor),
                company=_company_of(account, env),
                has_password=account.password_hash is not None,
                must_change_password=account.must_change_password,
                providers=tuple(one.provider for one in own if one.approved),
                providers_to_approve=tuple(one.provider for one in own if not one.approved),
                newsletter=newsletter_of(account, facts.subscriptions).status,
            )
        )


def _company_of(account: AccountRecord, env: Env) -> CompanyView | None:
    if account.company is None:
        return None
    return company_view(account.company, env.settings, locale=account.locale, on=env.now.date())
