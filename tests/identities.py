"""Identities as an adapter would hand them over."""

from datetime import datetime
from typing import Any

from customer_accounts.actors import SignedInCustomer, browser_digest
from customer_accounts.features.identity import IdentityUse, VerifiedIdentity
from tests.shop import BROWSER, Shop

SESSION = "the host's session 1"


def google(shop: Shop, email: str | None = "vera@gmail.example", **changed: Any) -> VerifiedIdentity:
    """Give somebody whom Google vouches for, mailbox included, begun in the usual browser."""
    word = {"provider": "google", "email_verified": True, "authoritative": True}
    return _identity(shop, email=email, **{**word, **changed})


def facebook(shop: Shop, email: str | None = "vera@mail.example", **changed: Any) -> VerifiedIdentity:
    """Give somebody whom Facebook vouches for, without a word on the mailbox."""
    return _identity(shop, email=email, provider="facebook", **changed)


def to_link(shop: Shop, **changed: Any) -> VerifiedIdentity:
    """Give a Google identity that was begun in `SESSION` to be linked."""
    return google(shop, use=IdentityUse.LINK, session_id=SESSION, **changed)


def in_session(shop: Shop, opened: Any, **more: Any) -> SignedInCustomer:
    """Give the signed-in customer of `SESSION`."""
    return shop.customer(opened.session, session_id=SESSION, **more)


def _identity(shop: Shop, **fields: Any) -> VerifiedIdentity:
    verified_at: datetime = fields.pop("verified_at", shop.clock.now)
    given = {
        "subject": f"{fields['provider']}-1",
        "issuer": f"https://{fields['provider']}.example",
        "audience": "shop-client",
        "use": IdentityUse.SIGN_IN,
        "browser": browser_digest(BROWSER),
        **fields,
    }
    return VerifiedIdentity(verified_at=verified_at, **given)
