"""Clauses: unique keys, versions and one-time links decide who was first."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from customer_accounts.account import AccountStatus
from customer_accounts.changes import (
    Change,
    Remove,
    UseToken,
    insert,
    unchanged,
    update,
)
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, needs
from customer_accounts.testing.records import NOW, later, some_key, stored


def lost(storage: Storage, *changes: Change, kind: str) -> None:
    """Assert that a write is overtaken, and that the error names the kind of record and nothing of it."""
    with pytest.raises(StaleWriteError) as caught:
        storage.write(changes)
    assert caught.value.what.startswith(kind)


def token_facts(storage: Storage, digest: str) -> Facts:
    """Read a link and the account behind it."""
    return storage.read(Scope(parts=frozenset({Part.TOKENS, Part.ACCOUNTS}), token=digest))


class KeyClauses(Clauses):
    """Unique keys, versions, one-time links."""

    def test_an_address_has_one_account(self, storage: Storage) -> None:
        """EM-03: a second account with the same address key is refused, inserted or updated to it."""
        first, second = records.an_account(), records.an_account()
        storage.write(stored(first, second))
        lost(storage, *stored(records.an_account(email_key=first.email_key)), kind="AccountRecord")
        lost(storage, update(second, evolve(second, email_key=first.email_key)), kind="AccountRecord")

    def test_addresses_are_compared_letter_by_letter(self, storage: Storage) -> None:
        """EM-04: addresses that differ by an accent are of two people, whatever a database thinks."""
        people = [
            records.an_account(email_key=f"{name}@mail.example")
            for name in ("jose", "josé", "strasse", "straße")
        ]
        storage.write(stored(*people))
        for one in people:
            scope = Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=(str(one.email_key),))
            assert storage.read(scope).accounts == (one,)

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

    def test_what_is_stored_as_it_was_read_stays_so(self, storage: Storage) -> None:
        """CC-05: a record that is only held keeps its version, so that others can hold it too."""
        account = records.an_account()
        storage.write(stored(account))
        for _ in range(2):
            storage.write([unchanged(account)])
        scope = Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)
        assert storage.read(scope).accounts == (account,)
        storage.write([update(account, evolve(account, name="first"))])
        lost(storage, unchanged(account), kind="AccountRecord")

    def test_every_kind_of_record_has_versions(self, storage: Storage) -> None:
        """CC-05: whatever kind a record is of, an update of a version that is gone is refused."""
        kinds = self.used(
            records.an_account(), records.a_registration(), records.an_identity(), records.a_token(),
            records.an_order(), records.a_delivery_address(), records.a_wish_list("x"), records.a_subscription(),
            records.a_vat_check(),
        )  # fmt: skip
        storage.write(stored(*kinds))
        for record in kinds:
            storage.write([update(record, record)])
            lost(storage, update(record, record), kind=type(record).__name__)

    def test_belongings_are_stored_once(self, storage: Storage) -> None:
        """An insert of something of an account whose key is taken is refused."""
        kinds = self.used(
            records.a_delivery_address(), records.a_wish_list("x"), records.a_subscription(), records.a_vat_check()
        )  # fmt: skip
        storage.write(stored(*kinds))
        for record in kinds:
            lost(storage, *stored(record), kind=type(record).__name__)

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

    def test_a_link_is_used_once(self, storage: Storage) -> None:
        """TK-05: the first use stores time and account; a second is refused and changes nothing."""
        token, account = records.a_token(), records.an_account()
        storage.write(stored(token, account))
        assert token_facts(storage, token.digest).tokens == (token,)
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
