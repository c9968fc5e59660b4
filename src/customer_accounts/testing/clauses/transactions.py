"""Clauses: a storage that joins the host's open transaction neither ends it nor outlives it.

The host gives a fixture ``host``: how its tests open a transaction, write a row of the host's own in it, and see
the rows that were committed.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Protocol

import pytest
from attrs import evolve, frozen

from customer_accounts.account import AccountRecord
from customer_accounts.changes import Remove, update
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.records import stored


@frozen
class InTransaction:
    """An open transaction of the host.

    Args:
        storage: the storage, joined to it: what ``within`` gives.
        note: writes a row of the host's own in it.
    """

    storage: Storage
    note: Callable[[str], object]


class Host(Protocol):
    """A host that has the storage's records and a table of its own in one database."""

    def begin(self) -> AbstractContextManager[InTransaction]:
        """Open a transaction, commit it at the end, and roll it back if an exception passes."""
        ...

    def notes(self) -> Collection[str]:
        """Give the rows of the host's own table that were committed."""
        ...


class GivenUpError(Exception):
    """What makes the host roll back."""


def person(account: AccountRecord) -> Scope:
    """Give the scope that reads an account."""
    return Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)


class TransactionClauses(Clauses):
    """The host alone commits and rolls back."""

    @needs(Feature.HOST_TRANSACTION)
    def test_a_joined_write_is_committed_with_the_hosts_work(self, storage: Storage, host: Host) -> None:
        """RL-01: what the host and the storage write in one transaction is there together after its end."""
        first, second = records.an_account(), records.an_account()
        with host.begin() as open_:
            open_.storage.write(stored(first))
            open_.note("between")
            open_.storage.write(stored(second))
        assert list(host.notes()) == ["between"]
        assert storage.read(person(first)).accounts == (first,)
        assert storage.read(person(second)).accounts == (second,)

    @needs(Feature.HOST_TRANSACTION)
    def test_a_joined_write_goes_with_the_hosts_rollback(self, storage: Storage, host: Host) -> None:
        """RL-01: if the host rolls back, nothing of either is there, whoever wrote first."""
        for host_first in (True, False):
            account = records.an_account()
            with pytest.raises(GivenUpError), host.begin() as open_:
                if host_first:
                    open_.note("before")
                open_.storage.write(stored(account))
                if not host_first:
                    open_.note("after")
                raise GivenUpError
            assert list(host.notes()) == []
            assert storage.read(person(account)) == Facts()

    @needs(Feature.HOST_TRANSACTION)
    def test_an_overtaken_joined_write_leaves_the_hosts_work(self, storage: Storage, host: Host) -> None:
        """RL-01: a joined write that is overtaken undoes itself alone, and the transaction goes on."""
        same, lost_one, kept = (records.an_account() for _ in range(3))
        storage.write(stored(same))
        with host.begin() as open_:
            open_.note("before")
            with pytest.raises(StaleWriteError):
                changed = update(same, evolve(same, name="Anna"))
                open_.storage.write([changed, *stored(lost_one), Remove(records.a_token())])
            open_.storage.write(stored(kept))
            open_.note("after")
        assert sorted(host.notes()) == ["after", "before"]
        assert storage.read(person(same)).accounts == (same,)
        assert storage.read(person(lost_one)) == Facts()
        assert storage.read(person(kept)).accounts == (kept,)

    @needs(Feature.HOST_TRANSACTION)
    def test_a_joined_storage_reads_what_it_wrote(self, storage: Storage, host: Host) -> None:
        """Within one transaction a command reads what the one before it wrote."""
        account = records.an_account()
        with host.begin() as open_:
            open_.storage.write(stored(account))
            assert open_.storage.read(person(account)).accounts == (account,)
            open_.storage.write([update(account, renamed := evolve(account, name="Anna"))])
            assert open_.storage.read(person(account)).accounts == (evolve(renamed, version=2),)
