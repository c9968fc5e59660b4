"""What becomes of what, when two accounts of one person become one: rules as data, and the changes that follow.

The surviving account goes on; the absorbed one ends, its address is free.  Nothing is lost and nothing is guessed:
where both have the same thing, `CONFLICT_RULES` says which one counts, and the plan names it.

* Password and address: those of the surviving account.
* Sign-ins at providers move; merged by staff they wait for their owner's approval, since staff may be deceived and
  must not hand anybody a way in (PH3): linking one again, signed in, approves it.
* Delivery addresses move; one that both have, written differently, stays once, as the surviving account has it.
* Wish lists move as they are: mixing two would invent quantities.  A name that is taken gets a number.
* Orders and the claims behind them move in one update for each predicate.
* Company and VAT number: the surviving account's; the other's only where it has none, with what the register said.
* Newsletter: a merge never widens a consent.  The surviving account's stays, unless the person has unsubscribed at the
  other: then it ends too.
* Default address and default wish list: the surviving account's; the other's only where it has none.
* Sessions, links and pending changes of the absorbed account end.  Ways out of its newsletter keep answering.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from attrs import evolve, field, frozen

from customer_accounts.account import AccountRecord, AccountStatus, IdentityRecord, PostalAddress
from customer_accounts.address_format import same_address_key
from customer_accounts.belongings import (
    AddressRecord,
    SubscriptionRecord,
    SubscriptionStatus,
    WishListRecord,
)
from customer_accounts.facts import Facts

_Own = TypeVar("_Own", AddressRecord, WishListRecord, IdentityRecord)

#: As long as a name of a list may be.
_LONGEST_NAME = 200


class Winner(StrEnum):
    """Which one counts where both accounts have the same thing."""

    SURVIVING = "surviving"
    BOTH = "both"
    STRICTER = "stricter"


#: The rule for each thing that both accounts may have.
CONFLICT_RULES: Mapping[str, Winner] = MappingProxyType(
    {
        "email": Winner.SURVIVING,
        "password": Winner.SURVIVING,
        "name": Winner.SURVIVING,
        "sign_ins": Winner.BOTH,
        "addresses": Winner.BOTH,
        "wish_lists": Winner.BOTH,
        "orders": Winner.BOTH,
        "company": Winner.SURVIVING,
        "newsletter": Winner.STRICTER,
        "default_address": Winner.SURVIVING,
        "default_wish_list": Winner.SURVIVING,
    }
)


@frozen
class MergePlan:
    """What a merge will do, decided on what is stored, without writing anything.

    Args:
        conflicts: names of `CONFLICT_RULES` that both accounts have, so that one of them does not count.
        kept_vat_number, dropped_vat_number: where both have one.
        lists: wish lists that move, with their new names.
        ends_newsletter: whether the surviving account's subscription ends.
    """

    surviving: AccountRecord
    absorbed: AccountRecord
    addresses: tuple[AddressRecord, ...]
    doubles: tuple[AddressRecord, ...]
    lists: tuple[tuple[WishListRecord, str], ...]
    identities: tuple[IdentityRecord, ...]
    subscription: SubscriptionRecord | None
    own_subscription: SubscriptionRecord | None
    conflicts: tuple[str, ...]
    kept_vat_number: str | None = field(default=None)
    dropped_vat_number: str | None = field(default=None)

    @property
    def ends_newsletter(self) -> bool:
        """Whether the stricter wish ends the surviving account's newsletter."""
        own, other = self.own_subscription, self.subscription
        ended = other is not None and other.status is SubscriptionStatus.ENDED
        return ended and own is not None and own.status is not SubscriptionStatus.ENDED

    @property
    def takes_name(self) -> bool:
        """Whether the surviving account has no name and gets one."""
        return not self.surviving.name and bool(self.absorbed.name)

    @property
    def takes_company(self) -> bool:
        """Whether the surviving account has no company and gets one."""
        return self.surviving.company is None and self.absorbed.company is not None

    @property
    def takes_address(self) -> bool:
        """Whether the surviving account has no default address and gets one."""
        moving = {one.id for one in self.addresses}
        return self.surviving.default_address is None and self.absorbed.default_address in moving

    @property
    def takes_wish_list(self) -> bool:
        """Whether the surviving account has no default wish list and gets one."""
        moving = {one.id for one, _ in self.lists}
        return self.surviving.default_wish_list is None and self.absorbed.default_wish_list in moving


