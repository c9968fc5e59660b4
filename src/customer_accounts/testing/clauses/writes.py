"""Clauses: a write happens as a whole or not at all, and loses to whoever was first."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from attrs import evolve

from customer_accounts.account import AccountStatus
from customer_accounts.changes import (
    Change,
    Counts,
    Kept,
    Mark,
    MoveOrders,
    OrderSelection,
    Purge,
    Record,
    Remove,
    UseToken,
    insert,
    update,
)
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import Queue
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import needs
from customer_accounts.testing.records import NOW, later, some_key, stored


def lost(storage: Storage, *changes: Change, kind: str) -> None:
    """Assert that a write is overtaken, and that the error names the kind of record and nothing of it."""
    with pytest.raises(StaleWriteError) as caught:
        storage.write(changes)
    assert caught.value.what.startswith(kind)


def token_facts(storage: Storage, digest: str) -> Facts:
    """Read a link and the account behind it."""
    return storage.read(Scope(parts=frozenset({Part.TOKENS, Part.ACCOUNTS}), token=digest))


class WriteClauses:
    """All or nothing, unique keys, versions, one-time links, moved orders, retention."""

    def test_a_write_without_changes_does_nothing(self, storage: Storage) -> None:
        """A write of no changes succeeds and counts nothing."""
        assert storage.write([]) == Counts()

    def test_a_failing_last_change_leaves_nothing(self, storage: Storage) -> None:
        """RL-01: if the last of many changes is overtaken, none of the others is there."""
        account, token, mail = records.an_account(), records.a_token(), records.a_mail()
        missing = records.an_account(version=4)
        changes = [*stored(account, token, mail, records.an_event(account.id)), Remove(missing)]
        lost(storage, *changes, kind="AccountRecord")
        scope = Scope(parts=frozenset({Part.ACCOUNTS, Part.EVENTS}), account_id=account.id)
        assert storage.read(scope) == Facts()
        assert token_facts(storage, token.digest) == Facts()
        assert list(storage.lease(Queue.MAIL, limit=9, now=NOW, until=later(minutes=5))) == []

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
        second_storage.write([update(account, changed := evolve(account, name="Anna"))])
        assert storage.read(scope).accounts == (evolve(changed, version=2),)

    def test_an_address_has_one_account(self, storage: Storage) -> None:
        """EM-03: a second account with the same address key is refused, inserted or updated to it."""
        first, second = records.an_account(), records.an_account()
        storage.write(stored(first, second))
        lost(storage, *stored(records.an_account(email_key=first.email_key)), kind="AccountRecord")
        lost(storage, update(second, evolve(second, email_key=first.email_key)), kind="AccountRecord")

    def test_a_closed_account_frees_its_address(self, storage: Storage) -> None:
        """EM-03: accounts without an address key stand side by side, and a freed key can be taken at once."""
        old = records.an_account()
        storage.write(stored(old, records.an_account(email_key=None), records.an_account(email_key=None)))
        closed = evolve(old, email_key=None, status=AccountStatus.CLOSED, closed_at=NOW)
        new = records.an_account(email_key=old.email_key)
        storage.write([update(old, closed), insert(new)])
        keys = (str(old.email_key),)
        assert storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=keys)).accounts == (new,)

    @needs(Part.IDENTITIES)
    def test_an_identity_is_stored_once(self, storage: Storage) -> None:
        """SO-01: provider and subject together are the key of an identity; either may repeat alone."""
        first = records.an_identity()
        storage.write(
            stored(
                first, records.an_identity(), records.an_identity(provider="github", subject=first.subject)
            )
        )
        again = records.an_identity(subject=first.subject)
        lost(storage, *stored(again), kind="IdentityRecord")

    @pytest.mark.parametrize("make", [records.an_account, records.a_registration, records.a_token])
    def test_a_key_is_stored_once(self, storage: Storage, make: Callable[[], Any]) -> None:
        """An insert whose key is taken is refused."""
        record = make()
        storage.write(stored(record))
        lost(storage, *stored(evolve(record, email_key=some_key())), kind=type(record).__name__)

    @needs(Part.ORDERS)
    def test_an_order_reference_is_stored_once(self, storage: Storage) -> None:
        """An order whose reference is taken is refused, and the stored one keeps its shipments."""
        order = records.a_full_order()
        storage.write(stored(order))
        lost(storage, *stored(records.an_order(reference=order.reference)), kind="OrderRecord")
        assert storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference)).orders == (order,)

    def test_only_the_expected_version_is_replaced(self, storage: Storage) -> None:
        """CC-05: an update of a version that is gone is refused, and the first update stays."""
        account = records.an_account()
        storage.write(stored(account))
        storage.write([update(account, evolve(account, name="first"))])
        lost(storage, update(account, evolve(account, name="second")), kind="AccountRecord")
        (found,) = storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)).accounts
        assert (found.name, found.version) == ("first", 2)

    def test_only_the_expected_version_is_removed(self, storage: Storage) -> None:
        """CC-05: a record that was changed or removed meanwhile is not removed again."""
        registration = records.a_registration()
        storage.write(stored(registration))
        newer = evolve(registration, name="Anna", version=2)
        storage.write([update(registration, newer)])
        lost(storage, Remove(registration), kind="RegistrationRecord")
        storage.write([Remove(newer)])
        lost(storage, Remove(newer), kind="RegistrationRecord")
        lost(storage, update(newer, newer), kind="RegistrationRecord")

    def test_one_of_several_removals_overtaken_fails_all(self, storage: Storage) -> None:
        """CC-05: of many removals in one write, a single overtaken one keeps all records."""
        tokens = [records.a_token() for _ in range(3)]
        storage.write(stored(*tokens))
        stale = evolve(tokens[1], version=9)
        lost(storage, *(Remove(one) for one in (tokens[0], stale, tokens[2])), kind="TokenRecord")
        assert all(token_facts(storage, one.digest).tokens == (one,) for one in tokens)

    def test_changes_happen_in_their_order(self, storage: Storage) -> None:
        """Within one write a removed key can be stored again, and a new record updated."""
        token = records.a_token()
        storage.write(stored(token))
        again = evolve(token, email="other@mail.example")
        newest = evolve(again, email="third@mail.example", version=2)
        storage.write([Remove(token), insert(again), update(again, newest)])
        assert token_facts(storage, token.digest).tokens == (newest,)

    def test_a_link_is_used_once(self, storage: Storage) -> None:
        """TK-05: the first use stores time and account; a second is refused and changes nothing."""
        token, account = records.a_token(), records.an_account()
        storage.write(stored(token, account))
        storage.write([UseToken(token.digest, later(minutes=1), account.id)])
        used = evolve(token, used_at=later(minutes=1), account_id=account.id, version=2)
        lost(storage, UseToken(token.digest, later(minutes=2)), kind="TokenRecord")
        found = token_facts(storage, token.digest)
        assert (found.tokens, found.accounts) == ((used,), (account,))

    def test_a_link_keeps_its_account(self, storage: Storage) -> None:
        """A link that is bound to an account stays so, whatever account its use names."""
        account = records.an_account()
        token = records.a_token(account_id=account.id)
        storage.write(stored(account, token))
        storage.write([UseToken(token.digest, NOW, records.some_id())])
        assert token_facts(storage, token.digest).tokens[0].account_id == account.id

    def test_an_unknown_link_cannot_be_used(self, storage: Storage) -> None:
        """TK-05: using a link that is not stored is refused."""
        lost(storage, UseToken("0" * 64, NOW), kind="TokenRecord")

    def test_a_link_of_an_older_version_cannot_be_changed(self, storage: Storage) -> None:
        """TK-05: the use of a link counts as a change of it."""
        token = records.a_token()
        storage.write(stored(token))
        storage.write([UseToken(token.digest, NOW)])
        lost(storage, Remove(token), kind="TokenRecord")

    @needs(Part.ORDERS)
    def test_guest_orders_move_by_predicate(self, storage: Storage) -> None:
        """GM-01: exactly nobody's orders of that address since that time move, and are counted."""
        key, account, claim, other = some_key(), records.some_id(), records.some_id(), records.some_id()
        edge = records.an_order(email_key=key)
        new = evolve(
            records.a_full_order(),
            owner=None,
            claim_id=None,
            email_key=key,
            placed_at=later(days=1),
            disputed=False,
        )
        old = records.an_order(email_key=key, placed_at=later(seconds=-1))
        owned = records.an_order(email_key=key, owner=other)
        foreign = records.an_order()
        storage.write(stored(edge, new, old, owned, foreign))
        counts = storage.write([MoveOrders(OrderSelection(key, since=NOW), account, claim)])
        assert counts.moved == {claim: 2}
        moved = [evolve(one, owner=account, claim_id=claim, version=one.version + 1) for one in (edge, new)]
        for order in (*moved, old, owned, foreign):
            scope = Scope(parts=frozenset({Part.ORDERS}), order=order.reference)
            assert storage.read(scope).orders == (order,)

    @needs(Part.ORDERS)
    def test_guest_orders_move_once(self, storage: Storage) -> None:
        """GM-01: without a time all orders of the address move; what moved does not move again."""
        key, first, second = some_key(), records.some_id(), records.some_id()
        storage.write(stored(*(records.an_order(email_key=key, placed_at=later(days=-n)) for n in range(3))))
        selection = OrderSelection(key)
        counts = storage.write([MoveOrders(selection, first, first), MoveOrders(selection, second, second)])
        assert counts.moved == {first: 3, second: 0}

    @needs(Part.ORDERS)
    def test_a_disputed_guest_order_stays(self, storage: Storage) -> None:
        """GM-01: what is under dispute joins no account, neither by its address nor by its reference."""
        key, claim = some_key(), records.some_id()
        order = records.an_order(email_key=key, disputed=True)
        storage.write(stored(order, records.an_order(email_key=key)))
        by_reference = OrderSelection(reference=order.reference)
        counts = storage.write(
            [MoveOrders(by_reference, claim, claim), MoveOrders(OrderSelection(key), claim, claim)]
        )
        assert counts.moved == {claim: 1}
        scope = Scope(parts=frozenset({Part.ORDERS}), order=order.reference)
        assert storage.read(scope).orders == (order,)

    @needs(Part.ORDERS)
    def test_orders_are_selected_by_every_condition(self, storage: Storage) -> None:
        """GM-01: an order moves only if it meets each condition of the selection."""
        key, owner, claim, to = some_key(), records.some_id(), records.some_id(), records.some_id()
        right = records.an_order(
            email_key=key, owner=owner, claim_id=claim, name="Anna", placed_at=NOW, disputed=True
        )
        wrong: list[dict[str, Any]] = [
            {"email_key": some_key()}, {"owner": None}, {"owner": records.some_id()},
            {"claim_id": records.some_id()}, {"claim_id": None}, {"name": "anna"}, {"name": ""},
            {"placed_at": later(microseconds=-1)},
        ]  # fmt: skip
        others = [evolve(right, reference=f"{right.reference}-{n}", **one) for n, one in enumerate(wrong)]
        storage.write(stored(right, *others))
        selection = OrderSelection(
            key, NOW, names=("Anna", "Berta", "Zoë"), owner=owner, claim=claim, claimed=True
        )
        assert storage.write([MoveOrders(selection, to, to)]).moved == {to: 1}
        assert _order(storage, right) == evolve(right, owner=to, claim_id=to, version=right.version + 1)
        assert [_order(storage, one) for one in others] == others

    @needs(Part.ORDERS)
    def test_a_move_sets_keeps_or_clears_the_claim(self, storage: Storage) -> None:
        """GM-02: a merge marks what came without a claim and carries the rest; both go back as they were."""
        first, second, merge, claim = (records.some_id() for _ in range(4))
        own, claimed = (records.an_order(owner=first, claim_id=one) for one in (None, claim))
        foreign = records.an_order(owner=second)
        storage.write(stored(own, claimed, foreign))
        counts = storage.write(
            [
                MoveOrders(OrderSelection(owner=first, claimed=False), second, merge),
                MoveOrders(OrderSelection(owner=first, claimed=True), second, merge, Mark.KEEP),
            ]
        )
        assert counts.moved == {merge: 2}
        assert _order(storage, own) == evolve(own, owner=second, claim_id=merge, version=2)
        assert _order(storage, claimed) == evolve(claimed, owner=second, version=2)
        storage.write(
            [
                MoveOrders(OrderSelection(owner=second, claim=merge), first, merge, Mark.CLEAR),
                MoveOrders(OrderSelection(owner=second, claim=claim), first, merge, Mark.KEEP),
            ]
        )
        assert [evolve(_order(storage, one), version=1) for one in (own, claimed, foreign)] == [
            own, claimed, foreign,
        ]  # fmt: skip

    @needs(Part.ORDERS)
    def test_orders_go_back_to_nobody(self, storage: Storage) -> None:
        """GM-02: what a claim moved is a guest's order again, and only where owner and claim are still its own."""
        key, account, claim = some_key(), records.some_id(), records.some_id()
        orders = [records.an_order(email_key=key) for _ in range(2)]
        storage.write([*stored(*orders), MoveOrders(OrderSelection(key), account, claim)])
        elsewhere = OrderSelection(owner=records.some_id(), claim=claim)
        back = OrderSelection(owner=account, claim=claim)
        for selection, moved in ((elsewhere, 0), (back, 2), (back, 0)):
            counts = storage.write([MoveOrders(selection, None, claim, Mark.CLEAR)])
            assert counts.moved == {claim: moved}
        assert [evolve(_order(storage, one), version=1) for one in orders] == orders

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

    @needs(Part.EVENTS)
    def test_old_events_are_purged(self, storage: Storage) -> None:
        """DP-01: entries of the audit trail from before the time go and are counted."""
        account = records.an_account()
        old, edge = (records.an_event(account.id, at=at) for at in (later(seconds=-1), NOW))
        storage.write(stored(account, old, edge))
        assert storage.write([Purge(Kept.EVENTS, NOW)]) == Counts(purged={Kept.EVENTS: 1})
        scope = Scope(parts=frozenset({Part.EVENTS}), account_id=account.id)
        assert storage.read(scope).events == (edge,)

    def test_a_record_with_elements_can_be_removed(self, storage: Storage) -> None:
        """A record goes together with the elements of its tuples, and can be stored again without them."""
        order = records.a_full_order()
        storage.write(stored(order))
        bare = evolve(order, shipments=())
        with suppress(StaleWriteError):
            storage.write([Remove(evolve(order, version=99))])
        storage.write([Remove(order), insert(bare)])
        assert storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference)).orders == (bare,)


def _order(storage: Storage, order: OrderRecord) -> OrderRecord:
    (found,) = storage.read(Scope(parts=frozenset({Part.ORDERS}), order=order.reference)).orders
    return found
