"""What an account brings, and who has it."""

import importlib
import pkgutil
from typing import Any

import attrs
import pytest

from customer_accounts import features
from customer_accounts.account import AccountRecord, Company, IdentityRecord
from customer_accounts.actors import Actor, Agent, SignedInCustomer, System, Visitor
from customer_accounts.changes import Save, insert
from customer_accounts.command import Command
from customer_accounts.features.benefits import (
    COMMANDS,
    AccountView,
    Benefit,
    MyAccount,
    benefits_of,
    may,
)
from customer_accounts.features.company import company_view
from customer_accounts.inputs import NewsletterInput
from customer_accounts.refusals import Reason, Refused
from customer_accounts.vat import VatStatus
from customer_accounts.wording import LOCALES, texts_of
from tests.shop import Shop

ANNA = "anna@mail.example"
OTHERS: list[Actor] = [Visitor(), Agent("17", may=frozenset({"everything"})), System()]
#: Modules whose commands are benefits, all of them.
OF_BENEFITS = ("delivery_address", "my_orders", "wish_list")


def _commands() -> dict[str, type[Command]]:
    found: dict[str, type[Command]] = {}
    for module in pkgutil.iter_modules(features.__path__):
        names = vars(importlib.import_module(f"customer_accounts.features.{module.name}"))
        found |= {
            name: one for name, one in names.items() if isinstance(one, type) and issubclass(one, Command)
        }
    return found


class TestBenefits:
    """Who has which benefit."""

    def test_a_customer_has_all(self, shop: Shop) -> None:
        """F07 to F10, F13: an account brings everything there is."""
        customer = shop.customer(shop.open_account().session)
        assert benefits_of(customer) == frozenset(Benefit)
        assert all(may(customer, one) for one in Benefit)

    @pytest.mark.parametrize("actor", OTHERS, ids=lambda one: type(one).__name__)
    def test_nobody_else_has_any(self, actor: Actor) -> None:
        """F13: a guest has none of them, and neither has anybody else who is no customer."""
        assert benefits_of(actor) == frozenset()
        assert not any(may(actor, one) for one in Benefit)

    def test_every_benefit_is_in_the_table(self) -> None:
        """F13: no benefit is without an answer to who gives it; promotions alone are left to the host."""
        assert set(COMMANDS) == set(Benefit)
        assert [one for one, commands in COMMANDS.items() if not commands] == [Benefit.PROMOTIONS]

    @pytest.mark.parametrize("name", sorted(name for names in COMMANDS.values() for name in names))
    def test_the_table_and_the_commands_agree(self, name: str) -> None:
        """F13, AZ-01: a command that gives a benefit exists and accepts a signed-in customer, nobody else."""
        assert _commands()[name].actors == (SignedInCustomer,)

    def test_no_command_of_a_benefit_is_missing(self) -> None:
        """F13: every command of the modules that are benefits stands in the table."""
        modules = {f"customer_accounts.features.{one}" for one in OF_BENEFITS}
        given = {name for name, one in _commands().items() if one.__module__ in modules}
        assert given <= {name for names in COMMANDS.values() for name in names}

    @pytest.mark.parametrize("actor", OTHERS, ids=lambda one: type(one).__name__)
    def test_whoever_is_no_customer_is_refused(self, shop: Shop, actor: Any) -> None:
        """F13: past the type checker too, the runner refuses before anything is read."""
        commands = _commands()
        for name in (name for names in COMMANDS.values() for name in names):
            # The actor is looked at before any field, so none is needed here.
            wanted: Any = commands[name].model_construct()
            assert shop.handle(wanted, by=actor) == Refused(Reason.NOT_ALLOWED)

    @pytest.mark.parametrize("locale", LOCALES)
    def test_each_is_said_in_every_language(self, locale: str) -> None:
        """F13: a host can show what an account brings, in French, German and English."""
        texts = {one.text(locale) for one in Benefit}
        assert len(texts) == len(Benefit)
        assert all(texts)
        assert set(texts_of("benefits")) == {str(one) for one in Benefit}


class TestMyAccount:
    """MyAccount."""

    def test_shows_the_account(self, shop: Shop) -> None:
        """DP-03: what its owner needs to see, and nothing else."""
        anna = shop.open_account("Anna@mail.example", name="Anna", locale="fr")
        view = shop.require(MyAccount(), by=shop.customer(anna.session))
        assert view == AccountView(
            email="Anna@mail.example",
            name="Anna",
            locale="fr",
            benefits=frozenset(Benefit),
            company=None,
            has_password=True,
            must_change_password=False,
            providers=(),
            providers_to_approve=(),
            newsletter=None,
        )

    def test_holds_no_secret(self, shop: Shop) -> None:
        """LG-01, DP-03: neither the hash nor an identity's subject nor the address is in its repr."""
        anna = shop.open_account(ANNA, name="Anna")
        account = shop.account(anna.account_id)
        shop.storage.write([insert(_identity(account.id, "google"))])
        view = shop.require(MyAccount(), by=shop.customer(anna.session))
        assert account.password_hash
        shown = repr(attrs.asdict(view))
        assert account.password_hash not in shown
        assert "subject-of" not in shown
        assert ANNA not in repr(view)

    def test_shows_the_company(self, shop: Shop) -> None:
        """F21: the company with what is known of its number and the advice about it, as everywhere else."""
        anna = shop.open_account(ANNA, locale="fr")
        company = Company("Muster", "DE 136695976", "DE136695976", VatStatus.PENDING)
        _change(shop, company=company)
        view = shop.require(MyAccount(), by=shop.customer(anna.session))
        assert view.company == company_view(company, shop.settings, locale="fr", on=shop.clock().date())

    def test_shows_the_ways_to_sign_in(self, shop: Shop) -> None:
        """F20, HS-06, PH-03: which ways there are, and which of them wait for an approval."""
        anna = shop.open_account(ANNA)
        bob = shop.open_account("bob@mail.example")
        shop.storage.write(
            [
                insert(_identity(anna.account_id, "google")),
                insert(attrs.evolve(_identity(anna.account_id, "facebook"), approved=False)),
                insert(attrs.evolve(_identity(bob.account_id, "google"), subject="of bob")),
            ]
        )
        _change(shop, password_hash=None, must_change_password=True)
        view = shop.require(MyAccount(), by=shop.customer(anna.session))
        assert (view.has_password, view.must_change_password) == (False, True)
        assert (view.providers, view.providers_to_approve) == (("google",), ("facebook",))

    def test_shows_the_newsletter(self, shop: Shop) -> None:
        """F13: where the subscription stands; after a change of address it has ended."""
        anna = shop.open_account(ANNA, newsletter=NewsletterInput(text_version="2026-11"))
        customer = shop.customer(anna.session)
        assert str(shop.require(MyAccount(), by=customer).newsletter) == "active"
        _change(shop, email="new@mail.example", email_key="new@mail.example")
        assert str(shop.require(MyAccount(), by=customer).newsletter) == "ended"


def _identity(account_id: Any, provider: str) -> IdentityRecord:
    return IdentityRecord(
        provider=provider, subject=f"subject-of-{provider}", account_id=account_id, linked_at=Shop().clock()
    )


def _change(shop: Shop, **change: Any) -> None:
    """Change anna's account behind the back of all commands."""
    account = next(one for one in shop.stored(AccountRecord) if one.email_key == ANNA)
    shop.storage.write([Save(attrs.evolve(account, version=account.version + 1, **change), account.version)])
