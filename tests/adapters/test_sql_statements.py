"""How many statements run, which they are, and that they are the same whether anything is found or not."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from customer_accounts.accounts import Accounts
from customer_accounts.actors import Visitor
from customer_accounts.adapters.sql import SqlStorage, queues
from customer_accounts.adapters.sql.lists import MANY, number_of
from customer_accounts.adapters.sql.reading import question
from customer_accounts.adapters.sql.reading_history import HistoryShape
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.adapters.sql.shape import Shape, shape_of, values_of
from customer_accounts.adapters.sql.statements import insert_mail, move_orders, purges_of
from customer_accounts.adapters.sql.writing import plan
from customer_accounts.changes import Kept, Mark, Remove, UseToken, update
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.registration import Register
from customer_accounts.outbox import MailOutcome, MailStatus, Queue
from customer_accounts.testing import cheap_settings, records
from customer_accounts.testing.records import NOW, later, stored
from customer_accounts.token import link_text

POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # the dialects are not typed
VISITOR = Visitor(ip="203.0.113.7", browser="the browser of the registering person")


class Watched(SqlStorage):
    """A storage that writes down what it sends to the database."""

    def __init__(self) -> None:
        super().__init__("sqlite://")
        self.sent: list[str] = []
        assert self._own is not None
        event.listen(self._own, "before_cursor_execute", lambda *sent: self.sent.append(sent[2]))

    def kinds(self) -> list[str]:
        """Give what was sent since the last time, as verb and table."""
        short = [
            " ".join(word for word in one.split()[:3] if word not in ("INTO", "FROM")) for one in self.sent
        ]
        self.sent.clear()
        return [
            " ".join(one.split()[:2]) if not one.startswith(("WITH", "SELECT")) else "SELECT" for one in short
        ]


@pytest.fixture(name="storage")
def _storage() -> Iterator[Watched]:
    """An empty database."""
    storage = Watched()
    storage.create_schema()
    storage.sent.clear()
    yield storage
    storage.close()


def test_a_read_is_one_statement_known_or_unknown(storage: Watched) -> None:
    """EN-03: every combination of roots is read in one statement, the same one for known and unknown."""
    account = records.an_account()
    storage.write(stored(account, records.a_registration(browser="known"), records.a_token(digest="known")))
    known: dict[str, Any] = {
        "email_keys": (str(account.email_key),), "account_id": account.id, "token": "known",
        "identity": ("google", "known"), "order": "known", "browser": "known",
    }  # fmt: skip
    unknown: dict[str, Any] = {
        "email_keys": ("nobody@mail.example",), "account_id": records.some_id(), "token": "none",
        "identity": ("google", "none"), "order": "none", "browser": "none",
    }  # fmt: skip
    for count in (1, 6):
        for names in itertools.combinations(known, count):
            seen = []
            for roots in (known, unknown):
                storage.sent.clear()
                storage.read(
                    Scope(parts=frozenset(Part), page=Page(), **{name: roots[name] for name in names})
                )
                seen.append(list(storage.sent))
            assert seen[0] == seen[1]
            assert len(seen[0]) == 1


def test_a_sign_in_reads_by_one_unique_key(storage: Watched) -> None:
    """One address and accounts alone are one plain SELECT by the unique key, without union, CTE or other tables."""
    storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=("anna@mail.example",)))
    (sent,) = storage.sent
    assert sent.startswith("SELECT ca_accounts.id,")
    assert sent.split("FROM")[1].split() == ["ca_accounts", "WHERE", "ca_accounts.email_key", "=", "?"]
    assert storage._own is not None
    with storage._own.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent}", ("x",)).all()
    assert [row[3] for row in plan] == [
        "SEARCH ca_accounts USING INDEX sqlite_autoindex_ca_accounts_2 (email_key=?)"
    ]


def test_what_is_reached_twice_is_read_once(storage: Watched) -> None:
    """A registration of the address and of the browser is one, and so is its link, narrow or not."""
    own = records.a_registration(browser="digest")
    link = records.a_token(registration_id=own.id, email_key=own.email_key)
    storage.write(stored(own, link))
    for narrow in (True, False):
        parts = frozenset({Part.REGISTRATIONS, Part.TOKENS})
        scope = Scope(parts=parts, email_keys=(own.email_key,), browser="digest", narrow=narrow)
        assert storage.read(scope) == Facts(registrations=(own,), tokens=(link,))


def test_nothing_is_asked_where_nothing_can_be(storage: Watched) -> None:
    """A scope without parts or roots sends nothing."""
    assert storage.read(Scope(parts=frozenset(Part), email_keys=("",), page=Page())) == Facts()
    assert storage.read(Scope(email_keys=("anna@mail.example",))) == Facts()
    assert storage.sent == []


def test_a_registration_sends_six_statements(storage: Watched) -> None:
    """A registration is one read and one transaction of four inserts, the same for a known address (EN-03)."""
    shop = Accounts(storage, cheap_settings())
    shop.require(Register(email="anna@mail.example", password="eleven quiet herons"), by=VISITOR)
    assert storage.kinds() == [
        "SELECT", "BEGIN IMMEDIATE", "INSERT ca_registrations", "INSERT ca_tokens", "INSERT ca_mails",
        "INSERT ca_events",
    ]  # fmt: skip
    (task,) = storage.lease(Queue.MAIL, limit=1, now=later(days=9999), until=later(days=9999))
    assert storage.kinds() == ["BEGIN IMMEDIATE", "SELECT", "UPDATE ca_mails", "SELECT"]
    assert task.token is not None
    token = link_text(shop.settings.secret, task.token.purpose, task.token.token_id)
    shop.require(ConfirmEmail(token=token), by=VISITOR)
    assert storage.kinds()[:2] == ["SELECT", "BEGIN IMMEDIATE"]


def test_new_records_of_one_kind_go_together(storage: Watched) -> None:
    """Records of one kind are one statement, their elements another; a later change of the kind comes after them."""
    tokens = [records.a_token() for _ in range(3)]
    lists = [records.a_wish_list("a", "b"), records.a_wish_list(), records.a_wish_list("c")]
    newer = evolve(tokens[0], version=2)
    changes = [
        *stored(tokens[0], lists[0], tokens[1], lists[1], records.a_mail(), lists[2], records.a_full_mail())
    ]
    storage.write([*changes, UseToken(tokens[0].digest, NOW), *stored(tokens[2])])
    assert storage.kinds() == [
        "BEGIN IMMEDIATE", "INSERT ca_mails", "INSERT ca_mails", "INSERT ca_mail_details", "INSERT ca_tokens",
        "UPDATE ca_tokens", "INSERT ca_wish_lists", "INSERT ca_wish_items", "INSERT ca_tokens",
    ]  # fmt: skip
    storage.write([Remove(newer), Remove(tokens[1]), Remove(tokens[2])])
    assert storage.kinds() == ["BEGIN IMMEDIATE", "DELETE ca_tokens"]


def test_rows_are_counted_one_by_one_where_the_driver_cannot(
    storage: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CC-05: where a driver does not count the rows of many executions, each is executed and counted alone."""
    assert storage._own is not None
    monkeypatch.setattr(storage._own.dialect, "supports_sane_multi_rowcount", False)
    tokens = [records.a_token() for _ in range(3)]
    storage.write(stored(*tokens))
    storage.kinds()
    with pytest.raises(StaleWriteError):
        storage.write([Remove(tokens[0]), Remove(records.a_token()), Remove(tokens[2])])
    storage.kinds()
    storage.write([Remove(one) for one in tokens])
    assert storage.kinds() == ["BEGIN IMMEDIATE", *["DELETE ca_tokens"] * 3]


