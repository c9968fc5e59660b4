"""Limits as data."""

from datetime import timedelta
from typing import Any

import pytest

from customer_accounts.limiting import ALLOWANCES, Allowance, Hit, Limit, hits, seen_from


@pytest.mark.parametrize(
    ("tries", "period"), [(0, timedelta(hours=1)), (-1, timedelta(hours=1)), (1, timedelta(0))]
)
def test_an_allowance_allows_something(tries: int, period: timedelta) -> None:
    """AB-01: what would let nobody in, or count for no time, is a mistake of the host's."""
    with pytest.raises(ValueError, match="at least one try and a period"):
        Allowance(tries, period)


def test_an_allowance_is_of_the_right_kinds() -> None:
    """AB-01: a number of seconds is no period."""
    wrong: Any = 60
    with pytest.raises(TypeError, match="period must be timedelta"):
        Allowance(1, wrong)


@pytest.mark.parametrize("limit", Limit)
def test_every_limit_has_an_allowance(limit: Limit) -> None:
    """AB-01: whatever is counted has a stated limit, which ends (AB-06)."""
    allowance = ALLOWANCES[limit]
    assert allowance.tries >= 1
    assert 0 < allowance.period.total_seconds() <= 3600


def test_address_comes_first_and_the_network_is_wide() -> None:
    """AB-01: a network is allowed many times what one address is."""
    assert ALLOWANCES[Limit.SIGN_IN_NETWORK].tries >= 10 * ALLOWANCES[Limit.SIGN_IN_ADDRESS].tries
    assert ALLOWANCES[Limit.REGISTER_NETWORK].tries >= 10 * ALLOWANCES[Limit.REGISTER_ADDRESS].tries


def test_codes_are_closed_when_the_limiter_is_down() -> None:
    """AB-07: registration stays open in an outage of the limiter, codes do not."""
    assert not ALLOWANCES[Limit.CODE].open_on_outage
    assert ALLOWANCES[Limit.REGISTER_ADDRESS].open_on_outage


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (Limit.REGISTER_ADDRESS, Limit.REGISTER_ADDRESS_EVERYWHERE),
        (Limit.SIGN_IN_ADDRESS, Limit.SIGN_IN_ADDRESS_EVERYWHERE),
        (Limit.MAIL_ADDRESS, Limit.MAIL_ADDRESS_EVERYWHERE),
    ],
)
def test_one_network_cannot_use_up_an_address(narrow: Limit, wide: Limit) -> None:
    """AB-06: a stranger needs several networks to get near the brake that the owner would feel."""
    one, all_of_them = ALLOWANCES[narrow], ALLOWANCES[wide]
    windows = all_of_them.period / one.period
    assert all_of_them.tries > 2 * one.tries * windows


def test_an_address_is_counted_by_network_where_that_is_known() -> None:
    """AB-06: without an ip the address alone is counted, without an address nothing."""
    assert seen_from("a@mail.example", "203.0.113.7") == "a@mail.example 203.0.113.7"
    assert seen_from("a@mail.example", None) == "a@mail.example"
    assert seen_from(None, "203.0.113.7") is None


def test_unknown_subjects_are_not_counted() -> None:
    """A host that knows no ip is not limited as if all its customers came from one."""
    assert hits((Limit.CODE, "a"), (Limit.LINK_NETWORK, None)) == (Hit(Limit.CODE, "a"),)
    assert Hit(Limit.CODE, "a").key == "code:a"
