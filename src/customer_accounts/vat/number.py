"""Reading VAT numbers as people type them.

Rules:

* Blanks of every kind, zero-width and bidirectional marks, dots, dashes and other punctuation say nothing;
  digits of any script, full-width letters, and Greek and Cyrillic capitals that look like ours are read as
  plain ones; ``GR`` is read as ``EL``; nine Belgian digits get their leading zero.
* A number without its prefix needs the country.  A prefix that was typed wins over the country, unless only
  the country makes sense of it (French keys may be letters).
* Some numbers look right and still cannot stand for a business that buys in the Union: each kind has its name
  here.
* Only check digits failing leaves the number usable: the national rules have surprised before, the register
  decides.
* Nothing about a number ever blocks an order; that is for the callers, who get an error to show, not to obey.

Syntax and check digits come from python-stdnum; what it accepts too much is filtered here.
"""

import re
from functools import cache
from typing import Protocol, Self, cast

import attrs
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError
from stdnum.util import get_cc_module

from customer_accounts.arguments import check_kinds
from customer_accounts.vat.countries import number_prefix, prefixes
from customer_accounts.vat.number_kinds import NumberKind, NumberProblem, foreign_kind, never_allocated
from customer_accounts.vat.number_signs import plain

#: Longest text that is looked at; the longest real number with all its separators stays below 30.
MAX_LENGTH = 64

#: What the register takes: a prefix and twelve characters.
_LONGEST = 14
_TYPED_EXACTLY = re.compile(r"[A-Z0-9]{1,16}", re.ASCII)


@attrs.frozen
class VatNumber:
    """A VAT number of a member state or Northern Ireland, in its one compact form.

    Two numbers are equal when their compact forms are, however they were typed.

    >>> VatNumber.parse("de 136 695 976").compact
    'DE136695976'

    Args:
        compact: prefix and number as VIES and invoices want them, ``EL…`` for Greece.
        as_typed: what the customer typed.
        checksum_ok: whether the check digits are right.
    """

    compact: str
    as_typed: str = attrs.field(default="", eq=False, repr=False)
    checksum_ok: bool = attrs.field(default=True, eq=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what is no compact form, and arguments of another kind."""
        check_kinds(self)
        if not _shape().fullmatch(self.compact):
            raise ValueError(
                "compact begins with a prefix of the Union's register; read texts with VatNumber.parse"
            )

    @property
    def country(self) -> str:
        """The prefix, ``EL`` for Greece."""
        return self.compact[:2]

    @property
    def iso_country(self) -> str:
        """The state that issued it, by the code that addresses use: ``GR`` for Greece."""
        return prefixes()[self.compact[:2]]

    @property
    def national(self) -> str:
        """The number without its prefix."""
        return self.compact[2:]

    def __str__(self) -> str:
        """The compact form."""
        return self.compact

    @classmethod
    def parse(cls, text: object, country: str | None = None) -> Self:
        """Read a VAT number.

        Args:
            text: what was typed.
            country: code of the customer's country, for numbers without a prefix; an unknown code is ignored.

        Raises:
            VatNumberError: it is not a number that counts; ``reason`` says why, and after a failed checksum
                ``number`` is still usable.
        """
        typed = text if isinstance(text, str) else ""
        compact = typed if _TYPED_EXACTLY.fullmatch(typed) else _clean(text)
        own = "EL" + compact[2:] if compact[:2] == "GR" else compact
        likeliest, other = _candidates(own, compact, country) if country else (own, "")
        try:
            return cls(_validated(likeliest), typed)
        except VatNumberError as error:
            problem = error
        if other:
            try:
                return cls(_validated(other), typed)
            except VatNumberError as error:
                problem = error if problem.reason is NumberProblem.MALFORMED else problem
        if problem.number:
            problem.number = cls(problem.number.compact, typed, checksum_ok=False)
        raise problem


class VatNumberError(ValueError):
    """A text that is no VAT number of a business in the Union.

    Args:
        reason: what is wrong.
        kind: for ``wrong_kind``, which sort of number it is.
        number: after ``checksum_failed``, the number all the same.
    """

    def __init__(
        self, reason: NumberProblem, kind: NumberKind | None = None, number: VatNumber | None = None
    ) -> None:
        super().__init__(reason, kind, number)
        self.reason = reason
        self.kind = kind
        self.number = number

    def __str__(self) -> str:
        """The reason, never what was typed."""
        return f"{self.reason.value} ({self.kind.value})" if self.kind else self.reason.value


@cache
def _shape() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(prefixes())})[0-9A-Z+*]{{2,12}}")


class _Module(Protocol):
    def validate(self, number: str) -> str: ...


@cache
def _module(prefix: str) -> _Module:
    # python-stdnum has one for every prefix (a test asks them all); its signature only cannot say so.
    return cast("_Module", get_cc_module("gb" if prefix == "XI" else prefixes()[prefix].lower(), "vat"))


def _clean(text: object) -> str:
    if text is None:
        raise VatNumberError(NumberProblem.EMPTY)
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        raise VatNumberError(NumberProblem.MALFORMED)
    compact = plain(text)
    if not compact:
        raise VatNumberError(NumberProblem.EMPTY)
    if not compact.isascii():
        raise VatNumberError(NumberProblem.MALFORMED)
    return compact


def _candidates(own: str, compact: str, country: str) -> tuple[str, str]:
    """Give what the text most likely stands for, and what else it may, or nothing."""
    prefix = _prefix_of(country)
    if not prefix or own.startswith(prefix):
        return own, ""
    return (own, prefix + compact) if own[:2].isalpha() else (prefix + compact, "")


def _prefix_of(country: str) -> str:
    try:
        return number_prefix(country)
    except ValueError:
        return ""


def _validated(number: str) -> str:
    prefix = number[:2]
    if prefix not in prefixes():
        raise VatNumberError(*foreign_kind(number))
    if number.endswith("EX") and any(sign.isdigit() for sign in number):
        raise VatNumberError(NumberProblem.WRONG_KIND, NumberKind.EX)
    try:
        checked = _module(prefix).validate(number)
    except (InvalidChecksum, InvalidComponent):
        raise _checksum_failed(number) from None
    except (ValidationError, ValueError, IndexError):  # some modules slip on texts that are far too short
        raise VatNumberError(NumberProblem.MALFORMED) from None
    # Romania's module keeps the prefix of personal numbers, all others drop it.
    compact = checked if checked == number else prefix + checked
    if len(compact) > _LONGEST:
        raise VatNumberError(NumberProblem.MALFORMED)
    if prefix == "XI" and never_allocated(compact):
        raise VatNumberError(NumberProblem.WRONG_KIND, NumberKind.RESERVED_RANGE)
    return compact


def _checksum_failed(number: str) -> VatNumberError:
    if not _shape().fullmatch(number):
        return VatNumberError(NumberProblem.MALFORMED)
    if number[:2] == "BE" and len(number) == len("BE123456789"):
        number = "BE0" + number[2:]
    return VatNumberError(NumberProblem.CHECKSUM_FAILED, number=VatNumber(number, checksum_ok=False))
