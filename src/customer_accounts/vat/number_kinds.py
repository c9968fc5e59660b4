"""Why a text is no VAT number that counts, and the sorts of numbers that look like one.

Rules: each sort has its own name, so that the customer can be told; the prefix decides, for an ``IM`` number
is of the Import One Stop Shop and never of the Isle of Man.
"""

from enum import StrEnum
from types import MappingProxyType

from customer_accounts.vat.countries import countries

#: First seven digits that the United Kingdom never gives out, by the rule of its check digits (1973 and
#: 2010).
_NEVER_BY_OLD_RULE = ((0, 0), (100_000, 999_999), (9_490_001, 9_700_000), (9_990_001, 9_999_999))
_LAST_NEVER_BY_NEW_RULE = 1_000_000


class NumberProblem(StrEnum):
    """Why a text is no VAT number that counts."""

    EMPTY = "empty"
    MALFORMED = "malformed"
    #: The shape is right, its check digits or an inner part are not; the register may still be asked.
    CHECKSUM_FAILED = "checksum_failed"
    #: A number of another sort; `VatNumberError.kind` says which.
    WRONG_KIND = "wrong_kind"


class NumberKind(StrEnum):
    """Sorts of numbers that cannot stand for a business customer in the Union."""

    #: One Stop Shop, seller from outside the Union (``EU…``).
    EU_OSS = "eu_oss"
    #: Import One Stop Shop (``IM…``); never the Isle of Man.
    IM_IOSS = "im_ioss"
    #: Small-business scheme since 2025 (suffix ``EX``), Directive (EU) 2020/285: no number for Art. 138.
    EX = "ex"
    GB = "gb"
    CH = "ch"
    NO = "no"
    #: Any other country outside the Union.
    NON_EU = "non_eu"
    #: ``XI`` before digits that the United Kingdom never allocates.
    RESERVED_RANGE = "reserved_range"


_KIND_BY_PREFIX = MappingProxyType(
    {
        "EU": NumberKind.EU_OSS,
        "IM": NumberKind.IM_IOSS,
        "GB": NumberKind.GB,
        "UK": NumberKind.GB,
        "CH": NumberKind.CH,
        "NO": NumberKind.NO,
    }
)


def foreign_kind(number: str) -> tuple[NumberProblem, NumberKind | None]:
    """Say what a number with a prefix that the Union's register does not know is."""
    if not any(sign.isdigit() for sign in number[2:]):
        return NumberProblem.MALFORMED, None
    kind = _KIND_BY_PREFIX.get(number[:2])
    if kind is None and number[:2] in countries():
        kind = NumberKind.NON_EU
    return (NumberProblem.WRONG_KIND if kind else NumberProblem.MALFORMED), kind


def never_allocated(compact: str) -> bool:
    """Say whether the United Kingdom never gives out these nine digits (ranges as in jsvat and valvat)."""
    digits = compact[2:11]
    if not digits.isdigit():
        return False
    base = int(digits[:7])
    weighted = sum(weight * int(digit) for weight, digit in zip(range(8, 1, -1), digits[:7], strict=True))
    by_old_rule = (weighted + int(digits[7:])) % 97 == 0
    if by_old_rule:
        return any(first <= base <= last for first, last in _NEVER_BY_OLD_RULE)
    return base <= _LAST_NEVER_BY_NEW_RULE