def test_finishing_a_mail_blanks_it(storage: Watched) -> None:
    """RL-07: after sending, recipient and details are gone; purpose, masked address and reply stay."""
    mail = records.a_full_mail()
    storage.write(stored(mail, records.a_full_mail()))
    task, other = storage.lease(Queue.MAIL, limit=9, now=NOW, until=later(minutes=5))
    storage.finish(task, MailOutcome(MailStatus.SENT, later(minutes=1), "250 ok"))
    storage.fail(other, retry_at=None, reason="550 no such user")
    assert storage._own is not None
    with storage._own.connect() as connection:
        found = connection.execute(metadata.tables["ca_mails"].select()).mappings().all()
        details = connection.execute(metadata.tables["ca_mail_details"].select()).mappings().all()
    sent = next(row for row in found if row["id"] == task.mail.id)
    dead = next(row for row in found if row["id"] == other.mail.id)
    assert (sent["to"], sent["masked_to"], sent["reply"], sent["status"]) == (
        "",
        mail.masked_to,
        "250 ok",
        "sent",
    )
    assert (sent["attempts"], sent["leased_until"], sent["finished_at"]) == (3, None, later(minutes=1))
    assert (dead["to"], dead["status"], dead["reply"]) == (mail.to, "dead", "550 no such user")
    assert {row["mail_id"] for row in details} == {other.mail.id}


