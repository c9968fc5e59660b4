"""Addresses that are one slip of the finger away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.features.near_addresses import MOST, is_near, near_addresses


@pytest.mark.parametrize(
    "other",
    [
        "ana@mail.example", "annna@mail.example", "nana@mail.example", "anna@mial.example", "anna@mai.example",
        "anna@maill.example", "nna@mail.example",
    ],
)  # fmt: skip
def test_slips_are_near(other: str) -> None:
    """GM-01: a letter that is missing, doubled or swapped, in the name or in the domain."""
    assert other in near_addresses("anna@mail.example")
    assert is_near(other, "anna@mail.example")
    assert is_near("anna@mail.example", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@mail.example", "anna@mail.example"), ("anna@mail.example", "bert@mail.example"),
        ("anna@mail.example", "ana@mial.example"), ("a.na@mail.example", "an.n@mail.example"),
        ("anna@mail.example", "anna@post.example"), ("", "a@mail.example"),
    ],
)  # fmt: skip
def test_other_people_are_not_near(one: str, other: str) -> None:
    """GM-01: an address is not near to itself, nor to one that differs in more than a slip."""
    assert not is_near(one, other)
    assert other not in near_addresses(one)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("a@gmial.com", "a@gmail.com"), ("a@gmail.co", "a@gmail.com"), ("a@hotmial.fr", "a@hotmail.fr")],
)
def test_mistyped_providers_are_near(typed: str, meant: str) -> None:
    """F06: what the warning at the form would have put right is a slip."""
    assert is_near(typed, meant)


def test_a_wrong_letter_is_near_but_not_listed() -> None:
    """The list for support holds what is left out, doubled or swapped; comparing also sees a wrong letter."""
    assert is_near("anma@mail.example", "anna@mail.example")
    assert "anma@mail.example" not in near_addresses("anna@mail.example")


@given(st.text(max_size=90))
def test_the_list_is_short_and_without_the_address_itself(text: str) -> None:
    """EN-07: whatever the address, one scope asks for so many at most."""
    for key in (text, f"{text}@mail.example"):
        found = near_addresses(key)
        assert len(found) <= MOST
        assert key not in found
        assert len(set(found)) == len(found)
    assert near_addresses("") == ()
