"""What a shop keeps in a module of its own, named on the command line.

Its settings hold its secret, which is no option; its table of orders has more columns than a command line could name.
"""

from __future__ import annotations

import secrets
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from customer_accounts.cli.ending import Exit, ended
from customer_accounts.settings import Settings, Storefront
from customer_accounts.vat import Seller

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from customer_accounts.adapters.sql import SqlStorage

#: The option of commands that read or write orders.
HostOrdersName = Annotated[
    str | None,
    typer.Option(
        "--host-orders",
        envvar="CUSTOMER_ACCOUNTS_HOST_ORDERS",
        show_envvar=True,
        metavar="MODULE:NAME",
        help="The shop's own table of orders, a HostOrders; else the orders are in ca_orders.",
    ),
]


def settings_of(name: str | None, seller: str) -> Settings:
    """Give the shop's settings by their name, or the defaults for a seller; what is none ends the command."""
    if name is None:
        try:
            # No link is made here, so nothing is ever signed with this secret.
            return Settings(
                secret=secrets.token_urlsafe(32),
                storefront=Storefront(name="-", base_url="https://shop.example", contact="help@shop.example"),
                seller=Seller(seller),
            )
        except ValueError as error:
            raise ended(Exit.USAGE, str(error)) from None
    found = _named(name)
    if not isinstance(found, Settings):
        raise ended(Exit.USAGE, f"{name} is no customer_accounts.Settings")
    return found


def storage_at(engine: Engine, host_orders: str | None = None) -> SqlStorage:
    """Give a storage, with the orders in the host's table if one is named; what does not fit ends the command."""
    from customer_accounts.adapters.sql import HostOrders, SqlStorage  # noqa: PLC0415 - an extra
    from customer_accounts.errors import SettingsError  # noqa: PLC0415 - goes with it

    if host_orders is None:
        return SqlStorage(engine)
    orders = _named(host_orders)
    if not isinstance(orders, HostOrders):
        raise ended(Exit.USAGE, f"{host_orders} is no customer_accounts.adapters.sql.HostOrders")
    try:
        with engine.connect() as connection:
            orders.check(connection)
    except SettingsError as error:
        raise ended(Exit.USAGE, str(error)) from None
    return SqlStorage(engine, orders=orders)


def _named(name: str) -> Any:
    """Give what a module of the shop has under a name; whatever goes wrong in that module ends the command."""
    module, _, attribute = name.partition(":")
    if not attribute or not all(part.isidentifier() for part in module.split(".")):
        raise ended(Exit.USAGE, f"{name}: name a module and what is in it, as in shop.accounts:settings")
    sys.path.insert(0, "")
    try:
        return getattr(import_module(module), attribute, None)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the module is the shop's, and may do anything
        raise ended(Exit.USAGE, f"{name}: {type(error).__name__}: {error}") from None
