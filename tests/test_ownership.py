"""Ownership: what belongs to one customer is out of every other customer's reach (AZ-01, AZ-02).

The commands are collected by introspection: a new one that points at something by an id must be tried here, or the
first test fails.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from attrs import asdict, frozen
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

import customer_accounts.features
from customer_accounts.actors import SignedInCustomer
from customer_accounts.command import Command
from customer_accounts.features.claim_undo import UndoClaim
from customer_accounts.features.company import MyCompany, RemoveCompany, SetCompany
from customer_accounts.features.delivery_address import (
    AddAddress,
    ChangeAddress,
    MyAddresses,
    RemoveAddress,
    SetDefaultAddress,
)
from customer_accounts.features.guest_claim import ClaimGuestOrders
from customer_accounts.features.my_orders import MyOrder, MyOrders
from customer_accounts.features.newsletter import MyNewsletter, SubscribeNewsletter
from customer_accounts.features.privacy import CloseAccount
from customer_accounts.features.unsubscription import UnsubscribeNewsletter
from customer_accounts.features.wish_list import (
    AddToWishList,
    CreateWishList,
    DeleteWishList,
    MyWishLists,
    RemoveFromWishList,
    RenameWishList,
)
from customer_accounts.inputs import AddressInput, CompanyInput
from customer_accounts.refusals import Reason, Refused
from tests.orders import place
from tests.shop import PASSWORD, Shop

for _module in pkgutil.iter_modules(customer_accounts.features.__path__):
    importlib.import_module(f"customer_accounts.features.{_module.name}")

ADDRESS = AddressInput(name="Canary Anna", street="Ring 5", postcode="1010", city="Wien", country="AT")
OTHER = ADDRESS.model_copy(update={"street": "Ring 6"})
NOBODY = UUID(int=7)


def commands() -> Iterator[type[Command]]:
    """Give every command there is."""
    waiting = list(Command.__subclasses__())
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.startswith("customer_accounts."):
            yield one


def _name(kind: type[Command]) -> str:
    return kind.__name__


def points(field: str) -> bool:
    """Whether a field names something that exists already; ``id`` names what a command creates."""
    return field.endswith("_id") or field == "reference"


@frozen
class Targets:
    """What a command may point at."""

    address: UUID
    wish_list: UUID
    order: str
    account: UUID
    claim: UUID


MISSING = Targets(NOBODY, NOBODY, "no-such-order", NOBODY, NOBODY)

ALL: list[type[Command]] = sorted(commands(), key=_name)
#: How each command of customers points at something.
TRIED: MappingProxyType[type[Command], Callable[[Targets], Any]] = MappingProxyType(
    {
        ChangeAddress: lambda at: ChangeAddress(address_id=at.address, address=OTHER),
        RemoveAddress: lambda at: RemoveAddress(address_id=at.address),
        SetDefaultAddress: lambda at: SetDefaultAddress(address_id=at.address),
        RenameWishList: lambda at: RenameWishList(list_id=at.wish_list, name="Mine"),
        DeleteWishList: lambda at: DeleteWishList(list_id=at.wish_list),
        AddToWishList: lambda at: AddToWishList(list_id=at.wish_list, product="PLA-1"),
        RemoveFromWishList: lambda at: RemoveFromWishList(list_id=at.wish_list, product="canary-product"),
        MyOrder: lambda at: MyOrder(reference=at.order),
        UndoClaim: lambda at: UndoClaim(claim_id=at.claim),
        CloseAccount: lambda at: CloseAccount(
            account_id=at.account, current_password=SecretStr(PASSWORD), reason="mine now"
        ),
    }
)
#: Those of them that a customer may give; the account is named by agents only.
OWN: list[type[Command]] = [one for one in TRIED if one is not CloseAccount]
#: Commands that point and are held elsewhere, each with the reason.
ELSEWHERE = {
    "RecordOrder": "names an order that the host has just made; test_guest_order tries references of others",
}


class TwoCustomers:
    """A shop with Anna, who owns something of everything, and Bert, who wants to have it."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.anna = self.shop.customer(self.shop.open_account("anna@mail.example").session)
        self.bert = self.shop.customer(self.shop.open_account("bert@mail.example").session)
        require = self.shop.require
        address = require(AddAddress(address=ADDRESS), by=self.anna)
        wishes = require(CreateWishList(name="Canary list"), by=self.anna)
        require(AddToWishList(list_id=wishes.id, product="canary-product"), by=self.anna)
        require(SetCompany(company=CompanyInput(name="Canary GmbH", vat_number="DE136695976")), by=self.anna)
        require(SubscribeNewsletter(text_version="canary-wording"), by=self.anna)
        place(self.shop, "canary-order", by=self.anna, email="anna@mail.example")
        place(self.shop, "canary-guest", email="anna@mail.example")
        claim = require(ClaimGuestOrders(), by=self.anna).claim_id
        assert claim is not None
        self.targets = Targets(address.id, wishes.id, "canary-order", self.anna.account_id, claim)

    def seen_by(self, customer: SignedInCustomer) -> list[Any]:
        """Give everything that a customer can see of the own account."""
        queries: list[Any] = [MyAddresses(), MyWishLists(), MyCompany(), MyNewsletter(), MyOrders()]
        return [self.shop.handle(one, by=customer) for one in queries]


