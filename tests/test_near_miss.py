"""Addresses that one typing error lies between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.near_miss import (
    MOST_FORMS,
    MOST_NEIGHBOURS,
    is_near_miss,
    mistyped_forms,
    neighbours,
    typing_errors,
)

KEYS = st.from_regex(r"[a-z][a-z0-9.]{0,30}[a-z0-9]@mail\.example", fullmatch=True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("anna@gmial.com", "anna@gmail.com"),
        ("anan@mail.example", "anna@mail.example"),
        ("annna@mail.example", "anna@mail.example"),
        ("ana@mail.example", "anna@mail.example"),
        ("anna.b@mail.example", "annab@mail.example"),
    ],
)
def test_usual_slips_are_neighbours(typed: str, meant: str) -> None:
    """F17: a wrong domain, two letters swapped, one too many, one of a pair missing, a dot too many."""
    assert meant in neighbours(typed)


@given(KEYS)
def test_neighbours_are_near_and_few(key: str) -> None:
    """Each is one error away, none is the address itself, none comes twice, and they fit one statement."""
    found = neighbours(key)
    assert len(found) == len(set(found)) <= MOST_NEIGHBOURS
    assert key not in found
    assert all(typing_errors(key, one) == 1 for one in found)


def test_one_letter_has_no_empty_neighbour() -> None:
    """What has no name before the sign is no address."""
    assert neighbours("a@mail.example") == ("aa@mail.example",)


@pytest.mark.parametrize(
    "other",
    [
        "ana@mail.example", "annna@mail.example", "nana@mail.example", "anna@mial.example", "anna@mai.example",
        "anna@maill.example", "nna@mail.example",
    ],
)  # fmt: skip
def test_slips_are_near(other: str) -> None:
    """GM-01: a letter that is missing, doubled or swapped, in the name or in the domain."""
    assert other in mistyped_forms("anna@mail.example")
    assert is_near_miss(other, "anna@mail.example")
    assert is_near_miss("anna@mail.example", other)


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
    assert not is_near_miss(one, other)
    assert other not in mistyped_forms(one)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("a@gmial.com", "a@gmail.com"), ("a@gmail.co", "a@gmail.com"), ("a@hotmial.fr", "a@hotmail.fr")],
)
def test_mistyped_providers_are_near(typed: str, meant: str) -> None:
    """F06: what the warning at the form would have put right is a slip."""
    assert is_near_miss(typed, meant)


def test_a_wrong_letter_is_near_but_not_listed() -> None:
    """The list for support holds what is left out, doubled or swapped; comparing also sees a wrong letter."""
    assert is_near_miss("anma@mail.example", "anna@mail.example")
    assert "anma@mail.example" not in mistyped_forms("anna@mail.example")


@given(st.text(max_size=90))
def test_the_list_is_short_and_without_the_address_itself(text: str) -> None:
    """EN-07: whatever the address, one scope asks for so many at most."""
    for key in (text, f"{text}@mail.example"):
        found = mistyped_forms(key)
        assert len(found) <= MOST_FORMS
        assert key not in found
        assert len(set(found)) == len(found)
    assert mistyped_forms("") == ()
