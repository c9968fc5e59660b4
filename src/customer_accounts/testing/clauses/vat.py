"""Clauses: what is kept about VAT is found by number, by order and by state, and goes when its time is over."""

from typing import Any

from attrs import evolve

from customer_accounts.changes import Counts, Kept, Purge
from customer_accounts.evidence import OrderVatState
from customer_accounts.facts import EVIDENCE_AT_ONCE, Facts, Page, Part, Scope
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.clauses.needs import Clauses, Feature, needs
from customer_accounts.testing.records import later, stored

_KEPT = frozenset({Part.VAT_EVIDENCE, Part.ORDER_VAT})


def company_account(number: str | None, **values: Any) -> Any:
    """Make an account of a company with this number."""
    company = evolve(records.a_company(), vat_number=number, vat_evidence_id=None)
    return records.an_account(company=company, **values)


class VatClauses(Clauses):
    """Checks, evidence, the VAT of orders."""

    @needs(Part.VAT_CHECKS)
    def test_a_number_leads_to_its_holders_if_they_are_wanted(self, storage: Storage) -> None:
        """The accounts of companies with a number are found by it, none of another number or of none."""
        number = records.some_number()
        first, second = company_account(number), company_account(number)
        other, none = company_account(records.some_number()), company_account(None)
        check = records.a_vat_check(number=number)
        storage.write(stored(first, second, other, none, records.an_account(), check))
        scope = Scope(parts=frozenset({Part.ACCOUNTS, Part.VAT_CHECKS}), vat_number=number)
        assert storage.read(scope) == Facts(vat_checks=(check,))
        found = storage.read(evolve(scope, vat_holders=True))
        assert found.vat_checks == (check,)
        assert {one.id for one in found.accounts} == {first.id, second.id}

    @needs(Part.VAT_CHECKS)
    def test_a_check_is_found_by_those_who_have_its_number(self, storage: Storage) -> None:
        """Accounts and registrations lead to the checks of their companies' numbers, and to no others."""
        checks = [records.a_vat_check() for _ in range(3)]
        account = company_account(checks[0].number)
        company = evolve(records.a_company(), vat_number=checks[1].number)
        registration = records.a_registration(company=company, email_key=account.email_key)
        storage.write(stored(account, registration, *checks))
        parts = frozenset({Part.VAT_CHECKS})
        assert storage.read(Scope(parts=parts, account_id=account.id)).vat_checks == (checks[0],)
        by_key = storage.read(Scope(parts=parts, email_keys=(account.email_key,))).vat_checks
        assert {one.number for one in by_key} == {checks[0].number, checks[1].number}

    @needs(Part.VAT_CHECKS)
    def test_many_numbers_give_their_checks(self, storage: Storage) -> None:
        """By many numbers at once: the checks of those and of no others, each once, also beside an account's own."""
        checks = [records.a_vat_check() for _ in range(4)]
        account = company_account(checks[0].number)
        storage.write(stored(account, *checks))
        numbers = tuple(one.number for one in checks[:3])
        scope = Scope(parts=frozenset({Part.VAT_CHECKS}), vat_numbers=(*numbers, records.some_number()))
        for asked in (scope, evolve(scope, account_id=account.id), evolve(scope, vat_number=numbers[1])):
            found = [one.number for one in storage.read(asked).vat_checks]
            assert sorted(found) == sorted(numbers)

    @needs(*_KEPT)
    def test_evidence_is_found_by_number_newest_first(self, storage: Storage) -> None:
        """The newest evidence of a number is given, as much as is given at once, and of no other number."""
        number, many = records.some_number(), EVIDENCE_AT_ONCE + 2
        made = [records.vat_evidence(number=number, checked_at=later(minutes=place)) for place in range(many)]
        storage.write(stored(*made[1::2], *made[::2], records.vat_evidence()))
        found = storage.read(Scope(parts=_KEPT, vat_number=number)).vat_evidence
        assert found == tuple(reversed(made))[:EVIDENCE_AT_ONCE]

    @needs(*_KEPT, Part.ORDERS)
    def test_evidence_is_found_by_who_names_it(self, storage: Storage) -> None:
        """The company of an account and the VAT of an order lead to the evidence that they name."""
        first, second, third, other = (
            records.vat_evidence(checked_at=later(minutes=minute)) for minute in range(4)
        )
        account = company_account(first.number)
        account = evolve(account, company=evolve(account.company, vat_evidence_id=first.id))
        order = records.an_order(owner=account.id)
        taxed = records.order_vat(
            reference=order.reference, evidence_id=second.id, corrected_evidence_id=third.id
        )
        storage.write(stored(first, second, third, other, account, order, taxed))
        by_order = storage.read(Scope(parts=_KEPT, order=order.reference))
        assert (by_order.order_vat, by_order.vat_evidence) == ((taxed,), (third, second, first))
        by_page = storage.read(Scope(parts=_KEPT, account_id=account.id, page=Page()))
        assert (by_page.order_vat, by_page.vat_evidence) == ((taxed,), (third, second, first))

    @needs(Part.ORDERS, Part.ORDER_VAT)
    def test_a_number_leads_to_the_vat_of_its_orders(self, storage: Storage) -> None:
        """By an order's number: the VAT of each order that has it, newest first; a reference adds its own."""
        orders = [records.an_order(number=number) for number in ("A-1", "A-1", "A-2")]
        old, new, other = (
            records.order_vat(reference=one.reference, recorded_at=later(hours=hours))
            for hours, one in enumerate(orders)
        )
        storage.write(stored(*orders, old, new, other, records.order_vat()))
        scope = Scope(parts=frozenset({Part.ORDER_VAT}), order_numbers=("A-1",))
        assert storage.read(scope).order_vat == (new, old)
        assert storage.read(evolve(scope, order=other.reference)).order_vat == (other, new, old)
        assert storage.read(evolve(scope, order_numbers=("A-3",))).order_vat == ()

    @needs(*_KEPT, Part.ORDERS)
    def test_the_vat_of_orders_is_paged_by_number_and_state(self, storage: Storage) -> None:
        """By number, by state or by both, newest first, page after page, each with its order."""
        number = records.some_number()
        waiting, final = OrderVatState.PROVISIONAL, OrderVatState.FINAL
        made = [
            records.order_vat(number=named, state=state, recorded_at=later(minutes=minute))
            for minute, (named, state) in enumerate(
                [(number, waiting), (number, final), (None, waiting), (number, waiting)]
            )
        ]
        order = records.an_order(reference=made[0].reference)
        storage.write(stored(*made, order))
        parts = frozenset({Part.ORDER_VAT, Part.ORDERS})

        def page(after: int | None = None, limit: int = 2, **roots: Any) -> tuple[object, ...]:
            at = None if after is None else (made[after].recorded_at, made[after].reference)
            found = storage.read(Scope(parts=parts, page=Page(after=at, limit=limit), **roots))
            assert found.orders == ((order,) if made[0] in found.order_vat else ())
            return found.order_vat

        assert page(vat_number=number) == (made[3], made[1])
        assert page(1, vat_number=number) == (made[0],)
        assert page(order_vat_in=waiting) == (made[3], made[2])
        assert page(2, order_vat_in=waiting) == (made[0],)
        assert page(vat_number=number, order_vat_in=waiting) == (made[3], made[0])
        assert page(limit=1, vat_number=number, order_vat_in=final) == (made[1],)
        assert storage.read(Scope(parts=_KEPT, vat_number=number)).order_vat == ()

    @needs(*_KEPT, Feature.RETENTION)
    def test_what_was_kept_long_enough_is_purged(self, storage: Storage) -> None:
        """DP-01: the VAT of an order goes with its day of supply, evidence when no VAT of an order names it."""
        until = later(days=2)
        old, named, corrected, young = (
            records.vat_evidence(checked_at=later(days=days)) for days in (0, 0, 0, 2)
        )
        past = records.order_vat(supplied_on=later(days=1).date(), evidence_id=named.id)
        edge = records.order_vat(supplied_on=until.date(), corrected_evidence_id=corrected.id)
        storage.write(stored(old, named, corrected, young, past, edge))
        assert storage.write([Purge(Kept.VAT_EVIDENCE, until)]) == Counts(purged={Kept.VAT_EVIDENCE: 1})
        assert storage.write([Purge(Kept.ORDER_VAT, until)]) == Counts(purged={Kept.ORDER_VAT: 1})
        assert storage.write([Purge(Kept.VAT_EVIDENCE, until)]) == Counts(purged={Kept.VAT_EVIDENCE: 1})
        left = [
            storage.read(Scope(parts=_KEPT, vat_number=one.number)).vat_evidence
            for one in (old, named, corrected, young)
        ]
        assert left == [(), (), (corrected,), (young,)]
        assert storage.read(Scope(parts=_KEPT, order=edge.reference)).order_vat == (edge,)
