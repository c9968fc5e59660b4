"""A customer asks what became of something, and staff looks it up: one timeline, newest first.

* `Lookup` begins with an e-mail address in any spelling, with the reference or number of an order, or with a VAT
  number, and gives what happened around it: registrations, the audit trail, mails (queued, sent, dropped, dead or
  bounced, with the mail server's words), orders, claims, merges, written requests, answers about VAT numbers and the
  VAT of orders.
* An address leads to its account, to all that stands under the address itself, and to what was mailed to it or noted
  of it, with an account or without.  An order leads to the account that owns it; the order of a guest to its address.
  A VAT number, an account's and an order's too, leads to what registers said about it and to the VAT of orders with
  it; one that was typed also to the accounts of companies with it, of many to the newest `ACCOUNTS_AT_ONCE`.
* An agent sees masked addresses and as few fields as help (`customer_accounts.features.timeline`); what happened to
  be typed is not given back.  An agent may know whether there is an account (truth 3 binds visitors only).
* Each page is in the audit trail: who looked, what for, and about whom, by account and by a digest of what was
  asked for, never in clear (LG-02).  Whoever is looked up has that look in their own timeline.
* Pages go by key: put together they are the whole list, whatever happens meanwhile.  A page is two readings, first
  whom it is about, then what happened, and one write.
* Mails and events that were kept before the library knew digests are found by account and order only.

Refusals: EMAIL_INVALID, NOT_FOUND, PERMISSION_MISSING.
Mails: none.
"""

from collections.abc import Sequence
from typing import ClassVar

from attrs import evolve, frozen
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent
from customer_accounts.address_digest import address_digests, keyed_digest
from customer_accounts.changes import RecordEvent
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.four_eyes import Cursor, PageSize, not_permitted
from customer_accounts.features.my_orders import cursor_at, place_of
from customer_accounts.features.timeline import (
    FoundAccount,
    TimelineEntry,
    WaitingVatCheck,
    entry_of,
    found_account,
    waiting_check,
)
from customer_accounts.features.typed_email import email_key_of, read_email
from customer_accounts.features.vat_evidence import compact_number
from customer_accounts.history import History, Place, place_named
from customer_accounts.history import place_of as place_in_history
from customer_accounts.inputs import Line, Reference, TypedEmail
from customer_accounts.issue import masked_within, record_event
from customer_accounts.order import best_spelled, number_spellings
from customer_accounts.outbox import EventKind
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason

#: Of how many accounts with one VAT number the history is read at most, the newest ones.
ACCOUNTS_AT_ONCE = 50


@frozen
class Timeline:
    """One page of what happened, the newest first.

    Args:
        accounts: the accounts whose history it is, the newest first.
        accounts_left_out: how many more there are, whose history it is not.
        vat_checks: numbers of these accounts, or the one asked for, that wait for the register now.
        next: goes into `Lookup.after`, None at the end.
    """

    accounts: tuple[FoundAccount, ...]
    accounts_left_out: int
    vat_checks: tuple[WaitingVatCheck, ...]
    entries: tuple[TimelineEntry, ...]
    next: str | None


