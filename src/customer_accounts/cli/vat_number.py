"""What the tool says about one VAT number, and how it prints that."""

from collections.abc import Iterator
from contextlib import suppress

import attrs

from customer_accounts.adapters.vies import ViesRegister
from customer_accounts.cli.vat_input import read_number
from customer_accounts.vat import (
    NumberAdvice,
    VatAnswer,
    VatNumber,
    VatNumberError,
    magic_numbers,
    number_advice,
)
from customer_accounts.vat.wording import wording


@attrs.frozen
class Checked:
    """A number that was looked at.

    Args:
        typed: as it was typed.
        number: in compact form, or None.
        advice: what is wrong with it or what the register said; None if it is well written and nobody was asked.
        answer: the register's answer, or None.
        needs_country: it may be a number whose prefix is missing.
    """

    typed: str
    number: str | None
    advice: NumberAdvice | None
    answer: VatAnswer | None = None
    needs_country: bool = False

    @property
    def is_open(self) -> bool:
        """Whether something is to be done about it."""
        return self.advice is not None and self.advice.is_warning

    def text(self, lang: str) -> str:
        """Give what is said of it in words."""
        if self.advice is None:
            return wording("tool", "well_written", lang)
        told = self.advice.text(lang)
        return f"{told} {wording('tool', 'needs_country', lang)}" if self.needs_country else told


def checked(
    typed: str, country: str | None, register: ViesRegister | None, requester: VatNumber | None
) -> Checked:
    """Look at a number, and ask the register about it if there is one.

    Args:
        typed: as it was typed.
        country: whose prefix to try if it has none.
        register: asked about what can be read, also if the check digits are wrong.
        requester: the shop's own number, or None.
    """
    number, problem = _read(typed, country, register)
    if number is not None and register is not None:
        answer = register.check(number, requester)
        return Checked(typed, number.compact, number_advice(number, answer.status, dispatch=None), answer)
    advice = number_advice(problem) if problem or number is None else None
    no_prefix = number is None and country is None and typed.strip()[:1].isdigit()
    return Checked(typed, None if number is None else number.compact, advice, needs_country=no_prefix)


def _read(
    typed: str, country: str | None, register: ViesRegister | None
) -> tuple[VatNumber | None, VatNumberError | None]:
    """Read a number; the magic ones of the service for tests are none that a state would issue."""
    compact = typed.strip().upper()
    if register is not None and register.test_service and compact[2:] in magic_numbers():
        with suppress(ValueError):
            return VatNumber(compact, typed), None
    return read_number(typed, country)


def number_data(one: Checked, lang: str) -> dict[str, object]:
    """Give what is known of a number as plain data."""
    advice, answer = one.advice, one.answer
    return {
        "typed": one.typed,
        "number": one.number,
        "result": "well_written" if advice is None else advice.code.value,
        "kind": None if advice is None or advice.kind is None else advice.kind.value,
        "text": one.text(lang),
        "register": None if answer is None else _answer_data(answer),
    }


def number_lines(one: Checked, lang: str) -> Iterator[str]:
    """Give what is known of a number as lines for people."""
    yield f"{one.number or one.typed}: {one.text(lang)}"
    if one.answer is not None:
        answer = one.answer
        yield f"  VIES: {answer.status.value} ({answer.code}), {answer.checked_at:%Y-%m-%d %H:%M} UTC"
        rest = (answer.consultation_number, answer.name, answer.address)
        yield from (f"  {' '.join(text.split())}" for text in rest if text)


def _answer_data(answer: VatAnswer) -> dict[str, object]:
    return {
        "status": answer.status.value,
        "code": answer.code,
        "checked_at": answer.checked_at.isoformat(),
        "consultation_number": answer.consultation_number,
        "name": answer.name,
        "address": answer.address,
    }
