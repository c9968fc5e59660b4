"""Two accounts that have something of everything, for the tests of merges."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from attrs import evolve, frozen
from pydantic import SecretStr

from customer_accounts.account import AccountRecord, Company, Session
from customer_accounts.actors import SignedInCustomer
from customer_accounts.belongings import SubscriptionStatus
from customer_accounts.changes import Change
from customer_accounts.claim import ClaimRecord
from customer_accounts.facts import Facts, Page, Part, Scope
from customer_accounts.features.account_merge import MergeAccounts
from customer_accounts.features.merge_request import RequestMerge
from customer_accounts.outbox import MailPurpose
from customer_accounts.ports import Storage
from customer_accounts.testing import records
from customer_accounts.testing.records import stored
from customer_accounts.vat import VatStatus
from tests.shop import PASSWORD, Shop

ANNA, BERT = "anna@mail.example", "anna.b@post.example"
PARTS = frozenset(Part) - {Part.TOKENS, Part.EVENTS, Part.PROPOSALS, Part.REQUESTS, Part.REGISTRATIONS}


@frozen(kw_only=True)
class Has:
    """What one of the accounts has."""

    name: str = ""
    addresses: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    vat_number: str = ""
    newsletter: SubscriptionStatus | None = None
    identities: tuple[str, ...] = ()
    orders: int = 0
    claimed: int = 0


EVERYTHING = Has(
    name="Anna",
    addresses=("Ring 5", "Gasse 7"),
    lists=("Wünsche", "Büro"),
    vat_number="ATU12345675",
    newsletter=SubscriptionStatus.ACTIVE,
    identities=("google",),
    orders=2,
    claimed=3,
)


def belongings(email: str, has: Has) -> tuple[AccountRecord, list[Change]]:
    """Give an account and the changes that store it with all it has."""
    company = (
        Company("Druck & Co", has.vat_number, has.vat_number, VatStatus.PENDING) if has.vat_number else None
    )
    account = records.an_account(email_key=email, name=has.name, company=company, password_hash="hash")
    addresses = [
        records.a_delivery_address(account_id=account.id, address=evolve(records.an_address(), street=street))
        for street in has.addresses
    ]
    lists = [records.a_wish_list("b", "a", account_id=account.id, name=name) for name in has.lists]
    account = evolve(
        account,
        default_address=addresses[0].id if addresses else None,
        default_wish_list=lists[0].id if lists else None,
    )
    more: list[Any] = [records.an_identity(account_id=account.id, provider=one) for one in has.identities]
    more += [records.an_order(owner=account.id, email_key=email) for _ in range(has.orders)]
    if has.claimed:
        claim: ClaimRecord = records.a_claim(account_id=account.id)
        more.append(claim)
        more += [
            records.an_order(owner=account.id, email_key=email, claim_id=claim.id) for _ in range(has.claimed)
        ]
    if has.newsletter is not None:
        more.append(records.a_subscription(account_id=account.id, email_key=email, status=has.newsletter))
    return account, [*stored(account, *addresses, *lists, *more)]


def seen(storage: Storage, account_id: UUID) -> Facts:
    """Give all that is stored of an account, but for links and the trail."""
    return storage.read(Scope(parts=PARTS, account_id=account_id, page=Page(limit=100)))


def content(facts: Facts) -> dict[str, Any]:
    """Give facts without what only counts: versions, ended sessions."""
    shown = {
        "accounts": [evolve(one, version=0, session_epoch=0) for one in facts.accounts],
        "claims": [evolve(one, version=0) for one in facts.claims if one.undone_at is None],
    }
    for part in PARTS - {Part.ACCOUNTS, Part.CLAIMS, Part.GUEST_ORDERS}:
        rows: Sequence[Any] = getattr(facts, part.value)
        shown[part.value] = sorted((evolve(one, version=0) for one in rows), key=repr)
    return shown


class Signed:
    """A shop in which Anna is signed in to one account and asked to merge the other."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.anna = self.shop.open_account(ANNA)
        self.bert = self.shop.open_account(BERT)
        self.customer = self._fresh(self.anna.session)
        asked = RequestMerge(email=BERT, current_password=SecretStr(PASSWORD))
        self.answer = self.shop.require(asked, by=self.customer)

    def _fresh(self, session: Session) -> SignedInCustomer:
        return self.shop.customer(session)

    @property
    def link(self) -> str:
        """The text of the link in the other mailbox."""
        return self.shop.link(self.shop.mails(MailPurpose.CONFIRM_MERGE)[-1])

    def merge(self, by: Any = None) -> Any:
        """Use the link."""
        return self.shop.handle(MergeAccounts(token=self.link), by=by or self.customer)
