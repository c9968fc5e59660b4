"""A link of an account: who holds it, and why it may not work."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.changes import insert
from customer_accounts.command import Command
from customer_accounts.features.account_links import digest_of
from customer_accounts.features.email_change import ConfirmEmailChange
from customer_accounts.features.email_change_undo import CancelEmailChange
from customer_accounts.features.identity_approval import ApproveIdentities
from customer_accounts.features.password_reset import ResetPassword
from customer_accounts.issue import issue_token
from customer_accounts.refusals import Reason, Refused
from customer_accounts.token import Purpose
from tests.shop import PASSWORD, Shop

USES: dict[Purpose, Callable[[str], Command]] = {
    Purpose.RESET_PASSWORD: lambda token: ResetPassword(token=token, new_password=PASSWORD),
    Purpose.APPROVE_IDENTITIES: lambda token: ApproveIdentities(token=token),
    Purpose.CONFIRM_EMAIL_CHANGE: lambda token: ConfirmEmailChange(token=token),
    Purpose.CANCEL_EMAIL_CHANGE: lambda token: CancelEmailChange(token=token),
}
#: A link that the shop sends after a letter sets a password just as one that the customer asked for.
WORKS = {(one, one) for one in USES} | {(Purpose.SET_PASSWORD, Purpose.RESET_PASSWORD)}


def _link(shop: Shop, purpose: Purpose, *, email: str = "", known: bool = True) -> str:
    """Store a link for Anna's account, or for one that does not exist."""
    opened = shop.open_account()
    visitor = shop.visitor()
    address = email or opened.email
    token = issue_token(
        shop.accounts._around.env(),
        purpose,
        email=address,
        email_key=address,
        account_id=opened.account_id if known else uuid4(),
        browser=visitor.browser_digest,
    )
    shop.storage.write([insert(token)])
    return shop.text_of(token)


def _reason(shop: Shop, use: Purpose, token: str) -> Reason | None:
    outcome = shop.handle(USES[use](token), by=shop.visitor())  # type: ignore[arg-type]  # any of them
    return outcome.reason if isinstance(outcome, Refused) else None


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_works_for_its_own_purpose_only(purpose: Purpose, use: Purpose) -> None:
    """TK-03: every purpose against every command."""
    shop = Shop()
    email = "new@mail.example" if purpose is Purpose.CONFIRM_EMAIL_CHANGE else ""
    expected = None if (purpose, use) in WORKS else Reason.LINK_INVALID
    assert _reason(shop, use, _link(shop, purpose, email=email)) is expected


@pytest.mark.parametrize("use", USES)
def test_a_link_works_to_the_last_second(use: Purpose) -> None:
    """TK-04: valid at its expiry, expired one second later."""
    for beyond, expected in ((0, None), (1, Reason.LINK_EXPIRED)):
        shop = Shop()
        email = "new@mail.example" if use is Purpose.CONFIRM_EMAIL_CHANGE else ""
        token = _link(shop, use, email=email)
        shop.clock.forward(seconds=shop.settings.lifetimes[use].total_seconds() + beyond)
        assert _reason(shop, use, token) is expected


@pytest.mark.parametrize("use", USES)
def test_a_link_is_used_once(use: Purpose) -> None:
    """TK-05, TK-07: the second click by the winner is told that it is done."""
    shop = Shop()
    email = "new@mail.example" if use is Purpose.CONFIRM_EMAIL_CHANGE else ""
    token = _link(shop, use, email=email)
    assert _reason(shop, use, token) is None
    assert _reason(shop, use, f" {token}\n") is Reason.ALREADY_DONE


@pytest.mark.parametrize("use", USES)
def test_a_link_of_no_open_account_is_dead(use: Purpose) -> None:
    """SE-02: without an open account behind it, a link does nothing."""
    shop = Shop()
    assert _reason(shop, use, _link(shop, use, known=False)) is Reason.LINK_INVALID


@pytest.mark.parametrize("use", [Purpose.RESET_PASSWORD, Purpose.APPROVE_IDENTITIES])
def test_a_link_to_an_earlier_address_is_dead(use: Purpose) -> None:
    """TK-03: who holds an old mailbox has no power over the password of the account."""
    shop = Shop()
    assert _reason(shop, use, _link(shop, use, email="earlier@mail.example")) is Reason.LINK_INVALID


@pytest.mark.parametrize("use", USES)
@given(text=st.text(max_size=200) | st.sampled_from(["", " ", "None", "A" * 43, "é" * 43]))
def test_what_was_never_sent_matches_nothing(use: Purpose, text: str) -> None:
    """TK-08: empty, blank, short, long or strange texts are no links."""
    assert _reason(Shop(), use, text) is Reason.LINK_INVALID


def test_what_cannot_be_a_link_has_an_empty_digest() -> None:
    """TK-08: nothing is ever stored under it."""
    assert digest_of("short") == ""
    assert len(digest_of("A" * 43)) == 64
