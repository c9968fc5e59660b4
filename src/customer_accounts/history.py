"""What happened, of several kinds, as one list: the newest first, a page at a time, by key.

What lives here: which kinds there are, by what each is found, and the order of all of them.  A storage reads this
table instead of knowing the kinds (`customer_accounts.facts`, part ``history``).

* The place of a record is (time, kind, key).  No two records share one, and it never changes: so pages put together
  are the whole list, none twice and none left out, and what happens meanwhile stands before the first page.
* A history names what it wants with plain values, none of which leads anywhere.  A record that several of them reach
  comes once.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from uuid import UUID

from attrs import field, frozen
from attrs.validators import ge, le

from customer_accounts.account import RegistrationRecord
from customer_accounts.casework import ConversionRequestRecord
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord

HistoryRecord = (
    RegistrationRecord
    | EventRecord
    | MailRecord
    | OrderRecord
    | ClaimRecord
    | MergeRecord
    | ConversionRequestRecord
    | VatEvidenceRecord
    | OrderVatRecord
)


@frozen(order=True)
class Place:
    """Where a record stands in the list.

    Args:
        kind: the name of its kind, see `KINDS`.
        key: what names it among its kind, as text.
    """

    at: datetime
    kind: str
    key: str

    @property
    def name(self) -> str:
        """What `place_named` reads again."""
        return f"{self.kind} {self.key}"


@frozen
class History:
    """Whose history is wanted, and which page of it; "" is nobody's address.

    Args:
        account_ids: what happened to these accounts.
        email_keys: what stands under these addresses.
        digests: what was mailed to or noted of the addresses with these digests.
        references: of the orders with these references.
        vat_numbers: of these VAT numbers, in compact form.
        after: place of the last record of the page before, or None for the first page.
        limit: records on the page, 1 to 100.
    """

    account_ids: tuple[UUID, ...] = ()
    email_keys: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    vat_numbers: tuple[str, ...] = ()
    after: Place | None = None
    limit: int = field(default=20, validator=[ge(1), le(100)])


@frozen
class Kind:
    """One kind of records.

    Args:
        name: its place in the order of records of one time.
        time: the field that tells when; it never changes.
        key: the field that names a record, an id where it is ``id``.
        ways: the fields by which records are found, each with the field of `History` that has its values.
    """

    record: type
    name: str
    time: str
    key: str
    ways: Mapping[str, str]


_OF_ACCOUNT = {"account_id": "account_ids"}
_AT_ADDRESS = {"email_key": "email_keys"}
_OF_ORDER = {"reference": "references"}
_OF_NUMBER = {"number": "vat_numbers"}

#: Every kind, by its records.
KINDS: Mapping[type, Kind] = MappingProxyType(
    {
        kind.record: kind
        for kind in (
            Kind(RegistrationRecord, "registration", "created_at", "id", _AT_ADDRESS),
            Kind(EventRecord, "event", "at", "id", {**_OF_ACCOUNT, "email_digest": "digests"}),
            Kind(
                MailRecord, "mail", "queued_at", "id",
                {**_OF_ACCOUNT, "to_digest": "digests", "order_reference": "references"},
            ),
            Kind(
                OrderRecord, "order", "placed_at", "reference",
                {"owner": "account_ids", **_AT_ADDRESS, **_OF_ORDER},
            ),
            Kind(ClaimRecord, "claim", "at", "id", {**_OF_ACCOUNT, **_AT_ADDRESS}),
            Kind(
                MergeRecord, "merge", "at", "id",
                {"surviving": "account_ids", "absorbed.email_key": "email_keys"},
            ),
            Kind(ConversionRequestRecord, "request", "created_at", "id", _AT_ADDRESS),
            Kind(VatEvidenceRecord, "vat_evidence", "checked_at", "id", _OF_NUMBER),
            Kind(OrderVatRecord, "order_vat", "recorded_at", "reference", {**_OF_NUMBER, **_OF_ORDER}),
        )
    }
)  # fmt: skip


def place_of(record: HistoryRecord) -> Place:
    """Give the place of a record."""
    kind = KINDS[type(record)]
    return Place(getattr(record, kind.time), kind.name, str(getattr(record, kind.key)))


def place_named(at: datetime, name: str) -> Place | None:
    """Read the place of a record from its time and `Place.name`; None for what names none."""
    known, _, key = name.partition(" ")
    kind = kind_named(known)
    if kind is None or not key:
        return None
    try:
        return Place(at, known, str(UUID(key)) if kind.key == "id" else key)
    except ValueError:
        return None


def kind_named(name: str) -> Kind | None:
    """Give the kind with this name."""
    return next((kind for kind in KINDS.values() if kind.name == name), None)


def reaches(history: History, record: HistoryRecord) -> bool:
    """Whether a record is of what a history wants."""
    return any(
        attrgetter(path)(record) in wanted_of(history, name)
        for path, name in KINDS[type(record)].ways.items()
    )


def wanted_of(history: History, name: str) -> tuple[UUID | str, ...]:
    """Give the values of one field of a history, without those that are nobody's."""
    return tuple(value for value in getattr(history, name) if value != "")


def page_of(history: History, records: Iterable[HistoryRecord]) -> tuple[HistoryRecord, ...]:
    """Give the page of a history out of the records that it reaches, each given at least once, and of no others."""
    after = history.after
    known = {place_of(one): one for one in records}
    newest = sorted((place for place in known if after is None or place < after), reverse=True)
    return tuple(known[place] for place in newest[: history.limit])
