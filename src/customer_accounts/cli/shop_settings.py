"""The shop's own settings, named on the command line; they hold its secret, which is no option."""

import secrets
import sys
from importlib import import_module

from customer_accounts.cli.ending import Exit, ended
from customer_accounts.settings import Settings, Storefront
from customer_accounts.vat import Seller


def settings_of(name: str | None, seller: str) -> Settings:
    """Give the shop's settings by their name, or the defaults for a seller; what is none ends the command."""
    try:
        if name is None:
            # No link is made here, so nothing is ever signed with this secret.
            return Settings(
                secret=secrets.token_urlsafe(32),
                storefront=Storefront(name="-", base_url="https://shop.example", contact="help@shop.example"),
                seller=Seller(seller),
            )
        module, _, attribute = name.partition(":")
        sys.path.insert(0, "")
        found = getattr(import_module(module), attribute, None)
    except (ImportError, ValueError) as error:
        raise ended(Exit.USAGE, str(error)) from None
    if not isinstance(found, Settings):
        raise ended(Exit.USAGE, f"{name} is no customer_accounts.Settings")
    return found
