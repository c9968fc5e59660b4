"""Wish lists, created and kept up to date (F09).

Who may ask: signed-in customers, about their own lists. A list of somebody else and one that does not exist
are refused alike, with NOT_FOUND (AZ-01).

* `CreateWishList` carries an id that the client chose; a repeat gives the list that is there, under the name
  that it has by now (RL-08). Two lists may have the same name.
* `AddToWishList` *sets* the quantity of a product: on the list already, it keeps its place and gets the new
  quantity. So a second click, and a repeat after a lost answer, never double anything.
* Without a list it goes to the default list, which is made on demand in the customer's language and can be
  renamed. The default list cannot be deleted (DEFAULT_WISH_LIST): the next product would only bring it back.
* `RemoveFromWishList` answers with the list as it then is, whether the product was on it or not.
* How many lists an account has, and how many products a list, is a setting (LIMIT_REACHED). The number of
  lists is guarded by the version of the account, everything on a list by the version of that list.

A product is the host's own reference; whether it is still sold is for the host to know. No mails.
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID, uuid4, uuid5

from attrs import evolve, frozen
from pydantic import Field

from customer_accounts.account import AccountRecord
from customer_accounts.actors import SignedInCustomer
from customer_accounts.belongings import WishItem, WishListRecord
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.inputs import Quantity, Reference
from customer_accounts.limiting import Hit
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.wording import wording

_NAMESPACE = UUID("8a4a5b1e-0a53-4a0c-9a51-5b8a4d0c6a77")
_SCOPE = Scope(parts=frozenset({Part.ACCOUNTS, Part.WISH_LISTS}))


@frozen
class WishListView:
    """A wish list as its owner sees it.

    Args:
        items: in the order in which the products were first added.
        is_default: whether products go here that are put on no list in particular.
    """

    id: UUID
    name: str
    items: tuple[WishItem, ...]
    is_default: bool


@frozen
class WishLists:
    """All wish lists of an account, the oldest first."""

    lists: tuple[WishListView, ...]


@frozen
class WishListDeleted:
    """A wish list that is gone."""

    id: UUID


def wish_lists_of(account: AccountRecord, records: Sequence[WishListRecord]) -> WishLists:
    """Give the lists of an account as their owner sees them."""
    return WishLists(tuple(_view(one, account) for one in records if one.account_id == account.id))


class CreateWishList(Command):
    """Create an empty wish list."""

    actors: ClassVar = (SignedInCustomer,)

    id: UUID = Field(default_factory=uuid4)
    name: Reference

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[WishListView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        list_id = uuid5(_NAMESPACE, f"{account.id}:{self.id}")
        known = _own(list_id, facts, account)
        if known is not None:
            return Decision(_view(known, account))
        if _is_full(facts, account, env):
            return refuse(Reason.LIMIT_REACHED, detail="wish_lists")
        new = WishListRecord(id=list_id, account_id=account.id, name=self.name, created_at=env.now)
        return Decision(_view(new, account), (insert(new), update(account, account)))


class RenameWishList(Command):
    """Give a wish list another name; the default list may be renamed too."""

    actors: ClassVar = (SignedInCustomer,)

    list_id: UUID
    name: Reference

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[WishListView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        old = _own(self.list_id, facts, account)
        if old is None:
            return refuse(Reason.NOT_FOUND)
        return _changed(old, evolve(old, name=self.name), account)


class DeleteWishList(Command):
    """Delete a wish list with everything on it; a repeat finds nothing and says so."""

    actors: ClassVar = (SignedInCustomer,)

    list_id: UUID

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[WishListDeleted] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        old = _own(self.list_id, facts, account)
        if old is None:
            return refuse(Reason.NOT_FOUND)
        if old.id == account.default_wish_list:
            return refuse(Reason.DEFAULT_WISH_LIST)
        return Decision(WishListDeleted(old.id), (Remove(old),))


class AddToWishList(Command):
    """Put a product on a wish list, or set its quantity there; without *list_id* on the default list."""

    actors: ClassVar = (SignedInCustomer,)

    product: Reference
    quantity: Quantity = 1
    list_id: UUID | None = None

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[WishListView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        old = _own(self.list_id or account.default_wish_list, facts, account)
        if old is None and self.list_id is None:
            return self._on_new_default(facts, env, account)
        if old is None:
            return refuse(Reason.NOT_FOUND)
        items = self._items(old.items, env)
        if len(items) > max(len(old.items), env.settings.items_per_wish_list):
            return refuse(Reason.LIMIT_REACHED, detail="wish_list_items")
        return _changed(old, evolve(old, items=items), account)

    def _items(self, items: tuple[WishItem, ...], env: Env) -> tuple[WishItem, ...]:
        if all(one.product != self.product for one in items):
            return (*items, WishItem(self.product, self.quantity, env.now))
        return tuple(
            evolve(one, quantity=self.quantity) if one.product == self.product else one for one in items
        )

    def _on_new_default(
        self, facts: Facts, env: Env, account: AccountRecord
    ) -> Decision[WishListView] | Refusal:
        if _is_full(facts, account, env):
            return refuse(Reason.LIMIT_REACHED, detail="wish_lists")
        new = WishListRecord(
            id=env.new_id(),
            account_id=account.id,
            name=wording("wish_list", "default_name", account.locale),
            created_at=env.now,
            items=self._items((), env),
        )
        owner = evolve(account, default_wish_list=new.id)
        return Decision(_view(new, owner), (insert(new), update(account, owner)))


class RemoveFromWishList(Command):
    """Take a product off a wish list; without *list_id* off the default list."""

    actors: ClassVar = (SignedInCustomer,)

    product: Reference
    list_id: UUID | None = None

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[WishListView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        old = _own(self.list_id or account.default_wish_list, facts, account)
        if old is None:
            return refuse(Reason.NOT_FOUND)
        left = tuple(one for one in old.items if one.product != self.product)
        return _changed(old, evolve(old, items=left), account)


class MyWishLists(Command):
    """Show all wish lists of the account, with what is on them."""

    actors: ClassVar = (SignedInCustomer,)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[WishLists] | Refusal:
        """See `Command.decide`."""
        return Decision(wish_lists_of(acting(facts, actor), facts.wish_lists))


def _own(list_id: UUID | None, facts: Facts, account: AccountRecord) -> WishListRecord | None:
    return next((one for one in facts.wish_lists if one.id == list_id and one.account_id == account.id), None)


def _is_full(facts: Facts, account: AccountRecord, env: Env) -> bool:
    own = [one for one in facts.wish_lists if one.account_id == account.id]
    return len(own) >= env.settings.wish_lists_per_account


def _changed(old: WishListRecord, new: WishListRecord, account: AccountRecord) -> Decision[WishListView]:
    changes: tuple[Change, ...] = () if new == old else (update(old, new),)
    return Decision(_view(new, account), changes)


def _view(record: WishListRecord, account: AccountRecord) -> WishListView:
    return WishListView(record.id, record.name, record.items, record.id == account.default_wish_list)
