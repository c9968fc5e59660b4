"""The rows of an import: customers and orders of an earlier shop as they are told, and what became of each.

A row that cannot be read is no row: what is wrong is told with its line and its field, and never with its value.
"""

import re
from enum import StrEnum
from typing import Annotated
from uuid import UUID, uuid5

from attrs import frozen
from pydantic import AfterValidator, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.inputs import (
    NAMED,
    AddressInput,
    CompanyInput,
    Input,
    Line,
    Locale,
    Moment,
    Reference,
    TypedEmail,
)
from customer_accounts.order import OrderStatus

_NAMESPACE = UUID("1de2a0a5-6f5c-4c39-8d0e-3c9a0a8f4b61")
_HASH = re.compile(r"(?:\$[A-Za-z0-9-]+\$|pbkdf2_|pepper:)[!-~]{15,900}")
#: More delivery addresses than a customer is likely to have, and few enough for one row.
_ADDRESSES = 50


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

    def plus(self, other: "Imported") -> "Imported":
        """Give the sum of both."""
        return Imported(
            self.customers + other.customers,
            self.invited + other.invited,
            self.orders + other.orders,
            self.known + other.known,
            (*self.rejected, *other.rejected),
        )


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
        company: with the VAT number as typed; what the register said of it does not come along.
        addresses: delivery addresses; the first one is the default.
    """

    line: Annotated[int, Field(ge=1)] = 1
    key: Reference
    email: TypedEmail
    proven: bool
    created_at: Moment
    name: Line = ""
    locale: Locale = "en"
    password_hash: Annotated[SecretStr, AfterValidator(_looks_like_a_hash)] | None = None
    company: CompanyInput | None = None
    addresses: Annotated[tuple[AddressInput, ...], Field(max_length=_ADDRESSES, fail_fast=True)] = ()
    newsletter: ImportedConsent | None = None

    @property
    def id(self) -> UUID:
        """The id that the account or invitation has here; the same for the same key."""
        return uuid5(_NAMESPACE, self.key)

    def stored_hash(self) -> str | None:
        """Give the hash as it is stored."""
        return None if self.password_hash is None else self.password_hash.get_secret_value()


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
