"""Customers who do not give up, what they were promised, and whether it is there afterwards.

A customer registers, confirms, orders, wishes for something, and orders as a guest.  Whatever fails is asked again
with the same ids, as a host would; what was answered goes into the ledger.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from threading import Lock
from time import sleep
from typing import Any
from uuid import UUID, uuid4

from attrs import define, field
from sqlalchemy.exc import SQLAlchemyError

from customer_accounts.account import AccountRecord
from customer_accounts.accounts import Accounts
from customer_accounts.actors import SignedInCustomer, Visitor
from customer_accounts.errors import ConflictError
from customer_accounts.facts import Part, Scope
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.registration import Register
from customer_accounts.features.wish_list import AddToWishList
from customer_accounts.limiting import Allowance
from customer_accounts.ports import RateLimiter, Storage
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.token import Purpose, link_text

PASSWORD = "eleven quiet herons"
#: How often a customer asks again, with a pause that grows to a fifth of a second: longer than any restart here.
PATIENCE = 600
#: What a host may meet: the database's own errors, and our own for a lost race.
EXPECTED = (SQLAlchemyError, ConflictError)


class Unlimited:
    """A limiter that lets everything pass."""

    def hit(self, key: str, allowance: Allowance, /) -> timedelta | None:
        """Let it pass."""
        return None


@define
class Ledger:
    """What customers were answered.

    Args:
        accounts: the addresses that were confirmed.
        orders: references of recorded orders, with who owns them.
        failed: errors that were met and asked again, by their names.
    """

    accounts: dict[str, UUID] = field(factory=dict)
    orders: dict[str, UUID | None] = field(factory=dict)
    wishes: Counter[UUID] = field(factory=Counter)
    failed: Counter[str] = field(factory=Counter)
    lock: Lock = field(factory=Lock)

    @property
    def promises(self) -> int:
        """How much was promised so far."""
        return len(self.accounts) + len(self.orders) + self.wishes.total()


class Shop:
    """A shop on a storage, and its ledger.

    Args:
        storage: where its records are.
        limiter: counts tries; by default nothing is limited.
    """

    def __init__(self, storage: Storage, limiter: RateLimiter | None = None) -> None:
        self.storage = storage
        self.clock = FixedClock()
        self.settings = cheap_settings()
        self.ledger = Ledger()
        self.accounts = Accounts(storage, self.settings, clock=self.clock, limiter=limiter or Unlimited())

    def visit(self, name: str) -> None:
        """Live the life of one customer."""
        email, visitor = f"{name}@mail.example", Visitor(ip=_ip(name), browser=f"the browser of {name}")
        self._insist(
            lambda: self.accounts.require(Register(id=uuid4(), email=email, password=PASSWORD), by=visitor)
        )
        account_id = self._confirmed(email, visitor)
        with self.ledger.lock:
            self.ledger.accounts[email] = account_id
        customer = self._insist(lambda: self._customer(account_id))
        self._order(f"own of {name}", customer, account_id)
        self._insist(lambda: self.accounts.require(AddToWishList(product="PLA-1", quantity=2), by=customer))
        with self.ledger.lock:
            self.ledger.wishes[account_id] += 1
        self._order(f"guest of {name}", visitor, None, email=f"guest.{email}")

    def _confirmed(self, email: str, visitor: Visitor) -> UUID:
        link = self._insist(lambda: self._link(email))
        answer: Any = self._insist(lambda: self.accounts.handle(ConfirmEmail(token=link), by=visitor))
        if isinstance(answer, Confirmed):
            return answer.account_id
        # The answer was lost with the connection; the account is there.
        assert isinstance(answer, Refused)
        assert answer.reason is Reason.ALREADY_DONE
        account: AccountRecord = self._insist(lambda: self._account(email))
        return account.id

    def _order(self, reference: str, by: Any, owner: UUID | None, email: str = "") -> None:
        at = self.clock()
        order = RecordOrder(
            reference=reference, number=reference, placed_at=at, email=email, acknowledge=True
        )
        self._insist(lambda: self.accounts.require(order, by=by))
        with self.ledger.lock:
            self.ledger.orders[reference] = owner

    def _link(self, email: str) -> str:
        facts = self.storage.read(Scope(parts=frozenset({Part.TOKENS}), email_keys=(email,)))
        link = next(one for one in facts.tokens if one.purpose is Purpose.CONFIRM_REGISTRATION)
        return link_text(self.settings.secret, link.purpose, link.token_id)

    def _account(self, email: str) -> AccountRecord:
        (account,) = self.storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), email_keys=(email,))).accounts
        return account

    def _customer(self, account_id: UUID) -> SignedInCustomer:
        facts = self.storage.read(Scope(parts=frozenset({Part.ACCOUNTS}), account_id=account_id))
        return SignedInCustomer(account_id, facts.accounts[0].session_epoch, authenticated_at=self.clock())

    def _insist(self, work: Callable[[], Any]) -> Any:
        for tried in range(PATIENCE):
            try:
                return work()
            except EXPECTED as error:
                with self.ledger.lock:
                    self.ledger.failed[type(error).__name__] += 1
                sleep(min(0.2, 0.01 * (1 + tried)))
        raise TimeoutError("nothing works any more")

    def deliver(self, mailer: Any) -> None:
        """Send the mail that is due, whatever the database does."""
        self._insist(lambda: self.accounts.deliver_mail(mailer))


def missing(shop: Shop) -> Iterator[str]:
    """Compare the ledger with the storage, and give what is not as it was answered."""
    for email, account_id in shop.ledger.accounts.items():
        parts = frozenset({Part.ACCOUNTS, Part.WISH_LISTS})
        facts = shop.storage.read(Scope(parts=parts, email_keys=(email,)))
        if [one.id for one in facts.accounts] != [account_id]:
            yield f"account of {email}: {facts.accounts}"
        if len(facts.wish_lists) != bool(shop.ledger.wishes[account_id]):
            yield f"wish lists of {email}: {len(facts.wish_lists)}"
        if any(item.quantity != 2 for one in facts.wish_lists for item in one.items):
            yield f"a wish of {email} counts twice"
    for reference, owner in shop.ledger.orders.items():
        orders = shop.storage.read(Scope(parts=frozenset({Part.ORDERS}), order=reference)).orders
        if [one.owner for one in orders] != [owner]:
            yield f"order {reference}: {orders}"


def _ip(name: str) -> str:
    one, two, three = sha256(name.encode()).digest()[:3]
    return f"10.{one}.{two}.{three}"
