"""A shop on which the promises F01–F27 are played, the same words for the sync and the async runner.

``sqlite``: `Accounts` on a real SQLite file, mail through a real SMTP server; `again` is a second `Accounts` on the
same file, as another server process would be.  ``async``: `AsyncAccounts` on the async memory storage, the mail
through the async mailer to the same real SMTP server.  ``asyncpg``: the same on a real PostgreSQL server.
"""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from customer_accounts.account import Session
from customer_accounts.accounts import Accounts, AsyncAccounts
from customer_accounts.actors import Agent, SignedInCustomer, System, Visitor, browser_digest
from customer_accounts.adapters.memory import AsyncMemoryStorage
from customer_accounts.adapters.smtp import AsyncSmtpMailer, SmtpMailer
from customer_accounts.adapters.sql import AsyncSqlStorage, SqlStorage
from customer_accounts.adapters.vies import AsyncViesRegister, ViesRegister
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.guest_order import OrderRecorded, RecordOrder
from customer_accounts.features.identity import IdentityUse, VerifiedIdentity
from customer_accounts.features.order_tracking import ParcelInput, RecordShipment
from customer_accounts.features.registration import Register
from customer_accounts.testing import FixedClock, cheap_settings
from customer_accounts.testing.mailbox import Mailbox, text_of, token_in
from tests.sqlite import shop_in

PASSWORD = "eleven quiet herons"
AGENT = Agent("17", "Eva")
SYSTEM = System()


def visitor(browser: str = "anna's own browser at home") -> Visitor:
    """Give somebody in front of a browser, who is not signed in."""
    return Visitor(ip="203.0.113.7", browser=browser)


STRANGER = visitor("the browser of a perfect stranger")


def customer(session: Session) -> SignedInCustomer:
    """Give the signed-in customer of a session."""
    return SignedInCustomer(
        session.account_id,
        session.session_epoch,
        session_id=f"session of {session.account_id}",
        authenticated_at=session.authenticated_at,
        browser="the browser of a signed-in customer",
    )


def identity(
    stage: "Stage",
    provider: str,
    subject: str,
    *,
    by: Visitor | SignedInCustomer,
    email: str | None = None,
    proven: bool = False,
) -> VerifiedIdentity:
    """Give what the host's adapter has just verified for somebody at a provider."""
    return VerifiedIdentity(
        provider=provider,
        subject=subject,
        issuer=f"https://{provider}.example",
        audience="our client id",
        use=IdentityUse.LINK if isinstance(by, SignedInCustomer) else IdentityUse.SIGN_IN,
        verified_at=stage.clock(),
        browser=None if by.browser is None else browser_digest(by.browser),
        session_id=by.session_id if isinstance(by, SignedInCustomer) else None,
        email=email,
        email_verified=proven,
        authoritative=proven,
    )


class Stage:
    """The shop, its mail server, and its clock."""

    def __init__(self, kind: str, folder: Path, mailbox: Mailbox, database_url: str | None = None) -> None:
        self.kind = kind
        # One loop for the whole play: the connections of an async driver belong to their loop.
        self._loop = asyncio.new_event_loop()
        self.clock = FixedClock()
        self.mailbox = mailbox
        self.settings = cheap_settings()
        self._storages: list[Any] = []
        self._shops = self._two_shops(folder, database_url)
        if kind == "sqlite":
            self._mailer: Any = SmtpMailer(mailbox.host, mailbox.port)
        else:
            self._mailer = AsyncSmtpMailer(mailbox.host, mailbox.port)

    def _two_shops(self, folder: Path, database_url: str | None) -> list[Any]:
        if self.kind == "sqlite":
            url = shop_in(folder)
            self._storages = [SqlStorage(url), SqlStorage(url)]
            return [Accounts(one, self.settings, clock=self.clock) for one in self._storages]
        if database_url is not None:
            self._storages = [AsyncSqlStorage(database_url), AsyncSqlStorage(database_url)]
            return [AsyncAccounts(one, self.settings, clock=self.clock) for one in self._storages]
        storage = AsyncMemoryStorage()
        return [AsyncAccounts(storage, self.settings, clock=self.clock) for _ in range(2)]

    def close(self) -> None:
        """Let go of the database."""
        for storage in self._storages:
            self._run(storage.close())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _run(self, answer: Any) -> Any:
        return self._loop.run_until_complete(answer) if asyncio.iscoroutine(answer) else answer

    def handle(self, command: Any, by: Any) -> Any:
        """Give a command to the shop."""
        return self._run(self._shops[0].handle(command, by=by))

    def require(self, command: Any, by: Any) -> Any:
        """Give a command to the shop; a refusal is an error."""
        return self._run(self._shops[0].require(command, by=by))

    def again(self, command: Any, by: Any) -> Any:
        """Give a command to the second shop on the same storage."""
        return self._run(self._shops[1].handle(command, by=by))

    def mail(self, address: str) -> list[EmailMessage]:
        """Send what waits, and give all that this address has received."""
        self._run(self._shops[0].deliver_mail(self._mailer))
        return self.mailbox.to(address)

    def texts(self, address: str) -> str:
        """Give all that an address has received as one text."""
        return "\n".join(f"{one['Subject']}\n{text_of(one)}" for one in self.mail(address))

    def token(self, address: str, link: str) -> str:
        """Give the text of the newest link of a kind that an address received."""
        for message in reversed(self.mail(address)):
            try:
                return token_in(message, link)
            except LookupError:
                continue
        raise LookupError(f"no {link} link was mailed to {address}")

    def check_vat_numbers(self, url: str) -> Any:
        """Let the worker ask a register."""
        # One attempt: how a register is asked again is tested with the adapter.
        register = (ViesRegister if self.kind == "sqlite" else AsyncViesRegister)(base_url=url, attempts=1)
        return self._run(self._shops[0].check_vat_numbers(register))

    def register(self, email: str, by: Visitor | None = None, **fields: Any) -> Any:
        """Register, with a chosen password unless the fields say otherwise."""
        password = {} if fields.get("generate_password") else {"password": PASSWORD}
        return self.require(Register(email=email, **{**password, **fields}), by or visitor())

    def confirm(self, email: str, by: Visitor | None = None, **fields: Any) -> Confirmed:
        """Open the link that was mailed to an address."""
        confirmed: Confirmed = self.require(
            ConfirmEmail(token=self.token(email, "confirm"), **fields), by or visitor()
        )
        return confirmed

    def account(self, email: str, **fields: Any) -> SignedInCustomer:
        """Register and confirm in one browser, and give the signed-in customer."""
        self.register(email, **fields)
        return customer(self.confirm(email).session)

    def order(self, reference: str, email: str, by: Any = None, **fields: Any) -> OrderRecorded:
        """Place an order: a guest's, unless *by* says otherwise."""
        recorded: OrderRecorded = self.require(self.order_command(reference, email, **fields), by or STRANGER)
        return recorded

    def order_command(self, reference: str, email: str, **fields: Any) -> RecordOrder:
        """Give the command that places an order."""
        return RecordOrder(
            reference=reference, number=f"N-{reference}", placed_at=self.clock(), email=email, **fields
        )

    def ship(self, reference: str, number: str = "1Z999", shipment: str = "s1") -> Any:
        """Hand an order's parcel over to the carrier."""
        self.clock.now += timedelta(hours=1)
        parcel = ParcelInput(carrier="Post", tracking_number=number, url=f"https://post.example/{number}")
        command = RecordShipment(
            reference=reference, shipment_id=shipment, parcels=(parcel,), shipped_at=self.clock()
        )
        return self.require(command, SYSTEM)
