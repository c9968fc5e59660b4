"""Delivery addresses, managed by their owner (F10).

Who may ask: signed-in customers, about their own addresses; a guest's address is typed again every time
(F12). An address of somebody else and one that does not exist are refused alike, with NOT_FOUND (AZ-01).

* What the country of delivery asks for is checked (`customer_accounts.address_format`). The refusal
  ADDRESS_INVALID names the first field that is not right, its text says what to do. Names and postcodes stay
  as typed.
* As soon as there is one address, exactly one is the default: the first address becomes it, and when the
  default is removed, the oldest of the others does. Everything here is guarded by the version of the account,
  on which the default stands.
* `AddAddress` carries an id that the client chose (RL-08). An address that the account has already, the phone
  number included, is not stored twice: the answer is the one that is there. `ChangeAddress` compares with
  nothing; a double that a customer makes that way harms nobody.
* How many addresses an account has is a setting (LIMIT_REACHED).

No mails: orders keep a copy of the address in the host's own records, so a change here moves no parcel.
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID, uuid4, uuid5

from attrs import evolve, frozen
from pydantic import Field

from customer_accounts.account import AccountRecord, PostalAddress
from customer_accounts.actors import SignedInCustomer
from customer_accounts.address_format import AddressProblemCode, address_problems, same_address_key
from customer_accounts.belongings import AddressRecord
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.inputs import AddressInput
from customer_accounts.limiting import Hit
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Settings

_NAMESPACE = UUID("5b0c2f0e-8f3b-4b0e-9a46-3c1f5f0f7d21")
_SCOPE = Scope(parts=frozenset({Part.ACCOUNTS, Part.ADDRESSES}))


@frozen
class AddressView:
    """A delivery address as its owner sees it."""

    id: UUID
    address: PostalAddress
    is_default: bool


@frozen
class AddressBook:
    """All delivery addresses of an account, the oldest first."""

    addresses: tuple[AddressView, ...]

    @property
    def default(self) -> AddressView | None:
        """The default address; None only where there is no address at all."""
        return next((one for one in self.addresses if one.is_default), None)


def address_refusal(address: PostalAddress) -> Refusal | None:
    """Say what is first to be put right in an address, or None; also for one that belongs to no account."""
    problems = address_problems(
        address.country,
        name=address.name,
        street=address.street,
        postcode=address.postcode,
        city=address.city,
        region=address.region,
    )
    if not problems:
        return None
    first = problems[0]
    name = f"{first.field}_required" if first.code is AddressProblemCode.REQUIRED else first.code.value
    return Refusal(
        Refused(
            Reason.ADDRESS_INVALID,
            field=first.field.value,
            detail=first.code.value,
            values=(("example", first.example),),
            told=("address_format", name),
        )
    )


def address_book_of(account: AccountRecord, records: Sequence[AddressRecord]) -> AddressBook:
    """Give the addresses of an account as their owner sees them."""
    own = [one for one in records if one.account_id == account.id]
    return AddressBook(tuple(_view(one, account) for one in own))


def default_among(records: Sequence[AddressRecord], wanted: UUID | None) -> UUID | None:
    """Give the default of these addresses: the wanted one if it is among them, else the oldest."""
    if any(one.id == wanted for one in records):
        return wanted
    oldest = min(records, key=lambda one: (one.created_at, str(one.id)), default=None)
    return None if oldest is None else oldest.id


class AddAddress(Command):
    """Add a delivery address; the first one becomes the default, others with *make_default*."""

    actors: ClassVar = (SignedInCustomer,)

    id: UUID = Field(default_factory=uuid4)
    address: AddressInput
    make_default: bool = False

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[AddressView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        own = _own(facts, account)
        address_id = uuid5(_NAMESPACE, f"{account.id}:{self.id}")
        repeated = _with_id(address_id, own)
        if repeated is not None:
            return Decision(_view(repeated, account))
        address = self.address.postal_address()
        known = next((one for one in own if comparing_key(one.address) == comparing_key(address)), None)
        if known is not None:
            return _with_default(known, account) if self.make_default else Decision(_view(known, account))
        refusal = address_refusal(address)
        if refusal is not None:
            return refusal
        if len(own) >= env.settings.addresses_per_account:
            return refuse(Reason.LIMIT_REACHED, detail="addresses")
        new = AddressRecord(id=address_id, account_id=account.id, address=address, created_at=env.now)
        wanted = new.id if self.make_default else account.default_address
        owner = evolve(account, default_address=default_among((*own, new), wanted))
        return Decision(_view(new, owner), (insert(new), update(account, owner)))


class ChangeAddress(Command):
    """Put another address in the place of one; it stays the default if it was."""

    actors: ClassVar = (SignedInCustomer,)

    address_id: UUID
    address: AddressInput

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[AddressView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        old = _with_id(self.address_id, _own(facts, account))
        if old is None:
            return refuse(Reason.NOT_FOUND)
        address = self.address.postal_address()
        refusal = address_refusal(address)
        if refusal is not None:
            return refusal
        new = evolve(old, address=address)
        return Decision(_view(new, account), () if new == old else (update(old, new),))


class RemoveAddress(Command):
    """Remove a delivery address; a repeat finds nothing and says so."""

    actors: ClassVar = (SignedInCustomer,)

    address_id: UUID

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[AddressBook] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        own = _own(facts, account)
        old = _with_id(self.address_id, own)
        if old is None:
            return refuse(Reason.NOT_FOUND)
        left = [one for one in own if one.id != old.id]
        owner = evolve(account, default_address=default_among(left, account.default_address))
        return Decision(address_book_of(owner, left), (Remove(old), update(account, owner)))


class SetDefaultAddress(Command):
    """Make an address the default."""

    actors: ClassVar = (SignedInCustomer,)

    address_id: UUID

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[AddressView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        wanted = _with_id(self.address_id, _own(facts, account))
        return refuse(Reason.NOT_FOUND) if wanted is None else _with_default(wanted, account)


class MyAddresses(Command):
    """Show all delivery addresses of the account."""

    actors: ClassVar = (SignedInCustomer,)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return _SCOPE

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[AddressBook] | Refusal:
        """See `Command.decide`."""
        return Decision(address_book_of(acting(facts, actor), facts.addresses))


def _own(facts: Facts, account: AccountRecord) -> list[AddressRecord]:
    return [one for one in facts.addresses if one.account_id == account.id]


def _with_id(address_id: UUID, records: Sequence[AddressRecord]) -> AddressRecord | None:
    return next((one for one in records if one.id == address_id), None)


def _with_default(record: AddressRecord, account: AccountRecord) -> Decision[AddressView]:
    owner = evolve(account, default_address=record.id)
    changes: tuple[Change, ...] = () if owner == account else (update(account, owner),)
    return Decision(_view(record, owner), changes)


def _view(record: AddressRecord, account: AccountRecord) -> AddressView:
    return AddressView(record.id, record.address, record.id == account.default_address)


def comparing_key(address: PostalAddress) -> tuple[str, str]:
    """Give what is the same for one address typed twice; the carrier calls the phone number, so it counts."""
    key = same_address_key(
        address.country,
        name=address.name,
        street=address.street,
        postcode=address.postcode,
        city=address.city,
        region=address.region,
        extra=address.extra,
    )
    return key, "".join(char for char in address.phone if char.isdecimal() or char == "+")
