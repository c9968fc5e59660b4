"""Whatever is written and read, the SQL storage says what the storage in memory says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.sql.schema import metadata
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord, RequestState
from customer_accounts.changes import (
    Change,
    Kept,
    Mark,
    MoveOrders,
    OrderSelection,
    Purge,
    QueueMail,
    RecordEvent,
    Remove,
    UseToken,
    insert,
    key_of,
    update,
)
from customer_accounts.claim import ClaimRecord
from customer_accounts.errors import StaleWriteError
from customer_accounts.evidence import OrderVatRecord, OrderVatState, VatEvidenceRecord, VatPauseRecord
from customer_accounts.facts import CasePage, Facts, Page, Part, Scope
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailOutcome, MailRecord, MailStatus, Queue, VatCheckRecord
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.token import TokenRecord

T0 = datetime(2026, 11, 23, tzinfo=UTC)

# A town so small that everything meets: three ids, three addresses, three of each other key.
ids = st.sampled_from([UUID(int=n) for n in range(3)])
keys = st.sampled_from(["", "a@mail.example", "b@mail.example"])
names = st.sampled_from(["one", "two", "three"])
numbers = st.sampled_from(["DE1", "FR2"])
states = st.sampled_from(list(OrderVatState)[:2])
companies = st.builds(
    lambda number, named: evolve(records.a_company(), vat_number=number, vat_evidence_id=named),
    st.none() | numbers,
    st.none() | ids,
)
times = st.integers(0, 4).map(lambda days: T0 + timedelta(days=days))


def maybe(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give the strategy for a value that may be missing."""
    return st.none() | one


small: dict[type, dict[str, st.SearchStrategy[Any]]] = {
    AccountRecord: {"id": ids, "email_key": maybe(keys), "created_at": times, "company": maybe(companies)},
    RegistrationRecord: {
        "id": ids, "email_key": keys, "browser": names, "created_at": times, "expires_at": times,
        "identity_provider": maybe(names), "identity_subject": maybe(names), "company": maybe(companies),
    },
    IdentityRecord: {"provider": names, "subject": names, "account_id": ids},
    TokenRecord: {
        "digest": names, "email_key": keys, "account_id": maybe(ids), "registration_id": maybe(ids),
        "order_reference": maybe(names), "claim_id": maybe(ids), "used_at": maybe(times), "expires_at": times,
    },
    OrderRecord: {
        "reference": names, "email_key": keys, "owner": maybe(ids), "placed_at": times, "number": names,
        "name": names, "claim_id": maybe(ids), "disputed": st.booleans(),
    },
    AddressRecord: {"id": ids, "account_id": ids, "created_at": times},
    WishListRecord: {"id": ids, "account_id": ids, "created_at": times},
    SubscriptionRecord: {"account_id": ids},
    VatCheckRecord: {"due_at": times, "leased_until": st.none(), "number": numbers},
    VatEvidenceRecord: {"id": ids, "number": numbers, "checked_at": times},
    OrderVatRecord: {
        "reference": names, "number": maybe(numbers), "state": states, "recorded_at": times,
        "supplied_on": times.map(datetime.date), "evidence_id": maybe(ids), "corrected_evidence_id": maybe(ids),
    },
    VatPauseRecord: {"register": names},
    MailRecord: {
        "id": ids, "due_at": times, "token": maybe(names), "extra_token": maybe(names),
        "order_reference": maybe(names), "leased_until": st.none(), "status": st.just(MailStatus.QUEUED),
        "finished_at": st.none(),
    },
    EventRecord: {"account_id": maybe(ids), "at": times},
    ClaimRecord: {"id": ids, "account_id": ids, "from_account": maybe(ids), "at": times},
    ConversionRequestRecord: {
        "id": ids, "email_key": keys, "created_at": times, "expires_at": times,
        "state": st.sampled_from(RequestState),
    },
    ProposalRecord: {"id": ids, "created_at": times, "expires_at": times},
    MergeRecord: {"id": ids, "surviving": ids, "at": times, "undo_until": times},
}  # fmt: skip
#: What the other fields hold: nothing, or a value each.
samples: dict[type, list[Callable[[], Any]]] = {
    AccountRecord: [records.an_account, records.a_full_account],
    RegistrationRecord: [records.a_registration, records.a_full_registration],
    IdentityRecord: [records.an_identity],
    TokenRecord: [records.a_token, records.a_full_token],
    OrderRecord: [records.an_order, records.a_full_order],
    AddressRecord: [records.a_delivery_address],
    WishListRecord: [records.a_wish_list, lambda: records.a_wish_list("b", "a", "b")],
    SubscriptionRecord: [records.a_subscription, records.a_full_subscription],
    VatCheckRecord: [records.a_vat_check, records.a_full_vat_check],
    VatEvidenceRecord: [records.vat_evidence, records.full_vat_evidence],
    OrderVatRecord: [records.order_vat, records.full_order_vat],
    VatPauseRecord: [records.a_vat_pause],
    MailRecord: [records.a_mail, records.a_full_mail],
    EventRecord: [lambda: records.an_event(None)],
    ClaimRecord: [records.a_claim, records.a_full_claim],
    ConversionRequestRecord: [records.a_request, records.a_full_request],
    ProposalRecord: [records.a_proposal],
    MergeRecord: [records.a_merge, records.a_full_merge],
}
RECORDS = [cls for cls in small if cls not in (MailRecord, EventRecord)]