class Lookup(Command):
    """Show what happened around an address, an order or a VAT number, a page at a time.

    Args:
        email: an address, in any spelling of it.
        order: the reference of an order, or the number printed for the customer, or nearly so.
        vat_number: a VAT number with the prefix of its country.
        reason: what for, for the audit trail; one line.
        after: the ``next`` of the page before, or None for the first page.
        limit: entries on a page, 1 to 100; a page of 100 may be followed by an empty one.
    """

    actors: ClassVar = (Agent,)

    email: TypedEmail | None = None
    order: Reference | None = None
    vat_number: Line | None = None
    reason: Reference
    after: Cursor = None
    limit: PageSize = 20

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        if sum(one is not None for one in (self.email, self.order, self.vat_number)) != 1:
            return PydanticCustomError("one_subject", "give either an address, or an order, or a VAT number")
        return None

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS})
        if self.email is not None:
            return Scope(parts=parts, email_keys=(email_key_of(self.email),))
        if self.order is not None:
            parts |= {Part.ORDERS, Part.ORDER_VAT}
            return Scope(parts=parts, order=self.order, order_numbers=number_spellings(self.order))
        return Scope(parts=parts, vat_number=compact_number(self.vat_number or ""), vat_holders=True)

    def further_scope(self, facts: Facts, env: Env, /) -> Scope:
        """See `Command.further_scope`."""
        facts = self._meant(facts)
        accounts = self._accounts(facts)[:ACCOUNTS_AT_ONCE]
        addresses, numbers = self._addresses(accounts, facts), self._numbers(accounts, facts)
        history = History(
            account_ids=tuple(one.id for one in accounts),
            email_keys=tuple(addresses),
            digests=tuple(
                found for one in addresses.values() for found in address_digests(env.settings, one)
            ),
            references=tuple(one.reference for one in facts.orders),
            vat_numbers=numbers,
            after=self._after(),
            # One record more than is shown tells whether there is a next page.
            limit=min(self.limit + 1, 100),
        )
        parts = frozenset({Part.HISTORY, Part.VAT_CHECKS})
        return Scope(parts=parts, vat_numbers=numbers, history=history)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[Timeline] | Refusal:
        """See `Command.decide`."""
        refusal = not_permitted(AgentTask.LOOK_UP, env, actor) or self._unreadable()
        if refusal is not None:
            return refusal
        facts = self._meant(facts)
        accounts = self._accounts(facts)
        shown = facts.history[: self.limit]
        last = place_in_history(shown[-1]) if len(facts.history) == min(self.limit + 1, 100) else None
        timeline = Timeline(
            accounts=tuple(map(found_account, accounts[:ACCOUNTS_AT_ONCE])),
            accounts_left_out=len(accounts[ACCOUNTS_AT_ONCE:]),
            vat_checks=tuple(map(waiting_check, facts.vat_checks)),
            entries=tuple(map(entry_of, shown)),
            next=None if last is None else cursor_at(last.at, last.name),
        )
        return Decision(timeline, (self._noted(accounts, facts, env, actor),))

    def _unreadable(self) -> Refusal | None:
        email = None if self.email is None else read_email(self.email)
        if isinstance(email, Refusal):
            return email
        if self.vat_number is not None and not compact_number(self.vat_number):
            return refuse(Reason.NOT_FOUND, about="vat_number")
        if self.after is not None and self._after() is None:
            return refuse(Reason.NOT_FOUND, about="after")
        return None

    def _after(self) -> Place | None:
        place = place_of(self.after)
        return None if place is None else place_named(*place)

    def _meant(self, facts: Facts) -> Facts:
        """Give the facts with the orders that have the reference or number just as it was typed, if there are any."""
        exact = [one for one in facts.orders if self.order in (one.reference, one.number)]
        meant = exact or best_spelled(facts.orders, self.order or "")
        others = {one.reference for one in facts.orders} - {one.reference for one in meant}
        return evolve(
            facts,
            orders=tuple(one for one in facts.orders if one.reference not in others),
            order_vat=tuple(one for one in facts.order_vat if one.reference not in others),
        )

    def _accounts(self, facts: Facts) -> list[AccountRecord]:
        """Give the accounts that it is about, the newest first; the owner of an order, not who has its address."""
        chosen = [one for one in facts.accounts if self.order is None or _orders_of(one, facts)]
        return sorted(chosen, key=lambda one: (one.created_at, one.id), reverse=True)

    def _addresses(self, accounts: Sequence[AccountRecord], facts: Facts) -> dict[str, str]:
        """Give the addresses that it is about, each as it was typed or is stored, by its key."""
        guests = [one.email for one in facts.orders if one.owner is None]
        found = {
            email_key_of(one): one for one in (self.email or "", *guests, *(one.email for one in accounts))
        }
        return {key: one for key, one in found.items() if key}

    def _numbers(self, accounts: Sequence[AccountRecord], facts: Facts) -> tuple[str, ...]:
        """Give the VAT numbers that it is about: what was typed, of the accounts' companies, and of the orders."""
        companies = (one.company.vat_number for one in accounts if one.company is not None)
        found = (compact_number(self.vat_number or ""), *companies, *(one.number for one in facts.order_vat))
        return tuple(dict.fromkeys(one for one in found if one))

    def _noted(self, accounts: Sequence[AccountRecord], facts: Facts, env: Env, actor: Agent) -> RecordEvent:
        """Note who looked, what for and about whom."""
        addresses = list(self._addresses(accounts, facts).values())
        return record_event(
            env,
            actor,
            EventKind.LOOKED_UP,
            email=addresses[0] if len(addresses) == 1 else "",
            account_id=accounts[0].id if len(accounts) == 1 else None,
            detail=f"{self._subject(env)}: {masked_within(self.reason)}",
        )

    def _subject(self, env: Env) -> str:
        """Give what was asked for, as the audit trail has it; an address stands there masked, with its digest."""
        if self.email is not None:
            return "email"
        if self.order is not None:
            return f"order {keyed_digest(env.settings.secret, 'order', self.order)}"
        number = compact_number(self.vat_number or "")
        return f"vat_number {keyed_digest(env.settings.secret, 'vat_number', number)}"


def _orders_of(account: AccountRecord, facts: Facts) -> bool:
    """Whether an account owns one of the orders, or has the address of one that nobody owns."""
    return any(
        one.owner == account.id or (one.owner is None and one.email_key == account.email_key)
        for one in facts.orders
    )
