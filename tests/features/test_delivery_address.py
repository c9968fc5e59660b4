"""Delivery addresses, managed by their owner (F10)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import asdict, evolve
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from customer_accounts.actors import Agent, SignedInCustomer, System
from customer_accounts.address_format import address_problems
from customer_accounts.belongings import AddressRecord
from customer_accounts.features.delivery_address import (
    AddAddress,
    AddressBook,
    AddressView,
    ChangeAddress,
    MyAddresses,
    RemoveAddress,
    SetDefaultAddress,
)
from customer_accounts.inputs import AddressInput
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.refusals import Reason, Refused
from customer_accounts.wording import LOCALES
from tests.shop import Shop

HOME = AddressInput(name="Anna Müller", street="Ring 5/3", postcode="1010", city="Wien", country="at")
WORK = AddressInput(
    name="Anna Müller", street="10 rue de l'Est", postcode="75020", city="Paris", country="FR"
)
NOWHERE = UUID(int=7)
WRITES: list[Any] = [
    AddAddress(address=HOME),
    ChangeAddress(address_id=NOWHERE, address=HOME),
    RemoveAddress(address_id=NOWHERE),
    SetDefaultAddress(address_id=NOWHERE),
]


@pytest.fixture(name="anna")
def _anna(shop: Shop) -> SignedInCustomer:
    """A customer who is signed in."""
    return shop.customer(shop.open_account().session)


def book(shop: Shop, customer: SignedInCustomer) -> AddressBook:
    """Give what the customer sees."""
    return shop.require(MyAddresses(), by=customer)


def test_a_customer_manages_addresses(shop: Shop, anna: SignedInCustomer) -> None:
    """F10: addresses are added, changed, chosen and removed, and shown with the oldest first."""
    home = shop.require(AddAddress(address=HOME), by=anna)
    shop.clock.forward(minutes=1)
    work = shop.require(AddAddress(address=WORK), by=anna)
    assert (home.is_default, work.is_default) == (True, False)
    assert book(shop, anna).addresses == (home, work)
    moved = HOME.model_copy(update={"street": "Ring 6"})
    changed = shop.require(ChangeAddress(address_id=home.id, address=moved), by=anna)
    assert (changed.id, changed.address.street, changed.is_default) == (home.id, "Ring 6", True)
    chosen = shop.require(SetDefaultAddress(address_id=work.id), by=anna)
    assert chosen == evolve(work, is_default=True)
    assert book(shop, anna).default == chosen
    left = shop.require(RemoveAddress(address_id=home.id), by=anna)
    assert left == AddressBook((chosen,)) == book(shop, anna)


def test_addresses_stay_as_typed(shop: Shop, anna: SignedInCustomer) -> None:
    """F10: nothing that was typed is put into another form; only the country's code gets capitals."""
    typed = AddressInput(
        name="  ANNA  müller",
        street="ring 5 / 3",
        postcode="a-1010",
        city="wien",
        country=" at ",
        phone="+43 1 23",
    )
    address = shop.require(AddAddress(address=typed), by=anna).address
    assert asdict(address) == {**typed.model_dump(), "country": "AT"}


@pytest.mark.parametrize("repeat", [1, 2])
def test_an_address_is_added_once(shop: Shop, anna: SignedInCustomer, repeat: int) -> None:
    """RL-08: a repeat creates nothing, and changes no default that was chosen meanwhile."""
    command = AddAddress(address=WORK, make_default=True)
    home = shop.require(AddAddress(address=HOME), by=anna)
    work = shop.require(command, by=anna)
    shop.require(SetDefaultAddress(address_id=home.id), by=anna)
    before = shop.stored(AddressRecord)
    for _ in range(repeat):
        assert shop.require(command, by=anna) == evolve(work, is_default=False)
    assert shop.stored(AddressRecord) == before


def test_the_same_address_typed_twice_is_one(shop: Shop, anna: SignedInCustomer) -> None:
    """F10: another spelling of an address that is there answers with it; asked to, it becomes the default."""
    home = shop.require(AddAddress(address=HOME), by=anna)
    shop.require(AddAddress(address=WORK, make_default=True), by=anna)
    typed = AddressInput(name="anna müller", street="RING 5/3", postcode="A-1010", city="WIEN", country="AT")
    assert shop.require(AddAddress(address=typed), by=anna) == evolve(home, is_default=False)
    assert shop.require(AddAddress(address=typed, make_default=True), by=anna) == home
    assert len(shop.stored(AddressRecord)) == 2


