"""A write of a few new records on SQLite, straight from each record to its insert."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from customer_accounts.account import Company, PostalAddress
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.direct import DirectConnection
from customer_accounts.adapters.sql.straight import MOST, few_new_records
from customer_accounts.changes import Change, QueueMail, Remove, insert, update
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.outbox import Detail
from customer_accounts.testing import records
from customer_accounts.testing.records import NOW, stored


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[SqlStorage]:
    """Give a storage on a file."""
    made = SqlStorage(f"sqlite:///{tmp_path / 'shop.db'}")
    made.create_schema()
    yield made
    made.close()


def test_only_new_records_of_one_row_go_straight() -> None:
    """What compares a version, has elements, stands in a host's table or comes in numbers is left to a plan."""
    mail, account = records.a_mail(), records.an_account()
    straight: list[Change] = [QueueMail(mail), *stored(account, records.an_event(account.id))]
    assert few_new_records(straight) is not None
    for change in (
        update(account, evolve(account, name="Anna", version=2)),
        Remove(account),
        QueueMail(evolve(mail, details=(Detail("provider", "google"),))),
        insert(records.an_order()),
        insert(records.a_wish_list("mug")),
    ):
        assert few_new_records([*straight, change]) is None
    assert few_new_records([insert(records.an_account()) for _ in range(MOST)]) is not None
    assert few_new_records([insert(records.an_account()) for _ in range(MOST + 1)]) is None


def test_nulls_are_left_out(storage: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver binds no null, and what comes back is what was written, whichever fields it has."""
    bound: list[object] = []
    send = DirectConnection.exec_driver_sql

    def watched(connection: DirectConnection, statement: str, parameters: tuple[object, ...] = ()) -> object:
        bound.extend(parameters)
        return send(connection, statement, parameters)

    bare, full = records.an_account(), evolve(records.an_account(), closed_at=NOW, name="Anna")
    with monkeypatch.context() as patch:
        patch.setattr(DirectConnection, "exec_driver_sql", watched)
        storage.write([insert(bare)])
        storage.write([insert(full)])
        storage.write([*stored(records.a_registration(), records.a_token()), QueueMail(records.a_mail())])
    assert bound
    assert None not in bound
    several = (records.an_account(), records.an_account(closed_at=NOW))
    storage.write(stored(*several))
    wanted = (bare, full, *several)
    ids = tuple(one.id for one in wanted)
    found = storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_ids=ids)).accounts
    assert {one.id: one for one in found} == {one.id: one for one in wanted}


@pytest.mark.parametrize("address", [None, records.an_address()], ids=["no address", "address"])
@pytest.mark.parametrize(
    "company", [None, Company("Shop"), records.a_company()], ids=["none", "bare", "full"]
)
def test_values_inside_are_there_in_part(
    storage: SqlStorage, company: Company | None, address: PostalAddress | None
) -> None:
    """Of a value inside a record each field may be missing, and so may the value; what was written comes back."""
    registration = records.a_registration(company=company, address=address)
    changes = [insert(registration)]
    assert few_new_records(changes) is not None
    storage.write(changes)
    scope = Scope(parts=frozenset({Part.REGISTRATIONS}), email_keys=(registration.email_key,))
    assert storage.read(scope).registrations == (registration,)


@pytest.mark.parametrize(("style", "kind"), [("qmark", tuple), ("named", dict)])
def test_parameters_are_given_as_the_text_asks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, style: str, kind: type
) -> None:
    """A host's engine may name its parameters; from Python 3.14 on, SQLite takes no tuple for names."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", paramstyle=style)
    storage = SqlStorage(engine)
    storage.create_schema()
    sent: list[object] = []
    send = DirectConnection.exec_driver_sql

    def watched(connection: DirectConnection, statement: str, parameters: object = ()) -> object:
        sent.append(parameters)
        return send(connection, statement, parameters)

    account = records.an_account()
    with monkeypatch.context() as patch:
        patch.setattr(DirectConnection, "exec_driver_sql", watched)
        storage.write([insert(account)])
    assert [type(one) for one in sent] == [tuple, kind]  # the first is for BEGIN
    assert storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)).accounts == (account,)
    engine.dispose()


def test_a_taken_key_is_a_lost_race_and_nothing_is_written(storage: SqlStorage) -> None:
    """CC-05: the second of two new accounts of one address is overtaken, with all that goes with it."""
    first, other = records.an_account(), records.a_registration()
    storage.write([insert(first)])
    rival = evolve(records.an_account(), email_key=first.email_key)
    with pytest.raises(StaleWriteError, match="AccountRecord"):
        storage.write([insert(other), insert(rival)])
    assert (
        storage.read(Scope(parts=frozenset({Part.REGISTRATIONS}), email_keys=(other.email_key,))) == Facts()
    )


def test_a_mail_that_is_queued_already_is_left_alone(storage: SqlStorage) -> None:
    """RL-08: a repeat queues no mail twice and changes none, is no lost race, and the rest of it is written."""
    mail, account = records.a_mail(), records.an_account()
    storage.write([QueueMail(mail)])
    storage.write([QueueMail(evolve(mail, to="other@mail.example")), insert(account)])
    parts = frozenset({Part.ACCOUNTS, Part.MAILS})
    found = storage.read(Scope(parts=parts, account_id=account.id, mail=mail.id))
    assert (found.mails, found.accounts) == ((mail,), (account,))


def test_another_fault_is_told_as_it_is(storage: SqlStorage) -> None:
    """RL-01: a trigger of the host's that refuses a row is no lost race; nothing of the write stays."""
    assert storage._own is not None
    with storage._own.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER closed BEFORE INSERT ON ca_events BEGIN SELECT RAISE(ABORT, 'closed today'); END"
        )
    account = records.an_account()
    with pytest.raises(IntegrityError, match="closed today"):
        storage.write(stored(account, records.an_event(account.id)))
    assert storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account.id)) == Facts()
