"""What a company is told about its VAT number, in words (F22, F25, F26).

Nothing but texts is decided here; they stand with the other texts of the VAT rules. A number that the
register does not know, or cannot say anything about, comes with the way to have the VAT back (F25): through
the portal of the company's own state where the goods' state charges it, otherwise by way of an adviser.
"""

from datetime import date

from customer_accounts.account import Company
from customer_accounts.vat import NumberProblem, ReclaimKind, Seller, VatNumber, VatNumberError, VatStatus
from customer_accounts.vat.reclaim import reclaim_advice
from customer_accounts.vat.wording import wording

_BY_STATUS = {
    VatStatus.PENDING: "pending",
    VatStatus.VALID: "accepted",
    VatStatus.INVALID: "invalid",
    VatStatus.UNVERIFIED: "unverified",
}
_CHARGED = frozenset({VatStatus.INVALID, VatStatus.UNVERIFIED})


def advice_of(company: Company, seller: Seller, *, locale: str, on: date) -> str:
    """Give the advice about a company's number.

    Args:
        company: what is stored of it.
        seller: whose state makes a number domestic.
        locale: a language tag.
        on: the day of today; the time limit of a refund counts from its year.
    """
    if company.vat_number is None:
        return _about_unreadable(company, locale)
    number = VatNumber(company.vat_number)
    if company.vat_problem is not None:
        return _text(NumberProblem.CHECKSUM_FAILED, locale, number)
    if number.iso_country == seller.country:
        return _text("domestic", locale, number)
    advice = _text(_BY_STATUS[company.vat_status], locale, number)
    if company.vat_status not in _CHARGED:
        return advice
    return f"{advice} {_refund(number, seller, locale, on)}"


def _about_unreadable(company: Company, locale: str) -> str:
    advice = wording("number", company.vat_problem or NumberProblem.EMPTY, locale)
    try:
        VatNumber.parse(company.vat_as_typed)
    except VatNumberError as error:
        if error.kind is not None:
            return f"{advice} {wording('kind', error.kind, locale)}"
    return advice


def _text(name: str, locale: str, number: VatNumber) -> str:
    return wording("number", name, locale, number=number.compact)


def _refund(number: VatNumber, seller: Seller, locale: str, on: date) -> str:
    home = number.iso_country
    if seller.unverified_business == "origin":
        advice = reclaim_advice(ReclaimKind.DIRECTIVE_2008_9, state=seller.country, home=home, on=on)
    else:
        advice = reclaim_advice(ReclaimKind.LOCAL_DEDUCTION, state=home, home=home, on=on)
    return advice.text(locale)
