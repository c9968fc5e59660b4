"""What a command wants to know (`Scope`) and what it gets (`Facts`): one snapshot, whatever is found.

Rules for a storage:

* ``accounts`` holds the accounts named by ``account_id``, by the token, identity or order of the scope, and those
  that own one of its addresses.  The addresses of a scope are ``email_keys`` and those of its token, of its orders
  (by reference or by number) and of the registrations of its browser, unless it is ``narrow``.  The key "" is no
  address: it leads to nothing.
* ``registrations``: of those addresses, of the scope's browser, and the one of its token.
* ``tokens``: of those accounts and registrations, of the orders that the scope names (by reference or by number), and
  of those addresses but for what shows an order; the scope's own included.  For a ``narrow`` scope those of the
  registrations are enough.
* ``identities``: of those accounts, the one named, and those that the registrations name.
* ``guest_orders``: groups of the orders that nobody owns, of those addresses and of the accounts' addresses, by
  address, age and dispute; with ``by_name`` also by the name as stored; with ``owned`` also the orders that
  somebody owns, by owner.
* ``orders``: the one named and those with one of the ``order_numbers``, or the one that the scope's token shows, or
  one page of the orders of ``account_id``, newest first.
* ``claims``: of those accounts, the one named, and the one that the scope's token undoes.  Where this part is
  wanted, such a claim leads to its account and to the one that its orders came from.
* ``merges``: of which one of those accounts is the surviving one or the one that ended, the oldest first.
* ``requests``, ``proposals``: the one named by ``case``, else the page ``cases``, oldest first, else the requests of
  those addresses that the scope names itself.
* ``addresses``, ``wish_lists``, ``events``: of those accounts, oldest first; ``subscriptions``: of those accounts.
* ``vat_number`` leads to the accounts of companies with that number only if the scope wants ``vat_holders``.
* ``vat_checks``: of that number, of ``vat_numbers``, and of the numbers of those accounts and registrations.
* ``order_vat``: of the orders named, by reference and by number; or else one page of those with that VAT number or in
  the state ``order_vat_in``, or both, newest first; or else, without a link, of the orders on the page of
  ``account_id``.  ``orders`` follow the same page where neither order nor link names one.
* ``vat_evidence``: the newest `EVIDENCE_AT_ONCE` of that number, and what those accounts' companies and that VAT of
  orders name; newest first.
* ``mails``: the one named, as it stands in the outbox.
* ``vat_pauses``: of the register that ``vat_register`` names.
* ``history``: one page of what ``history`` of the scope names, of all kinds together, newest first
  (`customer_accounts.history`).  Nothing in it leads anywhere, and nothing else of the scope leads to it.

Only parts that the scope names are filled.  The same number of statements is used whether anything is found or not.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import evolve, field, frozen
from attrs.validators import ge, le

from customer_accounts.account import AccountRecord, IdentityRecord, RegistrationRecord
from customer_accounts.belongings import AddressRecord, SubscriptionRecord, WishListRecord
from customer_accounts.casework import ConversionRequestRecord, ProposalRecord, RequestState
from customer_accounts.claim import ClaimRecord
from customer_accounts.evidence import OrderVatRecord, OrderVatState, VatEvidenceRecord, VatPauseRecord
from customer_accounts.history import History, HistoryRecord
from customer_accounts.merge import MergeRecord
from customer_accounts.order import GuestOrderGroup, OrderRecord
from customer_accounts.outbox import EventRecord, MailRecord, VatCheckRecord
from customer_accounts.password_policy import BreachCheck
from customer_accounts.token import TokenRecord

#: How many answers about one number are given at most, the newest ones.
EVIDENCE_AT_ONCE = 100


class Part(StrEnum):
    """A kind of records that a scope can ask for."""

    ACCOUNTS = "accounts"
    REGISTRATIONS = "registrations"
    TOKENS = "tokens"
    IDENTITIES = "identities"
    GUEST_ORDERS = "guest_orders"
    ORDERS = "orders"
    ADDRESSES = "addresses"
    WISH_LISTS = "wish_lists"
    SUBSCRIPTIONS = "subscriptions"
    VAT_CHECKS = "vat_checks"
    VAT_EVIDENCE = "vat_evidence"
    ORDER_VAT = "order_vat"
    VAT_PAUSES = "vat_pauses"
    EVENTS = "events"
    CLAIMS = "claims"
    REQUESTS = "requests"
    PROPOSALS = "proposals"
    MERGES = "merges"
    MAILS = "mails"
    HISTORY = "history"


@frozen
class Page:
    """One page of a long list, by key and never by offset.

    Args:
        after: key of the last row of the page before, (time, reference), or None for the first page.
        limit: rows on the page, 1 to 100.
    """

    after: tuple[datetime, str] | None = None
    limit: int = field(default=20, validator=[ge(1), le(100)])


@frozen
class CasePage:
    """One page of what waits at the support desk, the oldest first.

    Args:
        after: time and id of the last row of the page before, or None for the first page.
        limit: rows on the page, 1 to 100.
        state: which requests are wanted.
    """

    after: tuple[datetime, UUID] | None = None
    limit: int = field(default=20, validator=[ge(1), le(100)])
    state: RequestState = RequestState.OPEN


@frozen
class Scope:
    """What is asked of a storage: where to begin, and which parts.

    Args:
        token: digest of a link.
        identity: provider and subject.
        order: reference of one order.
        browser: digest of a browser's secret.
        order_numbers: what may be the number that is printed for the customer, in several spellings.
        account_ids: further accounts by their ids, many at once.
        references: of many orders at once; they alone are the ``orders`` then, and lead nowhere.
        claim: id of one claim.
        recent_since: guest orders placed at or after this time are counted as recent.
        by_name: whether guest orders are counted by name too.
        owned: whether orders that somebody owns are counted too.
        case: id of one request or proposal.
        cases: a page of requests and of proposals.
        page: which orders of ``account_id`` are wanted, or which of the number or state.
        vat_number: a VAT number in compact form.
        vat_numbers: further ones, many at once, of which only the checks are wanted.
        vat_holders: whether the accounts of companies with that number are wanted, too.
        order_vat_in: the VAT of orders that stands so.
        vat_register: name of a register of VAT numbers.
        mail: id of one mail.
        history: whose history, and which page of it.
        alike: whether the time of the answer must not tell if an account has the address (EN-05).  A storage for which
            reading a record takes time reads one that stands for nobody where none has it, and a link's where
            registrations have none.
        narrow: whether it is enough that ``browser`` leads to its registrations, and not to their addresses, and that
            ``tokens`` are those of the registrations.  A storage may give more.
    """

    parts: frozenset[Part] = frozenset()
    email_keys: tuple[str, ...] = ()
    account_id: UUID | None = None
    token: str | None = None
    identity: tuple[str, str] | None = None
    order: str | None = None
    browser: str | None = None
    order_numbers: tuple[str, ...] = ()
    account_ids: tuple[UUID, ...] = ()
    references: tuple[str, ...] = ()
    claim: UUID | None = None
    recent_since: datetime | None = None
    by_name: bool = False
    owned: bool = False
    page: Page | None = None
    case: UUID | None = None
    cases: CasePage | None = None
    vat_number: str | None = None
    vat_numbers: tuple[str, ...] = ()
    vat_holders: bool = False
    order_vat_in: OrderVatState | None = None
    vat_register: str | None = None
    mail: UUID | None = None
    history: History | None = None
    alike: bool = False
    narrow: bool = False

    def for_account(self, account_id: UUID) -> "Scope":
        """Give the same scope with an account read as well."""
        return evolve(self, account_id=account_id, parts=self.parts | {Part.ACCOUNTS})


@frozen
class Facts:
    """One snapshot of the parts that were asked for."""

    accounts: tuple[AccountRecord, ...] = ()
    registrations: tuple[RegistrationRecord, ...] = ()
    tokens: tuple[TokenRecord, ...] = ()
    identities: tuple[IdentityRecord, ...] = ()
    guest_orders: tuple[GuestOrderGroup, ...] = ()
    orders: tuple[OrderRecord, ...] = ()
    addresses: tuple[AddressRecord, ...] = ()
    wish_lists: tuple[WishListRecord, ...] = ()
    subscriptions: tuple[SubscriptionRecord, ...] = ()
    vat_checks: tuple[VatCheckRecord, ...] = ()
    vat_evidence: tuple[VatEvidenceRecord, ...] = ()
    order_vat: tuple[OrderVatRecord, ...] = ()
    vat_pauses: tuple[VatPauseRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()
    claims: tuple[ClaimRecord, ...] = ()
    requests: tuple[ConversionRequestRecord, ...] = ()
    proposals: tuple[ProposalRecord, ...] = ()
    merges: tuple[MergeRecord, ...] = ()
    mails: tuple[MailRecord, ...] = ()
    history: tuple[HistoryRecord, ...] = ()
    breach: BreachCheck | None = None
    fact_holds: bool | None = None

    def joined(self, parts: frozenset[Part], more: "Facts") -> "Facts":
        """Give these facts with some parts of others in place of their own."""
        return evolve(self, **{part.value: getattr(more, part.value) for part in parts})

    def account(self, account_id: UUID | None) -> AccountRecord | None:
        """Give the open account with this id."""
        return next((one for one in self.accounts if one.id == account_id and one.is_open), None)

    def account_at(self, email_key: str) -> AccountRecord | None:
        """Give the open account that owns this address."""
        return next((one for one in self.accounts if one.email_key == email_key and one.is_open), None)

    def token(self, digest: str) -> TokenRecord | None:
        """Give the token with this digest."""
        return next((one for one in self.tokens if one.digest == digest), None)

    def registration(self, registration_id: UUID | None) -> RegistrationRecord | None:
        """Give the pending registration with this id."""
        return next((one for one in self.registrations if one.id == registration_id), None)

    def claim(self, claim_id: UUID | None) -> ClaimRecord | None:
        """Give the claim with this id."""
        return next((one for one in self.claims if one.id == claim_id), None)

    def mail(self, mail_id: UUID | None) -> MailRecord | None:
        """Give the mail with this id."""
        return next((one for one in self.mails if one.id == mail_id), None)

    def order(self, reference: str) -> OrderRecord | None:
        """Give the order with this reference."""
        return next((one for one in self.orders if one.reference == reference), None)

    def vat_check(self, number: str | None) -> VatCheckRecord | None:
        """Give the check of this number that waits."""
        return next((one for one in self.vat_checks if one.number == number), None)

    def vat_of(self, reference: str) -> OrderVatRecord | None:
        """Give the VAT of the order with this reference."""
        return next((one for one in self.order_vat if one.reference == reference), None)
