"""An existing shop brings its customers and its guests' orders along, in batches (issue of a move).

* `ImportBatch` (the system) takes at most `BATCH` customers or orders and writes what is new in one transaction.
  `customer_accounts.accounts.importing` makes the batches of a file or an iterator, for both runners.
* Natural keys make it resumable: the earlier shop's key of a customer, the reference of an order.  The same file
  again imports nothing twice; a row is told apart as new, there already, or rejected with its line and a
  reason, and nothing is lost without being told.
* Nothing is merged silently: a second customer with the same e-mail key, here or in the shop, is DUPLICATE.  So
  is nothing rewritten: an order under a known reference with other content is a conflict.
* Whether an address is proven is stated for each customer, never assumed.  A proven one becomes an account.
  One that is not becomes an invitation: a pending registration whose link goes to that mailbox, and only if
  ``invite`` says so, since many mails go out; without it the row is rejected as not proven.  A stranger's
  registration in the old shop therefore opens nothing here (PH-01).
* Password hashes of the earlier shop are kept and verified by the adapters for them
  (`customer_accounts.adapters.legacy_hashes`); what does not look like a hash is rejected, so that no plain
  password is ever stored.
* A consent comes along only with its record: wording, time, source and when the mailbox confirmed it.
* A guest's order belongs to nobody, as ever (F11); its customer claims it.  An order of a customer names the
  customer's address, and that account must be there.

Refusals: none; each row has its own outcome.
Mails: SET_PASSWORD to customers whose address is not proven.
"""

import re
from datetime import UTC
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from attrs import define, evolve, field, frozen
from pydantic import AfterValidator, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord, Consent, RegistrationRecord
from customer_accounts.actors import System
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import Change, insert
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.email_address import EmailAddress, EmailAddressError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.conversion_invitation import invitation_link
from customer_accounts.features.registration import BY_STAFF, email_key_of
from customer_accounts.inputs import NAMED, AddressInput, Input, Line, Locale, Moment, Reference, TypedEmail
from customer_accounts.issue import record_event
from customer_accounts.order import OrderRecord, OrderStatus
from customer_accounts.outbox import EventKind
from customer_accounts.token import Purpose

#: Rows of one batch: one read, one transaction, and a bounded number of values in each statement.
BATCH = 500
_NAMESPACE = UUID("1de2a0a5-6f5c-4c39-8d0e-3c9a0a8f4b61")
_HASH = re.compile(r"(?:\$[A-Za-z0-9-]+\$|pbkdf2_|pepper:)[!-~]{15,900}")


class RowProblem(StrEnum):
    """Why a row was not imported."""

    UNREADABLE = "unreadable"
    EMAIL_INVALID = "email_invalid"
    DUPLICATE = "duplicate"
    NOT_PROVEN = "not_proven"
    CONFLICT = "conflict"
    NO_ACCOUNT = "no_account"


@frozen
class RejectedRow:
    """A row that was not imported; no value of it is repeated here.

    Args:
        line: its number in the file, the first line being 1.
        detail: which field, or what else tells the reason more exactly.
    """

    line: int
    problem: RowProblem
    detail: str = ""


@frozen
class Imported:
    """What became of some rows.

    Args:
        customers, invited, orders: rows that are new: accounts, invitations, orders.
        known: rows that an earlier run had imported.
        rejected: rows that were not imported.
    """

    customers: int = 0
    invited: int = 0
    orders: int = 0
    known: int = 0
    rejected: tuple[RejectedRow, ...] = ()


class ImportedConsent(Input):
    """The record of a consent to the newsletter; without all of it there is no consent (GDPR Art. 7(1))."""

    text_version: Reference
    at: Moment
    source: Reference
    confirmed_at: Moment


def _looks_like_a_hash(value: SecretStr) -> SecretStr:
    if not _HASH.fullmatch(value.get_secret_value()):
        raise PydanticCustomError("no_hash", "must be a stored hash, never a password")
    return value


