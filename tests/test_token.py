"""Links and short codes: what is stored, what is mailed, and how long they live."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.features.registration import Register
from customer_accounts.token import (
    Purpose,
    TokenRecord,
    link_digest,
    link_text,
    same_code,
    short_code,
)
from tests.shop import Shop

SECRET = b"a secret of at least thirty-two bytes"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOKEN_ID = "00112233445566778899aabbccddeeff"


def _record(**changes: Any) -> TokenRecord:
    text = link_text(SECRET, Purpose.RESET_PASSWORD, TOKEN_ID)
    record = TokenRecord(
        digest=link_digest(text) or "",
        token_id=TOKEN_ID,
        key_id="1",
        purpose=Purpose.RESET_PASSWORD,
        email="anna@mail.example",
        email_key="anna@mail.example",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )
    return evolve(record, **changes)


class TestLinkText:
    """The text of a link."""

    def test_is_url_safe_and_long_enough(self) -> None:
        """TK-01: 43 URL-safe characters, 256 bits of an HMAC over 128 random bits."""
        text = link_text(SECRET, Purpose.RESET_PASSWORD, TOKEN_ID)
        assert len(text) == 43
        assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    @pytest.mark.parametrize("other", [one for one in Purpose if one is not Purpose.RESET_PASSWORD])
    def test_differs_by_purpose(self, other: Purpose) -> None:
        """TK-03: the same random id gives another link for every purpose."""
        assert link_text(SECRET, Purpose.RESET_PASSWORD, TOKEN_ID) != link_text(SECRET, other, TOKEN_ID)

    def test_differs_by_secret(self) -> None:
        """TK-02: what is stored gives no link without the secret."""
        other = link_text(b"another secret of thirty-two bytes!!", Purpose.RESET_PASSWORD, TOKEN_ID)
        assert link_text(SECRET, Purpose.RESET_PASSWORD, TOKEN_ID) != other

    def test_is_not_in_the_record(self) -> None:
        """TK-02: neither the record nor its repr holds the link's text or the id it is made from."""
        text = link_text(SECRET, Purpose.RESET_PASSWORD, TOKEN_ID)
        record = _record()
        assert text not in repr(record)
        assert TOKEN_ID not in repr(record)
        assert record.digest != text


class TestLinkDigest:
    """The key under which a link is found."""

    @given(st.text(max_size=60))
    def test_refuses_other_shapes(self, text: str) -> None:
        """TK-08: whatever does not have the shape of a link has no digest and is never looked up."""
        fits = len(text) == 43 and text.isascii() and text.replace("-", "a").replace("_", "a").isalnum()
        assert (link_digest(text) is not None) is fits

    @pytest.mark.parametrize("text", ["", " ", "a" * 42, "a" * 44, "a" * 43 + "\n", "é" * 43])
    def test_refuses_near_misses(self, text: str) -> None:
        """TK-08: empty, blank, too short, too long and padded texts never match."""
        assert link_digest(text) is None


class TestLife:
    """How long a link can be used."""

    @pytest.mark.parametrize(
        ("seconds", "live"), [(0, True), (3600, True), (3600.000001, False), (3601, False)]
    )
    def test_boundary_is_exact(self, seconds: float, live: bool) -> None:
        """TK-04: valid up to and including its expiry, dead a microsecond later."""
        assert _record().is_live(NOW + timedelta(seconds=seconds)) is live

    def test_used_is_dead(self) -> None:
        """TK-05: a used link is dead within its time."""
        assert not _record(used_at=NOW).is_live(NOW)


class TestShortCode:
    """The code for the registering tab."""

    def test_has_forty_bits_of_base32(self) -> None:
        """TK-09: eight characters of base32."""
        code = short_code(SECRET, TOKEN_ID)
        assert len(code) == 8
        assert set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")

    def test_is_no_part_of_the_link(self) -> None:
        """TK-03: who reads the code over a shoulder does not have the link."""
        link = link_text(SECRET, Purpose.CONFIRM_REGISTRATION, TOKEN_ID)
        assert short_code(SECRET, TOKEN_ID).lower() not in link.lower()

    @pytest.mark.parametrize("typed", ["ABCD2345", "abcd2345", "abcd-2345", " ABCD 2345 "])
    def test_forgives_spelling(self, typed: str) -> None:
        """TK-09: case, blanks and the hyphen of the mail do not matter."""
        assert same_code("ABCD2345", typed)

    @given(st.text(max_size=20))
    def test_takes_nothing_else(self, typed: str) -> None:
        """TK-08: any other text is refused, whatever characters it holds."""
        cleaned = "".join(typed.split()).replace("-", "").upper()
        assert same_code("ABCD2345", typed) is (cleaned == "ABCD2345")


def test_links_are_made_from_128_bits(shop: Shop) -> None:
    """TK-01: what a link is made of is 128 random bits, from the source that the runner was given, new each time."""
    for number in range(3):
        shop.require(Register(email=f"anna{number}@mail.example", generate_password=True), by=shop.visitor())
    ids = [bytes.fromhex(one.token_id) for one in shop.stored(TokenRecord)]
    assert [len(one) for one in ids] == [16, 16, 16]
    assert len(set(ids)) == 3
    drawn: list[bytes] = []

    def source(size: int) -> bytes:
        drawn.append(bytes(range(size)))
        return drawn[-1]

    shop.accounts._around = evolve(shop.accounts._around, random=source)
    shop.require(Register(email="bert@mail.example", generate_password=True), by=shop.visitor())
    (token,) = (one for one in shop.stored(TokenRecord) if one.email == "bert@mail.example")
    assert any(bytes.fromhex(token.token_id) in one for one in drawn)