def plan_merge(surviving: AccountRecord, absorbed: AccountRecord, facts: Facts) -> MergePlan:
    """Plan a merge of two accounts whose belongings *facts* hold."""
    own_addresses = _of(facts.addresses, surviving.id)
    taken = {_address_key(one.address) for one in own_addresses}
    others = _of(facts.addresses, absorbed.id)
    doubles = [one for one in others if _address_key(one.address) in taken]
    moving = [one for one in others if one not in doubles]
    own_lists, lists = _of(facts.wish_lists, surviving.id), _of(facts.wish_lists, absorbed.id)
    own, other = (_subscription(facts, one.id) for one in (surviving, absorbed))
    numbers = [one.company.vat_number if one.company else None for one in (surviving, absorbed)]
    both = all(numbers) and numbers[0] != numbers[1]
    return MergePlan(
        surviving=surviving,
        absorbed=absorbed,
        addresses=tuple(moving),
        doubles=tuple(doubles),
        lists=tuple(_renamed(own_lists, lists)),
        identities=tuple(_of(facts.identities, absorbed.id)),
        subscription=other,
        own_subscription=own,
        conflicts=_conflicts(surviving, absorbed, facts, doubles=bool(doubles)),
        kept_vat_number=numbers[0] if both else None,
        dropped_vat_number=numbers[1] if both else None,
    )


def _of(rows: Sequence[_Own], account_id: UUID) -> list[_Own]:
    return [one for one in rows if one.account_id == account_id]


def _subscription(facts: Facts, account_id: UUID) -> SubscriptionRecord | None:
    return next((one for one in facts.subscriptions if one.account_id == account_id), None)


def _address_key(address: PostalAddress) -> str:
    return same_address_key(
        address.country,
        name=address.name,
        street=address.street,
        postcode=address.postcode,
        city=address.city,
        region=address.region,
        extra=address.extra,
    )


def _renamed(
    own: Sequence[WishListRecord], moving: Sequence[WishListRecord]
) -> list[tuple[WishListRecord, str]]:
    """Give the lists that move with names that no other list has."""
    taken = {one.name for one in own}
    named: list[tuple[WishListRecord, str]] = []
    for one in moving:
        name, number = one.name, 2
        while name in taken:
            ending = f" ({number})"
            name, number = one.name[: _LONGEST_NAME - len(ending)] + ending, number + 1
        taken.add(name)
        named.append((one, name))
    return named


def _conflicts(
    surviving: AccountRecord, absorbed: AccountRecord, facts: Facts, *, doubles: bool
) -> tuple[str, ...]:
    """Name what both have, in the order of the rules."""
    subscriptions = {one.account_id for one in facts.subscriptions}
    both = {
        "email": True,
        "password": bool(surviving.password_hash and absorbed.password_hash),
        "name": bool(surviving.name and absorbed.name and surviving.name != absorbed.name),
        "addresses": doubles,
        "company": surviving.company is not None and absorbed.company is not None,
        "newsletter": {surviving.id, absorbed.id} <= subscriptions,
        "default_address": bool(surviving.default_address and absorbed.default_address),
        "default_wish_list": bool(surviving.default_wish_list and absorbed.default_wish_list),
    }
    return tuple(name for name in CONFLICT_RULES if both.get(name))


def as_survivor(plan: MergePlan) -> AccountRecord:
    """Give the surviving account with what it lacked."""
    own, other = plan.surviving, plan.absorbed
    return evolve(
        own,
        name=other.name if plan.takes_name else own.name,
        company=other.company if plan.takes_company else own.company,
        default_address=other.default_address if plan.takes_address else own.default_address,
        default_wish_list=other.default_wish_list if plan.takes_wish_list else own.default_wish_list,
    )


def as_absorbed(account: AccountRecord) -> AccountRecord:
    """Give the absorbed account as it stays behind: closed, and without anything of its owner."""
    return AccountRecord(
        id=account.id,
        email="",
        email_key=None,
        email_verified_at=None,
        created_at=account.created_at,
        version=account.version,
        status=AccountStatus.CLOSED,
        locale=account.locale,
        storefront=account.storefront,
        session_epoch=account.session_epoch + 1,
    )
