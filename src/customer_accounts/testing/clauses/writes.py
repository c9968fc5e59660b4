"""Clauses: a write happens as a whole or not at all."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from attrs import evolve

from customer_accounts.changes import (
    Change,
    Counts,
    Kept,
    Purge,
    Record,
    Remove,
    insert,
    update,
)
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.outbox import Queue
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.keys import lost, token_facts
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.records import NOW, later, stored


class BrokenOffError(Exception):
    """What a write meets in its middle that is nobody's race: a full disk, a fault of a program."""


class BreaksOff(list[Change]):
    """Changes after the last of which comes a fault, whoever looks for it."""

    def __iter__(self) -> Iterator[Change]:
        """Give the changes, then break off."""
        yield from super().__iter__()
        raise BrokenOffError


class WriteClauses(Clauses):
    """All or nothing, in order, retention."""

    def test_a_write_without_changes_does_nothing(self, storage: Storage) -> None:
        """A write of no changes succeeds and counts nothing."""
        assert storage.write([]) == Counts()

    def test_a_failing_last_change_leaves_nothing(self, storage: Storage) -> None:
        """RL-01: if the last of many changes is overtaken, none of the others is there."""
        account, token = records.an_account(), records.a_token()
        missing = records.an_account(version=4)
        changes = [*stored(account, token, records.an_event(account.id)), Remove(missing)]
        lost(storage, *changes, kind="AccountRecord")
        scope = Scope(parts=frozenset({Part.ACCOUNTS, Part.EVENTS}) - self.left_out, account_id=account.id)
        assert storage.read(scope) == Facts()
        assert token_facts(storage, token.digest) == Facts()

    @needs(Part.EVENTS)
    def test_a_write_that_fails_leaves_no_trace(self, storage: Storage) -> None:
        """RL-01: an entry of the trail of a write that is overtaken was never there; nobody did what it says."""
        account = records.an_account()
        storage.write(stored(account))
        lost(storage, *stored(records.an_event(account.id)), Remove(records.a_token()), kind="TokenRecord")
        scope = Scope(parts=frozenset({Part.EVENTS}), account_id=account.id)
        assert storage.read(scope).events == ()

    @needs(Feature.MAIL_QUEUE)
    def test_a_write_that_fails_queues_no_mail(self, storage: Storage) -> None:
        """RL-02: a mail of a write that is overtaken was never there."""
        lost(storage, *stored(records.a_mail()), Remove(records.a_token()), kind="TokenRecord")
        assert list(storage.lease(Queue.MAIL, limit=9, now=NOW, until=later(minutes=5))) == []

    def test_a_write_that_breaks_off_leaves_nothing(self, storage: Storage) -> None:
        """RL-01: an exception in the middle of a write reaches the caller, and what came before it is undone."""
        account, token = records.an_account(), records.a_token()
        with pytest.raises(BrokenOffError):
            storage.write(BreaksOff(stored(account, token)))
        assert storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)) == Facts()
        assert token_facts(storage, token.digest) == Facts()
        storage.write(stored(account, token))

    def test_a_failed_write_can_be_followed_by_another(self, storage: Storage) -> None:
        """After a write that was overtaken, the next one goes through."""
        account = records.an_account()
        lost(storage, *stored(account), Remove(records.a_token()), kind="TokenRecord")
        storage.write(stored(account))
        assert storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)).accounts == (
            account,
        )

    def test_the_other_instance_sees_what_was_written(
        self, storage: Storage, second_storage: Storage
    ) -> None:
        """A write is seen by every instance on the same data as soon as it returned."""
        account = records.an_account()
        storage.write(stored(account))
        scope = Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)
        assert second_storage.read(scope).accounts == (account,)
        storage.write([update(account, evolve(account, name="Anna"))])
        (changed,) = second_storage.read(scope).accounts
        assert changed == evolve(account, name="Anna", version=2)
        second_storage.write([update(changed, evolve(changed, name="Bert"))])
        assert storage.read(scope).accounts == (evolve(changed, name="Bert", version=3),)

    def test_changes_happen_in_their_order(self, storage: Storage) -> None:
        """Within one write a removed key can be stored again, and a new record updated."""
        token = records.a_token()
        storage.write(stored(token))
        again = evolve(token, email="other@mail.example")
        newest = evolve(again, email="third@mail.example", version=2)
        storage.write([Remove(token), insert(again), update(again, newest)])
        assert token_facts(storage, token.digest).tokens == (newest,)

    @needs(Feature.RETENTION)
    @pytest.mark.parametrize("kind", [Kept.REGISTRATIONS, Kept.TOKENS])
    def test_expired_rows_are_purged(self, storage: Storage, kind: Kept) -> None:
        """DP-01: what expired before the time goes and is counted; what expires at that very time stays."""
        make = records.a_token if kind is Kept.TOKENS else records.a_registration
        old: Record = make(expires_at=later(microseconds=-1))
        edge: Record = make(expires_at=NOW)
        storage.write(stored(old, edge))
        assert storage.write([Purge(kind, NOW)]) == Counts(purged={kind: 1})
        lost(storage, Remove(old), kind=type(old).__name__)
        storage.write([Remove(edge)])

    @needs(Feature.RETENTION)
    def test_what_is_kept_is_purged_in_one_write(self, storage: Storage) -> None:
        """DP-01: the daily purge names all there is to keep; of what a storage leaves out it finds nothing."""
        long_ago = later(days=-9999)
        storage.write(stored(records.a_token(expires_at=later(days=-99999))))
        told = storage.write([Purge(kind, long_ago) for kind in Kept]).purged
        assert (told[Kept.TOKENS], sum(told.values())) == (1, 1)

    @needs(Part.EVENTS, Feature.RETENTION)
    def test_old_events_are_purged(self, storage: Storage) -> None:
        """DP-01: entries of the audit trail from before the time go and are counted."""
        account = records.an_account()
        old, edge = (records.an_event(account.id, at=at) for at in (later(seconds=-1), NOW))
        storage.write(stored(account, old, edge))
        assert storage.write([Purge(Kept.EVENTS, NOW)]) == Counts(purged={Kept.EVENTS: 1})
        scope = Scope(parts=frozenset({Part.EVENTS}), account_id=account.id)
        assert storage.read(scope).events == (edge,)

    @needs(Part.CLAIMS, Feature.RETENTION)
    def test_old_claims_are_forgotten(self, storage: Storage) -> None:
        """DP-01: a claim stays without what it told of people, and is counted once."""
        account = records.an_account()
        old, edge = (
            evolve(records.a_full_claim(), account_id=account.id, at=at, addresses=(), carried=())
            for at in (later(seconds=-1), NOW)
        )
        storage.write(stored(account, old, edge))
        for count in (1, 0):
            assert storage.write([Purge(Kept.CLAIMS, NOW)]) == Counts(purged={Kept.CLAIMS: count})
        scope = Scope(parts=frozenset({Part.CLAIMS}), account_id=account.id)
        assert storage.read(scope).claims == (old.forgotten(), edge)

    @needs(Part.ORDERS)
    def test_a_record_with_elements_can_be_removed(self, storage: Storage) -> None:
        """A record goes together with the elements of its tuples, and can be stored again without them."""
        order = records.a_full_order()
        storage.write(stored(order))
        bare = evolve(order, shipments=())
        with suppress(StaleWriteError):
            storage.write([Remove(evolve(order, version=99))])
        storage.write([Remove(order), insert(bare)])
        assert storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference)).orders == (bare,)