class ImportedCustomer(Input):
    """One customer of the earlier shop.

    Args:
        line: number of the row, for the report.
        key: the earlier shop's own key, unique; makes the import resumable.
        proven: whether the earlier shop has proof that the mailbox is the customer's.
        password_hash: as the earlier shop stored it.
    """

    line: Annotated[int, Field(ge=1)] = 1
    key: Reference
    email: TypedEmail
    proven: bool
    created_at: Moment
    name: Line = ""
    locale: Locale = "en"
    password_hash: Annotated[SecretStr, AfterValidator(_looks_like_a_hash)] | None = None
    address: AddressInput | None = None
    newsletter: ImportedConsent | None = None


class ImportedOrder(Input):
    """One order of the earlier shop.

    Args:
        line: number of the row, for the report.
        of_customer: whether it belongs to the account of its address; else it is a guest's.
    """

    line: Annotated[int, Field(ge=1)] = 1
    reference: Reference
    number: Annotated[Reference, StringConstraints(max_length=64)]
    placed_at: Moment
    email: TypedEmail
    status: Annotated[OrderStatus, NAMED] = OrderStatus.DELIVERED
    name: Line = ""
    postcode: Annotated[Line, StringConstraints(max_length=32)] = ""
    locale: Locale = "en"
    of_customer: bool = False


class ImportBatch(Command):
    """Import some customers, then some orders, of an earlier shop; what is there already stays as it is.

    Args:
        invite: whether customers whose address is not proven get a mail with a link; they are left out otherwise.
    """

    actors: ClassVar = (System,)

    customers: Annotated[tuple[ImportedCustomer, ...], Field(max_length=BATCH, fail_fast=True)] = ()
    orders: Annotated[tuple[ImportedOrder, ...], Field(max_length=BATCH, fail_fast=True)] = ()
    invite: bool = False

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        owned = [one.email for one in self.orders if one.of_customer]
        keys = dict.fromkeys(email_key_of(one) for one in (*(row.email for row in self.customers), *owned))
        parts = frozenset({Part.ACCOUNTS, Part.ORDERS})
        if self.customers:
            parts |= {Part.REGISTRATIONS, Part.TOKENS}
        return Scope(
            parts=parts,
            email_keys=tuple(keys),
            account_ids=tuple(dict.fromkeys(_id_of(one) for one in self.customers)),
            references=tuple(dict.fromkeys(one.reference for one in self.orders)),
        )

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[Imported] | Refusal:
        """See `Command.decide`."""
        made = _Import(facts, env, actor, invite=self.invite)
        for customer in self.customers:
            made.customer(customer)
        for order in self.orders:
            made.order(order)
        return Decision(made.result(), made.written())


