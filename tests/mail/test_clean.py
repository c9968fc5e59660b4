"""Values of records before they stand in a mail."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.mail.clean import LONGEST_VALUE, clean, header_text, safe_url


@given(text=st.text(), limit=st.integers(1, 50))
def test_clean_is_one_visible_line(text: str, limit: int) -> None:
    """Whatever a record holds, one visible line is left, and cleaning it again changes nothing."""
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert cleaned == clean(cleaned, limit)
    assert not any(unicodedata.category(char)[0] == "C" or char in "\u2028\u2029" for char in cleaned)
    assert cleaned.encode().decode() == cleaned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4711", "4711"),
        (" 4711\r\nBcc: x@y.example ", "4711 Bcc: x@y.example"),
        ("a\u202eb\u200bc\ud800d\x00e", "a b c d e"),
        ("Größe é 名", "Größe é 名"),
        ("x" * 500, "x" * LONGEST_VALUE),
    ],
)
def test_clean_keeps_what_can_be_read(text: str, expected: str) -> None:
    """Letters of all scripts stay, controls become one blank, what is too long is cut."""
    assert clean(text) == expected


@given(text=st.text(st.characters(codec="utf-8") | st.sampled_from("=?q"), max_size=30))
def test_header_text_is_no_encoded_word(text: str) -> None:
    """RFC 2047: no parser takes a value for an encoded word and decodes it."""
    assert "=?" not in header_text(text)


@pytest.mark.parametrize("url", ["https://track.example/1?a=b&c=d#e", "http://track.example"])
def test_web_addresses_become_links(url: str) -> None:
    """An ordinary address of a carrier's page is kept as it is."""
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//track.example",
        "track.example/1",
        "https://",
        "https:///path",
        "https://[::1",
        "https://track.example/a b",
        "https://track.example/\r\nx",
        "https://track.example/\n",
        "https://track.example/é",
        "https://track.example/" + "x" * 2000,
    ],
)
def test_other_addresses_become_nothing(url: str) -> None:
    """What is no plain web address is never a link."""
    assert safe_url(url) == ""
