"""Clauses: which orders a scope leads to: one, a page of an account's, or groups of a guest's."""

from typing import Any

from attrs import evolve

from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.order import GuestOrderGroup
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.facts import THOUSANDS, same
from customer_accounts.testing.clauses.needs import Clauses, needs
from customer_accounts.testing.records import NOW, later, some_key, stored


class OrderClauses(Clauses):
    """Single orders, pages and groups."""

    def test_many_ids_give_their_accounts(self, storage: Storage) -> None:
        """By ids: those accounts, closed ones too, beside those that the scope's address leads to."""
        closed, by_id, by_key = records.a_full_account(), records.an_account(), records.an_account()
        storage.write(stored(closed, by_id, by_key, records.an_account()))
        ids = (closed.id, by_id.id, records.some_id())
        scope = Scope(parts=frozenset({Part.ACCOUNTS}), account_ids=ids, email_keys=(str(by_key.email_key),))
        found = storage.read(scope).accounts
        assert sorted(one.id for one in found) == sorted([closed.id, by_id.id, by_key.id])

    @needs(Part.ORDERS)
    def test_many_references_give_their_orders(self, storage: Storage) -> None:
        """By references: those orders and no others, in full, newest first; missing ones are left out."""
        old, new = records.an_order(placed_at=later(hours=-1)), records.a_full_order()
        storage.write(stored(old, new, records.an_order()))
        scope = Scope(parts=frozenset({Part.ORDERS}), references=(old.reference, new.reference, "none"))
        assert storage.read(scope).orders == (new, old)

    @needs(Part.ORDERS)
    def test_thousands_of_references_can_be_asked_at_once(self, storage: Storage) -> None:
        """By two thousand references: the orders that are there; no limit of a database shows."""
        order = records.a_full_order()
        storage.write(stored(order, records.an_order()))
        missing = (f"none {number}" for number in range(THOUSANDS))
        scope = Scope(parts=frozenset({Part.ORDERS}), references=(*missing, order.reference))
        assert storage.read(scope).orders == (order,)

    @needs(Part.ORDERS)
    def test_a_link_shows_its_order(self, storage: Storage) -> None:
        """By link: the order that it shows, and it alone; a link without one leaves the page as it is."""
        account = records.an_account()
        shown, owned = records.a_full_order(), records.an_order(owner=account.id)
        link, other = records.a_token(order_reference=shown.reference), records.a_token()
        storage.write(stored(account, shown, owned, link, other))
        parts = frozenset({Part.ORDERS})
        assert storage.read(Scope(parts=parts, token=link.digest)).orders == (shown,)
        assert storage.read(Scope(parts=parts, token=other.digest)) == Facts()
        for token, order in ((link, shown), (other, owned)):
            scope = Scope(parts=parts, token=token.digest, account_id=account.id, page=Page())
            assert storage.read(scope).orders == (order,)

    @needs(Part.ORDERS)
    def test_an_order_leads_to_its_links(self, storage: Storage) -> None:
        """By reference or number: what shows that order; an address, which may have many, does not lead there."""
        order, other = (records.an_order(email_key=key) for key in [some_key()] * 2)
        shows, shows_other = (
            records.a_token(email_key=order.email_key, order_reference=one.reference)
            for one in (order, other)
        )
        of_address = records.a_token(email_key=order.email_key)
        storage.write(stored(order, other, shows, shows_other, of_address))
        parts = frozenset({Part.TOKENS})
        for scope in (Scope(parts, order=order.reference), Scope(parts, order_numbers=(order.number,))):
            assert same(storage.read(scope).tokens, shows, of_address)
        assert storage.read(Scope(parts=parts, email_keys=(order.email_key,))).tokens == (of_address,)

    @needs(Part.ORDERS)
    def test_orders_come_in_pages(self, storage: Storage) -> None:
        """Pages by key give each order of the account once, newest first, also where many have one time."""
        account = records.an_account()
        own = [records.an_order(owner=account.id, placed_at=later(hours=n // 4)) for n in range(11)]
        guest = records.an_order(email_key=account.email_key)
        storage.write(stored(account, *own, guest, records.an_order(owner=records.some_id())))
        expected = sorted(own, key=lambda one: (one.placed_at, one.reference), reverse=True)
        seen: list[Any] = []
        page = Page(limit=3)
        while found := storage.read(
            Scope(parts=frozenset({Part.ORDERS}), account_id=account.id, page=page)
        ).orders:
            assert len(found) <= 3
            seen += found
            page = Page(after=(seen[-1].placed_at, seen[-1].reference), limit=3)
        assert seen == expected

    @needs(Part.ORDERS)
    def test_a_page_is_asked_for(self, storage: Storage) -> None:
        """Without a page no order of an account comes; a page without an account is of nobody."""
        account = records.an_account()
        storage.write(stored(account, records.an_order(owner=account.id)))
        parts = frozenset({Part.ORDERS})
        assert storage.read(Scope(parts=parts, account_id=account.id)) == Facts()
        assert storage.read(Scope(parts=parts, email_keys=(str(account.email_key),), page=Page())) == Facts()

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_guest_orders_come_as_groups(self, storage: Storage) -> None:
        """Guest orders are counted by address and age; an order placed at the very cut-off is recent."""
        key, other = some_key(), some_key()
        times = [later(days=-3), later(days=-2), NOW, later(days=1), later(days=2)]
        spellings = [f"{name}@mail.example" for name in ("zoe", "Zoe", "zOE", "ZOE", "élan")]
        orders = [
            records.an_order(email_key=key, placed_at=at, email=email)
            for at, email in zip(times, spellings, strict=True)
        ]
        owned = records.an_order(email_key=key, owner=records.some_id())
        storage.write(stored(*orders, owned, records.an_order(email_key=other), records.an_order()))
        parts = frozenset({Part.GUEST_ORDERS})
        old = GuestOrderGroup(key, False, 2, times[0], times[1], "Zoe@mail.example")
        new = GuestOrderGroup(key, True, 3, times[2], times[4], "ZOE@mail.example")
        assert storage.read(Scope(parts=parts, email_keys=(key,), recent_since=NOW)).guest_orders == (
            old,
            new,
        )
        both = storage.read(Scope(parts=parts, email_keys=(key, other))).guest_orders
        all_five = GuestOrderGroup(key, True, 5, times[0], times[4], "ZOE@mail.example")
        assert same(both, all_five, GuestOrderGroup(other, True, 1, NOW, NOW, other))

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_guest_orders_of_an_accounts_address_are_counted(self, storage: Storage) -> None:
        """A signed-in customer learns of the guest orders of the account's address."""
        account = records.an_account()
        storage.write(stored(account, records.an_order(email_key=account.email_key), records.an_order()))
        found = storage.read(Scope(parts=frozenset({Part.GUEST_ORDERS}), account_id=account.id))
        assert found.guest_orders == (
            GuestOrderGroup(str(account.email_key), True, 1, NOW, NOW, str(account.email_key)),
        )

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_groups_tell_disputed_orders_apart(self, storage: Storage) -> None:
        """Orders under dispute are groups of their own, on either side of the cut-off."""
        key = some_key()
        orders = [
            records.an_order(email_key=key, placed_at=later(days=day), disputed=disputed)
            for day, disputed in ((-2, True), (-1, False), (1, True), (2, False), (3, True))
        ]
        storage.write(stored(*orders))
        scope = Scope(parts=frozenset({Part.GUEST_ORDERS}), email_keys=(key,), recent_since=NOW)
        found = [(one.recent, one.disputed, one.count) for one in storage.read(scope).guest_orders]
        assert found == [(False, False, 1), (False, True, 1), (True, False, 1), (True, True, 2)]

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_groups_by_name(self, storage: Storage) -> None:
        """Where the scope asks by name, guest orders are counted by the name as it is stored."""
        key = some_key()
        names = ("Anna", "anna", "Anna", "")
        storage.write(stored(*(records.an_order(email_key=key, name=name) for name in names)))
        scope = Scope(parts=frozenset({Part.GUEST_ORDERS}), email_keys=(key,), by_name=True)
        found = [(one.name, one.count) for one in storage.read(scope).guest_orders]
        assert found == [("", 1), ("Anna", 2), ("anna", 1)]

    @needs(Part.ORDERS, Part.GUEST_ORDERS)
    def test_groups_of_owned_orders(self, storage: Storage) -> None:
        """Where the scope asks for owned orders too, each owner's are a group; otherwise none is counted."""
        key, first, second = some_key(), records.some_id(), records.some_id()
        owners = (None, first, first, second)
        storage.write(stored(*(records.an_order(email_key=key, owner=owner) for owner in owners)))
        scope = Scope(parts=frozenset({Part.GUEST_ORDERS}), email_keys=(key,), owned=True)
        found = {one.owner: one.count for one in storage.read(scope).guest_orders}
        assert found == {None: 1, first: 2, second: 1}
        plain = Scope(parts=frozenset({Part.GUEST_ORDERS}), email_keys=(key,))
        assert [(one.owner, one.count) for one in storage.read(plain).guest_orders] == [(None, 1)]

    @needs(Part.ORDERS)
    def test_a_number_leads_to_its_orders(self, storage: Storage) -> None:
        """By number: every order that has it, newest first, their owners and addresses; a reference adds one."""
        account = records.an_account()
        old, new = (
            records.a_full_order(),
            records.an_order(owner=account.id, email_key=account.email_key, placed_at=later(days=9)),
        )
        old, new = evolve(old, number="A-1"), evolve(new, number="A-1")
        other = records.an_order(number="A-2")
        storage.write(stored(account, old, new, other))
        parts = frozenset({Part.ORDERS, Part.ACCOUNTS})
        found = storage.read(Scope(parts=parts, order_numbers=("A-1",)))
        assert (found.orders, found.accounts) == ((new, old), (account,))
        assert storage.read(Scope(parts=parts, order_numbers=("A-3",))) == Facts()
        named = storage.read(Scope(parts=parts, order=other.reference, order_numbers=("A-1",)))
        assert same(named.orders, new, old, other)
        named = storage.read(Scope(parts=parts, order=old.reference, order_numbers=("A-1",)))
        assert named.orders == (new, old)

    @needs(Part.ORDERS)
    def test_a_number_may_be_spelled_in_several_ways(self, storage: Storage) -> None:
        """By numbers: every order that has one of them, exactly so."""
        first, second = (
            records.an_order(number="A-1", placed_at=later(days=1)),
            records.an_order(number="#a-1"),
        )
        storage.write(stored(first, second, records.an_order(number="a-1")))
        parts = frozenset({Part.ORDERS})
        for numbers, order in ((("A-2", "#A-1", "A-1"), first), (("#a-1", "A-2"), second)):
            assert storage.read(Scope(parts=parts, order_numbers=numbers)).orders == (order,)

    @needs(Part.CLAIMS)
    def test_a_claim_leads_to_its_accounts(self, storage: Storage) -> None:
        """By claim, or by the link that undoes it: the claim, the account that has its orders, the one before."""
        now_with, before, other = (records.an_account() for _ in range(3))
        claim = records.a_claim(account_id=now_with.id, from_account=before.id)
        second = records.a_claim(account_id=now_with.id, at=later(days=1))
        link = records.a_token(claim_id=claim.id)
        storage.write(stored(now_with, before, other, claim, second, records.a_claim(), link))
        parts = frozenset({Part.ACCOUNTS, Part.CLAIMS})
        for scope in (Scope(parts=parts, claim=claim.id), Scope(parts=parts, token=link.digest)):
            found = storage.read(scope)
            assert same(found.accounts, now_with, before)
            assert found.claims == (claim, second)
        of_account = storage.read(Scope(parts=parts, account_id=now_with.id))
        assert (of_account.accounts, of_account.claims) == ((now_with,), (claim, second))
        assert storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), claim=claim.id)) == Facts()
