"""An existing shop brings its customers and its guests' orders along, in batches (issue of a move).

* `ImportBatch` (the system) takes at most `BATCH` customers or orders and writes what is new in one transaction.
  `customer_accounts.accounts.importing` makes the batches of a file or an iterator, for both runners.
* Natural keys make it resumable: the earlier shop's key of a customer, the reference of an order.  The same file
  again imports nothing twice; a row is told apart as new, there already, or rejected with its line and a
  reason, and nothing is lost without being told.
* Nothing is merged silently: a second customer with the same e-mail key, here or in the shop, is DUPLICATE.  So
  is nothing rewritten: an order under a known reference with other content is a conflict, and so is another customer
  (address and beginning differ) under a known key.
* Whether an address is proven is stated for each customer, never assumed.  A proven one becomes an account.
  One that is not becomes an invitation: a pending registration whose link goes to that mailbox, and only if
  ``invite`` says so, since many mails go out; without it the row is rejected as not proven.  A stranger's
  registration in the old shop therefore opens nothing here (PH-01).
* Password hashes of the earlier shop are kept and verified by the adapters for them
  (`customer_accounts.adapters.legacy_hashes`); what does not look like a hash is rejected, so that no plain
  password is ever stored.
* A company comes along with its VAT number as typed, and the number waits for the register like any other.  What the
  register told the earlier shop does not come along: it is evidence of that shop (F23, F25).
* Delivery addresses come along, the first one as the default.  To a customer whose address is not proven only the first
  one and the company come, and only with the old password, as with every registration.
* A consent comes along only with its record: wording, time, source and when the mailbox confirmed it.
* A guest's order belongs to nobody, as ever (F11); its customer claims it.  An order of a customer names the
  customer's address, and that account must be there.

Refusals: none; each row has its own outcome.
Mails: SET_PASSWORD to customers whose address is not proven.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import Field

from customer_accounts.actors import System
from customer_accounts.command import Command, Decision, Env, Refusal
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.import_changes import BatchImport
from customer_accounts.features.import_rows import Imported, ImportedCustomer, ImportedOrder
from customer_accounts.features.typed_email import email_key_of

#: Rows of one batch: one read, one transaction, and a bounded number of values in each statement.
BATCH = 500


class ImportBatch(Command):
    """Import some customers, then some orders, of an earlier shop; what is there already stays as it is.

    Args:
        invite: whether customers whose address is not proven get a mail with a link; they are left out otherwise.
    """

    actors: ClassVar = (System,)

    customers: Annotated[tuple[ImportedCustomer, ...], Field(max_length=BATCH, fail_fast=True)] = ()
    orders: Annotated[tuple[ImportedOrder, ...], Field(max_length=BATCH, fail_fast=True)] = ()
    invite: bool = False

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        owned = [one.email for one in self.orders if one.of_customer]
        keys = dict.fromkeys(email_key_of(one) for one in (*(row.email for row in self.customers), *owned))
        parts = frozenset({Part.ACCOUNTS, Part.ORDERS})
        if self.customers:
            parts |= {Part.REGISTRATIONS, Part.TOKENS}
        numbers = _numbers(self.customers)
        if numbers:
            parts |= {Part.VAT_CHECKS}
        return Scope(
            parts=parts,
            email_keys=tuple(keys),
            account_ids=tuple(dict.fromkeys(one.id for one in self.customers)),
            vat_numbers=numbers,
            references=tuple(dict.fromkeys(one.reference for one in self.orders)),
        )

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[Imported] | Refusal:
        """See `Command.decide`."""
        made = BatchImport(facts, env, actor, invite=self.invite)
        for customer in self.customers:
            made.customer(customer)
        for order in self.orders:
            made.order(order)
        return Decision(made.counted, made.written())


def _numbers(customers: Iterable[ImportedCustomer]) -> tuple[str, ...]:
    """Give the VAT numbers that may wait for the register already."""
    companies = (one.company.company() for one in customers if one.company is not None)
    return tuple(dict.fromkeys(one.vat_number for one in companies if one.vat_number is not None))
