"""What must hold in every state that a crash can leave."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from customer_accounts.adapters.sql.schema import metadata

#: A row by the names of its columns.
Row = Mapping[str, Any]


def broken(rows: Mapping[str, list[tuple[Any, ...]]]) -> list[str]:
    """Give what does not hold, in words."""
    named: dict[str, list[Row]] = {
        table.name.removeprefix("ca_"): [
            dict(zip(table.c.keys(), row, strict=True)) for row in rows[table.name]
        ]
        for table in metadata.sorted_tables
    }
    return [said for rule in _RULES for said in rule(named)]


def _one_account_for_an_address(rows: Mapping[str, list[Row]]) -> Iterator[str]:
    keys = Counter(one["email_key"] for one in rows["accounts"] if one["email_key"] is not None)
    yield from (f"{number} accounts have {key}" for key, number in keys.items() if number > 1)
    for one in rows["accounts"]:
        if (one["email_key"] is None) is (one["status"] == "open"):
            yield f"account {one['id']} is {one['status']} and has the address {one['email_key']}"


def _what_belongs_has_an_owner(rows: Mapping[str, list[Row]]) -> Iterator[str]:
    accounts = {one["id"]: one["status"] for one in rows["accounts"]}
    for table in ("identities", "addresses", "wish_lists", "subscriptions"):
        for one in rows[table]:
            if accounts.get(one["account_id"]) != "open":
                yield f"{table} of no open account: {one['account_id']}"
    for one in rows["orders"]:
        if one["owner"] is not None and one["owner"] not in accounts:
            yield f"order {one['reference']} of no account: {one['owner']}"


def _defaults_exist(rows: Mapping[str, list[Row]]) -> Iterator[str]:
    for default, table in (("default_address", "addresses"), ("default_wish_list", "wish_lists")):
        owners = {one["id"]: one["account_id"] for one in rows[table]}
        for one in rows["accounts"]:
            if one[default] is not None and owners.get(one[default]) != one["id"]:
                yield f"{default} of {one['id']} is not its own"


def _mails_have_their_links(rows: Mapping[str, list[Row]]) -> Iterator[str]:
    links = {one["digest"] for one in rows["tokens"]}
    for mail in rows["mails"]:
        for name in ("token", "extra_token"):
            if mail["status"] == "queued" and mail[name] is not None and mail[name] not in links:
                yield f"a mail {mail['purpose']} waits whose link was never stored"


def _links_were_mailed(rows: Mapping[str, list[Row]]) -> Iterator[str]:
    """A registration nobody was written to could never be confirmed (RL-02)."""
    mailed = {mail[name] for mail in rows["mails"] for name in ("token", "extra_token")}
    for one in rows["registrations"]:
        own = [link["digest"] for link in rows["tokens"] if link["registration_id"] == one["id"]]
        if one["confirmed_at"] is None and not mailed & set(own):
            yield f"registration {one['id']} waits for a link that was never mailed"


_RULES: tuple[Callable[[Mapping[str, list[Row]]], Iterator[str]], ...] = (
    _one_account_for_an_address,
    _what_belongs_has_an_owner,
    _defaults_exist,
    _mails_have_their_links,
    _links_were_mailed,
)
