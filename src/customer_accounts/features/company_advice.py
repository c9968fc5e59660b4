"""What a company is told about its VAT number, in words (F22, F25, F26).

The advice about the number itself is `customer_accounts.vat.number_advice`. One that the register does not
know, or cannot say anything about, comes with the way to have the VAT back (F25): through the portal of the
company's own state where the goods' state charges it, otherwise by way of an adviser.
"""

from datetime import date
from typing import Protocol

from customer_accounts.account import Company
from customer_accounts.vat import (
    AdviceCode,
    NumberProblem,
    ReclaimKind,
    Seller,
    VatNumber,
    VatNumberError,
    number_advice,
)
from customer_accounts.vat.reclaim import reclaim_advice

_CHARGED = frozenset({AdviceCode.INVALID, AdviceCode.UNVERIFIED})


class HasNumber(Protocol):
    """What is stored of a company, or what its owner sees of it."""

    @property
    def vat_number(self) -> str | None:
        """The number in compact form, or None."""
        ...

    @property
    def vat_as_typed(self) -> str:
        """What was typed."""
        ...

    @property
    def vat_problem(self) -> str | None:
        """Why it cannot be read, or None."""
        ...


def number_of(company: HasNumber) -> VatNumber | None:
    """Give the number of a company as a value, or None if there is none that can be read."""
    if company.vat_number is None:
        return None
    checksum_ok = company.vat_problem != NumberProblem.CHECKSUM_FAILED
    return VatNumber(company.vat_number, company.vat_as_typed, checksum_ok=checksum_ok)


def advice_of(company: Company, seller: Seller, *, locale: str, on: date) -> str:
    """Give the advice about a company's number.

    Args:
        company: what is stored of it.
        seller: whose state makes a number domestic.
        locale: a language tag.
        on: the day of today; the time limit of a refund counts from its year.
    """
    number = number_of(company)
    read = _unreadable(company) if number is None else number
    advice = number_advice(read, company.vat_status, dispatch=seller.country)
    told = advice.text(locale)
    if number is None or advice.code not in _CHARGED:
        return told
    return f"{told} {_refund(number, seller, locale, on)}"


def _unreadable(company: Company) -> VatNumberError | None:
    """Give why a number cannot be read, with the sort of number that it is instead."""
    if company.vat_problem is None:
        return None
    kind = None
    try:
        VatNumber.parse(company.vat_as_typed)
    except VatNumberError as error:
        kind = error.kind
    return VatNumberError(NumberProblem(company.vat_problem), kind)


def _refund(number: VatNumber, seller: Seller, locale: str, on: date) -> str:
    home = number.iso_country
    if seller.unverified_business == "origin":
        advice = reclaim_advice(ReclaimKind.DIRECTIVE_2008_9, state=seller.country, home=home, on=on)
    else:
        advice = reclaim_advice(ReclaimKind.LOCAL_DEDUCTION, state=home, home=home, on=on)
    return advice.text(locale)
