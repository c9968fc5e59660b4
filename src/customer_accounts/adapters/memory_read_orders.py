"""Which orders, groups of orders and VAT of orders a scope names, in plain Python (see `customer_accounts.facts`)."""

from operator import attrgetter

from customer_accounts.account import AccountRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord
from customer_accounts.facts import EVIDENCE_AT_ONCE, Scope
from customer_accounts.order import GuestOrderGroup, OrderRecord
from customer_accounts.token import TokenRecord


def named_orders(scope: Scope, orders: list[OrderRecord]) -> list[OrderRecord]:
    """Give the orders that the scope names by reference and by number, newest first."""
    # Nobody's reference is None.
    named = (one for one in orders if one.reference == scope.order or one.number in scope.order_numbers)
    return sorted(named, key=attrgetter("placed_at", "reference"), reverse=True)


def guest_groups(orders: list[OrderRecord], keys: set[str], scope: Scope) -> tuple[GuestOrderGroup, ...]:
    """Give the orders of these addresses as groups, those that nobody owns or all of them."""
    groups: dict[tuple[str, bool, bool, str, str], list[OrderRecord]] = {}
    for one in orders:
        if one.email_key in keys and (one.owner is None or scope.owned):
            recent = scope.recent_since is None or one.placed_at >= scope.recent_since
            name, owner = one.name if scope.by_name else "", str(one.owner or "")
            groups.setdefault((one.email_key, recent, one.disputed, name, owner), []).append(one)
    return tuple(
        GuestOrderGroup(
            key,
            recent,
            len(rows),
            oldest=min(one.placed_at for one in rows),
            newest=max(one.placed_at for one in rows),
            email=min(one.email for one in rows),
            disputed=disputed,
            name=name,
            owner=rows[0].owner,
        )
        for (key, recent, disputed, name, _), rows in sorted(groups.items())
    )


def orders_of(
    scope: Scope, token: TokenRecord | None, orders: list[OrderRecord], order_vat: list[OrderVatRecord]
) -> tuple[OrderRecord, ...]:
    """Give the orders of a scope: those named, the one that its link shows, or a page."""
    if scope.references:
        wanted = set(scope.references)
        chosen = (one for one in orders if one.reference in wanted)
        return tuple(sorted(chosen, key=attrgetter("placed_at", "reference"), reverse=True))
    if scope.order is not None or scope.order_numbers:
        return tuple(named_orders(scope, orders))
    reference = token and token.order_reference
    if reference is not None:
        return tuple(one for one in orders if one.reference == reference)
    if _by_vat(scope):
        named = {one.reference for one in _order_vat_page(scope, order_vat)}
        chosen = (one for one in orders if one.reference in named)
        return tuple(sorted(chosen, key=attrgetter("placed_at", "reference"), reverse=True))
    return _account_page(scope, orders)


def _account_page(scope: Scope, orders: list[OrderRecord]) -> tuple[OrderRecord, ...]:
    if scope.page is None or scope.account_id is None:
        return ()
    own = sorted(
        (one for one in orders if one.owner == scope.account_id),
        key=lambda one: (one.placed_at, one.reference),
        reverse=True,
    )
    after = scope.page.after
    rest = own if after is None else [one for one in own if (one.placed_at, one.reference) < after]
    return tuple(rest[: scope.page.limit])


def _by_vat(scope: Scope) -> bool:
    return scope.page is not None and (scope.vat_number is not None or scope.order_vat_in is not None)


def _order_vat_page(scope: Scope, order_vat: list[OrderVatRecord]) -> tuple[OrderVatRecord, ...]:
    assert scope.page is not None  # asked by those who have looked
    chosen = (
        one
        for one in order_vat
        if scope.vat_number in (None, one.number) and scope.order_vat_in in (None, one.state)
    )
    newest = sorted(chosen, key=attrgetter("recorded_at", "reference"), reverse=True)
    after = scope.page.after
    rest = newest if after is None else [one for one in newest if (one.recorded_at, one.reference) < after]
    return tuple(rest[: scope.page.limit])


def order_vat_of(
    scope: Scope, order_vat: list[OrderVatRecord], orders: list[OrderRecord]
) -> tuple[OrderVatRecord, ...]:
    """Give the VAT of the orders of a scope, or a page of it."""
    if scope.order is not None or scope.order_numbers:
        named = {scope.order, *(one.reference for one in named_orders(scope, orders))}
    elif _by_vat(scope):
        return _order_vat_page(scope, order_vat)
    elif scope.token is not None:
        return ()
    else:
        named = {one.reference for one in _account_page(scope, orders)}
    chosen = (one for one in order_vat if one.reference in named)
    return tuple(sorted(chosen, key=attrgetter("recorded_at", "reference"), reverse=True))


def evidence_of(
    scope: Scope,
    evidence: list[VatEvidenceRecord],
    taxed: tuple[OrderVatRecord, ...],
    accounts: list[AccountRecord],
) -> tuple[VatEvidenceRecord, ...]:
    """Give the newest evidence of the scope's number, and what companies and orders name."""
    newest = sorted(evidence, key=attrgetter("checked_at", "id"), reverse=True)
    of_number = [one for one in newest if one.number == scope.vat_number][:EVIDENCE_AT_ONCE]
    named = {one.id for one in of_number}
    named |= {one.company.vat_evidence_id for one in accounts if one.company and one.company.vat_evidence_id}
    named |= {found for one in taxed for found in (one.evidence_id, one.corrected_evidence_id) if found}
    return tuple(one for one in newest if one.id in named)
