"""The models: one for each kind of record, a field for each of its fields.

They are made of the records, so that a record that gets a field needs a migration (`manage.py makemigrations`) and no
line here.  What a rule or a query reads is a column of its own type; a value inside a record is a JSON column.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord, VatCheckRecord
from customer_accounts.token import TokenRecord
from examples.packing import hints_of, is_json, may_be_missing, packed, unpacked

#: The name of the app, which is before the name of every table.
APP = "customer_accounts"
_COLUMNS: dict[type, Any] = {
    bool: models.BooleanField,
    int: models.IntegerField,
    datetime: models.DateTimeField,
    UUID: models.UUIDField,
    date: models.DateField,
}


def _model(
    kind: type, key: str | tuple[str, ...] = "id", unique: str = "", indexes: tuple[str, ...] = ()
) -> Any:
    """Make the model of a kind of record.

    Args:
        key: the field that names a record; several ones are unique together.
        unique: a field that no two records share; missing values do not count.
        indexes: fields that records are looked up by.
    """
    columns: dict[str, Any] = {}
    for name, hint in hints_of(kind).items():
        column = models.JSONField if is_json(hint) else _COLUMNS.get(hint, models.TextField)
        columns[name] = column(
            null=may_be_missing(kind, name),
            primary_key=name == key,
            unique=name in {unique, key},
            db_index=name in indexes,
        )
    together = (
        [models.UniqueConstraint(fields=key, name=f"{kind.__name__}_key")] if isinstance(key, tuple) else []
    )
    meta = type("Meta", (), {"app_label": APP, "constraints": together})
    return type(kind.__name__.removesuffix("Record"), (models.Model,), {
        "__module__": __name__, "__doc__": kind.__doc__, "Meta": meta, **columns,
    })  # fmt: skip


Account = _model(AccountRecord, unique="email_key")
Registration = _model(RegistrationRecord, indexes=("email_key", "browser", "expires_at"))
Identity = _model(IdentityRecord, ("provider", "subject"), indexes=("account_id", "subject"))
Token = _model(
    TokenRecord,
    "digest",
    indexes=("account_id", "registration_id", "order_reference", "email_key", "expires_at"),
)
Order = _model(OrderRecord, "reference", indexes=("owner", "email_key", "number"))
Address = _model(AddressRecord, indexes=("account_id",))
WishList = _model(WishListRecord, indexes=("account_id",))
Subscription = _model(SubscriptionRecord, "account_id")
VatCheck = _model(VatCheckRecord, "number", indexes=("due_at",))
VatEvidence = _model(VatEvidenceRecord, indexes=("number", "checked_at"))
OrderVat = _model(
    OrderVatRecord,
    "reference",
    indexes=("number", "state", "supplied_on", "evidence_id", "corrected_evidence_id"),
)
VatPause = _model(VatPauseRecord, "register")
Claim = _model(ClaimRecord, indexes=("account_id",))
Mail = _model(MailRecord, indexes=("due_at", "finished_at"))
Event = _model(EventRecord, indexes=("account_id", "at"))

#: The model and the key of each kind of record.
MODELS: dict[type, tuple[Any, tuple[str, ...]]] = {
    AccountRecord: (Account, ("id",)),
    RegistrationRecord: (Registration, ("id",)),
    IdentityRecord: (Identity, ("provider", "subject")),
    TokenRecord: (Token, ("digest",)),
    OrderRecord: (Order, ("reference",)),
    AddressRecord: (Address, ("id",)),
    WishListRecord: (WishList, ("id",)),
    SubscriptionRecord: (Subscription, ("account_id",)),
    VatCheckRecord: (VatCheck, ("number",)),
    VatEvidenceRecord: (VatEvidence, ("id",)),
    OrderVatRecord: (OrderVat, ("reference",)),
    VatPauseRecord: (VatPause, ("register",)),
    ClaimRecord: (Claim, ("id",)),
    MailRecord: (Mail, ("id",)),
    EventRecord: (Event, ("id",)),
}


def model_of(record: object) -> tuple[Any, tuple[str, ...]]:
    """Give the model of a record, and the fields that name it.

    Raises:
        NotImplementedError: this shop does without records of that kind.
    """
    kind = type(record)
    if kind not in MODELS:
        raise NotImplementedError(f"this shop does without {kind.__name__}: it has no model")
    return MODELS[kind]


def columns_of(record: object) -> dict[str, Any]:
    """Give the columns of a record: Django knows times, ids and enums by itself."""
    hints = hints_of(type(record))
    values = {name: getattr(record, name) for name in hints}
    return {name: packed(one) if is_json(hints[name]) else one for name, one in values.items()}


def record_of(kind: type, row: models.Model) -> Any:
    """Give the record of a row."""
    return kind(**{name: unpacked(hint, getattr(row, name)) for name, hint in hints_of(kind).items()})
