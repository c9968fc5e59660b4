"""What a company is told about its VAT number.

Rules: whatever is wrong with a number, the customer can order, and every text says so; a number of the state
of dispatch is information on the invoice and is not asked at the register (F22, F26); "cannot be checked now"
and "not known to VIES" are two different texts, and the second says what to do: have the number activated for
trade inside the Union at the tax office.
"""

from enum import StrEnum

import attrs

from customer_accounts.vat.countries import canonical_country
from customer_accounts.vat.number import VatNumber, VatNumberError
from customer_accounts.vat.number_kinds import NumberKind
from customer_accounts.vat.status import VatStatus
from customer_accounts.vat.wording import wording


class AdviceCode(StrEnum):
    """What the advice is about."""

    ACCEPTED = "accepted"
    DOMESTIC = "domestic"
    PENDING = "pending"
    UNVERIFIED = "unverified"
    INVALID = "invalid"
    EMPTY = "empty"
    MALFORMED = "malformed"
    CHECKSUM_FAILED = "checksum_failed"
    WRONG_KIND = "wrong_kind"


@attrs.frozen
class NumberAdvice:
    """Advice about a VAT number.

    Args:
        code: what it is about.
        number: the number in compact form, or None.
        kind: for ``wrong_kind``, which sort of number it is.
    """

    code: AdviceCode
    number: str | None = None
    kind: NumberKind | None = None

    @property
    def is_warning(self) -> bool:
        """Whether the customer should look at the number again; it never blocks anything."""
        return self.code not in {AdviceCode.ACCEPTED, AdviceCode.DOMESTIC, AdviceCode.PENDING}

    def text(self, locale: str) -> str:
        """Give the advice as a text for the customer."""
        told = wording("number", self.code.value, locale, number=self.number or "")
        return f"{told} {wording('kind', self.kind.value, locale)}" if self.kind else told


_BY_STATUS = {
    VatStatus.NOT_GIVEN: AdviceCode.PENDING,
    VatStatus.PENDING: AdviceCode.PENDING,
    VatStatus.VALID: AdviceCode.ACCEPTED,
    VatStatus.INVALID: AdviceCode.INVALID,
    VatStatus.UNVERIFIED: AdviceCode.UNVERIFIED,
}


def number_advice(
    number: VatNumber | VatNumberError | None,
    status: VatStatus = VatStatus.PENDING,
    *,
    dispatch: str | None = "AT",
) -> NumberAdvice:
    """Say what a company should know about its number.

    Args:
        number: the number, or why it could not be read.
        status: what the register says about it.
        dispatch: state where the goods are sent from, whose own numbers need no register; None if that is open.
    """
    if number is None:
        return NumberAdvice(AdviceCode.EMPTY)
    if isinstance(number, VatNumberError):
        compact = number.number.compact if number.number else None
        return NumberAdvice(AdviceCode(number.reason.value), compact, number.kind)
    if not number.checksum_ok and status is not VatStatus.VALID:
        return NumberAdvice(AdviceCode.CHECKSUM_FAILED, number.compact)
    if dispatch is not None and number.iso_country == canonical_country(dispatch):
        return NumberAdvice(AdviceCode.DOMESTIC, number.compact)
    return NumberAdvice(_BY_STATUS[status], number.compact)
