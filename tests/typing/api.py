"""What type checkers must find out about the public interface; checked by mypy and pyright, never run.

A line with an ignore is an error that must stay one: both checkers fail when they no longer find it.
"""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from datetime import UTC, datetime
from typing import assert_never, assert_type
from uuid import UUID

from pydantic import SecretStr

from customer_accounts import (
    Accounts,
    AddToWishList,
    Agent,
    AsyncAccounts,
    Confirmed,
    ConfirmEmail,
    Lookup,
    MyWishLists,
    OrderRecorded,
    Reason,
    RecordOrder,
    Refused,
    RefusedError,
    Register,
    Registered,
    Session,
    SignedIn,
    SignedInCustomer,
    SignIn,
    System,
    Timeline,
    Visitor,
    WishLists,
    WishListView,
    suggest_correction,
)
from customer_accounts.adapters.memory import AsyncMemoryStorage, MemoryStorage
from customer_accounts.adapters.smtp import AsyncSmtpMailer, SmtpMailer
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.ports import AsyncMailer, AsyncStorage, Mailer, Storage
from customer_accounts.testing import cheap_settings

visitor = Visitor(ip="203.0.113.7", browser="a browser's secret")
customer = SignedInCustomer(UUID(int=1), 1, authenticated_at=datetime(2026, 11, 23, tzinfo=UTC))
register = Register(email="anna@mail.example", generate_password=True)

# The adapters are what the ports ask for.
storage: Storage = MemoryStorage()
async_storage: AsyncStorage = AsyncMemoryStorage()
sql_storage: Storage = SqlStorage("sqlite://")
async_sql_storage: AsyncStorage = AsyncSqlStorage("sqlite+aiosqlite://")
mailer: Mailer = SmtpMailer("localhost")
async_mailer: AsyncMailer = AsyncSmtpMailer("localhost")

shop = Accounts(storage, cheap_settings())
async_shop = AsyncAccounts(async_storage, cheap_settings())


def results_follow_from_commands() -> None:
    """The result of a command is known from the command, for one actor and for several."""
    assert_type(shop.handle(register, by=visitor), Registered | Refused)
    assert_type(shop.require(register, by=visitor), Registered)
    assert_type(shop.require(SignIn(email="a@mail.example", password=SecretStr("p")), by=visitor), SignedIn)
    assert_type(shop.require(ConfirmEmail(token="t"), by=visitor).session, Session)
    assert_type(shop.require(MyWishLists(), by=customer), WishLists)
    assert_type(shop.require(Lookup(order="1", reason="asked"), by=Agent("7")), Timeline)
    assert_type(shop.handle(AddToWishList(product="p"), by=customer), WishListView | Refused)


def one_command_for_several_actors(order: RecordOrder) -> None:
    """An order is recorded for a guest and by the shop's own system, with the same result."""
    assert_type(shop.require(order, by=visitor), OrderRecorded)
    assert_type(shop.require(order, by=System()), OrderRecorded)


def answers_are_told_apart_by_their_type() -> str:
    """A host can match on the answer, and the checker knows that nothing is left."""
    answer = shop.handle(register, by=visitor)
    match answer:
        case Registered(email_suggestion=suggestion):
            assert_type(suggestion, str | None)
            return suggestion or ""
        case Refused(reason=reason) as refused:
            assert_type(reason, Reason)
            assert_type(refused.http_status, int)
            return refused.text("fr")
        case _:
            assert_never(answer)


def a_wrong_actor_is_an_error() -> None:
    """Who may give a command is part of its type."""
    shop.handle(register, by=customer)  # type: ignore[misc]  # customers do not register
    shop.require(MyWishLists(), by=visitor)  # type: ignore[misc]  # a visitor has no wish lists
    shop.require(MyWishLists(), by=Agent("7"))  # type: ignore[misc]  # staff has none either
    shop.require(Lookup(order="1", reason="mine"), by=customer)  # type: ignore[misc]  # staff looks up
    shop.handle("register", by=visitor)  # type: ignore[arg-type]  # no command at all


def a_wrong_field_is_an_error() -> None:
    """Fields of commands and actors are checked as well."""
    Register(email="anna@mail.example", pasword="p")  # type: ignore[call-arg]  # a misspelt name
    visitor.ip = "203.0.113.8"  # type: ignore[misc]  # actors are frozen


def refusals_are_carried_by_the_error(error: RefusedError) -> None:
    """What `require` raises holds the refusal itself."""
    assert_type(error.refused, Refused)
    assert_type(suggest_correction("a@gmial.com"), str | None)


async def the_async_twin_gives_the_same_types() -> None:
    """`AsyncAccounts` infers the same results, and refuses the same actors."""
    assert_type(await async_shop.handle(register, by=visitor), Registered | Refused)
    assert_type(await async_shop.require(ConfirmEmail(token="t"), by=visitor), Confirmed)
    await async_shop.handle(register, by=customer)  # type: ignore[misc]  # customers do not register
    await async_shop.deliver_mail(async_mailer)
    await async_shop.deliver_mail(mailer)  # type: ignore[arg-type]  # a sync mailer would block the loop
    shop.deliver_mail(async_mailer)  # type: ignore[arg-type]  # an async mailer would never send
    AsyncAccounts(storage, cheap_settings())  # type: ignore[arg-type]  # a sync storage would block the loop
