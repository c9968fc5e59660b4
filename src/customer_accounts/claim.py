"""The record of a claim: who took which orders into an account, on which proof, and what became of it.

An order names the claim that moved it (`OrderRecord.claim_id`), so what moved is found without a list.  That
mark stays until this very claim is undone, and so does the record, as long as the order: without it a later merge
could not be undone.  What it tells of people (who asked, on which evidence, why) ends before (`Settings.claims_kept`).
A merge of accounts carries a claim along with its orders instead of
marking them anew, so that merges and claims can be undone in any order.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from attrs import evolve, field, frozen


class Grade(StrEnum):
    """How well it is proven that guest orders belong to somebody; each grade covers what those before it do."""

    MAILBOX = "mailbox"
    SECOND_FACT = "second_fact"
    SUPPORT = "support"


class OrderAddresses(StrEnum):
    """Which addresses guest orders may have been placed under: the account's own, one mistyped, or any."""

    OWN = "own"
    NEAR = "near"
    ANY = "any"


@frozen
class Coverage:
    """What a grade of proof covers.

    Args:
        within: age of the orders; None for any age.
        addresses: which addresses they were placed under.
        other_names: whether orders in another person's name are covered too.
    """

    within: timedelta | None
    addresses: OrderAddresses
    other_names: bool = True


#: What each grade covers unless the shop decides otherwise (`Settings.claim_coverage`).
COVERAGE: Mapping[Grade, Coverage] = MappingProxyType(
    {
        # Addresses are given to other people (RFC 7293): providers free one after 12 months and more.
        Grade.MAILBOX: Coverage(timedelta(days=548), OrderAddresses.OWN),
        # Number and postcode stand on every parcel: they make good for age and a slip, not for a stranger's address.
        Grade.SECOND_FACT: Coverage(None, OrderAddresses.NEAR),
        # Staff has seen more, says what, and is named in the record.
        Grade.SUPPORT: Coverage(None, OrderAddresses.ANY),
    }
)


class ClaimCause(StrEnum):
    """What a claim came of."""

    FIRST_PROOF = "first_proof"
    EMAIL_CHANGE = "email_change"
    CUSTOMER = "customer"
    AUTOMATIC = "automatic"
    SUPPORT = "support"
    MERGE = "merge"


@frozen
class ClaimedAddress:
    """A delivery address that a claim added; ``made_default`` if it became the account's default."""

    address_id: UUID
    made_default: bool = False


@frozen
class Carried:
    """A merge that took a claim along from one account to another."""

    merge_id: UUID
    from_account: UUID


@frozen(kw_only=True)
class ClaimRecord:
    """One claim.

    Args:
        account_id: the account that has its orders now; another one after a merge.
        email_key: the address that the orders were placed under; empty where the claim is of no single one.
        facts: what was proven besides the mailbox: ``order_number postcode``, ``order_number host_fact``, or evidence.
        by: who asked, as the audit trail names them.
        orders: how many orders were to move when it was decided; those that arrived meanwhile carry its id too.
        from_account: the account that the orders came from, or None for guest orders.
        carried: the merges that took the claim along, the first one first.
        addresses: the delivery addresses that it added.
    """

    id: UUID
    account_id: UUID
    at: datetime
    by: str
    cause: ClaimCause
    grade: Grade
    email_key: str = field(default="", repr=False)
    facts: str = ""
    reason: str = ""
    orders: int = 0
    from_account: UUID | None = None
    carried: tuple[Carried, ...] = ()
    addresses: tuple[ClaimedAddress, ...] = ()
    undone_at: datetime | None = None
    undone_by: str = ""
    undone_reason: str = ""
    version: int = 1

    def forgotten(self) -> "ClaimRecord":
        """Give it without anything that was said or seen of people; which order is whose is all that stays."""
        return evolve(
            self,
            email_key="",
            facts="",
            by="",
            reason="",
            undone_by="",
            undone_reason="",
            version=self.version + 1,
        )
