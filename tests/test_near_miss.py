"""Addresses that one typing error lies between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.near_miss import MOST_NEIGHBOURS, neighbours, typing_errors

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
