"""Wish lists, created and kept up to date (F09)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from customer_accounts.actors import Agent, SignedInCustomer, System
from customer_accounts.belongings import WishListRecord
from customer_accounts.features.wish_list import (
    AddToWishList,
    CreateWishList,
    DeleteWishList,
    MyWishLists,
    RemoveFromWishList,
    RenameWishList,
    WishListDeleted,
    WishLists,
    WishListView,
)
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.refusals import Reason, Refused
from tests.shop import Shop

LIST = UUID(int=7)
WRITES: list[Any] = [
    CreateWishList(name="Workshop"),
    RenameWishList(list_id=LIST, name="Workshop"),
    DeleteWishList(list_id=LIST),
    AddToWishList(product="PLA-1"),
    RemoveFromWishList(product="PLA-1"),
]


@pytest.fixture(name="anna")
def _anna(shop: Shop) -> SignedInCustomer:
    """A customer who is signed in."""
    return shop.customer(shop.open_account().session)


def lists(shop: Shop, customer: SignedInCustomer) -> tuple[WishListView, ...]:
    """Give what the customer sees."""
    return shop.require(MyWishLists(), by=customer).lists


def products(view: WishListView) -> list[tuple[str, int]]:
    """Give what is on a list."""
    return [(one.product, one.quantity) for one in view.items]


def test_a_customer_keeps_several_lists(shop: Shop, anna: SignedInCustomer) -> None:
    """F09: lists are created, filled, renamed and deleted, and shown with the oldest first."""
    workshop = shop.require(CreateWishList(name="  Workshop "), by=anna)
    shop.clock.forward(minutes=1)
    gifts = shop.require(CreateWishList(name="Gifts"), by=anna)
    shop.require(AddToWishList(product="PLA-1", quantity=3, list_id=gifts.id), by=anna)
    renamed = shop.require(RenameWishList(list_id=gifts.id, name="Cadeaux"), by=anna)
    assert (renamed.name, products(renamed)) == ("Cadeaux", [("PLA-1", 3)])
    assert [one.name for one in lists(shop, anna)] == ["Workshop", "Cadeaux"]
    assert shop.require(DeleteWishList(list_id=workshop.id), by=anna) == WishListDeleted(workshop.id)
    assert lists(shop, anna) == (renamed,)
    assert not any(one.is_default for one in lists(shop, anna))


def test_a_list_is_created_once(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-08: a repeat with the same id gives the list that is there, and creates nothing."""
    command = CreateWishList(name="Gifts")
    first = shop.require(command, by=anna)
    assert shop.require(command, by=anna) == first
    shop.require(RenameWishList(list_id=first.id, name="Cadeaux"), by=anna)
    assert shop.require(command, by=anna).name == "Cadeaux"
    assert len(shop.stored(WishListRecord)) == 1


def test_two_customers_may_choose_the_same_id(shop: Shop, anna: SignedInCustomer) -> None:
    """AZ-01, RL-08: an id is unique for each customer; nobody hits a list of somebody else with it."""
    bert = shop.customer(shop.open_account("bert@mail.example").session)
    command = CreateWishList(name="Gifts")
    assert shop.require(command, by=anna).id != shop.require(command, by=bert).id
    assert len(lists(shop, anna)) == len(lists(shop, bert)) == 1


@pytest.mark.parametrize(
    ("locale", "name"),
    [("fr", "Ma liste d\u2019envies"), ("de", "Meine Wunschliste"), ("en", "My wish list")],
)
def test_the_default_list_is_made_on_demand(shop: Shop, locale: str, name: str) -> None:
    """F09: the first product without a list makes the default list, named in the customer's language."""
    session = shop.open_account(locale=locale).session
    customer = shop.customer(session)
    made = shop.require(AddToWishList(product="PLA-1"), by=customer)
    assert (made.name, made.is_default, products(made)) == (name, True, [("PLA-1", 1)])
    again = shop.require(AddToWishList(product="PLA-2", quantity=2), by=customer)
    assert (again.id, products(again)) == (made.id, [("PLA-1", 1), ("PLA-2", 2)])
    assert shop.account(session.account_id).default_wish_list == made.id


