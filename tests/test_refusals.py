"""Refusals: a reason, a text in three languages, an HTTP hint."""

import string

import pytest

from customer_accounts.refusals import HTTP_STATUS, Reason, Refused
from customer_accounts.wording import LOCALES, known_locale, texts_of


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_has_a_text(reason: Reason, locale: str) -> None:
    """PW-09: every reason is said in French, German and English, in a full sentence."""
    text = Refused(reason, values=(("minimum", "8"), ("fields", "charged_net"))).text(locale)
    assert text[0].isupper()
    assert text.endswith((".", "?", "!"))
    assert "{" not in text


def test_no_text_without_a_reason() -> None:
    """The texts and the reasons are the same list, so no text is left behind when a reason goes."""
    assert set(texts_of("refusals")) == {reason.value for reason in Reason}


@pytest.mark.parametrize("reason", Reason)
def test_languages_use_the_same_placeholders(reason: Reason) -> None:
    """A text says the same facts in each language."""
    texts = texts_of("refusals")[reason]
    assert set(texts) == set(LOCALES)
    names = {
        locale: {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for locale, text in texts.items()
    }
    assert names["fr"] == names["de"] == names["en"]


def test_unknown_language_is_answered_in_english() -> None:
    """A host may pass on any language tag."""
    refused = Refused(Reason.SIGN_IN_FAILED)
    assert refused.text("pt-BR") == refused.text("en")
    assert refused.text("de-AT") == refused.text("de") != refused.text("en")


@pytest.mark.parametrize("reason", Reason)
def test_http_status_is_an_error(reason: Reason) -> None:
    """RFC 9110: every refusal is a client error, or 503 where the customer may come back."""
    status = Refused(reason).http_status
    assert status == 503 or 400 <= status < 500
    assert HTTP_STATUS.get(reason, 422) == status


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        ("fr", "fr"),
        ("FR", "fr"),
        ("de_CH", "de"),
        ("en-GB", "en"),
        ("es", None),
        ("", None),
        ("french", None),
    ],
)
def test_known_locale(tag: str, known: str | None) -> None:
    """Language tags are read by their first part."""
    assert known_locale(tag) == known
