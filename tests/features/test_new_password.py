"""The one gate for new passwords: the same at each of its entries."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.password_reset import RequestPasswordReset, ResetPassword
from customer_accounts.features.registration import Register
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.wording import LOCALES
from tests.shop import ELSEWHERE, PASSWORD, Shop

EMAIL = "gwendolin@bergstroem.example"


def _register(shop: Shop, password: SecretStr) -> Any:
    command = Register(email=EMAIL, password=password, name="Tallulah Quist")
    return shop.handle(command, by=shop.visitor())


def _confirm(shop: Shop, password: SecretStr) -> Any:
    shop.require(Register(email=EMAIL, password=PASSWORD, name="Tallulah Quist"), by=shop.visitor())
    token = shop.link(shop.mails(MailPurpose.CONFIRM_REGISTRATION)[-1])
    return shop.handle(ConfirmEmail(token=token, new_password=password), by=shop.visitor())


def _change(shop: Shop, password: SecretStr) -> Any:
    opened = shop.open_account(EMAIL, name="Tallulah Quist")
    command = ChangePassword(current_password=PASSWORD, new_password=password)
    return shop.handle(command, by=shop.customer(opened.session))


def _reset(shop: Shop, password: SecretStr) -> Any:
    shop.open_account(EMAIL, name="Tallulah Quist")
    shop.require(RequestPasswordReset(email=EMAIL), by=shop.visitor())
    token = shop.link(shop.mails(MailPurpose.RESET_PASSWORD)[-1])
    return shop.handle(ResetPassword(token=token, new_password=password), by=shop.visitor(ELSEWHERE))


def _order(shop: Shop, password: SecretStr) -> Any:
    command = RecordOrder(
        reference="o1",
        number="1",
        placed_at=shop.clock(),
        email=EMAIL,
        name="Tallulah Quist",
        open_account=True,
        password=password,
    )
    return shop.handle(command, by=shop.visitor())


ENTRIES = [_register, _confirm, _change, _reset, _order]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: one.__name__[1:])
@pytest.mark.parametrize(
    "password", ["gwendolin77!", "Bergstroem-2026", "Tallulah1990", "quist Quist 1", "DemoShop2024!"]
)
def test_no_password_is_made_of_what_the_shop_knows(
    entry: Callable[[Shop, SecretStr], Any], password: str
) -> None:
    """PW-07, PW-12: at every entry the address, its domain, the customer's and the shop's name count for nothing."""
    refused = entry(Shop(), SecretStr(password))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.PASSWORD_CONTAINS_CONTEXT


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: one.__name__[1:])
def test_a_good_password_passes(entry: Callable[[Shop, SecretStr], Any]) -> None:
    """PW-12: the same entries take a good one, so that the refusals above are about the password."""
    assert not isinstance(entry(Shop(), SecretStr("nine loud kingfishers")), Refused)


def test_advice_is_not_the_reason() -> None:
    """PW-09: the customer hears why, and what to do instead, which is another sentence in each language."""
    problem = Shop().settings.password_policy.problem("seven77")
    assert problem is not None
    said = {text(locale) for text in (problem.text, problem.advice) for locale in LOCALES}
    assert len(said) == 2 * len(LOCALES)
