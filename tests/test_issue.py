"""Addresses are masked wherever they stand in a text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customer_accounts.issue import masked, masked_within

#: The same in one look at each place of a text, which takes long where no "@" comes.
_PLAIN = re.compile(r"[^\s<>()\[\]:;,@]+@[^\s<>()\[\]:;,@]+")


@given(st.text(alphabet="ab.é@<>()[]:;, \n\u00a0", max_size=40))
@example("a@b@c")
@example("a@@b@c")
@example("ab@<cd@ef>,@gh@")
def test_every_address_of_a_text_is_masked(text: str) -> None:
    """LG-02: the same is masked as by looking for an address at each place."""
    assert masked_within(text) == _PLAIN.sub(lambda found: masked(found[0]), text)


@pytest.mark.timeout(60)
def test_a_long_word_is_read_once() -> None:
    """A million letters without an address end before anybody waits; looking at each place took hours."""
    word = "x" * 1_000_000
    assert masked_within(f"{word} {word}@mail.example") == f"{word} x***@mail.example"