def test_adding_sets_the_quantity(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-08: a repeat doubles nothing, and a product that is there keeps its place and its date."""
    shop.require(AddToWishList(product="PLA-1", quantity=2), by=anna)
    shop.require(AddToWishList(product="PETG-1"), by=anna)
    shop.clock.forward(days=1)
    command = AddToWishList(product=" PLA-1 ", quantity=5)
    once = shop.require(command, by=anna)
    before = shop.stored(WishListRecord)
    twice = shop.require(command, by=anna)
    assert once == twice
    assert products(twice) == [("PLA-1", 5), ("PETG-1", 1)]
    assert twice.items[0].added_at == shop.clock.now - timedelta(days=1)
    assert shop.stored(WishListRecord) == before


def test_the_default_list_stays(shop: Shop, anna: SignedInCustomer) -> None:
    """F09: the default list can be renamed and emptied, not deleted."""
    made = shop.require(AddToWishList(product="PLA-1"), by=anna)
    shop.require(RenameWishList(list_id=made.id, name="Tout"), by=anna)
    assert shop.handle(DeleteWishList(list_id=made.id), by=anna) == Refused(Reason.DEFAULT_WISH_LIST)
    emptied = shop.require(RemoveFromWishList(product="PLA-1"), by=anna)
    assert (emptied.name, emptied.items) == ("Tout", ())


def test_removing_is_repeatable(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-08: taking a product off twice answers with the same list, and writes once."""
    made = shop.require(CreateWishList(name="Gifts"), by=anna)
    shop.require(AddToWishList(product="PLA-1", list_id=made.id), by=anna)
    command = RemoveFromWishList(product="PLA-1", list_id=made.id)
    assert shop.require(command, by=anna).items == ()
    before = shop.stored(WishListRecord)
    assert shop.require(command, by=anna).items == ()
    assert shop.stored(WishListRecord) == before


@pytest.mark.parametrize(
    "command",
    [
        RenameWishList(list_id=LIST, name="Gifts"),
        DeleteWishList(list_id=LIST),
        AddToWishList(product="PLA-1", list_id=LIST),
        RemoveFromWishList(product="PLA-1", list_id=LIST),
        RemoveFromWishList(product="PLA-1"),
    ],
)
def test_what_is_not_there(shop: Shop, anna: SignedInCustomer, command: Any) -> None:
    """AZ-01: a list that does not exist is not found, and nothing is made for it."""
    assert shop.handle(command, by=anna) == Refused(Reason.NOT_FOUND)
    assert shop.stored(WishListRecord) == []


def test_the_number_of_lists_is_limited() -> None:
    """AB-01: beyond the setting no list is made, on demand or not; what is there can still be used."""
    shop = Shop(wish_lists_per_account=2)
    anna = shop.customer(shop.open_account().session)
    first = CreateWishList(name="One")
    made = shop.require(first, by=anna)
    shop.require(CreateWishList(name="Two"), by=anna)
    full = Refused(Reason.LIMIT_REACHED, detail="wish_lists")
    assert shop.handle(CreateWishList(name="Three"), by=anna) == full
    assert shop.handle(AddToWishList(product="PLA-1"), by=anna) == full
    assert shop.require(first, by=anna) == made
    shop.require(DeleteWishList(list_id=made.id), by=anna)
    assert shop.require(AddToWishList(product="PLA-1"), by=anna).is_default


def test_the_number_of_products_is_limited() -> None:
    """AB-01: a full list takes no other product; the quantity of one that is there can still be set."""
    shop = Shop(items_per_wish_list=2)
    anna = shop.customer(shop.open_account().session)
    for product in ("PLA-1", "PLA-2"):
        shop.require(AddToWishList(product=product), by=anna)
    refused = Refused(Reason.LIMIT_REACHED, detail="wish_list_items")
    assert shop.handle(AddToWishList(product="PLA-3"), by=anna) == refused
    assert products(shop.require(AddToWishList(product="PLA-2", quantity=9), by=anna))[1] == ("PLA-2", 9)


def test_lists_of_others_do_not_count() -> None:
    """AZ-01: one customer's lists never fill another's account."""
    shop = Shop(wish_lists_per_account=1)
    for email in ("anna@mail.example", "bert@mail.example"):
        customer = shop.customer(shop.open_account(email).session)
        assert shop.require(AddToWishList(product="PLA-1"), by=customer).is_default


@pytest.mark.parametrize("quantity", [0, -1, 10_000, "2", 1.0, True])
def test_impossible_quantities(quantity: Any) -> None:
    """F09: a quantity is a whole number from 1 to 9999."""
    with pytest.raises(ValidationError):
        AddToWishList(product="PLA-1", quantity=quantity)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "two\nlines"])
