"""Resellers pay the same: the shop sells to final consumers and has no special prices (F27).

Who may ask: visitors, signed-in customers, and agents on behalf of whoever wrote to them.

* `RequestResellerPricing` is always refused with RESELLER_PRICING, in the words of the shop's FAQ. Nothing is
  read of the customer and nothing is stored; the event RESELLER_PRICING_REFUSED is announced to the host,
  with the message on one line, so that the shop can see who asks.
* `reseller_reply` gives support the whole answer to paste into a mail.
* There is one list price for everybody. `customer_accounts.vat.ListPrice` has no way in for a customer, a
  company, a status or a quantity, so nobody can make a reseller price by configuration; where VAT falls away
  (F24) everybody's net price is what is left.

No mails.
"""

from typing import Annotated, ClassVar, Never

from pydantic import StringConstraints

from customer_accounts.actors import Agent, SignedInCustomer, Visitor
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.facts import Facts, Scope
from customer_accounts.inputs import CompanyInput
from customer_accounts.issue import event_of
from customer_accounts.outbox import EventKind
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import Storefront
from customer_accounts.wording import wording


class RequestResellerPricing(Command):
    """Ask for reseller prices; the answer is no, for everybody and in any quantity.

    Args:
        message: what was asked, up to 5,000 characters, lines included.
        company: who asks, if they say so; it changes nothing.
    """

    actors: ClassVar = (Visitor, SignedInCustomer, Agent)

    message: Annotated[str, StringConstraints(max_length=5000)] = ""
    company: CompanyInput | None = None

    def scope(self, actor: Visitor | SignedInCustomer | Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope()

    def decide(
        self, facts: Facts, env: Env, actor: Visitor | SignedInCustomer | Agent, /
    ) -> Decision[Never] | Refusal:
        """See `Command.decide`."""
        event = event_of(env, actor, EventKind.RESELLER_PRICING_REFUSED, detail=self.message)
        return Refusal(Refused(Reason.RESELLER_PRICING), announce=(event,))


def reseller_reply(locale: str, storefront: Storefront) -> str:
    """Give the letter with which support answers a reseller.

    Args:
        locale: the language of whoever wrote; English where it is unknown.
        storefront: the shop that answers, with its contact.
    """
    refusal = Refused(Reason.RESELLER_PRICING).text(locale)
    return wording(
        "reseller", "reply", locale, refusal=refusal, shop=storefront.name, contact=storefront.contact
    )