def some_record(cls: type, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give the strategy for a record of the small town."""
    fields = st.fixed_dictionaries(small[cls] | given)
    return st.builds(lambda make, values: evolve(make(), **values), st.sampled_from(samples[cls]), fields)


scopes = st.builds(
    Scope,
    parts=st.frozensets(st.sampled_from(Part)) | st.just(frozenset(Part)),
    email_keys=st.lists(keys, max_size=3).map(tuple),
    account_id=maybe(ids),
    token=maybe(names),
    identity=maybe(st.tuples(names, names)),
    order=maybe(names),
    browser=maybe(names),
    order_numbers=st.just(()) | st.lists(names, max_size=3).map(tuple),
    account_ids=st.just(()) | st.lists(ids, max_size=3).map(tuple),
    references=st.just(()) | st.lists(names, max_size=3).map(tuple),
    claim=maybe(ids),
    recent_since=maybe(times),
    by_name=st.booleans(),
    owned=st.booleans(),
    case=maybe(ids),
    cases=maybe(
        st.builds(
            CasePage,
            after=maybe(st.tuples(times, ids)),
            limit=st.integers(1, 3),
            state=st.sampled_from(RequestState),
        )
    ),
    vat_number=maybe(numbers),
    vat_numbers=st.lists(numbers, max_size=3).map(tuple),
    vat_holders=st.booleans(),
    narrow=st.booleans(),
    order_vat_in=maybe(states),
    vat_register=maybe(names),
    page=maybe(st.builds(Page, after=maybe(st.tuples(times, names)), limit=st.integers(1, 3))),
)
conditions: dict[str, st.SearchStrategy[Any]] = {
    "email_key": maybe(keys),
    "since": maybe(times),
    "reference": maybe(names),
    "names": maybe(st.lists(names, min_size=1, max_size=3).map(tuple)),
    "owner": maybe(ids),
    "claim": maybe(ids),
    "claimed": maybe(st.booleans()),
}
telling = st.one_of(
    *(
        st.builds(OrderSelection, **(conditions | {name: one}))
        for name, one in (("email_key", keys), ("reference", names), ("owner", ids))
    )
)
guests = st.builds(OrderSelection, keys, maybe(times))
plain_changes = st.one_of(
    st.builds(UseToken, names, times, maybe(ids)),
    st.builds(MoveOrders, guests | telling, maybe(ids), ids, st.sampled_from(Mark)),
    st.builds(Purge, st.sampled_from(Kept), times),
    st.builds(QueueMail, some_record(MailRecord)),
    st.builds(RecordEvent, some_record(EventRecord)),
)

SQL = SqlStorage("sqlite://")
SQL.create_schema()


def _emptied() -> SqlStorage:
    with SQL._transactions.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return SQL


def _some_change(data: st.DataObject, memory: MemoryStorage) -> Change:
    """Draw a change that mostly fits what is stored."""
    verb = data.draw(st.sampled_from(["insert", "update", "remove", "other", "other"]))
    if verb == "other":
        return data.draw(plain_changes)
    cls = data.draw(st.sampled_from(RECORDS))
    new = data.draw(some_record(cls, version=st.integers(1, 3)))
    if verb == "insert":
        return insert(new)
    known: list[Any] = memory._tables.all(cls)
    old = next((one for one in known if key_of(one) == key_of(new)), new)
    return update(old, new) if verb == "update" else Remove(old)


def _outcome(storage: Storage, changes: list[Change]) -> Any:
    try:
        return storage.write(changes)
    except StaleWriteError:
        return "overtaken"


def _comparable(facts: Facts) -> dict[str, Any]:
    """Give facts as sets where no order is promised."""
    promised = {
        "orders", "addresses", "wish_lists", "events", "guest_orders", "claims", "requests", "proposals", "merges",
    }  # fmt: skip
    found = {part.value: getattr(facts, part.value) for part in Part}
    return {name: rows if name in promised else sorted(rows, key=repr) for name, rows in found.items()}


@settings(max_examples=80)
@given(data=st.data())
def test_sql_and_memory_agree(data: st.DataObject) -> None:
    """Any short history of writes and of workers gives equal outcomes, counts, tasks and facts."""
    memory, sql = MemoryStorage(), _emptied()
    for _ in range(data.draw(st.integers(1, 6))):
        changes = [_some_change(data, memory) for _ in range(data.draw(st.integers(1, 4)))]
        assert _outcome(memory, changes) == _outcome(sql, changes)
    for scope in data.draw(st.lists(scopes, min_size=1, max_size=2)):
        assert _comparable(sql.read(scope)) == _comparable(memory.read(scope))
    _work(data, memory, sql)
    everything = Scope(
        parts=frozenset(Part), email_keys=("a@mail.example", "b@mail.example"), account_id=UUID(int=0)
    )
    assert _comparable(sql.read(everything)) == _comparable(memory.read(everything))


def _work(data: st.DataObject, memory: MemoryStorage, sql: SqlStorage) -> None:
    """Let workers lease and end what is due, the same in both."""
    for _ in range(2):
        now = data.draw(times)
        until, retry_at = now + timedelta(days=1), data.draw(maybe(times))
        mails = [one.lease(Queue.MAIL, limit=9, now=now, until=until) for one in (memory, sql)]
        checks = [one.lease(Queue.VAT, limit=9, now=now, until=until) for one in (memory, sql)]
        assert sorted(mails[0], key=lambda one: one.mail.id) == sorted(mails[1], key=lambda one: one.mail.id)
        assert sorted(checks[0], key=lambda one: one.check.number) == sorted(
            checks[1], key=lambda one: one.check.number
        )
        sent = data.draw(st.booleans())
        for task in mails[0]:
            for one in (memory, sql):
                if sent:
                    one.finish(task, MailOutcome(MailStatus.SENT, now, "250 ok"))
                else:
                    one.fail(task, retry_at=retry_at, reason="421 busy")
        for check in checks[0]:
            for one in (memory, sql):
                one.fail(check, retry_at=retry_at, reason="busy")


def test_the_town_is_complete() -> None:
    """Every kind of record takes part in the histories."""
    assert len(RECORDS) == 16
    assert evolve(Facts()) == Facts()
