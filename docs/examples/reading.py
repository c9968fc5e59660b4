"""From a scope to its facts, for any database that can find the records with a given value in a field.

It works in two steps: what the roots of the scope can lead to is fetched, a little more than is wanted and never by
the whole table; the specification of the library then picks what belongs to the scope.  Every `find` is made
whether anything was found before or not, so that nobody learns from the number of queries who has an account.

What a shop gives up with it: guest orders are counted here and not by the database.  `SqlStorage` counts them there.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.adapters.memory_read import read
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.changes import key_of
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.history import KINDS, wanted_of
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord, VatCheckRecord
from customer_accounts.token import TokenRecord

#: What belongs to an account, by the part of the facts that it fills.
BELONGINGS: dict[Part, type] = {
    Part.ADDRESSES: AddressRecord,
    Part.WISH_LISTS: WishListRecord,
    Part.SUBSCRIPTIONS: SubscriptionRecord,
    Part.EVENTS: EventRecord,
}


class Finder(Protocol):
    """How a database is asked, within one snapshot."""

    def find(self, kind: type, field: str, values: Iterable[Any]) -> list[Any]:
        """Give all records of a kind whose field has one of the values; None is nobody's value."""
        ...

    def holders(self, number: str | None) -> list[AccountRecord]:
        """Give the accounts of companies with a VAT number."""
        ...

    def page(self, owner: Any, page: Page) -> list[OrderRecord]:
        """Give one page of the orders of an account."""
        ...


def facts_of(scope: Scope, of: Finder) -> Facts:
    """Give the facts of a scope."""
    tokens = of.find(TokenRecord, "digest", [scope.token])
    identities = of.find(IdentityRecord, "subject", [scope.identity[1]] if scope.identity else [])
    registrations = of.find(RegistrationRecord, "browser", [scope.browser])
    orders = of.find(OrderRecord, "reference", [scope.order, *(one.order_reference for one in tokens)])
    orders += of.find(OrderRecord, "number", scope.order_numbers)
    claims = of.find(ClaimRecord, "id", [scope.claim, *(one.claim_id for one in tokens)])
    keys = {*scope.email_keys, *(one.email_key for one in (*tokens, *orders, *registrations))} - {""}
    named = {
        scope.account_id,
        *scope.account_ids,
        *(one.account_id for one in (*tokens, *identities, *claims)),
    }
    named |= {*(one.owner for one in orders), *(one.from_account for one in claims)}
    accounts = of.find(AccountRecord, "id", named) + of.find(AccountRecord, "email_key", keys)
    if scope.vat_holders:
        accounts += of.holders(scope.vat_number)
    owners = {one.id for one in accounts}
    registrations += of.find(RegistrationRecord, "email_key", keys)
    registrations += of.find(RegistrationRecord, "id", [one.registration_id for one in tokens])
    attempts = {one.id for one in registrations}
    found: dict[str, list[Any]] = {part.value: [] for part in BELONGINGS}
    if Part.TOKENS in scope.parts:
        tokens += of.find(TokenRecord, "account_id", owners) + of.find(TokenRecord, "email_key", keys)
        tokens += of.find(TokenRecord, "registration_id", attempts)
        tokens += of.find(TokenRecord, "order_reference", [one.reference for one in orders])
    if Part.IDENTITIES in scope.parts:
        identities += of.find(IdentityRecord, "account_id", owners)
        identities += of.find(IdentityRecord, "subject", [one.identity_subject for one in registrations])
    if Part.GUEST_ORDERS in scope.parts:
        orders += of.find(OrderRecord, "email_key", keys | {one.email_key for one in accounts})
    if scope.page is not None and {Part.ORDERS, Part.ORDER_VAT, Part.VAT_EVIDENCE} & scope.parts:
        orders += of.page(scope.account_id, scope.page)
    orders += of.find(OrderRecord, "reference", scope.references)
    if Part.CLAIMS in scope.parts:
        claims += of.find(ClaimRecord, "account_id", owners)
    for part, kind in BELONGINGS.items():
        if part in scope.parts:
            found[part.value] = of.find(kind, "account_id", owners)
    mails = of.find(MailRecord, "id", [scope.mail])
    about_vat = _about_vat(scope, of, [*accounts, *registrations], orders)
    if Part.ORDERS in scope.parts:
        orders += of.find(OrderRecord, "reference", [one.reference for one in about_vat["order_vat"]])
    happened = {
        RegistrationRecord: registrations, OrderRecord: orders, ClaimRecord: claims, MailRecord: mails,
        EventRecord: found["events"], VatEvidenceRecord: about_vat["vat_evidence"],
        OrderVatRecord: about_vat["order_vat"],
    }  # fmt: skip
    _add_history(scope, happened, of)
    return read(
        scope,
        accounts=_once(accounts),
        registrations=_once(registrations),
        tokens=_once(tokens),
        identities=_once(identities),
        orders=_once(orders),
        claims=_once(claims),
        # Left out by name: this shop has no queue of support and merges no accounts.
        requests=[],
        proposals=[],
        merges=[],
        mails=_once(mails),
        **{name: _once(rows) for name, rows in (about_vat | found).items()},
    )


def _add_history(scope: Scope, found: dict[type, list[Any]], of: Finder) -> None:
    """Add all that a history reaches of each kind; the page of it is chosen among these."""
    if Part.HISTORY in scope.parts and scope.history is not None:
        for kind, rows in found.items():
            for field, name in KINDS[kind].ways.items():
                rows.extend(of.find(kind, field, wanted_of(scope.history, name)))


def _about_vat(
    scope: Scope, of: Finder, people: Iterable[Any], orders: Iterable[OrderRecord]
) -> dict[str, list[Any]]:
    """Give what is kept about VAT, of a number, of an order, and of the companies of people."""
    companies = [one.company for one in people if one.company is not None]
    numbers = [scope.vat_number, *scope.vat_numbers, *(one.vat_number for one in companies)]
    checks = of.find(VatCheckRecord, "number", numbers)
    taxed = of.find(OrderVatRecord, "reference", [scope.order])
    taxed += of.find(OrderVatRecord, "number", [scope.vat_number])
    if scope.order_numbers or (scope.page is not None and scope.vat_number is None):
        taxed += of.find(OrderVatRecord, "state", [scope.order_vat_in])
        taxed += of.find(OrderVatRecord, "reference", [one.reference for one in orders])
    told = [one.vat_evidence_id for one in companies]
    told += [one for vat in taxed for one in (vat.evidence_id, vat.corrected_evidence_id)]
    evidence = of.find(VatEvidenceRecord, "id", told)
    evidence += of.find(VatEvidenceRecord, "number", [scope.vat_number])
    return {
        "vat_checks": _once(checks),
        "vat_evidence": _once(evidence),
        "order_vat": _once(taxed),
        "vat_pauses": of.find(VatPauseRecord, "register", [scope.vat_register]),
    }


def _once(records: Iterable[Any]) -> list[Any]:
    """Give each record once, however many ways led to it."""
    return list({key_of(one): one for one in records}.values())
