"""How a storage finds the facts of a scope, in plain Python: the specification of `customer_accounts.facts`."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.adapters.memory_read_orders import (
    evidence_of,
    guest_groups,
    named_orders,
    order_vat_of,
    orders_of,
)
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, VatEvidenceRecord, VatPauseRecord
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.history import HistoryRecord, page_of, reaches
from customer_accounts.merge import MergeRecord
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord, VatCheckRecord
from customer_accounts.token import TokenRecord

Owned = TypeVar("Owned", AddressRecord, WishListRecord)
Case = TypeVar("Case", ConversionRequestRecord, ProposalRecord)


def read(
    scope: Scope,
    *,
    accounts: list[AccountRecord],
    registrations: list[RegistrationRecord],
    tokens: list[TokenRecord],
    identities: list[IdentityRecord],
    orders: list[OrderRecord],
    addresses: list[AddressRecord],
    wish_lists: list[WishListRecord],
    subscriptions: list[SubscriptionRecord],
    vat_checks: list[VatCheckRecord],
    vat_evidence: list[VatEvidenceRecord],
    order_vat: list[OrderVatRecord],
    vat_pauses: list[VatPauseRecord],
    events: list[EventRecord],
    claims: list[ClaimRecord],
    requests: list[ConversionRequestRecord],
    proposals: list[ProposalRecord],
    merges: list[MergeRecord],
    mails: list[MailRecord],
) -> Facts:
    """Give the parts that *scope* names, of all the records there are."""
    token = next((one for one in tokens if one.digest == scope.token), None)
    identity = next((one for one in identities if (one.provider, one.subject) == scope.identity), None)
    ordered = named_orders(scope, orders)
    of_browser = [one for one in registrations if scope.browser is not None and one.browser == scope.browser]
    keys = {*scope.email_keys, *(one.email_key for one in of_browser if not scope.narrow)}
    keys |= {one.email_key for one in (token, *ordered) if one is not None}
    keys.discard("")  # the key of what is no address is nobody's
    named_claims = _named_claims(scope, token, claims)
    named = {
        scope.account_id,
        *scope.account_ids,
        token and token.account_id,
        identity and identity.account_id,
        *(one.owner for one in ordered),
        *(one.account_id for one in named_claims),
        *(one.from_account for one in named_claims),
    }
    found_accounts = [
        one
        for one in accounts
        if one.id in named or one.email_key in keys or (scope.vat_holders and _has_number(one, scope))
    ]
    owners = {one.id for one in found_accounts}
    found_registrations = [
        one
        for one in registrations
        if one.email_key in keys
        or one in of_browser
        or (token is not None and one.id == token.registration_id)
    ]
    attempts = {one.id for one in found_registrations}
    wished = {(one.identity_provider, one.identity_subject) for one in found_registrations}
    order_keys = keys | {one.email_key for one in found_accounts if one.email_key}
    companies = [one.company for one in found_accounts] + [one.company for one in found_registrations]
    numbers = {scope.vat_number, *scope.vat_numbers} | {
        one.vat_number for one in companies if one is not None
    }
    found_orders = orders_of(scope, token, orders, order_vat)
    taxed = order_vat_of(scope, order_vat, orders)
    wanted, shown = scope.parts, {one.reference for one in ordered}
    return Facts(
        accounts=tuple(found_accounts) if Part.ACCOUNTS in wanted else (),
        registrations=tuple(found_registrations) if Part.REGISTRATIONS in wanted else (),
        tokens=tuple(
            one
            for one in tokens
            if Part.TOKENS in wanted
            and (
                one.digest == scope.token
                or one.registration_id in attempts
                or (not scope.narrow and _links_to(one, owners, keys, shown))
            )
        ),
        identities=tuple(
            one
            for one in identities
            if Part.IDENTITIES in wanted
            and (
                one.account_id in owners
                or (one.provider, one.subject) == scope.identity
                or (one.provider, one.subject) in wished
            )
        ),
        guest_orders=guest_groups(orders, order_keys, scope) if Part.GUEST_ORDERS in wanted else (),
        orders=found_orders if Part.ORDERS in wanted else (),
        addresses=_of(addresses, owners) if Part.ADDRESSES in wanted else (),
        wish_lists=_of(wish_lists, owners) if Part.WISH_LISTS in wanted else (),
        subscriptions=tuple(
            one for one in subscriptions if Part.SUBSCRIPTIONS in wanted and one.account_id in owners
        ),
        vat_checks=tuple(one for one in vat_checks if Part.VAT_CHECKS in wanted and one.number in numbers),
        vat_evidence=evidence_of(scope, vat_evidence, taxed, found_accounts)
        if Part.VAT_EVIDENCE in wanted
        else (),
        order_vat=taxed if Part.ORDER_VAT in wanted else (),
        vat_pauses=tuple(
            one for one in vat_pauses if Part.VAT_PAUSES in wanted and one.register == scope.vat_register
        ),
        events=_trail(events, owners) if Part.EVENTS in wanted else (),
        claims=tuple(
            one
            for one in sorted(claims, key=lambda one: (one.at, one.id))
            if Part.CLAIMS in wanted and (one.account_id in owners or one in named_claims)
        ),
        requests=_requests(scope, requests) if Part.REQUESTS in wanted else (),
        proposals=_cases(scope, proposals) if Part.PROPOSALS in wanted else (),
        merges=tuple(
            one
            for one in sorted(merges, key=lambda one: (one.at, one.id))
            if Part.MERGES in wanted and {one.surviving, one.absorbed.id} & owners
        ),
        mails=tuple(one for one in mails if Part.MAILS in wanted and one.id == scope.mail),
        history=_history(
            scope,
            (
                *registrations,
                *events,
                *mails,
                *orders,
                *claims,
                *merges,
                *requests,
                *vat_evidence,
                *order_vat,
            ),
        )
        if Part.HISTORY in wanted
        else (),
    )


def _links_to(token: TokenRecord, owners: set[UUID], keys: set[str], orders: set[str]) -> bool:
    of_address = token.email_key in keys and token.order_reference is None
    return token.account_id in owners or of_address or token.order_reference in orders


def _history(scope: Scope, records: Iterable[HistoryRecord]) -> tuple[HistoryRecord, ...]:
    if scope.history is None:
        return ()
    return page_of(scope.history, (one for one in records if reaches(scope.history, one)))


def _of(rows: Iterable[Owned], owners: set[UUID]) -> tuple[Owned, ...]:
    own = (one for one in rows if one.account_id in owners)
    return tuple(sorted(own, key=lambda one: (one.created_at, one.id)))


def _trail(events: list[EventRecord], owners: set[UUID]) -> tuple[EventRecord, ...]:
    own = (one for one in events if one.account_id in owners)
    return tuple(sorted(own, key=lambda one: (one.at, one.id)))


def _named_claims(scope: Scope, token: TokenRecord | None, claims: list[ClaimRecord]) -> list[ClaimRecord]:
    if Part.CLAIMS not in scope.parts:
        return []
    ids = {scope.claim, token and token.claim_id} - {None}
    return [one for one in claims if one.id in ids]


def _has_number(account: AccountRecord, scope: Scope) -> bool:
    number = None if account.company is None else account.company.vat_number
    return number is not None and number == scope.vat_number


def _requests(scope: Scope, rows: list[ConversionRequestRecord]) -> tuple[ConversionRequestRecord, ...]:
    if scope.case is not None or scope.cases is not None:
        state = None if scope.cases is None else scope.cases.state
        return _cases(scope, [one for one in rows if scope.case is not None or one.state is state])
    keys = set(scope.email_keys) - {""}
    return tuple(sorted((one for one in rows if one.email_key in keys), key=_age))


def _cases(scope: Scope, rows: Iterable[Case]) -> tuple[Case, ...]:
    if scope.case is not None:
        return tuple(one for one in rows if one.id == scope.case)
    if scope.cases is None:
        return ()
    after = scope.cases.after
    found = (one for one in sorted(rows, key=_age) if after is None or _age(one) > after)
    return tuple(islice(found, scope.cases.limit))


def _age(case: ConversionRequestRecord | ProposalRecord) -> tuple[datetime, UUID]:
    return case.created_at, case.id
