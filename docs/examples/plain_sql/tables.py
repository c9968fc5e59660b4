"""The tables: one for each kind of record, a column for each of its fields."""

import json
import sqlite3
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from attrs import define

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord, VatCheckRecord
from customer_accounts.token import TokenRecord
from examples.packing import hints_of, is_json, may_be_missing, packed, unpacked


@define
class Table:
    """The table of one kind of record.

    Args:
        key: the fields that name a record.
        unique: a field that no two records share; missing values do not count.
        indexes: fields that records are looked up by.
    """

    name: str
    kind: type
    key: tuple[str, ...] = ("id",)
    unique: str = ""
    indexes: tuple[str, ...] = ()

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The fields with their types."""
        return hints_of(self.kind)

    @property
    def statements(self) -> list[str]:
        """What makes the table and its indexes."""
        missing = {name: "" if may_be_missing(self.kind, name) else " NOT NULL" for name in self.hints}
        columns = [f'"{name}"{missing[name]}' for name in self.hints]
        unique = [f'UNIQUE ("{self.unique}")'] if self.unique else []
        lines = ", ".join([*columns, f"PRIMARY KEY ({', '.join(self.key)})", *unique])
        return [
            f'CREATE TABLE "{self.name}" ({lines})',
            *(f'CREATE INDEX "{self.name}_{one}" ON "{self.name}" ("{one}")' for one in self.indexes),
        ]

    def row(self, record: object) -> dict[str, Any]:
        """Give the columns of a record."""
        row = {name: packed(getattr(record, name)) for name in self.hints}
        inside = [name for name, hint in self.hints.items() if is_json(hint) and row[name] is not None]
        return row | {name: json.dumps(row[name]) for name in inside}

    def record(self, row: sqlite3.Row) -> Any:
        """Give the record of a row."""
        values = dict(row)
        for name, hint in self.hints.items():
            value = values[name]
            values[name] = unpacked(hint, json.loads(value) if value and is_json(hint) else value)
        return self.kind(**values)

    def select(self, where: str) -> str:
        """Give the statement that reads whole rows."""
        columns = ", ".join(f'"{name}"' for name in self.hints)
        return f'SELECT {columns} FROM "{self.name}" WHERE {where}'


MAILS = Table("mails", MailRecord, indexes=("due_at", "finished_at"))
EVENTS = Table("events", EventRecord, indexes=("account_id", "at"))
TOKENS = Table(
    "tokens",
    TokenRecord,
    ("digest",),
    indexes=("account_id", "registration_id", "order_reference", "email_key", "expires_at"),
)
ORDERS = Table("orders", OrderRecord, ("reference",), indexes=("owner", "email_key", "number"))
VAT_CHECKS = Table("vat_checks", VatCheckRecord, ("number",), indexes=("due_at",))
VAT_EVIDENCE = Table("vat_evidence", VatEvidenceRecord, indexes=("number", "checked_at"))
ORDER_VAT = Table(
    "order_vat",
    OrderVatRecord,
    ("reference",),
    indexes=("number", "state", "supplied_on", "evidence_id", "corrected_evidence_id"),
)
REGISTRATIONS = Table("registrations", RegistrationRecord, indexes=("email_key", "browser", "expires_at"))

#: All tables, by the kind of their records.
TABLES: dict[type, Table] = {
    table.kind: table
    for table in (
        Table("accounts", AccountRecord, unique="email_key"),
        REGISTRATIONS,
        Table("identities", IdentityRecord, ("provider", "subject"), indexes=("account_id", "subject")),
        TOKENS,
        ORDERS,
        Table("addresses", AddressRecord, indexes=("account_id",)),
        Table("wish_lists", WishListRecord, indexes=("account_id",)),
        Table("subscriptions", SubscriptionRecord, ("account_id",)),
        Table("claims", ClaimRecord, indexes=("account_id",)),
        VAT_CHECKS,
        VAT_EVIDENCE,
        ORDER_VAT,
        Table("vat_pauses", VatPauseRecord, ("register",)),
        MAILS,
        EVENTS,
    )
}


def marks(values: Sequence[object]) -> str:
    """Give a question mark for each value."""
    return ", ".join("?" for _ in values)
