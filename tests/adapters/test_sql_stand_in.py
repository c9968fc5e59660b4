"""Where an account is asked for and there is none, as much is read as if there were one (EN-05)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from sqlalchemy import create_engine

from customer_accounts import Accounts, RequestPasswordReset, ResendConfirmation
from customer_accounts.actors import Visitor
from customer_accounts.adapters.sql import SqlStorage, stand_in
from customer_accounts.adapters.sql.answering import answer
from customer_accounts.adapters.sql.compiled import compiled
from customer_accounts.adapters.sql.layout import Prepared
from customer_accounts.adapters.sql.mapping import ACCOUNTS
from customer_accounts.adapters.sql.reading import question
from customer_accounts.adapters.sql.shape import shape_of
from customer_accounts.adapters.sql.stand_in import read_instead
from customer_accounts.changes import insert
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import stored
from tests.sqlite import shop_in

KEY = "anna@mail.example"
ANYBODY = Visitor(ip="203.0.113.7", browser="b" * 16)
ALONE = Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=(KEY,), alike=True)
AMONG_OTHERS = Scope(
    parts=frozenset({Part.REGISTRATIONS, Part.ACCOUNTS, Part.TOKENS}), email_keys=(KEY,), alike=True
)


def _read(monkeypatch: pytest.MonkeyPatch) -> list[Facts]:
    """Record what is read, and thrown away."""
    made: list[Facts] = []

    def kept(asked: Prepared, rows: list[tuple[object, ...]]) -> Facts:
        made.append(answer(asked, rows))
        return made[-1]

    monkeypatch.setattr(stand_in, "answer", kept)
    return made


@pytest.mark.parametrize("scope", [ALONE, AMONG_OTHERS], ids=["alone", "among others"])
@pytest.mark.parametrize("driver", ["sqlite", "postgresql+psycopg", "postgresql+asyncpg"])
def test_the_row_of_nobody_is_read_like_that_of_an_account(
    driver: str, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EN-05: times, ids and all the rest go through the same hands, on every database, and make a whole record."""
    made, asked = _read(monkeypatch), question(shape_of(scope))
    dialect = create_engine(f"{driver}://").dialect
    assert asked is not None
    read_instead(ACCOUNTS, asked, compiled(asked.statement, dialect), dialect)
    assert made == [Facts(accounts=(stand_in._NOBODY,))]


@pytest.mark.parametrize("scope", [ALONE, AMONG_OTHERS], ids=["alone", "among others"])
def test_the_driver_gives_the_same(tmp_path: Path, scope: Scope) -> None:
    """EN-05: nobody's row is what SQLite would give, if nobody had an account."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    storage, asked = SqlStorage(engine), question(shape_of(scope))
    storage.create_schema()
    storage.write([insert(stand_in._NOBODY)])
    assert asked is not None
    statement = compiled(asked.statement, engine.dialect)
    with engine.connect() as connection:
        values = dict.fromkeys(statement.names, stand_in._NOBODY.email_key)
        (row,) = connection.exec_driver_sql(statement.text, statement.parameters(values)).fetchall()
    assert list(row) == list(stand_in._row(ACCOUNTS, asked, engine.dialect))
    engine.dispose()


@pytest.fixture(name="storage")
def _storage(tmp_path: Path) -> Iterator[SqlStorage]:
    """A storage on a file."""
    storage = SqlStorage(shop_in(tmp_path))
    yield storage
    storage.close()


@pytest.mark.parametrize("command", [RequestPasswordReset(email=KEY), ResendConfirmation(email=KEY)])
def test_is_read_where_nobody_has_the_address(
    command: RequestPasswordReset | ResendConfirmation, storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EN-05: of an address without an account nobody's record is read, of one with an account its own."""
    made = _read(monkeypatch)
    shop = Accounts(storage, cheap_settings())
    shop.handle(command, by=ANYBODY)
    assert len(made) == 1
    storage.write([insert(records.an_account(email=KEY, email_key=KEY))])
    shop.handle(command, by=ANYBODY)
    assert len(made) == 1


def test_a_link_to_nowhere_is_read_where_a_registration_has_none(
    storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EN-05: somebody's address has a registration without a link, nobody's one with a link; both are read alike."""
    made = _read(monkeypatch)
    account = records.an_account()
    storage.write(stored(account, records.a_registration(email_key=KEY)))
    storage.read(AMONG_OTHERS)
    assert made == [Facts(accounts=(stand_in._NOBODY,)), Facts(tokens=(stand_in._NOWHERE,))]
    storage.write(stored(records.a_token(email_key=KEY)))
    storage.read(AMONG_OTHERS)
    storage.read(evolve(AMONG_OTHERS, parts=AMONG_OTHERS.parts - {Part.TOKENS}))
    assert [one.tokens for one in made[2:]] == [(), ()]


def test_others_than_that_of_the_address_do_not_count(
    storage: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EN-05: the account of whoever asks is no reason to read no other, and who does not care reads none."""
    made = _read(monkeypatch)
    account = records.an_account()
    storage.write([insert(account)])
    assert storage.read(ALONE.for_account(account.id)).accounts == (account,)
    assert len(made) == 1
    storage.read(Scope(parts=ALONE.parts, email_keys=(KEY,)))
    assert len(made) == 1
