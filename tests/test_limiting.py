"""Limits as data."""

import pytest

from customer_accounts.limiting import ALLOWANCES, Hit, Limit, hits


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


def test_unknown_subjects_are_not_counted() -> None:
    """A host that knows no ip is not limited as if all its customers came from one."""
    assert hits((Limit.CODE, "a"), (Limit.LINK_NETWORK, None)) == (Hit(Limit.CODE, "a"),)
    assert Hit(Limit.CODE, "a").key == "code:a"
