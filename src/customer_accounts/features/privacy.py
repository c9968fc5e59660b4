"""Taking everything along and being forgotten (GDPR Art. 15, 17 and 20; DP-01).

* `ExportMyData` (a signed-in customer) gives all that is stored of the account as plain data: the account,
  sign-ins, addresses, wish lists, newsletter with its consent, company, orders and the audit trail.  No
  password hash, link or internal counter is in it.  Orders come 100 at a time; ``next_orders`` goes into the
  next call until it is None.
* `CloseAccount` is for the customer, who types the current password again or for lack of one has just signed
  in, and for an agent, who names the account and the reason; the reason goes into the audit trail.  One does
  not need the other's fields: an agent without an account, and a customer with one, are NOT_FOUND.
* What goes in that moment: password, sign-ins, addresses, wish lists, newsletter, company, name and e-mail
  address, every link of the account, and all its sessions (SE-02).  The address is free for a new account.
  Only the way out of the newsletter stays, with the address masked: old issues are opened years later, and
  a click in them is answered as ever (RFC 8058).
* What stays: what is kept about VAT, for a time of its own (see `vat_evidence`).  The orders,
  which accounting keeps for years, with the closed account as their owner, so that nobody can claim them;
  nobody can read them any more.  The audit trail and the rows of sent mails stay for their own time, with the
  address masked and a keyed digest of it, by which support finds them (`lookup`) until then.
* The owner is told by mail (ACCOUNT_CLOSED; LG-04).  An agent's repeat gets the same answer and changes
  nothing (RL-08); a customer's finds the session ended.

Refusals: PASSWORD_WRONG, REAUTHENTICATE, NOT_FOUND.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

import attrs
from attrs import evolve, field, frozen
from pydantic import SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord, AccountStatus, IdentityRecord
from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.changes import Change, Remove, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.evidence import VatEvidenceRecord
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.my_orders import cursor_of, place_of
from customer_accounts.features.reauthentication import not_proven, password_check
from customer_accounts.features.revocation import sessions_ended
from customer_accounts.inputs import Line
from customer_accounts.issue import mail_to_account, masked, record_event
from customer_accounts.limiting import Hit
from customer_accounts.merge import MergeRecord
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose, TokenRecord

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
_Belonging: TypeAlias = (
    IdentityRecord | AddressRecord | WishListRecord | SubscriptionRecord | TokenRecord | MergeRecord
)

_BELONGINGS = frozenset({Part.IDENTITIES, Part.ADDRESSES, Part.WISH_LISTS, Part.SUBSCRIPTIONS, Part.MERGES})
#: What the law wants kept about VAT; it is shown and not closed with the account.
_ABOUT_VAT = frozenset({Part.VAT_CHECKS, Part.VAT_EVIDENCE, Part.ORDER_VAT})
_ORDERS_AT_ONCE = 100
#: Secrets, and what only the machinery counts by.
_LEFT_OUT = frozenset(
    {
        "password_hash",
        "proof",
        "version",
        "session_epoch",
        "email_key",
        "email_digest",
        "attempts",
        "leased_until",
        "claim_id",
        # Of staff, or of somebody else with the same number.
        "by",
        "undone_by",
        "added_by",
        "approved_by",
        "as_typed",
        "wanted_until",
    }
)


@frozen
class DataExport:
    """All that is stored of an account.

    Args:
        data: plain nested data, ready for JSON.
        next_orders: goes into `ExportMyData.orders_after`, None once all orders were given.
    """

    data: Mapping[str, Json] = field(repr=False)
    next_orders: str | None = None

    def to_json(self) -> str:
        """Give the data as a JSON text, the machine-readable form of GDPR Art. 20."""
        return json.dumps(self.data, ensure_ascii=False, indent=2)


@frozen
class AccountClosed:
    """An account that nobody can use any more."""

    account_id: UUID
    closed_at: datetime | None


class ExportMyData(Command):
    """Give the customer all that is stored of the account; its events come with the first page of orders."""

    actors: ClassVar = (SignedInCustomer,)

    orders_after: Annotated[str, StringConstraints(max_length=1200)] | None = None

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        page = Page(after=place_of(self.orders_after), limit=_ORDERS_AT_ONCE)
        parts = _BELONGINGS | _ABOUT_VAT | {Part.ORDERS, Part.CLAIMS}
        if self.orders_after is None:
            parts |= {
                Part.EVENTS
            }  # without a page of their own they are read once, and not with each page of orders
        return Scope(parts=parts, account_id=actor.account_id, page=page)

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[DataExport] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        if self.orders_after is not None and place_of(self.orders_after) is None:
            return refuse(Reason.NOT_FOUND, about="orders_after")
        data: dict[str, Json] = {
            "account": {**_fields(account), "has_password": account.password_hash is not None},
            "sign_ins": _plain(facts.identities),
            "addresses": _plain(facts.addresses),
            "wish_lists": _plain(facts.wish_lists),
            "newsletter": _plain(facts.subscriptions),
            "vat_checks": _plain(facts.vat_checks),
            "vat_evidence": plain_evidence(facts.vat_evidence),
            "merges": _plain(facts.merges),
            "orders": _plain(facts.orders),
            "vat_of_orders": _plain(facts.order_vat),
            "claims": _plain(facts.claims),
            "events": _plain(facts.events),
        }
        more = len(facts.orders) == _ORDERS_AT_ONCE
        export = DataExport(data, cursor_of(facts.orders[-1]) if more else None)
        return Decision(export, (record_event(env, actor, EventKind.DATA_EXPORTED, email=account.email),))


def _plain(value: object) -> Json:
    """Turn a stored value into plain data, without what is secret or only counts."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | UUID):
        return str(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return _fields(value)


def plain_evidence(evidence: Sequence[VatEvidenceRecord]) -> Json:
    """Turn evidence into plain data; a name or address that the state withholds is named so."""
    rows = []
    for one in evidence:
        withheld = {name: "withheld" for name in ("name", "address") if getattr(one, name) is None}
        rows.append({**_fields(one), **withheld})
    return rows


def _fields(record: object) -> dict[str, Json]:
    kind = type(record)
    assert attrs.has(kind)  # what is no plain value in a record is an attrs class
    names = (one.name for one in attrs.fields(kind) if one.name not in _LEFT_OUT)
    return {name: _plain(getattr(record, name)) for name in names}


class CloseAccount(Command):
    """Close an account for good: one's own, or as an agent the named one."""

    actors: ClassVar = (SignedInCustomer, Agent)
    hashes: ClassVar = True

    current_password: SecretStr | None = None
    account_id: UUID | None = None
    reason: Line = ""

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if (self.account_id is not None) != bool(self.reason.strip()):
            return PydanticCustomError("account_and_reason", "give the account and the reason, or neither")
        return None

    def limits(self, actor: SignedInCustomer | Agent, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return password_check(actor) if isinstance(actor, SignedInCustomer) else ()

    def scope(self, actor: SignedInCustomer | Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = _BELONGINGS | {Part.ACCOUNTS, Part.TOKENS, Part.CLAIMS}
        return Scope(parts=parts, account_id=self.account_id)

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer | Agent, /
    ) -> Decision[AccountClosed] | Refusal:
        """See `Command.decide`."""
        if isinstance(actor, Agent) == (self.account_id is None):
            return refuse(Reason.NOT_FOUND, about="account_id")
        if isinstance(actor, SignedInCustomer):
            account = acting(facts, actor)
            refusal = not_proven(account, self.current_password, env, actor)
            if refusal is not None:
                return refusal
            return _closed(account, facts, env, actor, "")
        named = next((one for one in facts.accounts if one.id == self.account_id), None)
        if named is None:
            return refuse(Reason.NOT_FOUND, about="account_id")
        if not named.is_open:
            return Decision(AccountClosed(named.id, named.closed_at))
        return _closed(named, facts, env, actor, self.reason)


def _closed(
    account: AccountRecord, facts: Facts, env: Env, actor: SignedInCustomer | Agent, reason: str
) -> Decision[AccountClosed]:
    belongings: tuple[_Belonging, ...] = (
        *facts.identities,
        *facts.addresses,
        *facts.wish_lists,
        *facts.subscriptions,
        *facts.merges,
        *(one for one in facts.tokens if one.purpose is not Purpose.UNSUBSCRIBE),
    )
    ways_out = (one for one in facts.tokens if one.purpose is Purpose.UNSUBSCRIBE)
    kind = EventKind.ACCOUNT_CLOSED
    changes: tuple[Change, ...] = (
        update(account, _emptied(account, env)),
        *(Remove(one) for one in belongings if _holder(one) == account.id),
        *(update(one, _of_nobody(one, env)) for one in ways_out if one.account_id == account.id),
        # Who took which orders, and why, stays with the orders; under which address is nobody's business any more.
        *(update(one, evolve(one, email_key="")) for one in facts.claims if one.account_id == account.id),
        mail_to_account(env, MailPurpose.ACCOUNT_CLOSED, account),
        record_event(env, actor, kind, email=account.email, account_id=account.id, detail=reason),
    )
    return Decision(AccountClosed(account.id, env.now), changes)


def _holder(one: _Belonging) -> UUID | None:
    return one.surviving if isinstance(one, MergeRecord) else one.account_id


def _of_nobody(way_out: TokenRecord, env: Env) -> TokenRecord:
    """Give a way out of the newsletter that answers a click, and names nobody."""
    return evolve(way_out, email=masked(way_out.email), email_key="", used_at=way_out.used_at or env.now)


def _emptied(account: AccountRecord, env: Env) -> AccountRecord:
    return AccountRecord(
        id=account.id,
        email="",
        email_key=None,
        email_verified_at=None,
        created_at=account.created_at,
        status=AccountStatus.CLOSED,
        locale=account.locale,
        storefront=account.storefront,
        session_epoch=sessions_ended(account).session_epoch,
        closed_at=env.now,
    )
