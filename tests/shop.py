"""A shop in memory for the tests of single features: accounts, a clock that stands still, and eyes everywhere."""

from typing import Any
from uuid import UUID

from attrs import evolve

from customer_accounts.account import AccountRecord, RegistrationRecord, Session
from customer_accounts.accounts import Accounts
from customer_accounts.actors import Actor, SignedInCustomer, Visitor
from customer_accounts.adapters.memory import MemoryStorage
from customer_accounts.changes import Record, update
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.registration import Register
from customer_accounts.outbox import EventKind, EventRecord, MailPurpose, MailRecord
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.token import TokenRecord, link_text, short_code

PASSWORD = "eleven quiet herons"
BROWSER = "the browser of the registering person"
ELSEWHERE = "another browser in another place"


class Shop:
    """A shop with everything in reach of a test."""

    def __init__(self, **settings: Any) -> None:
        self.clock = FixedClock()
        self.storage = MemoryStorage()
        self.settings = cheap_settings(**settings)
        self.announced: list[EventRecord] = []
        self.accounts = Accounts(
            self.storage, self.settings, clock=self.clock, on_event=self.announced.append
        )
        self.handle = self.accounts.handle
        self.require = self.accounts.require

    def visitor(self, browser: str | None = BROWSER, ip: str | None = "203.0.113.7") -> Visitor:
        """Give somebody who is not signed in."""
        return Visitor(ip=ip, browser=browser)

    def stored(self, kind: type[Record]) -> list[Any]:
        """Give all records of one kind."""
        return self.storage._tables.all(kind)

    def mails(self, purpose: MailPurpose | None = None, to: str | None = None) -> list[MailRecord]:
        """Give the mails in the outbox, oldest first."""
        return [
            one
            for one in self.storage._tables.mails.values()
            if purpose in (None, one.purpose) and to in (None, one.to)
        ]

    def link(self, mail: MailRecord) -> str:
        """Give the text of the link in a mail, as its reader sees it."""
        return self.text_of(next(one for one in self.stored(TokenRecord) if one.digest == mail.token))

    def text_of(self, token: TokenRecord) -> str:
        """Give the text of a link."""
        return link_text(self.settings.secret, token.purpose, token.token_id)

    def code(self, mail: MailRecord) -> str:
        """Give the short code in a mail."""
        token = next(one for one in self.stored(TokenRecord) if one.digest == mail.token)
        return short_code(self.settings.secret, token.token_id)

    def events(self, kind: EventKind) -> list[EventRecord]:
        """Give the announced events of one kind."""
        return [one for one in self.announced if one.kind is kind]

    def open_account(
        self, email: str = "anna@mail.example", password: str | None = PASSWORD, **wishes: Any
    ) -> Confirmed:
        """Register and confirm in one browser."""
        visitor = self.visitor()
        self.require(Register(email=email, password=password, **wishes), by=visitor)
        token = self.link(self.mails(MailPurpose.CONFIRM_REGISTRATION)[-1])
        return self.require(ConfirmEmail(token=token), by=visitor)

    def account(self, account_id: UUID) -> AccountRecord:
        """Give an account as it is stored."""
        found: AccountRecord = next(one for one in self.stored(AccountRecord) if one.id == account_id)
        return found

    def change(self, account_id: UUID, **changed: Any) -> None:
        """Put an account into another state, as an import or an earlier version of the shop would."""
        account = self.account(account_id)
        self.storage.write([update(account, evolve(account, **changed))])

    def registrations(self) -> list[RegistrationRecord]:
        """Give the pending registrations."""
        return [one for one in self.stored(RegistrationRecord) if one.confirmed_at is None]

    def customer(self, session: Session, **more: Any) -> SignedInCustomer:
        """Give the signed-in customer of a session."""
        return SignedInCustomer(
            account_id=session.account_id,
            session_epoch=session.session_epoch,
            authenticated_at=session.authenticated_at,
            **more,
        )

    def overtaken_by(self, other: Any, by: Actor) -> None:
        """Let *other* happen once, between the read and the write of the next command."""
        write = self.storage.write

        def overtaken(changes: Any, /) -> Any:
            self.storage.write = write  # type: ignore[method-assign]  # put back what is replaced below
            self.require(other, by=by)
            return write(changes)

        self.storage.write = overtaken  # type: ignore[method-assign]  # an interleaving, made to happen