@define
class _Import:
    """What a batch has come to, row by row."""

    facts: Facts
    env: Env
    actor: System
    invite: bool
    changes: list[Change] = field(factory=list)
    accounts: dict[str, AccountRecord] = field(factory=dict)
    orders: dict[str, OrderRecord] = field(factory=dict)
    taken: set[str] = field(factory=set)
    ids: set[UUID] = field(factory=set)
    counted: Imported = Imported()

    def __attrs_post_init__(self) -> None:
        self.accounts = {one.email_key: one for one in self.facts.accounts if one.email_key and one.is_open}
        self.orders = {one.reference: one for one in self.facts.orders}
        # Whoever has changed the address since, closed the account or merged it, is known all the same.
        self.ids = {one.id for one in self.facts.accounts}

    def customer(self, row: ImportedCustomer) -> None:
        email = self._read(row.email, row.line)
        if email is None:
            return
        own_id = _id_of(row)
        known = self.accounts.get(email.key)
        waiting = self.facts.registration(own_id)
        if own_id in self.ids or waiting is not None:
            self._count(known=1)
        elif known is not None or email.key in self.taken:
            self._reject(row.line, RowProblem.DUPLICATE, "email")
        elif row.proven:
            self._account(own_id, row, email)
        elif self.invite:
            self._invitation(own_id, row, email)
        else:
            self._reject(row.line, RowProblem.NOT_PROVEN)

    def _account(self, own_id: UUID, row: ImportedCustomer, email: EmailAddress) -> None:
        at = row.created_at.astimezone(UTC)
        account = AccountRecord(
            id=own_id,
            email=email.original,
            email_key=email.key,
            email_verified_at=at,
            created_at=at,
            name=row.name,
            locale=row.locale,
            storefront=self.actor.storefront,
            password_hash=_hash_of(row),
        )
        if row.address is not None:
            address = AddressRecord(
                id=uuid5(own_id, "address"),
                account_id=own_id,
                address=row.address.postal_address(),
                created_at=at,
            )
            account = evolve(account, default_address=address.id)
            self.changes.append(insert(address))
        if row.newsletter is not None:
            self.changes.append(insert(_subscription(account, email, row.newsletter)))
        self.changes.append(insert(account))
        self.accounts[email.key] = account
        self.ids.add(own_id)
        self._count(customers=1)

    def _invitation(self, own_id: UUID, row: ImportedCustomer, email: EmailAddress) -> None:
        guest = RegistrationRecord(
            id=own_id,
            email=email.original,
            email_key=email.key,
            browser=BY_STAFF + self.env.random(16).hex(),
            created_at=self.env.now,
            expires_at=self.env.now + self.env.settings.lifetimes[Purpose.SET_PASSWORD],
            password_hash=_hash_of(row),
            name=row.name,
            locale=row.locale,
            storefront=self.actor.storefront,
        )
        self.changes += [insert(guest), *invitation_link(guest, self.facts, self.env, variant="imported")]
        self.taken.add(email.key)
        self._count(invited=1)

    def order(self, row: ImportedOrder) -> None:
        email = self._read(row.email, row.line)
        if email is None:
            return
        owner = self.accounts.get(email.key) if row.of_customer else None
        if row.of_customer and owner is None:
            self._reject(row.line, RowProblem.NO_ACCOUNT, "email")
            return
        order = self._order(row, email, owner)
        known = self.orders.get(row.reference)
        if known is None:
            self.orders[order.reference] = order
            self.changes.append(insert(order))
            self._count(orders=1)
        elif _content(known) == _content(order):
            self._count(known=1)
        else:
            self._reject(row.line, RowProblem.CONFLICT, "reference")

    def _order(self, row: ImportedOrder, email: EmailAddress, owner: AccountRecord | None) -> OrderRecord:
        at = row.placed_at.astimezone(UTC)
        return OrderRecord(
            reference=row.reference,
            number=row.number,
            placed_at=at,
            status=row.status,
            email=email.original,
            email_key=email.key,
            name=row.name,
            postcode=row.postcode,
            locale=row.locale,
            storefront=self.actor.storefront,
            owner=None if owner is None else owner.id,
            status_at=at,
        )

    def _read(self, typed: str, line: int) -> EmailAddress | None:
        try:
            return EmailAddress.parse(typed)
        except EmailAddressError as error:
            self._reject(line, RowProblem.EMAIL_INVALID, str(error.reason))
            return None

    def _reject(self, line: int, problem: RowProblem, detail: str = "") -> None:
        rejected = (*self.counted.rejected, RejectedRow(line, problem, detail))
        self.counted = evolve(self.counted, rejected=rejected)

    def _count(self, **more: int) -> None:
        self.counted = evolve(
            self.counted, **{name: getattr(self.counted, name) + count for name, count in more.items()}
        )

    def result(self) -> Imported:
        return self.counted

    def written(self) -> list[Change]:
        """Give the changes, with one entry in the trail for the whole batch."""
        if not self.changes:
            return []
        told = self.counted
        detail = f"customers={told.customers} invited={told.invited} orders={told.orders}"
        return [*self.changes, record_event(self.env, self.actor, EventKind.IMPORTED, detail=detail)]


def _id_of(row: ImportedCustomer) -> UUID:
    return uuid5(_NAMESPACE, row.key)


def _hash_of(row: ImportedCustomer) -> str | None:
    return None if row.password_hash is None else row.password_hash.get_secret_value()


def _subscription(account: AccountRecord, email: EmailAddress, told: ImportedConsent) -> SubscriptionRecord:
    return SubscriptionRecord(
        account_id=account.id,
        email=email.original,
        email_key=email.key,
        consent=Consent(told.text_version, told.at.astimezone(UTC), told.source),
        status=SubscriptionStatus.ACTIVE,
        confirmed_at=told.confirmed_at.astimezone(UTC),
        proof="import",
    )


def _content(order: OrderRecord) -> tuple[object, ...]:
    """Give what an order is by; status and owner may have gone on since."""
    return order.number, order.placed_at, order.name, order.postcode, order.email_key
