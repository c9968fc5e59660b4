"""F11 to F14 and F17: orders without an account, and what a guest does not get."""

import attrs

from customer_accounts.demo.everyday import (
    account,
    number_of,
    order,
    order_command,
    orders_of,
    paid,
    ship,
    signs_in,
    tracking_number,
)
from customer_accounts.demo.promises.benefits import GRAZ
from customer_accounts.demo.scene import Scene
from customer_accounts.features.benefits import Benefit, MyAccount, benefits_of
from customer_accounts.features.delivery_address import AddAddress, MyAddresses
from customer_accounts.features.guest_order import OrderRecorded
from customer_accounts.features.guest_order_page import ViewGuestOrder
from customer_accounts.features.my_orders import MyOrders
from customer_accounts.features.newsletter import ConfirmNewsletter, SubscribeNewsletter
from customer_accounts.features.unsubscription import Unsubscribe, Unsubscribed
from customer_accounts.features.wish_list import MyWishLists
from customer_accounts.inputs import NewsletterInput
from customer_accounts.order import OrderStatus
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing.mailbox import text_of


def order_without_account(scene: Scene) -> None:
    """F11: also with an address that belongs to an account, whose owner then does not have the order."""
    anna, gustav, mallory = (scene.person(one) for one in ("Anna", "Gustav", "Mallory"))
    customer = account(scene, anna)
    answers = [
        scene.shop.handle(order_command(scene, number, email), by=gustav.visitor)
        for number, email in ((1, gustav.email), (2, anna.email))
    ]
    first, second = (isinstance(one, OrderRecorded) for one in answers)
    scene.saw("unknown", first, answers[0], number=number_of(scene, 1))
    scene.saw("known", second, answers[1], number=number_of(scene, 2), email=anna.email)
    shipped = ship(scene, 2)
    scene.saw("shipped", shipped.status is OrderStatus.SHIPPED, shipped)
    scene.mail(anna.email, line=tracking_number(scene, 2))
    orders = orders_of(scene, customer)
    scene.but("not_in_account", orders == [], orders)
    conflict = scene.shop.handle(order_command(scene, 1, mallory.email), by=mallory.visitor)
    scene.refused("conflict", conflict, Reason.ORDER_CONFLICT)


def nothing_kept_of_a_guest(scene: Scene) -> None:
    """F12: nothing typed for one order can be read back for the next; a customer's address can."""
    gustav, anna = scene.person("Gustav"), scene.person("Anna")
    scene.shop.require(order_command(scene, 1, gustav.email, name="Gustav Gast"), by=gustav.visitor)
    pages = (MyAddresses(), MyAccount(), MyOrders(), MyWishLists())
    answers = [scene.tries(one, gustav.visitor) for one in pages]
    nothing = all(isinstance(one, Refused) and one.reason is Reason.NOT_ALLOWED for one in answers)
    scene.saw("typed", nothing, answers, count=len(pages))
    second = scene.shop.require(order_command(scene, 2, gustav.email), by=gustav.visitor)
    scene.saw("again", "Gustav Gast" not in str(attrs.asdict(second)), second)
    scene.refused("sign_in", signs_in(scene, gustav), Reason.SIGN_IN_FAILED)
    customer = account(scene, anna)
    scene.shop.require(AddAddress(address=GRAZ), by=customer)
    book = scene.again.require(MyAddresses(), by=customer)
    scene.but("customer", len(book.addresses) == 1, book)


