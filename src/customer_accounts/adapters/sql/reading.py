"""From a scope to its question: one statement for each shape of scope, made once and kept.

The statement is the same whether anything is found or not (EN-03).  A scope that names one address and asks
for accounts alone, as a sign-in may, is one plain SELECT by a unique key.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    Uuid,
    bindparam,
    exists,
    func,
    literal,
    not_,
    select,
    true,
    tuple_,
    union_all,
)

from customer_accounts.adapters.sql.fields import UtcDateTime
from customer_accounts.adapters.sql.layout import Branch, Prepared, branch_of, family_branches, prepared
from customer_accounts.adapters.sql.lists import Bound
from customer_accounts.adapters.sql.mapping import (
    ACCOUNTS,
    ADDRESSES,
    CLAIMS,
    EVENTS,
    IDENTITIES,
    MAILS,
    MERGES,
    ORDERS,
    PROPOSALS,
    REGISTRATIONS,
    REQUESTS,
    SUBSCRIPTIONS,
    TOKENS,
    WISH_LISTS,
    Node,
)
from customer_accounts.adapters.sql.reach import (
    Condition,
    Reach,
    claim_ways,
    identity_way,
    named_orders,
    orders_way,
    reached,
    token_way,
)
from customer_accounts.adapters.sql.reading_history import history_branches
from customer_accounts.adapters.sql.reading_vat import by_vat, order_vat_page, vat_branches
from customer_accounts.adapters.sql.schema import claims, identities, orders, tokens
from customer_accounts.adapters.sql.shape import Shape
from customer_accounts.adapters.sql.stand_in import nobodys_branch
from customer_accounts.facts import Part

_BELONGINGS = (
    (Part.ADDRESSES, ADDRESSES),
    (Part.WISH_LISTS, WISH_LISTS),
    (Part.SUBSCRIPTIONS, SUBSCRIPTIONS),
    (Part.EVENTS, EVENTS),
)


@lru_cache(maxsize=512)
def question(shape: Shape) -> Prepared | None:
    """Give the statement for a shape of scope, or None for one that asks for nothing."""
    reach = Reach(shape)
    branches = [
        *_persons(shape, reach),
        *_belongings(shape, reach),
        *_claims(shape, reach),
        *_guest_orders(shape, reach),
        *_orders(shape),
        *_cases(shape, reach),
        *vat_branches(shape, reach, _page),
        *_merges(shape, reach),
        *_mails(shape),
        *history_branches(shape.history if Part.HISTORY in shape.parts else None),
        *nobodys_branch(shape, reach),
    ]
    return prepared(branches) if branches else None


def _persons(shape: Shape, reach: Reach) -> list[Branch]:
    """Give the branches of accounts, registrations, tokens and identities."""
    ways: dict[Part, tuple[Node, list[Condition]]] = {
        Part.ACCOUNTS: (ACCOUNTS, reach.to_accounts),
        Part.REGISTRATIONS: (REGISTRATIONS, reach.to_registrations),
        Part.TOKENS: (TOKENS, _token_ways(shape, reach)),
        Part.IDENTITIES: (IDENTITIES, _identity_ways(shape, reach)),
    }
    return [
        branch_of(node, reached(node.table, found))
        for part, (node, found) in ways.items()
        if part in shape.parts and found
    ]


def _token_ways(shape: Shape, reach: Reach) -> list[Condition]:
    own = [*([token_way()] if shape.token else ()), *reach.by_registration(tokens.c.registration_id)]
    if shape.narrow:
        return own
    return [
        *own,
        *reach.by_account(tokens.c.account_id),
        # An address may have many orders; what shows one of them is found by the order.
        *(way & tokens.c.order_reference.is_(None) for way in reach.by_key(tokens.c.email_key)),
        *([tokens.c.order_reference.in_(named_orders(shape))] if shape.order or shape.number else ()),
    ]


def _identity_ways(shape: Shape, reach: Reach) -> list[Condition]:
    return [
        *([identity_way()] if shape.identity else ()),
        *reach.by_account(identities.c.account_id),
        *reach.by_wish(identities.c.provider, identities.c.subject),
    ]


def _belongings(shape: Shape, reach: Reach) -> list[Branch]:
    branches: list[Branch] = []
    for part, node in _BELONGINGS:
        if part in shape.parts:
            for way in reach.by_account(node.table.c.account_id):
                branches += family_branches(node, way)
    return branches


def _guest_orders(shape: Shape, reach: Reach) -> list[Branch]:
    ways = reach.by_any_key(orders.c.email_key)
    if Part.GUEST_ORDERS not in shape.parts or not ways:
        return []
    since = bindparam("recent_since", type_=UtcDateTime())
    recent: ColumnElement[bool] = orders.c.placed_at >= since if shape.recent else true()
    name: ColumnElement[str] = orders.c.name if shape.by_name else literal("", String())
    guests = select(
        orders.c.email_key, recent.label("recent"), orders.c.disputed, name.label("name"), orders.c.owner,
        orders.c.placed_at, orders.c.email,
    )  # fmt: skip
    whose = ways if shape.owned else [orders.c.owner.is_(None), *ways]
    one = guests.where(*whose).subquery("guests").c
    columns: list[ColumnElement[Any]] = [
        one.email_key,
        one.recent,
        func.count(type_=Integer()),
        func.min(one.placed_at, type_=UtcDateTime()),
        func.max(one.placed_at, type_=UtcDateTime()),
        func.min(one.email, type_=String()),
        one.disputed,
        one.name,
        one.owner,
    ]
    groups = select(*columns).group_by(one.email_key, one.recent, one.disputed, one.name, one.owner)
    return [Branch(Part.GUEST_ORDERS, columns, groups)]


def _claims(shape: Shape, reach: Reach) -> list[Branch]:
    if Part.CLAIMS not in shape.parts:
        return []
    ways = [*claim_ways(shape), *reach.by_account(claims.c.account_id)]
    return family_branches(CLAIMS, reached(claims, ways)) if ways else []


def _orders(shape: Shape) -> list[Branch]:
    """Give the branches of the order that is named or that the link shows, or of one page of an account's."""
    if Part.ORDERS not in shape.parts:
        return []
    if shape.references:
        named = Bound("reference", shape.references, String())
        return family_branches(ORDERS, named.among(orders.c.reference))
    if shape.order or shape.number:
        return family_branches(ORDERS, orders_way(shape))
    shown = select(tokens.c.order_reference).where(token_way(), tokens.c.order_reference.is_not(None))
    ways = [shown] if shape.token else []
    page = order_vat_page(shape) if by_vat(shape) else _page(shape) if _has_page(shape) else None
    if page is not None:
        # A link that shows an order comes before the page.
        page = page.where(not_(exists(shown))) if shape.token else page
        ways.append(select(page.cte("page").c.reference))
    return family_branches(ORDERS, orders.c.reference.in_(union_all(*ways))) if ways else []


