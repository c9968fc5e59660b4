"""F07 to F10: what an account brings; nobody else sees any of it."""

from customer_accounts.demo.everyday import account, number_of, order, orders_of, paid
from customer_accounts.demo.scene import Scene
from customer_accounts.features.delivery_address import (
    AddAddress,
    ChangeAddress,
    MyAddresses,
    SetDefaultAddress,
)
from customer_accounts.features.my_orders import MyOrder, MyOrders, OrderView
from customer_accounts.features.wish_list import (
    AddToWishList,
    MyWishLists,
    RemoveFromWishList,
    RenameWishList,
)
from customer_accounts.inputs import AddressInput
from customer_accounts.mail.localised import date_text
from customer_accounts.order import OrderStatus
from customer_accounts.refusals import Reason

GRAZ = AddressInput(name="Anna Muster", street="Hauptplatz 1", city="Graz", country="AT", postcode="8010")


def status_of_the_order(scene: Scene) -> None:
    """F07: the owner sees how far the order is; another customer cannot even tell that it exists."""
    people = scene.person("Anna"), scene.person("Mallory")
    anna, mallory = (account(scene, one) for one in people)
    number = order(scene, 1, people[0].email, anna)
    paid(scene, 1)
    query = MyOrder(reference=f"{scene.promise}-1")
    shown = scene.again.handle(query, by=anna)
    is_paid = isinstance(shown, OrderView) and shown.status is OrderStatus.PAID
    scene.saw("status", is_paid, shown, number=number, status=scene.narration.word("status_paid"))
    scene.mail(people[0].email, line=number)
    foreign = scene.again.handle(query, by=mallory)
    scene.refused("foreign", foreign, Reason.NOT_FOUND)
    missing = scene.again.handle(MyOrder(reference="no such order"), by=mallory)
    scene.but("alike", foreign == missing, missing)
    scene.refused("guest", scene.tries(query, people[1].visitor), Reason.NOT_ALLOWED)


def history_of_orders(scene: Scene) -> None:
    """F08: all orders in pages, the newest first; nobody else's."""
    people = scene.person("Anna"), scene.person("Mallory")
    anna, mallory = (account(scene, one) for one in people)
    for number in range(1, 6):
        order(scene, number, people[0].email, anna)
        scene.clock.forward(days=1)
    first = scene.again.require(MyOrders(limit=3), by=anna)
    rest = scene.again.require(MyOrders(limit=3, after=first.next), by=anna)
    for name, page in (("first", first), ("rest", rest)):
        shown = [one.number for one in page.orders]
        wanted = (5, 4, 3) if page is first else (2, 1)
        told = ", ".join(f"{one.number} ({date_text(one.placed_at, scene.language)})" for one in page.orders)
        scene.saw(name, shown == [number_of(scene, one) for one in wanted], shown, orders=told)
    others = orders_of(scene, mallory)
    scene.but("foreign", others == [], others)
    scene.refused("guest", scene.tries(MyOrders(), people[1].visitor), Reason.NOT_ALLOWED)


def wish_lists(scene: Scene) -> None:
    """F09: a list begins with the first wish and is kept up to date; a stranger can do nothing with it."""
    people = scene.person("Anna"), scene.person("Mallory")
    anna, mallory = (account(scene, one) for one in people)
    printer, filament = scene.narration.word("printer"), scene.narration.word("filament")
    scene.shop.require(AddToWishList(product=printer), by=anna)
    scene.shop.require(AddToWishList(product=filament, quantity=3), by=anna)
    (wishes,) = scene.again.require(MyWishLists(), by=anna).lists
    shown = {one.product: one.quantity for one in wishes.items}
    told = ", ".join(f"{quantity} × {product}" for product, quantity in shown.items())
    scene.saw("begun", shown == {printer: 1, filament: 3}, shown, list=scene.quoted(wishes.name), items=told)
    scene.shop.require(RenameWishList(list_id=wishes.id, name="Atelier"), by=anna)
    scene.shop.require(RemoveFromWishList(product=printer), by=anna)
    (wishes,) = scene.again.require(MyWishLists(), by=anna).lists
    left = [one.product for one in wishes.items]
    changed = (wishes.name, left) == ("Atelier", [filament])
    scene.saw("changed", changed, wishes, list=scene.quoted(wishes.name), item=filament)
    foreign = AddToWishList(list_id=wishes.id, product=printer)
    scene.refused("foreign", scene.shop.handle(foreign, by=mallory), Reason.NOT_FOUND)
    guest = scene.tries(AddToWishList(product=printer), people[1].visitor)
    scene.refused("guest", guest, Reason.NOT_ALLOWED)


def delivery_addresses(scene: Scene) -> None:
    """F10: kept as typed, in the format of the country, one of them the default; out of reach for others."""
    people = scene.person("Anna"), scene.person("Mallory")
    anna, mallory = (account(scene, one) for one in people)
    paris = GRAZ.model_copy(update={"country": "FR", "postcode": "75001", "city": "Paris"})
    home = scene.shop.require(AddAddress(address=GRAZ), by=anna)
    second = scene.shop.require(AddAddress(address=paris), by=anna)
    book = scene.again.require(MyAddresses(), by=anna)
    both = {one.id for one in book.addresses} == {home.id, second.id}
    scene.saw("two", both and book.default == home, book)
    moved = GRAZ.model_copy(update={"street": "Herrengasse 2"})
    scene.shop.require(ChangeAddress(address_id=home.id, address=moved), by=anna)
    scene.shop.require(SetDefaultAddress(address_id=second.id), by=anna)
    book = scene.again.require(MyAddresses(), by=anna)
    shown = {one.address.street: one.is_default for one in book.addresses}
    scene.saw("changed", shown == {"Herrengasse 2": False, "Hauptplatz 1": True}, shown)
    wrong = scene.shop.handle(AddAddress(address=GRAZ.model_copy(update={"postcode": "hello"})), by=anna)
    scene.refused("wrong", wrong, Reason.ADDRESS_INVALID)
    foreign = scene.shop.handle(ChangeAddress(address_id=home.id, address=GRAZ), by=mallory)
    scene.refused("foreign", foreign, Reason.NOT_FOUND)
    others = scene.again.require(MyAddresses(), by=mallory).addresses
    guest = scene.tries(MyAddresses(), people[1].visitor)
    scene.but("empty", others == (), others)
    scene.refused("guest", guest, Reason.NOT_ALLOWED)
