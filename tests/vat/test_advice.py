"""What a company is told about its number."""

from itertools import product

import pytest

from customer_accounts.vat import (
    NumberKind,
    NumberProblem,
    VatNumber,
    VatNumberError,
    VatStatus,
    number_advice,
)
from tests.vat.cases import AUSTRIAN, GERMAN


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("valid", "accepted"),
        ("invalid", "invalid"),
        ("unverified", "unverified"),
        ("pending", "pending"),
        ("not_given", "pending"),
    ],
)
def test_foreign_numbers_by_what_the_register_says(status: str, code: str) -> None:
    """F22-F25: accepted, not known to VIES, not checkable now, being checked: four different texts."""
    assert number_advice(GERMAN, VatStatus(status)).code == code


@pytest.mark.parametrize("status", list(VatStatus))
def test_domestic_numbers_are_information_whatever_the_register_says(status: VatStatus) -> None:
    """F26: an Austrian number needs only its syntax; the price does not change."""
    advice = number_advice(AUSTRIAN, status)
    assert (advice.code, advice.is_warning) == ("domestic", False)
    assert "Le prix ne change pas" in advice.text("fr")
    assert number_advice(AUSTRIAN, status, dispatch="DE").code != "domestic"
    assert number_advice(VatNumber.parse("EL094259216"), status, dispatch="EL").code == "domestic"


def test_a_number_unknown_to_vies_says_what_to_do() -> None:
    """F22, F25: ask the tax office to activate it; the order goes on."""
    text = number_advice(GERMAN, VatStatus.INVALID).text("fr")
    assert "échanges intracommunautaires" in text
    assert "Cela ne vous empêche pas de commander" in text
    assert "DE136695976" in text


def test_an_outage_is_not_the_companys_fault() -> None:
    """'Cannot be checked at the moment' never says that the number is wrong."""
    for locale in ("fr", "de", "en"):
        text = number_advice(GERMAN, VatStatus.UNVERIFIED).text(locale)
        assert text != number_advice(GERMAN, VatStatus.INVALID).text(locale)
    assert "cannot be checked at the moment" in number_advice(GERMAN, VatStatus.UNVERIFIED).text("en")


def test_unreadable_numbers_warn_and_name_their_sort() -> None:
    """Each problem and each sort of number has its text; none of them blocks."""
    for kind, locale in product(NumberKind, ("fr", "de", "en")):
        advice = number_advice(VatNumberError(NumberProblem.WRONG_KIND, kind))
        assert advice.is_warning
        assert len(advice.text(locale)) > len(
            number_advice(VatNumberError(NumberProblem.WRONG_KIND)).text(locale)
        )
    for problem in (NumberProblem.EMPTY, NumberProblem.MALFORMED):
        assert number_advice(VatNumberError(problem)).code == problem.value
    assert number_advice(None).code == "empty"


def test_a_typing_error_is_shown_with_the_number() -> None:
    """The company sees which number was read; once VIES confirms it, there is no error."""
    wrong = VatNumber("DE136695977", checksum_ok=False)
    error = VatNumberError(NumberProblem.CHECKSUM_FAILED, number=wrong)
    assert "DE136695977" in number_advice(error).text("de")
    assert number_advice(wrong).code == "checksum_failed"
    assert number_advice(wrong, VatStatus.VALID).code == "accepted"


def test_every_text_lets_the_customer_order() -> None:
    """F25: no text about a problem leaves out that ordering goes on."""
    words = {"fr": "command", "de": "bestell", "en": "order"}
    errors = [VatNumberError(problem) for problem in NumberProblem]
    warned = [number_advice(error) for error in errors]
    warned += [number_advice(GERMAN, VatStatus(status)) for status in ("invalid", "unverified", "pending")]
    for advice, (locale, word) in product(warned, words.items()):
        assert word in advice.text(locale)
