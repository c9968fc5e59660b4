"""A shop window: its name and contact, and where the links of its mails lead."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from attrs import field, frozen

from customer_accounts.arguments import NO_LINE, must_be
from customer_accounts.email_address import EmailAddress, EmailAddressError
from customer_accounts.errors import SettingsError
from customer_accounts.token import Purpose

#: Where the links of the mails lead, below the storefront's base URL, unless the host names other paths.
LINKS: Mapping[str, str] = MappingProxyType(
    {
        "confirm": "/account/confirm/{token}",
        "reset": "/account/reset/{token}",
        "set_password": "/account/set-password/{token}",
        "email_change": "/account/email/{token}",
        "email_cancel": "/account/email/cancel/{token}",
        "approve_identities": "/account/identities/{token}",
        "newsletter": "/newsletter/confirm/{token}",
        "unsubscribe": "/newsletter/unsubscribe/{token}",
        "order": "/order/{token}",
        "undo_claim": "/account/orders/not-me/{token}",
        "merge": "/account/merge/{token}",
        "undo_merge": "/account/merge/not-me/{token}",
        "sign_in": "/account/sign-in",
        "register": "/account/register",
        "forgotten": "/account/forgotten",
        "account": "/account",
    }
)

#: Which link pattern a token of each purpose goes into.
LINK_OF: Mapping[Purpose, str] = MappingProxyType(
    {
        Purpose.CONFIRM_REGISTRATION: "confirm",
        Purpose.RESET_PASSWORD: "reset",
        Purpose.SET_PASSWORD: "set_password",
        Purpose.CONFIRM_EMAIL_CHANGE: "email_change",
        Purpose.CANCEL_EMAIL_CHANGE: "email_cancel",
        Purpose.APPROVE_IDENTITIES: "approve_identities",
        Purpose.CONFIRM_NEWSLETTER: "newsletter",
        Purpose.UNSUBSCRIBE: "unsubscribe",
        Purpose.VIEW_ORDER: "order",
        Purpose.UNDO_CLAIM: "undo_claim",
        Purpose.CONFIRM_MERGE: "merge",
        Purpose.UNDO_MERGE: "undo_merge",
    }
)


def _with_defaults(links: Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(links, Mapping) or not all(isinstance(one, str) for one in (*links, *links.values())):
        raise SettingsError("links must be a mapping of names to paths")
    return MappingProxyType({**LINKS, **links})


@frozen
class Storefront:
    """One shop window: its name, address, contact and where its pages are.

    Args:
        name: the shop's name, as customers know it; also a word that no password may contain.
        base_url: where links begin; configured, never taken from a request (TK-10).  https, or http on localhost.
        contact: the address that customers write to.
        links: paths by name (see `LINKS`), ``{token}`` where the token goes.
        sender: the From address of the mails; the contact if empty.
        postal: the shop's postal address for the foot of the mails, or empty.

    Raises:
        SettingsError: an unknown link name, a pattern without its token, a base URL that is not safe.
    """

    name: str = field(validator=must_be(str))
    base_url: str = field(validator=must_be(str))
    contact: str = field(validator=must_be(str))
    links: Mapping[str, str] = field(factory=dict, converter=_with_defaults)
    sender: str = field(default="", validator=must_be(str))
    postal: str = field(default="", validator=must_be(str))

    def __attrs_post_init__(self) -> None:
        """Refuse what would send customers to a wrong place."""
        if any(map(NO_LINE.search, (self.base_url, self.name, self.contact, self.sender))):
            raise SettingsError("base_url, name, contact and sender must be single lines")
        try:
            url = urlsplit(self.base_url)
        except ValueError:
            raise SettingsError("base_url must be the address of a page") from None
        local = url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1", "::1")
        if not url.hostname or not (url.scheme == "https" or local):
            raise SettingsError("base_url must begin with https:// (http:// only on localhost)")
        for name, address in (("contact", self.contact), ("sender", self.sender or self.contact)):
            try:
                EmailAddress.parse(address)
            except EmailAddressError as error:
                raise SettingsError(f"{name} must be one e-mail address") from error
        for name, pattern in self.links.items():
            if name not in LINKS:
                raise SettingsError(f"unknown link {name!r}")
            if not pattern.startswith("/") or pattern.startswith("//"):
                raise SettingsError(f"link {name!r} must be a path")
            if pattern.count("{token}") != LINKS[name].count("{token}"):
                raise SettingsError(f"link {name!r} must hold {{token}} exactly as its default does")

    def url(self, link: str, token: str = "") -> str:
        """Give the full address of a page."""
        return self.base_url.rstrip("/") + self.links[link].replace("{token}", token)