@pytest.fixture(name="two")
def _two() -> TwoCustomers:
    """Two customers of one shop."""
    return TwoCustomers()


def test_every_command_that_points_is_tried() -> None:
    """AZ-01: no command of customers that names something by an id is left out below."""
    pointing = {
        one.__name__
        for one in commands()
        if SignedInCustomer in one.actors and any(points(name) for name in one.model_fields)
    }
    assert pointing == {one.__name__ for one in TRIED} | set(ELSEWHERE)


@pytest.mark.parametrize("kind", TRIED, ids=_name)
def test_foreign_is_answered_like_missing(two: TwoCustomers, kind: type[Command]) -> None:
    """AZ-01: what belongs to Anna does not exist for Bert: the same answer, and nothing of hers is changed."""
    before = two.seen_by(two.anna)
    foreign = two.shop.handle(TRIED[kind](two.targets), by=two.bert)
    missing = two.shop.handle(TRIED[kind](MISSING), by=two.bert)
    assert isinstance(foreign, Refused)
    assert foreign == missing
    assert two.seen_by(two.anna) == before


@pytest.mark.parametrize("kind", [one for one in TRIED if one is not CloseAccount], ids=_name)
def test_own_is_found(two: TwoCustomers, kind: type[Command]) -> None:
    """AZ-01: the same commands work for Anna, so the refusals above are about the owner and nothing else."""
    assert not isinstance(two.shop.handle(TRIED[kind](two.targets), by=two.anna), Refused)


def queries() -> list[type[Command]]:
    """Give the commands that only show what the customer has."""
    named = {one.__name__: one for one in commands() if one.actors == (SignedInCustomer,)}
    return [one for name, one in sorted(named.items()) if "My" in name and name != "MyOrder"]


@pytest.mark.parametrize("kind", queries(), ids=_name)
def test_nobody_sees_anything_of_others(two: TwoCustomers, kind: type[Command]) -> None:
    """AZ-01, DP-03: what a customer is shown holds nothing of another customer."""
    query: Any = kind()
    own, other = (two.shop.handle(query, by=one) for one in (two.anna, two.bert))
    canaries = ("anna", "canary")
    assert any(one in _text(own).lower() for one in canaries)
    assert not any(one in _text(other).lower() for one in canaries)


def _text(result: Any) -> str:
    """Give everything that a result holds, also what its repr hides."""
    return str(result if isinstance(result, Refused) else asdict(result))


@pytest.mark.parametrize("kind", ALL, ids=_name)
def test_commands_take_named_fields_only(kind: type[Command]) -> None:
    """AZ-02: no command takes a field that it does not name, such as an owner or a version."""
    with pytest.raises(ValidationError) as raised:
        kind.model_validate({"owner": str(NOBODY), "version": 1})
    extra = {one["loc"] for one in raised.value.errors() if one["type"] == "extra_forbidden"}
    assert extra == {("owner",), ("version",)}


_WRITES: list[Callable[[Targets], Any]] = [
    *(TRIED[one] for one in OWN),
    lambda _: AddAddress(address=OTHER, make_default=True),
    lambda at: AddAddress(id=at.address, address=ADDRESS),
    lambda at: CreateWishList(id=at.wish_list, name="Mine"),
    lambda _: AddToWishList(product="PLA-2"),
    lambda _: SetCompany(company=CompanyInput(name="Mine")),
    lambda _: RemoveCompany(),
    lambda _: UnsubscribeNewsletter(),
]


@hypothesis_settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, len(_WRITES) - 1), st.booleans()), max_size=15))
def test_no_sequence_reaches_over(steps: list[tuple[int, bool]]) -> None:
    """AZ-01: whatever the two do in whatever order, what one of them sees changes by the own commands only."""
    two = TwoCustomers()
    for number, is_anna in steps:
        actor, other = (two.anna, two.bert) if is_anna else (two.bert, two.anna)
        before = two.seen_by(other)
        result = two.shop.handle(_WRITES[number](two.targets), by=actor)
        assert two.seen_by(other) == before
        assert not isinstance(result, Refused) or result.reason in (
            Reason.NOT_FOUND,
            Reason.DEFAULT_WISH_LIST,
            Reason.ALREADY_DONE,
        )
