"""Clauses: which records a scope leads to, by each of its roots (rules: `customer_accounts.facts`)."""

from typing import Any
from uuid import UUID

from attrs import evolve

from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, needs
from customer_accounts.testing.records import NOW, later, stored

#: More than a database may take one by one.
THOUSANDS = 2000
PERSONS = frozenset({Part.ACCOUNTS, Part.REGISTRATIONS, Part.TOKENS})


def same(found: tuple[Any, ...], *expected: object) -> bool:
    """Tell whether exactly these records were found, in whatever order."""
    return len(found) == len(expected) and all(one in found for one in expected)


class FactClauses(Clauses):
    """Roots, parts, pages and groups."""

    def test_nothing_is_found_for_unknown_roots(self, storage: Storage) -> None:
        """EN-03: a scope whose roots nobody has gives empty facts."""
        people = records.an_account(), records.a_registration(), records.a_token()
        storage.write(stored(*people, *self.used(records.an_order())))
        scope = Scope(
            parts=self.parts(), email_keys=("nobody@mail.example",), account_id=records.some_id(), token="0" * 64,
            identity=("google", "nobody"), order="none", browser="nobody", page=Page(), vat_number="XX0",
            vat_holders=True, vat_register="none",
        )  # fmt: skip
        assert storage.read(scope) == Facts()

    def test_a_scope_without_roots_finds_nothing(self, storage: Storage) -> None:
        """A scope that names parts but no root gives empty facts, and so does one that names no parts."""
        account = records.an_account()
        others = records.a_registration(), records.a_token(), *self.used(records.an_order())
        storage.write(stored(account, *others))
        assert storage.read(Scope(parts=self.parts(), recent_since=NOW, page=Page())) == Facts()
        assert storage.read(Scope(email_keys=(str(account.email_key),), account_id=account.id)) == Facts()

    def test_only_parts_that_are_named_are_filled(self, storage: Storage) -> None:
        """Each part alone gives its own records and no others."""
        account, key = (one := records.an_account()), str(one.email_key)
        registration, token = records.a_registration(email_key=key), records.a_token(email_key=key)
        storage.write(stored(account, registration, token))
        expected: dict[Part, Any] = {
            Part.ACCOUNTS: account,
            Part.REGISTRATIONS: registration,
            Part.TOKENS: token,
        }
        for part, record in expected.items():
            found = storage.read(Scope(parts=frozenset({part}), email_keys=(key,)))
            assert getattr(found, part.value) == (record,)
            assert sum(len(getattr(found, one.value)) for one in Part) == 1

    def test_nobody_has_the_empty_address(self, storage: Storage) -> None:
        """An unreadable address has the key "", which finds nothing, even where rows have none."""
        kinds = records.a_registration, records.a_token, records.an_order
        storage.write(stored(*self.used(*(make(email_key="") for make in kinds))))
        assert storage.read(Scope(parts=self.parts(), email_keys=("",))) == Facts()

    def test_an_address_leads_to_all_that_has_it(self, storage: Storage) -> None:
        """By address: its account, its registrations, the links of all three, and nobody else's."""
        account, key = (one := records.an_account()), str(one.email_key)
        registration = records.a_registration(email_key=key)
        of_account, of_registration, of_address = (
            records.a_token(account_id=account.id),
            records.a_token(registration_id=registration.id),
            records.a_token(email_key=key),
        )
        others = (
            records.an_account(),
            records.a_registration(),
            records.a_token(account_id=records.some_id()),
        )
        storage.write(stored(account, registration, of_account, of_registration, of_address, *others))
        found = storage.read(Scope(parts=PERSONS, email_keys=(key,)))
        assert (found.accounts, found.registrations) == ((account,), (registration,))
        assert same(found.tokens, of_account, of_registration, of_address)

    def test_many_addresses_can_be_asked_at_once(self, storage: Storage) -> None:
        """By several addresses: the accounts of all of them, repeated and unknown ones notwithstanding."""
        accounts = [records.an_account() for _ in range(5)]
        storage.write(stored(*accounts))
        keys = tuple(str(one.email_key) for one in accounts)
        for wanted in range(1, 6):
            scope = Scope(
                parts=frozenset({Part.ACCOUNTS}), email_keys=(*keys[:wanted], keys[0], "", "no@mail.example")
            )
            assert same(storage.read(scope).accounts, *accounts[:wanted])

    def test_thousands_of_addresses_can_be_asked_at_once(self, storage: Storage) -> None:
        """By two thousand addresses and ids, alone and beside a browser: no limit of a database shows."""
        by_key, by_id, registration = records.an_account(), records.an_account(), records.a_registration()
        storage.write(stored(by_key, by_id, registration, *self.used(records.an_order())))
        nobody = [f"nobody{number}@mail.example" for number in range(THOUSANDS)]
        keys = (*nobody, str(by_key.email_key), registration.email_key)
        ids = (*(UUID(int=number) for number in range(THOUSANDS)), by_id.id)
        for browser in (None, "nobody"):
            scope = Scope(parts=self.parts(), email_keys=keys, account_ids=ids, browser=browser)
            found = storage.read(scope)
            assert same(found.accounts, by_key, by_id)
            assert found.registrations == (registration,)

    def test_an_account_leads_to_its_own(self, storage: Storage) -> None:
        """By account: the account, open or closed, and its links; registrations of its address are not named."""
        for account in (records.an_account(), records.a_full_account()):
            link = records.a_token(account_id=account.id)
            registration = records.a_registration(email_key=account.email_key or "")
            storage.write(stored(account, link, registration))
            found = storage.read(Scope(parts=PERSONS, account_id=account.id))
            assert (found.accounts, found.registrations, found.tokens) == ((account,), (), (link,))

    def test_a_link_leads_to_its_holder(self, storage: Storage) -> None:
        """By link: its account or registration, its own address, and what belongs to them."""
        account, rival = records.an_account(), records.a_registration()
        change = records.a_token(account_id=account.id, email_key=rival.email_key)
        registration = records.a_registration()
        confirm = records.a_token(registration_id=registration.id)
        sibling = records.a_token(registration_id=registration.id)
        storage.write(stored(account, rival, change, registration, confirm, sibling))
        found = storage.read(Scope(parts=PERSONS, token=change.digest))
        assert (found.accounts, found.registrations, found.tokens) == ((account,), (rival,), (change,))
        found = storage.read(Scope(parts=PERSONS, token=confirm.digest))
        assert (found.accounts, found.registrations) == ((), (registration,))
        assert same(found.tokens, confirm, sibling)

    @needs(Part.IDENTITIES)
    def test_an_identity_leads_to_its_account(self, storage: Storage) -> None:
        """SO-01: by provider and subject together: the identity, its account, and all identities of it."""
        account = records.an_account()
        named, other = (records.an_identity(account_id=account.id) for _ in range(2))
        foreign = records.an_identity(provider="github", subject=named.subject)
        storage.write(stored(account, named, other, foreign))
        parts = frozenset({Part.ACCOUNTS, Part.IDENTITIES})
        found = storage.read(Scope(parts=parts, identity=(named.provider, named.subject)))
        assert found.accounts == (account,)
        assert same(found.identities, named, other)
        found = storage.read(Scope(parts=parts, identity=("facebook", named.subject)))
        assert found == Facts()

    @needs(Part.IDENTITIES)
    def test_a_registration_leads_to_the_identity_it_wishes(self, storage: Storage) -> None:
        """SO-01: the identity that a pending registration wants to link is found, whoever has it."""
        taken = records.an_identity()
        registration = records.a_registration(
            identity_provider=taken.provider, identity_subject=taken.subject
        )
        storage.write(stored(taken, registration, records.an_identity(), records.a_registration()))
        scope = Scope(parts=frozenset({Part.IDENTITIES}), email_keys=(registration.email_key,))
        assert storage.read(scope).identities == (taken,)

    @needs(Part.ORDERS)
    def test_an_order_leads_to_its_owner(self, storage: Storage) -> None:
        """By order: the order, its owner, and the account of the address that was typed with it."""
        owner, typed = records.an_account(), records.an_account()
        order = evolve(records.a_full_order(), owner=owner.id, email_key=str(typed.email_key))
        storage.write(stored(owner, typed, order, records.an_account(), records.an_order(owner=owner.id)))
        found = storage.read(Scope(parts=frozenset({Part.ORDERS, Part.ACCOUNTS}), order=order.reference))
        assert found.orders == (order,)
        assert same(found.accounts, owner, typed)

    def test_a_browser_leads_to_its_registrations(self, storage: Storage) -> None:
        """By browser: its registrations, and accounts and rivals of their addresses."""
        browser, account = records.some_id().hex, records.an_account()
        own = records.a_registration(browser=browser, email_key=str(account.email_key))
        second = records.a_registration(browser=browser)
        rival = records.a_registration(email_key=own.email_key)
        storage.write(stored(account, own, second, rival, records.a_registration()))
        found = storage.read(Scope(parts=PERSONS, browser=browser))
        assert found.accounts == (account,)
        assert same(found.registrations, own, second, rival)

    def test_a_narrow_scope_gives_its_own(self, storage: Storage) -> None:
        """Narrow: accounts and registrations of its address, registrations of its browser, and the links of these."""
        browser, account = records.some_id().hex, records.an_account()
        here = records.a_registration(browser=browser)
        there = records.a_registration(email_key=str(account.email_key))
        links = [records.a_token(registration_id=one.id, email_key=one.email_key) for one in (here, there)]
        storage.write(stored(account, here, there, *links))
        scope = Scope(parts=PERSONS, email_keys=(str(account.email_key),), browser=browser, narrow=True)
        found = storage.read(scope)
        assert account in found.accounts
        assert {here, there} <= set(found.registrations)
        assert set(links) <= set(found.tokens)

    def test_roots_add_up(self, storage: Storage) -> None:
        """Several roots in one scope give all that each leads to, every record once."""
        first, second, third = (records.an_account() for _ in range(3))
        link = records.a_token(account_id=second.id, email_key=str(first.email_key))
        own = records.a_registration(email_key=str(third.email_key))
        storage.write(stored(first, second, third, link, own))
        scope = Scope(
            parts=PERSONS,
            email_keys=(str(first.email_key),),
            account_id=second.id,
            token=link.digest,
            browser=own.browser,
        )
        found = storage.read(scope)
        assert same(found.accounts, first, second, third)
        assert (found.registrations, found.tokens) == ((own,), (link,))

    @needs(Part.ADDRESSES, Part.WISH_LISTS, Part.SUBSCRIPTIONS)
    def test_belongings_come_with_their_account(self, storage: Storage) -> None:
        """Addresses and wish lists come oldest first, the subscription too, of no other account."""
        account, other = records.an_account(), records.an_account()
        mine: list[Any] = []
        for owner in (account, other):
            mine.append([
                *(records.a_delivery_address(account_id=owner.id, created_at=later(days=n)) for n in (2, 1)),
                *(records.a_wish_list("x", account_id=owner.id, created_at=later(days=n)) for n in (2, 1)),
                records.a_subscription(account_id=owner.id),
            ])  # fmt: skip
        storage.write(stored(account, other, *mine[1], *mine[0]))
        parts = frozenset({Part.ADDRESSES, Part.WISH_LISTS, Part.SUBSCRIPTIONS})
        new, old, new_list, old_list, subscription = mine[0]
        assert storage.read(Scope(parts=parts, account_id=account.id)) == Facts(
            addresses=(old, new),
            wish_lists=(old_list, new_list),
            subscriptions=(subscription,),
        )