def test_a_queue_is_found_by_its_index(storage: Watched) -> None:
    """Due mails are found by the partial index of queued ones, without reading the sent ones."""
    storage.lease(Queue.MAIL, limit=3, now=NOW, until=NOW)
    sent = storage.sent[1]
    assert storage._own is not None
    with storage._own.connect() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent}", (str(NOW), str(NOW), 3, 0)).all()
    assert "ix_ca_mails_queued" in found[0][3]


def test_addresses_are_padded_to_few_shapes() -> None:
    """The number of bound addresses is a power of two, repeated ones change nothing, and nobody's is left out."""
    named = [[f"k{n}" for n in range(count)] for count in (*range(6), MANY - 1, MANY, 10 * MANY)]
    assert [number_of(one) for one in named] == [0, 1, 2, 4, 4, 8, MANY, MANY, MANY]
    assert len({question(shape_of(_naming(one))) for one in named[-3:]}) == 1
    assert values_of(_naming(["a", "", "b", "c"]))["key_3"] == "c"


def _naming(keys: Sequence[str]) -> Scope:
    return Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=tuple(keys))


def test_every_statement_is_written_for_postgresql() -> None:
    """Every shape of scope and every change compiles for PostgreSQL; leases skip what others lock (RL-04)."""
    roots = (
        "account",
        "token",
        "identity",
        "order",
        "browser",
        "recent",
        "number",
        "claim",
        "by_name",
        "owned",
    )
    for wanted in [*itertools.combinations(roots, 1), *itertools.pairwise(roots), roots]:
        flags: dict[str, Any] = {root: root in wanted for root in roots}
        history = HistoryShape((2, 1, 1, 0, 4), after=True)
        shape = Shape(parts=frozenset(Part), keys=2, page=True, history=history, **flags)
        asked = question(shape)
        assert asked is not None
        assert "UNION ALL" in str(asked.statement.compile(dialect=POSTGRESQL))
    for due in (queues._DUE_MAILS, queues._DUE_CHECKS):
        assert str(due.compile(dialect=POSTGRESQL)).endswith("FOR UPDATE SKIP LOCKED")
    assert "ON CONFLICT (id) DO NOTHING" in str(insert_mail("postgresql").compile(dialect=POSTGRESQL))
    assert "RETURNING" not in str(insert_mail("postgresql").compile(dialect=POSTGRESQL))
    for kind in Kept:
        purges = [str(one.compile(dialect=POSTGRESQL)) for one in purges_of(kind)]
        assert all(one.startswith(("DELETE", "UPDATE")) for one in purges)
    moved = str(
        move_orders(frozenset({"since"}), 2, claimed=True, mark=Mark.KEEP).compile(dialect=POSTGRESQL)
    )
    assert "owner IS NULL AND ca_orders.disputed IS false" in moved
    assert "claim_id=" not in moved.replace(" ", "")
    account_record = records.an_account()
    (step,) = plan([update(account_record, account_record)], "postgresql")
    assert "version = " in str(step.statement.compile(dialect=POSTGRESQL)).split("WHERE")[1]


def test_guest_orders_are_counted_by_the_database(storage: Watched) -> None:
    """Ten thousand guest orders come as two rows."""
    rows: list[Any] = [
        records.an_order(email_key="g@mail.example", placed_at=later(minutes=n)) for n in range(300)
    ]
    storage.write(stored(*rows))
    scope = Scope(
        parts=frozenset({Part.GUEST_ORDERS}), email_keys=("g@mail.example",), recent_since=later(minutes=100)
    )
    old, new = storage.read(scope).guest_orders
    assert (old.count, new.count) == (100, 200)
    asked = question(shape_of(scope))
    assert asked is not None
    assert storage._own is not None
    with storage._own.connect() as connection:
        assert len(connection.execute(asked.statement, values_of(scope)).all()) == 2
