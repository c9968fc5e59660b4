"""The branches of what is kept about VAT: waiting checks, evidence, the VAT of orders, pauses of a register."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, bindparam, select, tuple_, union_all

from customer_accounts.adapters.sql.fields import UtcDateTime
from customer_accounts.adapters.sql.layout import Branch, branch_of
from customer_accounts.adapters.sql.mapping import ORDER_VAT, VAT_CHECKS, VAT_EVIDENCE, VAT_PAUSES
from customer_accounts.adapters.sql.reach import Reach, named_orders, number_bound, reached
from customer_accounts.adapters.sql.schema import order_vat, vat_checks, vat_evidence, vat_pauses
from customer_accounts.adapters.sql.shape import Shape
from customer_accounts.facts import EVIDENCE_AT_ONCE, Part

#: Makes the SELECT of one page of the references of an account's orders.
AccountPage = Callable[[Shape], Select[tuple[str]]]


def by_vat(shape: Shape) -> bool:
    """Whether a page is one of the VAT of orders, by number or by state."""
    return shape.page is not None and (shape.vat_number or shape.state)


def vat_branches(shape: Shape, reach: Reach, account_page: AccountPage) -> list[Branch]:
    """Give the branches of the parts about VAT."""
    return [
        *_checks(shape, reach),
        *_order_vat(shape, account_page),
        *_evidence(shape, reach, account_page),
        *_pauses(shape),
    ]


def order_vat_page(shape: Shape) -> Select[tuple[str]]:
    """Give the references of one page of the VAT of orders, newest first."""
    place = (order_vat.c.recorded_at, order_vat.c.reference)
    page = select(order_vat.c.reference)
    if shape.vat_number:
        page = page.where(order_vat.c.number == number_bound())
    if shape.state:
        page = page.where(order_vat.c.state == bindparam("order_vat_in", type_=String()))
    if shape.page:
        after = bindparam("after_time", type_=UtcDateTime()), bindparam("after_reference", type_=String())
        page = page.where(tuple_(*place) < tuple_(*after))
    return page.order_by(*(column.desc() for column in place)).limit(bindparam("limit", type_=Integer()))


def _checks(shape: Shape, reach: Reach) -> list[Branch]:
    if Part.VAT_CHECKS not in shape.parts:
        return []
    return [branch_of(VAT_CHECKS, way) for way in reach.by_number(vat_checks.c.number)]


def _taxed(shape: Shape, account_page: AccountPage) -> ColumnElement[bool] | None:
    """Give the condition on the VAT of the orders that are meant."""
    if shape.order or shape.number:
        # The VAT of an order is kept longer than the order may be.
        ways = [order_vat.c.reference == bindparam("order", type_=String())] if shape.order else []
        if shape.number:
            ways.append(order_vat.c.reference.in_(named_orders(shape)))
        return reached(order_vat, ways)
    if by_vat(shape):
        page = order_vat_page(shape)
    elif shape.page is not None and shape.account and not shape.token:
        page = account_page(shape)
    else:
        return None
    return order_vat.c.reference.in_(select(page.subquery().c.reference))


def _order_vat(shape: Shape, account_page: AccountPage) -> list[Branch]:
    condition = _taxed(shape, account_page) if Part.ORDER_VAT in shape.parts else None
    return [] if condition is None else [branch_of(ORDER_VAT, condition)]


def _evidence(shape: Shape, reach: Reach, account_page: AccountPage) -> list[Branch]:
    if Part.VAT_EVIDENCE not in shape.parts:
        return []
    ids: list[Select[Any]] = reach.evidence_of_companies()
    if shape.vat_number:
        place = (vat_evidence.c.checked_at.desc(), vat_evidence.c.id.desc())
        newest = select(vat_evidence.c.id).where(vat_evidence.c.number == number_bound())
        ids.append(select(newest.order_by(*place).limit(EVIDENCE_AT_ONCE).subquery().c.id))
    taxed = _taxed(shape, account_page)
    if taxed is not None:
        ids += [
            select(column).where(taxed, column.is_not(None))
            for column in (order_vat.c.evidence_id, order_vat.c.corrected_evidence_id)
        ]
    if not ids:
        return []
    return [branch_of(VAT_EVIDENCE, vat_evidence.c.id.in_(ids[0] if len(ids) == 1 else union_all(*ids)))]


def _pauses(shape: Shape) -> list[Branch]:
    if Part.VAT_PAUSES not in shape.parts or not shape.register:
        return []
    return [branch_of(VAT_PAUSES, vat_pauses.c.register == bindparam("vat_register", type_=String()))]
