"""The tables: one for each kind of record, their columns read off the records' fields (see `fields`).

A host includes `metadata` into its own migrations, or lets `SqlStorage.create_schema` make the tables.

* Unique keys decide races (EM-03, SO-01, TK-05): the address key among open accounts (a closed one has none),
  provider and subject of an identity, the digest of a link, the reference of an order.
* Every lookup of `reading`, `writing` and `queues` has its index; rows that no lookup is for are left out of it.
* Elements of tuples stand in tables of their own, numbered by ``position``.
* There are no foreign keys between records: a token may outlive its account, an order its owner.
"""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.adapters.sql.fields import fields_of
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishItem, WishListRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord
from customer_accounts.claim import Carried, ClaimedAddress, ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.merge import MergeRecord, Moved
from customer_accounts.order import OrderRecord, Parcel, Shipment
from customer_accounts.outbox import Detail, EventRecord, MailRecord, VatCheckRecord
from customer_accounts.token import TokenRecord

#: Before the name of every table, index and constraint, so that they stand apart from the host's own.
PREFIX = "ca_"

#: All tables, for the host's own migrations.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _table(name: str, cls: type, key: str, *more: Any) -> Table:
    keys = key.split()
    columns = (leaf.column(key=leaf.name in keys) for leaf in fields_of(cls).leaves)
    return Table(PREFIX + name, metadata, *columns, *more)


def _elements(name: str, cls: type, owner: Table, *links: str, refers: bool = True) -> Table:
    """Make the table of a tuple's elements; *links* are its columns for the key of *owner*."""
    keys = list(owner.primary_key.columns)
    own = [Column(link, key.type, primary_key=True) for link, key in zip(links, keys, strict=True)]
    return Table(
        PREFIX + name,
        metadata,
        *own,
        Column("position", Integer(), primary_key=True, autoincrement=False),
        *(leaf.column() for leaf in fields_of(cls).leaves),
        *([ForeignKeyConstraint(links, keys)] if refers else ()),
    )


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


accounts = _table(
    "accounts",
    AccountRecord,
    "id",
    UniqueConstraint("email_key"),
    Index(None, "company_vat_number", **_where("company_vat_number IS NOT NULL")),
)
registrations = _table(
    "registrations",
    RegistrationRecord,
    "id",
    Index(None, "email_key"),
    Index(None, "browser"),
    Index(None, "expires_at"),
)
identities = _table("identities", IdentityRecord, "provider subject", Index(None, "account_id"))
tokens = _table(
    "tokens",
    TokenRecord,
    "digest",
    Index(None, "account_id", **_where("account_id IS NOT NULL")),
    Index(None, "registration_id", **_where("registration_id IS NOT NULL")),
    Index("ix_ca_tokens_of_address", "email_key", **_where("order_reference IS NULL")),
    Index(None, "order_reference", **_where("order_reference IS NOT NULL")),
    Index(None, "expires_at"),
)
orders = _table(
    "orders",
    OrderRecord,
    "reference",
    Index(None, "owner", "placed_at", "reference", **_where("owner IS NOT NULL")),
    Index(None, "email_key", "placed_at", **_where("owner IS NULL")),
    Index(None, "email_key", "placed_at", "reference"),
    Index(None, "number"),
)
# The orders may stand in a table of the host's (`host_orders`).
shipments = _elements("shipments", Shipment, orders, "order_reference", refers=False)
parcels = _elements("parcels", Parcel, shipments, "order_reference", "shipment_position")
addresses = _table("addresses", AddressRecord, "id", Index(None, "account_id"))
wish_lists = _table("wish_lists", WishListRecord, "id", Index(None, "account_id"))
wish_items = _elements("wish_items", WishItem, wish_lists, "wish_list_id")
subscriptions = _table("subscriptions", SubscriptionRecord, "account_id")
vat_checks = _table("vat_checks", VatCheckRecord, "number", Index(None, "due_at", "number"))
vat_evidence = _table(
    "vat_evidence", VatEvidenceRecord, "id", Index(None, "number", "checked_at"), Index(None, "checked_at")
)
order_vat = _table(
    "order_vat",
    OrderVatRecord,
    "reference",
    Index(None, "number", "recorded_at", **_where("number IS NOT NULL")),
    Index(None, "state", "recorded_at"),
    Index(None, "supplied_on"),
    Index(None, "evidence_id", **_where("evidence_id IS NOT NULL")),
    Index(None, "corrected_evidence_id", **_where("corrected_evidence_id IS NOT NULL")),
)
vat_pauses = _table("vat_pauses", VatPauseRecord, "register")
mails = _table(
    "mails",
    MailRecord,
    "id",
    Index("ix_ca_mails_queued", "due_at", **_where("status = 'queued'")),
    Index("ix_ca_mails_dead", "due_at", **_where("status = 'dead'")),
    Index(None, "finished_at", **_where("finished_at IS NOT NULL")),
    Index(None, "account_id", "queued_at", **_where("account_id IS NOT NULL")),
    Index(None, "to_digest", "queued_at", **_where("to_digest IS NOT NULL")),
    Index(None, "order_reference", "queued_at", **_where("order_reference IS NOT NULL")),
    CheckConstraint("status IN ('queued', 'sent', 'dropped', 'dead')", name="status"),
)
mail_details = _elements("mail_details", Detail, mails, "mail_id")
events = _table(
    "events",
    EventRecord,
    "id",
    Index(None, "account_id", "at", **_where("account_id IS NOT NULL")),
    Index(None, "email_digest", "at", **_where("email_digest IS NOT NULL")),
    Index(None, "at"),
)
claims = _table(
    "claims", ClaimRecord, "id", Index(None, "account_id"), Index(None, "email_key"), Index(None, "at")
)
claim_carried = _elements("claim_carried", Carried, claims, "claim_id")
claim_addresses = _elements("claim_addresses", ClaimedAddress, claims, "claim_id")
requests = _table(
    "requests",
    ConversionRequestRecord,
    "id",
    Index(None, "email_key"),
    Index(None, "state", "created_at", "id"),
    Index(None, "expires_at"),
)
merges = _table(
    "merges",
    MergeRecord,
    "id",
    Index(None, "surviving"),
    Index(None, "absorbed_id"),
    Index(None, "absorbed_email_key"),
    Index(None, "undo_until"),
)
merge_doubles = _elements("merge_doubles", AddressRecord, merges, "merge_id")
merge_moved = _elements("merge_moved", Moved, merges, "merge_id")
proposals = _table(
    "proposals", ProposalRecord, "id", Index(None, "created_at", "id"), Index(None, "expires_at")
)
