"""The company behind an account, with its VAT number (F21 to F25).

Who may ask: signed-in customers, about their own account; at registration a company is a wish that comes
along with the proof of the mailbox. A VAT number is public, so it is no credential and signs nobody in.

* Nothing about a number refuses anything: one that cannot be read is kept as typed, with the reason, and the
  answer warns (F21, F25). Nothing here waits for a register, so a company can order at once (RL-09).
* Every number of the Union that can be read waits for the register (VIES) in the queue of checks, also one
  whose check digits fail: the register decides. A number of the seller's own state needs only its syntax
  (F22); it is asked too, for goods that leave a warehouse elsewhere, but the customer is told that it is
  information on the invoice.
* The same number saved again keeps what is known of it, only the name changes. One that the register did not
  know is asked again, since the tax office may have activated it. Another number begins from nothing.
* A number waits once, however many companies have it. One that no company has any more is dropped by the worker,
  without asking.
* What the register answers is recorded by `customer_accounts.features.vat_answer`.
* The advice is in the customer's language: what to do about an unreadable number, where to have one activated
  (F22), how to have the VAT back that is charged meanwhile (F25).

For checkout: ``decide_vat(supply, buyer_of(account), settings.seller)``. The number changes no price by
itself (F26); no mails.
"""

from datetime import date, datetime
from typing import ClassVar

from attrs import evolve, frozen

from customer_accounts.account import AccountRecord, Company
from customer_accounts.actors import SignedInCustomer
from customer_accounts.changes import Change, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting, write_of
from customer_accounts.features.company_advice import advice_of, number_of
from customer_accounts.features.vat_queue import queued
from customer_accounts.inputs import CompanyInput
from customer_accounts.issue import record_event
from customer_accounts.limiting import Hit
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.vat import Buyer, NumberProblem, Place, VatStatus


@frozen
class CompanyView:
    """A company as its owner sees it.

    Args:
        vat_number: in compact form, or None if there is none that can be read.
        vat_as_typed: what was typed.
        vat_status: what is known of it.
        vat_problem: why it cannot be read, or None.
        vat_checked_at: when the register last said something clear about it, UTC.
        advice: what the number means for orders, and what to do about it, in the customer's language.
    """

    name: str
    vat_number: str | None
    vat_as_typed: str
    vat_status: VatStatus
    vat_problem: str | None
    vat_checked_at: datetime | None
    advice: str


@frozen
class CompanyRemoved:
    """The account is a consumer's now."""


def company_view(company: Company, settings: Settings, *, locale: str, on: date) -> CompanyView:
    """Give a company as its owner sees it.

    Args:
        company: what is stored.
        settings: where the shop is taxed.
        locale: the language of the advice.
        on: the day of today, for the time limit of a refund.
    """
    return CompanyView(
        name=company.name,
        vat_number=company.vat_number,
        vat_as_typed=company.vat_as_typed,
        vat_status=company.vat_status,
        vat_problem=company.vat_problem,
        vat_checked_at=company.vat_checked_at,
        advice=advice_of(company, settings.seller, locale=locale, on=on),
    )


def buyer_of(
    customer: AccountRecord | Company | CompanyView | None,
    *,
    place: Place | None = None,
    answered_since: datetime | None = None,
) -> Buyer:
    """Give the buyer that `customer_accounts.vat.decide_vat` wants; without a company, a consumer.

    Args:
        customer: an account, a company or what its owner sees of it, or None for a guest.
        place: where a customer of services is; goods do not need it.
        answered_since: an answer of the register from before this time confirms nothing, UTC.  The worker
            asks again in time by itself; give ``now - settings.vat_recheck_after`` to depend on it less.
    """
    company = customer.company if isinstance(customer, AccountRecord) else customer
    if company is None:
        return Buyer(place=place)
    number = number_of(company)
    return Buyer(
        is_business=True,
        number=number,
        status=VatStatus.NOT_GIVEN if number is None else _status_since(company, answered_since),
        place=place,
        problem=None if company.vat_problem is None else NumberProblem(company.vat_problem),
    )


def _status_since(company: Company | CompanyView, since: datetime | None) -> VatStatus:
    if company.vat_status is not VatStatus.VALID or since is None:
        return company.vat_status
    young = company.vat_checked_at is not None and company.vat_checked_at >= since
    return VatStatus.VALID if young else VatStatus.UNVERIFIED


class SetCompany(Command):
    """Say that the account is a company's, or change what was said."""

    actors: ClassVar = (SignedInCustomer,)

    company: CompanyInput

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        parts = frozenset({Part.ACCOUNTS, Part.VAT_CHECKS})
        return Scope(parts=parts, vat_number=self.company.company().vat_number)

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[CompanyView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        company = _with_what_is_known(self.company.company(), account.company)
        view = company_view(company, env.settings, locale=account.locale, on=env.now.date())
        queue = vat_check_for(company, facts, env)
        if company == account.company and not queue:
            return Decision(view)
        changes: list[Change] = [
            update(account, evolve(account, company=company)),
            *queue,
            record_event(env, actor, EventKind.COMPANY_CHANGED, detail=company.vat_status),
        ]
        return Decision(view, changes)


class RemoveCompany(Command):
    """Say that the account is no company's any more; a repeat is answered alike."""

    actors: ClassVar = (SignedInCustomer,)

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return write_of(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ACCOUNTS}))

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[CompanyRemoved] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        if account.company is None:
            return Decision(CompanyRemoved())
        changes: list[Change] = [
            update(account, evolve(account, company=None)),
            record_event(env, actor, EventKind.COMPANY_CHANGED, detail="removed"),
        ]
        return Decision(CompanyRemoved(), changes)


class MyCompany(Command):
    """Show the company of the account, with the latest news of its number; NOT_FOUND if it has none."""

    actors: ClassVar = (SignedInCustomer,)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ACCOUNTS}))

    def decide(self, facts: Facts, env: Env, actor: SignedInCustomer, /) -> Decision[CompanyView] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        if account.company is None:
            return refuse(Reason.NOT_FOUND)
        return Decision(company_view(account.company, env.settings, locale=account.locale, on=env.now.date()))


def vat_check_for(company: Company, facts: Facts, env: Env) -> list[Change]:
    """Let the number of a company wait for the register: a new one at once, a known one as before."""
    if company.vat_number is None:
        return []
    if facts.vat_check(company.vat_number) is not None and company.vat_status is not VatStatus.PENDING:
        return []
    return queued(company.vat_number, company.vat_as_typed, facts, env)


def _with_what_is_known(new: Company, old: Company | None) -> Company:
    same = old is not None and new.vat_number is not None and old.vat_number == new.vat_number
    if old is None or not same or old.vat_status is VatStatus.INVALID:
        return new
    return evolve(old, name=new.name, vat_as_typed=new.vat_as_typed)
