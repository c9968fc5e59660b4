"""F15 and F16: a guest becomes a customer, alone or with the help of the shop."""

import attrs
from pydantic import SecretStr

from customer_accounts.actors import Agent
from customer_accounts.demo.everyday import (
    PASSWORD,
    account,
    confirm,
    order,
    order_command,
    orders_of,
    signs_in,
)
from customer_accounts.demo.scene import Scene
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.sign_in import SignedIn
from customer_accounts.features.support import ConvertGuest
from customer_accounts.refusals import Reason

EVA = Agent("17", "Eva")


def alone(scene: Scene) -> None:
    """F15: as a new customer, or with one tick at the checkout; only the mailbox's owner gets the orders."""
    anna, bert, mallory = (scene.person(one) for one in ("Anna", "Bert", "Mallory"))
    number = order(scene, 1, anna.email, anna.visitor)
    customer = account(scene, anna)
    orders = orders_of(scene, customer)
    scene.saw("registers", orders == [number], orders, number=number)
    wish = order_command(scene, 2, bert.email, open_account=True)
    scene.shop.require(wish, by=bert.visitor)
    scene.mail(bert.email, link="confirm")
    confirmed = confirm(scene, bert)
    orders = orders_of(scene, scene.customer(confirmed.session, bert))
    scene.saw("tick", (confirmed.claimed, len(orders)) == (1, 1), confirmed, number=", ".join(orders))
    others = orders_of(scene, account(scene, mallory))
    scene.but("foreign", others == [], others)


def through_support(scene: Scene) -> None:
    """F16: the agent converts, the customer sets the password by mail, past orders come; staff sees nothing."""
    anna, mallory = scene.person("Anna"), scene.person("Mallory")
    number = order(scene, 1, anna.email, anna.visitor)
    asked = ConvertGuest(email=anna.email, reason="asked by letter", locale=scene.language)
    converted = scene.shop.require(asked, by=EVA)
    scene.saw("converts", converted.orders == 1, converted, count=converted.orders)
    scene.mail(anna.email, link="set_password")
    link = scene.token(anna.email, "set_password")
    scene.but("staff", link not in str(attrs.asdict(converted)), None)
    refused = scene.tries(asked, mallory.visitor)
    scene.refused("not_staff", refused, Reason.NOT_ALLOWED)
    confirmed = scene.shop.require(
        ConfirmEmail(token=link, new_password=SecretStr(PASSWORD)), by=anna.visitor
    )
    orders = orders_of(scene, scene.customer(confirmed.session, anna))
    scene.saw("comes_along", orders == [number], orders, number=number)
    answer = signs_in(scene, anna)
    scene.saw("signs_in", isinstance(answer, SignedIn), answer)
    scene.refused("stranger", signs_in(scene, mallory), Reason.SIGN_IN_FAILED)
