"""What people do in a shop every day, in a few words: register, confirm, order, receive a parcel."""

from pydantic import SecretStr

from customer_accounts.account import Session
from customer_accounts.actors import SignedInCustomer, System, Visitor
from customer_accounts.demo.scene import Person, Scene
from customer_accounts.features.benefits import AccountView, MyAccount
from customer_accounts.features.company import CompanyView
from customer_accounts.features.email_confirmation import Confirmed, ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.my_orders import MyOrders
from customer_accounts.features.order_tracking import (
    ParcelInput,
    RecordOrderStatus,
    RecordShipment,
    ShipmentRecorded,
)
from customer_accounts.features.registration import Register, Registered
from customer_accounts.features.sign_in import SignedIn, SignIn
from customer_accounts.inputs import CompanyInput, NewsletterInput
from customer_accounts.order import OrderStatus
from customer_accounts.refusals import Refused

#: Chosen by everybody in the story.
PASSWORD = "eleven quiet herons"  # noqa: S105 - nobody outside the story has it
SYSTEM = System("demo")


def register(
    scene: Scene, person: Person, password: str = PASSWORD, company: CompanyInput | None = None
) -> Registered:
    """Let somebody register with a password of their own."""
    asked = Register(email=person.email, password=SecretStr(password), locale=scene.language, company=company)
    return scene.shop.require(asked, by=person.visitor)


def confirm(scene: Scene, person: Person) -> Confirmed:
    """Let somebody open the newest link to confirm."""
    command = ConfirmEmail(token=scene.token(person.email, "confirm"))
    return scene.shop.require(command, by=person.visitor)


def account(scene: Scene, person: Person, company: CompanyInput | None = None) -> SignedInCustomer:
    """Let somebody register and confirm, and give the signed-in customer."""
    register(scene, person, company=company)
    return scene.customer(confirm(scene, person).session, person)


def signs_in(scene: Scene, person: Person, password: str = PASSWORD) -> SignedIn | Refused:
    """Try to sign in, on the other server."""
    return scene.again.handle(SignIn(email=person.email, password=SecretStr(password)), by=person.visitor)


def session_of(answer: object) -> Session:
    """Give the session of somebody who is signed in now.

    Raises:
        LookupError: they are not.
    """
    if isinstance(answer, SignedIn | Confirmed):
        return answer.session
    raise LookupError(f"nobody is signed in: {answer!r}")


def number_of(scene: Scene, number: int) -> str:
    """Give the number that is printed for the customer."""
    return f"A-{scene.promise[1:]}{number:02}"


def order_command(
    scene: Scene,
    number: int,
    email: str,
    *,
    name: str = "",
    open_account: bool = False,
    newsletter: NewsletterInput | None = None,
) -> RecordOrder:
    """Give the command that places an order now."""
    return RecordOrder(
        reference=f"{scene.promise}-{number}",
        number=number_of(scene, number),
        placed_at=scene.clock(),
        email=email,
        name=name,
        locale=scene.language,
        open_account=open_account,
        newsletter=newsletter,
    )


def order(scene: Scene, number: int, email: str, by: Visitor | SignedInCustomer) -> str:
    """Place an order, and give its number."""
    return scene.shop.require(order_command(scene, number, email), by=by).number


def paid(scene: Scene, number: int) -> None:
    """Let the shop say that an order is paid."""
    command = RecordOrderStatus(
        reference=f"{scene.promise}-{number}", status=OrderStatus.PAID, at=scene.clock()
    )
    scene.shop.require(command, by=SYSTEM)


def tracking_number(scene: Scene, number: int) -> str:
    """Give the carrier's number of an order's parcel."""
    return f"RR{scene.promise[1:]}{number:02}AT"


def ship(scene: Scene, number: int) -> ShipmentRecorded:
    """Hand an order's parcel over to the carrier."""
    scene.clock.forward(minutes=5)
    tracking = tracking_number(scene, number)
    parcel = ParcelInput(carrier="Post", tracking_number=tracking, url=f"https://post.example/{tracking}")
    command = RecordShipment(
        reference=f"{scene.promise}-{number}", shipment_id="1", parcels=(parcel,), shipped_at=scene.clock()
    )
    return scene.shop.require(command, by=SYSTEM)


def orders_of(scene: Scene, customer: SignedInCustomer) -> list[str]:
    """Give the numbers of a customer's orders, the newest first, as the other server shows them."""
    return [one.number for one in scene.again.require(MyOrders(), by=customer).orders]


def account_page(scene: Scene, customer: SignedInCustomer) -> AccountView:
    """Give a customer's account as the other server shows it."""
    return scene.again.require(MyAccount(), by=customer)


def company_of(scene: Scene, customer: SignedInCustomer) -> CompanyView:
    """Give the company of an account.

    Raises:
        LookupError: it has none.
    """
    company = account_page(scene, customer).company
    if company is None:
        raise LookupError("the account has no company")
    return company