def test_another_phone_number_is_another_address(shop: Shop, anna: SignedInCustomer) -> None:
    """F10: the carrier calls that number, so it is not lost with a double; its spelling does not matter."""
    for phone in ("", "+43 1 23", "+43 (1) 2-3", "+43 1 24"):
        shop.clock.forward(seconds=1)
        shop.require(AddAddress(address=HOME.model_copy(update={"phone": phone})), by=anna)
    assert [one.address.phone for one in book(shop, anna).addresses] == ["", "+43 1 23", "+43 1 24"]


@pytest.mark.parametrize(
    ("change", "field", "detail"),
    [
        ({"country": "XX"}, "country", "unknown_country"),
        ({"name": "  "}, "name", "required"),
        ({"street": ""}, "street", "required"),
        ({"postcode": ""}, "postcode", "required"),
        ({"postcode": "75020"}, "postcode", "postcode_format"),
        ({"postcode": "1" * 21}, "postcode", "too_long"),
        ({"city": "", "name": ""}, "name", "required"),
    ],
)
def test_what_the_country_asks_for(
    shop: Shop, anna: SignedInCustomer, change: dict[str, str], field: str, detail: str
) -> None:
    """F10: the refusal names the first field that is not right and says what to do, in three languages."""
    home = shop.require(AddAddress(address=WORK), by=anna)
    typed = HOME.model_copy(update=change)
    wanted = typed.postal_address()
    problem = address_problems(
        wanted.country,
        name=wanted.name,
        street=wanted.street,
        postcode=wanted.postcode,
        city=wanted.city,
        region="",
    )[0]
    commands: list[Any] = [AddAddress(address=typed), ChangeAddress(address_id=home.id, address=typed)]
    for command in commands:
        refused = shop.handle(command, by=anna)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.field, refused.detail) == (Reason.ADDRESS_INVALID, field, detail)
        assert refused.http_status == 422
        assert [refused.text(one) for one in LOCALES] == [problem.text(one) for one in LOCALES]
    assert book(shop, anna).addresses == (home,)


def test_the_oldest_becomes_the_default(shop: Shop, anna: SignedInCustomer) -> None:
    """F10: when the default goes, the oldest of the others takes its place; the last one leaves none."""
    for street in ("A 1", "B 2", "C 3"):
        shop.require(
            AddAddress(address=HOME.model_copy(update={"street": street}), make_default=True), by=anna
        )
        shop.clock.forward(minutes=1)
    first, second, third = book(shop, anna).addresses
    assert shop.require(RemoveAddress(address_id=third.id), by=anna).default == evolve(first, is_default=True)
    assert shop.require(RemoveAddress(address_id=second.id), by=anna).default == evolve(
        first, is_default=True
    )
    assert shop.require(RemoveAddress(address_id=first.id), by=anna) == AddressBook(())
    assert book(shop, anna).default is None
    assert shop.account(anna.account_id).default_address is None


@pytest.mark.parametrize("command", WRITES[1:])
def test_what_is_not_there(shop: Shop, anna: SignedInCustomer, command: Any) -> None:
    """AZ-01: an address that does not exist is not found."""
    assert shop.handle(command, by=anna) == Refused(Reason.NOT_FOUND)


def test_nothing_changes_nothing(shop: Shop, anna: SignedInCustomer) -> None:
    """RL-08: a change that is there already is answered, and not written."""
    home = shop.require(AddAddress(address=HOME), by=anna)
    before = (shop.stored(AddressRecord), shop.account(anna.account_id))
    assert shop.require(ChangeAddress(address_id=home.id, address=HOME), by=anna) == home
    assert shop.require(SetDefaultAddress(address_id=home.id), by=anna) == home
    assert (shop.stored(AddressRecord), shop.account(anna.account_id)) == before


def test_two_customers_may_choose_the_same_id(shop: Shop, anna: SignedInCustomer) -> None:
    """AZ-01, RL-08: an id is unique for each customer, and equal addresses of two customers are two."""
    bert = shop.customer(shop.open_account("bert@mail.example").session)
    command = AddAddress(address=HOME)
    assert shop.require(command, by=anna).id != shop.require(command, by=bert).id
    assert len(book(shop, anna).addresses) == len(book(shop, bert).addresses) == 1


def test_the_number_of_addresses_is_limited() -> None:
    """AB-01: beyond the setting nothing is added; what is there can be typed again and changed."""
    shop = Shop(addresses_per_account=1)
    anna = shop.customer(shop.open_account().session)
    home = shop.require(AddAddress(address=HOME), by=anna)
    assert shop.handle(AddAddress(address=WORK), by=anna) == Refused(Reason.LIMIT_REACHED, detail="addresses")
    assert shop.require(AddAddress(address=HOME), by=anna) == home
    assert shop.require(ChangeAddress(address_id=home.id, address=WORK), by=anna).address.city == "Paris"