def test_impossible_names(name: str) -> None:
    """LG-03: a list has a name of one line."""
    with pytest.raises(ValidationError):
        CreateWishList(name=name)


@pytest.mark.parametrize("command", [*WRITES, MyWishLists()])
def test_only_for_customers(shop: Shop, command: Any) -> None:
    """F13: visitors, guests, agents and the system have no wish lists; the storage is not touched."""
    for actor in (shop.visitor(), Agent("17"), System()):
        assert shop.handle(command, by=actor) == Refused(Reason.NOT_ALLOWED)


@pytest.mark.parametrize("command", WRITES)
def test_writes_are_counted_by_account(command: Any) -> None:
    """AB-01: the writes of one account have an allowance; reading has none."""
    shop = Shop(limits={**ALLOWANCES, Limit.ACCOUNT: Allowance(1, timedelta(minutes=15))})
    anna = shop.customer(shop.open_account().session)
    shop.handle(command, by=anna)
    refused = shop.handle(command, by=anna)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.TOO_MANY_ATTEMPTS
    assert isinstance(shop.require(MyWishLists(), by=anna), WishLists)


def test_two_first_products_make_one_default_list(shop: Shop, anna: SignedInCustomer) -> None:
    """CC-05: two tabs adding their first product at once end with one default list that holds both."""
    shop.overtaken_by(AddToWishList(product="PLA-1"), anna)
    view = shop.require(AddToWishList(product="PLA-2"), by=anna)
    assert products(view) == [("PLA-1", 1), ("PLA-2", 1)]
    assert len(shop.stored(WishListRecord)) == 1


def test_two_products_at_once_are_both_kept(shop: Shop, anna: SignedInCustomer) -> None:
    """CC-05: an update of a list is never lost."""
    shop.require(AddToWishList(product="PLA-0"), by=anna)
    shop.overtaken_by(AddToWishList(product="PLA-1"), anna)
    shop.require(AddToWishList(product="PLA-2"), by=anna)
    assert [one.product for one in lists(shop, anna)[0].items] == ["PLA-0", "PLA-1", "PLA-2"]


def test_the_limit_holds_in_a_race() -> None:
    """CC-05: two lists created at once do not pass the limit together."""
    shop = Shop(wish_lists_per_account=1)
    anna = shop.customer(shop.open_account().session)
    shop.overtaken_by(CreateWishList(name="One"), anna)
    assert shop.handle(CreateWishList(name="Two"), by=anna) == Refused(
        Reason.LIMIT_REACHED, detail="wish_lists"
    )
    assert [one.name for one in lists(shop, anna)] == ["One"]


