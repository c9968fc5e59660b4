"""Properties of the timeline, in memory and on SQLite: pages are the whole list, and nobody is in it in clear."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import attrs
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_accounts.account import AccountRecord, Company, PostalAddress
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Agent
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.address_digest import address_digest
from customer_accounts.belongings import AddressRecord
from customer_accounts.features.lookup import Lookup, Timeline
from customer_accounts.features.timeline import entry_of
from customer_accounts.history import KINDS, place_of
from customer_accounts.outbox import Detail
from customer_accounts.testing import FixedClock, cheap_settings, records
from customer_accounts.testing.clauses.histories import MADE, at, reached_by
from customer_accounts.testing.records import NOW, stored
from tests.sqlite import shop_in_memory

EXAMPLES = int(os.environ.get("LOOKUP_EXAMPLES", "25"))
IDA = Agent("17")
ANNA = "anna@mail.example"
SETTINGS = cheap_settings()
NUMBER = "DE136695976"
#: What leads from Anna to a record, by the name of the field of a history.
ACCOUNT = evolve(
    records.an_account(), email=ANNA, email_key=ANNA, company=Company("Druck", vat_number=NUMBER)
)
VALUES: dict[str, Any] = {
    "account_ids": ACCOUNT.id,
    "email_keys": ANNA,
    "digests": address_digest(SETTINGS.secret, ANNA),
    "vat_numbers": NUMBER,
}
#: Each kind with each way to it that begins at Anna.
WAYS = [
    (kind, path, VALUES[name]) for kind in MADE for path, name in KINDS[kind].ways.items() if name in VALUES
]
#: Kinds and ways with their hours; few hours, so that much happens at one time.
HAPPENED = st.lists(st.tuples(st.sampled_from(WAYS), st.integers(-4, -1)), max_size=14)
#: What comes in between pages: new, or with a time that has passed, such as orders that are imported.
MEANWHILE = st.lists(st.lists(st.tuples(st.sampled_from(WAYS), st.integers(-4, 4)), max_size=6), max_size=4)


@contextmanager
def in_memory() -> Iterator[Any]:
    """Give an empty storage in memory."""
    yield MemoryStorage()


@contextmanager
def on_sqlite() -> Iterator[Any]:
    """Give an empty storage on SQLite."""
    storage = shop_in_memory()
    yield storage
    storage.close()


def made(happened: list[tuple[tuple[Any, str, Any], int]]) -> list[Any]:
    """Make what happened so many hours from now."""
    return [at(reached_by(MADE[kind](), path, value), hours) for (kind, path, value), hours in happened]


def look(shop: Accounts, limit: int, after: str | None = None) -> Timeline:
    """Give a page of Anna's timeline."""
    return shop.require(Lookup(email=ANNA, reason="asked", limit=limit, after=after), by=IDA)


@pytest.mark.parametrize("empty", [in_memory, on_sqlite])
@given(happened=HAPPENED, meanwhile=MEANWHILE, limit=st.integers(1, 6))
@settings(max_examples=EXAMPLES)
def test_pages_are_the_whole_timeline(empty: Any, happened: Any, meanwhile: Any, limit: int) -> None:
    """Pages of any size put together have all that was there once, newest first, whatever comes in between them."""
    with empty() as storage:
        before = made(happened)
        others = [make() for make in MADE.values()]
        storage.write(stored(ACCOUNT, *before, *others))
        shop, pages = Accounts(storage, SETTINGS, clock=FixedClock(NOW)), list[Timeline]()
        while not pages or pages[-1].next is not None:
            pages.append(look(shop, limit, pages[-1].next if pages else None))
            if meanwhile:
                storage.write(stored(*made(meanwhile.pop())))
        shown = [one for page in pages for one in page.entries]
        there = [entry_of(one) for one in sorted(before, key=place_of, reverse=True)]
        assert [one for one in shown if one in there] == there
        assert len(shown) == len(set(shown))
        assert [one.at for one in shown] == sorted((one.at for one in shown), reverse=True)
        assert all(len(page.entries) == limit for page in pages[:-1])
        assert all(page.accounts == pages[0].accounts for page in pages)


def personal(word: str) -> list[Any]:
    """Give a record of each kind, and of each way to it, with a word that nobody may see wherever a person stands."""
    address = PostalAddress(
        name=f"{word} name", street=f"{word} street", city=f"{word} city", country="AT", postcode=word,
        extra=word, region=word, phone=f"+43 {word}",
    )  # fmt: skip
    company = Company(f"{word} company", vat_as_typed=word, vat_number=NUMBER)
    account = evolve(records.an_account(), name=word, password_hash=word, email=f"{word}@mail.example")
    filled: dict[str, Any] = {
        "name": word, "postcode": word, "message": word, "browser": word, "password_hash": word, "raw": word,
        "as_typed": word, "endpoint": word, "decision": word, "token": word, "extra_token": word, "ip": "203.0.113.9",
        "document": word, "details": (Detail("name", word),), "to": f"{word}@mail.example",
        "address": address, "company": company, "absorbed": evolve(account, company=company),
        "order_number": word, "continue_to": word, "doubles": (AddressRecord(
            id=records.some_id(), account_id=account.id, address=address, created_at=NOW),),
    }  # fmt: skip
    texts = dict.fromkeys(
        ("reply", "bounce_reason", "detail", "reason", "facts"), f"told <{word}@mail.example> twice"
    )
    found = []
    for kind, path, value in WAYS:
        record = MADE[kind]()
        names = {one.name: one for one in attrs.fields(kind)}
        fits = {
            name: given
            for name, given in {**filled, **texts}.items()
            if name in names
            and not (name == "address" and not isinstance(record.address, PostalAddress | None))
        }
        email = f"{word}@mail.example"
        if "email" in names:
            fits["email"] = "c***@mail.example" if kind.__name__ == "EventRecord" else email
        found.append(at(reached_by(evolve(record, **fits), path, value), -1))
    return found


def texts_of(value: Any) -> Iterator[str]:
    """Give every text within a value."""
    if attrs.has(type(value)):
        for one in attrs.astuple(value, recurse=False):
            yield from texts_of(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from texts_of(one)
    else:
        yield str(value)


@pytest.mark.parametrize("empty", [in_memory, on_sqlite])
def test_nobody_is_in_it_in_clear(empty: Any) -> None:
    """GM-05, DP-03: no name, address, phone, message, link or hash of anybody is in any field of any entry."""
    word = "canary"
    with empty() as storage:
        shop = Accounts(storage, SETTINGS, clock=FixedClock(NOW + timedelta(hours=1)))
        account: AccountRecord = evolve(ACCOUNT, name=word, password_hash=word)
        storage.write(stored(account, *personal(word)))
        page = look(shop, 100)
        assert len(page.entries) == len(WAYS)
        seen = list(texts_of(page))
        assert [one for one in seen if word in one or ANNA in one or "203.0.113.9" in one] == []
        assert "told <c***@mail.example> twice" in seen
