"""Where an account is asked for and there is none, as much is read as if there were one (EN-05)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from customer_accounts import Accounts, RequestPasswordReset, ResendConfirmation
from customer_accounts.actors import Visitor
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage, answering, stand_in
from customer_accounts.adapters.sql.layout import Prepared
from customer_accounts.adapters.sql.mapping import ACCOUNTS, Node
from customer_accounts.changes import insert
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import stored
from tests.postgres import Database
from tests.sqlite import shop_in

KEY = "anna@mail.example"
ANYBODY = Visitor(ip="203.0.113.7", browser="b" * 16)
ALONE = Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=(KEY,), alike=True)
AMONG_OTHERS = Scope(
    parts=frozenset({Part.REGISTRATIONS, Part.ACCOUNTS, Part.TOKENS}), email_keys=(KEY,), alike=True
)
NOBODY, NOWHERE = (stand_in._NOBODY,), (stand_in._NOWHERE,)


@pytest.fixture(name="storage")
def _storage(tmp_path: Path) -> Iterator[SqlStorage]:
    """A storage on a file."""
    storage = SqlStorage(shop_in(tmp_path))
    yield storage
    storage.close()


@pytest.fixture(name="thrown_away")
def _thrown_away(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is read and goes nowhere: nobody's record, and what comes of the row of a link to nowhere."""
    found: list[object] = []
    records_of, answer = answering._records, answering.answer

    def made(node: Node, rows: Any) -> tuple[Any, ...]:
        given = records_of(node, rows)
        if node is ACCOUNTS and given[0].id == stand_in._NOBODY.id:
            found.append(given)
        return given

    def answered(asked: Prepared, rows: Any) -> Facts:
        facts = answer(asked, rows)
        found.append(facts.tokens)
        return facts

    monkeypatch.setattr(answering, "_records", made)
    monkeypatch.setattr(stand_in, "answer", answered)
    return found


@pytest.mark.parametrize("scope", [ALONE, AMONG_OTHERS], ids=["alone", "among others"])
class TestTheRowOfNobody:
    """The statement gives it where nobody has the address, and it is made a record like any other."""

    def test_comes_on_sqlite(self, storage: SqlStorage, scope: Scope, thrown_away: list[object]) -> None:
        """EN-05: times, ids and all the rest go through the same hands, and make a whole record."""
        assert storage.read(scope) == Facts()
        assert thrown_away == [NOBODY]
        account = records.an_account(email=KEY, email_key=KEY)
        storage.write([insert(account)])
        assert storage.read(scope) == Facts(accounts=(account,))
        assert thrown_away == [NOBODY]

    def test_comes_with_the_async_driver(self, postgres_shop: Database, scope: Scope) -> None:
        """EN-05: asyncpg, which prepares what it sends, finds the types of the row, too."""

        async def read() -> Facts:
            """Ask for an address that nobody has."""
            storage = AsyncSqlStorage(postgres_shop.asyncpg_url)
            facts = await storage.read(scope)
            await storage.close()
            return facts

        assert asyncio.run(read()) == Facts()

    def test_comes_from_a_server(
        self, postgres_shop: Database, scope: Scope, thrown_away: list[object]
    ) -> None:
        """EN-05: PostgreSQL gives it, too, where nobody has the address, and not beside an account."""
        storage = SqlStorage(postgres_shop.url)
        assert storage.read(scope) == Facts()
        account = records.an_account(email=KEY, email_key=KEY)
        storage.write([insert(account)])
        assert storage.read(scope) == Facts(accounts=(account,))
        storage.close()
        assert len(thrown_away) == 1


@pytest.mark.parametrize("command", [RequestPasswordReset(email=KEY), ResendConfirmation(email=KEY)])
def test_is_read_where_nobody_has_the_address(
    command: RequestPasswordReset | ResendConfirmation, storage: SqlStorage, thrown_away: list[object]
) -> None:
    """EN-05: of an address without an account nobody's record is read, of one with an account its own."""
    shop = Accounts(storage, cheap_settings())
    shop.handle(command, by=ANYBODY)
    assert thrown_away == [NOBODY]
    storage.write([insert(records.an_account(email=KEY, email_key=KEY))])
    shop.handle(command, by=ANYBODY)
    assert thrown_away == [NOBODY]


def test_a_link_to_nowhere_is_read_where_a_registration_has_none(
    storage: SqlStorage, thrown_away: list[object]
) -> None:
    """EN-05: somebody's address has a registration without a link, nobody's one with a link; both are read alike."""
    storage.write(stored(records.an_account(), records.a_registration(email_key=KEY)))
    storage.read(AMONG_OTHERS)
    assert thrown_away == [NOBODY, NOWHERE]
    storage.write(stored(records.a_token(email_key=KEY)))
    storage.read(AMONG_OTHERS)
    storage.read(evolve(AMONG_OTHERS, parts=AMONG_OTHERS.parts - {Part.TOKENS}))
    assert thrown_away[2:] == [NOBODY, NOBODY]


def test_others_than_that_of_the_address_do_not_count(storage: SqlStorage, thrown_away: list[object]) -> None:
    """EN-05: the account of whoever asks is no reason to read no other, and who does not care reads none."""
    account = records.an_account()
    storage.write([insert(account)])
    assert storage.read(ALONE.for_account(account.id)).accounts == (account,)
    assert thrown_away == [NOBODY]
    storage.read(Scope(parts=ALONE.parts, email_keys=(KEY,)))
    storage.read(evolve(ALONE, parts=frozenset({Part.REGISTRATIONS})))
    assert thrown_away == [NOBODY]
