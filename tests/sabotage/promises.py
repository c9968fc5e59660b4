"""One fault for each promise F01–F27: its feature refuses, or its pure rule says the opposite."""

from collections.abc import Callable

from attrs import evolve

from customer_accounts.email_address import suggest_correction
from customer_accounts.features.benefits import MyAccount
from customer_accounts.features.company import SetCompany
from customer_accounts.features.delivery_address import AddAddress
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.identity_links import LinkIdentity
from customer_accounts.features.my_orders import MyOrder, MyOrders
from customer_accounts.features.newsletter import SubscribeNewsletter
from customer_accounts.features.order_tracking import RecordShipment
from customer_accounts.features.registration import Register, ResendConfirmation
from customer_accounts.features.reseller import RequestResellerPricing
from customer_accounts.features.sign_in import SignIn
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.features.support import ConvertGuest
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.features.wish_list import AddToWishList
from customer_accounts.vat import Buyer, VatStatus, decide_vat, invoice_lines
from tests.sabotage.fault import Fault, refusing, replacing


def _never_exempt(supply: object, buyer: Buyer, *rest: object) -> object:
    """Decide as if no number were ever valid."""
    return decide_vat(supply, evolve(buyer, status=VatStatus.INVALID), *rest)  # type: ignore[arg-type]  # a fault on purpose


def _always_exempt(supply: object, buyer: Buyer, *rest: object) -> object:
    """Decide as if every number were valid."""
    return decide_vat(supply, evolve(buyer, status=VatStatus.VALID), *rest)  # type: ignore[arg-type]  # a fault on purpose


def _promise(number: int, breaks: str, put_in: Callable[[], None]) -> Fault:
    promise = f"F{number:02}"
    return Fault(promise, breaks, put_in, (f"tests/test_faq.py::test_{promise}_ sqlite",))


PROMISES = (
    _promise(1, "nobody can register", refusing(Register)),
    _promise(2, "no password opens an account", refusing(SignIn)),
    _promise(3, "nothing is generated at the proof", refusing(ConfirmEmail)),
    _promise(4, "the mail's link confirms nothing", refusing(ConfirmEmail)),
    _promise(5, "the confirmation is not sent again", refusing(ResendConfirmation)),
    _promise(6, "no typing error is noticed", replacing(suggest_correction, lambda text: None)),
    _promise(7, "the status of an order is not shown", refusing(MyOrder)),
    _promise(8, "the history is not shown", refusing(MyOrders)),
    _promise(9, "nothing can be wished", refusing(AddToWishList)),
    _promise(10, "no address can be added", refusing(AddAddress)),
    _promise(11, "guests cannot order", refusing(RecordOrder)),
    _promise(12, "guests cannot order, let alone again", refusing(RecordOrder)),
    _promise(13, "customers get no newsletter", refusing(SubscribeNewsletter)),
    _promise(14, "shipments are not recorded", refusing(RecordShipment)),
    _promise(15, "a guest's proof opens no account", refusing(ConfirmEmail)),
    _promise(16, "support converts nobody", refusing(ConvertGuest)),
    _promise(17, "no typing error is noticed", replacing(suggest_correction, lambda text: None)),
    _promise(18, "nothing can be linked", refusing(LinkIdentity)),
    _promise(19, "no identity opens an account", refusing(SignInWithIdentity)),
    _promise(20, "no identity signs in", refusing(SignInWithIdentity)),
    _promise(21, "a company's account is not shown", refusing(MyAccount)),
    _promise(22, "no answer of VIES is recorded", refusing(RecordVatAnswer)),
    _promise(23, "no company can be set", refusing(SetCompany)),
    _promise(24, "no company is ever exempt", replacing(decide_vat, _never_exempt)),
    _promise(25, "every company is exempt", replacing(decide_vat, _always_exempt)),
    _promise(26, "no number is printed", replacing(invoice_lines, lambda *_, **__: ())),
    _promise(27, "the refusal of reseller prices refuses everything", refusing(RequestResellerPricing)),
)
