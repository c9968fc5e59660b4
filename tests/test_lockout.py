"""AB-06: whoever tries an address too often closes it for himself, and its owner comes in from elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest

from customer_accounts.actors import Visitor
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.registration import CorrectRegistrationAddress, Register, ResendConfirmation
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.refusals import Reason, Refused
from tests.orders import order
from tests.shop import ELSEWHERE, PASSWORD, Shop

ANNA = "anna@mail.example"
STRANGER = Visitor(ip="198.51.100.9", browser="the browser of a stranger")
OWNER = Visitor(ip="203.0.113.7", browser=ELSEWHERE)

ASKED: dict[str, Callable[[Shop, int], Any]] = {
    "sign in": lambda _shop, number: SignIn(email=ANNA, password=f"guess number {number}"),
    "register": lambda _shop, _number: Register(email=ANNA, password=PASSWORD),
    "correct": lambda _shop, _number: CorrectRegistrationAddress(email=ANNA),
    "resend": lambda _shop, _number: ResendConfirmation(email=ANNA),
    "reset": lambda _shop, _number: RequestPasswordReset(email=ANNA),
    "order": lambda shop, number: order(shop, f"ref-{number}", email=ANNA, open_account=True),
}


def _limited(outcome: object) -> bool:
    return isinstance(outcome, Refused) and outcome.reason is Reason.TOO_MANY_ATTEMPTS


@pytest.mark.parametrize("name", ASKED)
def test_a_stranger_does_not_lock_the_owner_out(shop: Shop, name: str) -> None:
    """AB-06, AB-08: fifty tries from one network end in a wait for that network alone."""
    ask = ASKED[name]
    tries = [_limited(shop.handle(ask(shop, number), by=STRANGER)) for number in range(50)]
    assert tries[-1]
    assert not _limited(shop.handle(ask(shop, 50), by=OWNER))


def test_many_networks_meet_the_wide_brake(shop: Shop) -> None:
    """AB-01, AB-08: guesses at one address from everywhere are slowed down all the same."""
    shop.open_account(ANNA)
    guesses = [
        shop.handle(SignIn(email=ANNA, password="a wild guess"), by=Visitor(ip=f"198.51.100.{number % 200}"))
        for number in range(150)
    ]
    assert [_limited(one) for one in guesses].count(False) == 100
    shop.clock.forward(hours=1)
    assert isinstance(shop.handle(SignIn(email=ANNA, password=PASSWORD), by=OWNER), SignedIn)


def test_a_network_over_its_limit_uses_up_nobodys_address(shop: Shop) -> None:
    """AB-06: what is refused for its network is not counted against the addresses that it tried."""
    for number in range(200):
        shop.handle(SignIn(email=f"a{number}@mail.example", password="a wild guess"), by=STRANGER)
    for _ in range(20):
        assert _limited(shop.handle(SignIn(email=ANNA, password="a wild guess"), by=STRANGER))
    counted = shop.accounts._limiter._tries  # type: ignore[attr-defined]  # the one in memory
    assert not any(ANNA in key for key in counted)
