"""What an import writes, row by row: each is new, known or rejected before the next one is looked at."""

from datetime import UTC
from uuid import UUID, uuid5

from attrs import define, evolve, field

from customer_accounts.account import AccountRecord, Company, Consent, RegistrationRecord
from customer_accounts.actors import System
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, SubscriptionStatus
from customer_accounts.changes import Change, insert
from customer_accounts.command import Env
from customer_accounts.email_address import EmailAddress, EmailAddressError
from customer_accounts.facts import Facts
from customer_accounts.features.account_opening import vat_check
from customer_accounts.features.conversion_invitation import invitation_link
from customer_accounts.features.import_rows import (
    Imported,
    ImportedConsent,
    ImportedCustomer,
    ImportedOrder,
    RejectedRow,
    RowProblem,
)
from customer_accounts.features.pending_registration import BY_STAFF
from customer_accounts.issue import record_event
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventKind
from customer_accounts.token import Purpose


@define
class BatchImport:
    """What a batch has come to, row by row."""

    facts: Facts
    env: Env
    actor: System
    invite: bool
    changes: list[Change] = field(factory=list)
    accounts: dict[str, AccountRecord] = field(factory=dict)
    orders: dict[str, OrderRecord] = field(factory=dict)
    taken: set[str] = field(factory=set)
    imported: dict[UUID, AccountRecord] = field(factory=dict)
    made: dict[UUID, str] = field(factory=dict)
    numbers: set[str] = field(factory=set)
    counted: Imported = field(factory=Imported)

    def __attrs_post_init__(self) -> None:
        self.accounts = {one.email_key: one for one in self.facts.accounts if one.email_key and one.is_open}
        self.orders = {one.reference: one for one in self.facts.orders}
        self.imported = {one.id: one for one in self.facts.accounts}

    def customer(self, row: ImportedCustomer) -> None:
        """Take a customer in."""
        email = self._read(row.email, row.line)
        if email is None:
            return
        if row.id in self.made or row.id in self.imported or self.facts.registration(row.id) is not None:
            self._again(row, email)
        elif email.key in self.accounts or email.key in self.taken:
            self._reject(row.line, RowProblem.DUPLICATE, "email")
        elif row.proven:
            self._account(row, email)
        elif self.invite:
            self._invitation(row, email)
        else:
            self._reject(row.line, RowProblem.NOT_PROVEN)

    def _again(self, row: ImportedCustomer, email: EmailAddress) -> None:
        """Take in a row whose key is there: the same customer is known, another one is told."""
        account, guest = self.imported.get(row.id), self.facts.registration(row.id)
        keys = {self.made.get(row.id), *(one.email_key for one in (account, guest) if one is not None)}
        # Whoever has changed the address since, closed the account or merged it, is known by the day it began.
        if email.key in keys or (account is not None and account.created_at == row.created_at):
            self._count(known=1)
        else:
            self._reject(row.line, RowProblem.CONFLICT, "key")

    def _account(self, row: ImportedCustomer, email: EmailAddress) -> None:
        at = row.created_at.astimezone(UTC)
        account = AccountRecord(
            id=row.id,
            email=email.original,
            email_key=email.key,
            email_verified_at=at,
            created_at=at,
            name=row.name,
            locale=row.locale,
            storefront=self.actor.storefront,
            password_hash=row.stored_hash(),
            company=None if row.company is None else row.company.company(),
        )
        addresses = _addresses(row, account)
        if addresses:
            account = evolve(account, default_address=addresses[0].id)
        self.changes += map(insert, addresses)
        self._checked(account.company)
        if row.newsletter is not None:
            self.changes.append(insert(_subscription(account, email, row.newsletter)))
        self.changes.append(insert(account))
        self.accounts[email.key] = account
        self.made[account.id] = email.key
        self._count(customers=1)

    def _checked(self, company: Company | None) -> None:
        """Let the register be asked about a number, once for all rows that have it."""
        if company is not None and company.vat_number not in self.numbers:
            self.changes += vat_check(company, self.facts, self.env)
            self.numbers.add(company.vat_number or "")

    def _invitation(self, row: ImportedCustomer, email: EmailAddress) -> None:
        guest = RegistrationRecord(
            id=row.id,
            email=email.original,
            email_key=email.key,
            browser=BY_STAFF + self.env.random(16).hex(),
            created_at=self.env.now,
            expires_at=self.env.now + self.env.settings.lifetimes[Purpose.SET_PASSWORD],
            password_hash=row.stored_hash(),
            name=row.name,
            locale=row.locale,
            storefront=self.actor.storefront,
            company=None if row.company is None else row.company.company(),
            address=row.addresses[0].postal_address() if row.addresses else None,
        )
        self.changes += [insert(guest), *invitation_link(guest, self.facts, self.env, variant="imported")]
        self.made[guest.id] = email.key
        self.taken.add(email.key)
        self._count(invited=1)

    def order(self, row: ImportedOrder) -> None:
        """Take an order in."""
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

    def written(self) -> list[Change]:
        """Give the changes, with one entry in the trail for the whole batch."""
        if not self.changes:
            return []
        told = self.counted
        detail = f"customers={told.customers} invited={told.invited} orders={told.orders}"
        return [*self.changes, record_event(self.env, self.actor, EventKind.IMPORTED, detail=detail)]


def _addresses(row: ImportedCustomer, account: AccountRecord) -> list[AddressRecord]:
    return [
        AddressRecord(
            id=uuid5(account.id, f"address {place}"),
            account_id=account.id,
            address=one.postal_address(),
            created_at=account.created_at,
        )
        for place, one in enumerate(row.addresses)
    ]


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
