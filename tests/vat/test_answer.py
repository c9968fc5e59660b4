"""Answers of a register, and what its codes mean."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.vat import Retry, VatAnswer, VatStatus, code_meaning, magic_numbers
from customer_accounts.vat.answer import body_of, kept_body

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "status", "retry"),
    [
        ("VALID", "valid", "no"),
        ("INVALID", "invalid", "once"),
        ("INVALID_INPUT", "invalid", "no"),
        ("INVALID_REQUESTER_INFO", "unverified", "without_requester"),
        ("SERVICE_UNAVAILABLE", "unverified", "backoff"),
        ("MS_UNAVAILABLE", "unverified", "backoff"),
        ("TIMEOUT", "unverified", "backoff"),
        ("SERVER_BUSY", "unverified", "backoff"),
        ("MS_MAX_CONCURRENT_REQ", "unverified", "backoff"),
        ("MS_MAX_CONCURRENT_REQ_TIME", "unverified", "backoff"),
        ("GLOBAL_MAX_CONCURRENT_REQ", "unverified", "pause"),
        ("GLOBAL_MAX_CONCURRENT_REQ_TIME", "unverified", "pause"),
        ("VAT_BLOCKED", "unverified", "alarm"),
        ("IP_BLOCKED", "unverified", "alarm"),
        ("VOW-ERR-1", "unverified", "backoff"),
        ("SOMETHING_NEW", "unverified", "backoff"),
    ],
)
def test_what_the_codes_mean(code: str, status: str, retry: str) -> None:
    """Truth 7: an outage is never 'invalid', and a code nobody knows is an outage."""
    meaning = code_meaning(code)
    assert (meaning.code, meaning.status, meaning.retry) == (code, status, retry)


@pytest.mark.parametrize("code", [None, 5, "", "<html>", "a" * 5, "A" * 65, {"error": "X"}])
def test_what_is_no_code_is_a_bad_response(code: object) -> None:
    """Garbage in place of a code is unverified, and is not kept as if it were a code."""
    assert code_meaning(code).code == "BAD_RESPONSE"
    assert code_meaning(code).status is VatStatus.UNVERIFIED


def test_the_magic_numbers_are_the_published_ones() -> None:
    """The test service's 13 numbers, from 100 (valid) to 601."""
    assert len(magic_numbers()) == 13
    assert (magic_numbers()["100"], magic_numbers()["401"]) == ("VALID", "IP_BLOCKED")


def test_an_answer_is_evidence() -> None:
    """The raw body is kept with its hash; names, addresses and bodies are not shown in logs."""
    answer = VatAnswer(
        number="DE136695976", status="valid", code="VALID", checked_at=AT, raw="{}", name="Example GmbH"
    )
    assert answer.raw_sha256 == hashlib.sha256(b"{}").hexdigest()
    assert answer.retry is Retry.NO
    assert "Example" not in repr(answer)
    assert "{}" not in repr(answer)


@pytest.mark.parametrize("status", ["pending", "not_given"])
def test_an_answer_is_one_of_three(status: str) -> None:
    """A register cannot answer 'pending'."""
    with pytest.raises(ValueError, match="VALID, INVALID or UNVERIFIED"):
        VatAnswer(number="DE136695976", status=status, code="X", checked_at=AT)


@pytest.mark.parametrize("at", [AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=1)))])
def test_times_of_answers_are_utc(at: datetime) -> None:
    """A naive time or another zone is refused."""
    with pytest.raises(ValueError, match="UTC"):
        VatAnswer(number="DE136695976", status="valid", code="VALID", checked_at=at)


@given(st.binary(max_size=60) | st.just(b"base64,abc") | st.just(b"base64,!!"))
def test_a_body_is_kept_byte_for_byte(body: bytes) -> None:
    """Whatever came, text or not, NUL or not: the same bytes come back, and their hash is that of the evidence."""
    kept = kept_body(body)
    assert body_of(kept) == body
    assert "\0" not in kept
    answer = VatAnswer("DE136695976", VatStatus.UNVERIFIED, "BAD_RESPONSE", AT, raw=kept)
    assert answer.raw_sha256 == hashlib.sha256(body).hexdigest()


def test_a_text_that_only_looks_encoded() -> None:
    """A host's own raw text is hashed as it is."""
    assert body_of("base64,!!") == b"base64,!!"


def test_the_time_of_an_answer_is_a_datetime() -> None:
    """A text is no time, however well it is written."""
    with pytest.raises(TypeError, match="checked_at"):
        VatAnswer("DE136695976", VatStatus.VALID, "VALID", "2026-11-22T10:00:00Z")  # type: ignore[arg-type]  # what this test is about
