"""The shop on which the story is played, with its mail server, its VAT register and its clock.

Two `Accounts` share the SQLite file, as two server processes would: one acts, the other is asked what came of it.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import URL

from customer_accounts.accounts import Accounts
from customer_accounts.accounts.steps import utc_now
from customer_accounts.actors import Actor
from customer_accounts.adapters.smtp import SmtpMailer
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.adapters.vies import ViesRegister
from customer_accounts.demo.files import files_of
from customer_accounts.settings import Settings, Storefront
from customer_accounts.testing.fake_vies import FakeVies
from customer_accounts.testing.mailbox import Mailbox
from customer_accounts.vat import Seller, VatNumber

#: The story takes place within these days and ends before today, so that its dates look like a shop's.
_BEGAN = timedelta(days=17)


class StoryClock:
    """The real time, shifted; it goes on by itself and can be moved forward."""

    def __init__(self) -> None:
        self._shift = -_BEGAN

    def __call__(self) -> datetime:
        """Give the time of the story, UTC."""
        return utc_now() + self._shift

    def forward(self, **by: float) -> None:
        """Move on by a `timedelta`, such as ``hours=2``."""
        self._shift += timedelta(**by)


class Stage:
    """An Austrian shop with the default settings and a secret that is made for this run.

    Args:
        database: path of the SQLite file.
        mailbox: the mail server.
        vies: the VAT register.
    """

    def __init__(self, database: Path, mailbox: Mailbox, vies: FakeVies) -> None:
        self.mailbox, self.vies, self.clock = mailbox, vies, StoryClock()
        self.seller = Seller("AT", oss=True, number=VatNumber.parse("ATU13585627"))
        self.settings = Settings(
            secret=secrets.token_urlsafe(32),
            storefront=Storefront(
                name="Demo Shop", base_url="https://shop.example", contact="help@shop.example"
            ),
            seller=self.seller,
        )
        self._database = database
        url = URL.create("sqlite", database=str(database))
        self._storages = SqlStorage(url), SqlStorage(url)
        self._storages[0].create_schema()
        self.shop, self.again = (Accounts(one, self.settings, clock=self.clock) for one in self._storages)
        self._mailer = SmtpMailer(mailbox.host, mailbox.port, local_hostname="shop.example")

    def close(self) -> None:
        """Let go of the file."""
        for storage in self._storages:
            storage.close()

    def handle_any(self, command: object, by: Actor) -> object:
        """Give a command to somebody who may not give it; the type checker would object, rightly."""
        handle: Callable[..., object] = self.again.handle
        return handle(command, by=by)

    def inbox(self, address: str) -> list[EmailMessage]:
        """Send what waits, and give all that this address has received."""
        self.shop.deliver_mail(self._mailer)
        return self.mailbox.to(address)

    def check_vat_numbers(self) -> None:
        """Let the worker ask the register, which is asked again at once where it is busy."""
        register = ViesRegister(base_url=self.vies.url, clock=self.clock, first_pause=0.01)
        self.shop.check_vat_numbers(register)

    def stores(self, text: str) -> bool:
        """Say whether the database file holds a text in clear."""
        return any(text.encode() in path.read_bytes() for path in files_of(self._database) if path.exists())