def test_a_list_deleted_meanwhile_is_not_brought_back(shop: Shop, anna: SignedInCustomer) -> None:
    """CC-05: a product for a list that goes at the same moment is refused."""
    made = shop.require(CreateWishList(name="Gifts"), by=anna)
    shop.overtaken_by(DeleteWishList(list_id=made.id), anna)
    assert shop.handle(AddToWishList(product="PLA-1", list_id=made.id), by=anna) == Refused(Reason.NOT_FOUND)


IDS = [UUID(int=number) for number in range(4)]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.sampled_from(IDS), st.sampled_from("ABC")),
        st.tuples(st.just("rename"), st.sampled_from(IDS), st.sampled_from("ABC")),
        st.tuples(st.just("delete"), st.sampled_from([*IDS, None]), st.just("")),
        st.tuples(st.just("add"), st.sampled_from([*IDS, None]), st.sampled_from(["p", "q", "r"])),
        st.tuples(st.just("remove"), st.sampled_from([*IDS, None]), st.sampled_from(["p", "q", "r"])),
    ),
    max_size=30,
)


class Model:
    """Wish lists as plain dictionaries: name and products by the client's id; None is the default list."""

    def __init__(self) -> None:
        self.lists: dict[UUID | None, tuple[str, dict[str, int]]] = {}

    def step(self, verb: str, key: UUID | None, text: str, quantity: int) -> Reason | None:
        """Do one step, and say why it is refused."""
        is_new = key not in self.lists
        if verb in ("create", "add") and is_new and (verb == "create" or key is None):
            if len(self.lists) >= 3:
                return Reason.LIMIT_REACHED
            self.lists[key] = (text if verb == "create" else "My wish list", {})
        elif is_new:
            return Reason.NOT_FOUND
        _, items = self.lists[key]
        if verb == "add":
            if text not in items and len(items) >= 2:
                return Reason.LIMIT_REACHED
            items[text] = quantity
        elif verb == "remove":
            items.pop(text, None)
        elif verb == "rename":
            self.lists[key] = (text, items)
        elif verb == "delete":
            if key is None:
                return Reason.DEFAULT_WISH_LIST
            del self.lists[key]
        return None


def _command(
    verb: str, key: UUID | None, target: UUID | None, default: UUID, text: str, quantity: int
) -> Any:
    match verb:
        case "create":
            return CreateWishList(id=key or LIST, name=text)
        case "rename":
            return RenameWishList(list_id=target or default, name=text)
        case "delete":
            return DeleteWishList(list_id=target or default)
        case "add":
            return AddToWishList(product=text, quantity=quantity, list_id=target)
        case _:
            return RemoveFromWishList(product=text, list_id=target)


@hypothesis_settings(max_examples=60)
@given(steps=STEPS, quantities=st.lists(st.integers(1, 9999), min_size=30, max_size=30))
def test_wish_lists_follow_a_simple_model(
    steps: list[tuple[str, UUID | None, str]], quantities: list[int]
) -> None:
    """F09, AZ-01: any sequence of commands does what plain dictionaries do, also when each is given twice."""
    shop = Shop(wish_lists_per_account=3, items_per_wish_list=2)
    anna = shop.customer(shop.open_account().session)
    model, ids = Model(), dict[UUID | None, UUID]()
    for (verb, key, text), quantity in zip(steps, quantities, strict=False):
        target = ids.get(key) or (uuid4() if key else None)
        default = shop.account(anna.account_id).default_wish_list or LIST
        command = _command(verb, key, target, default, text, quantity)
        result = shop.handle(command, by=anna)
        expected = model.step(verb, key, text, quantity)
        assert (result.reason if isinstance(result, Refused) else None) is expected
        if verb == "create" and isinstance(result, WishListView):
            ids[key] = result.id
        if verb != "delete":
            assert shop.handle(command, by=anna) == result
    seen = {(one.name, tuple(products(one))) for one in lists(shop, anna)}
    assert seen == {(name, tuple(items.items())) for name, items in model.lists.values()}
    assert len(lists(shop, anna)) == len(model.lists)