def test_the_address_of_a_registration_is_the_default(shop: Shop) -> None:
    """F04, F10: an address given at registration is there after the proof, and is the default."""
    anna = shop.customer(shop.open_account(address=HOME).session)
    (home,) = book(shop, anna).addresses
    assert (home.address, home.is_default) == (HOME.postal_address(), True)


@pytest.mark.parametrize("command", [*WRITES, MyAddresses()])
def test_only_for_customers(shop: Shop, command: Any) -> None:
    """F12: visitors, guests, agents and the system have no address book; the storage is not touched."""
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
    assert isinstance(book(shop, anna), AddressBook)


def test_one_default_in_any_race(shop: Shop, anna: SignedInCustomer) -> None:
    """CC-05: an address that goes while it becomes the default is not the default, another one is."""
    home = shop.require(AddAddress(address=HOME), by=anna)
    shop.clock.forward(minutes=1)
    work = shop.require(AddAddress(address=WORK), by=anna)
    shop.overtaken_by(SetDefaultAddress(address_id=work.id), anna)
    assert shop.require(RemoveAddress(address_id=work.id), by=anna).default == home
    shop.overtaken_by(RemoveAddress(address_id=home.id), anna)
    assert shop.handle(ChangeAddress(address_id=home.id, address=WORK), by=anna) == Refused(Reason.NOT_FOUND)


def test_two_first_addresses_have_one_default(shop: Shop, anna: SignedInCustomer) -> None:
    """CC-05: two tabs adding the first address at once end with one default."""
    shop.overtaken_by(AddAddress(address=HOME), anna)
    assert not shop.require(AddAddress(address=WORK), by=anna).is_default
    shop.overtaken_by(AddAddress(address=HOME.model_copy(update={"street": "Ring 7"})), anna)
    shop.require(AddAddress(address=HOME.model_copy(update={"street": "ring 7."})), by=anna)
    streets = {one.address.street: one.is_default for one in book(shop, anna).addresses}
    assert streets == {"Ring 5/3": True, "10 rue de l'Est": False, "Ring 7": False}


class Model:
    """An address book as a list of keys, the oldest first, and one default."""

    def __init__(self) -> None:
        self.keys: list[int] = []
        self.default: int | None = None

    def step(self, verb: str, key: int) -> Reason | None:
        """Do one step, and say why it is refused."""
        if verb in ("add", "add_default"):
            if key not in self.keys and len(self.keys) >= 4:
                return Reason.LIMIT_REACHED
            if key not in self.keys:
                self.keys.append(key)
            if verb == "add_default" or self.default is None:
                self.default = key
            return None
        if key not in self.keys:
            return Reason.NOT_FOUND
        if verb == "remove":
            self.keys.remove(key)
            if self.default == key:
                self.default = self.keys[0] if self.keys else None
        else:
            self.default = key
        return None


def _command(verb: str, key: int, address_id: UUID) -> Any:
    match verb:
        case "add" | "add_default":
            address = HOME.model_copy(update={"street": f"Ring {key}"})
            return AddAddress(address=address, make_default=verb == "add_default")
        case "remove":
            return RemoveAddress(address_id=address_id)
        case _:
            return SetDefaultAddress(address_id=address_id)


@hypothesis_settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "add_default", "remove", "choose"]), st.integers(0, 5)), max_size=30
    )
)
def test_one_default_whenever_there_is_an_address(steps: list[tuple[str, int]]) -> None:
    """F10: after any sequence of commands exactly one address is the default, and it is the expected one."""
    shop = Shop(addresses_per_account=4)
    anna = shop.customer(shop.open_account().session)
    model, ids = Model(), dict[int, UUID]()
    for verb, key in steps:
        shop.clock.forward(seconds=1)
        result: Any = shop.handle(_command(verb, key, ids.get(key, NOWHERE)), by=anna)
        assert (result.reason if isinstance(result, Refused) else None) is model.step(verb, key)
        if isinstance(result, AddressView):
            ids[key] = result.id
        seen = book(shop, anna).addresses
        assert [one.address.street for one in seen] == [f"Ring {one}" for one in model.keys]
        assert [one.id for one in seen if one.is_default] == [
            ids[one] for one in model.keys if one == model.default
        ]
        assert shop.account(anna.account_id).default_address == (
            None if model.default is None else ids[model.default]
        )