def no_benefits_for_guests(scene: Scene) -> None:
    """F13: no newsletter and no benefit for a guest; the customer has all and leaves with one click."""
    gustav, anna = scene.person("Gustav"), scene.person("Anna")
    order(scene, 1, gustav.email, gustav.visitor)
    customer = account(scene, anna)
    benefits = benefits_of(customer)
    told = ", ".join(one.text(scene.language) for one in Benefit if one in benefits)
    scene.saw("benefits", benefits == frozenset(Benefit), benefits, benefits=told)
    scene.shop.require(SubscribeNewsletter(text_version="1"), by=customer)
    scene.mail(anna.email, link="newsletter")
    confirmed = ConfirmNewsletter(token=scene.token(anna.email, "newsletter"))
    scene.shop.require(confirmed, by=anna.visitor)
    welcome = scene.mail(anna.email, link="unsubscribe")
    one_click = welcome["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    left = scene.shop.handle(Unsubscribe(token=scene.token(anna.email, "unsubscribe")), by=anna.visitor)
    scene.saw("newsletter", one_click and isinstance(left, Unsubscribed), left)
    none = benefits_of(gustav.visitor)
    scene.but("none", none == frozenset(), none)
    asked = scene.tries(SubscribeNewsletter(text_version="1"), gustav.visitor)
    scene.refused("subscribe", asked, Reason.NOT_ALLOWED)
    wish = order_command(scene, 2, gustav.email, newsletter=NewsletterInput(text_version="1"))
    scene.refused("wish", scene.shop.handle(wish, by=gustav.visitor), Reason.ACCOUNT_NEEDED)
    mails = scene.stage.inbox(gustav.email)
    scene.but("no_mail", mails == [], mails)


def tracking_number_only(scene: Scene) -> None:
    """F14: a guest hears nothing until the parcel leaves, then gets the number, once; a customer hears all."""
    gustav, anna = scene.person("Gustav"), scene.person("Anna")
    customer = account(scene, anna)
    order(scene, 1, gustav.email, gustav.visitor)
    order(scene, 2, anna.email, customer)
    for number in (1, 2):
        paid(scene, number)
    scene.mail(anna.email, line=number_of(scene, 2))
    silence = scene.stage.inbox(gustav.email)
    scene.saw("silence", silence == [], silence)
    ship(scene, 1)
    ship(scene, 1)
    tracking = tracking_number(scene, 1)
    scene.mail(gustav.email, link="order", line=tracking)
    received = scene.stage.inbox(gustav.email)
    scene.saw("once", len(received) == 1, len(received))
    link = scene.token(gustav.email, "order")
    page = scene.again.require(ViewGuestOrder(reference_token=link), by=gustav.visitor)
    scene.saw("page", page.number == number_of(scene, 1) and page.shipped, page)
    anna_has_it = any(tracking in text_of(one) for one in scene.stage.inbox(anna.email))
    scene.but("not_anna", not anna_has_it, tracking, tracking=tracking)
    guess = scene.again.handle(ViewGuestOrder(reference_token="x" * 43), by=scene.person("Mallory").visitor)
    scene.refused("guess", guess, Reason.LINK_INVALID)


def warning_at_guest_checkout(scene: Scene) -> None:
    """F17: warned like a customer, and the order stands all the same; a right address brings no warning."""
    gustav = scene.person("Gustav", "gustav.f17@gmial.com")
    right = gustav.email.replace("gmial", "gmail")
    told = scene.shop.require(order_command(scene, 1, gustav.email), by=gustav.visitor)
    scene.saw(
        "suggested", told.email_suggestion == right, told, typed=gustav.email, meant=told.email_suggestion
    )
    scene.saw("advice", gustav.email in told.advice, told, advice=scene.quoted(told.advice))
    shipped = ship(scene, 1)
    scene.saw("stands", shipped.status is OrderStatus.SHIPPED, shipped)
    scene.mail(gustav.email, line=tracking_number(scene, 1))
    comma = right.replace(".com", ",com")
    unreadable = scene.shop.handle(order_command(scene, 2, comma), by=gustav.visitor)
    meant = unreadable.suggestion if isinstance(unreadable, Refused) else None
    scene.refused("unreadable", unreadable, Reason.EMAIL_INVALID, typed=comma, meant=meant)
    scene.but("suggests_too", meant == right, unreadable, meant=meant)
    fine = scene.shop.require(order_command(scene, 3, right), by=gustav.visitor)
    scene.but("no_warning", fine.email_suggestion is None, fine, email=right)