def _has_page(shape: Shape) -> bool:
    return shape.page is not None and shape.account


def _page(shape: Shape) -> Select[tuple[str]]:
    place = (orders.c.placed_at, orders.c.reference)
    page = select(orders.c.reference).where(orders.c.owner == bindparam("account_id", type_=Uuid()))
    if shape.page:
        after = bindparam("after_time", type_=UtcDateTime()), bindparam("after_reference", type_=String())
        page = page.where(tuple_(*place) < tuple_(*after))
    return page.order_by(*(column.desc() for column in place)).limit(bindparam("limit", type_=Integer()))


def _cases(shape: Shape, reach: Reach) -> list[Branch]:
    """Give the branches of requests and proposals: the one that is named, a page, or those of the addresses."""
    branches: list[Branch] = []
    for part, node in ((Part.REQUESTS, REQUESTS), (Part.PROPOSALS, PROPOSALS)):
        if part not in shape.parts:
            continue
        if shape.case:
            branches.append(branch_of(node, node.table.c.id == bindparam("case", type_=Uuid())))
        elif shape.cases is not None:
            branches.append(branch_of(node, node.table.c.id.in_(select(_case_page(shape, node).c.id))))
        elif node is REQUESTS:
            branches += [branch_of(node, way) for way in reach.by_named_key(node.table.c.email_key)]
    return branches


def _merges(shape: Shape, reach: Reach) -> list[Branch]:
    """Give the branches of the merges whose surviving account is reached."""
    if Part.MERGES not in shape.parts:
        return []
    table = MERGES.table
    ways = [way for one in (table.c.surviving, table.c.absorbed_id) for way in reach.by_account(one)]
    return family_branches(MERGES, reached(table, ways)) if ways else []


def _mails(shape: Shape) -> list[Branch]:
    if Part.MAILS not in shape.parts or not shape.mail:
        return []
    return family_branches(MAILS, MAILS.table.c.id == bindparam("mail", type_=Uuid()))


def _case_page(shape: Shape, node: Node) -> CTE:
    table = node.table.c
    page = select(table.id)
    if node is REQUESTS:
        page = page.where(table.state == bindparam("state", type_=String()))
    if shape.cases:
        after = bindparam("cases_time", type_=UtcDateTime()), bindparam("cases_id", type_=Uuid())
        page = page.where(tuple_(table.created_at, table.id) > tuple_(*after))
    ordered = page.order_by(table.created_at, table.id)
    return ordered.limit(bindparam("cases_limit", type_=Integer())).cte(f"page_of_{node.table.name}")
