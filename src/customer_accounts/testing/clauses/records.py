"""Clauses: every kind of record comes back exactly as it was stored."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from attrs import evolve

from customer_accounts.changes import Remove, update
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.outbox import Queue
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.records import NOW, later, stored


def of_account(storage: Storage, part: Part, record: Any) -> Facts:
    """Read one part of the account that *record* belongs to."""
    return storage.read(Scope(parts=frozenset({part}), account_id=record.account_id))


class RecordClauses(Clauses):
    """Every kind of record, bare and with every field filled, and again after an update."""

    def test_accounts_come_back_as_they_were(self, storage: Storage) -> None:
        """An account comes back equal in every field, bare or full, stored or updated."""
        for first, second in _both_ways(records.an_account, records.a_full_account):
            storage.write(stored(first))
            scope = Scope(parts=frozenset({Part.ACCOUNTS}), account_id=first.id)
            assert storage.read(scope).accounts == (first,)
            storage.write([update(first, second)])
            assert storage.read(scope).accounts == (second,)

    def test_texts_come_back_letter_by_letter(self, storage: Storage) -> None:
        """EM-07: no letter is replaced, taken apart or put together, and no long text is cut."""
        for text in ("🎁 𠮷野", "Zoe\u0308 ﬁ \uff2c", "x" * 3000):
            account = records.an_account(name=text)
            storage.write(stored(account))
            scope = Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)
            assert storage.read(scope).accounts == (account,)

    def test_times_come_back_in_utc(self, storage: Storage) -> None:
        """A time is read in UTC, whatever zone the database and its session show times in: days are counted in it."""
        account = records.an_account(created_at=records.EXACT)
        storage.write(stored(account))
        scope = Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)
        (found,) = storage.read(scope).accounts
        assert (found.created_at, found.created_at.utcoffset()) == (records.EXACT, timedelta())

    def test_registrations_come_back_as_they_were(self, storage: Storage) -> None:
        """A pending registration comes back equal in every field, bare or full, stored or updated."""
        for first, second in _both_ways(records.a_registration, records.a_full_registration):
            storage.write(stored(first))
            scope = Scope(parts=frozenset({Part.REGISTRATIONS}), browser=first.browser)
            assert storage.read(scope).registrations == (first,)
            storage.write([update(first, second)])
            scope = Scope(parts=frozenset({Part.REGISTRATIONS}), browser=second.browser)
            assert storage.read(scope).registrations == (second,)

    def test_tokens_come_back_as_they_were(self, storage: Storage) -> None:
        """A link comes back equal in every field, bare or full."""
        for record in (records.a_token(), records.a_full_token()):
            storage.write(stored(record))
            found = storage.read(Scope(parts=frozenset({Part.TOKENS}), token=record.digest))
            assert found.tokens == (record,)

    @needs(Part.IDENTITIES)
    def test_identities_come_back_as_they_were(self, storage: Storage) -> None:
        """An identity comes back equal in every field."""
        record = records.an_identity(approved=False, version=2, linked_at=records.EXACT)
        storage.write(stored(record))
        scope = Scope(parts=frozenset({Part.IDENTITIES}), identity=(record.provider, record.subject))
        assert storage.read(scope).identities == (record,)

    @needs(Part.ORDERS)
    def test_orders_come_back_as_they_were(self, storage: Storage) -> None:
        """An order comes back equal in every field, its shipments and their parcels in their order."""
        for first, second in _both_ways(records.an_order, records.a_full_order, "reference"):
            storage.write(stored(first))
            scope = Scope(parts=frozenset({Part.ORDERS}), order=first.reference)
            assert storage.read(scope).orders == (first,)
            storage.write([update(first, second)])
            assert storage.read(scope).orders == (second,)

    @needs(Part.ADDRESSES)
    def test_addresses_come_back_as_they_were(self, storage: Storage) -> None:
        """A delivery address comes back equal in every field."""
        account = records.an_account()
        record = records.a_delivery_address(account_id=account.id, version=2)
        storage.write(stored(account, record))
        assert of_account(storage, Part.ADDRESSES, record).addresses == (record,)

    @needs(Part.WISH_LISTS)
    def test_wish_lists_come_back_as_they_were(self, storage: Storage) -> None:
        """A wish list comes back with its items in their order; a save replaces them all."""
        account = records.an_account()
        first = records.a_wish_list("b", "a", "c", "a", account_id=account.id)
        second = records.a_wish_list("c", "d", account_id=account.id, id=first.id, version=2)
        storage.write(stored(account, first))
        assert of_account(storage, Part.WISH_LISTS, first).wish_lists == (first,)
        storage.write([update(first, second)])
        assert of_account(storage, Part.WISH_LISTS, first).wish_lists == (second,)

    @needs(Part.SUBSCRIPTIONS)
    def test_subscriptions_come_back_as_they_were(self, storage: Storage) -> None:
        """A newsletter subscription comes back equal in every field, bare or full."""
        for make in (records.a_subscription, records.a_full_subscription):
            record, account = make(), records.an_account()
            storage.write(stored(account, one := evolve(record, account_id=account.id)))
            assert of_account(storage, Part.SUBSCRIPTIONS, one).subscriptions == (one,)

    @needs(Part.VAT_CHECKS)
    def test_vat_checks_come_back_as_they_were(self, storage: Storage) -> None:
        """A VAT check comes back equal in every field, bare or full."""
        for record in (records.a_vat_check(), records.a_full_vat_check(leased_until=records.EXACT)):
            storage.write(stored(record))
            scope = Scope(parts=frozenset({Part.VAT_CHECKS}), vat_number=record.number)
            assert storage.read(scope).vat_checks == (record,)

    @needs(Part.VAT_EVIDENCE)
    def test_evidence_comes_back_as_it_was(self, storage: Storage) -> None:
        """The evidence of an answer comes back equal in every field, bare or full."""
        for record in (records.vat_evidence(), records.full_vat_evidence()):
            storage.write(stored(record))
            scope = Scope(parts=frozenset({Part.VAT_EVIDENCE}), vat_number=record.number)
            assert storage.read(scope).vat_evidence == (record,)

    @needs(Part.ORDER_VAT)
    def test_the_vat_of_an_order_comes_back_as_it_was(self, storage: Storage) -> None:
        """The VAT of an order comes back equal in every field, its amounts digit by digit."""
        for first, second in _both_ways(records.order_vat, records.full_order_vat, "reference"):
            storage.write(stored(first))
            scope = Scope(parts=frozenset({Part.ORDER_VAT}), order=first.reference)
            assert storage.read(scope).order_vat == (first,)
            storage.write([update(first, second)])
            (found,) = storage.read(scope).order_vat
            assert (found, str(found.charged_net)) == (second, str(second.charged_net))

    @needs(Part.VAT_PAUSES)
    def test_a_pause_comes_back_as_it_was(self, storage: Storage) -> None:
        """The pause of a register comes back equal in every field, of that register alone."""
        first, second = records.a_vat_pause(), records.a_vat_pause(until=records.EXACT, attempts=4, version=2)
        storage.write(stored(first, second))
        for pause in (first, second):
            scope = Scope(parts=frozenset({Part.VAT_PAUSES}), vat_register=pause.register)
            assert storage.read(scope).vat_pauses == (pause,)

    @needs(Part.CLAIMS)
    def test_claims_come_back_as_they_were(self, storage: Storage) -> None:
        """A claim comes back equal in every field, its addresses and its merges in their order."""
        for first, second in _both_ways(records.a_claim, records.a_full_claim):
            storage.write(stored(first))
            scope = Scope(parts=frozenset({Part.CLAIMS}), claim=first.id)
            assert storage.read(scope).claims == (first,)
            storage.write([update(first, second)])
            assert storage.read(scope).claims == (second,)

    @needs(Part.MERGES)
    def test_merges_come_back_as_they_were(self, storage: Storage) -> None:
        """A merge comes back equal in every field, with both accounts' belongings; found by the surviving one."""
        account = records.an_account()
        storage.write(stored(account))
        for first, second in _both_ways(records.a_merge, records.a_full_merge):
            one, other = (evolve(record, surviving=account.id) for record in (first, second))
            storage.write(stored(one, records.a_merge()))
            scope = Scope(parts=frozenset({Part.MERGES}), account_id=account.id)
            assert storage.read(scope).merges == (one,)
            storage.write([update(one, other)])
            assert storage.read(scope).merges == (other,)
            storage.write([Remove(other)])
            assert storage.read(scope).merges == ()

    @needs(Part.MERGES)
    def test_merges_are_found_by_both_accounts(self, storage: Storage) -> None:
        """The surviving account leads to a merge, and so does the one that ended; both together lead to it once."""
        own, other = records.an_account(), records.an_account()
        one = records.a_merge(surviving=own.id, absorbed=other)
        storage.write(stored(own, other, one, records.a_merge()))
        parts = frozenset({Part.MERGES})
        for scope in (
            Scope(parts=parts, account_id=own.id),
            Scope(parts=parts, account_id=other.id),
            Scope(parts=parts, account_ids=(own.id, other.id)),
        ):
            assert storage.read(scope).merges == (one,)

    @needs(Part.REQUESTS)
    def test_requests_come_back_as_they_were(self, storage: Storage) -> None:
        """A customer's written request comes back equal in every field, bare or full, stored or updated."""
        for first, second in _both_ways(records.a_request, records.a_full_request):
            storage.write(stored(first))
            scope = Scope(parts=frozenset({Part.REQUESTS}), case=first.id)
            assert storage.read(scope).requests == (first,)
            storage.write([update(first, second)])
            assert storage.read(scope).requests == (second,)

    @needs(Part.PROPOSALS)
    def test_proposals_come_back_as_they_were(self, storage: Storage) -> None:
        """What an agent proposed comes back equal in every field, and is gone once it is removed."""
        record = records.a_proposal(version=2, created_at=records.EXACT)
        storage.write(stored(record))
        scope = Scope(parts=frozenset({Part.PROPOSALS}), case=record.id)
        assert storage.read(scope).proposals == (record,)
        storage.write([Remove(record)])
        assert storage.read(scope).proposals == ()

    @needs(Feature.MAIL_QUEUE)
    def test_mails_come_back_as_they_were(self, storage: Storage) -> None:
        """A queued mail is leased equal in every field, its details in their order."""
        for record in (records.a_mail(), records.a_full_mail()):
            storage.write(stored(record))
            (task,) = storage.lease(Queue.MAIL, limit=9, now=NOW, until=later(minutes=5))
            assert task.mail == evolve(record, leased_until=later(minutes=5))

    @needs(Part.EVENTS)
    def test_events_come_back_as_they_were(self, storage: Storage) -> None:
        """The audit trail of an account comes back equal in every field, the oldest entry first."""
        account = records.an_account()
        old, new = (
            records.an_event(
                account.id, at=later(hours=hours), email="a***@mail.example", ip="2001:db8::1", detail=text
            )
            for hours, text in ((-1, "password\\u000a"), (0, "größer"))
        )
        storage.write(stored(account, new, old, records.an_event(None)))
        assert of_account(storage, Part.EVENTS, old).events == (old, new)


def _both_ways(
    bare: Callable[[], Any], full: Callable[[], Any], key: str = "id"
) -> Iterator[tuple[Any, Any]]:
    """Give pairs of a record to store and one to update it with: bare and full, full and bare."""
    for make_first, make_second in ((bare, full), (full, bare)):
        first = make_first()
        yield first, evolve(make_second(), **{key: getattr(first, key), "version": first.version + 1})
