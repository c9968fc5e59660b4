"""A Django host writes its basket and our order in one transaction: both are there, or neither."""

import django
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from customer_accounts import Accounts, RecordOrder, Visitor
from customer_accounts.adapters.sql import SqlStorage
from customer_accounts.testing import cheap_settings  # for examples and tests; a shop makes its own Settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "shop.db",
            "OPTIONS": {"transaction_mode": "IMMEDIATE"},
        }
    },
    USE_TZ=True,
)
django.setup()

storage = SqlStorage(
    "sqlite:///shop.db"
)  # the same database; joined, the storage opens no connection of its own
storage.create_schema()
shop = Accounts(storage, cheap_settings())
guest = Visitor(ip="203.0.113.7", browser="a random secret from a cookie")


def place(reference: str, *, paid: bool) -> None:
    """Take an order; whatever fails takes all of it back."""
    order = RecordOrder(
        reference=reference, number="1001", placed_at=timezone.now(), email="anna@mail.example"
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO basket VALUES (%s, '19.90')", [reference])
        shop.within(connection).require(order, by=guest)
        if not paid:
            raise RuntimeError("the payment failed")


def count(table: str) -> int:
    """Count the rows of a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        (number,) = cursor.fetchone()
        return int(number)


with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE basket (reference TEXT, total TEXT)")
place("a9c1e0", paid=True)
try:
    place("b7d2f4", paid=False)
except RuntimeError as failure:
    print(f"{failure}: {count('basket')} basket, {count('ca_orders')} order")
connection.close()
storage.close()
