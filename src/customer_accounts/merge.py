"""The record of a merge of two accounts: what the absorbed one was, and what moved, so that it can be undone exactly.

Orders and claims need no list: they carry the merge themselves (`customer_accounts.claim`).  The record ends with the
time in which it can be undone; `purge` deletes it then, and with it what is left of the absorbed account (DP-01).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import evolve, field, frozen

from customer_accounts.account import AccountRecord
from customer_accounts.belongings import AddressRecord, SubscriptionRecord


class MovedKind(StrEnum):
    """What a merge moved from one account to the other."""

    ADDRESS = "address"
    WISH_LIST = "wish_list"
    IDENTITY = "identity"
    MERGE = "merge"


@frozen
class Moved:
    """One thing that a merge moved.

    Args:
        key: its id; for an identity provider and subject, a blank between them.
        was: what a merge changed of it, as it was before: the name of a wish list, whether an identity was approved.
        became: what it was changed to.
    """

    kind: MovedKind
    key: str = field(repr=False)
    was: str = field(default="", repr=False)
    became: str = field(default="", repr=False)


@frozen(kw_only=True)
class MergeRecord:
    """A merge that can still be undone.

    Args:
        surviving: the account that goes on.
        absorbed: the account that ended, as it was.
        by: who merged them, as the audit trail names them.
        conflicts: what both had, by the names of the rules, blanks between them.
        took_name, took_company, took_address, took_wish_list: what the surviving account lacked and got, the last
            two as its default.
        subscription: the newsletter subscription that ended with the absorbed account.
        surviving_subscription: the surviving account's own as it was, where the stricter wish ended it.
        doubles: delivery addresses that the surviving account had already, written differently.
    """

    id: UUID
    surviving: UUID
    absorbed: AccountRecord
    at: datetime
    undo_until: datetime
    by: str
    reason: str = ""
    conflicts: str = ""
    took_name: bool = False
    took_company: bool = False
    took_address: bool = False
    took_wish_list: bool = False
    subscription: SubscriptionRecord | None = None
    surviving_subscription: SubscriptionRecord | None = None
    doubles: tuple[AddressRecord, ...] = ()
    moved: tuple[Moved, ...] = ()
    version: int = 1

    def handed_on(self, surviving: UUID, names: Mapping[str, str]) -> "MergeRecord":
        """Give the merge of an account that is absorbed itself, or comes back; *names* are new names of lists by id."""
        moved = (
            evolve(one, became=names[one.key])
            if one.kind is MovedKind.WISH_LIST and one.key in names
            else one
            for one in self.moved
        )
        return evolve(self, surviving=surviving, moved=tuple(moved))
