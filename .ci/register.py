"""Somebody registers and proves the mailbox, with the wheel and the core's dependencies alone."""

from importlib.resources import files
from importlib.util import find_spec

from customer_accounts import Accounts, InspectRegistration, Register, Settings, Storefront, Visitor
from customer_accounts.adapters.memory import MemoryStorage

extras = [
    one for one in ("sqlalchemy", "httpx2", "aiosmtplib", "aiosmtpd", "rich", "pytest") if find_spec(one)
]
if extras:
    raise SystemExit(f"the core must stand alone, but these are installed: {extras}")
if not files("customer_accounts").joinpath("py.typed").is_file():
    raise SystemExit("py.typed is missing from the wheel")

storefront = Storefront(name="Shop", base_url="https://shop.example", contact="help@shop.example")
shop = Accounts(
    MemoryStorage(), Settings(secret="a secret that is only good for tests", storefront=storefront)
)
visitor = Visitor(ip="203.0.113.7", browser="a browser's secret")
registered = shop.require(Register(email="anna@gmial.com", password="eleven quiet herons"), by=visitor)
if registered.email_suggestion != "anna@gmail.com":
    raise SystemExit(f"no warning at a typing error: {registered}")
if shop.require(InspectRegistration(), by=visitor).email != "anna@gmial.com":
    raise SystemExit("the registration was not kept")


class Kept:
    """A mailer that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def send(self, message: object, /) -> str:
        """Keep a message."""
        self.messages.append(str(message))
        return "250 kept"


mailer = Kept()
report = shop.deliver_mail(mailer)
if report.sent != 1 or "anna@gmial.com" not in mailer.messages[0]:
    raise SystemExit(f"the mail was not sent: {report}")
