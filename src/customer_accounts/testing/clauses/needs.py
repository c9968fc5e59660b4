"""What a clause needs, so that a host can leave out by name what its shop does not use."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from customer_accounts.account import IdentityRecord
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.facts import Part
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord, VatCheckRecord

Clause = TypeVar("Clause", bound=Callable[..., None])

#: All parts, for clauses that ask for everything.
EVERYTHING = frozenset(Part)

_PARTS: dict[type, Part] = {
    IdentityRecord: Part.IDENTITIES,
    OrderRecord: Part.ORDERS,
    AddressRecord: Part.ADDRESSES,
    WishListRecord: Part.WISH_LISTS,
    SubscriptionRecord: Part.SUBSCRIPTIONS,
    VatCheckRecord: Part.VAT_CHECKS,
    EventRecord: Part.EVENTS,
    ClaimRecord: Part.CLAIMS,
    ConversionRequestRecord: Part.REQUESTS,
    ProposalRecord: Part.PROPOSALS,
    VatEvidenceRecord: Part.VAT_EVIDENCE,
    OrderVatRecord: Part.ORDER_VAT,
    VatPauseRecord: Part.VAT_PAUSES,
    MergeRecord: Part.MERGES,
    MailRecord: Part.MAILS,
}


class Feature(StrEnum):
    """What a storage does besides reading and writing records, and what a shop may do without."""

    #: `within`: writing in an open transaction of the host.
    HOST_TRANSACTION = "host_transaction"
    #: `lease`, `finish`, `fail` and `release` for mails; without it the host sends what `QueueMail` brings.
    MAIL_QUEUE = "mail_queue"
    #: `customer_accounts.ports.Outbox`: telling what waits and what was given up, and queueing that again.
    OUTBOX = "outbox"
    #: `lease`, `fail` and `release` for VAT checks.
    VAT_QUEUE = "vat_queue"
    #: `Purge`; without it nothing is ever deleted because of its age.
    RETENTION = "retention"


Use = Part | Feature


def needs(*uses: Use) -> Callable[[Clause], Clause]:
    """Mark a clause with what it needs."""

    def mark(clause: Clause) -> Clause:
        clause.__dict__["needs"] = frozenset(uses)
        return clause

    return mark


class Clauses:
    """What all clauses have in common: they know what is left out."""

    #: What the shop does not use; clauses that need one of these are no tests of the subclass.
    left_out: ClassVar[frozenset[Use]] = frozenset()

    def used(self, *records: Any) -> list[Any]:
        """Give the records of kinds that are not left out."""
        return [one for one in records if _PARTS.get(type(one)) not in self.left_out]

    def parts(self) -> frozenset[Part]:
        """Give all parts that are not left out."""
        return EVERYTHING - self.left_out
